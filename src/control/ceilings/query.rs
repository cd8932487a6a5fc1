//! The tenants below one, with their ceilings.

#![expect(
    clippy::disallowed_methods,
    reason = "the tree is walked by a recursive query; all values are bound"
)]

use super::Ceiling;
use crate::control::tenants::queries::pattern;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use std::collections::BTreeSet;

/// Most tenants of a list; a search narrows it.
pub const MOST: usize = 200;

/// A tenant with its ceiling.
#[derive(Clone, Debug, QueryableByName)]
pub struct Capped {
    /// Its id.
    #[diesel(sql_type = Integer)]
    pub id: i32,
    /// Names from the tenant below the one that looks down to it.
    #[diesel(sql_type = Text)]
    pub trail: String,
    /// `separate` or `inner`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// What is set for it; none for no limit of its own.
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub ceiling: Option<Vec<String>>,
    /// What comes of it below those above; none for no limit.
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub in_force: Option<Vec<String>>,
    /// What its parent may at most; none for no limit.
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub above: Option<Vec<String>>,
    /// People with a place in it or below.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// Counts changes.
    #[diesel(sql_type = Integer)]
    pub version: i32,
}

fn set(rights: Option<&Vec<String>>) -> Ceiling {
    rights.map(|rights| rights.iter().cloned().collect::<BTreeSet<_>>())
}

fn lets(ceiling: Option<&Vec<String>>, right: &str) -> bool {
    ceiling.is_none_or(|rights| rights.iter().any(|key| key == right))
}

impl Capped {
    /// Typed.
    pub fn id(&self) -> TenantId {
        TenantId(self.id)
    }

    /// What is set for it.
    pub fn ceiling(&self) -> Ceiling {
        set(self.ceiling.as_ref())
    }

    /// Whether what is set for it lets a right through.
    pub fn lets(&self, right: &str) -> bool {
        lets(self.ceiling.as_ref(), right)
    }

    /// Whether its parent may have a right, so that it could.
    pub fn could(&self, right: &str) -> bool {
        lets(self.above.as_ref(), right)
    }

    /// What comes of it.
    pub fn in_force(&self) -> Ceiling {
        set(self.in_force.as_ref())
    }

    /// What its parent may at most.
    pub fn above(&self) -> Ceiling {
        set(self.above.as_ref())
    }
}

/// `$1` is the tenant above; `people` counts a place in each tenant below as often as somebody has one.
const SUB: &str = "WITH RECURSIVE sub AS (
        SELECT t.*, t.name AS trail, ARRAY[t.name] AS names, ARRAY[t.id] AS line FROM control.tenants t WHERE t.parent_id = $1 AND t.trashed_at IS NULL
        UNION ALL
        SELECT t.*, sub.trail || ' › ' || t.name, sub.names || t.name, sub.line || t.id
        FROM control.tenants t JOIN sub ON t.parent_id = sub.id WHERE t.trashed_at IS NULL
    ), own AS (
        SELECT m.tenant_id, count(*) AS n FROM control.memberships m WHERE m.tenant_id IN (SELECT id FROM sub) GROUP BY 1
    ), people AS (
        SELECT above AS id, sum(COALESCE(own.n, 0))::bigint AS n FROM sub LEFT JOIN own ON own.tenant_id = sub.id CROSS JOIN unnest(sub.line) above GROUP BY 1
    )
    SELECT sub.id, sub.trail, sub.kind, sub.ceiling, sub.ceiling_in_force AS in_force, p.ceiling_in_force AS above,
        people.n AS people, sub.version
    FROM sub JOIN control.tenants p ON p.id = sub.parent_id JOIN people ON people.id = sub.id";

/// The tenants below one whose trail contains `search`; one more than `MOST` tells that there are more.
///
/// # Errors
/// When the database does not answer.
pub fn below(conn: &mut PgConnection, top: TenantId, search: &str) -> Result<Vec<Capped>> {
    let sql = format!(
        "{SUB} WHERE lower(sub.trail) LIKE $2 ORDER BY sub.names LIMIT {}",
        MOST + 1
    );
    Ok(diesel::sql_query(sql)
        .bind::<Integer, _>(top.0)
        .bind::<Text, _>(pattern(search))
        .load(conn)?)
}

/// Some of them, in the order asked for.
///
/// # Errors
/// `NotFound` where one is not below.
pub fn some(conn: &mut PgConnection, top: TenantId, ids: &[TenantId]) -> Result<Vec<Capped>> {
    let numbers: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let found: Vec<Capped> = diesel::sql_query(format!("{SUB} WHERE sub.id = ANY ($2)"))
        .bind::<Integer, _>(top.0)
        .bind::<Array<Integer>, _>(numbers)
        .load(conn)?;
    let find = |id: &TenantId| found.iter().find(|one| one.id == id.0).cloned();
    let all: Option<Vec<Capped>> = ids.iter().map(find).collect();
    all.ok_or(AppError::NotFound)
}

/// One of them.
///
/// # Errors
/// `NotFound` for any other.
pub fn one(conn: &mut PgConnection, top: TenantId, id: TenantId) -> Result<Capped> {
    some(conn, top, &[id])?.pop().ok_or(AppError::NotFound)
}
