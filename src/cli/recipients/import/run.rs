//! The import itself, with a row that pages show: it ends in any case that this program lives to see, and
//! is ended by a server if not.

use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::app::App;
use crate::cli::output::message;
use crate::control::tenants::Tenant;
use crate::db::ids::{ImportId, JobId};
use crate::db::schema::tenant::imports;
use crate::error::{AppError, Result};
use crate::jobs::runner::{alive, guarded};
use crate::jobs::{self, Go, Held, Reporter, queue};
use crate::tenant::fields;
use crate::tenant::recipients::import::end::{self, Cause, End};
use crate::tenant::recipients::import::engine::{self, Outcome};
use crate::tenant::recipients::import::job::HERE;
use crate::tenant::recipients::import::report;
use crate::tenant::recipients::import::settings::Settings;
use crate::web::i18n::Texts;
use diesel::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// What is imported, where to and how.
pub(super) struct Run<'r> {
    pub(super) app: &'r App,
    pub(super) access: &'r SystemAccess<RunImports>,
    pub(super) tenant: &'r Tenant,
    pub(super) file: &'r Path,
    pub(super) settings: &'r Settings,
    pub(super) dry: bool,
}

/// What became of it, and where the file of refused rows lies.
type Done = (Outcome, Option<PathBuf>);

impl Run<'_> {
    /// Does it, saying every few seconds that it is alive.
    pub(super) fn carry_out(&self) -> Result<Done> {
        let job = queue::work_here(&self.app.pools, self.tenant.id(), HERE)?;
        let done = alive(self.app, job, || guarded(|| self.noted(job)));
        let outcome = match &done {
            Ok((outcome, _)) if outcome.cancelled => jobs::Outcome::Cancelled,
            _ => jobs::Outcome::Done,
        };
        queue::finish(&self.app.pools, job, outcome)?;
        done
    }

    fn noted(&self, job: Held) -> Result<Done> {
        let import = self
            .access
            .run(self.app, |conn| self.start(conn.pg(), job.id))?;
        let done = guarded(|| self.import(import, job));
        // After an interruption the job is another's, who has ended the import.
        let failed = done.as_ref().err();
        if let Some(error) = failed.filter(|error| !matches!(error, AppError::Interrupted)) {
            let cause = Cause::of(error);
            self.access.run(self.app, |conn| {
                if self.dry {
                    return drop_row(conn.pg(), import);
                }
                let how = End {
                    state: "failed",
                    errors_file: None,
                    cause: Some(&cause),
                };
                end::end(conn, import, &how)
            })?;
        }
        done
    }

    fn import(&self, import: ImportId, job: Held) -> Result<Done> {
        let never = AtomicBool::new(false);
        let reporter = Reporter::new(self.app, job, &never);
        let mut go_on = |rows| Ok(reporter.report(rows, None)? == Go::On);
        let outcome = engine::run(
            self.app,
            self.access,
            import,
            self.file,
            self.settings,
            self.dry,
            &mut go_on,
        )?;
        if self.dry {
            self.show_problems(&outcome)?;
            self.access
                .run(self.app, |conn| drop_row(conn.pg(), import))?;
            return Ok((outcome, None));
        }
        let errors_file = self.refused(import)?;
        let how = End {
            state: if outcome.cancelled {
                "cancelled"
            } else {
                "done"
            },
            errors_file: errors_file.as_ref().map(|path| path.display().to_string()),
            cause: None,
        };
        self.access
            .run(self.app, |conn| end::end(conn, import, &how))?;
        end::refresh_statistics(self.app, self.access, outcome.counts);
        if outcome.noted > 0 {
            message(&format!(
                "{} remarks on rows that were taken: values left out, cells missing",
                outcome.noted
            ));
        }
        Ok((outcome, errors_file))
    }

    fn refused(&self, import: ImportId) -> Result<Option<PathBuf>> {
        let path = report::write(
            self.app,
            self.access,
            import,
            self.file,
            &self.settings.reading,
            &self.tenant.locale,
        )?;
        Ok(path.map(|path| std::path::absolute(&path).unwrap_or(path)))
    }

    fn show_problems(&self, outcome: &Outcome) -> Result<()> {
        let all = self.access.run(self.app, fields::all)?;
        let labels = report::labels(&all, "en");
        let t = Texts::new("en", "UTC");
        for problem in &outcome.problems {
            let what = if problem.refused { "refused" } else { "noted" };
            message(&format!(
                "line {}: {what}: {}",
                problem.line,
                report::reason(&t, &labels, problem)
            ));
        }
        Ok(())
    }

    fn start(&self, conn: &mut PgConnection, job: JobId) -> Result<ImportId> {
        let name: String = self
            .file
            .file_name()
            .map(|name| name.to_string_lossy().chars().take(255).collect())
            .unwrap_or_default();
        let size = self.file.metadata().map_or(0, |meta| meta.len() as i64);
        let id: i32 = diesel::insert_into(imports::table)
            .values((
                imports::state.eq(if self.dry { "checking" } else { "running" }),
                imports::file_name.eq(name),
                imports::file_size.eq(size),
                imports::settings.eq(serde_json::json!(self.settings)),
            ))
            .returning(imports::id)
            .get_result(conn)?;
        // An inner tenant's role may set the job, but not when the row is made.
        diesel::update(imports::table.find(id))
            .set(imports::job_id.eq(job.0))
            .execute(conn)?;
        Ok(ImportId(id))
    }
}

fn drop_row(conn: &mut PgConnection, import: ImportId) -> Result<()> {
    diesel::delete(imports::table.find(import.0)).execute(conn)?;
    Ok(())
}
