//! Packages of rights.

use super::super::packages::{self, Package};
use super::{Which, frame, in_words, rights_input};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeCeilings, ViewCeilings};
use crate::control::audit::Actor;
use crate::db::constraint::{Blame, blame};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, NoFields, Submitted, error_at};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use std::collections::BTreeSet;
use validator::Validate;

const BLAME: &[Blame] = &[("right_packages_name_key", "name", "packages-name-taken")];

pub(super) async fn index(access: ControlAccess<ViewCeilings>) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let all = access
        .run(move |conn| packages::all(conn.pg(), tenant))
        .await?;
    let p = frame(access.context(), "packages-title");
    let columns = ["roles-name", "ceilings-rights"];
    let mut table = Table::new(p.t("packages-title"), columns.map(|key| p.t(key)));
    let change = p.may("ceilings.change");
    for package in &all {
        let name = package.name.clone();
        let name = if change {
            Cell::Link {
                href: p.url(&format!("/ceilings/packages/{}", package.id)),
                text: name,
            }
        } else {
            Cell::Text(name)
        };
        let rights = in_words(&p, &Some(package.ceiling()));
        table.row(vec![name, Cell::Text(rights)]);
    }
    let new = change.then(|| (p.t("packages-new"), p.url("/ceilings/packages/new")));
    let empty = Empty {
        text: p.t("packages-none"),
        act: new.clone(),
    };
    p.render(|p| TablePage {
        intro: p.t("packages-intro"),
        acts: new.into_iter().collect(),
        table,
        empty,
        p,
    })
}

/// What the form sends.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct PackageForm {
    name: String,
    rights: Vec<String>,
    version: i32,
}

fn form(p: &Frame, action: String, typed: &PackageForm) -> FormView {
    FormView::new(action, p.t("save"))
        .input(
            Input::line("name", p.t("roles-name"), &typed.name)
                .required()
                .max(100),
        )
        .input(rights_input(p, &typed.rights, false, &None, |_| false))
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
        .cancel(p.url("/ceilings/packages"))
}

fn packages_frame(access: &ControlAccess<ChangeCeilings>, title: &str) -> Frame {
    let p = frame(access.context(), title);
    let (label, url) = (p.t("packages-title"), p.url("/ceilings/packages"));
    p.crumb(label, url)
}

fn new_page(
    access: &ControlAccess<ChangeCeilings>,
    typed: &PackageForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = packages_frame(access, "packages-new");
    let form = form(&p, p.url("/ceilings/packages"), typed);
    let intro = p.t("packages-intro");
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn new(access: ControlAccess<ChangeCeilings>) -> Result<HttpResponse> {
    new_page(&access, &PackageForm::default(), None)
}

/// Saves, or says at which input it cannot be.
async fn save(
    access: &ControlAccess<ChangeCeilings>,
    which: Option<(i32, i32)>,
    typed: &PackageForm,
) -> Result<Result<(), Errors>> {
    let (tenant, actor) = (access.tenant().id, Actor::form(access.user().id));
    let (name, rights): (_, BTreeSet<String>) =
        (typed.name.clone(), typed.rights.iter().cloned().collect());
    let outcome = access
        .run(move |conn| packages::save(conn.pg(), actor, tenant, which, &name, &rights))
        .await;
    match blame(outcome, BLAME) {
        Ok(Ok(_)) => Ok(Ok(())),
        Ok(Err((field, key))) => Ok(Err(error_at(field, key, &[]))),
        Err(AppError::Conflict) => Ok(Err(error_at("", "roles-changed-meanwhile", &[]))),
        Err(AppError::Invalid { key, params }) => Ok(Err(error_at("name", key, &params))),
        Err(other) => Err(other),
    }
}

fn saved(access: &ControlAccess<ChangeCeilings>) -> HttpResponse {
    let url = format!("{}/ceilings/packages", access.tenant().base());
    see_other_saying(&url, "success", "said-saved", &[])
}

pub(super) async fn create(
    access: ControlAccess<ChangeCeilings>,
    sent: Submitted<PackageForm>,
) -> Result<HttpResponse> {
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return new_page(&access, &typed, Some(&errors)),
    };
    match save(&access, None, &typed).await? {
        Ok(()) => Ok(saved(&access)),
        Err(errors) => new_page(&access, &typed, Some(&errors)),
    }
}

/// The package's form, and below it the one that deletes it.
#[derive(Template)]
#[template(path = "control/ceilings/package.html")]
struct Edit {
    p: Frame,
    form: FormView,
    delete: FormView,
}

fn edit_page(
    access: &ControlAccess<ChangeCeilings>,
    package: &Package,
    typed: &PackageForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = packages_frame(access, "packages-title").titled(&package.name);
    let here = p.url(&format!("/ceilings/packages/{}", package.id));
    let form = form(&p, here.clone(), typed);
    let page = Edit {
        delete: FormView::new(format!("{here}/delete"), p.t("packages-delete")).danger(),
        form: match errors {
            Some(errors) => form.errors(&p.t, errors),
            None => form,
        },
        p,
    };
    let p = page.p.clone();
    match errors {
        Some(_) => p.render_again(|_| page),
        None => p.render(|_| page),
    }
}

async fn find(access: &ControlAccess<ChangeCeilings>, id: i32) -> Result<Package> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| packages::one(conn.pg(), tenant, id))
        .await
}

pub(super) async fn edit(
    access: ControlAccess<ChangeCeilings>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let package = find(&access, path.id).await?;
    let typed = PackageForm {
        name: package.name.clone(),
        rights: package.rights.clone(),
        version: package.version,
    };
    edit_page(&access, &package, &typed, None)
}

pub(super) async fn change(
    access: ControlAccess<ChangeCeilings>,
    path: web::Path<Which>,
    sent: Submitted<PackageForm>,
) -> Result<HttpResponse> {
    let package = find(&access, path.id).await?;
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => {
            return edit_page(&access, &package, &typed, Some(&errors));
        }
    };
    match save(&access, Some((package.id, typed.version)), &typed).await? {
        Ok(()) => Ok(saved(&access)),
        Err(errors) => {
            // Sent once more it replaces what somebody else saved.
            let typed = PackageForm {
                version: package.version,
                ..typed
            };
            edit_page(&access, &package, &typed, Some(&errors))
        }
    }
}

pub(super) async fn delete(
    access: ControlAccess<ChangeCeilings>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (tenant, actor) = (access.tenant().id, Actor::form(access.user().id));
    let id = path.id;
    access
        .run(move |conn| packages::delete(conn.pg(), actor, tenant, id))
        .await?;
    let url = format!("{}/ceilings/packages", access.tenant().base());
    Ok(see_other_saying(
        &url,
        "success",
        "said-package-deleted",
        &[],
    ))
}
