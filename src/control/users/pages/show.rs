//! A user's page: who he is, his places that this tenant may see, his sessions and last log-ins.

use super::super::query::{self, Person, Place};
use super::invitation::{Card, card};
use super::mails;
use super::{Which, frame, home_text, role_labels};
use crate::access::ControlAccess;
use crate::access::rights::{self, ViewUsers};
use crate::control::audit;
use crate::control::links::{self, Invitation};
use crate::control::mail::{self, Sent};
use crate::control::pending;
use crate::control::sessions::{self, Session, device};
use crate::db::ids::UserId;
use crate::error::Result;
use crate::web::{Cell, FormView, Frame, InputKind, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Log-ins and mails that the page shows.
const LATEST: i64 = 10;

#[derive(Template)]
#[template(path = "control/users/show.html")]
struct Show {
    p: Frame,
    acts: Vec<(String, String)>,
    facts: Vec<(String, String)>,
    places: Table,
    /// Sessions, log-ins and mails, where this tenant looks after the user.
    care: Option<(Table, Table, Table)>,
    end: Option<FormView>,
    /// His invitation, as long as he has no password.
    invitation: Option<Card>,
    id: i32,
    /// Whether the reader may look as him.
    see_as: bool,
}

struct Loaded {
    person: Person,
    places: Vec<Place>,
    sessions: Vec<Session>,
    log_ins: Vec<(DateTime<Utc>, String)>,
    mails: Vec<Sent>,
    invitation: Option<Invitation>,
    held_back: BTreeMap<String, bool>,
}

pub(super) async fn show(
    access: ControlAccess<ViewUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let (tenant, user) = (access.tenant().id, UserId(path.id));
    let token = access.context().csrf.clone();
    let loaded = access
        .run(move |conn| {
            let person = query::one(conn.pg(), tenant, user)?;
            let care = person.ours;
            Ok(Loaded {
                places: query::places(conn.pg(), tenant, user)?,
                sessions: if care {
                    sessions::of_user(conn.pg(), user, &token)?
                } else {
                    Vec::new()
                },
                log_ins: if care {
                    audit::log_ins(conn.pg(), user, LATEST)?
                } else {
                    Vec::new()
                },
                mails: if care {
                    mail::of_user(conn.pg(), user, LATEST)?
                } else {
                    Vec::new()
                },
                invitation: links::invitation(conn.pg(), user)?,
                held_back: pending::held_back(conn.pg(), tenant, user)?,
                person,
            })
        })
        .await?;
    let own = access.user().id == user;
    let p = frame(access.context(), "nav-users").titled(&loaded.person.name);
    let change = p.may("users.change");
    let ours = loaded.person.ours;
    let end = (change && ours && !own && !loaded.sessions.is_empty()).then(|| {
        let action = p.url(&format!("/users/{}/sessions/end", loaded.person.id));
        FormView::new(action, p.t("users-end-sessions")).danger()
    });
    let page = Show {
        id: loaded.person.id,
        see_as: loaded.person.member && !own && p.may("users.see_as"),
        acts: if change {
            acts(&p, &loaded.person, own)
        } else {
            Vec::new()
        },
        facts: facts(&p, &loaded.person)
            .into_iter()
            .chain(held_back(&p, &loaded.held_back))
            .collect(),
        places: places(&p, &loaded.places),
        care: ours.then(|| {
            (
                session_table(&p, &loaded.sessions),
                log_ins(&p, &loaded.log_ins),
                mails::table(&p, &loaded.mails),
            )
        }),
        invitation: (ours && !loaded.person.has_password).then(|| {
            let mails = access.app().post().sends();
            card(&p, &loaded.person, loaded.invitation.as_ref(), mails)
        }),
        end,
        p,
    };
    page.p.clone().render(|_| page)
}

fn acts(p: &Frame, person: &Person, own: bool) -> Vec<(String, String)> {
    let state = if person.active {
        "users-deactivate"
    } else {
        "users-activate"
    };
    let all = [
        ("users-change-roles", "roles", person.member && !own),
        ("users-why", "why", true),
        ("tokens-title", "tokens", person.member),
        ("users-edit", "edit", person.ours),
        ("users-set-password", "password", person.ours && !own),
        (
            "users-second-factor-reset",
            "second-factor",
            person.ours && !own && person.second_factor,
        ),
        ("sign-on-title", "sign-on", person.ours && !own),
        (state, "state", person.ours && !own),
        (
            "users-anonymise",
            "anonymise",
            person.ours && !own && p.may("users.anonymise"),
        ),
    ];
    all.into_iter()
        .filter(|(.., shown)| *shown)
        .map(|(key, what, _)| (p.t(key), p.url(&format!("/users/{}/{what}", person.id))))
        .collect()
}

fn facts(p: &Frame, person: &Person) -> Vec<(String, String)> {
    let state = if person.active && !person.has_password {
        p.t("users-invited")
    } else if person.active {
        p.t("users-active")
    } else {
        p.t("users-inactive")
    };
    let last = person
        .last_login_at
        .map_or_else(|| p.t("users-never"), |at| p.t.moment(&at));
    vec![
        (p.t("users-name"), person.name.clone()),
        (p.t("login-email"), person.email.clone()),
        (
            p.t("users-roles"),
            role_labels(p, &person.roles, &person.role_names),
        ),
        (p.t("users-home"), home_text(p, &person.home)),
        (p.t("users-state"), state),
        (p.t("second-factor-title"), second_factor(p, person)),
        (p.t("users-created"), p.t.moment(&person.created_at)),
        (p.t("users-last-login"), last),
    ]
}

/// Rights that he was given and that a second person has not confirmed.
fn held_back(p: &Frame, all: &BTreeMap<String, bool>) -> Option<(String, String)> {
    let labels: Vec<&str> = all
        .keys()
        .filter_map(|key| rights::by_key(key))
        .map(|right| right.label(p.t.language()))
        .collect();
    (!labels.is_empty()).then(|| (p.t("pending-held"), labels.join(", ")))
}

/// Only who looks after him is told.
fn second_factor(p: &Frame, person: &Person) -> String {
    match (person.ours, person.second_factor) {
        (false, _) => String::new(),
        (true, true) => p.t("value-yes"),
        (true, false) => p.t("value-no"),
    }
}

fn places(p: &Frame, all: &[Place]) -> Table {
    let columns = ["users-place", "users-roles", "users-since"];
    let mut table = Table::new(p.t("users-places"), columns.map(|key| p.t(key)));
    for place in all {
        let cells = [place.name.clone(), what(p, place), p.t.moment(&place.since)];
        table.row(cells.map(Cell::Text).to_vec());
    }
    table
}

/// Roles, single rights and dates in a line.
fn what(p: &Frame, place: &Place) -> String {
    let mut parts = vec![role_labels(p, &place.roles, &place.role_names)];
    if place.singles > 0 {
        parts.push(p.t.count("users-singles", &place.singles));
    }
    if let Some(from) = &place.from {
        parts.push(p.t.with("users-from", "at", &p.t.moment(from)));
    }
    if let Some(until) = &place.until {
        parts.push(p.t.with("users-until", "at", &p.t.moment(until)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn session_table(p: &Frame, all: &[Session]) -> Table {
    let columns = [
        "sessions-device",
        "sessions-address",
        "sessions-since",
        "sessions-seen",
    ];
    let mut table = Table::new(p.t("sessions-title"), columns.map(|key| p.t(key)));
    for session in all {
        let cells = [
            device::name(p, &session.agent),
            session.address.clone(),
            p.t.moment(&session.created_at),
            p.t.moment(&session.last_seen_at),
        ];
        table.row(cells.map(Cell::Text).to_vec());
    }
    table
}

fn log_ins(p: &Frame, all: &[(DateTime<Utc>, String)]) -> Table {
    let columns = ["audit-at", "sessions-address"];
    let mut table = Table::new(p.t("users-log-ins"), columns.map(|key| p.t(key)));
    for (at, address) in all {
        table.row(vec![
            Cell::Text(p.t.moment(at)),
            Cell::Text(address.clone()),
        ]);
    }
    table
}
