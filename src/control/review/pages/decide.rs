//! Confirming places and withdrawing them; withdrawing asks first.

use super::super::query::{self, Wanted};
use super::super::{Chosen, Decided, Verdict, decide};
use super::{below, texts};
use crate::access::ControlAccess;
use crate::access::rights::ReviewUsers;
use crate::control::memberships::Granter;
use crate::db::ids::MembershipId;
use crate::error::Result;
use crate::web::form::Submitted;
use crate::web::view::FormPage;
use crate::web::{FormView, Input, InputKind, see_other, see_other_saying};
use actix_web::HttpResponse;
use serde::Deserialize;
use validator::Validate;

/// The chosen places, each as `id:version`.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct ChosenForm {
    chosen: Vec<String>,
}

impl ChosenForm {
    fn places(&self) -> Vec<Chosen> {
        let place = |text: &String| {
            let (id, version) = text.split_once(':')?;
            Some(Chosen {
                id: MembershipId(id.parse().ok()?),
                version: version.parse().ok()?,
            })
        };
        self.chosen.iter().filter_map(place).collect()
    }
}

fn back(access: &ControlAccess<ReviewUsers>) -> String {
    format!("{}/access-review", access.tenant().base())
}

fn none_chosen(access: &ControlAccess<ReviewUsers>) -> HttpResponse {
    see_other_saying(&back(access), "warning", "said-review-none-chosen", &[])
}

async fn carry_out(
    access: &ControlAccess<ReviewUsers>,
    verdict: Verdict,
    chosen: Vec<Chosen>,
) -> Result<HttpResponse> {
    if chosen.is_empty() {
        return Ok(none_chosen(access));
    }
    let granter = Granter::of(access).await?;
    let decided = access
        .run(move |conn| decide(conn.pg(), &granter, verdict, &chosen))
        .await?;
    Ok(said(access, verdict, &decided))
}

/// What was done, and why not more.
fn said(access: &ControlAccess<ReviewUsers>, verdict: Verdict, decided: &Decided) -> HttpResponse {
    let t = crate::web::i18n::Texts::new(&access.context().language, &access.user().time_zone);
    let reasons = decided.refused.iter();
    let reasons: Vec<String> = reasons
        .map(|(key, params)| t.with_all(key, params))
        .collect();
    let params = [
        ("done", decided.done.to_string()),
        ("left", decided.left.to_string()),
        ("why", reasons.join(" ")),
    ];
    let (kind, key) = match (verdict, decided.left) {
        (Verdict::Confirm, 0) => ("success", "said-review-confirmed"),
        (Verdict::Withdraw, 0) => ("success", "said-review-withdrawn"),
        (Verdict::Confirm, _) => ("warning", "said-review-confirmed-some"),
        (Verdict::Withdraw, _) => ("warning", "said-review-withdrawn-some"),
    };
    see_other_saying(&back(access), kind, key, &params)
}

pub(super) async fn confirm(
    access: ControlAccess<ReviewUsers>,
    form: Submitted<ChosenForm>,
) -> Result<HttpResponse> {
    match form.validated() {
        Ok(form) => carry_out(&access, Verdict::Confirm, form.places()).await,
        Err(_) => Ok(see_other(&back(&access))),
    }
}

/// Shows whose places would end.
pub(super) async fn ask(
    access: ControlAccess<ReviewUsers>,
    form: Submitted<ChosenForm>,
) -> Result<HttpResponse> {
    let chosen = form.unchecked();
    let places = chosen.places();
    if places.is_empty() {
        return Ok(none_chosen(&access));
    }
    let tenant = access.tenant().id;
    let wanted = Wanted {
        ids: places.iter().map(|one| one.id.0).collect(),
        ..Wanted::default()
    };
    let most = places.len();
    let rows = access
        .run(move |conn| query::page(conn.pg(), tenant, &wanted, None, most))
        .await?;
    let p = below(access.context(), "review-withdraw");
    let whose = rows.iter().map(|row| {
        let [name, roles, ..] = texts(&p, row);
        Input::new(InputKind::Fixed, "", name).value(roles)
    });
    let sent = places.iter().map(|one| {
        let value = format!("{}:{}", one.id, one.version);
        Input::new(InputKind::Hidden, "chosen", "").value(value)
    });
    let here = p.url("/access-review");
    let form = FormView::new(format!("{here}/withdraw"), p.t("review-withdraw"))
        .inputs(whose.collect::<Vec<_>>())
        .inputs(sent)
        .danger()
        .cancel(here);
    let intro = p.t.count("review-withdraw-help", &(rows.len() as i64));
    p.render(|p| FormPage { p, intro, form })
}

pub(super) async fn withdraw(
    access: ControlAccess<ReviewUsers>,
    form: Submitted<ChosenForm>,
) -> Result<HttpResponse> {
    match form.validated() {
        Ok(form) => carry_out(&access, Verdict::Withdraw, form.places()).await,
        Err(_) => Ok(see_other(&back(&access))),
    }
}
