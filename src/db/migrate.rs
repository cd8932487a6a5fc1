//! Migrations: numbered folders of `up.sql` and `down.sql` under `migrations/`, built into the program.
//!
//! The control schema migrates once; each tenant's schema in a transaction of its own, under an advisory
//! lock, with its version recorded centrally, so that a run that was cut off goes on where it stopped.
//! `{inst}` and `{id}` in the text are the installation's and the tenant's numbers.

#![expect(
    clippy::disallowed_methods,
    reason = "running the project's own SQL files is what a migration is"
)]

use super::ids::TenantId;
use super::names::{self, Names};
use crate::error::{AppError, Result};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "migrations/"]
struct Files;

/// One step of a schema.
#[derive(Debug)]
pub struct Migration {
    /// Counts from 1 without gaps.
    pub version: i32,
    /// The folder's name.
    pub name: String,
    /// Forward.
    pub up: String,
    /// Backward.
    pub down: String,
}

/// The control schema's migrations in order.
pub static CONTROL: LazyLock<Vec<Migration>> = LazyLock::new(|| load("control"));
/// A tenant schema's migrations in order.
pub static TENANT: LazyLock<Vec<Migration>> = LazyLock::new(|| load("tenant"));

/// The version that this program expects of every tenant's schema.
pub fn tenant_version() -> i32 {
    TENANT.len() as i32
}

/// The version that this program expects of the control schema.
pub fn control_version() -> i32 {
    CONTROL.len() as i32
}

fn load(kind: &str) -> Vec<Migration> {
    let mut folders: Vec<String> = Files::iter()
        .filter_map(|path| {
            let rest = path.strip_prefix(kind)?.strip_prefix('/')?;
            Some(rest.strip_suffix("/up.sql")?.to_owned())
        })
        .collect();
    folders.sort();
    let text = |name: &str, file: &str| {
        Files::get(&format!("{kind}/{name}/{file}"))
            .map(|file| String::from_utf8_lossy(&file.data).into_owned())
            .unwrap_or_default()
    };
    folders
        .into_iter()
        .enumerate()
        .map(|(index, name)| Migration {
            version: index as i32 + 1,
            up: text(&name, "up.sql"),
            down: text(&name, "down.sql"),
            name,
        })
        .collect()
}

/// Brings the control schema to `target`, inside the caller's transaction.
///
/// # Errors
/// When a statement fails; the caller's transaction is then lost.
pub fn migrate_control(
    conn: &mut PgConnection,
    names: Names,
    from: i32,
    target: i32,
) -> Result<()> {
    conn.batch_execute("SET LOCAL search_path = control, pg_temp")?;
    run(conn, &CONTROL, from, target, |text| {
        text.replace("{inst}", &names.inst().to_string())
    })
}

/// Brings one tenant's schema from version `from` to `target`, inside the caller's transaction, as the
/// tenant's owner role. The caller records the version.
///
/// # Errors
/// When a statement fails; the caller's transaction is then lost.
pub fn migrate_tenant(
    conn: &mut PgConnection,
    names: Names,
    tenant: TenantId,
    from: i32,
    target: i32,
) -> Result<()> {
    conn.batch_execute(&format!(
        "SET LOCAL ROLE {}; SET LOCAL search_path = {}, pg_temp",
        names.own(tenant),
        names::schema(tenant)
    ))?;
    run(conn, &TENANT, from, target, |text| {
        fill_in(text, names, tenant)
    })?;
    conn.batch_execute("RESET ROLE; SET LOCAL search_path = control, pg_temp")?;
    Ok(())
}

/// Fills a new tenant's schema at the program's version; the caller has entered the owner's role.
///
/// # Errors
/// When a statement fails; the caller's transaction is then lost.
pub fn create_tenant(conn: &mut PgConnection, names: Names, tenant: TenantId) -> Result<()> {
    // The same functions stand in every schema. To check their bodies again the server would look through
    // those of the same name in all others.
    conn.batch_execute("SET LOCAL check_function_bodies = off")?;
    run(conn, &TENANT, 0, tenant_version(), |text| {
        fill_in(text, names, tenant)
    })?;
    conn.batch_execute("SET LOCAL check_function_bodies = on")?;
    Ok(())
}

fn fill_in(text: &str, names: Names, tenant: TenantId) -> String {
    text.replace("{inst}", &names.inst().to_string())
        .replace("{id}", &tenant.to_string())
}

fn run(
    conn: &mut PgConnection,
    all: &[Migration],
    from: i32,
    target: i32,
    fill: impl Fn(&str) -> String,
) -> Result<()> {
    if from < 0 || target < 0 || target as usize > all.len() || from as usize > all.len() {
        return Err(AppError::internal(format!(
            "the schema has version {from}, this program knows {} at most",
            all.len()
        )));
    }
    if from <= target {
        for step in &all[from as usize..target as usize] {
            conn.batch_execute(&fill(&step.up))?;
        }
    } else {
        for step in all[target as usize..from as usize].iter().rev() {
            conn.batch_execute(&fill(&step.down))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps_and_can_go_back() {
        for all in [&CONTROL, &TENANT] {
            assert!(!all.is_empty());
            for (number, step) in (1..).zip(all.iter()) {
                let number: i32 = number;
                assert!(
                    step.name.starts_with(&format!("{number:04}_")),
                    "{} at {number}",
                    step.name
                );
                assert!(!step.up.trim().is_empty() && !step.down.trim().is_empty());
            }
        }
    }
}
