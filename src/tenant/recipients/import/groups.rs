//! The problems of an import by kind: how many there are of each, and in which lines the first stand. No values
//! of recipients are kept here; they are looked up in the file, as long as there is one.

use super::engine;
use super::settings::{Reading, Settings};
use super::source::{CellRef, Row, Source};
use crate::db::TenantConn;
use crate::db::ids::{FieldId, ImportId};
use crate::db::schema::tenant::import_problems as p;
use crate::error::Result;
use crate::web::csv::as_written;
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many kinds are told apart, the most frequent.
const KINDS: i64 = 30;
/// How many lines of each are named.
const EXAMPLES: i64 = 3;
/// How far a file is read for the values of those lines.
const ROWS: usize = 200_000;
/// How much of a value is shown.
const CHARACTERS: usize = 60;

/// Problems of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Whether the rows were refused.
    pub refused: bool,
    /// What is wrong, as in `Problem`.
    pub code: String,
    /// The field that it is about.
    pub field: Option<FieldId>,
    /// How many there are.
    pub count: i64,
    /// The first lines.
    pub lines: Vec<u64>,
}

/// The problems noted for an import, by kind.
///
/// # Errors
/// When the database does not answer.
pub fn of<M: crate::db::Mode>(
    conn: &mut TenantConn<'_, M>,
    import: ImportId,
) -> Result<Vec<Group>> {
    let kinds: Vec<(bool, String, Option<i32>, i64)> = p::table
        .filter(p::import_id.eq(import.0))
        .group_by((p::refused, p::code, p::field_id))
        .select((p::refused, p::code, p::field_id, count_star()))
        .order((count_star().desc(), p::code, p::field_id))
        .limit(KINDS)
        .load(conn.pg())?;
    let mut all = Vec::with_capacity(kinds.len());
    for (refused, code, field, count) in kinds {
        let lines: Vec<i64> = p::table
            .filter(p::import_id.eq(import.0))
            .filter(p::refused.eq(refused))
            .filter(p::code.eq(&code))
            .filter(p::field_id.is_not_distinct_from(field))
            .order(p::line)
            .limit(EXAMPLES)
            .select(p::line)
            .load(conn.pg())?;
        all.push(Group {
            refused,
            code,
            field: field.map(FieldId),
            count,
            lines: lines.into_iter().map(|line| line as u64).collect(),
        });
    }
    Ok(all)
}

/// The column that a kind of problem is about; where it is about the row, the one that tells whom it means.
pub fn column_of<'s>(group: &Group, settings: &'s Settings) -> Option<&'s str> {
    let key = settings.key.unwrap_or(FieldId(1));
    let field = group.field.unwrap_or(key);
    let mapped = settings.mapping.iter().find(|one| one.field == field);
    mapped.map(|mapped| mapped.column.as_str())
}

/// Where values can still be looked up.
#[derive(Clone, Copy, Debug)]
pub enum File<'f> {
    /// The upload.
    Whole(&'f Path, &'f Reading),
    /// The file of refused rows, which names each one's line.
    Refused(&'f Path),
}

/// The values of the groups' lines, shortened, by column and line. Of a file that cannot be read there are none.
pub fn values(
    file: File<'_>,
    groups: &[Group],
    settings: &Settings,
) -> BTreeMap<(String, u64), String> {
    let mut wanted: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for group in groups {
        if let Some(column) = column_of(group, settings) {
            for line in &group.lines {
                wanted.entry(*line).or_default().insert(column.to_owned());
            }
        }
    }
    let mut found = BTreeMap::new();
    if let Err(error) = look_up(file, wanted, &mut found) {
        tracing::debug!(%error, "no examples");
    }
    found
}

fn look_up(
    file: File<'_>,
    mut wanted: BTreeMap<u64, BTreeSet<String>>,
    found: &mut BTreeMap<(String, u64), String>,
) -> Result<()> {
    let default = Reading::default();
    let (path, reading) = match file {
        File::Whole(path, reading) => (path, reading),
        File::Refused(path) => (path, &default),
    };
    let failed = |fault| engine::file_error(&fault);
    let source = Source::look(path, reading).map_err(failed)?;
    let mut rows = source.rows(path).map_err(failed)?;
    let mut row = Row::default();
    for _ in 0..ROWS {
        if wanted.is_empty() || !rows.next(&mut row).map_err(failed)? {
            break;
        }
        let line = match file {
            File::Whole(..) => Some(row.line),
            // The last column but one.
            File::Refused(_) => row
                .cells
                .iter()
                .rev()
                .nth(1)
                .and_then(|line| line.parse().ok()),
        };
        let Some((line, columns)) = line.and_then(|line| wanted.remove_entry(&line)) else {
            continue;
        };
        for column in columns {
            let cell = source
                .find(&column)
                .map(|cell: CellRef| cell.of(&row.cells));
            found.insert((column, line), shortened(&cell.unwrap_or_default()));
        }
    }
    Ok(())
}

fn shortened(cell: &str) -> String {
    let cell = as_written(cell.trim());
    let mut text: String = cell.chars().take(CHARACTERS).collect();
    if text.len() < cell.len() {
        text.push('…');
    }
    text
}
