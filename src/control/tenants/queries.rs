//! Finding tenants below one, and those a user works in. One query each; everything is limited.

#![expect(
    clippy::disallowed_methods,
    reason = "the tree is walked by a recursive query; all values are bound"
)]

use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::tenants;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

/// Most rows of a list of tenants; a search narrows it.
pub const MOST: i32 = 500;

/// A tenant in a list.
#[derive(Clone, Debug, QueryableByName)]
pub struct Listed {
    /// Its id.
    #[diesel(sql_type = Integer)]
    pub id: i32,
    /// `nord` or `nord/vip`.
    #[diesel(sql_type = Text)]
    pub path: String,
    /// Names from the top, joined by ` › `.
    #[diesel(sql_type = Text)]
    pub trail: String,
    /// As shown.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// `#rrggbb`.
    #[diesel(sql_type = Text)]
    pub colour: String,
    /// `main`, `separate` or `inner`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Its own status.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Since when it lies in the trash.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub trashed_at: Option<DateTime<Utc>>,
    /// What the tenants above it forbid: 1 sending, 2 log-in.
    #[diesel(sql_type = Integer)]
    pub above: i32,
    /// The nearest one above that forbids something more than those above it.
    #[diesel(sql_type = Text)]
    pub above_by: String,
}

impl Listed {
    /// Whether it lies in the trash.
    pub fn trashed(&self) -> bool {
        self.trashed_at.is_some()
    }

    /// The status in force and, if its own is milder, the name of the tenant above that makes it so.
    pub fn in_force(&self) -> (&str, Option<&str>) {
        let own = match self.status.as_str() {
            "active" => 0,
            "no_sending" => 1,
            "no_login" => 2,
            _ => 3,
        };
        let status = STATUSES[(own | self.above & 3) as usize];
        let by = (own | self.above != own).then_some(self.above_by.as_str());
        (status, by)
    }
}

/// The statuses, each at the place of what it forbids: 1 sending, 2 log-in.
pub const STATUSES: [&str; 4] = ["active", "no_sending", "no_login", "locked"];

/// What a status forbids, as bits.
const BITS: &str = "CASE tree.status WHEN 'active' THEN 0 WHEN 'no_sending' THEN 1 WHEN 'no_login' THEN 2 ELSE 3 END";

/// All tenants from the top down, each with what those above it forbid.
static TREE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "tree AS (
        SELECT t.*, ARRAY[t.name] AS names, t.name AS trail, t.slug AS path, 0 AS above, '' AS above_by FROM control.tenants t WHERE t.parent_id IS NULL
        UNION ALL
        SELECT t.*, tree.names || t.name, tree.trail || ' › ' || t.name, CASE t.kind WHEN 'inner' THEN tree.slug || '/' || t.slug ELSE t.slug END,
            tree.above | {BITS}, CASE WHEN {BITS} & ~tree.above <> 0 THEN tree.name ELSE tree.above_by END
        FROM control.tenants t JOIN tree ON t.parent_id = tree.id)
    SELECT tree.id, tree.path, tree.trail, tree.name, tree.colour, tree.kind, tree.status, tree.trashed_at, tree.above, tree.above_by FROM tree"
    )
});

/// The separate tenants below `$1` at any depth.
const SUB: &str = "sub AS (SELECT id FROM control.tenants WHERE parent_id = $1 AND kind = 'separate'
             UNION ALL SELECT t.id FROM control.tenants t JOIN sub ON t.parent_id = sub.id WHERE t.kind = 'separate')";

/// The tenants that a user works in, whose trail or address contains `search`.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId, search: &str) -> Result<Vec<Listed>> {
    let query = format!(
        "WITH RECURSIVE {} WHERE tree.trashed_at IS NULL AND (
            EXISTS (SELECT 1 FROM control.memberships m WHERE m.tenant_id = tree.id AND m.user_id = $1)
            OR EXISTS (SELECT 1 FROM control.visits v WHERE v.tenant_id = tree.id AND v.user_id = $1 AND v.ends_at > now()))
         AND lower(tree.trail || ' ' || tree.path) LIKE $2 ORDER BY tree.names LIMIT {MOST}",
        *TREE
    );
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(user.0)
        .bind::<Text, _>(pattern(search))
        .load(conn)?)
}

/// Which tenants below one are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// The separate ones, at any depth.
    Separate,
    /// Its own inner ones.
    Inner,
}

impl Below {
    /// The condition over `tree`, `$1` being the tenant above.
    fn condition(self) -> &'static str {
        match self {
            Self::Separate => "tree.kind = 'separate' AND tree.id IN (SELECT id FROM sub)",
            Self::Inner => "tree.kind = 'inner' AND tree.parent_id = $1",
        }
    }
}

/// Tenants below one, in the order of the tree: those in the trash, or those that are not.
///
/// # Errors
/// When the database does not answer.
pub fn below(
    conn: &mut PgConnection,
    top: TenantId,
    which: Below,
    trashed: bool,
    search: &str,
) -> Result<Vec<Listed>> {
    below_in(conn, top, which, trashed, search, "")
}

/// As `below`, only those in whose force a status is, by themselves or from above; blank for any.
///
/// # Errors
/// When the database does not answer.
pub fn below_in(
    conn: &mut PgConnection,
    top: TenantId,
    which: Below,
    trashed: bool,
    search: &str,
    status: &str,
) -> Result<Vec<Listed>> {
    let query = format!(
        "WITH RECURSIVE {SUB}, {} WHERE {} AND (tree.trashed_at IS NOT NULL) = $3
         AND lower(tree.trail || ' ' || tree.path) LIKE $2 AND ($4 IS NULL OR (({BITS}) | tree.above) & 3 = $4)
         ORDER BY tree.names LIMIT {MOST}",
        *TREE,
        which.condition()
    );
    let bits = STATUSES.iter().position(|known| *known == status);
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(top.0)
        .bind::<Text, _>(pattern(search))
        .bind::<Bool, _>(trashed)
        .bind::<Nullable<Integer>, _>(bits.map(|bits| bits as i32))
        .load(conn)?)
}

/// How many tenants lie right below one, those in the trash left out: as long as there are any, it stays.
///
/// # Errors
/// When the database does not answer.
pub fn children(conn: &mut PgConnection, tenant: TenantId) -> Result<i64> {
    Ok(tenants::table
        .filter(tenants::parent_id.eq(tenant.0))
        .filter(tenants::trashed_at.is_null())
        .count()
        .get_result(conn)?)
}

/// One tenant that lies below another as `below` finds it, in the trash or not: proof that an administrator
/// stays in his subtree.
///
/// # Errors
/// `NotFound` for any other.
pub fn one_below(
    conn: &mut PgConnection,
    top: TenantId,
    which: Below,
    id: TenantId,
) -> Result<Listed> {
    let query = format!(
        "WITH RECURSIVE {SUB}, {} WHERE {} AND tree.id = $2",
        *TREE,
        which.condition()
    );
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(top.0)
        .bind::<Integer, _>(id.0)
        .get_result(conn)?)
}

/// The main tenant as lists show it, if `id` is it: its own administrators look after it, there is nobody
/// above.
///
/// # Errors
/// `NotFound` for any other.
pub fn main(conn: &mut PgConnection, id: TenantId) -> Result<Listed> {
    let query = format!(
        "WITH RECURSIVE {} WHERE tree.kind = 'main' AND tree.id = $1",
        *TREE
    );
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(id.0)
        .get_result(conn)?)
}

/// What the page of a tenant tells besides its row.
#[derive(Clone, Debug, QueryableByName)]
pub struct Facts {
    /// How many work in it.
    #[diesel(sql_type = BigInt)]
    pub members: i64,
    /// How many have their home in it.
    #[diesel(sql_type = BigInt)]
    pub at_home: i64,
    /// Inner tenants, those in the trash left out.
    #[diesel(sql_type = BigInt)]
    pub inner: i64,
    /// Separate tenants right below, those in the trash left out.
    #[diesel(sql_type = BigInt)]
    pub separate: i64,
    /// About how many recipients its tables hold, as the statistics have it; none for an inner tenant.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub recipients: Option<i64>,
    /// Bytes that its tables and indexes take; none for an inner tenant, which has none of its own.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub storage: Option<i64>,
    /// When something was last changed in it that its audit tells.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub active_at: Option<DateTime<Utc>>,
    /// When it was made.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// The last entry of a tenant's audit, by its index.
const ACTIVE_AT: &str = "(SELECT a.at FROM control.audit a WHERE a.tenant_id = t.id ORDER BY a.id DESC LIMIT 1) AS active_at";

/// Facts about one tenant. Nothing of its data is read: the number of recipients is the statistics'.
///
/// # Errors
/// `NotFound` where there is none.
pub fn facts(conn: &mut PgConnection, id: TenantId) -> Result<Facts> {
    Ok(diesel::sql_query(format!(
        "SELECT (SELECT count(*) FROM control.memberships m WHERE m.tenant_id = t.id) AS members,
            (SELECT count(*) FROM control.users u WHERE u.home_tenant_id = t.id) AS at_home,
            (SELECT count(*) FROM control.tenants c WHERE c.parent_id = t.id AND c.kind = 'inner' AND c.trashed_at IS NULL) AS inner,
            (SELECT count(*) FROM control.tenants c WHERE c.parent_id = t.id AND c.kind = 'separate' AND c.trashed_at IS NULL) AS separate,
            (SELECT greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0) FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 't_' || t.id AND c.relname = 'recipients' AND t.kind <> 'inner') AS recipients,
            (SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 't_' || t.id AND c.relkind = 'r' AND t.kind <> 'inner') AS storage,
            {ACTIVE_AT}, t.created_at
         FROM control.tenants t WHERE t.id = $1"
    ))
    .bind::<Integer, _>(id.0)
    .get_result(conn)?)
}

/// Those of the tenants that a user can open now: he has a place there, or visits.
///
/// # Errors
/// When the database does not answer.
pub fn open_to(conn: &mut PgConnection, user: UserId, of: &[i32]) -> Result<BTreeSet<i32>> {
    #[derive(QueryableByName)]
    struct Open {
        #[diesel(sql_type = Integer)]
        id: i32,
    }
    let found: Vec<Open> = diesel::sql_query(
        "SELECT m.tenant_id AS id FROM control.memberships m WHERE m.user_id = $1 AND m.tenant_id = ANY($2)
         UNION SELECT v.tenant_id FROM control.visits v WHERE v.user_id = $1 AND v.tenant_id = ANY($2) AND v.ends_at > now()",
    )
    .bind::<Integer, _>(user.0)
    .bind::<Array<Integer>, _>(of)
    .load(conn)?;
    Ok(found.into_iter().map(|one| one.id).collect())
}

/// How big a tenant is.
#[derive(Clone, Copy, Debug, Default, QueryableByName)]
pub struct Size {
    #[diesel(sql_type = Integer)]
    id: i32,
    /// How many work in it.
    #[diesel(sql_type = BigInt)]
    pub members: i64,
    /// About how many recipients its tables hold, as the statistics have it; none for an inner tenant.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub recipients: Option<i64>,
    /// When something was last changed in it that its audit tells.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub active_at: Option<DateTime<Utc>>,
    /// About how many bytes its tables and indexes take, as the statistics have it; none for an inner tenant.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub storage: Option<i64>,
}

/// The sizes of tenants by their ids. Nothing of their data is read.
///
/// # Errors
/// When the database does not answer.
pub fn sizes(conn: &mut PgConnection, of: &[Listed]) -> Result<HashMap<i32, Size>> {
    let ids: Vec<i32> = of.iter().map(|tenant| tenant.id).collect();
    let found: Vec<Size> = diesel::sql_query(format!(
        "SELECT t.id, (SELECT count(*) FROM control.memberships m WHERE m.tenant_id = t.id) AS members,
            (SELECT greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0) FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 't_' || t.id AND c.relname = 'recipients' AND t.kind <> 'inner') AS recipients,
            (SELECT sum(c.relpages::bigint) * current_setting('block_size')::bigint FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 't_' || t.id AND c.relkind IN ('r', 'i') AND t.kind <> 'inner')::bigint AS storage,
            {ACTIVE_AT}
         FROM control.tenants t WHERE t.id = ANY($1)"
    ))
    .bind::<Array<Integer>, _>(ids)
    .load(conn)?;
    Ok(found.into_iter().map(|size| (size.id, size)).collect())
}

/// A search as a pattern for LIKE over lower-case text.
pub(crate) fn pattern(search: &str) -> String {
    let search = search.trim().to_lowercase();
    format!(
        "%{}%",
        search
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_")
    )
}

/// A user in a tenant's list.
#[derive(Clone, Debug, QueryableByName)]
pub struct Member {
    /// Who.
    #[diesel(sql_type = Integer)]
    pub id: i32,
    /// As shown.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// His address.
    #[diesel(sql_type = Text)]
    pub email: String,
    /// His roles here, joined by commas.
    #[diesel(sql_type = Text)]
    pub roles: String,
    /// His home tenant's name; none where this tenant may not know it.
    #[diesel(sql_type = Nullable<Text>)]
    pub home: Option<String>,
    /// Whether his home is this tenant.
    #[diesel(sql_type = Bool)]
    pub at_home: bool,
    /// Whether he may log in.
    #[diesel(sql_type = Bool)]
    pub active: bool,
    /// When he last did.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_login_at: Option<DateTime<Utc>>,
}

/// The tenant `$1` with all below it, and with all above it: whose names are no secret here.
pub(crate) const FAMILY: &str = "WITH RECURSIVE sub AS (
        SELECT t.id FROM control.tenants t WHERE t.id = $1
        UNION ALL SELECT t.id FROM control.tenants t JOIN sub ON t.parent_id = sub.id
    ), up AS (
        SELECT t.id, t.parent_id FROM control.tenants t WHERE t.id = $1
        UNION ALL SELECT t.id, t.parent_id FROM control.tenants t JOIN up ON up.parent_id = t.id
    )";

/// What the tenant `$1` of `FAMILY` calls the user `u`. Whoever is at home neither here nor below is called by
/// the address that he was added by: his name is not this tenant's to know.
pub(crate) const NAME: &str =
    "CASE WHEN u.home_tenant_id IN (SELECT id FROM sub) THEN u.name ELSE u.email END";

const MEMBERS: &str = "u.email, COALESCE(string_agg(r.key, ', ' ORDER BY r.id), '') AS roles,
             CASE WHEN h.id IN (SELECT id FROM sub UNION SELECT id FROM up) THEN h.name END AS home,
             u.home_tenant_id = $1 AS at_home, u.state = 'active' AS active, u.last_login_at
         FROM control.memberships m JOIN control.users u ON u.id = m.user_id JOIN control.tenants h ON h.id = u.home_tenant_id
         LEFT JOIN control.membership_roles mr ON mr.membership_id = m.id LEFT JOIN control.roles r ON r.id = mr.role_id
         WHERE m.tenant_id = $1";

/// One member of a tenant.
///
/// # Errors
/// `NotFound` for anybody else.
pub fn member(conn: &mut PgConnection, tenant: TenantId, user: UserId) -> Result<Member> {
    Ok(diesel::sql_query(format!(
        "{FAMILY} SELECT u.id, {NAME} AS name, {MEMBERS} AND u.id = $2 GROUP BY u.id, h.id"
    ))
    .bind::<Integer, _>(tenant.0)
    .bind::<Integer, _>(user.0)
    .get_result(conn)?)
}

/// Those of `below`, in the trash or not, behind an id in the order of ids: for programs, which read page by
/// page.
///
/// # Errors
/// When the database does not answer.
pub fn page_below(
    conn: &mut PgConnection,
    top: TenantId,
    which: Below,
    search: &str,
    after: TenantId,
    limit: i64,
) -> Result<Vec<Listed>> {
    let query = format!(
        "WITH RECURSIVE {SUB}, {} WHERE {} AND lower(tree.trail || ' ' || tree.path) LIKE $2 AND tree.id > $3
         ORDER BY tree.id LIMIT $4",
        *TREE,
        which.condition()
    );
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(top.0)
        .bind::<Text, _>(pattern(search))
        .bind::<Integer, _>(after.0)
        .bind::<BigInt, _>(limit)
        .load(conn)?)
}

/// The members of a tenant behind an id, in the order of ids: for programs.
///
/// # Errors
/// When the database does not answer.
pub fn page_of_members(
    conn: &mut PgConnection,
    tenant: TenantId,
    search: &str,
    after: UserId,
    limit: i64,
) -> Result<Vec<Member>> {
    Ok(diesel::sql_query(format!(
        "{FAMILY} SELECT u.id, {NAME} AS name, {MEMBERS} AND lower({NAME} || ' ' || u.email) LIKE $2 AND u.id > $3 GROUP BY u.id, h.id ORDER BY u.id LIMIT $4"
    ))
    .bind::<Integer, _>(tenant.0)
    .bind::<Text, _>(pattern(search))
    .bind::<Integer, _>(after.0)
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}
