//! Tenant's rights: what anybody in a tenant can have at most. Set from above, for tenants at any depth; a
//! child's lies within its parent's. Assignments below are kept: what is given back is there again.

pub mod packages;
pub mod pages;
mod query;

pub use query::{Capped, below, one};

use super::audit::{self, Actor};
use super::memberships::Granter;
use super::roles;
use super::tenants::same_version;
use crate::access::rights;
use crate::db::ids::TenantId;
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// A ceiling: these rights, or (none) all that the parent may, also what comes later.
pub type Ceiling = Option<BTreeSet<String>>;

/// All that a ceiling lets through of the rights that this program knows.
pub fn spelled_out(ceiling: &Ceiling) -> BTreeSet<String> {
    let all = rights::ALL.iter().map(|right| right.key.to_owned());
    match ceiling {
        None => all.collect(),
        Some(rights) => all.filter(|key| rights.contains(key)).collect(),
    }
}

/// Sets the ceiling of a tenant below the granter's, in force at once there and everywhere below it.
///
/// # Errors
/// `NotFound` for a tenant that is not below; `Conflict` where somebody changed the tenant since `version`;
/// `Invalid` for rights that the granter lacks: he can neither give nor take them.
pub fn set(
    conn: &mut PgConnection,
    actor: Actor,
    granter: &Granter,
    (tenant, version): (TenantId, i32),
    wanted: &Ceiling,
) -> Result<()> {
    roles::lock(conn)?;
    let before = one(conn, granter.tenant, tenant)?;
    same_version(before.version, version)?;
    if let Some(rights) = wanted
        && rights.iter().any(|key| rights::by_key(key).is_none())
    {
        return Err(AppError::invalid("rights-unknown"));
    }
    if before.ceiling() == *wanted {
        return Ok(());
    }
    let (was, will) = (spelled_out(&before.ceiling()), spelled_out(wanted));
    granter.demand(conn, &was.symmetric_difference(&will).cloned().collect())?;
    let stored = wanted
        .as_ref()
        .map(|rights| rights.iter().collect::<Vec<_>>());
    diesel::update(tenants::table.find(tenant.0))
        .set((
            tenants::ceiling.eq(stored),
            tenants::version.eq(tenants::version + 1),
        ))
        .execute(conn)?;
    let data = json!({ "old": before.ceiling, "new": wanted });
    audit::record(conn, actor, tenant, "tenant.ceiling", "", &data)
}
