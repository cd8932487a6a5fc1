//! What a fence holds, and what a change of it would do: how many recipients the inner tenant gains and
//! loses, and why one recipient is outside.

use super::fence::{Fence, WantedFence};
use crate::db::ids::RecipientId;
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::tenant::recipients::dynamic::Dynamic;
use crate::tenant::target_groups::rules::{Catalog, CheckedRule};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool};
use serde_json::Value;

/// Longest time that the size of an inner tenant may take to count, in milliseconds.
const PATIENCE_MS: u32 = 500;

/// How many recipients an inner tenant sees; none if that takes too long to count.
///
/// # Errors
/// When the database does not answer.
pub fn size<M: Mode>(conn: &mut TenantConn<'_, M>, stored: Option<&Value>) -> Result<Option<i64>> {
    let fence = Fence::from_stored(stored.unwrap_or(&Value::Null))?;
    let catalog = fields::catalog(&fields::every(conn.pg())?)?;
    if fence.checked_rule(&catalog).is_err() {
        return Ok(Some(0));
    }
    let counted = conn.savepoint(|conn| {
        conn.limit_statements(PATIENCE_MS)?;
        count(conn, Some(&fence), None, &catalog)
    });
    match counted {
        Ok(n) => Ok(Some(n)),
        Err(AppError::TimedOut) => Ok(None),
        Err(other) => Err(other),
    }
}

/// How a recipient stands to a fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether he is on one of its lists; true where no list fences.
    pub on_list: bool,
    /// The conditions of its rule that he does not meet, as people read them: those that whoever asks may
    /// ask by.
    pub unmet: Vec<String>,
    /// Whether there are others that he does not meet.
    pub unmet_unseen: bool,
    /// Whether its rule still fits the fields: else nobody is inside.
    pub rule_fits: bool,
}

impl Standing {
    /// Whether he is inside.
    pub fn is_inside(&self) -> bool {
        self.on_list && self.rule_fits && self.unmet.is_empty() && !self.unmet_unseen
    }
}

/// How one recipient stands to a fence, seen by the tenant whose data it is.
///
/// # Errors
/// `NotFound` where he is not.
pub fn standing<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    fence: &Fence,
    recipient: RecipientId,
) -> Result<Standing> {
    let catalog = fields::catalog(&fields::every(conn.pg())?)?;
    let (rule, rule_fits) = match fence.checked_rule(&catalog) {
        Ok(rule) => (rule, true),
        Err(_) => (None, false),
    };
    let by_lists = Fence {
        lists: fence.lists.clone(),
        rule: None,
    };
    let query = Dynamic::<Array<Bool>>::default().sql("SELECT ARRAY[(");
    let conditions = rule.map(|rule| rule.conditions()).unwrap_or_default();
    let holds: Vec<bool> = within(query, Some(&by_lists), &catalog)?
        .sql(")")
        .each(&conditions, "", |q, condition| {
            q.sql(", (").rule(condition).sql(") IS TRUE")
        })
        .sql("] FROM recipients r WHERE r.id = ")
        .int(recipient.0)
        .get_result(conn.pg())?;
    let (on_list, met) = holds.split_first().unwrap_or((&false, &[]));
    let askable = fields::askable(conn)?;
    let unmet = conditions
        .iter()
        .zip(met)
        .filter_map(|(condition, met)| (!met).then_some(condition));
    let (seen, unseen): (Vec<_>, Vec<_>) = unmet.partition(|one| fields::may_ask(&askable, one));
    Ok(Standing {
        on_list: *on_list,
        unmet: seen.into_iter().map(CheckedRule::show).collect(),
        unmet_unseen: !unseen.is_empty(),
        rule_fits,
    })
}

/// Recipients gained and lost, counted exactly as the tenant whose data it is.
///
/// # Errors
/// `Invalid` where the wanted fence has a fault.
pub fn changes<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    old: Option<&Value>,
    wanted: &WantedFence,
) -> Result<(i64, i64)> {
    let new = Fence::check(conn.pg(), wanted)?;
    let old = Fence::from_stored(old.unwrap_or(&Value::Null))?;
    let catalog = fields::catalog(&fields::every(conn.pg())?)?;
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

fn within<S>(query: Dynamic<S>, fence: Option<&Fence>, catalog: &Catalog) -> Result<Dynamic<S>> {
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
