//! What the administrators of a user's home do with his links: allow that his address links him once, and take
//! links away.

use super::super::links::{self, Link};
use super::super::{SignOn, nearest};
use crate::access::ControlAccess;
use crate::access::rights::ChangeUsers;
use crate::control::audit::Actor;
use crate::control::memberships::Granter;
use crate::control::users::home_of;
use crate::control::users::query::{self, Person};
use crate::control::{pending, sessions};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::form::{NoFields, Submitted};
use crate::web::{FormView, Frame, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    id: i32,
}

#[derive(Debug, Deserialize)]
pub(super) struct WhichLink {
    id: i32,
    link: i32,
}

#[derive(Template)]
#[template(path = "control/sign_on/user.html")]
struct Page {
    p: Frame,
    here: String,
    text: String,
    form: Option<FormView>,
    links: Vec<Link>,
}

/// The user, if this tenant looks after him, he is not who acts, and who acts holds all that he holds here: a link
/// is a way to act as him.
fn theirs(conn: &mut PgConnection, granter: &Granter, id: i32) -> Result<Person> {
    let person = query::one(conn, granter.tenant, UserId(id))?;
    if !person.ours {
        return Err(AppError::invalid("users-not-ours"));
    }
    if granter.user == UserId(id) {
        return Err(AppError::invalid("users-own-account"));
    }
    granter.demand_all_of(conn, UserId(id))?;
    Ok(person)
}

struct Loaded {
    person: Person,
    provider: Option<SignOn>,
    links: Vec<Link>,
    until: Option<DateTime<Utc>>,
}

pub(super) async fn page(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let (granter, id) = (Granter::of(&access).await?, path.id);
    let found = access
        .run(move |conn| {
            let person = theirs(conn.pg(), &granter, id)?;
            let home = home_of(conn.pg(), UserId(id))?;
            Ok(Loaded {
                provider: nearest(conn.pg(), home)?,
                links: links::of_user(conn.pg(), UserId(id))?,
                until: links::permitted(conn.pg(), UserId(id))?,
                person,
            })
        })
        .await?;
    let p = Frame::new(access.context(), "sign-on-title").section("users");
    let here = p.url(&format!("/users/{id}"));
    let (label, list) = (p.t("nav-users"), p.url("/users"));
    let p = p.crumb(label, list).crumb(found.person.name, here.clone());
    let here = format!("{here}/sign-on");
    let (text, form) = match (&found.provider, &found.until) {
        (None, _) => (p.t("sign-on-user-none"), None),
        (Some(_), Some(at)) => {
            let text = p.t.with("sign-on-user-permitted", "until", &p.t.moment(at));
            let form = FormView::new(format!("{here}/forbid"), p.t("sign-on-user-forbid"));
            (text, Some(form))
        }
        (Some(row), None) => {
            let days = links::PERMIT_DAYS.to_string();
            let params = [("label", row.label.clone()), ("days", days)];
            let text = p.t.with_all("sign-on-user-help", &params);
            (
                text,
                Some(FormView::new(here.clone(), p.t("sign-on-user-permit"))),
            )
        }
    };
    let links = found.links;
    p.render(|p| Page {
        p,
        here,
        text,
        form,
        links,
    })
}

async fn act(
    access: &ControlAccess<ChangeUsers>,
    id: i32,
    said: &'static str,
    act: impl FnOnce(&mut PgConnection, Actor) -> Result<()> + Send + 'static,
) -> Result<HttpResponse> {
    let granter = Granter::of(access).await?;
    access
        .run(move |conn| {
            theirs(conn.pg(), &granter, id)?;
            act(conn.pg(), granter.actor)
        })
        .await?;
    let url = format!("{}/users/{id}/sign-on", access.tenant().base());
    Ok(see_other_saying(&url, "success", said, &[]))
}

pub(super) async fn permit(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let user = UserId(path.id);
    act(
        &access,
        path.id,
        "said-sign-on-permitted",
        move |conn, actor| {
            let home = home_of(conn, user)?;
            let provider = nearest(conn, home)?.ok_or(AppError::NotFound)?;
            // Whoever sets up the provider decides who comes by that address.
            pending::entrust(conn, actor, user)?;
            links::permit(conn, actor, user, provider.tenant())
        },
    )
    .await
}

pub(super) async fn forbid(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let user = UserId(path.id);
    act(
        &access,
        path.id,
        "said-sign-on-forbidden",
        move |conn, actor| links::forbid(conn, actor, user),
    )
    .await
}

/// Takes a link away; the sessions go with it, because one may have been begun by it.
pub(super) async fn end(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<WhichLink>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (user, link) = (UserId(path.id), path.link);
    act(
        &access,
        path.id,
        "said-sign-on-unlinked",
        move |conn, actor| {
            if !links::remove(conn, actor, user, link)? {
                return Err(AppError::NotFound);
            }
            sessions::end_all(conn, user, None)?;
            Ok(())
        },
    )
    .await
}
