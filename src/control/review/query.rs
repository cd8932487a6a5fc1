//! The places of a tenant as their review shows them, the one longest unconfirmed first.

#![expect(
    clippy::disallowed_methods,
    reason = "who may be named depends on the tree; all values are bound"
)]

use crate::control::tenants::queries::{FAMILY, pattern};
use crate::db::ids::{MembershipId, TenantId};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};

/// A place under review.
#[derive(Clone, Debug, QueryableByName)]
pub struct Row {
    /// Its number.
    #[diesel(sql_type = Integer)]
    pub id: i32,
    /// Counts changes.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// Whose.
    #[diesel(sql_type = Integer)]
    pub user_id: i32,
    /// His name, as this tenant may know it.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// His address.
    #[diesel(sql_type = Text)]
    pub email: String,
    /// Whether he may log in.
    #[diesel(sql_type = Bool)]
    pub active: bool,
    /// Whether he is at home here or below.
    #[diesel(sql_type = Bool)]
    pub ours: bool,
    /// The keys of his roles.
    #[diesel(sql_type = Array<Text>)]
    pub roles: Vec<String>,
    /// Their names; blank for the built-in ones.
    #[diesel(sql_type = Array<Text>)]
    pub role_names: Vec<String>,
    /// How many rights he has beside them.
    #[diesel(sql_type = BigInt)]
    pub singles: i64,
    /// When it was granted.
    #[diesel(sql_type = Timestamptz)]
    pub granted_at: DateTime<Utc>,
    /// By whom; blank where this tenant may not know, or it was no person.
    #[diesel(sql_type = Text)]
    pub granted_by: String,
    /// When it was last used.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was last confirmed.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub confirmed_at: Option<DateTime<Utc>>,
    /// By whom.
    #[diesel(sql_type = Text)]
    pub confirmed_by: String,
    /// Whether it is to be confirmed anew.
    #[diesel(sql_type = Bool)]
    pub due: bool,
}

/// Which places are wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Part of name or address.
    pub search: String,
    /// `due`, `never` (used), `elsewhere` (at home), or blank.
    pub which: String,
    /// Only these, if there are any.
    pub ids: Vec<i32>,
}

const DUE: &str = "COALESCE(t.review_months IS NOT NULL AND COALESCE(m.confirmed_at, m.created_at)
    < now() - make_interval(months => t.review_months), false)";

fn source() -> String {
    // Whoever is at home neither here nor below is called by his address.
    format!(
        "FROM control.memberships m JOIN control.tenants t ON t.id = m.tenant_id JOIN control.users u ON u.id = m.user_id
         CROSS JOIN LATERAL (SELECT u.home_tenant_id IN (SELECT id FROM sub) AS ours) h
         CROSS JOIN LATERAL (SELECT CASE WHEN h.ours THEN u.name ELSE u.email END AS name, {DUE} AS due) n
         WHERE m.tenant_id = $1 AND lower(n.name || ' ' || u.email) LIKE $2
            AND CASE $3 WHEN 'due' THEN n.due WHEN 'never' THEN m.last_used_at IS NULL WHEN 'elsewhere' THEN NOT h.ours ELSE true END
            AND (cardinality($4) = 0 OR m.id = ANY ($4))"
    )
}

/// Places, `most` of them, after the one with the id `after`.
///
/// # Errors
/// When the database does not answer.
pub fn page(
    conn: &mut PgConnection,
    tenant: TenantId,
    wanted: &Wanted,
    after: Option<MembershipId>,
    most: usize,
) -> Result<Vec<Row>> {
    let known = |column: &str| {
        format!(
            "COALESCE((SELECT CASE WHEN k.home_tenant_id IN (SELECT id FROM sub) THEN k.name ELSE k.email END FROM control.users k
                WHERE k.id = m.{column} AND (k.home_tenant_id IN (SELECT id FROM sub)
                    OR EXISTS (SELECT 1 FROM control.memberships km WHERE km.user_id = k.id AND km.tenant_id = $1))), '')"
        )
    };
    let sql = format!(
        "{FAMILY} SELECT m.id, m.version, u.id AS user_id, n.name, u.email, u.state = 'active' AS active, h.ours,
            ARRAY(SELECT r.key FROM control.membership_roles mr JOIN control.roles r ON r.id = mr.role_id
                WHERE mr.membership_id = m.id ORDER BY r.id) AS roles,
            ARRAY(SELECT r.name FROM control.membership_roles mr JOIN control.roles r ON r.id = mr.role_id
                WHERE mr.membership_id = m.id ORDER BY r.id) AS role_names,
            (SELECT count(*) FROM control.membership_rights s WHERE s.membership_id = m.id) AS singles,
            m.created_at AS granted_at, {granted_by} AS granted_by, m.last_used_at, m.confirmed_at, {confirmed_by} AS confirmed_by, n.due
         {source} AND ($5 IS NULL OR (COALESCE(m.confirmed_at, m.created_at), m.id) > (
             SELECT COALESCE(l.confirmed_at, l.created_at), l.id FROM control.memberships l WHERE l.id = $5 AND l.tenant_id = $1))
         ORDER BY COALESCE(m.confirmed_at, m.created_at), m.id LIMIT {most}",
        granted_by = known("created_by"),
        confirmed_by = known("confirmed_by"),
        source = source(),
    );
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(tenant.0)
        .bind::<Text, _>(pattern(&wanted.search))
        .bind::<Text, _>(&wanted.which)
        .bind::<Array<Integer>, _>(&wanted.ids)
        .bind::<Nullable<Integer>, _>(after.map(|id| id.0))
        .load(conn)?)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many there are.
///
/// # Errors
/// When the database does not answer.
pub fn count(conn: &mut PgConnection, tenant: TenantId, wanted: &Wanted) -> Result<i64> {
    let found: Number = diesel::sql_query(format!("{FAMILY} SELECT count(*) AS n {}", source()))
        .bind::<Integer, _>(tenant.0)
        .bind::<Text, _>(pattern(&wanted.search))
        .bind::<Text, _>(&wanted.which)
        .bind::<Array<Integer>, _>(&wanted.ids)
        .get_result(conn)?;
    Ok(found.n)
}

/// How many are to be confirmed anew.
///
/// # Errors
/// When the database does not answer.
pub fn due(conn: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    let wanted = Wanted {
        which: "due".to_owned(),
        ..Wanted::default()
    };
    count(conn, tenant, &wanted)
}
