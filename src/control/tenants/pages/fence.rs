//! A fence in words, its inputs, and changing it: first shown as what it would gain and lose, then done.

use super::super::fence::{Fence, WantedFence};
use super::super::queries::Listed;
use super::super::{Tenant, by_id, preview, provision};
use super::form::TenantForm;
use super::{Which, field_errors, found};
use crate::access::rights::ChangeInner;
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::db::ids::{ListId, TenantId};
use crate::db::schema::tenant::lists;
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::tenant::target_groups::rules::Catalog;
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/inner/{id}/fence", fence_page);
    r.post("/t/{tenant}/inner/{id}/fence", change_fence);
}

/// The names of all lists of the tenant, and a fence in words.
pub(super) struct Words {
    lists: Vec<(ListId, String)>,
    catalog: Catalog,
}

pub(super) fn words<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Words> {
    Ok(Words {
        lists: lists::table
            .order(lists::name)
            .select((lists::id, lists::name))
            .limit(1000)
            .load(conn.pg())?,
        catalog: fields::catalog(&fields::all(conn.pg())?)?,
    })
}

impl Words {
    fn rule(&self, fence: &Fence) -> String {
        fence
            .checked_rule(&self.catalog)
            .ok()
            .flatten()
            .map(|rule| rule.show())
            .unwrap_or_default()
    }

    pub(super) fn fence(&self, p: &Frame, stored: Option<&serde_json::Value>) -> String {
        let Some(fence) = stored.and_then(|stored| Fence::from_stored(stored).ok()) else {
            return String::new();
        };
        let names: Vec<&str> = self
            .lists
            .iter()
            .filter(|(id, _)| fence.lists.contains(id))
            .map(|(_, name)| name.as_str())
            .collect();
        let mut parts = Vec::new();
        if !names.is_empty() {
            parts.push(p.t.with("inner-fence-lists", "lists", &names.join(", ")));
        }
        let rule = self.rule(&fence);
        if !rule.is_empty() {
            parts.push(p.t.with("inner-fence-rule", "rule", &rule));
        }
        parts.join(" · ")
    }
}

pub(super) fn fence_inputs(p: &Frame, words: &Words, typed: &TenantForm) -> Vec<Input> {
    let options = words
        .lists
        .iter()
        .map(|(id, name)| (id.to_string(), name.clone(), String::new()))
        .collect();
    let mut lists = Input::new(InputKind::Checks(options), "lists", p.t("inner-lists"))
        .help(p.t("inner-lists-help"));
    lists.values = typed.lists.iter().map(ToString::to_string).collect();
    vec![
        Input::new(InputKind::Heading, "", p.t("inner-fence")),
        lists,
        Input::new(InputKind::Area(4), "rule", p.t("inner-rule"))
            .value(&typed.rule)
            .help(p.t("inner-rule-help")),
        Input::check("moves", p.t("inner-moves"), typed.moves == "on")
            .help(p.t("inner-moves-help")),
    ]
}

/// Where an error of the fence belongs.
pub(super) fn fence_field(error: &AppError) -> &'static str {
    match error {
        AppError::Invalid {
            key: "rule-invalid",
            ..
        } => "rule",
        AppError::Invalid {
            key: "fence-empty" | "list-unknown",
            ..
        } => "lists",
        _ => "",
    }
}

/// What the form of a fence sends; sent once to see what would change, and once more to do it.
#[derive(Debug, Default, Deserialize, Validate)]
struct FenceForm {
    #[serde(default)]
    lists: Vec<ListId>,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    moves: String,
    #[serde(default)]
    version: i32,
    #[serde(default)]
    sure: String,
    /// What the counts were shown for; a change after that is shown anew.
    #[serde(default)]
    seen: String,
}

impl FenceForm {
    fn digest(&self) -> String {
        format!("{:?} {} {}", self.lists, self.rule.trim(), self.moves)
    }
}

async fn inner_tenant<R: crate::access::rights::Right>(
    access: &ControlAccess<R>,
    id: i32,
) -> Result<(Listed, Tenant)> {
    let listed = found(access, true, id).await?;
    let tenant = access
        .run(move |conn| by_id(conn.pg(), TenantId(id)))
        .await?;
    Ok((listed, tenant))
}

fn fence_form(
    p: &Frame,
    words: &Words,
    id: i32,
    typed: &FenceForm,
    changes: Option<(i64, i64)>,
) -> FormView {
    let shown = TenantForm {
        lists: typed.lists.clone(),
        rule: typed.rule.clone(),
        moves: typed.moves.clone(),
        ..TenantForm::default()
    };
    let mut form = FormView::new(p.url(&format!("/inner/{id}/fence")), p.t("inner-preview"))
        .inputs(fence_inputs(p, words, &shown).into_iter().skip(1))
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
        .cancel(p.url("/inner"));
    if let Some((gains, loses)) = changes {
        let (gains, loses) = (p.t.number(&gains), p.t.number(&loses));
        let text =
            p.t.with_all("inner-gains-loses", &[("gains", gains), ("loses", loses)]);
        form = form
            .input(
                Input::new(InputKind::Fixed, "", p.t("inner-change"))
                    .value(text)
                    .help(p.t("inner-change-help")),
            )
            .input(Input::new(InputKind::Hidden, "seen", "").value(typed.digest()))
            .input(Input::check("sure", p.t("inner-sure"), false));
        form.submit = p.t("inner-change-fence");
    }
    form
}

async fn fence_page(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let (listed, tenant) = inner_tenant(&access, path.id).await?;
    let words = access.look(words).await?;
    let fence = Fence::from_stored(tenant.fence.as_ref().unwrap_or(&serde_json::Value::Null))?;
    let typed = FenceForm {
        rule: words.rule(&fence),
        lists: fence.lists,
        moves: if tenant.moves_allowed {
            "on".into()
        } else {
            String::new()
        },
        version: tenant.version,
        sure: String::new(),
        seen: String::new(),
    };
    let p = Frame::new(access.context(), "inner-change-fence")
        .section("inner")
        .crumb(listed.trail.clone(), format!("/t/{}", listed.path));
    let form = fence_form(&p, &words, tenant.id, &typed, None);
    p.render(|p| FormPage {
        intro: listed.trail,
        form,
        p,
    })
}

async fn change_fence(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
    form: Submitted<FenceForm>,
) -> Result<HttpResponse> {
    let (listed, tenant) = inner_tenant(&access, path.id).await?;
    let known = access.look(words).await?;
    let again = |typed: &FenceForm, errors: &Errors, changes| {
        let p = Frame::new(access.context(), "inner-change-fence")
            .section("inner")
            .crumb(listed.trail.clone(), format!("/t/{}", listed.path));
        let form = fence_form(&p, &known, tenant.id, typed, changes).errors(&p.t, errors);
        p.render_again(|p| FormPage {
            intro: listed.trail.clone(),
            form,
            p,
        })
    };
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(&typed, &errors, None),
    };
    let wanted = WantedFence {
        lists: form.lists.clone(),
        rule: form.rule.clone(),
        ..WantedFence::default()
    };
    if form.sure != "on" || form.seen != form.digest() {
        let (old, preview) = (tenant.fence.clone(), wanted.clone());
        let changes = access
            .look(move |conn| preview::changes(conn, old.as_ref(), &preview))
            .await;
        return match changes {
            Ok(changes) => again(&form, &Errors::new(), Some(changes)),
            Err(error) => {
                let field = fence_field(&error);
                again(&form, &field_errors(field, error)?, None)
            }
        };
    }
    let order = provision::ChangeFence {
        actor: Actor::form(access.user().id),
        inner: tenant.id(),
        version: form.version,
        fence: wanted,
        moves_allowed: form.moves == "on",
    };
    match access.provision(order).await {
        Ok(()) => Ok(see_other_saying(
            &format!("{}/inner", access.tenant().base()),
            "success",
            "said-saved",
            &[],
        )),
        Err(AppError::Conflict) => again(&form, &error_at("", "error-conflict-text", &[]), None),
        Err(error) => {
            let field = fence_field(&error);
            again(&form, &field_errors(field, error)?, None)
        }
    }
}
