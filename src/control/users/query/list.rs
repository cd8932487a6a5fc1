//! Lists of users: those here, those at home below, those of one tenant below.

use super::{FAMILY, NAME, PEOPLE, Person, SOON};
use crate::control::tenants::queries::pattern;
use crate::db::ids::{TenantId, UserId};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};

/// Whose users a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Where {
    /// The tenant's own: those with a place in it, and those at home in it.
    #[default]
    Here,
    /// Those at home in tenants below.
    Below,
    /// Those of one tenant below, as if one stood there; nobody for a tenant that does not lie below.
    At(TenantId),
}

impl Where {
    /// As the condition has it: 0, -1, or the tenant.
    fn number(self) -> i32 {
        match self {
            Self::Here => 0,
            Self::Below => -1,
            Self::At(tenant) => tenant.0,
        }
    }

    /// The tenant whose places count.
    fn place(self, here: TenantId) -> TenantId {
        match self {
            Self::Here | Self::Below => here,
            Self::At(tenant) => tenant,
        }
    }
}

/// Which users a list shows.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Part of name or address.
    pub search: String,
    /// `active`, `inactive` or blank.
    pub state: String,
    /// Key of a role there, or blank.
    pub role: String,
    /// Key of a right that they have there now, or blank.
    pub right: String,
    /// Whose.
    pub at: Where,
    /// Only those with a place there, not those who are only at home.
    pub placed: bool,
    /// Only those who log in without a second factor; of those whom the tenant looks after, nobody else's is
    /// its to know.
    pub no_factor: bool,
    /// Only those whose place there ends within `SOON` days.
    pub ends_soon: bool,
    /// Only those who have not logged in for so many days, or never.
    pub idle_days: Option<i32>,
}

/// `$1` is the tenant that asks, `$2` the tenant whose places count.
const CONDITION: &str = "u.state <> 'anonymous' AND ($4 = '' OR u.state = $4)
    AND ($5 = '' OR EXISTS (SELECT 1 FROM control.membership_roles mr JOIN control.roles r ON r.id = mr.role_id
        WHERE mr.membership_id = m.id AND r.key = $5))
    AND CASE $6 WHEN -1 THEN u.home_tenant_id <> $1 AND u.home_tenant_id IN (SELECT id FROM sub)
        ELSE (m.id IS NOT NULL OR u.home_tenant_id = $2) AND $2 IN (SELECT id FROM sub) END
    AND ($7 = '' OR u.state = 'active' AND $7 = ANY (m.in_force)
        AND (m.valid_from IS NULL OR m.valid_from <= now()) AND (m.valid_until IS NULL OR m.valid_until > now()))
    AND (NOT $8 OR u.home_tenant_id IN (SELECT id FROM sub)
        AND NOT EXISTS (SELECT 1 FROM control.second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL))
    AND (NOT $9 OR m.valid_until > now() AND m.valid_until <= now() + make_interval(days => $10))
    AND ($11 IS NULL OR COALESCE(u.last_login_at < now() - make_interval(days => $11), true))
    AND (NOT $12 OR m.id IS NOT NULL)";

fn condition() -> String {
    format!("lower({NAME} || ' ' || u.email) LIKE $3 AND {CONDITION}")
}

macro_rules! bound {
    ($sql:expr, $tenant:expr, $wanted:expr) => {
        diesel::sql_query($sql)
            .bind::<Integer, _>($tenant.0)
            .bind::<Integer, _>($wanted.at.place($tenant).0)
            .bind::<Text, _>(pattern(&$wanted.search))
            .bind::<Text, _>(&$wanted.state)
            .bind::<Text, _>(&$wanted.role)
            .bind::<Integer, _>($wanted.at.number())
            .bind::<Text, _>(&$wanted.right)
            .bind::<Bool, _>($wanted.no_factor)
            .bind::<Bool, _>($wanted.ends_soon)
            .bind::<Integer, _>(SOON)
            .bind::<Nullable<Integer>, _>($wanted.idle_days)
            .bind::<Bool, _>($wanted.placed)
    };
}

/// Users by name, `most` of them, after the one with the id `after`.
///
/// # Errors
/// When the database does not answer.
pub fn page(
    conn: &mut PgConnection,
    tenant: TenantId,
    wanted: &Wanted,
    after: Option<UserId>,
    most: usize,
) -> Result<Vec<Person>> {
    let sql = format!(
        "{FAMILY} SELECT u.id, {NAME} AS name, {PEOPLE} $2 WHERE {} AND ($13 IS NULL OR ({NAME}, u.id) > (SELECT n.name, n.id FROM (
             SELECT u.id, {NAME} AS name FROM control.users u WHERE u.id = $13 AND (u.home_tenant_id IN (SELECT id FROM sub)
                 OR EXISTS (SELECT 1 FROM control.memberships m WHERE m.user_id = u.id AND m.tenant_id IN (SELECT id FROM sub)))) n))
         ORDER BY name, u.id LIMIT {most}",
        condition()
    );
    Ok(bound!(sql, tenant, wanted)
        .bind::<Nullable<Integer>, _>(after.map(|user| user.0))
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
    let sql = format!(
        "{FAMILY} SELECT count(*) AS n FROM control.users u
         LEFT JOIN control.memberships m ON m.user_id = u.id AND m.tenant_id = $2 WHERE {}",
        condition()
    );
    let found: Number = bound!(sql, tenant, wanted).get_result(conn)?;
    Ok(found.n)
}

/// Those of `ids` who exist for the tenant, by name.
///
/// # Errors
/// When the database does not answer.
pub fn those(conn: &mut PgConnection, tenant: TenantId, ids: &[i32]) -> Result<Vec<Person>> {
    let sql = format!(
        "{FAMILY} SELECT u.id, {NAME} AS name, {PEOPLE} $1 WHERE u.id = ANY ($2) AND u.state <> 'anonymous'
             AND (m.id IS NOT NULL OR u.home_tenant_id IN (SELECT id FROM sub)) ORDER BY name, u.id"
    );
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(tenant.0)
        .bind::<Array<Integer>, _>(ids)
        .load(conn)?)
}
