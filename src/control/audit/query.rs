//! Reading the audit: a tenant's entries and those of its inner tenants, the latest first.

#![expect(
    clippy::disallowed_methods,
    reason = "who may be named depends on the tree; all values are bound"
)]

use crate::control::tenants::queries::pattern;
use crate::db::ids::{TenantId, UserId};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, Text, Timestamptz};
use serde_json::Value;

/// An entry as a tenant sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Entry {
    /// Its number.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// When.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// Name of the tenant it happened in.
    #[diesel(sql_type = Text)]
    pub tenant: String,
    /// Who; none for the command line and the program itself.
    #[diesel(sql_type = Nullable<Integer>)]
    pub user: Option<i32>,
    /// His name; blank where this tenant may not know it, or he is gone.
    #[diesel(sql_type = Text)]
    pub user_name: String,
    /// Name of the tenant above that he came from as a visitor; blank where he did not.
    #[diesel(sql_type = Text)]
    pub came_from: String,
    /// As whom he looked: a user's or a role's name; blank as himself.
    #[diesel(sql_type = Text)]
    pub seen_as: String,
    /// His network address; blank where this tenant may not know it.
    #[diesel(sql_type = Text)]
    pub address: String,
    /// Through what.
    #[diesel(sql_type = Text)]
    pub source: String,
    /// What.
    #[diesel(sql_type = Text)]
    pub act: String,
    /// On what.
    #[diesel(sql_type = Text)]
    pub object: String,
    /// The name of the user it was done to; blank for other objects.
    #[diesel(sql_type = Text)]
    pub object_name: String,
    /// Old and new.
    #[diesel(sql_type = Jsonb)]
    pub data: Value,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Part of the name of who acted.
    pub user: String,
    /// Beginning of the act's key, such as `user.`; blank for all.
    pub act: String,
    /// Part of what it was done to.
    pub object: String,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
    /// Only entries before this one.
    pub before: Option<i64>,
    /// Only this one.
    pub one: Option<i64>,
}

// A name is known to a tenant if its owner has his home in it or in an inner tenant of it. Who only has a
// place there is called by his address.
const KNOWN: &str = "WITH here AS (
        SELECT t.id, t.name FROM control.tenants t WHERE t.id = $1 OR t.parent_id = $1 AND t.kind = 'inner'
    ), known AS (
        SELECT u.id, CASE WHEN u.home_tenant_id IN (SELECT id FROM here) THEN u.name ELSE u.email END AS name
        FROM control.users u WHERE u.home_tenant_id IN (SELECT id FROM here)
            OR EXISTS (SELECT 1 FROM control.memberships m WHERE m.user_id = u.id AND m.tenant_id IN (SELECT id FROM here))
    )";

// Of his own acts somebody sees all, wherever they were; of others only his own name.
const OWN: &str = "WITH here AS (
        SELECT t.id, t.name FROM control.tenants t WHERE t.id IN (SELECT a.tenant_id FROM control.audit a WHERE a.user_id = $1)
    ), known AS (
        SELECT u.id, u.name FROM control.users u WHERE u.id = $1
    )";

const ENTRIES: &str = "
    SELECT a.id, a.at, here.name AS tenant, a.user_id AS \"user\", COALESCE(k.name, '') AS user_name, a.source, a.act,
        COALESCE(f.name, '') AS came_from,
        CASE WHEN a.seen_as LIKE 'user:%' THEN COALESCE(s.name, '#' || substr(a.seen_as, 6))
            WHEN a.seen_as LIKE 'role:%' THEN COALESCE(NULLIF(r.name, ''), r.key, '#' || substr(a.seen_as, 6)) ELSE '' END AS seen_as,
        CASE WHEN k.id IS NULL THEN '' ELSE COALESCE(a.personal ->> 'address', '') END AS address,
        a.object, COALESCE(o.name, '') AS object_name, a.data || COALESCE(a.personal - 'address', '{}') AS data
    FROM control.audit a JOIN here ON here.id = a.tenant_id LEFT JOIN known k ON k.id = a.user_id
    LEFT JOIN known o ON (a.act LIKE 'user.%' OR a.act LIKE 'membership.%' OR a.act LIKE 'session.%' OR a.act LIKE 'factor.%' OR a.act LIKE 'pending.%'
        OR a.act LIKE 'visit.%' OR a.act LIKE 'see.%') AND o.id::text = a.object
    LEFT JOIN control.tenants f ON f.id = a.came_from
    LEFT JOIN known s ON a.seen_as = 'user:' || s.id LEFT JOIN control.roles r ON a.seen_as = 'role:' || r.id
    WHERE ($2 = '%%' OR lower(COALESCE(k.name, '')) LIKE $2) AND starts_with(a.act, $3)
        AND ($4 IS NULL OR a.at >= $4) AND ($5 IS NULL OR a.at < $5) AND ($6 IS NULL OR a.id < $6)
        AND ($8 = '%%' OR lower(COALESCE(o.name, a.object)) LIKE $8) AND ($9 IS NULL OR a.id = $9)";

const LATEST: &str = " ORDER BY a.id DESC LIMIT $7";

/// The entries that a tenant's readers may see.
///
/// # Errors
/// When the database does not answer.
pub fn entries(
    conn: &mut PgConnection,
    tenant: TenantId,
    wanted: &Wanted,
    most: i64,
) -> Result<Vec<Entry>> {
    load(
        conn,
        &format!("{KNOWN}{ENTRIES}{LATEST}"),
        tenant.0,
        wanted,
        most,
    )
}

/// What a user did himself, in all tenants.
///
/// # Errors
/// When the database does not answer.
pub fn own(
    conn: &mut PgConnection,
    user: UserId,
    wanted: &Wanted,
    most: i64,
) -> Result<Vec<Entry>> {
    let sql = format!("{OWN}{ENTRIES} AND a.user_id = $1{LATEST}");
    load(conn, &sql, user.0, wanted, most)
}

fn load(
    conn: &mut PgConnection,
    sql: &str,
    whose: i32,
    wanted: &Wanted,
    most: i64,
) -> Result<Vec<Entry>> {
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(whose)
        .bind::<Text, _>(pattern(&wanted.user))
        .bind::<Text, _>(&wanted.act)
        .bind::<Nullable<Timestamptz>, _>(wanted.from)
        .bind::<Nullable<Timestamptz>, _>(wanted.to)
        .bind::<Nullable<BigInt>, _>(wanted.before)
        .bind::<BigInt, _>(most)
        .bind::<Text, _>(pattern(&wanted.object))
        .bind::<Nullable<BigInt>, _>(wanted.one)
        .load(conn)?)
}
