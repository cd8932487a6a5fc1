//! What waits for a second person, deciding on it, and which rights are critical.

use super::anew::same_eyes;
use super::critical::{self, Marked, SUGGESTED};
use super::{DAYS, Verdict, Waiting, decide, waiting};
use crate::access::rights::{self, ChangeUsers, MarkCritical};
use crate::access::{Context, ControlAccess, Routes};
use crate::control::memberships::Granter;
use crate::control::users::query;
use crate::db::ids::{MembershipId, UserId};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::{Choice, FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;
use std::collections::BTreeSet;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/pending", index);
    r.critical(|r| {
        r.post("/t/{tenant}/pending/confirm", confirm);
    });
    r.post("/t/{tenant}/pending/decline", decline);
    r.critical(|r| {
        r.get("/t/{tenant}/pending/critical", critical_page);
        r.post("/t/{tenant}/pending/critical", mark);
        r.post("/t/{tenant}/pending/critical/confirm", confirm_fewer);
    });
    r.post("/t/{tenant}/pending/critical/decline", decline_fewer);
}

/// A place with rights that wait, as the page shows it.
struct Card {
    heading: String,
    href: String,
    rights: Vec<String>,
    asked: String,
    /// Why the reader does not decide; blank where he may.
    not: String,
    confirm: FormView,
    decline: FormView,
}

#[derive(Template)]
#[template(path = "control/pending/index.html")]
struct Index {
    p: Frame,
    cards: Vec<Card>,
    critical: bool,
}

fn frame(context: &Context, title: &str) -> Frame {
    Frame::new(context, title).section("pending")
}

fn label(p: &Frame, key: &str) -> String {
    rights::by_key(key).map_or_else(
        || key.to_owned(),
        |right| right.label(p.t.language()).to_owned(),
    )
}

async fn index(access: ControlAccess<ChangeUsers>) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let me = access.user().id;
    let (all, same) = access
        .run(move |conn| Ok((waiting(conn.pg(), tenant)?, same_eyes(conn.pg(), me)?)))
        .await?;
    let p = frame(access.context(), "pending-title");
    let cards = all.iter().map(|one| card(&p, one, me, &same)).collect();
    p.render(|p| Index {
        cards,
        critical: p.may("users.critical"),
        p,
    })
}

/// `same`: who counts as the reader.
fn card(p: &Frame, one: &Waiting, me: UserId, same: &BTreeSet<i32>) -> Card {
    let by = match (one.asked_by, one.asked_by_name.as_str()) {
        (None, _) => p.t("audit-nobody"),
        (Some(_), "") => p.t("audit-somebody"),
        (Some(_), name) => name.to_owned(),
    };
    let until = one.asked_at + chrono::Duration::days(DAYS);
    let said = [
        ("name", by),
        ("at", p.t.moment(&one.asked_at)),
        ("until", p.t.moment(&until)),
    ];
    let not = if one.user == me {
        p.t("pending-own-place")
    } else if one.asked_by == Some(me) {
        p.t("pending-own-gift")
    } else if same.contains(&one.user.0) || one.asked_by.is_some_and(|by| same.contains(&by.0)) {
        p.t("pending-one-person")
    } else {
        String::new()
    };
    let form = |act: &str, key: &str| {
        let hidden =
            |name: &str, value: String| Input::new(InputKind::Hidden, name, "").value(value);
        let seen = one.rights.iter().map(|key| hidden("right", key.clone()));
        FormView::new(p.url(&format!("/pending/{act}")), p.t(key))
            .input(hidden("place", one.place.to_string()))
            .inputs(seen)
    };
    let mut decline = form("decline", "pending-decline");
    decline.quiet = true;
    Card {
        heading: one.name.clone(),
        href: p.url(&format!("/users/{}", one.user)),
        rights: one.rights.iter().map(|key| label(p, key)).collect(),
        asked: p.t.with_all("pending-asked", &said),
        not,
        confirm: form("confirm", "pending-confirm"),
        decline,
    }
}

/// What is decided on, as it was seen.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(default)]
struct Decision {
    place: i32,
    right: BTreeSet<String>,
}

async fn decided(
    access: &ControlAccess<ChangeUsers>,
    form: Submitted<Decision>,
    verdict: Verdict,
) -> Result<HttpResponse> {
    let form = form.unchecked();
    let granter = Granter::of(access).await?;
    let done = access
        .run(move |conn| {
            let place = MembershipId(form.place);
            decide(conn.pg(), &granter, place, &form.right, verdict)
        })
        .await;
    let to = format!("{}/pending", access.tenant().base());
    let said = match verdict {
        Verdict::Confirm => "said-pending-confirmed",
        Verdict::Decline => "said-pending-declined",
    };
    answer(access.context(), &to, done, said)
}

/// Back to the list, with what came of it.
fn answer(
    context: &Context,
    to: &str,
    done: Result<()>,
    said: &'static str,
) -> Result<HttpResponse> {
    match done {
        Ok(()) => Ok(see_other_saying(to, "success", said, &[])),
        Err(AppError::Conflict) => Ok(see_other_saying(to, "warning", "said-pending-changed", &[])),
        Err(AppError::Invalid { key, params }) => {
            let why = Frame::new(context, "pending-title")
                .t
                .with_all(key, &params);
            let why = [("why", why)];
            Ok(see_other_saying(to, "danger", "said-refused", &why))
        }
        Err(other) => Err(other),
    }
}

async fn confirm(
    access: ControlAccess<ChangeUsers>,
    form: Submitted<Decision>,
) -> Result<HttpResponse> {
    decided(&access, form, Verdict::Confirm).await
}

async fn decline(
    access: ControlAccess<ChangeUsers>,
    form: Submitted<Decision>,
) -> Result<HttpResponse> {
    decided(&access, form, Verdict::Decline).await
}

/// The rights marked.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(default)]
struct MarkForm {
    rights: BTreeSet<String>,
}

#[derive(Template)]
#[template(path = "control/pending/critical.html")]
struct Critical {
    p: Frame,
    /// What somebody wants to mark no longer: a sentence, the rights, and what can be done.
    fewer: Option<(String, Vec<String>, Vec<FormView>)>,
    form: FormView,
}

async fn critical_view(
    access: &ControlAccess<MarkCritical>,
    typed: Option<&BTreeSet<String>>,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let (marked, names) = access
        .run(move |conn| {
            let marked = critical::marked(conn.pg(), tenant)?;
            let who: Vec<UserId> = marked.asked_by.into_iter().collect();
            Ok((marked, query::names(conn.pg(), tenant, &who)?))
        })
        .await?;
    let p = frame(access.context(), "critical-title");
    let (label, url) = (p.t("pending-title"), p.url("/pending"));
    let p = p.crumb(label, url);
    let (title, url) = (p.t("pending-title"), p.url("/pending"));
    let p = p.crumb(title, url.clone());
    let mut chosen = Input::new(
        InputKind::Groups(choices(&p, &marked)),
        "rights",
        p.t("critical-rights"),
    );
    let shown = typed.unwrap_or(&marked.own);
    chosen.values = shown.iter().cloned().collect();
    let form = FormView::new(p.url("/pending/critical"), p.t("save"))
        .input(chosen)
        .cancel(url);
    let asked_by = marked.asked_by.and_then(|user| names.get(&user).cloned());
    let fewer = (!marked.fewer.is_empty()).then(|| fewer(&p, &marked, asked_by, access.user().id));
    match errors {
        None => p.render(|p| Critical { p, fewer, form }),
        Some(errors) => {
            let form = form.errors(&p.t, errors);
            p.render_again(|p| Critical { p, fewer, form })
        }
    }
}

fn choices(p: &Frame, marked: &Marked) -> Vec<(String, Vec<Choice>)> {
    let group = |group: &&'static str| {
        let here = rights::ALL.iter().filter(|right| right.group() == *group);
        let here = here.filter(|right| right.inner || !p.in_inner());
        let choices: Vec<Choice> = here
            .map(|right| Choice {
                value: right.key.to_owned(),
                label: right.label(p.t.language()).to_owned(),
                help: right.sentence(p.t.language()).to_owned(),
                notes: notes(p, marked, right.key),
                held: marked.around.contains(right.key),
                fixed: false,
            })
            .collect();
        (crate::control::roles::words::group_label(p, group), choices)
    };
    let all = rights::groups();
    all.iter()
        .map(group)
        .filter(|(_, choices)| !choices.is_empty())
        .collect()
}

fn notes(p: &Frame, marked: &Marked, key: &str) -> Vec<String> {
    let notes = [
        (SUGGESTED.contains(&key), "critical-suggested"),
        (marked.around.contains(key), "critical-around"),
        (marked.fewer.contains(key), "critical-leaving"),
    ];
    let notes = notes.iter().filter(|(yes, _)| *yes);
    notes.map(|(_, text)| p.t(text)).collect()
}

fn fewer(
    p: &Frame,
    marked: &Marked,
    asked_by: Option<String>,
    me: UserId,
) -> (String, Vec<String>, Vec<FormView>) {
    let name = asked_by.unwrap_or_else(|| p.t("audit-somebody"));
    let at = marked.asked_at.as_ref().map(|at| p.t.moment(at));
    let said = [("name", name), ("at", at.unwrap_or_default())];
    let form = |act: &str, key: &str| {
        let seen = marked.fewer.iter();
        let seen = seen.map(|key| Input::new(InputKind::Hidden, "rights", "").value(key));
        FormView::new(p.url(&format!("/pending/critical/{act}")), p.t(key)).inputs(seen)
    };
    let mut forms = Vec::new();
    if marked.asked_by != Some(me) {
        forms.push(form("confirm", "pending-confirm"));
    }
    let mut keep = form("decline", "critical-keep");
    keep.quiet = true;
    forms.push(keep);
    let rights = marked.fewer.iter().map(|key| label(p, key)).collect();
    (p.t.with_all("critical-fewer", &said), rights, forms)
}

async fn critical_page(access: ControlAccess<MarkCritical>) -> Result<HttpResponse> {
    critical_view(&access, None, None).await
}

async fn mark(
    access: ControlAccess<MarkCritical>,
    form: Submitted<MarkForm>,
) -> Result<HttpResponse> {
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => {
            return critical_view(&access, Some(&typed.rights), Some(&errors)).await;
        }
    };
    let (tenant, me, wanted) = (access.tenant().id, access.user().id, form.rights.clone());
    let done = access
        .run(move |conn| critical::mark(conn.pg(), me, tenant, &wanted))
        .await;
    match done {
        Ok(()) => {
            let to = format!("{}/pending/critical", access.tenant().base());
            Ok(see_other_saying(&to, "success", "said-saved", &[]))
        }
        Err(AppError::Invalid { key, params }) => {
            let errors = error_at("rights", key, &params);
            critical_view(&access, Some(&form.rights), Some(&errors)).await
        }
        Err(other) => Err(other),
    }
}

async fn decided_fewer(
    access: &ControlAccess<MarkCritical>,
    form: Submitted<MarkForm>,
    yes: bool,
) -> Result<HttpResponse> {
    let seen = form.unchecked().rights;
    let (tenant, me) = (access.tenant().id, access.user().id);
    let done = access
        .run(move |conn| critical::decide_fewer(conn.pg(), me, tenant, &seen, yes))
        .await;
    let to = format!("{}/pending/critical", access.tenant().base());
    answer(access.context(), &to, done, "said-saved")
}

async fn confirm_fewer(
    access: ControlAccess<MarkCritical>,
    form: Submitted<MarkForm>,
) -> Result<HttpResponse> {
    decided_fewer(&access, form, true).await
}

async fn decline_fewer(
    access: ControlAccess<MarkCritical>,
    form: Submitted<MarkForm>,
) -> Result<HttpResponse> {
    decided_fewer(&access, form, false).await
}
