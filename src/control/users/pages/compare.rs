//! Two users side by side: what each may here, and what else differs.

use super::super::query::{self, Person};
use super::{frame, home_text, role_labels};
use crate::access::ControlAccess;
use crate::access::rights::ViewUsers;
use crate::control::memberships::reasons::Standing;
use crate::control::roles::side_by_side::{Comparison, Side};
use crate::db::ids::{TenantId, UserId};
use crate::error::{AppError, Result};
use crate::web::{Frame, Input};
use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::Deserialize;

/// Which two: ids, or the addresses that were typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    one: String,
    other: String,
    all: String,
}

/// A user with how he stands here.
type Found = (Person, Standing);

pub(super) async fn page(
    access: ControlAccess<ViewUsers>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let wanted = query.into_inner();
    let typed = [wanted.one.trim().to_owned(), wanted.other.trim().to_owned()];
    let (tenant, asked) = (access.tenant().id, typed.clone());
    let [one, other] = access
        .run(move |conn| {
            let [one, other] = asked;
            Ok([
                find(conn.pg(), tenant, &one)?,
                find(conn.pg(), tenant, &other)?,
            ])
        })
        .await?;
    let p = frame(access.context(), "users-compare");
    let everything = !wanted.all.is_empty();
    let input = |name, label, typed: &str, found: &Option<Found>| {
        let shown = found.as_ref().map_or(typed, |(person, _)| &person.email);
        let mut input = Input::line(name, p.t(label), shown).required();
        if found.is_none() && !typed.is_empty() {
            input.errors.push(p.t("users-compare-nobody"));
        }
        input
    };
    let inputs = vec![
        input("one", "users-one", &typed[0], &one),
        input("other", "users-other", &typed[1], &other),
        Input::check("all", p.t("roles-compare-all"), everything),
    ];
    match (one, other) {
        (Some(one), Some(other)) => {
            let sides = [side(&one), side(&other)];
            let facts = facts(&p, &one.0, &other.0);
            let mut page = Comparison::of(p, inputs, &sides, everything);
            page.facts = facts;
            page.answer()
        }
        _ if inputs.iter().any(|input| !input.errors.is_empty()) => {
            Comparison::asking(p, inputs).refuse()
        }
        _ => Comparison::asking(p, inputs).answer(),
    }
}

/// By id or by the whole address; nobody whom this tenant does not see.
fn find(conn: &mut PgConnection, tenant: TenantId, typed: &str) -> Result<Option<Found>> {
    let id = match typed.parse() {
        Ok(id) => Some(UserId(id)),
        Err(_) => crate::control::users::by_email(conn, &typed.to_lowercase())?,
    };
    let Some(id) = id else { return Ok(None) };
    match query::one(conn, tenant, id) {
        Ok(person) => Ok(Some((person, Standing::load(conn, id, tenant)?))),
        Err(AppError::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

fn side((person, standing): &Found) -> Side {
    Side {
        name: person.name.clone(),
        rights: standing.rights(),
    }
}

fn facts(p: &Frame, one: &Person, other: &Person) -> Vec<(String, [String; 2])> {
    let fact = |key, of: &dyn Fn(&Person) -> String| (p.t(key), [of(one), of(other)]);
    let moment = |at: &Option<_>| at.as_ref().map_or_else(String::new, |at| p.t.moment(at));
    vec![
        fact("users-roles", &|one| {
            role_labels(p, &one.roles, &one.role_names)
        }),
        fact("membership-until", &|one| moment(&one.until)),
        fact("users-home", &|one| home_text(p, &one.home)),
        fact("users-state", &|one| {
            p.t(if one.active {
                "users-active"
            } else {
                "users-inactive"
            })
        }),
        fact("users-last-login", &|one| moment(&one.last_login_at)),
    ]
}
