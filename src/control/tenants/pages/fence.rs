//! A fence in words, its inputs, and changing it: first shown as what it would gain and lose, then done.

use super::super::fence::{Fence, WantedFence};
use super::super::queries::Listed;
use super::super::{Tenant, by_id, preview, provision};
use super::form::TenantForm;
use super::place::INNER;
use super::{Which, field_errors};
use crate::access::rights::ChangeInner;
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::db::ids::{ListId, TenantId};
use crate::db::schema::tenant::lists;
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::tenant::target_groups::rules::{self, Catalog, RuleError};
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
    /// Of all fields: fences that stand are shown as they are.
    catalog: Catalog,
    /// Of those that the reader may ask by.
    askable: Catalog,
}

pub(super) fn words<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Words> {
    Ok(Words {
        lists: lists::table
            .order(lists::name)
            .select((lists::id, lists::name))
            .limit(1000)
            .load(conn.pg())?,
        catalog: fields::catalog(&fields::every(conn.pg())?)?,
        askable: fields::catalog(&fields::askable(conn)?)?,
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

    /// What is wrong with a rule that somebody typed, each fault in the reader's language at its field.
    pub(super) fn rule_errors(&self, rule: &str) -> Errors {
        match rules::read(rule.trim(), &self.askable) {
            Err(faults) if !rule.trim().is_empty() => at_rule(&faults),
            _ => Errors::new(),
        }
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
        if !fence.rule_faults(&self.catalog).is_empty() {
            parts.push(p.t("inner-fence-broken"));
        }
        if !rule.is_empty() {
            parts.push(p.t.with("inner-fence-rule", "rule", &rule));
        }
        parts.join(" · ")
    }
}

fn at_rule(faults: &[RuleError]) -> Errors {
    let told = faults.iter().map(RuleError::told).collect();
    Errors::from([("rule".to_owned(), told)])
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
        AppError::Rule(_) => "rule",
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
    /// What was shown to whoever confirms: the fence and its counts. Other ones are shown anew.
    #[serde(default)]
    seen: String,
}

/// Recipients gained and lost.
type Changes = (i64, i64);

impl FenceForm {
    fn of(tenant: &Tenant, words: &Words) -> Result<(Self, Vec<RuleError>)> {
        let stored = tenant.fence.as_ref().unwrap_or(&serde_json::Value::Null);
        let fence = Fence::from_stored(stored)?;
        let faults = fence.rule_faults(&words.catalog);
        let form = Self {
            rule: words.rule(&fence),
            lists: fence.lists,
            moves: if tenant.moves_allowed { "on" } else { "" }.to_owned(),
            version: tenant.version,
            ..Self::default()
        };
        Ok((form, faults))
    }

    fn wanted(&self, access: &ControlAccess<ChangeInner>) -> WantedFence {
        WantedFence {
            lists: self.lists.clone(),
            rule: self.rule.clone(),
            ..WantedFence::by(access.tenant().viewer.clone())
        }
    }

    fn digest(&self, (gains, loses): Changes) -> String {
        let (lists, rule) = (&self.lists, self.rule.trim());
        format!(
            "{} {gains} {loses} {lists:?} {} {rule}",
            self.version, self.moves
        )
    }
}

/// Everything that the pages of one fence show.
struct Page<'a> {
    access: &'a ControlAccess<ChangeInner>,
    words: Words,
    listed: Listed,
    tenant: Tenant,
}

impl<'a> Page<'a> {
    async fn load(access: &'a ControlAccess<ChangeInner>, id: i32) -> Result<Self> {
        let listed = INNER.find(access, id).await?;
        let tenant = access
            .run(move |conn| by_id(conn.pg(), TenantId(id)))
            .await?;
        let words = access.look(words).await?;
        Ok(Self {
            access,
            words,
            listed,
            tenant,
        })
    }

    fn frame(&self) -> Frame {
        INNER.frame(self.access, "inner-change-fence", &self.listed)
    }

    fn form(&self, p: &Frame, typed: &FenceForm, changes: Option<Changes>) -> FormView {
        let shown = TenantForm {
            lists: typed.lists.clone(),
            rule: typed.rule.clone(),
            moves: typed.moves.clone(),
            ..TenantForm::default()
        };
        let page = INNER.page(self.access, self.tenant.id);
        let mut form = FormView::new(format!("{page}/fence"), p.t("inner-preview")).cancel(page);
        if let Some((gains, loses)) = changes {
            let counts = [("gains", p.t.number(&gains)), ("loses", p.t.number(&loses))];
            let text = p.t.with_all("inner-gains-loses", &counts);
            form = form
                .input(
                    Input::new(InputKind::Fixed, "", p.t("inner-change"))
                        .value(text)
                        .help(p.t("inner-change-help")),
                )
                .input(Input::check("sure", p.t("inner-sure"), false))
                .input(
                    Input::new(InputKind::Hidden, "seen", "").value(typed.digest((gains, loses))),
                );
            form.submit = p.t("inner-change-fence");
        }
        form.inputs(fence_inputs(p, &self.words, &shown).into_iter().skip(1))
            .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
    }

    /// The form as it is first seen, or with the counts to confirm.
    fn show(
        &self,
        typed: &FenceForm,
        changes: Option<Changes>,
        notes: &Errors,
    ) -> Result<HttpResponse> {
        let p = self.frame();
        let form = self.form(&p, typed, changes).errors(&p.t, notes);
        let intro = self.listed.trail.clone();
        p.render(|p| FormPage { intro, form, p })
    }

    fn again(
        &self,
        typed: &FenceForm,
        changes: Option<Changes>,
        errors: &Errors,
    ) -> Result<HttpResponse> {
        let p = self.frame();
        let form = self.form(&p, typed, changes).errors(&p.t, errors);
        let intro = self.listed.trail.clone();
        p.render_again(|p| FormPage { intro, form, p })
    }

    /// Somebody else was quicker: what he typed stays, what is in force now is said. Its next preview counts
    /// against that.
    fn overtaken(&self, mut typed: FenceForm) -> Result<HttpResponse> {
        typed.version = self.tenant.version;
        let now = self.words.fence(&self.frame(), self.tenant.fence.as_ref());
        self.again(
            &typed,
            None,
            &error_at("", "fence-changed-meanwhile", &[("fence", now)]),
        )
    }
}

async fn fence_page(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let page = Page::load(&access, path.id).await?;
    let (typed, faults) = FenceForm::of(&page.tenant, &page.words)?;
    let mut notes = Errors::new();
    if !faults.is_empty() {
        notes = at_rule(&faults);
        notes.extend(error_at("", "inner-rule-broken", &[]));
    }
    page.show(&typed, None, &notes)
}

async fn change_fence(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
    form: Submitted<FenceForm>,
) -> Result<HttpResponse> {
    let page = Page::load(&access, path.id).await?;
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return page.again(&typed, None, &errors),
    };
    if form.version != page.tenant.version {
        return page.overtaken(form);
    }
    let faults = page.words.rule_errors(&form.rule);
    if !faults.is_empty() {
        return page.again(&form, None, &faults);
    }
    let (old, wanted) = (page.tenant.fence.clone(), form.wanted(&access));
    let changes = access
        .look(move |conn| preview::changes(conn, old.as_ref(), &wanted))
        .await;
    let changes = match changes {
        Ok(changes) => changes,
        Err(error) => {
            let field = fence_field(&error);
            return page.again(&form, None, &field_errors(field, error)?);
        }
    };
    if form.sure != "on" {
        return page.show(&form, Some(changes), &Errors::new());
    }
    if form.seen != form.digest(changes) {
        // Confirmed was something else than what would happen now.
        return page.again(
            &form,
            Some(changes),
            &error_at("", "fence-counts-changed", &[]),
        );
    }
    let order = provision::ChangeFence {
        actor: Actor::form(access.user().id),
        inner: page.tenant.id(),
        version: form.version,
        fence: form.wanted(&access),
        moves_allowed: form.moves == "on",
    };
    match access.provision(order).await {
        Ok(()) => {
            let to = INNER.page(&access, page.tenant.id);
            Ok(see_other_saying(&to, "success", "said-saved", &[]))
        }
        Err(AppError::Conflict) => Page::load(&access, path.id).await?.overtaken(form),
        Err(error) => {
            let field = fence_field(&error);
            page.again(&form, None, &field_errors(field, error)?)
        }
    }
}
