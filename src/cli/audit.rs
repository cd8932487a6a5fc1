//! `mandant audit verify`.

use super::database::open;
use super::output::{Format, message};
use super::{Failure, Result, Verb};
use crate::config::Loaded;
use crate::control::audit::seal;
use crate::control::audit::verify::{self, End, Problem, Report};
use crate::db::schema::control::tenants;
use clap::{Args, Subcommand};
use diesel::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Look after the audit log
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Tell whether entries were changed, removed or put in; exit code 1 if so
    Verify(Verify),
}

#[derive(Args, Debug)]
struct Verify {
    /// Only this tenant's: `nord`, or `nord/vip` for an inner tenant
    #[arg(long)]
    tenant: Option<String>,
    /// What an earlier `audit verify --json` printed: its ends must still be in the chains
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

/// Of an earlier report what is compared.
#[derive(Deserialize)]
struct Earlier {
    ends: Vec<End>,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let Act::Verify(verify) = self.act;
        verify.run(loaded)
    }
}

impl Verify {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        let app = &opened.app;
        let tenant = match &self.tenant {
            Some(path) => Some(opened.tenant_or_trashed(path)?.id()),
            None => None,
        };
        // What came since the last sealing is part of the chain, too.
        seal::seal(app)?;
        let mut report = verify::verify(app, tenant)?;
        if let Some(file) = &self.since {
            let text = std::fs::read_to_string(file)?;
            let mut earlier: Earlier = serde_json::from_str(&text)?;
            earlier
                .ends
                .retain(|end| tenant.is_none_or(|tenant| tenant.0 == end.tenant));
            report.problems.extend(verify::since(app, &earlier.ends)?);
        }
        let names = crate::db::control::statement(&app.pools, |conn| {
            tenants::table
                .select((tenants::id, tenants::name))
                .load::<(i32, String)>(conn)
        })?;
        let names: BTreeMap<i32, String> = names.into_iter().collect();
        self.format.print(&report, |report| told(report, &names))?;
        if report.waiting > 0 {
            message("some entries wait for their seal: another server is at it");
        }
        match report.problems.len() {
            0 => Ok(()),
            n => Err(Failure::Failed(format!(
                "the audit log does not hold at {n} places"
            ))),
        }
    }
}

fn told(report: &Report, names: &BTreeMap<i32, String>) -> String {
    if report.problems.is_empty() {
        let chains = report.ends.iter().filter(|end| end.tenant != 0).count();
        return format!("{} entries in {chains} chains hold", report.entries);
    }
    let lines: Vec<String> = report.problems.iter().map(|one| line(one, names)).collect();
    lines.join("\n")
}

fn line(problem: &Problem, names: &BTreeMap<i32, String>) -> String {
    let tenant = match problem.tenant {
        0 => "installation".to_owned(),
        id => match names.get(&id) {
            Some(name) => format!("tenant {id} ({name})"),
            None => format!("tenant {id}"),
        },
    };
    let number =
        |name: &str, n: Option<i64>| n.map(|n| format!(", {name} {n}")).unwrap_or_default();
    let (seq, entry) = (
        number("number", problem.seq),
        number("entry", problem.entry),
    );
    format!("{tenant}{seq}{entry}: {}", meaning(&problem.what))
}

fn meaning(what: &str) -> &str {
    match what {
        "removed" => "the entry is gone",
        "changed" => "the entry was changed",
        "personal-changed" => "what names a person in it was changed",
        "erased" => "what names a person in it was erased, and nobody was anonymised",
        "gap" => "entries before it are gone with their seals",
        "reordered" => "the seal does not follow the one before it",
        "inserted" => "the entry was put in without ever being sealed",
        "vanished" => "the entry was gone before it was sealed",
        "cut" => "the newest entries are gone",
        "head-missing" => "the signed end of the chain is gone",
        "head-forged" => "the end of the chain is not what was signed",
        "checkpoint-forged" => "the removal of old entries was not signed",
        "chain-missing" => "a tenant's whole chain is gone",
        "rolled-back" => "what was printed earlier is no longer in the chain",
        other => other,
    }
}
