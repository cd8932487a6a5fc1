//! The same ceiling for several tenants: shown first, then in force.

use super::super::packages;
use super::super::{self as ceilings, Capped, Ceiling, spelled_out};
use super::{frame, in_words, names};
use crate::access::ControlAccess;
use crate::access::rights::ChangeCeilings;
use crate::control::audit::Actor;
use crate::control::memberships::Granter;
use crate::db::control::taken_back;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Faulty, Submitted};
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;
use std::collections::BTreeSet;
use validator::Validate;

/// What the list sends: tenants as `id:version`, a package's id or `all`, and whether it was looked at.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct GiveForm {
    tenant: Vec<String>,
    package: String,
    sure: String,
}

/// What would change, and the form that does it.
#[derive(Template)]
#[template(path = "control/roles/matrix_check.html")]
struct Check {
    p: Frame,
    concerns: String,
    holders: Vec<(String, Vec<String>, Vec<String>)>,
    form: FormView,
}

fn chosen(form: &GiveForm) -> Result<Vec<(TenantId, i32)>> {
    let read = |text: &String| {
        let (id, version) = text.split_once(':')?;
        Some((TenantId(id.parse().ok()?), version.parse().ok()?))
    };
    let all: Option<Vec<_>> = form.tenant.iter().map(read).collect();
    let all = all.ok_or(AppError::invalid("form-unreadable"))?;
    if all.is_empty() {
        return Err(AppError::invalid("ceilings-choose"));
    }
    Ok(all)
}

pub(super) async fn give(
    access: ControlAccess<ChangeCeilings>,
    sent: Submitted<GiveForm>,
) -> Result<HttpResponse> {
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, .. }) => typed,
    };
    let to = chosen(&typed)?;
    let (granter, actor) = (
        Granter::of(access.context())?,
        Actor::form(access.user().id),
    );
    let (package, sure) = (typed.package.clone(), !typed.sure.is_empty());
    let outcome = access
        .run(move |conn| {
            let top = granter.tenant;
            let ceiling: Ceiling = match package.as_str() {
                "all" => None,
                id => {
                    let id = id.parse().map_err(|_| AppError::NotFound)?;
                    Some(packages::one(conn.pg(), top, id)?.ceiling())
                }
            };
            let look = |pg: &mut diesel::PgConnection| -> Result<Vec<Capped>> {
                to.iter()
                    .map(|(id, _)| ceilings::one(pg, top, *id))
                    .collect()
            };
            let before = look(conn.pg())?;
            let act = |pg: &mut diesel::PgConnection| {
                packages::give(pg, actor, &granter, &to, &ceiling)?;
                Ok(before.into_iter().zip(look(pg)?).collect::<Vec<_>>())
            };
            if sure {
                act(conn.pg())
            } else {
                taken_back(conn.pg(), act)
            }
        })
        .await;
    let changed = outcome?;
    let p = frame(access.context(), "roles-check");
    if sure {
        let url = format!("{}/ceilings", access.tenant().base());
        return Ok(see_other_saying(&url, "success", "said-saved", &[]));
    }
    let people = changed.iter().map(|(before, _)| before.people).sum();
    let page = Check {
        concerns: p.t.count("ceilings-concerns", &people),
        holders: changed.iter().map(|pair| difference(&p, pair)).collect(),
        form: confirm(&p, &typed),
        p,
    };
    page.p.clone().render(|_| page)
}

fn difference(p: &Frame, (before, after): &(Capped, Capped)) -> (String, Vec<String>, Vec<String>) {
    let (was, is) = (
        spelled_out(&before.in_force()),
        spelled_out(&after.in_force()),
    );
    let coming: BTreeSet<String> = is.difference(&was).cloned().collect();
    let going: BTreeSet<String> = was.difference(&is).cloned().collect();
    let title = format!("{}: {}", before.trail, in_words(p, &after.in_force()));
    (title, names(p, &coming), names(p, &going))
}

fn confirm(p: &Frame, typed: &GiveForm) -> FormView {
    let hidden = |name: &str, value: &str| Input::new(InputKind::Hidden, name, "").value(value);
    FormView::new(p.url("/ceilings/give"), p.t("roles-save"))
        .inputs(typed.tenant.iter().map(|tenant| hidden("tenant", tenant)))
        .input(hidden("package", &typed.package))
        .input(hidden("sure", "on"))
        .cancel(p.url("/ceilings"))
}
