//! Memberships: a user's place in a tenant, with roles.

use super::audit::{self, Actor};
use super::roles;
use crate::db::ids::{MembershipId, TenantId, UserId};
use crate::db::schema::control::{membership_roles, memberships, roles as roles_table};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;

/// Gives a user roles in a tenant; what he already holds there stays.
///
/// # Errors
/// `Invalid` for an unknown role.
pub fn grant(
    conn: &mut PgConnection,
    actor: Actor,
    user: UserId,
    tenant: TenantId,
    role_keys: &[String],
) -> Result<MembershipId> {
    diesel::insert_into(memberships::table)
        .values((
            memberships::user_id.eq(user.0),
            memberships::tenant_id.eq(tenant.0),
            memberships::created_by.eq(actor.user.map(|user| user.0)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let id = find(conn, user, tenant)?.ok_or(AppError::NotFound)?;
    for key in role_keys {
        let role = roles::by_key(conn, key)?;
        diesel::insert_into(membership_roles::table)
            .values((
                membership_roles::membership_id.eq(id.0),
                membership_roles::role_id.eq(role.0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    audit::record(
        conn,
        actor,
        tenant,
        "membership.grant",
        &user.to_string(),
        &json!({ "roles": role_keys }),
    )?;
    Ok(id)
}

/// A user's membership of a tenant.
///
/// # Errors
/// When the database does not answer.
pub fn find(
    conn: &mut PgConnection,
    user: UserId,
    tenant: TenantId,
) -> Result<Option<MembershipId>> {
    Ok(memberships::table
        .filter(memberships::user_id.eq(user.0))
        .filter(memberships::tenant_id.eq(tenant.0))
        .select(memberships::id)
        .first(conn)
        .optional()?
        .map(MembershipId))
}

/// The keys of a user's roles in a tenant.
///
/// # Errors
/// When the database does not answer.
pub fn roles_of(conn: &mut PgConnection, user: UserId, tenant: TenantId) -> Result<Vec<String>> {
    Ok(memberships::table
        .inner_join(membership_roles::table.inner_join(roles_table::table))
        .filter(memberships::user_id.eq(user.0))
        .filter(memberships::tenant_id.eq(tenant.0))
        .order(roles_table::id)
        .select(roles_table::key)
        .load(conn)?)
}

/// Sets a user's roles in a tenant; none ends the membership. The last administrator stays one. `seen` are
/// the roles that whoever changes them saw, if he saw any.
///
/// # Errors
/// `Invalid("last-administrator")`; `Conflict` where the roles are no longer those seen.
pub fn set(
    conn: &mut PgConnection,
    actor: Actor,
    user: UserId,
    tenant: TenantId,
    role_keys: &[String],
    seen: Option<&[String]>,
) -> Result<()> {
    lock(conn, tenant)?;
    let before = roles_of(conn, user, tenant)?;
    let id = find(conn, user, tenant)?.ok_or(AppError::NotFound)?;
    if seen.is_some_and(|seen| !same(seen, &before)) {
        return Err(AppError::Conflict);
    }
    diesel::delete(membership_roles::table.filter(membership_roles::membership_id.eq(id.0)))
        .execute(conn)?;
    for key in role_keys {
        let role = roles::by_key(conn, key)?;
        diesel::insert_into(membership_roles::table)
            .values((
                membership_roles::membership_id.eq(id.0),
                membership_roles::role_id.eq(role.0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    if role_keys.is_empty() {
        diesel::delete(memberships::table.find(id.0)).execute(conn)?;
    }
    if before.iter().any(|role| role == "administrator") {
        keeps_an_administrator(conn, tenant)?;
    }
    audit::record(
        conn,
        actor,
        tenant,
        "membership.roles",
        &user.to_string(),
        &json!({ "old": before, "new": role_keys }),
    )
}

fn same(one: &[String], other: &[String]) -> bool {
    let sorted = |all: &[String]| {
        let mut all = all.to_vec();
        all.sort();
        all
    };
    sorted(one) == sorted(other)
}

/// The tenant's row is the lock: of two who take away its administrators one comes after the other.
///
/// # Errors
/// When the database does not answer.
pub fn lock(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    use crate::db::schema::control::tenants;
    tenants::table
        .find(tenant.0)
        .select(tenants::id)
        .for_no_key_update()
        .first::<i32>(conn)?;
    Ok(())
}

/// Whether anybody is left who can log in and administer the tenant; asked after the act, which is undone
/// otherwise.
///
/// # Errors
/// `Invalid("last-administrator")`.
pub fn keeps_an_administrator(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    use crate::db::schema::control::users;
    let administrators: i64 = memberships::table
        .inner_join(membership_roles::table.inner_join(roles_table::table))
        .inner_join(users::table)
        .filter(memberships::tenant_id.eq(tenant.0))
        .filter(roles_table::key.eq("administrator"))
        .filter(users::state.eq("active"))
        .count()
        .get_result(conn)?;
    if administrators == 0 {
        return Err(AppError::invalid("last-administrator"));
    }
    Ok(())
}
