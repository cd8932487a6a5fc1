//! The list of users.

use super::super::query::{self, Person, ROWS, Wanted};
use super::{home_text, role_labels};
use crate::access::ControlAccess;
use crate::access::rights::{self, ViewUsers};
use crate::control::roles;
use crate::db::ids::UserId;
use crate::error::Result;
use crate::web::{Cell, Empty, Frame, Table, csv};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// The list's state, which its URL carries.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct State {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    role: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    right: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    below: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<i32>,
}

impl State {
    fn wanted(&self) -> Wanted {
        Wanted {
            search: self.q.clone(),
            state: self.state.clone(),
            role: self.role.clone(),
            right: self.right.clone(),
            below: !self.below.is_empty(),
        }
    }

    fn narrows(&self) -> bool {
        let all = [self.q.trim(), &self.state, &self.role, &self.right];
        all.iter().any(|part| !part.is_empty())
    }

    fn url(&self, p: &Frame, page: &str, after: Option<i32>) -> String {
        let state = Self {
            after,
            ..self.clone()
        };
        let query = serde_html_form::to_string(&state).unwrap_or_default();
        p.url(&format!("{page}?{query}"))
    }
}

#[derive(Template)]
#[template(path = "control/users/index.html")]
struct Index {
    p: Frame,
    acts: Vec<(String, String)>,
    state: State,
    roles: Vec<(String, String)>,
    rights: Vec<(String, String)>,
    count: String,
    /// Whether users may have their home below this tenant.
    has_below: bool,
    table: Table,
    empty: Empty,
}

pub(super) async fn index(
    access: ControlAccess<ViewUsers>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let state = state.into_inner();
    let (tenant, wanted, after) = (access.tenant().id, state.wanted(), state.after.map(UserId));
    let (mut people, count, usable) = access
        .run(move |conn| {
            Ok((
                query::page(conn.pg(), tenant, &wanted, after, ROWS + 1)?,
                query::count(conn.pg(), tenant, &wanted)?,
                roles::usable(conn.pg(), tenant)?,
            ))
        })
        .await?;
    let p = Frame::new(access.context(), "nav-users").section("users");
    let more = people.len() > ROWS;
    people.truncate(ROWS);
    let mut table = table(&p, &people);
    if state.after.is_some() {
        table.first = state.url(&p, "/users", None);
    }
    if let Some(last) = people.last().filter(|_| more) {
        table.next = state.url(&p, "/users", Some(last.id));
    }
    let new = (p.t("users-new"), p.url("/users/new"));
    let empty = if state.narrows() {
        let clear = (p.t("users-clear"), p.url("/users"));
        Empty {
            text: p.t("users-no-match"),
            act: Some(clear),
        }
    } else {
        Empty {
            text: p.t("users-empty"),
            act: p.may("users.change").then(|| new.clone()),
        }
    };
    let option = |role: &roles::Role| (role.key.clone(), roles::words::label_of(&p, role));
    let roles: Vec<_> = usable.iter().map(option).collect();
    let export = (p.t("export-csv"), state.url(&p, "/users/export", None));
    let acts = p.may("users.change").then_some(new).into_iter();
    p.render(|p| Index {
        acts: acts.chain([export]).collect(),
        roles,
        rights: rights::ALL
            .iter()
            .map(|right| (right.key.to_owned(), right.label(p.t.language()).to_owned()))
            .collect(),
        count: p.t.count("users-count", &count),
        has_below: !access.tenant().is_inner(),
        table,
        empty,
        state,
        p,
    })
}

fn headings(p: &Frame) -> [String; 6] {
    [
        "users-name",
        "login-email",
        "users-roles",
        "users-home",
        "users-state",
        "users-last-login",
    ]
    .map(|key| p.t(key))
}

fn table(p: &Frame, people: &[Person]) -> Table {
    let mut table = Table::new(p.t("nav-users"), headings(p));
    for person in people {
        table.row(row(p, person));
    }
    table
}

fn row(p: &Frame, person: &Person) -> Vec<Cell> {
    let name = Cell::Link {
        href: p.url(&format!("/users/{}", person.id)),
        text: person.name.clone(),
    };
    let last = person
        .last_login_at
        .map_or_else(|| p.t("users-never"), |at| p.t.moment(&at));
    vec![
        name,
        Cell::Text(person.email.clone()),
        Cell::Text(role_labels(p, &person.roles, &person.role_names)),
        Cell::Text(home_text(p, &person.home)),
        state(p, person),
        Cell::Moment(last),
    ]
}

fn state(p: &Frame, person: &Person) -> Cell {
    if person.active && !person.has_password {
        Cell::Badge("warning", p.t("users-invited"))
    } else if person.active {
        Cell::Badge("success", p.t("users-active"))
    } else {
        Cell::Badge("secondary", p.t("users-inactive"))
    }
}

/// Users read at a time for a file.
const PART: usize = 1_000;

/// GET `…/users/export`: those that match, all pages of them.
pub(super) async fn export(
    access: ControlAccess<ViewUsers>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let wanted = state.wanted();
    let p = Frame::new(access.context(), "nav-users");
    let name = csv::file_name(&access.tenant().path, "users");
    let headings = headings(&p).to_vec();
    let access = Rc::new(access);
    let start = Some(None);
    Ok(csv::download(&name, headings, start, move |from| {
        let (access, wanted, p) = (Rc::clone(&access), wanted.clone(), p.clone());
        async move {
            let Some(after) = from else {
                return Ok(None);
            };
            let tenant = access.tenant().id;
            let people = access
                .run(move |conn| query::page(conn.pg(), tenant, &wanted, after, PART))
                .await?;
            let rest = (people.len() == PART).then(|| people.last().map(|one| UserId(one.id)));
            Ok(Some((
                people.iter().map(|one| line(&p, one)).collect(),
                rest,
            )))
        }
    }))
}

fn line(p: &Frame, person: &Person) -> Vec<String> {
    let state = match person.active {
        true => "users-active",
        false => "users-inactive",
    };
    let last = person.last_login_at.as_ref();
    vec![
        person.name.clone(),
        person.email.clone(),
        role_labels(p, &person.roles, &person.role_names),
        home_text(p, &person.home),
        p.t(state),
        last.map(|at| p.t.sortable(at)).unwrap_or_default(),
    ]
}
