//! Looking after a user: name, address, password, state, sessions.

use super::super::acts::Care;
use super::super::query::Person;
use super::super::several::looked_after;
use super::super::{check_name, normalise_email};
use super::{Which, frame};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeUsers, Right};
use crate::control::audit::Actor;
use crate::control::memberships::Granter;
use crate::control::{passwords, policy};
use crate::db::constraint::{Blame, blame};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::flash::Undo;
use crate::web::form::{Errors, Faulty, NoFields, Submitted, error_at};
use crate::web::page::see_other_undoable;
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

const BLAME: &[Blame] = &[("users_email_key", "email", "users-email-taken")];

pub(super) fn care<R: Right>(access: &ControlAccess<R>, id: i32) -> Care {
    Care {
        actor: Actor::form(access.user().id),
        tenant: access.tenant().id,
        user: UserId(id),
    }
}

async fn person<R: Right>(access: &ControlAccess<R>, id: i32) -> Result<Person> {
    let granter = Granter::of(access).await?;
    access
        .run(move |conn| looked_after(conn.pg(), &granter, UserId(id)))
        .await
}

/// As `person`, for what nobody does to himself.
pub(super) async fn other<R: Right>(access: &ControlAccess<R>, id: i32) -> Result<Person> {
    if access.user().id.0 == id {
        return Err(AppError::invalid("users-own-account"));
    }
    person(access, id).await
}

pub(super) fn done(
    access: &ControlAccess<ChangeUsers>,
    id: i32,
    key: &'static str,
) -> HttpResponse {
    let url = format!("{}/users/{id}", access.tenant().base());
    see_other_saying(&url, "success", key, &[])
}

/// What the form of name and address sends.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
pub(super) struct EditForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    version: i32,
}

fn edit_form(p: &Frame, id: i32, typed: &EditForm) -> FormView {
    let here = p.url(&format!("/users/{id}"));
    FormView::new(format!("{here}/edit"), p.t("save"))
        .input(
            Input::line("name", p.t("users-name"), &typed.name)
                .required()
                .max(100)
                .autocomplete("off"),
        )
        .input(
            Input::line("email", p.t("login-email"), &typed.email)
                .typed("email")
                .required()
                .max(254)
                .autocomplete("off")
                .help(p.t("users-email-help")),
        )
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
        .cancel(here)
}

pub(super) async fn edit(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let person = person(&access, path.id).await?;
    let p = frame(access.context(), "users-edit");
    let typed = EditForm {
        name: person.name.clone(),
        email: person.email,
        version: person.version,
    };
    let form = edit_form(&p, person.id, &typed);
    p.render(|p| FormPage {
        intro: person.name,
        form,
        p,
    })
}

pub(super) async fn change(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    form: Submitted<EditForm>,
) -> Result<HttpResponse> {
    let now = person(&access, path.id).await?;
    let again = |typed: &EditForm, errors: &Errors| {
        let p = frame(access.context(), "users-edit");
        let form = edit_form(&p, now.id, typed).errors(&p.t, errors);
        p.render_again(|p| FormPage {
            intro: now.name.clone(),
            form,
            p,
        })
    };
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(&typed, &errors),
    };
    let (care, typed) = (care(&access, now.id), form.clone());
    let outcome = access
        .run(move |conn| {
            let (name, email) = (check_name(&typed.name)?, normalise_email(&typed.email)?);
            care.change(conn.pg(), typed.version, &name, &email)
        })
        .await;
    match blame(outcome, BLAME) {
        Ok(Ok(())) => Ok(done(&access, now.id, "said-saved")),
        Ok(Err((field, key))) => again(&form, &error_at(field, key, &[])),
        // What was typed stays; sent again it replaces what the other one saved.
        Err(AppError::Conflict) => {
            let params = [("name", now.name.clone()), ("email", now.email.clone())];
            let errors = error_at("", "users-changed-meanwhile", &params);
            let typed = EditForm {
                version: now.version,
                ..form
            };
            again(&typed, &errors)
        }
        Err(AppError::Invalid { key, params }) => {
            let field = match key {
                "email-invalid" => "email",
                "user-name-length" => "name",
                _ => "",
            };
            again(&form, &error_at(field, key, &params))
        }
        Err(other) => Err(other),
    }
}

/// What the form of the password sends.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct PasswordForm {
    #[serde(default)]
    password: SecretString,
}

fn password_page(
    access: &ControlAccess<ChangeUsers>,
    person: &Person,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = frame(access.context(), "users-set-password");
    let here = p.url(&format!("/users/{}", person.id));
    let form = FormView::new(format!("{here}/password"), p.t("users-set-password"))
        .input(
            Input::line("password", p.t("profile-new-password"), "")
                .typed("password")
                .required()
                .autocomplete("new-password")
                .help(p.t("users-set-password-help")),
        )
        .cancel(here);
    let intro = person.name.clone();
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn password(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    password_page(&access, &person, None)
}

pub(super) async fn set_password(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    form: Submitted<PasswordForm>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let typed = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { errors, .. }) => return password_page(&access, &person, Some(&errors)),
    };
    let (care, post) = (care(&access, person.id), access.app().post());
    let person_of = person.clone();
    let outcome = access
        .run(move |conn| {
            let rules = policy::of_user(conn.pg(), UserId(person_of.id))?;
            rules.check(&typed.password, &[&person_of.email, &person_of.name])?;
            let hash = passwords::hash(&typed.password)?;
            care.set_password(conn.pg(), &post, &hash)
        })
        .await;
    match outcome {
        Ok(()) => Ok(done(&access, person.id, "said-password-set")),
        Err(AppError::Invalid { key, params }) => {
            password_page(&access, &person, Some(&error_at("password", key, &params)))
        }
        Err(other) => Err(other),
    }
}

fn state_page(
    access: &ControlAccess<ChangeUsers>,
    person: &Person,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let (title, help) = if person.active {
        ("users-deactivate", "users-deactivate-help")
    } else {
        ("users-activate", "users-activate-help")
    };
    let p = frame(access.context(), title);
    let here = p.url(&format!("/users/{}", person.id));
    let wanted = if person.active { "inactive" } else { "active" };
    let mut form = FormView::new(format!("{here}/state"), p.t(title))
        .input(Input::new(InputKind::Hidden, "state", "").value(wanted))
        .cancel(here);
    form.danger = person.active;
    let intro = p.t.with(help, "name", &person.name);
    FormPage::answer(p, intro, form, errors)
}

/// What the form of the state sends: what it shall be, so that two who press at once do not undo each other.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct StateForm {
    #[serde(default)]
    state: String,
}

pub(super) async fn state(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    state_page(&access, &person, None)
}

pub(super) async fn set_state(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    form: Submitted<StateForm>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let wanted = match form.validated() {
        Ok(form) => form.into_inner().state,
        Err(Faulty { errors, .. }) => return state_page(&access, &person, Some(&errors)),
    };
    let active = match wanted.as_str() {
        "active" => true,
        "inactive" => false,
        _ => return Err(AppError::invalid("form-unreadable")),
    };
    let care = care(&access, person.id);
    match access
        .run(move |conn| care.set_active(conn.pg(), active))
        .await
    {
        Ok(()) => {
            let url = format!("{}/users/{}", access.tenant().base(), person.id);
            let (said, back) = match active {
                true => ("said-user-activated", "inactive"),
                false => ("said-user-deactivated", "active"),
            };
            let undo = Undo::new(access.context(), format!("{url}/state"), &[("state", back)]);
            let name = [("name", person.name.clone())];
            Ok(see_other_undoable(&url, said, &name, undo))
        }
        Err(AppError::Invalid { key, params }) => {
            state_page(&access, &person, Some(&error_at("", key, &params)))
        }
        Err(other) => Err(other),
    }
}

/// Asks before the second factor goes.
pub(super) async fn second_factor(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let p = frame(access.context(), "users-second-factor-reset");
    let here = p.url(&format!("/users/{}", person.id));
    let form = FormView::new(
        format!("{here}/second-factor"),
        p.t("users-second-factor-reset"),
    )
    .danger()
    .cancel(here);
    let intro = p.t.with("users-second-factor-help", "name", &person.name);
    p.render(|p| FormPage { p, intro, form })
}

pub(super) async fn reset_second_factor(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let (care, post) = (care(&access, person.id), access.app().post());
    access
        .run(move |conn| care.reset_second_factor(conn.pg(), &post))
        .await?;
    Ok(done(&access, person.id, "said-second-factor-reset"))
}

pub(super) async fn end_sessions(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let care = care(&access, person.id);
    access.run(move |conn| care.end_sessions(conn.pg())).await?;
    Ok(done(&access, person.id, "said-sessions-ended"))
}
