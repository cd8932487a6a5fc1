//! `mandant recipients …`.

mod read;

use super::{Result, Verb};
use crate::config::Loaded;
use clap::{Args, Subcommand};

/// List, count and export recipients
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
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        match self.act {
            Act::List(verb) => verb.run(loaded),
            Act::Count(which) => read::count(&which, loaded),
            Act::Export(which) => read::export(&which, loaded),
        }
    }
}
