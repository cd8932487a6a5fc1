//! Finding recipients: filter, search, sort, keyset paging, count. The same queries serve separate and
//! inner tenants; the search path decides what `recipients` is.
//!
//! Cost: a page is one index scan of at most `limit` rows plus those the filter passes over; nothing
//! here uses OFFSET to skip, and what a page counts is limited by rows and by time.
//!
//! A search is walked first: the rows of the order, a few thousand of them, each looked at. What many
//! share is found there at once, whatever the planner believes of it. Only what is rare is left to the
//! trigram index, whose cost grows with the hits.

mod count;
mod cursor;
mod search;

pub use count::{Count, EXACT_UP_TO, count_within, exact_count, quick_count};
pub use cursor::Cursor;
pub use search::{Search, restrict};

use super::dynamic::Dynamic;
use crate::db::ids::{ListId, RecipientId};
use crate::db::{Mode, TenantConn};
use crate::error::Result;
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::seen::Shown;
use crate::tenant::target_groups::rules::{CheckedRule, Column};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

/// Which recipients.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A checked rule.
    pub rule: Option<CheckedRule>,
    /// Words, each of which must be part of address or name.
    pub search: Search,
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

/// Rows of the order that a search looks at before it asks the trigram index: what one in fifty
/// matches fills a page from them.
const WALK: i64 = 3_000;

type RowType = (BigInt, Array<Nullable<Text>>);

/// One page.
///
/// # Errors
/// `Invalid` for a cursor of another order; when the database does not answer.
pub fn page<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    columns: &[Shown],
    filter: &Filter,
    sort: &Sort,
    after: Option<&Cursor>,
    limit: i64,
) -> Result<Page> {
    let after = after.map(|cursor| cursor.checked(sort)).transpose()?;
    let wanted = limit + 1;
    let wish = Wish {
        columns,
        filter,
        sort,
    };
    // Rows with an empty value stand at the end, as a second index scan: one scan over both would need
    // an OR that no index serves.
    let in_empties = sort.by.is_some() && after.is_some_and(Cursor::is_empty);
    let mut rows = if in_empties {
        Vec::new()
    } else {
        wish.find(conn, after, wanted, false)?
    };
    if sort.by.is_some() && (rows.len() as i64) < wanted {
        let after = if in_empties { after } else { None };
        let missing = wanted - rows.len() as i64;
        rows.extend(wish.find(conn, after, missing, true)?);
    }
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|(row, value)| Cursor::after(row.id, value.clone(), sort));
    Ok(Page {
        rows: rows.into_iter().map(|(row, _)| row).collect(),
        next,
    })
}

/// What every part of a page has in common.
struct Wish<'w> {
    columns: &'w [Shown],
    filter: &'w Filter,
    sort: &'w Sort,
}

/// How a part is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As the planner thinks best.
    Planned,
    /// Among the next rows of the order.
    Walk,
    /// All that match, sorted afterwards: the order's index must not tempt the planner.
    Collect,
}

/// Rows, each with its value in the sorted column.
type Found = Vec<(Row, Option<String>)>;

impl Wish<'_> {
    fn find<M: Mode>(
        &self,
        conn: &mut TenantConn<'_, M>,
        after: Option<&Cursor>,
        limit: i64,
        empties: bool,
    ) -> Result<Found> {
        if !search::searches(self.filter) {
            return self.load(conn, after, limit, empties, Way::Planned);
        }
        // A long part is for a file or a job: all of it is read in any case.
        if limit < WALK {
            let near = self.load(conn, after, limit, empties, Way::Walk)?;
            if near.len() as i64 == limit {
                return Ok(near);
            }
        }
        self.load(conn, after, limit, empties, Way::Collect)
    }

    fn load<M: Mode>(
        &self,
        conn: &mut TenantConn<'_, M>,
        after: Option<&Cursor>,
        limit: i64,
        empties: bool,
        way: Way,
    ) -> Result<Found> {
        let by = self.sort.by.as_ref().filter(|_| !empties);
        let query = Dynamic::<RowType>::default()
            .sql("SELECT r.id, ARRAY[")
            .with(by, |q, (column, _)| q.column(column))
            .sql(if by.is_some() { "::text" } else { "NULL::text" })
            .each(self.columns, "", |q, column| q.sql(", ").shown(column))
            .sql("] FROM ");
        let query = match way {
            Way::Planned => restrict(self.place(query, after, empties), self.filter),
            Way::Walk => {
                let query = self.place(query.sql("(SELECT r.* FROM "), after, empties);
                let query = self.order(query, empties).sql(" LIMIT ").int(WALK);
                restrict(query.sql(") r WHERE true"), self.filter)
            }
            Way::Collect => {
                let query = self.place(query.sql("(SELECT r.* FROM "), after, empties);
                restrict(query, self.filter).sql(" OFFSET 0) r")
            }
        };
        let query = self.order(query, empties).sql(" LIMIT ").int(limit);
        let loaded: Vec<(i64, Vec<Option<String>>)> = query.load(conn.pg())?;
        Ok(loaded.into_iter().map(split).collect())
    }

    /// The rows with or without a value in the sorted column, behind the cursor.
    fn place<S>(&self, query: Dynamic<S>, after: Option<&Cursor>, empties: bool) -> Dynamic<S> {
        let query = query.sql("recipients r WHERE true");
        let query = query.with(self.sort.by.as_ref(), |q, (column, _)| {
            q.sql(" AND ")
                .column(column)
                .sql(if empties { " IS NULL" } else { " IS NOT NULL" })
        });
        let by = self.sort.by.as_ref().filter(|_| !empties);
        query.with(after, |q, cursor| {
            cursor.beyond(q, by, self.sort.descending)
        })
    }

    fn order<S>(&self, query: Dynamic<S>, empties: bool) -> Dynamic<S> {
        let by = self.sort.by.as_ref().filter(|_| !empties);
        let direction = if self.sort.descending { " DESC" } else { "" };
        query
            .sql(" ORDER BY ")
            .with(by, |q, (column, _)| {
                q.column(column).sql(direction).sql(", ")
            })
            .sql("r.id")
            .sql(direction)
    }
}

fn split((id, mut values): (i64, Vec<Option<String>>)) -> (Row, Option<String>) {
    let sorted_by = values.remove(0);
    let row = Row {
        id: RecipientId(id),
        values,
    };
    (row, sorted_by)
}

/// One recipient's values.
///
/// # Errors
/// `NotFound` where he is not, or not for this tenant.
pub fn one<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    id: RecipientId,
    columns: &[Shown],
) -> Result<Row> {
    let query = Dynamic::<RowType>::default()
        .sql("SELECT r.id, ARRAY[NULL::text")
        .each(columns, "", |q, column| q.sql(", ").shown(column))
        .sql("] FROM recipients r WHERE r.id = ")
        .int(id.0);
    let (_, mut values): (i64, Vec<Option<String>>) = query.get_result(conn.pg())?;
    values.remove(0);
    Ok(Row { id, values })
}
