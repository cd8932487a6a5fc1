//! The progress page of a job: it can be left and come back to, and the job be stopped.

use crate::access::rights::{ChangeRecipients, ViewRecipients};
use crate::access::{Access, Routes};
use crate::db::ids::JobId;
use crate::error::{AppError, Result};
use crate::jobs::queue::{self, State};
use crate::web::form::{NoFields, Submitted};
use crate::web::{FormView, Frame, InputKind, see_other};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Seconds between two looks.
const SECONDS: &str = "2";

/// The pages.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/jobs/{id}", show);
    r.post("/t/{tenant}/jobs/{id}/cancel", cancel);
}

/// The job that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: JobId,
}

#[derive(Template)]
#[template(path = "tenant/jobs/show.html")]
struct Show {
    p: Frame,
    state: State,
    text: String,
    numbers: String,
    /// Why it failed, if that is the user's business; the log has the rest.
    why: String,
    form: Option<FormView>,
    back: (String, String),
}

async fn show(access: Access<ViewRecipients>, which: web::Path<Which>) -> Result<HttpResponse> {
    let id = which.id;
    let state = access
        .run(move |conn| queue::state(conn, id))
        .await?
        .ok_or(AppError::NotFound)?;
    let p = Frame::new(access.context(), "job-title").section("recipients");
    let text = match state.state.as_str() {
        "running" if state.cancel => p.t("job-stopping"),
        "queued" | "running" | "done" | "failed" | "cancelled" => {
            p.t(&format!("job-{}", state.state))
        }
        other => other.to_owned(),
    };
    let numbers = match state.total {
        Some(total) => p.t.with_all(
            "job-of",
            &[
                ("done", p.t.number(&state.done)),
                ("total", p.t.number(&total)),
            ],
        ),
        None => p.t.number(&state.done),
    };
    let outside = AppError::OutsideFence.to_string();
    let why = match &state.error {
        Some(error) if *error == outside => p.t("recipient-outside-fence"),
        _ => String::new(),
    };
    let over = state.is_over();
    let form = (!over && !state.cancel && p.may("recipients.change"))
        .then(|| FormView::new(p.url(&format!("/jobs/{id}/cancel")), p.t("job-cancel")).danger());
    let back = (p.t("job-back"), p.url("/recipients"));
    let mut response = p.render(|p| Show {
        p,
        state,
        text,
        numbers,
        why,
        form,
        back,
    })?;
    if !over {
        // A header, because it needs no script and no place in the page's head.
        response.headers_mut().insert(
            HeaderName::from_static("refresh"),
            HeaderValue::from_static(SECONDS),
        );
    }
    Ok(response)
}

async fn cancel(
    access: Access<ChangeRecipients>,
    which: web::Path<Which>,
    form: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let id = which.id;
    let asked = form.validated().is_ok();
    access
        .run(move |conn| {
            // What is over already cannot be stopped, and need not; another tenant's job is none.
            queue::state(conn, id)?.ok_or(AppError::NotFound)?;
            if asked {
                queue::cancel(conn, id)?;
            }
            Ok(())
        })
        .await?;
    Ok(see_other(&format!("{}/jobs/{id}", access.tenant().base())))
}
