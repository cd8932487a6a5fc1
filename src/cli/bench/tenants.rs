//! Making tenants: all tables, indexes, functions, roles and grants, beside the bare DDL of the same tables.

use super::served::Served;
use super::{Result, Times, timed};
use crate::cli::database::Opened;
use crate::cli::output::{Format, message, table};
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::tenants::provision::{Basics, CreateSeparate};
use crate::control::tenants::slug::Slug;
use crate::db::ids::TenantId;
use crate::db::migrate;
use crate::db::provisioner::{Order, ProvisionConn};
use serde::Serialize;
use std::time::Duration;

/// The tables of a tenant without roles, grants and records: what the database alone takes.
struct BareTables(usize);

impl Order for BareTables {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> crate::error::Result<()> {
        let main = TenantId(1);
        let own = conn.names().own(main);
        let schema = format!("bare_{}", self.0);
        // The owner of the main tenant lends its role to the policies.
        let tables: String = migrate::TENANT
            .iter()
            .map(|step| step.up.as_str())
            .collect();
        let tables = tables
            .replace("m{inst}_t_{id}", &conn.names().t(main))
            .replace("t_{id}", &schema)
            .replace("{inst}", &conn.names().inst().to_string())
            .replace("{id}", "1");
        conn.raw(&format!("CREATE SCHEMA {schema} AUTHORIZATION {own}; SET LOCAL ROLE {own}; SET LOCAL search_path = {schema}, pg_temp; {tables} RESET ROLE"))
    }
}

pub(super) fn run(opened: &Opened, loaded: &Loaded, count: usize, format: Format) -> Result {
    let app = &opened.app;
    let memory_before = idle(loaded)?;
    let sample = (count / 4).clamp(1, 20);
    let mut times: Vec<Duration> = Vec::with_capacity(count);
    let mut bare = vec![bare_times(opened, 0, sample)?];
    for number in 0..count {
        let slug = Slug::parse(&format!("bench-{number}"), &app.sections)?;
        let order = CreateSeparate {
            actor: Actor::cli(),
            granter: None,
            parent: Some(TenantId(1)),
            basics: Basics::check(slug, "Bench", "#3b6ea5", "en", "UTC")?,
            admin: None,
        };
        let (_, time) = timed(|| app.provisioner.carry_out(order))?;
        times.push(time);
        if (number + 1) % 100 == 0 {
            message(&format!("{} tenants", number + 1));
        }
    }
    bare.push(bare_times(opened, sample, sample)?);
    let first = Times::of(
        format!("the first {sample} tenants"),
        times.iter().take(sample).copied().collect(),
    );
    let last = Times::of(
        format!("the last {sample} of {count}"),
        times.iter().rev().take(sample).copied().collect(),
    );
    let figures = Figures {
        times: vec![
            first,
            Times::of("bare tables before", bare.swap_remove(0)),
            last,
            Times::of("bare tables after", bare.swap_remove(0)),
        ],
        idle_mb_before: memory_before,
        idle_mb_after: idle(loaded)?,
    };
    format.print(&figures, |figures| {
        let mut rows: Vec<_> = figures.times.iter().map(Times::cells).collect();
        for (when, mb) in [
            ("before", figures.idle_mb_before),
            ("after", figures.idle_mb_after),
        ] {
            let mb = mb.map_or_else(|| "unknown".into(), |mb| format!("{mb} MB"));
            rows.push(vec![format!("an idle server {when}"), mb]);
        }
        table(&rows)
    })
}

/// All that is measured.
#[derive(Debug, Serialize)]
struct Figures {
    times: Vec<Times>,
    idle_mb_before: Option<f64>,
    idle_mb_after: Option<f64>,
}

/// The memory of a server that has started and served nothing yet.
fn idle(loaded: &Loaded) -> Result<Option<f64>> {
    let served = Served::start(loaded)?;
    std::thread::sleep(Duration::from_secs(1));
    Ok(served.memory_mb())
}

fn bare_times(opened: &Opened, from: usize, count: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for number in from..from + count {
        let ((), time) = timed(|| opened.app.provisioner.carry_out(BareTables(number)))?;
        times.push(time);
    }
    Ok(times)
}
