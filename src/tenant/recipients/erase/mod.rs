//! Erasing goes on in the files: error files and uploads that wait may name a recipient who was deleted.
//! The act that deletes asks, in its transaction, for one job for all whom it deletes; the job survives
//! what may befall the program. The queue keeps salted hashes, never addresses, and forgets them at the end.

mod files;
pub mod old;

use super::import::acts;
use super::import::settings::Reading;
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::clock;
use crate::db::schema::tenant::{import_problems, imports};
use crate::db::{Source, TenantConn, TenantScope, Write};
use crate::error::{AppError, Result};
use crate::jobs::{Kind, Outcome, Reporter, Taken, queue};
use diesel::prelude::*;
use files::Wanted;

/// The jobs of this slice.
pub const KIND: Kind = Kind {
    name: "recipients.erase",
    work,
};

/// How long an import that is at work is waited for before the files are looked through again.
const PAUSE_SECONDS: i64 = 60;

/// Asks for the files to be cleaned of these addresses.
///
/// # Errors
/// When the database refuses.
pub fn from_files(conn: &mut TenantConn<'_, Write>, addresses: &[String]) -> Result<()> {
    if addresses.is_empty() {
        return Ok(());
    }
    let wanted = serde_json::json!(Wanted::new(addresses));
    queue::enqueue(conn, KIND.name, &wanted)?;
    Ok(())
}

/// The import's file, as far as it matters here.
type Found = (Option<i32>, String, Option<String>, serde_json::Value);

fn work(app: &App, job: &Taken, reporter: &Reporter<'_>) -> Result<Outcome> {
    if job.payload.is_null() {
        return Ok(Outcome::Done);
    }
    let wanted: Wanted = serde_json::from_value(job.payload.clone())
        .map_err(|error| AppError::internal(format!("erase: {error}")))?;
    // The data is the parent's, and so he stands in its files and in those of all its inner tenants.
    let scope = TenantScope {
        id: job.scope.parent.unwrap_or(job.scope.id),
        parent: None,
    };
    let access = SystemAccess::<RunImports>::new(scope, job.user, Source::Bulk);
    let all: Vec<i32> = access.run(app, |conn| {
        Ok(imports::table.select(imports::id).load(conn.pg())?)
    })?;
    let mut again = false;
    for (done, id) in all.iter().enumerate() {
        // Nobody may stop this job halfway: the answer is not looked at.
        reporter.report(done as i64, Some(all.len() as i64))?;
        again |= !access.run(app, |conn| clean(app, conn, scope, *id, &wanted))?;
    }
    if again {
        queue::again_later(&app.pools, job, PAUSE_SECONDS)?;
    }
    queue::forget(&app.pools, job.id)?;
    Ok(Outcome::Done)
}

/// Cleans one import's files; false where the import is at work and must be waited for. The row stays
/// locked meanwhile: neither does the import begin, nor does another such job write the same file.
fn clean(
    app: &App,
    conn: &mut TenantConn<'_, Write>,
    scope: TenantScope,
    id: i32,
    wanted: &Wanted,
) -> Result<bool> {
    let row = imports::table.find(id);
    let found: Option<Found> = row
        .select((
            imports::inner_id,
            imports::state,
            imports::stored_as,
            imports::settings,
        ))
        .for_update()
        .first(conn.pg())
        .optional()?;
    let Some((inner, state, stored_as, settings)) = found else {
        return Ok(true);
    };
    if acts::at_work(&state) {
        return Ok(false);
    }
    if let Some(stored_as) = stored_as {
        let reading: Reading =
            serde_json::from_value(settings["reading"].clone()).unwrap_or_default();
        let upload = app.files.join(stored_as);
        if wanted.stands_in(&upload, &reading) {
            // Without its file there is nothing to import any more; it has to be sent again.
            files::remove(&upload)?;
            let over = matches!(state.as_str(), "done" | "failed" | "cancelled");
            diesel::update(row)
                .set((
                    imports::stored_as.eq(None::<String>),
                    imports::state.eq(if over { &state } else { "cancelled" }),
                    imports::finished_at.eq(clock::now()),
                ))
                .execute(conn.pg())?;
        }
    }
    let tenant = inner.unwrap_or(scope.id.0);
    let path = app.files.join(format!("t_{tenant}/errors/import-{id}.csv"));
    let lines = wanted.cut_from(&path)?;
    if !lines.is_empty() {
        diesel::delete(
            import_problems::table
                .filter(import_problems::import_id.eq(id))
                .filter(import_problems::line.eq_any(lines)),
        )
        .execute(conn.pg())?;
    }
    Ok(true)
}
