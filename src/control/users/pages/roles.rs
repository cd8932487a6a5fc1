//! The roles of a user here; without any he has no place here.

use super::super::admit;
use super::super::query::{self, Person};
use super::add::at_input;
use super::{Which, frame, role_label};
use crate::access::ControlAccess;
use crate::access::rights::{self, ChangeUsers};
use crate::control::audit::Actor;
use crate::control::memberships;
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::flash::Undo;
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::page::see_other_undoable;
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use validator::Validate;

/// What the form sends: the roles that shall be, and those that were when it was opened.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
pub(super) struct RolesForm {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    seen: String,
}

pub(super) fn input(p: &Frame, chosen: &[String]) -> Input {
    let options = rights::ROLES
        .iter()
        .map(|role| ((*role).to_owned(), role_label(p, role), String::new()))
        .collect();
    let mut input = Input::new(InputKind::Checks(options), "roles", p.t("users-roles"));
    input.values = chosen.to_vec();
    input
}

async fn member(access: &ControlAccess<ChangeUsers>, id: i32) -> Result<Person> {
    // Nobody changes his own rights.
    if access.user().id.0 == id {
        return Err(AppError::invalid("users-own-roles"));
    }
    let tenant = access.tenant().id;
    let person = access
        .run(move |conn| query::one(conn.pg(), tenant, UserId(id)))
        .await?;
    if person.member {
        Ok(person)
    } else {
        Err(AppError::NotFound)
    }
}

fn form(p: &Frame, member: &Person, chosen: &[String]) -> FormView {
    let here = p.url(&format!("/users/{}", member.id));
    FormView::new(format!("{here}/roles"), p.t("save"))
        .input(input(p, chosen).help(p.t("users-roles-help")))
        .input(Input::new(InputKind::Hidden, "seen", "").value(member.roles.join(" ")))
        .cancel(here)
}

pub(super) async fn page(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let member = member(&access, path.id).await?;
    let p = frame(access.context(), "users-change-roles");
    let form = form(&p, &member, &member.roles);
    p.render(|p| FormPage {
        intro: format!("{} · {}", member.name, p.trail()),
        form,
        p,
    })
}

pub(super) async fn set(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    sent: Submitted<RolesForm>,
) -> Result<HttpResponse> {
    let member = member(&access, path.id).await?;
    let again = |typed: &RolesForm, errors: &Errors| {
        let p = frame(access.context(), "users-change-roles");
        let form = form(&p, &member, &typed.roles).errors(&p.t, errors);
        p.render_again(|p| FormPage {
            intro: format!("{} · {}", member.name, p.trail()),
            form,
            p,
        })
    };
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(&typed, &errors),
    };
    // Grant, and take away, only what you hold.
    if let Err(error) = admit::may_change(access.tenant(), &member.roles, &typed.roles) {
        return again(&typed, &at_input(error)?);
    }
    let (tenant, actor, user) = (
        access.tenant().id,
        Actor::form(access.user().id),
        UserId(member.id),
    );
    let wanted = typed.clone();
    let outcome = access
        .run(move |conn| {
            let seen: Vec<String> = wanted.seen.split_whitespace().map(str::to_owned).collect();
            memberships::set(conn.pg(), actor, user, tenant, &wanted.roles, Some(&seen))
        })
        .await;
    match outcome {
        Ok(()) => Ok(said(&access, &member, &typed.roles)),
        Err(AppError::Conflict) => again(&typed, &error_at("", "users-roles-meanwhile", &[])),
        Err(AppError::Invalid { key, params }) => again(&typed, &error_at("roles", key, &params)),
        Err(other) => Err(other),
    }
}

/// What was done. Taken back it can be while he has a place here: without one he is to be added anew.
fn said(access: &ControlAccess<ChangeUsers>, member: &Person, now: &[String]) -> HttpResponse {
    let url = format!("{}/users", access.tenant().base());
    let name = [("name", member.name.clone())];
    if now.is_empty() {
        return see_other_saying(&url, "success", "said-user-removed", &name);
    }
    let seen = now.join(" ");
    let mut fields: Vec<(&str, &str)> = vec![("seen", &seen)];
    fields.extend(member.roles.iter().map(|role| ("roles", role.as_str())));
    let undo = Undo::new(
        access.context(),
        format!("{url}/{}/roles", member.id),
        &fields,
    );
    see_other_undoable(&url, "said-roles-changed", &name, undo)
}
