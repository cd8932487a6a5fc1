//! Finding users from where a tenant stands: its members, and those at home in it or below it. Nobody else
//! exists for it.

#![expect(
    clippy::disallowed_methods,
    reason = "the tree is walked by a recursive query; all values are bound"
)]

mod list;

pub use list::{Wanted, Where, count, page, those};

use crate::control::tenants::queries::{FAMILY, NAME};
use crate::db::ids::{TenantId, UserId};
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use std::collections::BTreeMap;

/// Rows of a page.
pub const ROWS: usize = 50;

/// Days within which a place that has an end is said to end soon.
pub const SOON: i32 = 30;

/// A user as a tenant sees him.
#[derive(Clone, Debug, QueryableByName)]
pub struct Person {
    /// Who.
    #[diesel(sql_type = Integer)]
    pub id: i32,
    /// As shown.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// His address.
    #[diesel(sql_type = Text)]
    pub email: String,
    /// The keys of his roles here.
    #[diesel(sql_type = Array<Text>)]
    pub roles: Vec<String>,
    /// Their names; blank for the built-in ones.
    #[diesel(sql_type = Array<Text>)]
    pub role_names: Vec<String>,
    /// Whether he has a place here; in a list, in the tenant whose users it shows.
    #[diesel(sql_type = Bool)]
    pub member: bool,
    /// Whether he has a page here: he has a place here, or is at home here or below.
    #[diesel(sql_type = Bool)]
    pub known: bool,
    /// His home tenant's name; blank where this tenant may not know it.
    #[diesel(sql_type = Text)]
    pub home: String,
    /// Whether he is at home here or below: then this tenant's administrators look after him.
    #[diesel(sql_type = Bool)]
    pub ours: bool,
    /// Whether he may log in.
    #[diesel(sql_type = Bool)]
    pub active: bool,
    /// Whether he has a password; without one he is invited, or was.
    #[diesel(sql_type = Bool)]
    pub has_password: bool,
    /// Whether log-in asks him for a second factor.
    #[diesel(sql_type = Bool)]
    pub second_factor: bool,
    /// Until when his place is his; none for no end.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub until: Option<DateTime<Utc>>,
    /// When he was made.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// When he last logged in.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_login_at: Option<DateTime<Utc>>,
    /// Counts changes.
    #[diesel(sql_type = Integer)]
    pub version: i32,
}

const PEOPLE: &str = "u.email, u.version, u.state = 'active' AS active, u.password_hash IS NOT NULL AS has_password,
        EXISTS (SELECT 1 FROM control.second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL) AS second_factor, u.created_at, u.last_login_at,
        ARRAY(SELECT r.key FROM control.membership_roles mr JOIN control.roles r ON r.id = mr.role_id
            WHERE mr.membership_id = m.id ORDER BY r.id) AS roles,
        ARRAY(SELECT r.name FROM control.membership_roles mr JOIN control.roles r ON r.id = mr.role_id
            WHERE mr.membership_id = m.id ORDER BY r.id) AS role_names,
        m.id IS NOT NULL AS member, m.valid_until AS \"until\", u.home_tenant_id IN (SELECT id FROM sub) AS ours,
        u.home_tenant_id IN (SELECT id FROM sub)
            OR EXISTS (SELECT 1 FROM control.memberships k WHERE k.user_id = u.id AND k.tenant_id = $1) AS known,
        CASE WHEN u.home_tenant_id IN (SELECT id FROM sub UNION SELECT id FROM up) THEN h.name ELSE '' END AS home
    FROM control.users u JOIN control.tenants h ON h.id = u.home_tenant_id
    LEFT JOIN control.memberships m ON m.user_id = u.id AND m.tenant_id =";

/// One user, if he exists for this tenant.
///
/// # Errors
/// `NotFound` for anybody else.
pub fn one(conn: &mut PgConnection, tenant: TenantId, user: UserId) -> Result<Person> {
    let sql = format!(
        "{FAMILY} SELECT u.id, {NAME} AS name, {PEOPLE} $1 WHERE u.id = $2 AND u.state <> 'anonymous' AND (m.id IS NOT NULL OR u.home_tenant_id IN (SELECT id FROM sub))"
    );
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(tenant.0)
        .bind::<Integer, _>(user.0)
        .get_result(conn)?)
}

/// As `one`, for acts that only home and those above it may do.
///
/// # Errors
/// `NotFound` for whom this tenant does not see, `Invalid` for whom it does not look after.
pub fn ours(conn: &mut PgConnection, tenant: TenantId, user: UserId) -> Result<Person> {
    let person = one(conn, tenant, user)?;
    if person.ours {
        Ok(person)
    } else {
        Err(AppError::invalid("users-not-ours"))
    }
}

/// A place of a user in a tenant.
#[derive(Clone, Debug, QueryableByName)]
pub struct Place {
    /// The tenant.
    #[diesel(sql_type = Integer)]
    pub id: i32,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The keys of his roles there.
    #[diesel(sql_type = Array<Text>)]
    pub roles: Vec<String>,
    /// Their names; blank for the built-in ones.
    #[diesel(sql_type = Array<Text>)]
    pub role_names: Vec<String>,
    /// How many rights he has there beside his roles.
    #[diesel(sql_type = BigInt)]
    pub singles: i64,
    /// From when on it is his.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub until: Option<DateTime<Utc>>,
    /// Since when.
    #[diesel(sql_type = Timestamptz)]
    pub since: DateTime<Utc>,
}

/// What a user is granted in a tenant, before its ceiling.
#[derive(Clone, Debug, QueryableByName)]
pub struct Around {
    /// Which tenant.
    #[diesel(sql_type = Integer)]
    pub id: i32,
    /// Whether it lies above the one that asks.
    #[diesel(sql_type = Bool)]
    pub above: bool,
    /// Keys of rights.
    #[diesel(sql_type = Array<Text>)]
    pub granted: Vec<String>,
}

/// What a user is granted in this tenant, below and above it: for measuring, never to be shown.
///
/// # Errors
/// When the database does not answer.
pub fn around(conn: &mut PgConnection, tenant: TenantId, user: UserId) -> Result<Vec<Around>> {
    let sql = format!(
        "{FAMILY} SELECT m.tenant_id AS id, m.tenant_id NOT IN (SELECT id FROM sub) AS above, m.granted
         FROM control.memberships m
         WHERE m.user_id = $2 AND m.tenant_id IN (SELECT id FROM sub UNION SELECT id FROM up)"
    );
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(tenant.0)
        .bind::<Integer, _>(user.0)
        .load(conn)?)
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The names of up to ten others who could give a right in a tenant: they hold it there, and may change users.
///
/// # Errors
/// When the database does not answer.
pub fn who_could_give(
    conn: &mut PgConnection,
    tenant: TenantId,
    but: UserId,
    right: &str,
) -> Result<Vec<String>> {
    let sql = format!(
        "{FAMILY} SELECT u.id, {NAME} AS name FROM control.memberships m JOIN control.users u ON u.id = m.user_id
         WHERE m.tenant_id = $1 AND u.id <> $2 AND u.state = 'active' AND m.in_force @> ARRAY[$3, 'users.change']
            AND (m.valid_from IS NULL OR m.valid_from <= now()) AND (m.valid_until IS NULL OR m.valid_until > now())
         ORDER BY 2, u.id LIMIT 10"
    );
    let found: Vec<Named> = diesel::sql_query(sql)
        .bind::<Integer, _>(tenant.0)
        .bind::<Integer, _>(but.0)
        .bind::<Text, _>(right)
        .load(conn)?;
    Ok(found.into_iter().map(|one| one.name).collect())
}

/// What a tenant calls users, for pages that say who did something. Whoever is neither at home in it or below
/// nor has a place there is left out.
///
/// # Errors
/// When the database does not answer.
pub fn names(
    conn: &mut PgConnection,
    tenant: TenantId,
    ids: &[UserId],
) -> Result<BTreeMap<UserId, String>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let sql = format!(
        "{FAMILY} SELECT u.id, {NAME} AS name FROM control.users u
         WHERE u.id = ANY ($2) AND (u.home_tenant_id IN (SELECT id FROM sub)
             OR EXISTS (SELECT 1 FROM control.memberships m WHERE m.user_id = u.id AND m.tenant_id IN (SELECT id FROM sub)))"
    );
    let found: Vec<Named> = diesel::sql_query(sql)
        .bind::<Integer, _>(tenant.0)
        .bind::<Array<Integer>, _>(ids)
        .load(conn)?;
    Ok(found
        .into_iter()
        .map(|one| (UserId(one.id), one.name))
        .collect())
}

/// The places of a user in this tenant and below; others are not this tenant's to know.
///
/// # Errors
/// When the database does not answer.
pub fn places(conn: &mut PgConnection, tenant: TenantId, user: UserId) -> Result<Vec<Place>> {
    let sql = format!(
        "{FAMILY} SELECT t.id, t.name, m.created_at AS since,
            ARRAY(SELECT r.key FROM control.membership_roles mr JOIN control.roles r ON r.id = mr.role_id
                WHERE mr.membership_id = m.id ORDER BY r.id) AS roles,
            ARRAY(SELECT r.name FROM control.membership_roles mr JOIN control.roles r ON r.id = mr.role_id
                WHERE mr.membership_id = m.id ORDER BY r.id) AS role_names,
            (SELECT count(*) FROM control.membership_rights s WHERE s.membership_id = m.id) AS singles,
            m.valid_from AS \"from\", m.valid_until AS \"until\"
         FROM control.memberships m JOIN control.tenants t ON t.id = m.tenant_id
         WHERE m.user_id = $2 AND t.id IN (SELECT id FROM sub) ORDER BY t.name, t.id LIMIT 200"
    );
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(tenant.0)
        .bind::<Integer, _>(user.0)
        .load(conn)?)
}
