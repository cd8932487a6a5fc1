//! The import as a job: a dry run or the real one, for the import that the payload names.

use super::end::{self, Cause, End};
use super::settings::Settings;
use super::stage::Counts;
use super::{engine, report, stage};
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::clock;
use crate::db::ids::{ImportId, JobId};
use crate::db::schema::tenant::{import_problems, imports};
use crate::db::tenant::Source as Through;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::jobs::queue::MOST_ATTEMPTS;
use crate::jobs::runner::guarded;
use crate::jobs::{Go, Outcome, Reporter, Taken};
use diesel::prelude::*;
use std::path::PathBuf;

/// The job's kind.
pub const KIND: &str = "recipients.import";

/// Where a dry run's problems by kind stand beside the settings: of the problems themselves it keeps the first
/// only.
pub const GROUPS: &str = "groups";

/// The kind of imports that another program of this installation does itself: the command line.
pub const HERE: &str = "recipients.import.here";

/// Does it; what stood when a worker died is gone on with.
///
/// # Errors
/// Transient ones, after which the job is tried again; what the file or the mapping is to blame for ends the
/// import as failed, and the job as done.
pub fn work(app: &App, job: &Taken, reporter: &Reporter<'_>) -> Result<Outcome> {
    let id = job
        .payload
        .get("import")
        .and_then(serde_json::Value::as_i64)
        .ok_or(AppError::NotFound)?;
    let import = ImportId(id as i32);
    let dry = job
        .payload
        .get("dry")
        .and_then(serde_json::Value::as_bool)
        .unwrap_or(false);
    let access = SystemAccess::<RunImports>::new(job.scope, job.user, Through::Import);
    match guarded(|| run(app, &access, import, job.id, dry, reporter)) {
        Err(AppError::Interrupted) => Err(AppError::Interrupted),
        Err(error) if !error.is_transient() || job.attempts >= MOST_ATTEMPTS => {
            let cause = Cause::of(&error);
            access.run(app, |conn| fail(conn, import, dry, &cause))?;
            Ok(Outcome::Done)
        }
        other => other,
    }
}

/// An import of the command line whose job has fallen silent: its program died.
///
/// # Errors
/// When the database refuses.
pub fn break_off(app: &App, job: &Taken, _: &Reporter<'_>) -> Result<Outcome> {
    let access = SystemAccess::<RunImports>::new(job.scope, job.user, Through::Import);
    access.run(app, |conn| {
        let left: Option<(i32, String)> = imports::table
            .filter(imports::job_id.eq(job.id.0))
            .filter(imports::state.eq_any(["checking", "running"]))
            .select((imports::id, imports::state))
            .for_update()
            .first(conn.pg())
            .optional()?;
        match left {
            Some((id, state)) if state == "checking" => {
                // A dry run leaves nothing.
                diesel::delete(imports::table.find(id)).execute(conn.pg())?;
                Ok(())
            }
            Some((id, _)) => end::break_off(conn, ImportId(id)),
            None => Ok(()),
        }
    })?;
    Ok(Outcome::Done)
}

fn fail(
    conn: &mut TenantConn<'_, Write>,
    import: ImportId,
    dry: bool,
    cause: &Cause,
) -> Result<()> {
    if !dry {
        let how = End {
            state: "failed",
            errors_file: None,
            cause: Some(cause),
        };
        return end::end(conn, import, &how);
    }
    diesel::update(imports::table.find(import.0))
        .set((
            imports::state.eq("failed"),
            imports::error.eq(cause.stored()),
            imports::finished_at.eq(clock::now()),
            imports::version.eq(imports::version + 1),
        ))
        .execute(conn.pg())?;
    Ok(())
}

fn run(
    app: &App,
    access: &SystemAccess<RunImports>,
    import: ImportId,
    job: JobId,
    dry: bool,
    reporter: &Reporter<'_>,
) -> Result<Outcome> {
    if access.run(app, |conn| is_over(conn.pg(), import, job, dry))? {
        // The worker died after the import's end and before the job's; or the import has another job by now.
        return Ok(Outcome::Done);
    }
    let (stored_as, settings, locale) = access.run(app, |conn| begin(conn.pg(), import, dry))?;
    let path = app
        .files
        .join(stored_as.ok_or_else(|| AppError::invalid("file-gone"))?);
    let mut go_on = |rows| Ok(reporter.report(rows, None)? == Go::On);
    let outcome = engine::run(app, access, import, &path, &settings, dry, &mut go_on)?;
    if dry {
        access.run(app, |conn| end_dry_run(conn, import, &outcome))?;
        return Ok(ended(&outcome));
    }
    let errors: Option<PathBuf> =
        report::write(app, access, import, &path, &settings.reading, &locale)?;
    let how = End {
        state: if outcome.cancelled {
            "cancelled"
        } else {
            "done"
        },
        errors_file: errors.map(|path| path.display().to_string()),
        cause: None,
    };
    access.run(app, |conn| {
        diesel::update(imports::table.find(import.0))
            .set(imports::stored_as.eq(None::<String>))
            .execute(conn.pg())?;
        end::end(conn, import, &how)
    })?;
    // The upload has done its duty. One that stays because the program ends here goes by its age.
    if let Err(error) = std::fs::remove_file(&path) {
        tracing::warn!(import = import.0, %error, "an upload stays for now");
    }
    end::refresh_statistics(app, access, outcome.counts);
    Ok(ended(&outcome))
}

fn ended(outcome: &engine::Outcome) -> Outcome {
    if outcome.cancelled {
        Outcome::Cancelled
    } else {
        Outcome::Done
    }
}

/// What a dry run found is shown; one that was stopped leaves the import as it was before.
fn end_dry_run(
    conn: &mut TenantConn<'_, Write>,
    import: ImportId,
    outcome: &engine::Outcome,
) -> Result<()> {
    if outcome.cancelled {
        diesel::update(imports::table.find(import.0))
            .set(imports::state.eq("uploaded"))
            .execute(conn.pg())?;
        return Ok(());
    }
    stage::note(conn, import, &outcome.problems)?;
    let counts = outcome.counts;
    let mut settings: serde_json::Value = imports::table
        .find(import.0)
        .select(imports::settings)
        .first(conn.pg())?;
    settings[GROUPS] = serde_json::json!(outcome.groups);
    diesel::update(imports::table.find(import.0))
        .set((
            imports::state.eq("checked"),
            imports::settings.eq(settings),
            imports::rows.eq(outcome.rows),
            imports::created.eq(counts.created),
            imports::updated.eq(counts.updated),
            imports::unchanged.eq(counts.unchanged),
            imports::refused.eq(counts.refused),
            imports::noted.eq(outcome.noted),
            imports::version.eq(imports::version + 1),
        ))
        .execute(conn.pg())?;
    Ok(())
}

fn is_over(conn: &mut PgConnection, import: ImportId, job: JobId, dry: bool) -> Result<bool> {
    let (state, its_job): (String, Option<i64>) = imports::table
        .find(import.0)
        .select((imports::state, imports::job_id))
        .first(conn)?;
    let over = if dry {
        state != "checking"
    } else {
        matches!(state.as_str(), "done" | "cancelled" | "broken")
    };
    Ok(over || its_job != Some(job.0))
}

/// What a dry run left is cleared before the real one; a real one that was cut off keeps what it has.
fn begin(
    conn: &mut PgConnection,
    import: ImportId,
    dry: bool,
) -> Result<(Option<String>, Settings, String)> {
    let (stored_as, stored, state): (Option<String>, serde_json::Value, String) = imports::table
        .find(import.0)
        .select((imports::stored_as, imports::settings, imports::state))
        .first(conn)?;
    if state != "running" {
        diesel::delete(import_problems::table.filter(import_problems::import_id.eq(import.0)))
            .execute(conn)?;
        let zero = Counts::default();
        diesel::update(imports::table.find(import.0))
            .set((
                imports::done_line.eq(0),
                imports::rows.eq(0),
                imports::created.eq(zero.created),
                imports::updated.eq(zero.updated),
                imports::unchanged.eq(zero.unchanged),
                imports::refused.eq(zero.refused),
                imports::noted.eq(0),
                imports::error.eq(None::<String>),
                imports::started_at.eq(clock::now()),
                imports::state.eq(if dry { "checking" } else { "running" }),
            ))
            .execute(conn)?;
    }
    let language = stored
        .get("language")
        .and_then(|language| language.as_str())
        .unwrap_or("en")
        .to_owned();
    let settings = serde_json::from_value(stored)
        .map_err(|error| AppError::internal(format!("import {import}: {error}")))?;
    Ok((stored_as, settings, language))
}
