//! What a user can do here and why: each right with what grants it and what stands against it; one of them
//! with who could change that.

use super::super::query::{self, Person};
use super::{Which, frame};
use crate::access::ControlAccess;
use crate::access::rights::{self, RightInfo, ViewUsers};
use crate::control::memberships::reasons::{Grant, Obstacle, Standing, Why};
use crate::control::roles::grid::Filter;
use crate::control::roles::words::{group_label, label_of};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::{Cell, Frame, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Which rights are shown: one, or those that a search finds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    right: String,
    q: String,
    group: String,
    /// `can`, `cannot` or blank.
    only: String,
}

#[derive(Template)]
#[template(path = "control/users/why.html")]
struct Page {
    p: Frame,
    person: Person,
    asked: Asked,
    groups: Vec<(String, String)>,
    table: Table,
    /// The answer about one right, and who could change it.
    answer: Option<Answer>,
}

/// What grants a right or stands against it; `href` leads to what could be changed, where this user sees it.
struct Reason {
    text: String,
    href: String,
}

struct Answer {
    headline: String,
    reasons: Vec<Reason>,
    helpers: String,
}

pub(super) async fn page(
    access: ControlAccess<ViewUsers>,
    path: web::Path<Which>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse> {
    let asked = asked.into_inner();
    let (tenant, user) = (access.tenant().id, UserId(path.id));
    let right = match asked.right.as_str() {
        "" => None,
        key => Some(rights::by_key(key).ok_or(AppError::NotFound)?),
    };
    let (person, standing, helpers) = access
        .run(move |conn| {
            let person = query::one(conn.pg(), tenant, user)?;
            let standing = Standing::load(conn.pg(), user, tenant)?;
            let helpers = match right {
                Some(right) => query::who_could_give(conn.pg(), tenant, user, right.key)?,
                None => Vec::new(),
            };
            Ok((person, standing, helpers))
        })
        .await?;
    let p = frame(access.context(), "users-why");
    let p = p.crumb(
        person.name.clone(),
        format!("{}/users/{}", access.tenant().base(), person.id),
    );
    let page = Page {
        groups: Filter::groups(&p),
        table: table(&p, &person, &standing, &asked),
        answer: right.map(|right| answer(&p, &person, &standing, right, &helpers)),
        person,
        asked,
        p,
    };
    page.p.clone().render(|_| page)
}

fn table(p: &Frame, person: &Person, standing: &Standing, asked: &Asked) -> Table {
    let columns = ["roles-right", "roles-group", "users-can", "users-because"];
    let mut table = Table::new(p.t("users-why"), columns.map(|key| p.t(key)));
    let filter = Filter {
        q: asked.q.clone(),
        group: asked.group.clone(),
        ..Filter::default()
    };
    for right in filter.rights(p.t.language(), 0, |_| 0) {
        let why = standing.why(right.key, right.inner);
        let shown = match asked.only.as_str() {
            "can" => why.can(),
            "cannot" => !why.can(),
            _ => true,
        };
        if !shown {
            continue;
        }
        let can = if why.can() {
            Cell::Badge("success", p.t("roles-held"))
        } else {
            Cell::Badge("secondary", p.t("matrix-not"))
        };
        table.row(vec![
            Cell::Link {
                href: p.url(&format!("/users/{}/why?right={}", person.id, right.key)),
                text: right.label(p.t.language()).to_owned(),
            },
            Cell::Text(group_label(p, right.group())),
            can,
            Cell::Text(
                reasons(p, standing, &why)
                    .into_iter()
                    .map(|reason| reason.text)
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        ]);
    }
    table
}

/// What grants it and what stands against it, each in a few words.
fn reasons(p: &Frame, standing: &Standing, why: &Why) -> Vec<Reason> {
    let find = |key: &String| {
        let mut usable = standing.usable().iter();
        usable.find(|whole| whole.role.key == *key)
    };
    let name =
        |key: &String| find(key).map_or_else(|| key.clone(), |whole| label_of(p, &whole.role));
    let plain = |text| Reason {
        text,
        href: String::new(),
    };
    // The role that holds the right itself is where it could be taken.
    let page = |way: &[String]| {
        let whole = way.last().and_then(find).filter(|_| p.may("roles.view"));
        whole
            .map(|whole| p.url(&format!("/roles/{}", whole.role.id)))
            .unwrap_or_default()
    };
    let mut said: Vec<Reason> = why
        .grants
        .iter()
        .map(|grant| match grant {
            Grant::Role(way) => {
                let names: Vec<String> = way.iter().map(name).collect();
                Reason {
                    text: p.t.with("membership-by-role", "role", &names.join(" › ")),
                    href: page(way),
                }
            }
            Grant::Single => plain(p.t("why-single")),
        })
        .collect();
    if said.is_empty() {
        said.push(plain(p.t(if standing.place.is_some() {
            "why-not-granted"
        } else {
            "why-no-place"
        })));
    }
    let obstacles = why.obstacles.iter().map(|obstacle| match obstacle {
        Obstacle::Inactive => p.t("why-inactive"),
        Obstacle::NotYet(at) => p.t.with("why-not-yet", "at", &p.t.moment(at)),
        Obstacle::Over(at) => p.t.with("why-over", "at", &p.t.moment(at)),
        Obstacle::Ceiling(tenant) => p.t.with("why-ceiling", "tenant", tenant),
        Obstacle::Pending { declined: false } => p.t("why-pending"),
        Obstacle::Pending { declined: true } => p.t("why-declined"),
        Obstacle::NotInner => p.t("ceilings-not-inner"),
    });
    said.extend(obstacles.map(plain));
    said
}

fn answer(
    p: &Frame,
    person: &Person,
    standing: &Standing,
    right: &RightInfo,
    helpers: &[String],
) -> Answer {
    let why = standing.why(right.key, right.inner);
    let key = if why.can() { "why-can" } else { "why-cannot" };
    let said = [
        ("name", person.name.clone()),
        ("right", right.label(p.t.language()).to_owned()),
        ("tenant", p.tenant_name().to_owned()),
    ];
    let capped = why
        .obstacles
        .iter()
        .any(|obstacle| matches!(obstacle, Obstacle::Ceiling(_)));
    Answer {
        headline: p.t.with_all(key, &said),
        reasons: reasons(p, standing, &why),
        helpers: match (why.can(), capped, helpers) {
            (true, ..) => String::new(),
            (_, true, _) => p.t("why-ask-above"),
            (_, _, []) => p.t("why-ask-nobody"),
            (.., names) => p.t.with("why-ask", "names", &names.join(", ")),
        },
    }
}
