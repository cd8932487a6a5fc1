//! `mandant keep-postgres`: the hidden verb that stops a private PostgreSQL when its last user is gone.

use super::{Result, Verb};
use crate::config::Loaded;
use crate::db::embedded;
use clap::Args;
use std::path::PathBuf;

/// Wait until nobody uses the private PostgreSQL of a data folder, then stop it
#[derive(Args, Debug)]
#[command(hide = true)]
pub(super) struct Arguments {
    /// Where PostgreSQL's programs are
    #[arg(long)]
    postgres_bin_dir: Option<PathBuf>,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        Ok(embedded::keep(
            &loaded.config.database.data_dir,
            self.postgres_bin_dir.as_deref(),
        )?)
    }
}
