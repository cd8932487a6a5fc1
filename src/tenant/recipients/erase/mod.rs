//! Erasing goes on in the files: error files and uploads that wait may name a recipient who was deleted.
//! The act that deletes asks, in its transaction, for one job for all whom it deletes; the job survives
//! what may befall the program. The queue keeps salted hashes, never addresses, and forgets them at the end.

mod files;
pub mod old;

use super::import::acts;
use super::import::end::Cause;
use super::import::settings::Reading;
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::clock;
use crate::db::schema::tenant::{import_problems, imports};
use crate::db::{Mode, Source, TenantConn, TenantScope, Write};
use crate::error::{AppError, Result};
use crate::jobs::{Kind, Outcome, Reporter, Taken, queue};
use diesel::prelude::*;
use files::Wanted;
use std::path::Path;

/// The jobs of this slice.
pub const KIND: Kind = Kind {
    name: "recipients.erase",
    work,
};

/// States in which an import waits for somebody: it is cancelled with its file.
const OPEN: [&str; 2] = ["uploaded", "checked"];
/// Most bytes of files that are looked through while somebody waits for a page.
const AT_ONCE: i64 = 32 * 1024 * 1024;

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

/// Imports that wait and are cancelled when their files name a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// These name him.
    Named(Vec<String>),
    /// There are some, too large to be looked through at once.
    Perhaps,
}

/// An upload that waits: its name, where it lies, how it is read.
pub type Upload = (String, Option<String>, i64, serde_json::Value);

/// The uploads that wait in what this tenant sees.
///
/// # Errors
/// When the database does not answer.
pub fn uploads<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Vec<Upload>> {
    Ok(imports::table
        .filter(imports::state.eq_any(OPEN))
        .filter(imports::stored_as.is_not_null())
        .order(imports::id)
        .select((
            imports::file_name,
            imports::stored_as,
            imports::file_size,
            imports::settings,
        ))
        .load(conn.pg())?)
}

/// Which of them name an address. Reads the files.
pub fn waiting(files: &Path, uploads: &[Upload], address: &str) -> Waiting {
    if uploads.iter().map(|(_, _, size, _)| size).sum::<i64>() > AT_ONCE {
        return Waiting::Perhaps;
    }
    let wanted = Wanted::new(&[address.to_owned()]);
    let names_him = |(_, stored_as, _, settings): &&Upload| {
        let stored_as = stored_as.as_deref().unwrap_or_default();
        wanted.stands_in(&files.join(stored_as), &reading(settings))
    };
    let named = uploads.iter().filter(names_him);
    Waiting::Named(named.map(|(name, ..)| name.clone()).collect())
}

fn reading(settings: &serde_json::Value) -> Reading {
    serde_json::from_value(settings["reading"].clone()).unwrap_or_default()
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
        let upload = app.files.join(stored_as);
        if wanted.stands_in(&upload, &reading(&settings)) {
            // Without its file there is nothing to import any more; it has to be sent again.
            files::remove(&upload)?;
            diesel::update(row)
                .set(imports::stored_as.eq(None::<String>))
                .execute(conn.pg())?;
            if OPEN.contains(&state.as_str()) {
                // An inner tenant must not learn that somebody in its file exists outside.
                let cause = match inner {
                    Some(_) => Cause::new("import-file-removed"),
                    None => Cause::new("import-recipient-erased"),
                };
                diesel::update(row)
                    .set((
                        imports::state.eq("cancelled"),
                        imports::error.eq(cause.stored()),
                        imports::finished_at.eq(clock::now()),
                    ))
                    .execute(conn.pg())?;
            }
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
