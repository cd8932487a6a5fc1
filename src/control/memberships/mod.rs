//! Memberships: a user's place in a tenant, with roles, single rights and dates. Rights only add up; there is
//! no denying. What they come to is computed in the database (`migrations/control/0003_rights`).

pub mod claims;
mod granter;
pub mod reasons;

pub use granter::{Granter, reached_by};

use super::audit::{self, Actor};
use super::roles;
use crate::access::rights::{self, ADMINISTRATOR};
use crate::db::ids::{MembershipId, RoleId, TenantId, UserId};
use crate::db::schema::control::{
    membership_rights, membership_roles, memberships, roles as roles_table,
};
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

/// What a membership gives, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Keys of roles.
    pub roles: Vec<String>,
    /// Keys of rights beside the roles.
    pub rights: Vec<String>,
    /// From when on; none for at once.
    pub from: Option<DateTime<Utc>>,
    /// Until when; none for no end.
    pub until: Option<DateTime<Utc>>,
}

impl Place {
    /// A place with roles alone.
    pub fn with_roles(roles: &[String]) -> Self {
        Self {
            roles: roles.to_vec(),
            ..Self::default()
        }
    }

    /// Whether it gives nothing at all.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.rights.is_empty()
    }

    fn check(mut self) -> Result<Self> {
        for keys in [&mut self.roles, &mut self.rights] {
            keys.sort();
            keys.dedup();
        }
        if self.rights.iter().any(|key| rights::by_key(key).is_none()) {
            return Err(AppError::invalid("rights-unknown"));
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            return Err(AppError::invalid("membership-dates"));
        }
        Ok(self)
    }

    fn data(&self) -> serde_json::Value {
        json!({ "roles": self.roles, "rights": self.rights, "from": self.from, "until": self.until })
    }
}

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
    roles::lock(conn)?;
    diesel::insert_into(memberships::table)
        .values((
            memberships::user_id.eq(user.0),
            memberships::tenant_id.eq(tenant.0),
            memberships::created_by.eq(actor.user.map(|user| user.0)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let (id, ..) = place_of(conn, user, tenant)?.ok_or(AppError::NotFound)?;
    let role_ids = roles::by_keys(conn, tenant, role_keys)?;
    put_roles(conn, id, &role_ids)?;
    bump(conn, id)?;
    let data = json!({ "roles": role_keys });
    audit::record(
        conn,
        actor,
        tenant,
        "membership.grant",
        &user.to_string(),
        &data,
    )?;
    Ok(id)
}

fn put_roles(conn: &mut PgConnection, id: MembershipId, roles: &[RoleId]) -> Result<()> {
    let rows: Vec<_> = roles
        .iter()
        .map(|role| {
            (
                membership_roles::membership_id.eq(id.0),
                membership_roles::role_id.eq(role.0),
            )
        })
        .collect();
    diesel::insert_into(membership_roles::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

fn bump(conn: &mut PgConnection, id: MembershipId) -> Result<()> {
    diesel::update(memberships::table.find(id.0))
        .set(memberships::version.eq(memberships::version + 1))
        .execute(conn)?;
    Ok(())
}

/// A user's membership of a tenant: its id, its version, what it gives.
///
/// # Errors
/// When the database does not answer.
pub fn place_of(
    conn: &mut PgConnection,
    user: UserId,
    tenant: TenantId,
) -> Result<Option<(MembershipId, i32, Place)>> {
    type Row = (i32, i32, Option<DateTime<Utc>>, Option<DateTime<Utc>>);
    let found: Option<Row> = memberships::table
        .filter(memberships::user_id.eq(user.0))
        .filter(memberships::tenant_id.eq(tenant.0))
        .select((
            memberships::id,
            memberships::version,
            memberships::valid_from,
            memberships::valid_until,
        ))
        .first(conn)
        .optional()?;
    let Some((id, version, from, until)) = found else {
        return Ok(None);
    };
    let roles = membership_roles::table
        .inner_join(roles_table::table)
        .filter(membership_roles::membership_id.eq(id))
        .order(roles_table::key)
        .select(roles_table::key)
        .load(conn)?;
    let rights = membership_rights::table
        .filter(membership_rights::membership_id.eq(id))
        .order(membership_rights::right_key)
        .select(membership_rights::right_key)
        .load(conn)?;
    let place = Place {
        roles,
        rights,
        from,
        until,
    };
    Ok(Some((MembershipId(id), version, place)))
}

/// The versions of users' places in a tenant, by the users' ids.
///
/// # Errors
/// When the database does not answer.
pub fn versions(
    conn: &mut PgConnection,
    tenant: TenantId,
    users: &[i32],
) -> Result<BTreeMap<i32, i32>> {
    let found: Vec<(i32, i32)> = memberships::table
        .filter(memberships::tenant_id.eq(tenant.0))
        .filter(memberships::user_id.eq_any(users))
        .select((memberships::user_id, memberships::version))
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// The keys of a user's roles in a tenant.
///
/// # Errors
/// When the database does not answer.
pub fn roles_of(conn: &mut PgConnection, user: UserId, tenant: TenantId) -> Result<Vec<String>> {
    let place = place_of(conn, user, tenant)?;
    Ok(place.map(|(.., place)| place.roles).unwrap_or_default())
}

/// What a user is granted in each tenant, before its ceiling.
///
/// # Errors
/// When the database does not answer.
pub fn granted_everywhere(
    conn: &mut PgConnection,
    user: UserId,
) -> Result<BTreeMap<i32, Vec<String>>> {
    let found: Vec<(i32, Vec<String>)> = memberships::table
        .filter(memberships::user_id.eq(user.0))
        .select((memberships::tenant_id, memberships::granted))
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// The roles that a user reaches in each tenant, those that his own include with them.
///
/// # Errors
/// When the database does not answer.
pub fn roles_everywhere(
    conn: &mut PgConnection,
    user: UserId,
) -> Result<BTreeMap<i32, Option<Vec<i32>>>> {
    let found: Vec<(i32, Option<Vec<i32>>)> = memberships::table
        .filter(memberships::user_id.eq(user.0))
        .select((
            memberships::tenant_id,
            granter::roles_now(user.0, memberships::tenant_id),
        ))
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// Which membership is changed, and what somebody saw of it.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub tenant: TenantId,
    /// The version that was seen.
    pub version: i32,
}

/// Sets what a user's membership gives; nothing at all ends it. The last administrator stays one, without
/// an end.
///
/// # Errors
/// `Invalid` with the message's key, among them `last-administrator` and what goes beyond the granter's own
/// rights; `Conflict` where somebody changed it since the version seen.
pub fn set(conn: &mut PgConnection, granter: &Granter, which: Which, wanted: Place) -> Result<()> {
    let Which {
        user,
        tenant,
        version,
    } = which;
    let wanted = wanted.check()?;
    if granter.user == user {
        return Err(AppError::invalid("users-own-roles"));
    }
    roles::lock(conn)?;
    let (id, now, before) = place_of(conn, user, tenant)?.ok_or(AppError::NotFound)?;
    if now != version {
        return Err(AppError::Conflict);
    }
    if before == wanted {
        return Ok(());
    }
    granter.demand_change(conn, &before, &wanted)?;
    if wanted.is_empty() {
        diesel::delete(memberships::table.find(id.0)).execute(conn)?;
    } else {
        put(conn, id, &before, &wanted, tenant)?;
    }
    if before.roles.iter().any(|role| role == ADMINISTRATOR) {
        keeps_an_administrator(conn, tenant)?;
    }
    let data = json!({ "old": before.data(), "new": wanted.data() });
    audit::record(
        conn,
        granter.actor,
        tenant,
        "membership.roles",
        &user.to_string(),
        &data,
    )
}

fn put(
    conn: &mut PgConnection,
    id: MembershipId,
    before: &Place,
    wanted: &Place,
    tenant: TenantId,
) -> Result<()> {
    // What comes stands before what goes is gone: a right that both give was there all the time, and is not
    // one that somebody else has to confirm.
    let roles = roles::by_keys(conn, tenant, &wanted.roles)?;
    put_roles(conn, id, &roles)?;
    if before.rights != wanted.rights {
        let rows: Vec<_> = wanted
            .rights
            .iter()
            .map(|key| {
                (
                    membership_rights::membership_id.eq(id.0),
                    membership_rights::right_key.eq(key),
                )
            })
            .collect();
        diesel::insert_into(membership_rights::table)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(conn)?;
        diesel::delete(
            membership_rights::table
                .filter(membership_rights::membership_id.eq(id.0))
                .filter(membership_rights::right_key.ne_all(&wanted.rights)),
        )
        .execute(conn)?;
    }
    if before.roles != wanted.roles {
        let kept: Vec<i32> = roles.iter().map(|role| role.0).collect();
        diesel::delete(
            membership_roles::table
                .filter(membership_roles::membership_id.eq(id.0))
                .filter(membership_roles::role_id.ne_all(kept)),
        )
        .execute(conn)?;
    }
    diesel::update(memberships::table.find(id.0))
        .set((
            memberships::valid_from.eq(wanted.from),
            memberships::valid_until.eq(wanted.until),
            memberships::version.eq(memberships::version + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether anybody is left who can log in (by a password or a provider: who is only invited cannot) and administer the tenant without an end; asked after the act, which is undone
/// otherwise.
///
/// # Errors
/// `Invalid("last-administrator")`.
pub fn keeps_an_administrator(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    use crate::db::schema::control::{pending_rights, sign_on_links, users};
    let administrators: i64 = memberships::table
        .inner_join(membership_roles::table.inner_join(roles_table::table))
        .inner_join(users::table)
        .filter(memberships::tenant_id.eq(tenant.0))
        .filter(roles_table::built_in)
        .filter(roles_table::key.eq(ADMINISTRATOR))
        .filter(users::state.eq("active"))
        .filter(users::password_hash.is_not_null().or(diesel::dsl::exists(
            sign_on_links::table.filter(sign_on_links::user_id.eq(users::id)),
        )))
        .filter(memberships::valid_from.is_null())
        .filter(memberships::valid_until.is_null())
        // Nor one of whose rights some wait for a second person.
        .filter(diesel::dsl::not(diesel::dsl::exists(
            pending_rights::table.filter(pending_rights::membership_id.eq(memberships::id)),
        )))
        .count()
        .get_result(conn)?;
    if administrators == 0 {
        return Err(AppError::invalid("last-administrator"));
    }
    Ok(())
}

/// The tenants that a user administers, wherever they are.
///
/// # Errors
/// When the database does not answer.
pub fn administered(conn: &mut PgConnection, user: UserId) -> Result<Vec<TenantId>> {
    let found: Vec<i32> = memberships::table
        .inner_join(membership_roles::table.inner_join(roles_table::table))
        .filter(memberships::user_id.eq(user.0))
        .filter(roles_table::built_in)
        .filter(roles_table::key.eq(ADMINISTRATOR))
        .select(memberships::tenant_id)
        .load(conn)?;
    Ok(found.into_iter().map(TenantId).collect())
}
