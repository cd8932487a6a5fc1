//! COPY into an import's staging table, whose columns are known at run time only.

use super::ids::ImportId;
use super::tenant::{TenantConn, Write};
use crate::error::{AppError, Result};
use diesel::pg::{CopyTarget, Pg};
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use std::cell::RefCell;
use std::io::Read;

mod placeholder {
    diesel::table! {
        /// Stands for any staging table: diesel wants a table type, the text comes from `Target`.
        stage (line) {
            line -> BigInt,
        }
    }
}
use placeholder::stage;

thread_local! {
    /// diesel asks for the target by type, without a value; the text waits here for the one call.
    static TARGET: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The staging table and its columns, spelled from ids and checked column names.
struct Target;

impl CopyTarget for Target {
    type Table = stage::table;
    type SqlType = diesel::sql_types::BigInt;

    fn walk_target(mut pass: AstPass<'_, '_, Pg>) -> QueryResult<()> {
        TARGET.with_borrow(|target| pass.push_sql(target));
        Ok(())
    }
}

/// Copies rows in PostgreSQL's text format, which `write` produces, into the staging table of `import`.
/// `columns` are names of the recipients' table (`f12`, `email`): anything else is refused.
///
/// # Errors
/// When PostgreSQL refuses a row or `write` fails.
pub fn copy_into_stage(
    conn: &mut TenantConn<'_, Write>,
    import: ImportId,
    columns: &[String],
    rows: &[u8],
) -> Result<usize> {
    let schema = super::names::schema(conn.scope().schema_tenant());
    let table = format!("{schema}.stage_{import}");
    copy_text(conn.pg(), &table, &["line", "kept"], columns, &mut &*rows)
}

/// Copies rows in PostgreSQL's text format into a table of the search path: the comparison of the benchmark.
pub(crate) fn copy_plain(
    conn: &mut PgConnection,
    table: &'static str,
    columns: &[String],
    rows: &mut dyn Read,
) -> Result<usize> {
    copy_text(conn, table, &[], columns, rows)
}

fn copy_text(
    conn: &mut PgConnection,
    table: &str,
    first: &[&str],
    columns: &[String],
    rows: &mut dyn Read,
) -> Result<usize> {
    if let Some(bad) = columns.iter().find(|c| !is_column(c)) {
        return Err(AppError::internal(format!("not a column: {bad:?}")));
    }
    let names: Vec<&str> = first
        .iter()
        .copied()
        .chain(columns.iter().map(String::as_str))
        .collect();
    TARGET.set(format!("{table} ({})", names.join(", ")));
    let rows = RefCell::new(rows);
    let copied = diesel::copy_from(stage::table)
        .from_raw_data(Target, |out| {
            std::io::copy(&mut **rows.borrow_mut(), out)
                .map(|_| ())
                .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
        })
        .execute(conn);
    TARGET.set(String::new());
    Ok(copied?)
}

/// Lower-case letters, digits and underscores: needs no quoting and can close nothing.
fn is_column(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}
