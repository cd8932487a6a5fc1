//! `mandant migrate`.

use super::database::open;
use super::output::{Format, table};
use super::{Failure, Result, Verb};
use crate::config::Loaded;
use crate::control::tenants::migrate::{self, Standing};
use clap::Args;

/// Bring the database to this program's version: the control schema, then each tenant's
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Only say where each tenant stands
    #[arg(long)]
    status: bool,
    #[command(flatten)]
    format: Format,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        // Opening migrates the control schema.
        let opened = open(loaded)?;
        let standings = if self.status {
            migrate::status(&opened.app)?
        } else {
            migrate::all(&opened.app)?
        };
        self.format.print(&standings, |all| {
            table(&all.iter().map(cells).collect::<Vec<_>>())
        })?;
        match standings
            .iter()
            .filter(|standing| standing.error.is_some())
            .count()
        {
            0 => Ok(()),
            1 => Err(Failure::Failed(
                "one tenant stays behind; run it again".into(),
            )),
            failed => Err(Failure::Failed(format!(
                "{failed} tenants stay behind; run it again"
            ))),
        }
    }
}

fn cells(standing: &Standing) -> Vec<String> {
    let word = match &standing.error {
        Some(error) => error.clone(),
        None if standing.version == standing.expected => "up to date".into(),
        None => format!("behind {}", standing.expected),
    };
    vec![standing.tenant.clone(), standing.version.to_string(), word]
}
