//! `mandant routes`: the policy table, route x right.

use super::output::{Format, table};
use super::{Result, Verb};
use crate::access::gate::Requires;
use crate::access::routes::RouteInfo;
use crate::config::Loaded;
use clap::Args;
use serde::Serialize;

/// Print every route and what it asks of its caller
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Row {
    method: String,
    path: String,
    requires: String,
    mode: &'static str,
    inner: bool,
}

impl From<&RouteInfo> for Row {
    fn from(route: &RouteInfo) -> Self {
        let (requires, mode, inner) = match route.requires {
            Requires::Nothing => ("(anybody)".to_owned(), "", false),
            Requires::LogIn => ("(logged in)".to_owned(), "", false),
            Requires::Right(right) => (right.key.to_owned(), right.mode, right.inner),
        };
        Self {
            method: route.method.to_string(),
            path: route.path.clone(),
            requires,
            mode,
            inner,
        }
    }
}

impl Verb for Arguments {
    fn run(self, _: &Loaded) -> Result {
        let rows: Vec<Row> = crate::routes::routes()
            .table()
            .iter()
            .map(Row::from)
            .collect();
        self.format.print(&rows, |rows| {
            let lines: Vec<Vec<String>> = rows
                .iter()
                .map(|row| {
                    let inner = if row.inner { "inner too" } else { "" };
                    vec![
                        row.method.clone(),
                        row.path.clone(),
                        row.requires.clone(),
                        row.mode.into(),
                        inner.into(),
                    ]
                })
                .collect();
            table(&lines)
        })
    }
}
