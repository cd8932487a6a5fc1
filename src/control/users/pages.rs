//! The pages of a tenant's users: who they are, adding one, changing his roles.

use super::admit::{self, Wanted};
use crate::access::rights::{self, ChangeUsers, ViewUsers};
use crate::access::{ControlAccess, Routes};
use crate::control::audit::Actor;
use crate::control::memberships;
use crate::control::tenants::queries::{self, Member};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/users", index);
    r.get("/t/{tenant}/users/new", new);
    r.post("/t/{tenant}/users", create);
    r.get("/t/{tenant}/users/{id}/roles", roles_page);
    r.post("/t/{tenant}/users/{id}/roles", set_roles);
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

async fn index(
    access: ControlAccess<ViewUsers>,
    query: web::Query<Search>,
) -> Result<HttpResponse> {
    let (tenant, search) = (access.tenant().id, query.q.clone());
    let found = access
        .run(move |conn| queries::members(conn.pg(), tenant, &search))
        .await?;
    let p = Frame::new(access.context(), "nav-users").section("users");
    let columns = [
        "users-name",
        "login-email",
        "users-roles",
        "users-home",
        "users-state",
        "users-last-login",
        "tenants-acts",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("nav-users"), columns);
    for member in &found {
        table.row(row(&p, member));
    }
    let new = (p.t("users-new"), p.url("/users/new"));
    let acts = if p.may("users.change") {
        vec![new.clone()]
    } else {
        Vec::new()
    };
    let empty = Empty {
        text: p.t("users-empty"),
        act: Some(new),
    };
    p.render(|p| TablePage {
        intro: String::new(),
        acts,
        table,
        empty,
        p,
    })
}

fn row(p: &Frame, member: &Member) -> Vec<Cell> {
    let state = if member.active {
        Cell::Badge("success", p.t("users-active"))
    } else {
        Cell::Badge("secondary", p.t("users-inactive"))
    };
    let roles: Vec<String> = member
        .roles
        .split(", ")
        .filter(|role| !role.is_empty())
        .map(|role| role_label(p, role))
        .collect();
    let last = member
        .last_login_at
        .map_or_else(|| p.t("users-never"), |at| p.t.moment(&at));
    let own = p.user.as_ref().is_some_and(|user| user.id.0 == member.id);
    let acts = if p.may("users.change") && !own {
        let url = |act: &str| p.url(&format!("/users/{}/{act}", member.id));
        vec![
            (p.t("users-change-roles"), url("roles")),
            (p.t("tokens-title"), url("tokens")),
        ]
    } else {
        Vec::new()
    };
    vec![
        Cell::Text(member.name.clone()),
        Cell::Text(member.email.clone()),
        Cell::Text(roles.join(", ")),
        Cell::Text(member.home.clone()),
        state,
        Cell::Text(last),
        Cell::Acts(acts),
    ]
}

fn role_label(p: &Frame, role: &str) -> String {
    match role {
        "administrator" => p.t("role-administrator"),
        "editor" => p.t("role-editor"),
        "viewer" => p.t("role-viewer"),
        other => other.to_owned(),
    }
}

/// What the forms send.
#[derive(Debug, Default, Deserialize, Validate)]
struct UserForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    roles: Vec<String>,
}

fn role_input(p: &Frame, chosen: &[String]) -> Input {
    let options = rights::ROLES
        .iter()
        .map(|role| ((*role).to_owned(), role_label(p, role), String::new()))
        .collect();
    let mut input = Input::new(InputKind::Checks(options), "roles", p.t("users-roles"));
    input.values = chosen.to_vec();
    input.required = true;
    input
}

fn new_form(p: &Frame, typed: &UserForm) -> FormView {
    FormView::new(p.url("/users"), p.t("users-add"))
        .input(
            Input::line("email", p.t("login-email"), &typed.email)
                .typed("email")
                .required()
                .max(254)
                .autocomplete("off"),
        )
        .input(
            Input::line("name", p.t("users-name"), &typed.name)
                .help(p.t("users-name-help"))
                .max(100)
                .autocomplete("off"),
        )
        .input(
            Input::line("password", p.t("users-password"), "")
                .typed("password")
                .help(p.t("users-password-help"))
                .autocomplete("new-password"),
        )
        .input(role_input(p, &typed.roles))
        .cancel(p.url("/users"))
}

async fn new(access: ControlAccess<ChangeUsers>) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "users-new").section("users");
    let form = new_form(
        &p,
        &UserForm {
            roles: vec!["viewer".into()],
            ..UserForm::default()
        },
    );
    p.render(|p| FormPage {
        intro: p.t.with("users-new-intro", "tenant", &p.trail()),
        form,
        p,
    })
}

/// A refusal that the form can show.
fn at_input(error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(admit::input_of(key), key, &params)),
        other => Err(other),
    }
}

async fn create(
    access: ControlAccess<ChangeUsers>,
    form: Submitted<UserForm>,
) -> Result<HttpResponse> {
    let again = |typed: UserForm, errors: Errors| {
        let p = Frame::new(access.context(), "users-new").section("users");
        let form = new_form(&p, &typed).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t.with("users-new-intro", "tenant", &p.trail()),
            form,
            p,
        })
    };
    let form = match form.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(typed, errors),
    };
    if let Err(error) = admit::may_grant(access.tenant(), &form.roles) {
        return again(form, at_input(error)?);
    }
    let (tenant, actor) = (access.tenant().id, Actor::form(access.user().id));
    let wanted = Wanted {
        email: form.email.clone(),
        name: form.name.clone(),
        password: form.password.clone(),
        language: access.user().language.clone(),
        roles: form.roles.clone(),
    };
    let made = access
        .run(move |conn| admit::admit(conn.pg(), actor, tenant, &wanted))
        .await;
    match made {
        Ok((_, email)) => Ok(see_other_saying(
            &format!("{}/users", access.tenant().base()),
            "success",
            "said-user-added",
            &[("email", email)],
        )),
        Err(error) => again(form, at_input(error)?),
    }
}

async fn member(access: &ControlAccess<ChangeUsers>, id: i32) -> Result<Member> {
    // Nobody changes his own rights.
    if access.user().id.0 == id {
        return Err(AppError::invalid("users-own-roles"));
    }
    let tenant = access.tenant().id;
    access
        .run(move |conn| queries::member(conn.pg(), tenant, UserId(id)))
        .await
}

fn roles_form(p: &Frame, member: &Member, chosen: &[String]) -> FormView {
    let mut input = role_input(p, chosen);
    input.required = false;
    input.help = p.t("users-roles-help");
    FormView::new(p.url(&format!("/users/{}/roles", member.id)), p.t("save"))
        .input(input)
        .cancel(p.url("/users"))
}

async fn roles_page(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let member = member(&access, path.id).await?;
    let p = Frame::new(access.context(), "users-change-roles").section("users");
    let chosen: Vec<String> = member.roles.split(", ").map(str::to_owned).collect();
    let form = roles_form(&p, &member, &chosen);
    p.render(|p| FormPage {
        intro: format!("{} · {}", member.name, p.trail()),
        form,
        p,
    })
}

async fn set_roles(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    form: Submitted<UserForm>,
) -> Result<HttpResponse> {
    let member = member(&access, path.id).await?;
    let typed = form
        .validated()
        .map_err(|_| AppError::invalid("form-unreadable"))?
        .into_inner();
    let again = |errors: Errors| {
        let p = Frame::new(access.context(), "users-change-roles").section("users");
        let form = roles_form(&p, &member, &typed.roles).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: format!("{} · {}", member.name, p.trail()),
            form,
            p,
        })
    };
    if !typed.roles.is_empty()
        && let Err(error) = admit::may_grant(access.tenant(), &typed.roles)
    {
        return again(at_input(error)?);
    }
    let (tenant, actor, user, roles) = (
        access.tenant().id,
        Actor::form(access.user().id),
        UserId(member.id),
        typed.roles.clone(),
    );
    match access
        .run(move |conn| memberships::set(conn.pg(), actor, user, tenant, &roles))
        .await
    {
        Ok(()) => Ok(see_other_saying(
            &format!("{}/users", access.tenant().base()),
            "success",
            "said-saved",
            &[],
        )),
        Err(error) => again(at_input(error)?),
    }
}
