//! An import: how far it is, what became of it.

use super::Which;
use crate::access::Access;
use crate::access::rights::ViewImports;
use crate::db::ids::JobId;
use crate::error::{AppError, Result};
use crate::jobs::queue;
use crate::tenant::fields::{self};
use crate::tenant::recipients::import::acts::{self, Import};
use crate::tenant::recipients::import::end::Cause;
use crate::tenant::recipients::import::{engine, report, stage};
use crate::web::{Frame, see_other};
use actix_web::{HttpResponse, web};
use askama::Template;

#[derive(Template)]
#[template(path = "tenant/imports/show.html")]
pub(super) struct Show {
    p: Frame,
    import: Import,
    state: String,
    /// Label and number.
    numbers: Vec<(String, String)>,
    /// Line, what became of it, why.
    problems: Vec<(u64, String, String)>,
    done: i64,
    /// Why it ended badly; empty if it did not.
    failure: String,
}

pub(super) async fn show(
    access: Access<ViewImports>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = path.id;
    let language = access.context().language.clone();
    let (import, done, problems, labels) = access
        .run(move |conn| {
            let import = acts::by_id(conn, id)?;
            let job = import
                .job_id
                .map(|job| queue::state(conn, JobId(job)))
                .transpose()?
                .flatten();
            let problems = stage::problems(conn, id, false, 0, engine::SHOWN_PROBLEMS)?;
            let labels = report::labels(&fields::all(conn.pg())?, &language);
            Ok((import, job.map_or(0, |job| job.done), problems, labels))
        })
        .await?;
    if import.state == "uploaded" && access.tenant().may("imports.run") {
        return Ok(see_other(&format!(
            "{}/imports/{id}/mapping",
            access.tenant().base()
        )));
    }
    let p = Frame::new(access.context(), "nav-imports").section("imports");
    let (label, href) = (p.t("nav-imports"), p.url("/imports"));
    let p = p.crumb(label, href).titled(&import.file_name);
    let numbers = [
        ("import-rows", import.rows),
        ("import-created", import.created),
        ("import-updated", import.updated),
        ("import-unchanged", import.unchanged),
        ("import-refused", import.refused),
        ("import-noted", import.noted),
    ]
    .map(|(key, n)| (p.t(key), p.t.number(&n)))
    .to_vec();
    let problems = problems
        .iter()
        .map(|problem| {
            (
                problem.line,
                p.t(if problem.refused {
                    "import-row-refused"
                } else {
                    "import-value-left-out"
                }),
                report::reason(&p.t, &labels, problem),
            )
        })
        .collect();
    let state = p.t(&format!("import-state-{}", import.state));
    let failure = import
        .error
        .as_deref()
        .map_or_else(String::new, |error| Cause::words(&p.t, error));
    p.render(|p| Show {
        failure,
        import,
        state,
        numbers,
        problems,
        done,
        p,
    })
}

pub(super) async fn errors(
    access: Access<ViewImports>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = path.id;
    let import = access.run(move |conn| acts::by_id(conn, id)).await?;
    let file = import.errors_file.ok_or(AppError::NotFound)?;
    let text = web::block(move || std::fs::read(file))
        .await
        .map_err(|_| AppError::NotFound)?
        .map_err(|_| AppError::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            "content-disposition",
            format!("attachment; filename=\"errors-{id}.csv\""),
        ))
        .body(text))
}
