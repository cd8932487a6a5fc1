//! The import itself: rows are read, values checked, and batches applied, each in one transaction with its
//! progress. After a crash it reads the file again and goes on behind the last committed batch.
//!
//! Memory: one batch of rows as text, and about 70 bytes for each row's key (the finding of duplicates).

mod batch;
mod plan;
mod reader;

use super::groups::{self, Group};
use super::settings::Settings;
use super::source::{FileFault, Source};
use super::stage::{self, Counts, Problem};
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::db::copy::copy_into_stage;
use crate::db::ids::ImportId;
use crate::db::schema::tenant::imports;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use batch::Batch;
use diesel::prelude::*;
use plan::Plan;
use reader::Reader;
use std::path::Path;

/// How often a batch is tried when others change the same recipients.
const TRIES: usize = 6;

/// How many problems a dry run shows.
pub const SHOWN_PROBLEMS: i64 = 100;

/// What became of a file.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Rows of the file.
    pub rows: i64,
    /// What became of them; the four add up to the rows.
    pub counts: Counts,
    /// Values left out of rows that were taken.
    pub noted: i64,
    /// A dry run's first problems.
    pub problems: Vec<Problem>,
    /// All of a dry run's problems, by kind.
    pub groups: Vec<Group>,
    /// Whether it was told to stop.
    pub cancelled: bool,
}

/// A fault of the file as an error for the user.
pub fn file_error(fault: &FileFault) -> AppError {
    let key = match fault.code {
        "gone" => "file-gone",
        "empty" => "file-empty",
        "no-rows" => "file-no-rows",
        "binary" => "file-binary",
        "encoding" => "file-encoding",
        "garbled" => "file-garbled",
        "cell-too-long" => "file-cell-too-long",
        "too-many-columns" => "file-too-many-columns",
        "row-too-long" => "file-row-too-long",
        "workbook" => "file-workbook",
        "workbook-too-large" => "file-workbook-too-large",
        "no-sheet" => "file-no-sheet",
        "no-workbook" => "file-no-workbook",
        "sheet-no-rows" => "file-sheet-no-rows",
        "workbook-no-rows" => "file-workbook-no-rows",
        _ => "file-unreadable",
    };
    AppError::Invalid {
        key,
        params: vec![("line", fault.line.to_string())],
    }
}

/// Runs an import of the file at `path`. `go_on` hears the progress (rows done) and answers whether to go on.
///
/// # Errors
/// When the file cannot be read, the mapping does not fit, or the database refuses.
pub fn run(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    path: &Path,
    settings: &Settings,
    dry: bool,
    go_on: &mut dyn FnMut(i64) -> Result<bool>,
) -> Result<Outcome> {
    let access = &access.clone().importing(import);
    let all = access.run(app, fields::askable)?;
    let source = Source::look(path, &settings.reading).map_err(|fault| file_error(&fault))?;
    let mut plan = Plan::make(&source, &all, settings)?;
    let mut reader = Reader::open(&source, path, &mut plan, settings)?;
    if dry {
        return dry_run(app, access, import, &plan, settings, &mut reader, go_on);
    }
    let (done_line, mut outcome) = access.run(app, |conn| {
        stage::open(conn, import, &plan.columns)?;
        stands(conn, import)
    })?;
    while let Some(batch) = reader
        .batch(done_line)
        .map_err(|fault| file_error(&fault))?
    {
        apply_again(app, access, import, &plan, settings, &batch, &mut outcome)?;
        if !go_on(outcome.rows)? {
            outcome.cancelled = true;
            break;
        }
    }
    access.run(app, |conn| stage::close(conn, import))?;
    Ok(outcome)
}

/// The line up to which an import is committed, and its counts.
fn stands(conn: &mut TenantConn<'_, Write>, import: ImportId) -> Result<(u64, Outcome)> {
    use imports as i;
    let (done_line, rows, created, updated, unchanged, refused, noted): (
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
    ) = i::table
        .find(import.0)
        .select((
            i::done_line,
            i::rows,
            i::created,
            i::updated,
            i::unchanged,
            i::refused,
            i::noted,
        ))
        .first(conn.pg())?;
    let counts = Counts {
        created,
        updated,
        unchanged,
        refused,
    };
    let outcome = Outcome {
        rows,
        counts,
        noted,
        ..Outcome::default()
    };
    Ok((done_line as u64, outcome))
}

fn apply_again(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    plan: &Plan,
    settings: &Settings,
    batch: &Batch,
    outcome: &mut Outcome,
) -> Result<()> {
    for attempt in 1.. {
        match access.run(app, |conn| {
            apply(conn, import, plan, settings, batch, outcome)
        }) {
            Ok(next) => {
                *outcome = next;
                return Ok(());
            }
            Err(error) if error.is_transient() && attempt < TRIES => {
                std::thread::sleep(std::time::Duration::from_millis(50 << attempt));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// One batch in the caller's transaction: copy, apply, note, and say how far it is.
fn apply(
    conn: &mut TenantConn<'_, Write>,
    import: ImportId,
    plan: &Plan,
    settings: &Settings,
    batch: &Batch,
    before: &Outcome,
) -> Result<Outcome> {
    let (done_line, stood) = stands(conn, import)?;
    if done_line >= batch.last_line {
        // The commit arrived, its answer did not.
        return Ok(stood);
    }
    let mut after = before.clone();
    if batch.staged > 0 {
        copy_into_stage(conn, import, &plan.columns, &batch.text)?;
        let order = stage::Order {
            import,
            mode: settings.mode,
            key: &plan.columns[plan.key],
            columns: &plan.columns,
            clear: settings.clear_empty,
            lists: &settings.lists,
            consent: Some(settings.consent.as_str()).filter(|text| !text.is_empty()),
        };
        after.counts.add(stage::apply(conn, &order)?);
    }
    after.counts.add(batch.counts);
    after.rows += batch.rows;
    after.noted += batch.noted;
    stage::note(conn, import, &batch.problems)?;
    diesel::update(imports::table.find(import.0))
        .set((
            imports::done_line.eq(batch.last_line as i64),
            imports::rows.eq(after.rows),
            imports::created.eq(after.counts.created),
            imports::updated.eq(after.counts.updated),
            imports::unchanged.eq(after.counts.unchanged),
            imports::refused.eq(after.counts.refused),
            imports::noted.eq(after.noted),
        ))
        .execute(conn.pg())?;
    Ok(after)
}

/// The same in one transaction that is taken back: exact counts, nothing kept.
fn dry_run(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    plan: &Plan,
    settings: &Settings,
    reader: &mut Reader<'_>,
    go_on: &mut dyn FnMut(i64) -> Result<bool>,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let taken_back = access.run(app, |conn| {
        stage::open(conn, import, &plan.columns)?;
        while let Some(batch) = reader.batch(0).map_err(|fault| file_error(&fault))? {
            outcome = apply(conn, import, plan, settings, &batch, &outcome)?;
            if !go_on(outcome.rows)? {
                outcome.cancelled = true;
                break;
            }
        }
        outcome.groups = groups::of(conn, import)?;
        outcome.problems = stage::problems(conn, import, false, 0, SHOWN_PROBLEMS)?;
        Err::<(), _>(AppError::TakenBack)
    });
    match taken_back {
        Err(AppError::TakenBack) => Ok(outcome),
        Err(other) => Err(other),
        Ok(()) => Ok(outcome),
    }
}
