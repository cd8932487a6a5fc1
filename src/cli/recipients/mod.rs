//! `mandant recipients …`.

mod import;
mod read;

use super::{Result, Verb};
use crate::config::Loaded;
use clap::{Args, Subcommand};

/// List, count, export and import recipients
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List recipients, newest first; where more follow, a cursor for --after goes to standard error
    List(read::List),
    /// Count recipients exactly
    Count(read::Which),
    /// Write recipients to standard output: CSV, or with --json one object a line
    Export(read::Which),
    /// Import a file
    Import(Box<import::Arguments>),
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        match self.act {
            Act::List(verb) => verb.run(loaded),
            Act::Count(which) => read::count(&which, loaded),
            Act::Export(which) => read::export(&which, loaded),
            Act::Import(arguments) => arguments.run(loaded),
        }
    }
}
