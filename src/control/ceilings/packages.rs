//! Packages of rights: named sets that many tenants are given as their ceiling in one act. A tenant keeps
//! what it was given; to change a package changes no tenant.

use crate::access::rights;
use crate::control::audit::{self, Actor};
use crate::control::roles;
use crate::control::tenants::same_version;
use crate::db::ids::TenantId;
use crate::db::schema::control::right_packages;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// Most packages of a tenant.
const MOST: i64 = 100;

/// A package.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = right_packages)]
pub struct Package {
    /// Its id.
    pub id: i32,
    /// What it is called.
    pub name: String,
    /// Keys of its rights.
    pub rights: Vec<String>,
    /// Counts changes.
    pub version: i32,
}

impl Package {
    /// As a ceiling; rights that this program no longer knows are left out.
    pub fn ceiling(&self) -> BTreeSet<String> {
        let known = self
            .rights
            .iter()
            .filter(|key| rights::by_key(key).is_some());
        known.cloned().collect()
    }
}

/// The packages made in a tenant, by name.
///
/// # Errors
/// When the database does not answer.
pub fn all(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<Package>> {
    Ok(right_packages::table
        .filter(right_packages::tenant_id.eq(tenant.0))
        .order(right_packages::name)
        .limit(MOST)
        .select(Package::as_select())
        .load(conn)?)
}

/// One of them.
///
/// # Errors
/// `NotFound` for any other.
pub fn one(conn: &mut PgConnection, tenant: TenantId, id: i32) -> Result<Package> {
    Ok(right_packages::table
        .find(id)
        .filter(right_packages::tenant_id.eq(tenant.0))
        .select(Package::as_select())
        .first(conn)?)
}

fn check(name: &str, rights: &BTreeSet<String>) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(AppError::invalid("roles-name-length"));
    }
    if rights.iter().any(|key| rights::by_key(key).is_none()) {
        return Err(AppError::invalid("rights-unknown"));
    }
    Ok(name.to_owned())
}

/// Makes a package, or changes the one with this id and version.
///
/// # Errors
/// `Invalid` with the message's key; `Constraint` where the name is taken; `Conflict` where somebody changed
/// it.
pub fn save(
    conn: &mut PgConnection,
    actor: Actor,
    tenant: TenantId,
    which: Option<(i32, i32)>,
    name: &str,
    rights: &BTreeSet<String>,
) -> Result<i32> {
    roles::lock(conn)?;
    let name = check(name, rights)?;
    let keys: Vec<&String> = rights.iter().collect();
    let (id, act) = match which {
        Some((id, version)) => {
            same_version(one(conn, tenant, id)?.version, version)?;
            diesel::update(right_packages::table.find(id))
                .set((
                    right_packages::name.eq(&name),
                    right_packages::rights.eq(keys),
                    right_packages::version.eq(right_packages::version + 1),
                ))
                .execute(conn)?;
            (id, "package.change")
        }
        None => {
            if all(conn, tenant)?.len() as i64 >= MOST {
                return Err(AppError::invalid("packages-too-many"));
            }
            let id = diesel::insert_into(right_packages::table)
                .values((
                    right_packages::tenant_id.eq(tenant.0),
                    right_packages::name.eq(&name),
                    right_packages::rights.eq(keys),
                ))
                .returning(right_packages::id)
                .get_result(conn)?;
            (id, "package.create")
        }
    };
    let data = json!({ "name": name, "rights": rights });
    audit::record(conn, actor, tenant, act, &id.to_string(), &data)?;
    Ok(id)
}

/// Deletes a package; tenants keep what they were given.
///
/// # Errors
/// `NotFound` where it is not the tenant's.
pub fn delete(conn: &mut PgConnection, actor: Actor, tenant: TenantId, id: i32) -> Result<()> {
    let package = one(conn, tenant, id)?;
    diesel::delete(right_packages::table.find(id)).execute(conn)?;
    let data = json!({ "name": package.name });
    audit::record(
        conn,
        actor,
        tenant,
        "package.delete",
        &id.to_string(),
        &data,
    )
}
