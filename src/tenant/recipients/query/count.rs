//! Counting: exactly where that is fast, else an estimate that says so.

use super::Filter;
use super::search::{restrict, searches};
use crate::db::{Mode, TenantConn};
use crate::error::Result;
use crate::tenant::recipients::dynamic::Dynamic;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Json};
use serde::Serialize;

/// A number of recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many.
    pub count: i64,
    /// Whether they were counted; else the planner's estimate.
    pub exact: bool,
}

impl Count {
    fn exactly(count: i64) -> Self {
        Self { count, exact: true }
    }

    fn about(count: i64) -> Self {
        Self {
            count,
            exact: false,
        }
    }
}

/// Most rows that a count on a page reads.
pub const EXACT_UP_TO: i64 = 1_000;
/// Longest time that counting what a search finds may hold up its page, in milliseconds.
const QUICK_MS: u32 = 40;

/// A count for a page: exact up to `EXACT_UP_TO`, beyond that the planner's estimate.
///
/// # Errors
/// When the database does not answer.
pub fn quick_count<M: Mode>(conn: &mut TenantConn<'_, M>, filter: &Filter) -> Result<Count> {
    let counted = if searches(filter) {
        conn.look_within(QUICK_MS, |conn| count_some(conn, filter))?
    } else {
        Some(count_some(conn, filter)?)
    };
    match counted {
        Some(count) if count <= EXACT_UP_TO => Ok(Count::exactly(count)),
        counted => {
            let at_least = counted.unwrap_or_default();
            Ok(Count::about(estimate(conn, filter)?.max(at_least)))
        }
    }
}

/// One more than `EXACT_UP_TO` says that there are more.
fn count_some<M: Mode>(conn: &mut TenantConn<'_, M>, filter: &Filter) -> Result<i64> {
    let query = Dynamic::<BigInt>::default()
        .sql("SELECT count(*) FROM (SELECT 1 FROM recipients r WHERE true");
    Ok(restrict(query, filter)
        .sql(" LIMIT ")
        .int(EXACT_UP_TO + 1)
        .sql(") limited")
        .get_result(conn.pg())?)
}

/// An exact count, however long it takes.
///
/// # Errors
/// When the database does not answer, or the statement's time is over.
pub fn exact_count<M: Mode>(conn: &mut TenantConn<'_, M>, filter: &Filter) -> Result<Count> {
    let query = Dynamic::<BigInt>::default().sql("SELECT count(*) FROM recipients r WHERE true");
    Ok(Count::exactly(
        restrict(query, filter).get_result(conn.pg())?,
    ))
}

/// An exact count if it is done within `limit_ms`, else an estimate; the whole takes no longer than that.
///
/// # Errors
/// When the database does not answer.
pub fn count_within<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    filter: &Filter,
    limit_ms: u32,
) -> Result<Count> {
    // A fifth is kept for cancelling and the estimate.
    let counted = conn.look_within(limit_ms - limit_ms / 5, |conn| exact_count(conn, filter))?;
    match counted {
        Some(count) => Ok(count),
        None => Ok(Count::about(estimate(conn, filter)?)),
    }
}

fn estimate<M: Mode>(conn: &mut TenantConn<'_, M>, filter: &Filter) -> Result<i64> {
    let query = Dynamic::<Json>::default()
        .sql("EXPLAIN (FORMAT JSON) SELECT 1 FROM recipients r WHERE true");
    let plan: serde_json::Value = restrict(query, filter).get_result(conn.pg())?;
    Ok(plan
        .pointer("/0/Plan/Plan Rows")
        .and_then(serde_json::Value::as_f64)
        .unwrap_or_default() as i64)
}
