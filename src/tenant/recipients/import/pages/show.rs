//! An import: how far it is, what became of it.

use super::Which;
use super::examples::{Examples, examples};
use super::index::badge;
use super::problems::{Kind, kinds};
use crate::access::Access;
use crate::access::rights::ViewImports;
use crate::db::ids::JobId;
use crate::error::{AppError, Result};
use crate::jobs::queue;
use crate::tenant::fields::{self};
use crate::tenant::recipients::erase::old::ERROR_FILE_DAYS;
use crate::tenant::recipients::import::acts::{self, Import};
use crate::tenant::recipients::import::end::Cause;
use crate::tenant::recipients::import::{engine, groups, report, stage};
use crate::tenant::recipients::state::State;
use crate::web::i18n::Texts;
use crate::web::{Frame, download, see_other};
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Duration, Utc};

#[derive(Template)]
#[template(path = "tenant/imports/show.html")]
pub(super) struct Show {
    p: Frame,
    import: Import,
    state: String,
    /// The colour of the state's badge.
    kind: &'static str,
    /// That the file of refused rows is there no more.
    gone: String,
    /// Label and number.
    numbers: Vec<(String, String)>,
    /// How long it took; empty before its end.
    took: String,
    /// The list of recipients as it was changed meanwhile; empty for none.
    changed: String,
    /// Where an inner tenant does not see everybody at once.
    not_seen: bool,
    /// The problems by kind.
    kinds: Vec<Kind>,
    /// Line, what became of it, why.
    problems: Vec<(u64, String, String)>,
    done: i64,
    /// How values were read, as long as nothing is imported.
    examples: Examples,
    /// Whether there is a file of refused rows, and whether there was one.
    errors: (bool, bool),
    /// Why it ended badly; empty if it did not.
    failure: String,
}

pub(super) async fn show(
    access: Access<ViewImports>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = path.id;
    let t = Frame::new(access.context(), "nav-imports").t;
    let files = access.app().files.clone();
    let may_run = access.tenant().may("imports.run");
    let (import, done, problems, labels, errors, (examples, kinds), open) = access
        .run(move |conn| {
            let import = acts::by_id(conn, id)?;
            let job = import
                .job_id
                .map(|job| queue::state(conn, JobId(job)))
                .transpose()?
                .flatten();
            let problems = stage::problems(conn, id, false, 0, engine::SHOWN_PROBLEMS)?;
            let all = fields::askable(conn)?;
            let labels = report::labels(&all, t.language());
            let open = acts::is_open(conn, &import)?;
            let examples = if import.state == "checked" && may_run && open {
                examples(&files, &import, &all, &t)
            } else {
                Examples::default()
            };
            let done = job.map_or(0, |job| job.done);
            let errors = (
                import.has_errors_file() && open,
                import.errors_file.is_some(),
            );
            let groups = match import.state.as_str() {
                // Their examples are values of fields that this person may not see.
                _ if !open => Vec::new(),
                "checked" => import.checked_groups(),
                _ if problems.is_empty() => Vec::new(),
                _ => groups::of(conn, id)?,
            };
            let kinds = kinds(&files, &import, &groups, &labels, &t);
            Ok((
                import,
                done,
                problems,
                labels,
                errors,
                (examples, kinds),
                open,
            ))
        })
        .await?;
    if import.state == "uploaded" && may_run && open {
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
                report::fate(&p.t, problem.refused, &problem.code),
                report::reason(&p.t, &labels, problem),
            )
        })
        .collect();
    let state = p.t(&format!("import-state-{}", import.state));
    let failure = import
        .error
        .as_deref()
        .map_or_else(String::new, |error| Cause::words(&p.t, error));
    let took = import
        .span()
        .map_or_else(String::new, |span| took(&p.t, span));
    let changed = changed(&p, &import);
    let not_seen =
        access.tenant().is_inner() && matches!(import.state.as_str(), "checked" | "done");
    let gone = if open {
        p.t.with("import-errors-gone", "days", &ERROR_FILE_DAYS.to_string())
    } else {
        p.t("import-kept-back")
    };
    p.render(|p| Show {
        kind: badge(&import.state),
        gone,
        took,
        changed,
        not_seen,
        kinds,
        failure,
        import,
        state,
        numbers,
        problems,
        done,
        errors,
        examples,
        p,
    })
}

/// `3 min 12 s`.
fn took(t: &Texts, (begun, ended): (DateTime<Utc>, DateTime<Utc>)) -> String {
    let seconds = (ended - begun).num_seconds().max(0);
    let params = [
        ("hours", (seconds / 3600).to_string()),
        ("minutes", (seconds / 60 % 60).to_string()),
        ("seconds", (seconds % 60).to_string()),
    ];
    let key = match seconds {
        0 => "import-took-less",
        1..60 => "import-took-seconds",
        60..3600 => "import-took-minutes",
        _ => "import-took-hours",
    };
    t.with_all(key, &params)
}

/// The list of those who were made or changed while the import ran.
fn changed(p: &Frame, import: &Import) -> String {
    let span = import
        .span()
        .filter(|_| import.created + import.updated > 0);
    let Some((begun, ended)) = span.filter(|_| p.may("recipients.view")) else {
        return String::new();
    };
    // Rules know whole seconds.
    let ended = ended + Duration::seconds(1);
    let [begun, ended] = [begun, ended].map(|at| at.format("%Y-%m-%dT%H:%M:%SZ"));
    let state = State {
        rule: format!("changed >= '{begun}' and changed <= '{ended}'"),
        ..State::default()
    };
    p.url(&format!("/recipients?{}", state.query()))
}

/// GET `…/imports/{id}/errors`: the file, or back with a word where its time is over.
pub(super) async fn errors(
    access: Access<ViewImports>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let id = path.id;
    let import = access.run(move |conn| acts::open(conn, id)).await?;
    let file = import.errors_file.ok_or(AppError::NotFound)?;
    access
        .record_look("export.refused", id.to_string(), serde_json::json!({}))
        .await?;
    match download::csv(file.as_ref(), &format!("errors-{id}.csv")).await {
        // Its page says what became of it.
        Err(AppError::NotFound) => Ok(see_other(&format!(
            "{}/imports/{id}",
            access.tenant().base()
        ))),
        other => other,
    }
}
