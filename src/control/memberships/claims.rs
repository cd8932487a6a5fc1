//! Roles that a place has because a provider's claims say so. They follow the claims at each log-in; what somebody
//! gave by hand stays. Who made the rule gives what it gives, and cannot confirm it himself.

use super::{Place, bump, keeps_an_administrator, place_of};
use crate::access::rights::ADMINISTRATOR;
use crate::control::audit::{self, Actor};
use crate::control::roles;
use crate::db::ids::{MembershipId, RoleId, TenantId, UserId};
use crate::db::schema::control::{membership_roles, memberships, roles as roles_table};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// Gives a user in a tenant the roles that claims say, each on behalf of who made its rule, and takes those that
/// they no longer do. The last administrator stays one.
///
/// # Errors
/// When the database refuses.
pub fn follow(
    conn: &mut PgConnection,
    user: UserId,
    tenant: TenantId,
    wanted: &BTreeMap<RoleId, Option<UserId>>,
) -> Result<()> {
    roles::lock(conn)?;
    let before = place_of(conn, user, tenant)?;
    let id = match &before {
        Some((id, ..)) => *id,
        None if wanted.is_empty() => return Ok(()),
        None => diesel::insert_into(memberships::table)
            .values((
                memberships::user_id.eq(user.0),
                memberships::tenant_id.eq(tenant.0),
            ))
            .returning(memberships::id)
            .get_result(conn)
            .map(MembershipId)?,
    };
    let held: Vec<(i32, bool)> = membership_roles::table
        .filter(membership_roles::membership_id.eq(id.0))
        .select((membership_roles::role_id, membership_roles::from_claims))
        .load(conn)?;
    let mut more: BTreeMap<Option<UserId>, Vec<i32>> = BTreeMap::new();
    for (role, by) in wanted {
        if held.iter().all(|(one, _)| *one != role.0) {
            more.entry(*by).or_default().push(role.0);
        }
    }
    let gone: Vec<i32> = held
        .iter()
        .filter(|(role, from_claims)| *from_claims && !wanted.contains_key(&RoleId(*role)))
        .map(|(role, _)| *role)
        .collect();
    if more.is_empty() && gone.is_empty() {
        return Ok(());
    }
    for (by, roles) in &more {
        roles::lock_for(conn, *by)?;
        give(conn, id, roles)?;
    }
    take(conn, (id, tenant), &gone)?;
    let (old, new) = (
        before.map(|(.., place)| place),
        end_if_empty(conn, id, user, tenant)?,
    );
    let keys = |place: Option<Place>| place.map(|place| place.roles).unwrap_or_default();
    let data = json!({ "old": { "roles": keys(old) }, "new": { "roles": keys(new) } });
    let (act, user) = ("membership.roles", user.to_string());
    audit::record(conn, Actor::system(), tenant, act, &user, &data)
}

fn give(conn: &mut PgConnection, id: MembershipId, roles: &[i32]) -> Result<()> {
    let rows: Vec<_> = roles
        .iter()
        .map(|role| {
            (
                membership_roles::membership_id.eq(id.0),
                membership_roles::role_id.eq(*role),
                membership_roles::from_claims.eq(true),
            )
        })
        .collect();
    diesel::insert_into(membership_roles::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

fn take(
    conn: &mut PgConnection,
    (id, tenant): (MembershipId, TenantId),
    roles: &[i32],
) -> Result<()> {
    let of = membership_roles::table.filter(membership_roles::membership_id.eq(id.0));
    let administers: Option<i32> = roles_table::table
        .filter(roles_table::key.eq(ADMINISTRATOR))
        .filter(roles_table::built_in)
        .filter(roles_table::id.eq_any(roles))
        .select(roles_table::id)
        .first(conn)
        .optional()?;
    let others = roles.iter().filter(|role| Some(**role) != administers);
    diesel::delete(of.filter(membership_roles::role_id.eq_any(others))).execute(conn)?;
    let Some(role) = administers else {
        return Ok(());
    };
    // Undone as if it had not been: rights that were gone and came back would wait for a second person.
    let taken = conn.transaction(|conn| {
        diesel::delete(of.filter(membership_roles::role_id.eq(role))).execute(conn)?;
        keeps_an_administrator(conn, tenant)
    });
    match taken {
        Err(AppError::Invalid { .. }) => Ok(()),
        other => other,
    }
}

/// A place that gives nothing ends.
fn end_if_empty(
    conn: &mut PgConnection,
    id: MembershipId,
    user: UserId,
    tenant: TenantId,
) -> Result<Option<Place>> {
    let now = place_of(conn, user, tenant)?.map(|(.., place)| place);
    if now.as_ref().is_some_and(Place::is_empty) {
        diesel::delete(memberships::table.find(id.0)).execute(conn)?;
        return Ok(None);
    }
    bump(conn, id)?;
    Ok(now)
}
