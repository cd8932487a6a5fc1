//! Finding tenants below one, and those a user works in. One query each; everything is limited.

#![expect(
    clippy::disallowed_methods,
    reason = "the tree is walked by a recursive query; all values are bound"
)]

use crate::db::ids::{TenantId, UserId};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Nullable, Text};

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
    /// Whether it lies in the trash.
    #[diesel(sql_type = Bool)]
    pub trashed: bool,
}

const TREE: &str = "WITH RECURSIVE tree AS (
        SELECT t.*, t.name AS trail, t.slug AS path FROM control.tenants t WHERE t.parent_id IS NULL
        UNION ALL
        SELECT t.*, tree.trail || ' › ' || t.name, CASE t.kind WHEN 'inner' THEN tree.slug || '/' || t.slug ELSE t.slug END
        FROM control.tenants t JOIN tree ON t.parent_id = tree.id)
    SELECT tree.id, tree.path, tree.trail, tree.name, tree.colour, tree.kind, tree.status, tree.trashed_at IS NOT NULL AS trashed FROM tree";

/// The tenants that a user works in, whose trail or address contains `search`.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId, search: &str) -> Result<Vec<Listed>> {
    let query = format!(
        "{TREE} WHERE tree.trashed_at IS NULL AND EXISTS (SELECT 1 FROM control.memberships m WHERE m.tenant_id = tree.id AND m.user_id = $1)
         AND lower(tree.trail || ' ' || tree.path) LIKE $2 ORDER BY tree.trail LIMIT {MOST}"
    );
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(user.0)
        .bind::<Text, _>(pattern(search))
        .load(conn)?)
}

/// The separate tenants below one at any depth, or (`inner`) its own inner tenants.
///
/// # Errors
/// When the database does not answer.
pub fn below(
    conn: &mut PgConnection,
    top: TenantId,
    inner: bool,
    search: &str,
) -> Result<Vec<Listed>> {
    let which = if inner {
        "tree.kind = 'inner' AND tree.parent_id = $1"
    } else {
        "tree.kind = 'separate' AND tree.id IN (SELECT id FROM sub)"
    };
    let query = format!(
        "WITH RECURSIVE sub AS (SELECT id FROM control.tenants WHERE parent_id = $1 AND kind = 'separate'
             UNION ALL SELECT t.id FROM control.tenants t JOIN sub ON t.parent_id = sub.id WHERE t.kind = 'separate'), {}
         WHERE {which} AND lower(tree.trail || ' ' || tree.path) LIKE $2 ORDER BY tree.trail LIMIT {MOST}",
        TREE.trim_start_matches("WITH RECURSIVE ")
    );
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(top.0)
        .bind::<Text, _>(pattern(search))
        .load(conn)?)
}

/// One tenant that lies below another as `below` finds it: proof that an administrator stays in his subtree.
///
/// # Errors
/// `NotFound` for any other.
pub fn one_below(
    conn: &mut PgConnection,
    top: TenantId,
    inner: bool,
    id: TenantId,
) -> Result<Listed> {
    below_by_id(conn, top, inner, id)?.ok_or(AppError::NotFound)
}

fn below_by_id(
    conn: &mut PgConnection,
    top: TenantId,
    inner: bool,
    id: TenantId,
) -> Result<Option<Listed>> {
    let which = if inner {
        "tree.kind = 'inner' AND tree.parent_id = $1"
    } else {
        "tree.kind = 'separate' AND tree.id IN (SELECT id FROM sub)"
    };
    let query = format!(
        "WITH RECURSIVE sub AS (SELECT id FROM control.tenants WHERE parent_id = $1 AND kind = 'separate'
             UNION ALL SELECT t.id FROM control.tenants t JOIN sub ON t.parent_id = sub.id WHERE t.kind = 'separate'), {}
         WHERE {which} AND tree.id = $2",
        TREE.trim_start_matches("WITH RECURSIVE ")
    );
    Ok(diesel::sql_query(query)
        .bind::<Integer, _>(top.0)
        .bind::<Integer, _>(id.0)
        .get_result(conn)
        .optional()?)
}

fn pattern(search: &str) -> String {
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
    /// His home tenant's name.
    #[diesel(sql_type = Text)]
    pub home: String,
    /// Whether his home is this tenant.
    #[diesel(sql_type = Bool)]
    pub at_home: bool,
    /// Whether he may log in.
    #[diesel(sql_type = Bool)]
    pub active: bool,
    /// When he last did.
    #[diesel(sql_type = Nullable<diesel::sql_types::Timestamptz>)]
    pub last_login_at: Option<chrono::DateTime<chrono::Utc>>,
}

const MEMBERS: &str = "SELECT u.id, u.name, u.email, COALESCE(string_agg(r.key, ', ' ORDER BY r.id), '') AS roles, h.name AS home,
             u.home_tenant_id = $1 AS at_home, u.state = 'active' AS active, u.last_login_at
         FROM control.memberships m JOIN control.users u ON u.id = m.user_id JOIN control.tenants h ON h.id = u.home_tenant_id
         LEFT JOIN control.membership_roles mr ON mr.membership_id = m.id LEFT JOIN control.roles r ON r.id = mr.role_id
         WHERE m.tenant_id = $1";

/// The members of a tenant.
///
/// # Errors
/// When the database does not answer.
pub fn members(conn: &mut PgConnection, tenant: TenantId, search: &str) -> Result<Vec<Member>> {
    Ok(diesel::sql_query(format!(
        "{MEMBERS} AND lower(u.name || ' ' || u.email) LIKE $2 GROUP BY u.id, h.id ORDER BY u.name, u.id LIMIT {MOST}"
    ))
    .bind::<Integer, _>(tenant.0)
    .bind::<Text, _>(pattern(search))
    .load(conn)?)
}

/// One member of a tenant.
///
/// # Errors
/// `NotFound` for anybody else.
pub fn member(conn: &mut PgConnection, tenant: TenantId, user: UserId) -> Result<Member> {
    Ok(
        diesel::sql_query(format!("{MEMBERS} AND u.id = $2 GROUP BY u.id, h.id"))
            .bind::<Integer, _>(tenant.0)
            .bind::<Integer, _>(user.0)
            .get_result(conn)?,
    )
}
