//! `mandant doctor`: how this server and database fit, and what a superuser could harden.

use super::database::open;
use super::output::Format;
use super::{Failure, Result, Verb};
use crate::config::Loaded;
use crate::db::doctor::{self, Finding};
use clap::Args;

/// Look at the database server: what the program needs, and what more could be closed
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        let findings = opened.app.provisioner.look(doctor::examine)?;
        self.format.print(&findings, |all| {
            all.iter().map(line).collect::<Vec<_>>().join("\n")
        })?;
        match findings.iter().filter(|one| one.needed && !one.ok).count() {
            0 => Ok(()),
            _ => Err(Failure::Failed(
                "something that the program needs is not as it should be".into(),
            )),
        }
    }
}

fn line(one: &Finding) -> String {
    let mark = match (one.ok, one.needed) {
        (true, _) => "good ",
        (false, true) => "BAD  ",
        (false, false) => "could",
    };
    let remedy = one
        .remedy
        .as_ref()
        .map(|remedy| format!("\n        as a superuser of PostgreSQL: {remedy}"))
        .unwrap_or_default();
    format!("{mark}  {}{remedy}", one.what)
}
