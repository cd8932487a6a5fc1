//! `mandant backup` and `mandant restore`.

use super::database::{connect, open};
use super::output::Format;
use super::{Result, Verb};
use crate::app::App;
use crate::config::Loaded;
use crate::db::backup::{self, Report};
use clap::Args;
use std::path::PathBuf;

/// Save the whole installation into a folder: database, roles, files
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Folder to write, made if need be; it must be empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    format: Format,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        let bin = loaded.config.database.postgres_bin.as_deref();
        let url = opened.app.provisioner.url();
        let report = backup::backup(url, &opened.app.files, bin, &self.to)?;
        print(&report, self.format, "saved")
    }
}

/// Restore a backup into an empty database
#[derive(Args, Debug)]
pub(super) struct Restore {
    /// Folder that `mandant backup` wrote
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    format: Format,
}

impl Verb for Restore {
    fn run(self, loaded: &Loaded) -> Result {
        let connected = connect(loaded)?;
        let config = loaded.config.clone();
        let bin = config.database.postgres_bin.as_deref();
        let report = backup::restore(&connected.url, &config.files_dir(), bin, &self.from)?;
        // Brings an older backup to this program's version, and proves that the log-ins work.
        let app = App::open(config, &connected.url)?;
        crate::control::tenants::migrate::all(&app)?;
        crate::control::setup::is_done(&app)?;
        print(&report, self.format, "restored")
    }
}

fn print(report: &Report, format: Format, done: &str) -> Result {
    format.print(report, |report| {
        format!(
            "{done} {} tenants, {} rows, {} files",
            report.tenants, report.rows, report.files
        )
    })
}
