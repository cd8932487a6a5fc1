//! What the orders ask of the recipients' table before they change it.

use crate::db::ids::FieldId;
use crate::db::schema::tenant::recipients;
use crate::error::{AppError, Result};
use crate::tenant::recipients::dynamic::Dynamic;
use crate::tenant::target_groups::rules::Column;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// From how many rows on a job builds indexes, so that nobody waits.
pub const LARGE: i64 = 10_000;

/// How many rows there are, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Empty,
    Small,
    Large,
}

pub(super) fn size(conn: &mut PgConnection) -> Result<Size> {
    let row = |conn: &mut PgConnection, at: i64| {
        recipients::table
            .select(recipients::id)
            .offset(at)
            .first::<i64>(conn)
            .optional()
    };
    Ok(if row(conn, 0)?.is_none() {
        Size::Empty
    } else if row(conn, LARGE - 1)?.is_none() {
        Size::Small
    } else {
        Size::Large
    })
}

pub(super) fn largest_id(conn: &mut PgConnection) -> Result<i64> {
    let largest: Option<i64> = recipients::table
        .select(diesel::dsl::max(recipients::id))
        .first(conn)?;
    Ok(largest.unwrap_or(0))
}

fn column(id: FieldId) -> Result<Column> {
    Column::own(id).ok_or(AppError::NotFound)
}

/// Whether a row has no value.
pub(super) fn has_gaps(conn: &mut PgConnection, id: FieldId) -> Result<bool> {
    Ok(Dynamic::<Bool>::default()
        .sql("SELECT EXISTS (SELECT 1 FROM recipients r WHERE ")
        .column(&column(id)?)
        .sql(" IS NULL)")
        .get_result(conn)?)
}

/// How many values stand in more than one row.
pub(super) fn doubles(conn: &mut PgConnection, id: FieldId) -> Result<i64> {
    let column = column(id)?;
    Ok(Dynamic::<BigInt>::default()
        .sql("SELECT count(*) FROM (SELECT 1 FROM recipients r WHERE ")
        .column(&column)
        .sql(" IS NOT NULL GROUP BY ")
        .column(&column)
        .sql(" HAVING count(*) > 1) d")
        .get_result(conn)?)
}
