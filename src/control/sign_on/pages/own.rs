//! A user's own links: by which providers he is known, and becoming known by another. His address links him
//! nowhere; he does it himself, having just shown that it is he.

use super::super::links::{self, Link};
use super::super::requests::{Purpose, Wish};
use super::super::{SignOn, nearest};
use super::{Said, depart};
use crate::access::LoggedIn;
use crate::control::audit::Actor;
use crate::control::users::home_of;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::{memberships, tenants};
use crate::db::{Read, Write};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, NoFields, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::prelude::*;
use serde::Deserialize;
use validator::Validate;

const HERE: &str = "/profile/sign-on";

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    id: i32,
}

/// What the form that links sends.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct LinkForm {
    #[serde(default)]
    tenant: i32,
}

#[derive(Template)]
#[template(path = "control/sign_on/own.html")]
struct Own {
    p: Frame,
    links: Vec<Link>,
    form: Option<FormView>,
}

fn frame(visitor: &LoggedIn) -> Frame {
    let p = Frame::new(visitor.context(), "sign-on-title");
    let profile = p.t("profile-title");
    p.crumb(profile, "/profile")
}

/// The providers of the places that a user has and of his home, with their tenants' names.
fn offered(conn: &mut PgConnection, user: UserId) -> Result<Vec<(SignOn, String)>> {
    let mut places: Vec<i32> = memberships::table
        .filter(memberships::user_id.eq(user.0))
        .order(memberships::tenant_id)
        .limit(200)
        .select(memberships::tenant_id)
        .load(conn)?;
    places.insert(0, home_of(conn, user)?.0);
    let mut found: Vec<SignOn> = Vec::new();
    for place in places {
        if let Some(row) = nearest(conn, TenantId(place))?
            && found.iter().all(|one| one.tenant_id != row.tenant_id)
        {
            found.push(row);
        }
    }
    let named = |row: SignOn| {
        let name = tenants::table.find(row.tenant_id).select(tenants::name);
        Ok((row, name.first(conn)?))
    };
    found.into_iter().map(named).collect()
}

async fn show(visitor: &LoggedIn, chosen: i32, errors: Option<&Errors>) -> Result<HttpResponse> {
    let user = visitor.user().id;
    let (links, offered) = visitor
        .run::<Read, _>(move |conn| {
            Ok((links::of_user(conn.pg(), user)?, offered(conn.pg(), user)?))
        })
        .await?;
    let p = frame(visitor);
    let open: Vec<(String, String)> = offered
        .into_iter()
        .filter(|(row, _)| links.iter().all(|link| link.issuer != row.issuer))
        .map(|(row, name)| (row.tenant_id.to_string(), format!("{} ({name})", row.label)))
        .collect();
    let form = (!open.is_empty()).then(|| {
        FormView::new(format!("{HERE}/link"), p.t("sign-on-link")).input(Input::select(
            "tenant",
            p.t("sign-on-provider"),
            open,
            chosen.to_string(),
        ))
    });
    match errors {
        Some(errors) => {
            let form = form.map(|form| form.errors(&p.t, errors));
            p.render_again(|p| Own { p, links, form })
        }
        None => p.render(|p| Own { p, links, form }),
    }
}

pub(super) async fn index(visitor: LoggedIn) -> Result<HttpResponse> {
    show(&visitor, 0, None).await
}

/// To the provider, to come back linked.
pub(super) async fn link(visitor: LoggedIn, sent: Submitted<LinkForm>) -> Result<HttpResponse> {
    let form = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return show(&visitor, typed.tenant, Some(&errors)).await,
    };
    let (user, tenant) = (visitor.user().id, form.tenant);
    let browser = visitor.context().csrf.clone();
    let went = visitor
        .block(move |app| {
            let row = crate::db::control::run::<Read, _>(&app.pools, |conn| {
                let all = offered(conn.pg(), user)?;
                let row = all.into_iter().find(|(row, _)| row.tenant_id == tenant);
                row.ok_or(AppError::NotFound)
            })?;
            let wish = Wish {
                purpose: Purpose::Link,
                user: Some(user),
                browser: &browser,
                next: "",
            };
            Ok((depart(app, &row.0, &wish, true, "")?, row.0.label))
        })
        .await;
    let errors = match went {
        Ok((url, label)) => {
            let p = frame(&visitor);
            let text = p.t("sign-on-going");
            return p.render(|p| Said {
                text,
                acts: vec![(label, url.to_string(), String::new())],
                on: url.to_string(),
                p,
            });
        }
        Err(AppError::Invalid { .. }) => error_at("", "sign-on-down", &[]),
        Err(other) => return Err(other),
    };
    show(&visitor, form.tenant, Some(&errors)).await
}

async fn one(visitor: &LoggedIn, id: i32) -> Result<Link> {
    let user = visitor.user().id;
    let links = visitor
        .run::<Read, _>(move |conn| links::of_user(conn.pg(), user))
        .await?;
    let mut links = links.into_iter();
    links.find(|link| link.id == id).ok_or(AppError::NotFound)
}

fn ending(visitor: &LoggedIn, link: &Link, errors: Option<&Errors>) -> Result<HttpResponse> {
    let p = frame(visitor).titled_by("sign-on-unlink");
    let form = FormView::new(format!("{HERE}/{}/end", link.id), p.t("sign-on-unlink"))
        .danger()
        .cancel(HERE);
    let intro = p.t.with("sign-on-unlink-help", "issuer", &link.issuer);
    FormPage::answer(p, intro, form, errors)
}

pub(super) async fn ask(visitor: LoggedIn, path: web::Path<Which>) -> Result<HttpResponse> {
    let link = one(&visitor, path.id).await?;
    ending(&visitor, &link, None)
}

pub(super) async fn end(
    visitor: LoggedIn,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let link = one(&visitor, path.id).await?;
    let (user, id) = (visitor.user().id, link.id);
    let ended = visitor
        .run::<Write, _>(move |conn| {
            if !links::can_do_without(conn.pg(), user, id)? {
                return Err(AppError::invalid("sign-on-unlink-last"));
            }
            links::remove(conn.pg(), Actor::form(user), user, id)
        })
        .await;
    match ended {
        Ok(true) => Ok(see_other_saying(
            HERE,
            "success",
            "said-sign-on-unlinked",
            &[],
        )),
        Ok(false) => Err(AppError::NotFound),
        Err(AppError::Invalid { key, params }) => {
            ending(&visitor, &link, Some(&error_at("", key, &params)))
        }
        Err(other) => Err(other),
    }
}
