//! The list of users.

use super::super::query::{self, Person, ROWS, Wanted, Where};
use super::{bulk, home_text, role_labels};
use crate::access::ControlAccess;
use crate::access::rights::{self, ViewUsers};
use crate::control::roles;
use crate::control::tenants::queries::{self as tenants, Below};
use crate::db::ids::{TenantId, UserId};
use crate::error::{AppError, Result};
use crate::web::{Cell, Empty, Frame, Input, InputKind, Table, csv};
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
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
    /// `on`: those at home below; a tenant's id: those of it; blank: those here.
    #[serde(skip_serializing_if = "String::is_empty")]
    below: String,
    /// `no-factor`, `ends`, `idle-90`, `idle-365`, or blank.
    #[serde(skip_serializing_if = "String::is_empty")]
    only: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<i32>,
}

impl State {
    fn at(&self) -> Where {
        match self.below.as_str() {
            "" => Where::Here,
            "on" => Where::Below,
            id => id.parse().map_or(Where::Here, |id| Where::At(TenantId(id))),
        }
    }

    fn wanted(&self) -> Wanted {
        let days = self.only.strip_prefix("idle-");
        Wanted {
            search: self.q.clone(),
            state: self.state.clone(),
            role: self.role.clone(),
            right: self.right.clone(),
            at: self.at(),
            placed: false,
            no_factor: self.only == "no-factor",
            ends_soon: self.only == "ends",
            idle_days: days
                .and_then(|days| days.parse().ok())
                .filter(|days| (1..=10_000).contains(days)),
        }
    }

    fn narrows(&self) -> bool {
        let all = [
            self.q.trim(),
            &self.state,
            &self.role,
            &self.right,
            &self.only,
        ];
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

/// What else a list can be narrowed to: value and text.
fn narrowings(p: &Frame) -> Vec<(String, String)> {
    [
        ("no-factor", p.t("users-only-no-factor")),
        (
            "ends",
            p.t.count("users-only-ends", &i64::from(query::SOON)),
        ),
        ("idle-90", p.t.count("users-only-idle", &90)),
        ("idle-365", p.t.count("users-only-idle", &365)),
    ]
    .map(|(value, text)| (value.to_owned(), text))
    .to_vec()
}

#[derive(Template)]
#[template(path = "control/users/index.html")]
struct Index {
    p: Frame,
    acts: Vec<(String, String)>,
    state: State,
    roles: Vec<(String, String)>,
    rights: Vec<(String, String)>,
    only: Vec<(String, String)>,
    /// The tenants below whose users can be shown: id and trail.
    below: Vec<(String, String)>,
    count: String,
    /// Whether users may have their home below this tenant.
    has_below: bool,
    table: Table,
    /// What can be done with several; nothing where the reader may not.
    bulk: Vec<Input>,
    empty: Empty,
}

pub(super) async fn index(
    access: ControlAccess<ViewUsers>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let state = state.into_inner();
    let (tenant, wanted, after) = (access.tenant().id, state.wanted(), state.after.map(UserId));
    let (at, has_below) = (wanted.at, !access.tenant().is_inner());
    let (mut people, count, usable, below) = access
        .run(move |conn| {
            Ok((
                query::page(conn.pg(), tenant, &wanted, after, ROWS + 1)?,
                query::count(conn.pg(), tenant, &wanted)?,
                roles::usable(conn.pg(), tenant)?,
                if has_below {
                    below(conn.pg(), tenant, at)?
                } else {
                    Vec::new()
                },
            ))
        })
        .await?;
    let p = Frame::new(access.context(), "nav-users").section("users");
    let more = people.len() > ROWS;
    people.truncate(ROWS);
    let mut table = table(&p, &people);
    let bulk = match state.at() {
        Where::Here if p.may("users.change") => {
            table.choose = "chosen";
            bulk::inputs(&p, &usable)
        }
        _ => Vec::new(),
    };
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
    let more = [
        (p.t("users-matrix"), p.url("/users/matrix")),
        (p.t("roles-compare"), p.url("/users/compare")),
        (p.t("export-csv"), state.url(&p, "/users/export", None)),
    ];
    let acts = p.may("users.change").then_some(new).into_iter();
    p.render(|p| Index {
        acts: acts.chain(more).collect(),
        only: narrowings(&p),
        below,
        bulk,
        roles,
        rights: rights::ALL
            .iter()
            .map(|right| (right.key.to_owned(), right.label(p.t.language()).to_owned()))
            .collect(),
        count: p.t.count("users-count", &count),
        has_below,
        table,
        empty,
        state,
        p,
    })
}

/// Most tenants to choose from; to others the list of tenants leads.
const MOST_BELOW: usize = 100;

/// The separate and inner tenants below, to choose from, with the one that is chosen.
fn below(conn: &mut PgConnection, tenant: TenantId, at: Where) -> Result<Vec<(String, String)>> {
    let kinds = [Below::Separate, Below::Inner];
    let mut all = Vec::new();
    for kind in kinds {
        all.extend(tenants::below(conn, tenant, kind, false, "")?);
    }
    all.truncate(MOST_BELOW);
    if let Where::At(id) = at
        && all.iter().all(|one| one.id != id.0)
    {
        for kind in kinds {
            match tenants::one_below(conn, tenant, kind, id) {
                Ok(one) => all.push(one),
                Err(AppError::NotFound) => {}
                Err(other) => return Err(other),
            }
        }
    }
    Ok(all
        .into_iter()
        .map(|one| (one.id.to_string(), one.trail))
        .collect())
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
        table.rows.push((person.id.to_string(), row(p, person)));
    }
    table
}

fn row(p: &Frame, person: &Person) -> Vec<Cell> {
    // Who works below without being at home there is no person of this tenant's own pages.
    let name = if person.known {
        Cell::Link {
            href: p.url(&format!("/users/{}", person.id)),
            text: person.name.clone(),
        }
    } else {
        Cell::Text(person.name.clone())
    };
    let last = person
        .last_login_at
        .map_or_else(|| p.t("users-never"), |at| p.t.moment(&at));
    vec![
        name,
        Cell::Text(person.email.clone()),
        Cell::Text(place(p, person)),
        Cell::Text(home_text(p, &person.home)),
        state(p, person),
        Cell::Moment(last),
    ]
}

/// His roles, and when they end.
fn place(p: &Frame, person: &Person) -> String {
    let roles = role_labels(p, &person.roles, &person.role_names);
    match &person.until {
        Some(until) => format!(
            "{roles} · {}",
            p.t.with("users-until", "at", &p.t.moment(until))
        ),
        None => roles,
    }
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
    let (wanted, filtered) = (state.wanted(), state.narrows());
    access
        .record_look("export.users", "", json!({ "filtered": filtered }))
        .await?;
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
