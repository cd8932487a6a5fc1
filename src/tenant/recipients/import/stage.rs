//! The database's half of an import: a staging table, filled by COPY, applied by the tenant's own function
//! (see `migrations/tenant/0003_import`).

#![expect(
    clippy::disallowed_methods,
    reason = "functions with several results are not in the query builder; all values are bound"
)]

use super::settings::Mode;
use crate::db::ids::{FieldId, ImportId, ListId};
use crate::db::schema::tenant::import_problems;
use crate::db::{TenantConn, Write};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Counts {
    /// New recipients.
    #[diesel(sql_type = BigInt)]
    pub created: i64,
    /// Changed ones.
    #[diesel(sql_type = BigInt)]
    pub updated: i64,
    /// Those that were so already.
    #[diesel(sql_type = BigInt)]
    pub unchanged: i64,
    /// Rows refused.
    #[diesel(sql_type = BigInt)]
    pub refused: i64,
}

impl Counts {
    /// Adds another batch's.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.refused += other.refused;
    }
}

/// Makes the staging table for these columns of recipients.
///
/// # Errors
/// When a column is not one that can be imported.
pub fn open(conn: &mut TenantConn<'_, Write>, import: ImportId, columns: &[String]) -> Result<()> {
    diesel::sql_query("SELECT stage_open($1, $2)")
        .bind::<Integer, _>(import.0)
        .bind::<Array<Text>, _>(columns)
        .execute(conn.pg())?;
    Ok(())
}

/// Removes the staging table.
///
/// # Errors
/// When the database refuses.
pub fn close(conn: &mut TenantConn<'_, Write>, import: ImportId) -> Result<()> {
    diesel::sql_query("SELECT stage_close($1)")
        .bind::<Integer, _>(import.0)
        .execute(conn.pg())?;
    Ok(())
}

/// Tells the planner how many recipients and subscriptions there are now, and what they are like.
///
/// # Errors
/// When the database refuses.
pub fn refresh_statistics(conn: &mut TenantConn<'_, Write>) -> Result<()> {
    diesel::sql_query("SELECT refresh_statistics()").execute(conn.pg())?;
    Ok(())
}

/// What `apply` needs to know.
#[derive(Clone, Debug)]
pub struct Order<'o> {
    /// Which import.
    pub import: ImportId,
    /// What to do.
    pub mode: Mode,
    /// The column that tells which recipient a row means.
    pub key: &'o str,
    /// The staged columns.
    pub columns: &'o [String],
    /// Whether empty cells empty fields.
    pub clear: bool,
    /// Lists to subscribe to, or to leave.
    pub lists: &'o [ListId],
    /// What recipients agreed to.
    pub consent: Option<&'o str>,
}

/// Applies what is staged and empties the stage.
///
/// # Errors
/// A transient one (`AppError::is_transient`) when recipients changed meanwhile: run the batch again.
pub fn apply(conn: &mut TenantConn<'_, Write>, order: &Order<'_>) -> Result<Counts> {
    let lists: Vec<i32> = order.lists.iter().map(|list| list.0).collect();
    Ok(diesel::sql_query(
        "SELECT created, updated, unchanged, refused FROM stage_apply($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<Integer, _>(order.import.0)
    .bind::<Text, _>(order.mode.key())
    .bind::<Text, _>(order.key)
    .bind::<Array<Text>, _>(order.columns)
    .bind::<Bool, _>(order.clear)
    .bind::<Array<Integer>, _>(lists)
    .bind::<Nullable<Text>, _>(order.consent)
    .get_result(conn.pg())?)
}

/// A row refused, or a value left out of a row that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file.
    pub line: u64,
    /// Whether the row was refused.
    pub refused: bool,
    /// What is wrong: the last part of a message's key `import-…`.
    pub code: String,
    /// The field it is about.
    pub field: Option<FieldId>,
    /// The line that this one repeats.
    pub of_line: Option<u64>,
}

/// Notes problems.
///
/// # Errors
/// When the database refuses.
pub fn note(
    conn: &mut TenantConn<'_, Write>,
    import: ImportId,
    problems: &[Problem],
) -> Result<()> {
    for some in problems.chunks(5_000) {
        let rows: Vec<_> = some
            .iter()
            .map(|problem| {
                (
                    import_problems::import_id.eq(import.0),
                    import_problems::line.eq(problem.line as i64),
                    import_problems::refused.eq(problem.refused),
                    import_problems::code.eq(&problem.code),
                    import_problems::field_id.eq(problem.field.map(|field| field.0)),
                    import_problems::params.eq(serde_json::json!({ "line": problem.of_line })),
                )
            })
            .collect();
        diesel::insert_into(import_problems::table)
            .values(rows)
            .execute(conn.pg())?;
    }
    Ok(())
}

/// The problems behind a line, in the order of lines.
///
/// # Errors
/// When the database does not answer.
pub fn problems<M: crate::db::Mode>(
    conn: &mut TenantConn<'_, M>,
    import: ImportId,
    refused_only: bool,
    after_line: i64,
    limit: i64,
) -> Result<Vec<Problem>> {
    use import_problems as p;
    let mut query = p::table
        .filter(p::import_id.eq(import.0))
        .filter(p::line.gt(after_line))
        .order((p::line, p::code))
        .limit(limit)
        .select((p::line, p::refused, p::code, p::field_id, p::params))
        .into_boxed();
    if refused_only {
        query = query.filter(p::refused.eq(true));
    }
    let rows: Vec<(i64, bool, String, Option<i32>, serde_json::Value)> = query.load(conn.pg())?;
    Ok(rows
        .into_iter()
        .map(|(line, refused, code, field, params)| Problem {
            line: line as u64,
            refused,
            code,
            field: field.map(FieldId),
            of_line: params.get("line").and_then(serde_json::Value::as_u64),
        })
        .collect())
}
