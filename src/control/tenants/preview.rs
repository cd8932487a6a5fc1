//! What a change of a fence would do: how many recipients the inner tenant gains and loses.

use super::fence::{Fence, WantedFence};
use crate::db::{Mode, TenantConn};
use crate::error::Result;
use crate::tenant::fields;
use crate::tenant::recipients::dynamic::Dynamic;
use crate::tenant::target_groups::rules::Catalog;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Recipients gained and lost, counted exactly as the tenant whose data it is.
///
/// # Errors
/// `Invalid` where the wanted fence has a fault.
pub fn changes<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    old: Option<&serde_json::Value>,
    wanted: &WantedFence,
) -> Result<(i64, i64)> {
    let new = Fence::check(conn.pg(), wanted)?;
    let old = Fence::from_stored(old.unwrap_or(&serde_json::Value::Null))?;
    let catalog = fields::catalog(&fields::all(conn.pg())?)?;
    // A fence whose rule no longer fits the fields is closed: everybody in the new one is gained.
    let old = Some(old).filter(|old| old.checked_rule(&catalog).is_ok());
    let gains = count(conn, Some(&new), old.as_ref(), &catalog)?;
    let loses = match &old {
        Some(old) => count(conn, Some(old), Some(&new), &catalog)?,
        None => 0,
    };
    Ok((gains, loses))
}

/// Recipients inside one fence and outside the other; a fence that is none holds nobody.
fn count<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    inside: Option<&Fence>,
    outside: Option<&Fence>,
    catalog: &Catalog,
) -> Result<i64> {
    let query = Dynamic::<BigInt>::default().sql("SELECT count(*) FROM recipients r WHERE (");
    let query = within(query, inside, catalog)?.sql(") AND NOT (");
    Ok(within(query, outside, catalog)?
        .sql(")")
        .get_result(conn.pg())?)
}

fn within(
    query: Dynamic<BigInt>,
    fence: Option<&Fence>,
    catalog: &Catalog,
) -> Result<Dynamic<BigInt>> {
    let Some(fence) = fence else {
        return Ok(query.sql("false"));
    };
    let rule = fence.checked_rule(catalog)?;
    let query = if fence.lists.is_empty() {
        query.sql("true")
    } else {
        let ids = fence.lists.iter().map(|list| i64::from(list.0)).collect();
        query.sql("EXISTS (SELECT 1 FROM subscriptions s WHERE s.recipient_id = r.id AND s.list_id = ANY (").ids(ids).sql("))")
    };
    Ok(match &rule {
        // Two-valued, so that NOT of it is everybody else.
        Some(rule) => query.sql(" AND COALESCE((").rule(rule).sql("), false)"),
        None => query,
    })
}
