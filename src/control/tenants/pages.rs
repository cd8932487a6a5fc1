//! The pages of separate and of inner tenants, for whoever administers the tenant above.

use super::fence::{Fence, WantedFence};
use super::provision::{Basics, CreateInner, CreateSeparate, FirstUser, Restore, SetStatus, Trash};
use super::queries::{self, Listed};
use super::slug::Slug;
use super::{Tenant, by_id};
use crate::access::rights::{
    ChangeInner, ChangeTenants, CreateInner as MayCreateInner, CreateTenants, DeleteTenants,
    ViewInner, ViewTenants,
};
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::control::users::NewUser;
use crate::db::ids::{ListId, TenantId};
use crate::db::schema::tenant::lists;
use crate::db::{Mode, TenantConn};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

/// The routes of both kinds.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants", index);
    r.get("/t/{tenant}/tenants/new", new);
    r.post("/t/{tenant}/tenants", create);
    r.get("/t/{tenant}/tenants/{id}/status", status_page);
    r.post("/t/{tenant}/tenants/{id}/status", set_status);
    r.get("/t/{tenant}/tenants/{id}/delete", delete_page);
    r.post("/t/{tenant}/tenants/{id}/delete", delete);
    r.post("/t/{tenant}/tenants/{id}/restore", restore);
    r.get("/t/{tenant}/inner", inner_index);
    r.get("/t/{tenant}/inner/new", inner_new);
    r.post("/t/{tenant}/inner", inner_create);
    r.get("/t/{tenant}/inner/{id}/fence", fence_page);
    r.post("/t/{tenant}/inner/{id}/fence", change_fence);
}

/// The thing that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

fn badge(p: &Frame, tenant: &Listed) -> Cell {
    let (kind, key) = match (tenant.trashed, tenant.status.as_str()) {
        (true, _) => ("danger", "tenant-status-trashed"),
        (_, "active") => ("success", "tenant-status-active"),
        (_, "no_sending") => ("warning", "tenant-status-no-sending"),
        (_, "no_login") => ("warning", "tenant-status-no-login"),
        _ => ("danger", "tenant-status-locked"),
    };
    Cell::Badge(kind, p.t(key))
}

fn name_cell(tenant: &Listed) -> Cell {
    Cell::Swatch(
        tenant.colour.trim_start_matches('#').to_owned(),
        tenant.trail.clone(),
    )
}

async fn index(
    access: ControlAccess<ViewTenants>,
    query: web::Query<Search>,
) -> Result<HttpResponse> {
    let (top, search) = (access.tenant().id, query.q.clone());
    let found = access
        .run(move |conn| queries::below(conn.pg(), top, false, &search))
        .await?;
    let p = Frame::new(access.context(), "nav-tenants").section("tenants");
    let columns = [
        "tenants-name",
        "tenants-address",
        "tenants-status",
        "tenants-acts",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("nav-tenants"), columns);
    for tenant in &found {
        let act =
            |key: &str, what: &str| (p.t(key), p.url(&format!("/tenants/{}/{what}", tenant.id)));
        let acts = vec![
            act("tenants-change-status", "status"),
            act("tenants-delete", "delete"),
        ];
        let address = Cell::Link {
            href: format!("/t/{}", tenant.path),
            text: tenant.path.clone(),
        };
        table.row(vec![
            name_cell(tenant),
            address,
            badge(&p, tenant),
            Cell::Acts(acts),
        ]);
    }
    let new = (p.t("tenants-new"), p.url("/tenants/new"));
    let empty = Empty {
        text: p.t("tenants-empty"),
        act: Some(new.clone()),
    };
    p.render(|p| TablePage {
        intro: p.t("tenants-intro"),
        acts: vec![new],
        table,
        empty,
        p,
    })
}

/// What the forms of both kinds send.
#[derive(Debug, Default, Deserialize, Validate)]
struct TenantForm {
    #[validate(length(min = 1, max = 100, message = "tenant-name-length"))]
    #[serde(default)]
    name: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    colour: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    lists: Vec<ListId>,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    moves: String,
    #[serde(default)]
    admin_email: String,
    #[serde(default)]
    admin_name: String,
    #[serde(default)]
    admin_password: SecretString,
}

impl TenantForm {
    fn basics(
        &self,
        sections: &std::collections::BTreeSet<String>,
    ) -> Result<Basics, (&'static str, AppError)> {
        let slug = if self.slug.trim().is_empty() {
            proposed_slug(&self.name)
        } else {
            self.slug.clone()
        };
        let slug = Slug::parse(&slug, sections).map_err(|error| ("slug", error))?;
        Basics::check(
            slug,
            &self.name,
            &self.colour,
            &self.locale,
            &self.time_zone,
        )
        .map_err(|error| match &error {
            AppError::Invalid {
                key: "time-zone-unknown",
                ..
            } => ("time_zone", error),
            AppError::Invalid {
                key: "tenant-colour-invalid",
                ..
            } => ("colour", error),
            _ => ("name", error),
        })
    }

    /// The first administrator, if named. Hashes the password: slow.
    fn admin(&self, language: &str) -> Result<Option<FirstUser>, (&'static str, AppError)> {
        if self.admin_email.trim().is_empty() {
            return Ok(None);
        }
        let user = NewUser::check(
            &self.admin_email,
            &self.admin_name,
            Some(&self.admin_password),
            language,
        )
        .map_err(|error| match &error {
            AppError::Invalid {
                key: "email-invalid",
                ..
            } => ("admin_email", error),
            AppError::Invalid {
                key: "user-name-length",
                ..
            } => ("admin_name", error),
            _ => ("admin_password", error),
        })?;
        Ok(Some(FirstUser {
            user,
            roles: vec!["administrator".into()],
        }))
    }
}

/// A slug from a name: `Süd & Co` becomes `sued-co`.
fn proposed_slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    let slug: String = slug
        .trim_matches('-')
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '-')
        .chars()
        .take(40)
        .collect();
    slug
}

fn basic_inputs(p: &Frame, typed: &TenantForm) -> Vec<Input> {
    let or = |value: &str, other: &str| {
        if value.is_empty() {
            other.to_owned()
        } else {
            value.to_owned()
        }
    };
    let here = p.tenant.as_ref();
    let locale = here.map_or("en", |tenant| tenant.locale.as_str());
    let zone = here.map_or("UTC", |tenant| tenant.time_zone.as_str());
    vec![
        Input::line("name", p.t("tenants-name"), &typed.name)
            .required()
            .max(100),
        Input::line("slug", p.t("tenants-slug"), &typed.slug)
            .help(p.t("tenants-slug-help"))
            .max(40),
        Input::line(
            "colour",
            p.t("tenants-colour"),
            or(&typed.colour, "#3b6ea5"),
        )
        .typed("color")
        .help(p.t("tenants-colour-help")),
        Input::select(
            "locale",
            p.t("tenants-language"),
            p.languages(),
            or(&typed.locale, locale),
        ),
        Input::line(
            "time_zone",
            p.t("tenants-time-zone"),
            or(&typed.time_zone, zone),
        )
        .help(p.t("tenants-time-zone-help")),
    ]
}

fn admin_inputs(p: &Frame, typed: &TenantForm) -> Vec<Input> {
    vec![
        Input::new(InputKind::Heading, "", p.t("tenants-first-user")),
        Input::line("admin_email", p.t("login-email"), &typed.admin_email)
            .typed("email")
            .help(p.t("tenants-first-user-help"))
            .autocomplete("off"),
        Input::line("admin_name", p.t("users-name"), &typed.admin_name).autocomplete("off"),
        Input::line("admin_password", p.t("login-password"), "")
            .typed("password")
            .help(p.t("password-help"))
            .autocomplete("new-password"),
    ]
}

fn new_form(p: &Frame, typed: &TenantForm) -> FormView {
    FormView::new(p.url("/tenants"), p.t("tenants-create"))
        .inputs(basic_inputs(p, typed))
        .inputs(admin_inputs(p, typed))
        .cancel(p.url("/tenants"))
}

async fn new(access: ControlAccess<CreateTenants>) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "tenants-new").section("tenants");
    let form = new_form(&p, &TenantForm::default());
    p.render(|p| FormPage {
        intro: p.t("tenants-new-intro"),
        form,
        p,
    })
}

/// An error of an act at the field it belongs to; any other is handed on.
fn field_errors(field: &'static str, error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(field, key, &params)),
        AppError::Constraint(name) if name.starts_with("tenants_") => {
            Ok(error_at("slug", "slug-taken", &[]))
        }
        other => Err(other),
    }
}

async fn create(
    access: ControlAccess<CreateTenants>,
    form: Submitted<TenantForm>,
) -> Result<HttpResponse> {
    let again = |typed: TenantForm, errors: Errors| {
        let p = Frame::new(access.context(), "tenants-new").section("tenants");
        let form = new_form(&p, &typed).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t("tenants-new-intro"),
            form,
            p,
        })
    };
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(typed, errors),
    };
    let basics = match form.basics(&access.app().sections) {
        Ok(basics) => basics,
        Err((field, error)) => return again(form, field_errors(field, error)?),
    };
    let admin = match form.admin(&form.locale) {
        Ok(admin) => admin,
        Err((field, error)) => return again(form, field_errors(field, error)?),
    };
    let slug = basics.slug.as_str().to_owned();
    let order = CreateSeparate {
        actor: Actor::form(access.user().id),
        parent: Some(access.tenant().id),
        basics,
        admin,
    };
    match access.provision(order).await {
        Ok(_) => Ok(see_other_saying(
            &format!("/t/{slug}"),
            "success",
            "said-tenant-created",
            &[("name", form.name)],
        )),
        Err(error) => again(form, field_errors("", error)?),
    }
}

/// The tenant of a page below this one.
async fn found<R: crate::access::rights::Right>(
    access: &ControlAccess<R>,
    inner: bool,
    id: i32,
) -> Result<Listed> {
    let top = access.tenant().id;
    access
        .run(move |conn| queries::one_below(conn.pg(), top, inner, TenantId(id)))
        .await
}

#[derive(Debug, Default, Deserialize, Validate)]
struct StatusForm {
    #[serde(default)]
    status: String,
}

async fn status_page(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let p = Frame::new(access.context(), "tenants-change-status")
        .section("tenants")
        .crumb(tenant.trail.clone(), format!("/t/{}", tenant.path));
    let option = |value: &str, key: &str| (value.to_owned(), p.t(key), p.t(&format!("{key}-help")));
    let options = vec![
        option("active", "tenant-status-active"),
        option("no_sending", "tenant-status-no-sending"),
        option("no_login", "tenant-status-no-login"),
        option("locked", "tenant-status-locked"),
    ];
    let form = FormView::new(
        p.url(&format!("/tenants/{}/status", tenant.id)),
        p.t("save"),
    )
    .input(
        Input::new(InputKind::Radios(options), "status", p.t("tenants-status"))
            .value(&tenant.status),
    )
    .cancel(p.url("/tenants"));
    p.render(|p| FormPage {
        intro: tenant.trail,
        form,
        p,
    })
}

async fn set_status(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
    form: Submitted<StatusForm>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let form = form
        .validated()
        .map_err(|_| AppError::invalid("form-unreadable"))?;
    if !matches!(
        form.status.as_str(),
        "active" | "no_sending" | "no_login" | "locked"
    ) {
        return Err(AppError::invalid("form-unreadable"));
    }
    let order = SetStatus {
        actor: Actor::form(access.user().id),
        tenant: TenantId(tenant.id),
        status: form.status.clone(),
    };
    access.provision(order).await?;
    Ok(see_other_saying(
        &format!("{}/tenants", access.tenant().base()),
        "success",
        "said-saved",
        &[],
    ))
}

#[derive(Debug, Default, Deserialize, Validate)]
struct DeleteForm {
    #[serde(default)]
    slug: String,
}

fn delete_form(p: &Frame, tenant: &Listed, typed: &str) -> FormView {
    FormView::new(
        p.url(&format!("/tenants/{}/delete", tenant.id)),
        p.t("tenants-delete"),
    )
    .input(
        Input::line(
            "slug",
            p.t.with("tenants-delete-type", "slug", &tenant.path),
            typed,
        )
        .required(),
    )
    .danger()
    .cancel(p.url("/tenants"))
}

async fn delete_page(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let p = Frame::new(access.context(), "tenants-delete").section("tenants");
    if tenant.trashed {
        let form = FormView::new(
            p.url(&format!("/tenants/{}/restore", tenant.id)),
            p.t("tenants-restore"),
        )
        .cancel(p.url("/tenants"));
        return p.render(|p| FormPage {
            intro: p.t.with("tenants-restore-intro", "name", &tenant.trail),
            form,
            p,
        });
    }
    let form = delete_form(&p, &tenant, "");
    p.render(|p| FormPage {
        intro: p.t.with("tenants-delete-intro", "name", &tenant.trail),
        form,
        p,
    })
}

async fn delete(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
    form: Submitted<DeleteForm>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    let typed = form.validated().map_or_else(
        |faulty| faulty.typed,
        super::super::super::web::Valid::into_inner,
    );
    let again = |errors: Errors| {
        let p = Frame::new(access.context(), "tenants-delete").section("tenants");
        let form = delete_form(&p, &tenant, &typed.slug).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t.with("tenants-delete-intro", "name", &tenant.trail),
            form,
            p,
        })
    };
    if typed.slug.trim() != tenant.path {
        return again(error_at("slug", "tenants-delete-wrong", &[]));
    }
    match access
        .provision(Trash {
            actor: Actor::form(access.user().id),
            tenant: TenantId(tenant.id),
        })
        .await
    {
        Ok(()) => Ok(see_other_saying(
            &format!("{}/tenants", access.tenant().base()),
            "success",
            "said-tenant-trashed",
            &[("name", tenant.name.clone())],
        )),
        Err(error) => again(field_errors("", error)?),
    }
}

#[derive(Debug, Deserialize, Validate)]
struct NothingElse {}

async fn restore(
    access: ControlAccess<DeleteTenants>,
    path: web::Path<Which>,
    _: Submitted<NothingElse>,
) -> Result<HttpResponse> {
    let tenant = found(&access, false, path.id).await?;
    access
        .provision(Restore {
            actor: Actor::form(access.user().id),
            tenant: TenantId(tenant.id),
        })
        .await?;
    Ok(see_other_saying(
        &format!("{}/tenants", access.tenant().base()),
        "success",
        "said-saved",
        &[],
    ))
}

/// The names of all lists of the tenant, and a fence in words.
struct Words {
    lists: Vec<(ListId, String)>,
    catalog: crate::tenant::target_groups::rules::Catalog,
}

fn words<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Words> {
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

    fn fence(&self, p: &Frame, stored: Option<&serde_json::Value>) -> String {
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

async fn inner_index(
    access: ControlAccess<ViewInner>,
    query: web::Query<Search>,
) -> Result<HttpResponse> {
    let (top, search) = (access.tenant().id, query.q.clone());
    let found = access
        .run(move |conn| {
            let listed = queries::below(conn.pg(), top, true, &search)?;
            listed
                .into_iter()
                .map(|tenant| Ok((by_id(conn.pg(), TenantId(tenant.id))?, tenant)))
                .collect::<Result<Vec<(Tenant, Listed)>>>()
        })
        .await?;
    let words = access.look(words).await?;
    let p = Frame::new(access.context(), "nav-inner").section("inner");
    let columns = [
        "tenants-name",
        "tenants-address",
        "inner-fence",
        "tenants-status",
        "tenants-acts",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("nav-inner"), columns);
    for (row, tenant) in &found {
        let acts = vec![(
            p.t("inner-change-fence"),
            p.url(&format!("/inner/{}/fence", tenant.id)),
        )];
        let address = Cell::Link {
            href: format!("/t/{}", tenant.path),
            text: tenant.path.clone(),
        };
        let fence = Cell::Text(words.fence(&p, row.fence.as_ref()));
        table.row(vec![
            name_cell(tenant),
            address,
            fence,
            badge(&p, tenant),
            Cell::Acts(acts),
        ]);
    }
    let new = (p.t("inner-new"), p.url("/inner/new"));
    let empty = Empty {
        text: p.t("inner-empty"),
        act: Some(new.clone()),
    };
    p.render(|p| TablePage {
        intro: p.t("inner-intro"),
        acts: vec![new],
        table,
        empty,
        p,
    })
}

fn fence_inputs(p: &Frame, words: &Words, typed: &TenantForm) -> Vec<Input> {
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

fn inner_form(p: &Frame, words: &Words, typed: &TenantForm) -> FormView {
    FormView::new(p.url("/inner"), p.t("inner-create"))
        .inputs(basic_inputs(p, typed))
        .inputs(fence_inputs(p, words, typed))
        .inputs(admin_inputs(p, typed))
        .cancel(p.url("/inner"))
}

async fn inner_new(access: ControlAccess<MayCreateInner>) -> Result<HttpResponse> {
    let words = access.look(words).await?;
    let p = Frame::new(access.context(), "inner-new").section("inner");
    let form = inner_form(&p, &words, &TenantForm::default());
    p.render(|p| FormPage {
        intro: p.t("inner-new-intro"),
        form,
        p,
    })
}

/// Where an error of the fence belongs.
fn fence_field(error: &AppError) -> &'static str {
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

async fn inner_create(
    access: ControlAccess<MayCreateInner>,
    form: Submitted<TenantForm>,
) -> Result<HttpResponse> {
    let known = access.look(words).await?;
    let again = |typed: TenantForm, errors: Errors| {
        let p = Frame::new(access.context(), "inner-new").section("inner");
        let form = inner_form(&p, &known, &typed).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t("inner-new-intro"),
            form,
            p,
        })
    };
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(typed, errors),
    };
    let basics = match form.basics(&access.app().sections) {
        Ok(basics) => basics,
        Err((field, error)) => return again(form, field_errors(field, error)?),
    };
    let admin = match form.admin(&form.locale) {
        Ok(admin) => admin,
        Err((field, error)) => return again(form, field_errors(field, error)?),
    };
    let to = format!("{}/{}", access.tenant().base(), basics.slug.as_str());
    let order = CreateInner {
        actor: Actor::form(access.user().id),
        parent: access.tenant().id,
        basics,
        fence: WantedFence {
            lists: form.lists.clone(),
            rule: form.rule.clone(),
            ..WantedFence::default()
        },
        moves_allowed: form.moves == "on",
        admin,
    };
    match access.provision(order).await {
        Ok(_) => Ok(see_other_saying(
            &to,
            "success",
            "said-tenant-created",
            &[("name", form.name)],
        )),
        Err(error) => {
            let field = fence_field(&error);
            again(form, field_errors(field, error)?)
        }
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
            .look(move |conn| super::preview::changes(conn, old.as_ref(), &preview))
            .await;
        return match changes {
            Ok(changes) => again(&form, &Errors::new(), Some(changes)),
            Err(error) => {
                let field = fence_field(&error);
                again(&form, &field_errors(field, error)?, None)
            }
        };
    }
    let order = super::provision::ChangeFence {
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

#[cfg(test)]
mod tests {
    use super::proposed_slug;

    #[test]
    fn slugs_from_names() {
        assert_eq!(proposed_slug("Süd & Co. GmbH"), "sued-co-gmbh");
        assert_eq!(proposed_slug("24 Stunden"), "stunden");
        assert_eq!(proposed_slug("Ørsted"), "rsted");
    }
}
