//! What is done to an import: begun with a file, told what becomes what, started, cancelled. Pages and
//! programs do it by these.

use super::groups::Group;
use super::job::{GROUPS, KIND};
use super::settings::{Mapped, Reading, Settings};
use super::source::Source;
use super::upload::Upload;
use super::{end, engine, guess};
use crate::access::{SessionUser, TenantHere};
use crate::db::ids::{ImportId, JobId};
use crate::db::schema::tenant::imports;
use crate::db::{Mode, TenantConn, Write};
use crate::error::{AppError, Result};
use crate::jobs::queue;
use crate::tenant::fields::{self, Field};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use std::path::Path;

/// An import as its row has it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = imports)]
pub struct Import {
    /// Its id.
    pub id: i32,
    /// `uploaded`, `checking`, `checked`, `queued`, `running`, `done`, `failed`, `cancelled` or
    /// `broken`.
    pub state: String,
    /// The file's name at the sender's.
    pub file_name: String,
    /// Where the file lies below the files' folder, while it is kept.
    pub stored_as: Option<String>,
    /// `Settings`, and the language of the error file.
    pub settings: serde_json::Value,
    /// The job that works on it.
    pub job_id: Option<i64>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When the job began it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Rows so far.
    pub rows: i64,
    /// New recipients.
    pub created: i64,
    /// Changed ones.
    pub updated: i64,
    /// Those that were so already.
    pub unchanged: i64,
    /// Rows refused.
    pub refused: i64,
    /// Values left out of rows that were taken.
    pub noted: i64,
    /// The file of refused rows.
    pub errors_file: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Import {
    /// Whether a job has it in hand.
    pub fn is_at_work(&self) -> bool {
        at_work(&self.state)
    }

    /// Whether its file of refused rows is still there.
    pub fn has_errors_file(&self) -> bool {
        let there = |path: &String| Path::new(path).is_file();
        self.errors_file.as_ref().is_some_and(there)
    }

    /// From when to when it was worked on, if it is done.
    pub fn span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let begun = self.started_at.unwrap_or(self.created_at);
        Some((begun, self.finished_at.filter(|_| self.state == "done")?))
    }

    /// A dry run's problems by kind.
    pub fn checked_groups(&self) -> Vec<Group> {
        let stored = self.settings.get(GROUPS).cloned().unwrap_or_default();
        serde_json::from_value(stored).unwrap_or_default()
    }

    /// How its file is read and what becomes what.
    pub fn settings(&self) -> Settings {
        serde_json::from_value(self.settings.clone()).unwrap_or_default()
    }
}

/// Whether whoever looks may see an import's file, mapping and refused rows: he must see all fields that its
/// columns become. Less of it would not do, because in a faulty row any cell can stand in any place.
///
/// # Errors
/// When the database does not answer.
pub fn is_open<M: Mode>(conn: &mut TenantConn<'_, M>, import: &Import) -> Result<bool> {
    let viewer = conn.viewer().clone();
    let all = fields::every_for(conn.pg(), &viewer)?;
    let kept_back = |field: &&Field| !field.is_askable();
    let kept_back: Vec<_> = all.iter().filter(kept_back).map(|field| field.id).collect();
    let mapping = import.settings().mapping;
    Ok(!mapping
        .iter()
        .any(|mapped| kept_back.contains(&mapped.field)))
}

/// As `by_id`, of an import whose file whoever looks may see.
///
/// # Errors
/// `NotFound`; `Invalid` where he may not.
pub fn open<M: Mode>(conn: &mut TenantConn<'_, M>, id: ImportId) -> Result<Import> {
    let import = by_id(conn, id)?;
    if is_open(conn, &import)? {
        Ok(import)
    } else {
        Err(AppError::invalid("import-kept-back"))
    }
}

/// Whether a job has an import of this state in hand.
pub fn at_work(state: &str) -> bool {
    matches!(state, "checking" | "queued" | "running")
}

/// The import of an id.
///
/// # Errors
/// `NotFound`, also for another tenant's.
pub fn by_id<M: Mode>(conn: &mut TenantConn<'_, M>, id: ImportId) -> Result<Import> {
    Ok(imports::table
        .find(id.0)
        .select(Import::as_select())
        .first(conn.pg())?)
}

/// Imports before an id, newest first.
///
/// # Errors
/// When the database does not answer.
pub fn before<M: Mode>(
    conn: &mut TenantConn<'_, M>,
    before: Option<ImportId>,
    limit: i64,
) -> Result<Vec<Import>> {
    Ok(imports::table
        .filter(imports::id.lt(before.map_or(i32::MAX, |id| id.0)))
        .order(imports::id.desc())
        .limit(limit)
        .select(Import::as_select())
        .load(conn.pg())?)
}

/// What a file probably is: how it is read, and what becomes what.
///
/// # Errors
/// `Invalid` for a file that cannot be read; it is removed then.
pub fn look(path: &Path, all: &[Field], here: &TenantHere) -> Result<(Source, Settings)> {
    let source = Source::look(path, &Reading::default()).map_err(|fault| {
        let _ = std::fs::remove_file(path);
        engine::file_error(&fault)
    })?;
    let settings = guess::settings(&source, all, &here.time_zone);
    Ok((source, settings))
}

/// Notes a file that was received, with its settings.
///
/// # Errors
/// When the database refuses.
pub fn begin(
    conn: &mut TenantConn<'_, Write>,
    here: &TenantHere,
    user: &SessionUser,
    file: &Upload,
    settings: &Settings,
) -> Result<ImportId> {
    let mut stored = serde_json::json!(settings);
    // The error file is in the tenant's language.
    stored["language"] = here.locale.clone().into();
    let id: i32 = diesel::insert_into(imports::table)
        .values((
            imports::state.eq("uploaded"),
            imports::file_name.eq(&file.name),
            imports::stored_as.eq(&file.stored_as),
            imports::file_size.eq(file.size as i64),
            imports::settings.eq(stored),
            imports::created_by.eq(user.id.0),
        ))
        .returning(imports::id)
        .get_result(conn.pg())?;
    Ok(ImportId(id))
}

/// Asks for the job, in the transaction that changes the state.
///
/// # Errors
/// When the database refuses.
pub fn start(conn: &mut TenantConn<'_, Write>, id: ImportId, dry: bool) -> Result<()> {
    let job = queue::enqueue(conn, KIND, &serde_json::json!({ "import": id, "dry": dry }))?;
    let state = if dry { "checking" } else { "queued" };
    diesel::update(imports::table.find(id.0))
        .set((imports::state.eq(state), imports::job_id.eq(job.0)))
        .execute(conn.pg())?;
    Ok(())
}

/// Starts an import whose dry run is done; of two who do so at once one does.
///
/// # Errors
/// `Conflict` in any other state; `Invalid` where a field is not for whoever asks to fill: it stays as it is.
pub fn run_checked(conn: &mut TenantConn<'_, Write>, id: ImportId) -> Result<()> {
    let import: Import = imports::table
        .find(id.0)
        .select(Import::as_select())
        .for_update()
        .first(conn.pg())?;
    if import.state != "checked" {
        return Err(AppError::Conflict);
    }
    may_fill(conn, &import)?;
    start(conn, id, false)
}

/// Refuses an import into fields that whoever asks may not fill: its job would fail by that, and whoever checked
/// it would have to begin anew. A field that is gone is the job's to tell.
fn may_fill<M: Mode>(conn: &mut TenantConn<'_, M>, import: &Import) -> Result<()> {
    let viewer = conn.viewer().clone();
    let all = fields::every_for(conn.pg(), &viewer)?;
    let kept_back = |mapped: &&Mapped| {
        let field = all.iter().find(|field| field.id == mapped.field);
        field.is_some_and(|field| !field.is_importable())
    };
    match import.settings().mapping.iter().find(kept_back) {
        None => Ok(()),
        Some(mapped) => Err(AppError::Invalid {
            key: "import-field-not-yours",
            params: vec![("column", mapped.column.clone())],
        }),
    }
}

/// Asks an import to stop; one that has not begun ends at once, and so does one whose job is over without
/// having ended it.
///
/// # Errors
/// `NotFound`.
pub fn cancel(conn: &mut TenantConn<'_, Write>, id: ImportId) -> Result<()> {
    let import = by_id(conn, id)?;
    if let Some(job) = import.job_id {
        queue::cancel(conn, JobId(job))?;
        let state = queue::state(conn, JobId(job))?;
        if state.is_some_and(|state| !state.is_over()) {
            return Ok(());
        }
    }
    let state = match import.state.as_str() {
        "checking" => "uploaded",
        "queued" => "cancelled",
        "running" => return end::break_off(conn, id),
        _ => return Ok(()),
    };
    diesel::update(imports::table.find(id.0))
        .set(imports::state.eq(state))
        .execute(conn.pg())?;
    Ok(())
}
