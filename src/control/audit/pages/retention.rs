//! For how long a tenant's entries are kept.

use super::super::Actor;
use super::super::retain::{self, LEAST_DAYS, MOST_DAYS};
use crate::access::ControlAccess;
use crate::access::rights::RetainAudit;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, see_other_saying};
use actix_web::HttpResponse;
use serde::Deserialize;
use validator::Validate;

/// What the form sends; blank is for ever.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
pub(super) struct RetentionForm {
    #[serde(default)]
    days: String,
}

fn view(
    access: &ControlAccess<RetainAudit>,
    typed: &RetentionForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "audit-retention").section("audit");
    let (label, back) = (p.t("nav-audit"), p.url("/audit"));
    let p = p.crumb(label, back.clone());
    let range = [
        ("least", LEAST_DAYS.to_string()),
        ("most", MOST_DAYS.to_string()),
    ];
    let form = FormView::new(p.url("/audit/retention"), p.t("save"))
        .input(
            Input::line("days", p.t("audit-days"), &typed.days)
                .typed("number")
                .help(p.t.with_all("audit-days-help", &range)),
        )
        .cancel(back);
    let intro = p.t("audit-retention-intro");
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn page(access: ControlAccess<RetainAudit>) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let days = access
        .run(move |conn| retain::days(conn.pg(), tenant))
        .await?;
    let typed = RetentionForm {
        days: days.map(|days| days.to_string()).unwrap_or_default(),
    };
    view(&access, &typed, None)
}

pub(super) async fn set(
    access: ControlAccess<RetainAudit>,
    form: Submitted<RetentionForm>,
) -> Result<HttpResponse> {
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return view(&access, &typed, Some(&errors)),
    };
    let days = match form.days.trim() {
        "" => None,
        // What is no number is out of the range as well.
        text => Some(text.parse().unwrap_or(0)),
    };
    let (tenant, actor) = (access.tenant().id, Actor::form(access.user().id));
    let done = access
        .run(move |conn| retain::set_days(conn.pg(), actor, tenant, days))
        .await;
    match done {
        Ok(()) => {
            let to = format!("{}/audit", access.tenant().base());
            Ok(see_other_saying(&to, "success", "said-saved", &[]))
        }
        Err(AppError::Invalid { key, params }) => {
            view(&access, &form, Some(&error_at("days", key, &params)))
        }
        Err(other) => Err(other),
    }
}
