//! Finding recipients: filter, search, sort, keyset paging, count. The same queries serve separate and
//! inner tenants; the search path decides what `recipients` is.
//!
//! Cost: a page is one index scan of at most `limit` rows plus those the filter passes over; nothing
//! here uses OFFSET, and no count reads more than `EXACT_UP_TO` rows unless it is asked to.

use super::dynamic::Dynamic;
use crate::db::ids::{ListId, RecipientId};
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::fields::kind::Kind;
use crate::tenant::target_groups::rules::{CheckedRule, Column};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Json, Nullable, Text};
use serde::{Deserialize, Serialize};

/// Which recipients.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A checked rule.
    pub rule: Option<CheckedRule>,
    /// Words, each of which must be part of address or name.
    pub search: String,
    /// On this list, in this status (any, if none is named).
    pub list: Option<(ListId, Option<String>)>,
}

/// In which order; rows that tie follow their id.
#[derive(Clone, Debug)]
pub struct Sort {
    /// The column; none for the order of creation.
    pub by: Option<(Column, Kind)>,
    /// From large to small.
    pub descending: bool,
}

impl Default for Sort {
    /// Newest first.
    fn default() -> Self {
        Self {
            by: None,
            descending: true,
        }
    }
}

/// Where a page begins: after this row. Opaque to users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last row's id.
    id: i64,
    /// The last row's value in the sorted column; none where it is empty or the order is that of creation.
    value: Option<String>,
}

impl Cursor {
    /// Behind the row with this id, in the order of creation.
    pub fn at(id: i64) -> Self {
        Self { id, value: None }
    }

    /// The form in URLs and on the command line.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads that form.
    ///
    /// # Errors
    /// `Invalid` where it is none.
    pub fn decode(text: &str) -> Result<Self> {
        BASE64_URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| AppError::invalid("cursor-invalid"))
    }
}

/// A recipient as far as columns were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Who.
    pub id: RecipientId,
    /// Canonical text for each column asked for, in that order.
    pub values: Vec<Option<String>>,
}

/// Some rows and where the next ones begin.
#[derive(Clone, Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub rows: Vec<Row>,
    /// None on the last page.
    pub next: Option<Cursor>,
}

/// A number of recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many.
    pub count: i64,
    /// Whether they were counted; else the planner's estimate.
    pub exact: bool,
}

/// Most rows that a count on a page reads.
pub const EXACT_UP_TO: i64 = 1_000;

type RowType = (BigInt, Array<Nullable<Text>>);

/// One page.
///
/// # Errors
/// When the database does not answer.
pub fn page<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    columns: &[Column],
    filter: &Filter,
    sort: &Sort,
    after: Option<&Cursor>,
    limit: i64,
) -> Result<Page> {
    let wanted = limit + 1;
    // Rows with an empty value stand at the end, as a second index scan: one scan over both would need
    // an OR that no index serves.
    let in_empties = sort.by.is_some() && after.is_some_and(|cursor| cursor.value.is_none());
    let mut rows = if in_empties {
        Vec::new()
    } else {
        load(conn, columns, filter, sort, after, wanted, false)?
    };
    if sort.by.is_some() && (rows.len() as i64) < wanted {
        let after = if in_empties { after } else { None };
        let missing = wanted - rows.len() as i64;
        rows.extend(load(conn, columns, filter, sort, after, missing, true)?);
    }
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|(row, value)| Cursor {
        id: row.id.0,
        value: value.clone(),
    });
    Ok(Page {
        rows: rows.into_iter().map(|(row, _)| row).collect(),
        next,
    })
}

/// Loads rows and, beside each, its value in the sorted column.
fn load<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    columns: &[Column],
    filter: &Filter,
    sort: &Sort,
    after: Option<&Cursor>,
    limit: i64,
    empties: bool,
) -> Result<Vec<(Row, Option<String>)>> {
    let by = sort.by.as_ref().filter(|_| !empties);
    let query = Dynamic::<RowType>::default()
        .sql("SELECT r.id, ARRAY[")
        .with(by, |q, (column, _)| q.column(column))
        .sql(if by.is_some() { "::text" } else { "NULL::text" })
        .each(columns, "", |q, column| {
            q.sql(", ").column(column).sql("::text")
        })
        .sql("] FROM recipients r WHERE true");
    let query = restrict(query, filter);
    let query = match (&sort.by, empties) {
        (Some((column, _)), true) => query.sql(" AND ").column(column).sql(" IS NULL"),
        (Some((column, _)), false) => query.sql(" AND ").column(column).sql(" IS NOT NULL"),
        (None, _) => query,
    };
    let query = query.with(after, |q, cursor| beyond(q, by, sort.descending, cursor));
    let direction = if sort.descending { " DESC" } else { "" };
    let query = query
        .sql(" ORDER BY ")
        .with(by, |q, (column, _)| {
            q.column(column).sql(direction).sql(", ")
        })
        .sql("r.id")
        .sql(direction)
        .sql(" LIMIT ")
        .int(limit);
    let loaded: Vec<(i64, Vec<Option<String>>)> = query.load(conn.pg())?;
    Ok(loaded
        .into_iter()
        .map(|(id, mut values)| {
            let sorted_by = values.remove(0);
            let row = Row {
                id: RecipientId(id),
                values,
            };
            (row, sorted_by)
        })
        .collect())
}

fn beyond<S>(
    query: Dynamic<S>,
    by: Option<&(Column, Kind)>,
    descending: bool,
    cursor: &Cursor,
) -> Dynamic<S> {
    let compare = if descending { " < " } else { " > " };
    match (by, &cursor.value) {
        (Some((column, kind)), Some(value)) => query
            .sql(" AND (")
            .column(column)
            .sql(", r.id)")
            .sql(compare)
            .sql("(")
            .value(kind, Some(value.clone()))
            .sql(", ")
            .int(cursor.id)
            .sql(")"),
        _ => query.sql(" AND r.id").sql(compare).int(cursor.id),
    }
}

/// Adds the filter's conditions to a query over `recipients r`.
pub fn restrict<S>(query: Dynamic<S>, filter: &Filter) -> Dynamic<S> {
    let query = query.with(filter.rule.as_ref(), |q, rule| {
        q.sql(" AND (").rule(rule).sql(")")
    });
    let query = filter
        .search
        .split_whitespace()
        .take(5)
        .fold(query, |q, word| search(q, &word.to_lowercase()));
    query.with(filter.list.as_ref(), |q, (list, status)| {
        q.sql(" AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.recipient_id = r.id AND s.list_id = ")
            .int(i64::from(list.0))
            .with(status.as_ref(), |q, status| q.sql(" AND s.status = ").text(status))
            .sql(")")
    })
}

/// Three letters and more find any part, by the trigram index; fewer find beginnings of addresses, by
/// the address's index.
fn search<S>(query: Dynamic<S>, word: &str) -> Dynamic<S> {
    let escaped = word
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    if word.chars().count() < 3 {
        return query.sql(" AND r.email LIKE ").text(format!("{escaped}%"));
    }
    // Spelled as the index recipients_search_idx spells it.
    query
        .sql(" AND lower((r.email || ' ' || COALESCE(r.first_name, '') || ' ' || COALESCE(r.last_name, '')) COLLATE ext.names) LIKE ")
        .text(format!("%{escaped}%"))
}

/// A count for a page: exact up to `EXACT_UP_TO`, beyond that the planner's estimate.
///
/// # Errors
/// When the database does not answer.
pub fn quick_count<M: Mode>(conn: &mut TenantConn<'_, M>, filter: &Filter) -> Result<Count> {
    let query = Dynamic::<BigInt>::default()
        .sql("SELECT count(*) FROM (SELECT 1 FROM recipients r WHERE true");
    let counted: i64 = restrict(query, filter)
        .sql(" LIMIT ")
        .int(EXACT_UP_TO + 1)
        .sql(") limited")
        .get_result(conn.pg())?;
    if counted <= EXACT_UP_TO {
        return Ok(Count {
            count: counted,
            exact: true,
        });
    }
    Ok(Count {
        count: estimate(conn, filter)?.max(counted),
        exact: false,
    })
}

/// An exact count, however long it takes.
///
/// # Errors
/// When the database does not answer, or the statement's time is over.
pub fn exact_count<M: Mode>(conn: &mut TenantConn<'_, M>, filter: &Filter) -> Result<Count> {
    let query = Dynamic::<BigInt>::default().sql("SELECT count(*) FROM recipients r WHERE true");
    let count = restrict(query, filter).get_result(conn.pg())?;
    Ok(Count { count, exact: true })
}

/// An exact count if it is done within `limit_ms`, else the estimate.
///
/// # Errors
/// When the database does not answer.
pub fn count_within<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    filter: &Filter,
    limit_ms: u32,
) -> Result<Count> {
    let counted = conn.savepoint(|conn| {
        conn.limit_statements(limit_ms)?;
        exact_count(conn, filter)
    });
    match counted {
        Ok(count) => {
            conn.limit_statements(30_000)?;
            Ok(count)
        }
        // The savepoint took the limit back along with the failed statement.
        Err(AppError::TimedOut) => quick_count(conn, filter),
        Err(other) => Err(other),
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

/// One recipient's values.
///
/// # Errors
/// `NotFound` where he is not, or not for this tenant.
pub fn one<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    id: RecipientId,
    columns: &[Column],
) -> Result<Row> {
    let query = Dynamic::<RowType>::default()
        .sql("SELECT r.id, ARRAY[NULL::text")
        .each(columns, "", |q, column| {
            q.sql(", ").column(column).sql("::text")
        })
        .sql("] FROM recipients r WHERE r.id = ")
        .int(id.0);
    let (_, mut values): (i64, Vec<Option<String>>) = query.get_result(conn.pg())?;
    values.remove(0);
    Ok(Row { id, values })
}
