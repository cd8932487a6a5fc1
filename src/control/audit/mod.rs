//! Who did what: written on the connection of the act, so that act and entry stand or fall together.

pub mod pages;
pub mod query;
pub mod words;

use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::audit;
use crate::db::tenant::Source;
use crate::db::{TenantConn, Write};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

/// Who acts, for entries written on the control tables.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The user; none for the command line and the program itself.
    pub user: Option<UserId>,
    /// Through what.
    pub source: Source,
}

impl Actor {
    /// A person at a page.
    pub fn form(user: UserId) -> Self {
        Self {
            user: Some(user),
            source: Source::Form,
        }
    }

    /// The command line.
    pub fn cli() -> Self {
        Self {
            user: None,
            source: Source::Cli,
        }
    }

    /// The program itself.
    pub fn system() -> Self {
        Self {
            user: None,
            source: Source::System,
        }
    }
}

/// Records an act on the control tables (control or provisioning connection).
///
/// # Errors
/// When the entry cannot be written; the act is then undone, too.
pub fn record(
    conn: &mut PgConnection,
    actor: Actor,
    tenant: TenantId,
    act: &str,
    object: &str,
    data: &Value,
) -> Result<()> {
    diesel::insert_into(audit::table)
        .values((
            audit::tenant_id.eq(tenant.0),
            audit::user_id.eq(actor.user.map(|user| user.0)),
            audit::source.eq(actor.source.key()),
            audit::act.eq(act),
            audit::object.eq(object),
            audit::data.eq(data),
        ))
        .execute(conn)?;
    Ok(())
}

diesel::define_sql_function! {
    /// Writes an entry for the tenant whose role is in force.
    #[sql_name = "gate.record"]
    fn gate_record(act: diesel::sql_types::Text, object: diesel::sql_types::Text, data: diesel::sql_types::Jsonb);
}

/// Records an act in a tenant's transaction. No personal data: ids and keys only.
///
/// # Errors
/// When the entry cannot be written; the act is then undone, too.
pub fn record_in_tenant(
    conn: &mut TenantConn<'_, Write>,
    act: &str,
    object: &str,
    data: &Value,
) -> Result<()> {
    diesel::select(gate_record(act, object, data)).execute(conn.pg())?;
    Ok(())
}

/// When a user last logged in, and from which network address; the latest first.
///
/// # Errors
/// When the database does not answer.
pub fn log_ins(
    conn: &mut PgConnection,
    user: UserId,
    most: i64,
) -> Result<Vec<(DateTime<Utc>, String)>> {
    let rows: Vec<(DateTime<Utc>, Value)> = audit::table
        .filter(audit::user_id.eq(user.0))
        .filter(audit::act.eq("session.begin"))
        .order(audit::id.desc())
        .limit(most)
        .select((audit::at, audit::data))
        .load(conn)?;
    let address = |data: &Value| data["address"].as_str().unwrap_or_default().to_owned();
    Ok(rows.iter().map(|(at, data)| (*at, address(data))).collect())
}
