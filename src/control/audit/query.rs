//! Reading the audit: a tenant's entries and those of its inner tenants, the latest first.

#![expect(
    clippy::disallowed_methods,
    reason = "who may be named depends on the tree; all values are bound"
)]

use crate::control::tenants::queries::pattern;
use crate::db::ids::TenantId;
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
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Part of the name of who acted.
    pub user: String,
    /// Beginning of the act's key, such as `user.`; blank for all.
    pub act: String,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
    /// Only entries before this one.
    pub before: Option<i64>,
}

// A name is known to a tenant if its owner has his home in it or in an inner tenant of it. Who only has a
// place there is called by his address.
const ENTRIES: &str = "WITH here AS (
        SELECT t.id, t.name FROM control.tenants t WHERE t.id = $1 OR t.parent_id = $1 AND t.kind = 'inner'
    ), known AS (
        SELECT u.id, CASE WHEN u.home_tenant_id IN (SELECT id FROM here) THEN u.name ELSE u.email END AS name
        FROM control.users u WHERE u.home_tenant_id IN (SELECT id FROM here)
            OR EXISTS (SELECT 1 FROM control.memberships m WHERE m.user_id = u.id AND m.tenant_id IN (SELECT id FROM here))
    )
    SELECT a.id, a.at, here.name AS tenant, a.user_id AS \"user\", COALESCE(k.name, '') AS user_name, a.source, a.act,
        a.object, COALESCE(o.name, '') AS object_name, a.data
    FROM control.audit a JOIN here ON here.id = a.tenant_id LEFT JOIN known k ON k.id = a.user_id
    LEFT JOIN known o ON (a.act LIKE 'user.%' OR a.act LIKE 'membership.%' OR a.act LIKE 'session.%') AND o.id::text = a.object
    WHERE ($2 = '%%' OR lower(COALESCE(k.name, '')) LIKE $2) AND starts_with(a.act, $3)
        AND ($4 IS NULL OR a.at >= $4) AND ($5 IS NULL OR a.at < $5) AND ($6 IS NULL OR a.id < $6)
    ORDER BY a.id DESC LIMIT $7";

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
    Ok(diesel::sql_query(ENTRIES)
        .bind::<Integer, _>(tenant.0)
        .bind::<Text, _>(pattern(&wanted.user))
        .bind::<Text, _>(&wanted.act)
        .bind::<Nullable<Timestamptz>, _>(wanted.from)
        .bind::<Nullable<Timestamptz>, _>(wanted.to)
        .bind::<Nullable<BigInt>, _>(wanted.before)
        .bind::<BigInt, _>(most)
        .load(conn)?)
}
