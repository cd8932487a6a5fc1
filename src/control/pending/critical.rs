//! Which rights a tenant marks critical. Marking more holds at once; marking fewer waits for a second person,
//! or whoever wanted to give something alone would unmark it first.

use crate::access::rights::{self, ChangeUsers, Right};
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::roles;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::{memberships, tenants, users};
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// What most will want to mark: rights by which one gets others, sees or takes along people's data, or destroys.
pub const SUGGESTED: &[&str] = &[
    "tenants.create",
    "tenants.delete",
    "tenants.enter",
    "ceilings.change",
    "inner.change",
    "users.change",
    "users.critical",
    "users.anonymise",
    "users.see_as",
    "roles.create",
    "roles.change",
    "audit.retain",
    "fields.drop",
    "recipients.export",
    "recipients.delete",
    "recipients.erase_fenced",
];

/// What a tenant marks, and what somebody wants to mark no longer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Keys of its own critical rights.
    pub own: BTreeSet<String>,
    /// Those of the tenant around it, where it is an inner tenant.
    pub around: BTreeSet<String>,
    /// Those of `own` that are to be critical no longer.
    pub fewer: BTreeSet<String>,
    /// Who wants that.
    pub asked_by: Option<UserId>,
    /// Since when.
    pub asked_at: Option<DateTime<Utc>>,
}

type Row = (
    Vec<String>,
    Vec<String>,
    Option<i32>,
    Option<DateTime<Utc>>,
    String,
    Option<i32>,
);

/// What a tenant marks.
///
/// # Errors
/// When the database does not answer.
pub fn marked(conn: &mut PgConnection, tenant: TenantId) -> Result<Marked> {
    let (own, fewer, asked_by, asked_at, kind, parent): Row = tenants::table
        .find(tenant.0)
        .select((
            tenants::critical_rights,
            tenants::critical_fewer,
            tenants::critical_asked_by,
            tenants::critical_asked_at,
            tenants::kind,
            tenants::parent_id,
        ))
        .first(conn)?;
    let around: Vec<String> = match parent.filter(|_| kind == "inner") {
        Some(parent) => tenants::table
            .find(parent)
            .select(tenants::critical_rights)
            .first(conn)?,
        None => Vec::new(),
    };
    Ok(Marked {
        own: own.into_iter().collect(),
        around: around.into_iter().collect(),
        fewer: fewer.into_iter().collect(),
        asked_by: asked_by.map(UserId),
        asked_at,
    })
}

fn put(
    conn: &mut PgConnection,
    tenant: TenantId,
    own: &BTreeSet<String>,
    fewer: &BTreeSet<String>,
    by: Option<UserId>,
) -> Result<()> {
    let asked = by.filter(|_| !fewer.is_empty());
    diesel::update(tenants::table.find(tenant.0))
        .set((
            tenants::critical_rights.eq(own.iter().collect::<Vec<_>>()),
            tenants::critical_fewer.eq(fewer.iter().collect::<Vec<_>>()),
            tenants::critical_asked_by.eq(asked.map(|user| user.0)),
            tenants::critical_asked_at.eq(asked.map(|_| clock::now())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Marks these rights: what comes holds at once, what goes is asked for.
///
/// # Errors
/// `Invalid` for an unknown right, and where fewer than two people could confirm each other's gifts.
pub fn mark(
    conn: &mut PgConnection,
    by: UserId,
    tenant: TenantId,
    wanted: &BTreeSet<String>,
) -> Result<()> {
    roles::lock(conn)?;
    if wanted.iter().any(|key| rights::by_key(key).is_none()) {
        return Err(AppError::invalid("rights-unknown"));
    }
    let before = marked(conn, tenant)?;
    let more: BTreeSet<String> = before.own.union(wanted).cloned().collect();
    let fewer: BTreeSet<String> = before.own.difference(wanted).cloned().collect();
    // What is saved as it stands decides on nobody's request.
    if more == before.own && (fewer.is_empty() || fewer == before.fewer) {
        return Ok(());
    }
    if !wanted.is_empty() && givers(conn, tenant)? < 2 {
        return Err(AppError::invalid("critical-needs-two"));
    }
    put(conn, tenant, &more, &fewer, Some(by))?;
    let data =
        json!({ "old": { "critical": before.own }, "new": { "critical": more }, "fewer": fewer });
    audit::record(conn, Actor::form(by), tenant, "pending.mark", "", &data)
}

/// Decides on what somebody else wants to mark no longer, as it was seen.
///
/// # Errors
/// `Invalid` for who asked; `Conflict` where something else is asked for by now.
pub fn decide_fewer(
    conn: &mut PgConnection,
    by: UserId,
    tenant: TenantId,
    seen: &BTreeSet<String>,
    yes: bool,
) -> Result<()> {
    roles::lock(conn)?;
    let before = marked(conn, tenant)?;
    if before.fewer.is_empty() || before.fewer != *seen {
        return Err(AppError::Conflict);
    }
    if before.asked_by == Some(by) && yes {
        return Err(AppError::invalid("pending-own-gift"));
    }
    let own: BTreeSet<String> = if yes {
        before.own.difference(&before.fewer).cloned().collect()
    } else {
        before.own.clone()
    };
    put(conn, tenant, &own, &BTreeSet::new(), None)?;
    let data = json!({ "old": { "critical": before.own }, "new": { "critical": own }, "fewer": before.fewer });
    let act = if yes {
        "pending.unmark"
    } else {
        "pending.keep"
    };
    audit::record(conn, Actor::form(by), tenant, act, "", &data)
}

/// How many people can give rights in a tenant without an end.
fn givers(conn: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    Ok(memberships::table
        .inner_join(users::table)
        .filter(memberships::tenant_id.eq(tenant.0))
        .filter(memberships::in_force.contains(vec![ChangeUsers::INFO.key]))
        .filter(memberships::valid_from.is_null())
        .filter(memberships::valid_until.is_null())
        .filter(users::state.eq("active"))
        .count()
        .get_result(conn)?)
}
