//! Retention: a tenant's entries go when their days are over, the oldest first, and a signed checkpoint says how
//! many went and where the chain goes on. A chain that is broken is left as it is, so that no trace goes with it.

#![expect(
    clippy::disallowed_methods,
    reason = "entries are removed by a function of the control schema only"
)]

use super::seal::{Head, Signed, sign};
use super::{Actor, record, verify};
use crate::app::App;
use crate::db::control;
use crate::db::ids::TenantId;
use crate::db::schema::control::tenants;
use crate::db::{ControlConn, Write};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer};
use serde_json::json;

/// The fewest days that entries are kept; the database sees to it, too.
pub const LEAST_DAYS: i32 = 90;
/// The most days that can be asked for.
pub const MOST_DAYS: i32 = 36_500;

/// For how many days a tenant's own setting keeps entries; none for ever.
///
/// # Errors
/// When the database does not answer.
pub fn days(conn: &mut PgConnection, tenant: TenantId) -> Result<Option<i32>> {
    Ok(tenants::table
        .find(tenant.0)
        .select(tenants::audit_days)
        .first(conn)?)
}

/// Sets for how many days a tenant's entries are kept, and those of its inner tenants.
///
/// # Errors
/// `Invalid` for fewer than 90 days.
pub fn set_days(
    conn: &mut PgConnection,
    actor: Actor,
    tenant: TenantId,
    wanted: Option<i32>,
) -> Result<()> {
    if wanted.is_some_and(|days| !(LEAST_DAYS..=MOST_DAYS).contains(&days)) {
        return Err(AppError::Invalid {
            key: "audit-days-range",
            params: vec![
                ("least", LEAST_DAYS.to_string()),
                ("most", MOST_DAYS.to_string()),
            ],
        });
    }
    let before = days(conn, tenant)?;
    if before == wanted {
        return Ok(());
    }
    diesel::update(tenants::table.find(tenant.0))
        .set(tenants::audit_days.eq(wanted))
        .execute(conn)?;
    let data = json!({ "old": { "audit_days": before }, "new": { "audit_days": wanted } });
    record(conn, actor, tenant, "audit.retention", "", &data)
}

#[derive(QueryableByName)]
struct Pruned {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    removed: i64,
}

/// Removes what is old in every tenant that has a limit; answers how many entries went.
///
/// # Errors
/// When the list of tenants cannot be read.
pub fn prune_all(app: &App) -> Result<i64> {
    let limited: Vec<i32> = control::statement(&app.pools, |conn| {
        let limited = diesel::alias!(tenants as limited);
        let with_limit = limited
            .filter(limited.field(tenants::audit_days).is_not_null())
            .select(limited.field(tenants::id));
        let inner = tenants::kind
            .eq("inner")
            .and(tenants::parent_id.eq_any(with_limit.nullable()));
        tenants::table
            .filter(tenants::audit_days.is_not_null().or(inner))
            .order(tenants::id)
            .select(tenants::id)
            .load(conn)
    })?;
    let mut gone = 0;
    for tenant in limited {
        match prune(app, TenantId(tenant)) {
            Ok(removed) => gone += removed,
            Err(error) => tracing::warn!(tenant, %error, "old entries of the audit stay"),
        }
    }
    Ok(gone)
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    due: bool,
}

/// Whether a tenant's first entry is older by a day than it is kept: entries go once a day, not one by one.
fn is_due(app: &App, tenant: TenantId) -> Result<bool> {
    let found: Due = control::statement(&app.pools, |conn| {
        diesel::sql_query(
            "SELECT EXISTS (
                 SELECT 1 FROM control.tenants t LEFT JOIN control.tenants p ON p.id = t.parent_id AND t.kind = 'inner'
                 CROSS JOIN LATERAL (SELECT s.audit_id FROM control.audit_seals s WHERE s.tenant_id = t.id ORDER BY s.seq LIMIT 1) first
                 JOIN control.audit a ON a.id = first.audit_id
                 WHERE t.id = $1 AND a.at < now() - make_interval(days => 1 + CASE t.kind WHEN 'inner' THEN p.audit_days ELSE t.audit_days END)
             ) AS due",
        )
        .bind::<Integer, _>(tenant.0)
        .get_result(conn)
    })?;
    Ok(found.due)
}

/// Removes a tenant's entries whose days are over.
///
/// # Errors
/// When the chain is broken, or the database refuses; nothing is removed then.
pub fn prune(app: &App, tenant: TenantId) -> Result<i64> {
    if !is_due(app, tenant)? {
        return Ok(0);
    }
    let found = verify::verify(app, Some(tenant))?;
    if !found.problems.is_empty() {
        return Err(AppError::internal("the chain of the audit is broken"));
    }
    control::run::<Write, _>(&app.pools, |conn| prune_on(conn, app, tenant))
}

fn prune_on(conn: &mut ControlConn<'_, Write>, app: &App, tenant: TenantId) -> Result<i64> {
    let pruned: Option<Pruned> =
        diesel::sql_query("SELECT seq, hash, removed FROM control.prune_audit($1)")
            .bind::<Integer, _>(tenant.0)
            .get_result(conn.pg())
            .optional()?;
    let Some(Pruned { seq, hash, removed }) = pruned else {
        return Ok(0);
    };
    let head = Head {
        tenant_id: tenant.0,
        seq,
        hash,
    };
    diesel::sql_query("SELECT control.sign_audit_checkpoint($1, $2, $3)")
        .bind::<Integer, _>(tenant.0)
        .bind::<BigInt, _>(seq)
        .bind::<Binary, _>(sign(&app.secret, Signed::Checkpoint, &head))
        .execute(conn.pg())?;
    let data = json!({ "removed": removed });
    record(conn.pg(), Actor::system(), tenant, "audit.prune", "", &data)?;
    Ok(removed)
}
