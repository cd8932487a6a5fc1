//! The pages of fields: form, deletion.

use super::form::{FieldForm, fault, view};
use super::orders::{AddField, ChangeField, DropField};
use super::rights::page::said_for;
use super::seen::Mode;
use super::usage::{self, Use};
use super::{Field, by_id, catalog, every};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeFields, CreateFields, DropFields, Right};
use crate::control::audit::Actor;
use crate::db::ids::FieldId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::i18n::Texts;
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// The field that the URL names.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    pub(super) id: FieldId,
}

/// A deletion's form: only the version that was seen.
#[derive(Debug, Deserialize, Validate)]
pub(super) struct Seen {
    version: i32,
}

pub(super) fn frame<R: Right>(access: &ControlAccess<R>, title: &str) -> Frame {
    let p = Frame::new(access.context(), title).section("fields");
    let (label, url) = (p.t("fields-title"), p.url("/fields"));
    p.crumb(label, url)
}

/// What a mode is called.
pub(super) fn mode_text(p: &Frame, mode: Mode) -> String {
    p.t(&format!("fields-mode-{}", mode.key()))
}

fn new_form(p: &Frame, typed: &FieldForm, errors: &Errors) -> FormView {
    view(&p.t, p.url("/fields/new"), None, typed, errors).cancel(p.url("/fields"))
}

pub(super) async fn new(access: ControlAccess<CreateFields>) -> Result<HttpResponse> {
    let p = frame(&access, "fields-new");
    let form = new_form(&p, &FieldForm::empty(), &Errors::new());
    let intro = String::new();
    p.render(|p| FormPage { p, intro, form })
}

pub(super) async fn create(
    access: ControlAccess<CreateFields>,
    form: Submitted<FieldForm>,
) -> Result<HttpResponse> {
    let faulty = match form.validated() {
        Err(faulty) => faulty,
        Ok(form) => {
            let form = form.into_inner();
            match add(&access, &form).await {
                Ok(label) => return Ok(said(&access, "said-field-created", label)),
                Err(error) => fault(form, error)?,
            }
        }
    };
    let p = frame(&access, "fields-new");
    let form = new_form(&p, &faulty.typed, &faulty.errors);
    let intro = String::new();
    p.render_again(|p| FormPage { p, intro, form })
}

async fn add(access: &ControlAccess<CreateFields>, form: &FieldForm) -> Result<String> {
    let field = form.definition()?;
    let label = field.input().key.clone();
    let order = AddField {
        actor: Actor::form(access.user().id),
        tenant: access.tenant().id,
        field,
    };
    access.provision(order).await?;
    Ok(label)
}

pub(super) fn said<R: Right>(
    access: &ControlAccess<R>,
    key: &'static str,
    name: String,
) -> HttpResponse {
    let url = format!("{}/fields", access.tenant().base());
    see_other_saying(&url, "success", key, &[("name", name)])
}

pub(super) async fn one(access: &ControlAccess<ChangeFields>, id: FieldId) -> Result<Field> {
    access.look(move |conn| by_id(conn.pg(), id)).await
}

#[derive(askama::Template)]
#[template(path = "tenant/fields/edit.html")]
struct EditPage {
    p: Frame,
    intro: String,
    form: FormView,
    acts: Vec<(String, String)>,
    /// Roles that the field says something for, and what.
    rights: Vec<(String, String)>,
    rights_url: String,
}

fn edit_page(p: &Frame, field: &Field, typed: &FieldForm, errors: &Errors) -> (FormView, String) {
    let action = p.url(&format!("/fields/{}/edit", field.id));
    let form = view(&p.t, action, Some(field), typed, errors).cancel(p.url("/fields"));
    let intro = match field.problem() {
        Some(AppError::Invalid { key, params }) => p.t.with_all(key, &params),
        _ => String::new(),
    };
    (form, intro)
}

fn delete_act(p: &Frame, field: &Field) -> Vec<(String, String)> {
    if field.is_standard() || !p.may("fields.drop") {
        return Vec::new();
    }
    vec![(
        p.t("delete"),
        p.url(&format!("/fields/{}/delete", field.id)),
    )]
}

pub(super) async fn edit(
    access: ControlAccess<ChangeFields>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let field = one(&access, which.id).await?;
    let p = frame(&access, "fields-edit");
    let label = field.label(p.t.language()).to_owned();
    let p = p.titled(label);
    let (form, intro) = edit_page(&p, &field, &FieldForm::of(&field)?, &Errors::new());
    let acts = delete_act(&p, &field);
    let rights = said_for(&access, &p, field.id).await?;
    p.render(|p| EditPage {
        rights_url: p.url(&format!("/fields/{}/rights", field.id)),
        rights,
        p,
        intro,
        form,
        acts,
    })
}

pub(super) async fn change(
    access: ControlAccess<ChangeFields>,
    which: web::Path<Which>,
    form: Submitted<FieldForm>,
) -> Result<HttpResponse> {
    let field = one(&access, which.id).await?;
    let mut faulty = match form.validated() {
        Err(faulty) => faulty,
        Ok(form) => {
            let mut form = form.into_inner();
            form.keep(&field)?;
            match save(&access, field.id, &form).await {
                Ok(label) => return Ok(said(&access, "said-field-changed", label)),
                Err(AppError::Conflict) => {
                    let now = one(&access, field.id).await?;
                    let t = frame(&access, "fields-edit").t;
                    changed_meanwhile(&t, form, &now)?
                }
                Err(error) => fault(form, error)?,
            }
        }
    };
    faulty.typed.keep(&field)?;
    let p = frame(&access, "fields-edit");
    let (form, intro) = edit_page(&p, &field, &faulty.typed, &faulty.errors);
    let acts = delete_act(&p, &field);
    let rights = said_for(&access, &p, field.id).await?;
    p.render_again(|p| EditPage {
        rights_url: p.url(&format!("/fields/{}/rights", field.id)),
        rights,
        p,
        intro,
        form,
        acts,
    })
}

/// What was typed stays, beside what is there now; sending it again replaces what the other one saved.
fn changed_meanwhile(t: &Texts, mut typed: FieldForm, now: &Field) -> Result<Faulty<FieldForm>> {
    typed.version = now.version;
    let mut errors = error_at("", "fields-changed-meanwhile", &[]);
    errors.extend(typed.differences(t, &FieldForm::of(now)?));
    Ok(Faulty { typed, errors })
}

async fn save(
    access: &ControlAccess<ChangeFields>,
    id: FieldId,
    form: &FieldForm,
) -> Result<String> {
    let change = form.definition()?;
    let label = change.input().key.clone();
    let order = ChangeField {
        actor: Actor::form(access.user().id),
        tenant: access.tenant().id,
        id,
        version: form.version,
        change,
    };
    access.provision(order).await?;
    Ok(label)
}

async fn used(access: &ControlAccess<DropFields>, id: FieldId) -> Result<(Field, Vec<Use>)> {
    let tenant = access.tenant().id;
    let inner = access
        .run(move |conn| usage::inner_of(conn.pg(), tenant))
        .await?;
    access
        .look(move |conn| {
            let field = by_id(conn.pg(), id)?;
            let catalog = catalog(&every(conn.pg())?)?;
            let mut uses = usage::in_fences(&inner, &catalog, id);
            uses.extend(usage::in_imports(conn.pg(), &field)?);
            Ok((field, uses))
        })
        .await
}

pub(super) async fn confirm_delete(
    access: ControlAccess<DropFields>,
    which: web::Path<Which>,
) -> Result<HttpResponse> {
    let (field, uses) = used(&access, which.id).await?;
    if field.is_standard() {
        return Err(AppError::invalid("field-standard-stays"));
    }
    let p = frame(&access, "fields-delete");
    let name = field.label(p.t.language()).to_owned();
    if !uses.is_empty() {
        return show_uses(p, &name, &uses);
    }
    let version = Input::new(InputKind::Hidden, "version", "").value(field.version.to_string());
    let form = FormView::new(
        p.url(&format!("/fields/{}/delete", field.id)),
        p.t("fields-delete"),
    )
    .input(version)
    .danger()
    .cancel(p.url(&format!("/fields/{}/edit", field.id)));
    let intro = p.t.with("fields-delete-intro", "name", &name);
    p.render(|p| FormPage { p, intro, form })
}

/// Says where the field is used, instead of deleting it.
fn show_uses(p: Frame, name: &str, uses: &[Use]) -> Result<HttpResponse> {
    let mut table = Table::new(
        p.t("fields-used-in"),
        [p.t("fields-used-in"), p.t("fields-used-by")],
    );
    for one in uses {
        let kind = match one.kind {
            "inner" => "fields-used-inner",
            "profile" => "fields-used-profile",
            _ => "fields-used-import",
        };
        table.row(vec![Cell::Text(p.t(kind)), Cell::Text(one.name.clone())]);
    }
    let intro = p.t.with("fields-in-use", "name", name);
    p.render(|p| TablePage {
        p,
        intro,
        acts: Vec::new(),
        table,
        empty: Empty {
            text: String::new(),
            act: None,
        },
    })
}

pub(super) async fn delete(
    access: ControlAccess<DropFields>,
    which: web::Path<Which>,
    form: Submitted<Seen>,
) -> Result<HttpResponse> {
    let (field, uses) = used(&access, which.id).await?;
    let seen = match form.validated() {
        Ok(seen) if uses.is_empty() => seen.version,
        _ => return confirm_delete(access, which).await,
    };
    let order = DropField {
        actor: Actor::form(access.user().id),
        tenant: access.tenant().id,
        id: field.id,
        version: seen,
    };
    access.provision(order).await?;
    Ok(said(&access, "said-field-deleted", field.key))
}
