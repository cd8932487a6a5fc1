//! How often places are reviewed, and when accounts are dormant.

use super::super::{DAYS, MONTHS, Settings, set_settings, settings};
use super::below;
use crate::access::ControlAccess;
use crate::access::rights::ReviewUsers;
use crate::control::audit::Actor;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Input, see_other_saying};
use actix_web::HttpResponse;
use serde::Deserialize;
use validator::Validate;

/// What the form sends; blank is never.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct SettingsForm {
    months: String,
    days: String,
}

/// What is no number is out of every range.
fn number(text: &str) -> Option<i32> {
    match text.trim() {
        "" => None,
        text => Some(text.parse().unwrap_or(-1)),
    }
}

fn view(
    access: &ControlAccess<ReviewUsers>,
    typed: &SettingsForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = below(access.context(), "review-settings");
    let back = p.url("/access-review");
    let help = |key: &str, range: &std::ops::RangeInclusive<i32>| {
        let said = [
            ("least", range.start().to_string()),
            ("most", range.end().to_string()),
        ];
        p.t.with_all(key, &said)
    };
    let form = FormView::new(format!("{back}/settings"), p.t("save"))
        .input(
            Input::line("months", p.t("review-months"), &typed.months)
                .typed("number")
                .help(help("review-months-help", &MONTHS)),
        )
        .input(
            Input::line("days", p.t("review-days"), &typed.days)
                .typed("number")
                .help(help("review-days-help", &DAYS)),
        )
        .cancel(back);
    let intro = String::new();
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn page(access: ControlAccess<ReviewUsers>) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let now = access.run(move |conn| settings(conn.pg(), tenant)).await?;
    let text = |number: Option<i32>| number.map(|n| n.to_string()).unwrap_or_default();
    let typed = SettingsForm {
        months: text(now.months),
        days: text(now.dormant_days),
    };
    view(&access, &typed, None)
}

pub(super) async fn set(
    access: ControlAccess<ReviewUsers>,
    form: Submitted<SettingsForm>,
) -> Result<HttpResponse> {
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return view(&access, &typed, Some(&errors)),
    };
    let wanted = Settings {
        months: number(&form.months),
        dormant_days: number(&form.days),
    };
    let (tenant, actor) = (access.tenant().id, Actor::form(access.user().id));
    let done = access
        .run(move |conn| set_settings(conn.pg(), actor, tenant, wanted))
        .await;
    match done {
        Ok(()) => {
            let to = format!("{}/access-review", access.tenant().base());
            Ok(see_other_saying(&to, "success", "said-saved", &[]))
        }
        Err(AppError::Invalid { key, params }) => {
            let field = if key == "review-days-range" {
                "days"
            } else {
                "months"
            };
            view(&access, &form, Some(&error_at(field, key, &params)))
        }
        Err(other) => Err(other),
    }
}
