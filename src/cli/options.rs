//! The options that every verb takes, before or after it.

use crate::config::{Flag, Sources};
use crate::telemetry;
use clap::Args;
use std::path::PathBuf;

/// Options of every verb.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(super) struct GlobalOptions {
    /// Folder of the private PostgreSQL and of the files [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Use this PostgreSQL (15 or newer) instead of a private one
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Configuration file [default: ./mandant.toml if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of uploads and error files [default: `files` in the data folder]
    #[arg(long, global = true, value_name = "FOLDER")]
    files_dir: Option<String>,
    /// What is logged, such as `debug` or `warn,mandant=debug`
    #[arg(long, global = true, value_name = "FILTER", value_parser = telemetry::checked_filter)]
    log: Option<String>,
}

impl GlobalOptions {
    /// The settings that these options name.
    pub(super) fn flags(&self) -> Vec<Flag> {
        [
            ("database.data_dir", &self.data_dir),
            ("database.url", &self.database_url),
            ("storage.files_dir", &self.files_dir),
            ("logs.filter", &self.log),
        ]
        .into_iter()
        .filter_map(|(key, value)| {
            let value = value.clone()?;
            Some(Flag { key, value })
        })
        .collect()
    }

    /// Where the configuration comes from when these and the verb's own options are `flags`.
    pub(super) fn sources(&self, flags: Vec<Flag>) -> Sources {
        Sources::from_process(flags, self.config.clone())
    }
}
