//! Roles: named sets of rights. Three are built in and follow the program; the main tenant's are for all
//! tenants ("central"), a separate tenant's for itself and its inner tenants. A role may include others.
//!
//! A role's key is unique among the roles that a tenant can use, so that programs and forms name it by that.

pub mod acts;
pub mod grid;
pub mod pages;
pub mod side_by_side;
mod sync;
pub mod words;

pub use sync::SyncBuiltIn;

use crate::access::rights::{self, RightInfo};
use crate::db::ids::{RoleId, TenantId, UserId};
use crate::db::origin;
use crate::db::schema::control::{
    membership_roles, memberships, role_includes, role_rights, role_versions, roles, tenants,
};
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable};
use std::collections::{BTreeMap, BTreeSet};

/// Most roles that a tenant can use: pages show all of them.
pub const MOST: i64 = 300;

/// A role.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = roles)]
pub struct Role {
    /// Its id.
    pub id: i32,
    /// What programs and forms call it.
    pub key: String,
    /// What people call it; blank for the built-in ones, which are called in the reader's language.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether the program keeps it.
    pub built_in: bool,
    /// Where it was made; none for the built-in ones.
    pub tenant_id: Option<i32>,
    /// Counts changes.
    pub version: i32,
}

impl Role {
    /// Typed.
    pub fn id(&self) -> RoleId {
        RoleId(self.id)
    }
}

/// A role with what it holds.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The role.
    pub role: Role,
    /// Keys of its own rights.
    pub own: BTreeSet<String>,
    /// Keys of the roles that it includes.
    pub includes: Vec<String>,
    /// Keys of all its rights, those of included roles with them.
    pub all: BTreeSet<String>,
}

diesel::define_sql_function! {
    /// What roles come to, those they include with them.
    #[sql_name = "control.rights_of_roles"]
    fn rights_of_roles(of_roles: Array<Integer>) -> Array<Text>;
}

diesel::define_sql_function! {
    /// One change of rights at a time, and who makes it.
    #[sql_name = "control.lock_rights_for"]
    fn lock_rights_for(by: Nullable<Integer>);
}

/// Waits until no other change of rights is under way, and keeps others waiting until the transaction ends.
/// Every act that changes roles, memberships or ceilings begins with it. It tells the database who acts, for rights
/// that a second person is to confirm.
///
/// # Errors
/// When the database does not answer.
pub fn lock(conn: &mut PgConnection) -> Result<()> {
    lock_for(conn, origin::here().user)
}

/// The same, on behalf of somebody: what is given until the next such call he gave, and cannot confirm.
///
/// # Errors
/// When the database does not answer.
pub fn lock_for(conn: &mut PgConnection, by: Option<UserId>) -> Result<()> {
    let by = by.map(|user| user.0);
    diesel::select(lock_rights_for(by)).execute(conn)?;
    Ok(())
}

/// The main tenant, and the one whose own roles a tenant uses: itself, or an inner tenant's parent.
///
/// # Errors
/// `NotFound` where there is no such tenant.
pub fn homes(conn: &mut PgConnection, tenant: TenantId) -> Result<[TenantId; 2]> {
    let (kind, parent): (String, Option<i32>) = tenants::table
        .find(tenant.0)
        .select((tenants::kind, tenants::parent_id))
        .first(conn)?;
    let main: i32 = tenants::table
        .filter(tenants::kind.eq("main"))
        .select(tenants::id)
        .first(conn)?;
    let own = match (kind.as_str(), parent) {
        ("inner", Some(parent)) => TenantId(parent),
        _ => tenant,
    };
    Ok([TenantId(main), own])
}

type Condition = Box<dyn BoxableExpression<roles::table, Pg, SqlType = Nullable<Bool>>>;

/// Which roles can be used where these are the homes: built-in ones, the main tenant's, its own.
fn usable_in([main, own]: [TenantId; 2]) -> Condition {
    Box::new(
        roles::tenant_id
            .is_null()
            .or(roles::tenant_id.eq_any([main.0, own.0])),
    )
}

/// The roles that a tenant can use: built-in, central, its own, each group by name.
///
/// # Errors
/// When the database does not answer.
pub fn usable(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<Role>> {
    let homes = homes(conn, tenant)?;
    let mut found: Vec<Role> = roles::table
        .filter(usable_in(homes))
        .order((roles::name, roles::id))
        .limit(MOST)
        .select(Role::as_select())
        .load(conn)?;
    let rank = |role: &Role| match role.tenant_id {
        None => 0,
        Some(id) if id == homes[0].0 => 1,
        Some(_) => 2,
    };
    found.sort_by_key(rank);
    Ok(found)
}

/// As `usable`, each with what it holds.
///
/// # Errors
/// When the database does not answer.
pub fn usable_whole(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<Whole>> {
    let all = usable(conn, tenant)?;
    let ids: Vec<i32> = all.iter().map(|role| role.id).collect();
    let rights: Vec<(i32, String)> = role_rights::table
        .filter(role_rights::role_id.eq_any(&ids))
        .select((role_rights::role_id, role_rights::right_key))
        .load(conn)?;
    let includes: Vec<(i32, i32)> = role_includes::table
        .filter(role_includes::role_id.eq_any(&ids))
        .order((role_includes::role_id, role_includes::included_id))
        .select((role_includes::role_id, role_includes::included_id))
        .load(conn)?;
    let mut own: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
    for (role, right) in rights {
        own.entry(role).or_default().insert(right);
    }
    let keys: BTreeMap<i32, String> = all.iter().map(|r| (r.id, r.key.clone())).collect();
    Ok(all
        .into_iter()
        .map(|role| {
            let included = || includes.iter().filter(|(of, _)| *of == role.id);
            Whole {
                all: reached(role.id, &own, &includes),
                own: own.get(&role.id).cloned().unwrap_or_default(),
                includes: included()
                    .filter_map(|(_, id)| keys.get(id).cloned())
                    .collect(),
                role,
            }
        })
        .collect())
}

/// The rights of a role and of all it includes, by however many steps; each role is visited once.
fn reached(
    start: i32,
    own: &BTreeMap<i32, BTreeSet<String>>,
    includes: &[(i32, i32)],
) -> BTreeSet<String> {
    let (mut seen, mut open) = (BTreeSet::from([start]), vec![start]);
    let mut rights = BTreeSet::new();
    while let Some(role) = open.pop() {
        rights.extend(own.get(&role).into_iter().flatten().cloned());
        let next = includes.iter().filter(|(of, _)| *of == role);
        open.extend(next.map(|(_, id)| *id).filter(|id| seen.insert(*id)));
    }
    rights
}

/// One of the roles that a tenant can use.
///
/// # Errors
/// `NotFound` for any other.
pub fn one(conn: &mut PgConnection, tenant: TenantId, id: RoleId) -> Result<Whole> {
    usable_whole(conn, tenant)?
        .into_iter()
        .find(|whole| whole.role.id == id.0)
        .ok_or(AppError::NotFound)
}

/// The roles that a tenant calls by these keys, in their order; one query for all.
///
/// # Errors
/// `Invalid` for one that it has not.
pub fn by_keys(conn: &mut PgConnection, tenant: TenantId, keys: &[String]) -> Result<Vec<RoleId>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let homes = homes(conn, tenant)?;
    let found: Vec<(String, i32)> = roles::table
        .filter(roles::key.eq_any(keys))
        .filter(usable_in(homes))
        .select((roles::key, roles::id))
        .load(conn)?;
    let id_of = |key: &String| {
        let role = found.iter().find(|(known, _)| known == key);
        role.map(|(_, id)| RoleId(*id)).ok_or(AppError::Invalid {
            key: "role-unknown",
            params: vec![("role", key.clone())],
        })
    };
    keys.iter().map(id_of).collect()
}

/// What roles come to.
///
/// # Errors
/// When the database does not answer.
pub fn rights_of(conn: &mut PgConnection, ids: &[RoleId]) -> Result<BTreeSet<String>> {
    let ids: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let rights: Vec<String> = diesel::select(rights_of_roles(ids)).get_result(conn)?;
    Ok(rights.into_iter().collect())
}

/// Roles and all that include them, by however many steps.
fn including(conn: &mut PgConnection, ids: &[RoleId]) -> Result<BTreeSet<i32>> {
    let includes: Vec<(i32, i32)> = role_includes::table
        .select((role_includes::role_id, role_includes::included_id))
        .load(conn)?;
    let mut open: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let mut seen: BTreeSet<i32> = open.iter().copied().collect();
    while let Some(role) = open.pop() {
        let above = includes.iter().filter(|(_, included)| *included == role);
        open.extend(above.map(|(id, _)| *id).filter(|id| seen.insert(*id)));
    }
    Ok(seen)
}

/// How many people hold one of these roles in any tenant, themselves or by roles that include them.
///
/// # Errors
/// When the database does not answer.
pub fn holders(conn: &mut PgConnection, ids: &[RoleId]) -> Result<i64> {
    let roles = including(conn, ids)?;
    Ok(membership_roles::table
        .inner_join(memberships::table)
        .filter(membership_roles::role_id.eq_any(roles))
        .select(diesel::dsl::count(memberships::user_id).aggregate_distinct())
        .get_result(conn)?)
}

/// As `holders`, in one tenant.
///
/// # Errors
/// When the database does not answer.
pub fn holders_in(conn: &mut PgConnection, tenant: TenantId, ids: &[RoleId]) -> Result<i64> {
    let roles = including(conn, ids)?;
    Ok(membership_roles::table
        .inner_join(memberships::table)
        .filter(membership_roles::role_id.eq_any(roles))
        .filter(memberships::tenant_id.eq(tenant.0))
        .select(diesel::dsl::count(memberships::user_id).aggregate_distinct())
        .get_result(conn)?)
}

/// How many members of a tenant each of some roles has there.
///
/// # Errors
/// When the database does not answer.
pub fn uses_in(
    conn: &mut PgConnection,
    tenant: TenantId,
    ids: &[RoleId],
) -> Result<BTreeMap<RoleId, i64>> {
    let ids: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let found: Vec<(i32, i64)> = membership_roles::table
        .inner_join(memberships::table)
        .filter(membership_roles::role_id.eq_any(ids))
        .filter(memberships::tenant_id.eq(tenant.0))
        .group_by(membership_roles::role_id)
        .select((membership_roles::role_id, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(found.into_iter().map(|(id, n)| (RoleId(id), n)).collect())
}

/// What a role was.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = role_versions)]
pub struct Version {
    /// Counts changes.
    pub version: i32,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who changed it; none for the command line.
    pub user_id: Option<i32>,
    /// What it was called.
    pub name: String,
    /// What it was for.
    pub description: String,
    /// Keys of its own rights.
    pub rights: Vec<String>,
    /// Keys of the roles it included.
    pub includes: Vec<String>,
}

/// The last hundred versions, newest first.
///
/// # Errors
/// When the database does not answer.
pub fn versions(conn: &mut PgConnection, id: RoleId) -> Result<Vec<Version>> {
    Ok(role_versions::table
        .filter(role_versions::role_id.eq(id.0))
        .order(role_versions::version.desc())
        .limit(100)
        .select(Version::as_select())
        .load(conn)?)
}

/// The rows of the table of rights that have one of these keys, in its order. Keys that this version of the
/// program does not know are left out.
pub fn infos(keys: &BTreeSet<String>) -> Vec<&'static RightInfo> {
    rights::ALL
        .iter()
        .filter(|right| keys.contains(right.key))
        .copied()
        .collect()
}
