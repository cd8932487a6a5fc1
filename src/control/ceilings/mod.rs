//! Tenant's rights: what anybody in a tenant can have at most. Set from above, for tenants at any depth; a
//! child's lies within its parent's. Assignments below are kept: what is given back is there again.

pub mod packages;
pub mod pages;
mod query;

pub use query::{Capped, MOST, below, one, some};

use super::audit;
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

/// What a tenant is to have.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub tenant: TenantId,
    /// The version of it that was seen.
    pub version: i32,
    /// Its ceiling.
    pub ceiling: Ceiling,
}

/// Sets the ceilings of tenants below the granter's, in force at once there and everywhere below them: all,
/// or none where one cannot be. What was is read by one query for all.
///
/// # Errors
/// `NotFound` for a tenant that is not below; `Conflict` where somebody changed one since its version;
/// `Invalid` for rights that the granter lacks: he can neither give nor take them.
pub fn set(conn: &mut PgConnection, granter: &Granter, wanted: &[Wanted]) -> Result<()> {
    roles::lock(conn)?;
    let ids: Vec<TenantId> = wanted.iter().map(|one| one.tenant).collect();
    let before = some(conn, granter.tenant, &ids)?;
    let mut different = BTreeSet::new();
    for (was, will) in before.iter().zip(wanted) {
        same_version(was.version, will.version)?;
        let unknown = |key: &String| rights::by_key(key).is_none();
        if will.ceiling.iter().flatten().any(unknown) {
            return Err(AppError::invalid("rights-unknown"));
        }
        if was.ceiling() != will.ceiling {
            let (was, will) = (spelled_out(&was.ceiling()), spelled_out(&will.ceiling));
            different.extend(was.symmetric_difference(&will).cloned());
        }
    }
    granter.demand(conn, &different)?;
    for (was, will) in before.iter().zip(wanted) {
        if was.ceiling() != will.ceiling {
            put(conn, granter, was, will)?;
        }
    }
    Ok(())
}

fn put(conn: &mut PgConnection, granter: &Granter, was: &Capped, will: &Wanted) -> Result<()> {
    let rights = will.ceiling.as_ref();
    let stored = rights.map(|rights| rights.iter().collect::<Vec<_>>());
    diesel::update(tenants::table.find(will.tenant.0))
        .set((
            tenants::ceiling.eq(stored),
            tenants::version.eq(tenants::version + 1),
        ))
        .execute(conn)?;
    let data = json!({ "old": was.ceiling, "new": will.ceiling });
    audit::record(
        conn,
        granter.actor,
        will.tenant,
        "tenant.ceiling",
        "",
        &data,
    )
}
