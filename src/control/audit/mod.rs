//! Who did what: written on the connection of the act, so that act and entry stand or fall together. Entries are
//! never changed; `seal` chains them by hash, `verify` tells where a chain is broken, `retain` removes what is old.
//!
//! What names a person (network address, name, mail address) stands apart from the rest of an entry, so that it
//! can be erased: the chain covers a salted hash of it only.

pub mod diff;
pub mod pages;
pub mod query;
pub mod retain;
pub mod seal;
pub mod verify;
pub mod words;

use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::audit;
use crate::db::tenant::Source;
use crate::db::trace::Trace;
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
    trace(actor, tenant).write(conn, act, object, data, None)
}

/// As `record`, with what names a person: it is erased with him.
///
/// # Errors
/// As `record`.
pub fn record_personal(
    conn: &mut PgConnection,
    actor: Actor,
    tenant: TenantId,
    (act, object): (&str, &str),
    personal: &Value,
) -> Result<()> {
    let nothing = serde_json::json!({});
    trace(actor, tenant).write(conn, act, object, &nothing, Some(personal))
}

fn trace(actor: Actor, tenant: TenantId) -> Trace {
    Trace {
        tenant,
        user: actor.user,
        source: actor.source,
    }
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
    let rows: Vec<(DateTime<Utc>, Option<Value>)> = audit::table
        .filter(audit::user_id.eq(user.0))
        .filter(audit::act.eq("session.begin"))
        .order(audit::id.desc())
        .limit(most)
        .select((audit::at, audit::personal))
        .load(conn)?;
    let address = |personal: &Option<Value>| {
        let address = personal.as_ref().and_then(|all| all["address"].as_str());
        address.unwrap_or_default().to_owned()
    };
    Ok(rows
        .iter()
        .map(|(at, personal)| (*at, address(personal)))
        .collect())
}
