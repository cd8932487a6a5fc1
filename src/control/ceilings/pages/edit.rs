//! What one tenant may at most. A change is shown before it counts.

use super::super::{self as ceilings, Capped, Ceiling, Wanted, spelled_out};
use super::{Which, frame, in_words, rights_input};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeCeilings, Right, ViewCeilings};
use crate::control::memberships::Granter;
use crate::control::roles::grid::Look;
use crate::db::control::taken_back;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use std::collections::BTreeSet;
use validator::Validate;

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct CeilingForm {
    /// `all` or `some`.
    limit: String,
    rights: Vec<String>,
    version: i32,
}

impl CeilingForm {
    fn of(capped: &Capped) -> Self {
        Self {
            limit: if capped.ceiling.is_some() {
                "some"
            } else {
                "all"
            }
            .into(),
            rights: spelled_out(&capped.ceiling()).into_iter().collect(),
            version: capped.version,
        }
    }

    /// Rights ticked otherwise than they were shown, and yet no limit chosen: one of the two is not meant.
    fn contradicts(&self, before: &Ceiling, p: &Frame) -> bool {
        let shown: BTreeSet<String> = spelled_out(before)
            .into_iter()
            .filter(|key| p.may(key))
            .collect();
        let sent: BTreeSet<String> = self
            .rights
            .iter()
            .filter(|key| p.may(key))
            .cloned()
            .collect();
        self.limit != "some" && !sent.is_empty() && sent != shown
    }

    /// The ceiling meant; what the editor cannot change stays as it is.
    fn ceiling(&self, before: &Ceiling, p: &Frame) -> Ceiling {
        if self.limit != "some" {
            return None;
        }
        let mut rights: BTreeSet<String> = self.rights.iter().cloned().collect();
        let kept = spelled_out(before);
        rights.extend(kept.into_iter().filter(|key| !p.may(key)));
        Some(rights)
    }
}

async fn find<R: Right>(access: &ControlAccess<R>, id: i32) -> Result<Capped> {
    let top = access.tenant().id;
    access
        .run(move |conn| ceilings::one(conn.pg(), top, TenantId(id)))
        .await
}

fn form_page<R: Right>(
    access: &ControlAccess<R>,
    capped: &Capped,
    typed: &CeilingForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = frame(access.context(), "ceilings-edit").titled(&capped.trail);
    let here = p.url(&format!("/ceilings/{}", capped.id));
    let change = p.may("ceilings.change");
    let limits = vec![
        (
            "all".to_owned(),
            p.t("ceilings-all"),
            p.t("ceilings-all-help"),
        ),
        (
            "some".to_owned(),
            p.t("ceilings-only"),
            p.t("ceilings-only-help"),
        ),
    ];
    let limit = Input::new(InputKind::Radios(limits), "limit", p.t("ceilings-limit"));
    let rights = rights_input(
        &p,
        &typed.rights,
        capped.kind == "inner",
        &capped.above(),
        |right| !change || !p.may(right.key),
    );
    let mut form = FormView::new(format!("{here}/check"), p.t("roles-check"))
        .input(limit.value(&typed.limit))
        .input(rights)
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
        .cancel(p.url("/ceilings"));
    if !change {
        form.inputs.remove(0);
    }
    let said = [
        ("own", in_words(&p, &capped.ceiling())),
        ("above", in_words(&p, &capped.above())),
    ];
    let intro = p.t.with_all("ceilings-edit-intro", &said);
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn edit(
    access: ControlAccess<ViewCeilings>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let capped = find(&access, path.id).await?;
    form_page(&access, &capped, &CeilingForm::of(&capped), None)
}

/// Sets it, or only tries; answers what was and what is in force.
async fn act(
    access: &ControlAccess<ChangeCeilings>,
    capped: &Capped,
    typed: &CeilingForm,
    keep: bool,
) -> Result<Capped> {
    let p = frame(access.context(), "ceilings-edit");
    let granter = Granter::of(access).await?;
    let wanted = [Wanted {
        tenant: capped.id(),
        version: typed.version,
        ceiling: typed.ceiling(&capped.ceiling(), &p),
    }];
    access
        .run(move |conn| {
            let act = |pg: &mut diesel::PgConnection| {
                ceilings::set(pg, &granter, &wanted)?;
                ceilings::one(pg, granter.tenant, wanted[0].tenant)
            };
            if keep {
                act(conn.pg())
            } else {
                taken_back(conn.pg(), act)
            }
        })
        .await
}

/// The form once more, with what was wrong.
fn again(
    access: &ControlAccess<ChangeCeilings>,
    capped: &Capped,
    mut typed: CeilingForm,
    error: AppError,
) -> Result<HttpResponse> {
    let errors = match error {
        AppError::Conflict => {
            typed.version = capped.version;
            error_at("", "roles-changed-meanwhile", &[])
        }
        AppError::Invalid { key, params } => error_at("rights", key, &params),
        other => return Err(other),
    };
    form_page(access, capped, &typed, Some(&errors))
}

pub(super) async fn check(
    access: ControlAccess<ChangeCeilings>,
    path: web::Path<Which>,
    sent: Submitted<CeilingForm>,
) -> Result<HttpResponse> {
    let capped = find(&access, path.id).await?;
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return form_page(&access, &capped, &typed, Some(&errors)),
    };
    let p = frame(access.context(), "ceilings-edit");
    if typed.contradicts(&capped.ceiling(), &p) {
        let errors = error_at("limit", "ceilings-limit-or-rights", &[]);
        return form_page(&access, &capped, &typed, Some(&errors));
    }
    let after = match act(&access, &capped, &typed, false).await {
        Ok(after) => after,
        Err(error) => return again(&access, &capped, typed, error),
    };
    let p = frame(access.context(), "roles-check");
    let hidden = |name: &str, value: &str| Input::new(InputKind::Hidden, name, "").value(value);
    let here = p.url(&format!("/ceilings/{}", capped.id));
    let form = FormView::new(here.clone(), p.t("roles-save"))
        .input(hidden("limit", &typed.limit))
        .input(hidden("version", &typed.version.to_string()))
        .inputs(typed.rights.iter().map(|right| hidden("rights", right)))
        .cancel(here);
    let concerns = p.t.count("ceilings-concerns", &capped.people);
    let (was, is) = (
        spelled_out(&capped.in_force()),
        spelled_out(&after.in_force()),
    );
    Look::at(p, concerns, (&was, &is), form).answer()
}

pub(super) async fn change(
    access: ControlAccess<ChangeCeilings>,
    path: web::Path<Which>,
    sent: Submitted<CeilingForm>,
) -> Result<HttpResponse> {
    let capped = find(&access, path.id).await?;
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return form_page(&access, &capped, &typed, Some(&errors)),
    };
    match act(&access, &capped, &typed, true).await {
        Ok(_) => Ok(see_other_saying(
            &format!("{}/ceilings", access.tenant().base()),
            "success",
            "said-saved",
            &[],
        )),
        Err(error) => again(&access, &capped, typed, error),
    }
}
