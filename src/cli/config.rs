//! `mandant config check`: what is in force, and where each value comes from.

use super::output::{Format, table};
use super::{Result, Verb};
use crate::config::{Loaded, Row};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::path::PathBuf;

/// Look at the configuration
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Print each value in force and where it comes from; secrets are hidden
    Check(Format),
}

#[derive(Serialize)]
struct Report {
    file: Option<PathBuf>,
    settings: Vec<Row>,
    warnings: Vec<String>,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let Act::Check(format) = self.act;
        let report = Report {
            file: loaded.file.clone(),
            settings: loaded.rows(),
            warnings: loaded.warnings.clone(),
        };
        format.print(&report, |report| {
            let rows: Vec<_> = report.settings.iter().map(cells).collect();
            table(&rows)
        })
    }
}

fn cells(row: &Row) -> Vec<String> {
    let value = match &row.value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let value = match &row.effect {
        Some(effect) => format!("{value} ({effect})"),
        None => value,
    };
    vec![row.key.to_owned(), value, row.source.clone()]
}
