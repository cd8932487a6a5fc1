//! What a tenant is called and looks like.

use super::super::by_id;
use super::super::provision::ChangeSettings;
use super::super::queries::Listed;
use super::form::{TenantForm, basic_inputs};
use super::place::{INNER, Place, SEPARATE};
use super::{Which, field_errors};
use crate::access::rights::{ChangeInner, ChangeTenants, Right};
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::control::tenants::Tenant;
use crate::db::Write;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/{id}/settings", separate_page);
    r.post("/t/{tenant}/tenants/{id}/settings", change_separate);
    r.get("/t/{tenant}/inner/{id}/settings", inner_page);
    r.post("/t/{tenant}/inner/{id}/settings", change_inner);
}

async fn separate_page(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    page(&access, SEPARATE, path.id).await
}

async fn inner_page(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    page(&access, INNER, path.id).await
}

async fn change_separate(
    access: ControlAccess<ChangeTenants>,
    path: web::Path<Which>,
    form: Submitted<SettingsForm>,
) -> Result<HttpResponse> {
    change(&access, SEPARATE, path.id, form).await
}

async fn change_inner(
    access: ControlAccess<ChangeInner>,
    path: web::Path<Which>,
    form: Submitted<SettingsForm>,
) -> Result<HttpResponse> {
    change(&access, INNER, path.id, form).await
}

#[derive(Debug, Default, Deserialize, Validate)]
struct SettingsForm {
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
    second_factor: String,
    /// Another address is meant.
    #[serde(default)]
    moves: String,
    #[serde(default)]
    version: i32,
}

impl SettingsForm {
    fn of(tenant: &Tenant) -> Self {
        Self {
            name: tenant.name.clone(),
            slug: tenant.slug.clone(),
            colour: tenant.colour.clone(),
            locale: tenant.locale.clone(),
            time_zone: tenant.time_zone.clone(),
            second_factor: if tenant.second_factor { "on" } else { "" }.to_owned(),
            moves: String::new(),
            version: tenant.version,
        }
    }

    fn basics_form(&self) -> TenantForm {
        TenantForm {
            name: self.name.clone(),
            slug: self.slug.clone(),
            colour: self.colour.clone(),
            locale: self.locale.clone(),
            time_zone: self.time_zone.clone(),
            ..TenantForm::default()
        }
    }
}

/// The tenant in both its forms.
async fn both<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    id: i32,
) -> Result<(Listed, Tenant)> {
    let listed = place.find_or_main(access, id).await?;
    let tenant = access
        .run(move |conn| by_id(conn.pg(), TenantId(id)))
        .await?;
    Ok((listed, tenant))
}

/// The form's page, with what is wrong if it is shown again.
fn view<R: Right>(
    access: &ControlAccess<R>,
    place: Place,
    listed: &Listed,
    typed: &SettingsForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = place.frame(access, "tenants-settings", listed);
    let mut inputs = basic_inputs(&p, &typed.basics_form());
    for input in &mut inputs {
        if input.name == "slug" {
            *input = if listed.kind == "main" {
                Input::new(InputKind::Fixed, "slug", p.t("tenants-slug"))
                    .value(&typed.slug)
                    .help(p.t("tenant-main-slug"))
            } else {
                Input::line("slug", p.t("tenants-slug"), &typed.slug)
                    .help(p.t("settings-slug-help"))
                    .required()
                    .max(40)
            };
        }
    }
    if listed.kind != "main" {
        inputs.insert(
            2,
            Input::check("moves", p.t("settings-slug-sure"), typed.moves == "on"),
        );
    }
    let form = FormView::new(
        format!("{}/settings", place.page(access, listed.id)),
        p.t("save"),
    )
    .inputs(inputs)
    .input(
        Input::check(
            "second_factor",
            p.t("settings-second-factor"),
            typed.second_factor == "on",
        )
        .help(p.t("settings-second-factor-help")),
    )
    .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
    .cancel(place.page(access, listed.id));
    let intro = listed.trail.clone();
    match errors {
        None => p.render(|p| FormPage { intro, form, p }),
        Some(errors) => {
            let form = form.errors(&p.t, errors);
            p.render_again(|p| FormPage { intro, form, p })
        }
    }
}

async fn page<R: Right>(access: &ControlAccess<R>, place: Place, id: i32) -> Result<HttpResponse> {
    let (listed, tenant) = both(access, place, id).await?;
    view(access, place, &listed, &SettingsForm::of(&tenant), None)
}

async fn change<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    place: Place,
    id: i32,
    form: Submitted<SettingsForm>,
) -> Result<HttpResponse> {
    let (listed, tenant) = both(access, place, id).await?;
    let again =
        |typed: &SettingsForm, errors: &Errors| view(access, place, &listed, typed, Some(errors));
    let mut form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(&typed, &errors),
    };
    if tenant.kind == "main" {
        form.slug.clone_from(&tenant.slug);
    }
    if form.slug.trim().is_empty() {
        return again(&form, &error_at("slug", "slug-invalid", &[]));
    }
    if form.slug.trim() != tenant.slug && form.moves != "on" {
        return again(&form, &error_at("slug", "settings-slug-unsure", &[]));
    }
    let basics = match form.basics_form().basics(&access.app().sections) {
        Ok(basics) => basics,
        Err((field, error)) => return again(&form, &field_errors(field, error)?),
    };
    let order = ChangeSettings {
        actor: Actor::form(access.user().id),
        tenant: tenant.id(),
        version: form.version,
        second_factor: Some(form.second_factor == "on"),
        basics,
    };
    match access.provision(order).await {
        Ok(()) => {
            let to = place.page(access, id);
            Ok(see_other_saying(&to, "success", "said-saved", &[]))
        }
        Err(AppError::Conflict) => {
            // What he typed stays; saved once more it wins, now that he has been told what it replaces.
            let (_, now) = both(access, place, id).await?;
            form.version = now.version;
            let params = [
                ("name", now.name),
                ("slug", now.slug),
                ("colour", now.colour),
                ("zone", now.time_zone),
            ];
            again(&form, &error_at("", "settings-changed-meanwhile", &params))
        }
        Err(error) => again(&form, &field_errors("slug", error)?),
    }
}
