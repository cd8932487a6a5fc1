//! The way in: to the provider, and back from it.

use super::super::entry::{self, Entry};
use super::super::outgoing::Outgoing;
use super::super::provider::{Identity, Provider};
use super::super::requests::{self, Pending, Purpose, Wish};
use super::super::{SignOn, at, links, nearest, own};
use super::{Said, callback_url, depart, log_out_url};
use crate::access::{Anonymous, LoggedIn, client};
use crate::app::App;
use crate::clock;
use crate::control::audit::Actor;
use crate::control::login::second::First;
use crate::control::login::session::{By, Going, back, begin, go, proved, show};
use crate::control::login::{begun, local_path, second};
use crate::control::second_factor::devices;
use crate::control::users::home_of;
use crate::db::ids::UserId;
use crate::db::{Write, control};
use crate::error::{AppError, Result};
use crate::secrets::sealing;
use crate::web::error_page::with_token;
use crate::web::page::{Frame, respond, see_other, see_other_saying};
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use std::time::Instant;
use url::Url;

/// What the way out at a provider is sealed for.
pub(super) const END: &str = "sign-on-end";

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    slug: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// A network address asks no provider without end.
fn slowly(visitor: &Anonymous, req: &HttpRequest) -> Result<()> {
    let address = client::address(req, visitor.app());
    let taken = visitor.app().visitors.take(address, Instant::now());
    taken.map(|_| ()).map_err(|budget| AppError::TooMany {
        wait_seconds: budget.seconds,
    })
}

/// To the provider of a tenant; a link, because a form may lead to no other site.
pub(super) async fn start(
    visitor: Anonymous,
    session: Session,
    path: web::Path<Which>,
    query: web::Query<Next>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    slowly(&visitor, &req)?;
    let p = with_token(Frame::new(visitor.context(), "sign-on-title"), &session)?;
    let next = local_path(&query.next).unwrap_or_default().to_owned();
    let user = visitor.context().user.as_ref().map(|user| user.id);
    let (slug, browser) = (path.into_inner().slug, p.csrf.clone());
    let went = visitor
        .block(move |app| {
            let row = control::statement_result(&app.pools, |conn| at(conn, &slug))?;
            let row = row.ok_or(AppError::NotFound)?;
            let wish = Wish {
                purpose: Purpose::Enter,
                user,
                browser: &browser,
                next: &next,
            };
            depart(app, &row, &wish, false, "")
        })
        .await;
    match went {
        Ok(url) => Ok(see_other(url.as_str())),
        Err(AppError::Invalid { .. }) => away(p, "sign-on-down", StatusCode::BAD_GATEWAY),
        Err(other) => Err(other),
    }
}

/// To the provider that the user's home has, to show there once more who he is.
pub(super) async fn prove(
    visitor: LoggedIn,
    query: web::Query<Next>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let address = client::address(&req, visitor.app());
    let taken = visitor.app().visitors.take(address, Instant::now());
    taken.map_err(|budget| AppError::TooMany {
        wait_seconds: budget.seconds,
    })?;
    let (user, browser) = (visitor.user().id, visitor.context().csrf.clone());
    let next = local_path(&query.next).unwrap_or_default().to_owned();
    let went = visitor
        .block(move |app| {
            let row = control::statement_result(&app.pools, |conn| {
                let home = home_of(conn, user)?;
                nearest(conn, home)
            })?;
            let row = row.ok_or(AppError::NotFound)?;
            let wish = Wish {
                purpose: Purpose::Prove,
                user: Some(user),
                browser: &browser,
                next: &next,
            };
            depart(app, &row, &wish, true, "")
        })
        .await;
    match went {
        Ok(url) => Ok(see_other(url.as_str())),
        Err(AppError::Invalid { .. }) => {
            let p = Frame::new(visitor.context(), "sign-on-title");
            away(p, "sign-on-down", StatusCode::BAD_GATEWAY)
        }
        Err(other) => Err(other),
    }
}

/// How long ago he may have shown the provider who he is, in seconds: it was told to ask him now.
const JUST_NOW: i64 = 5 * 60;

/// Whoever is logged in has shown once more who he is, if it is he and the provider did ask him.
async fn prove_by(
    visitor: &Anonymous,
    session: &Session,
    (row, pending, who): (SignOn, Pending, Identity),
) -> Result<HttpResponse> {
    let at = who.proved_at.unwrap_or(0);
    let just_now = clock::now().timestamp() - at < JUST_NOW;
    let found = visitor
        .block(move |app| {
            control::statement_result(&app.pools, |conn| {
                links::find(conn, &who.issuer, &who.subject)
            })
        })
        .await?;
    if !just_now || found.is_none() || found != pending.user {
        let p = Frame::new(visitor.context(), "sign-on-title");
        return away(p, "sign-on-refused", StatusCode::FORBIDDEN);
    }
    show(session, &row.mark())?;
    proved(session, at)?;
    back(visitor.context(), session, &pending.next)
}

fn away(p: Frame, key: &str, status: StatusCode) -> Result<HttpResponse> {
    let (text, back) = (p.t(key), p.t("sign-on-back"));
    let url = match &p.user {
        Some(_) if key == "sign-on-link-first" => "/profile/sign-on",
        Some(_) => "/",
        None => "/login",
    };
    let page = Said {
        text,
        acts: vec![(back, url.to_owned(), String::new())],
        on: String::new(),
        p,
    };
    respond(status, &page)
}

/// What a provider sends along with the browser.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Came {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    error: String,
    iss: Option<String>,
}

/// Back from a provider.
pub(super) async fn callback(
    visitor: Anonymous,
    session: Session,
    query: web::Query<Came>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    slowly(&visitor, &req)?;
    let (came, browser) = (query.into_inner(), visitor.context().csrf.clone());
    let user = visitor.context().user.as_ref().map(|user| user.id);
    let found = visitor
        .block(move |app| identify(app, &came, &browser, user))
        .await;
    let p = Frame::new(visitor.context(), "sign-on-title");
    let (row, pending, who) = match found {
        Ok(found) => found,
        Err(AppError::Invalid { key, .. }) if SHOWN.contains(&key) => {
            return away(p, key, StatusCode::FORBIDDEN);
        }
        Err(AppError::Invalid { .. }) => return away(p, "sign-on-down", StatusCode::BAD_GATEWAY),
        Err(other) => return Err(other),
    };
    match pending.purpose {
        Purpose::Enter => enter(&visitor, &session, &req, (row, pending, who)).await,
        Purpose::Link => link(&visitor, &session, (row, pending, who)).await,
        Purpose::Prove => prove_by(&visitor, &session, (row, pending, who)).await,
    }
}

/// Faults that are told to whoever logs in; all else is the provider's.
const SHOWN: [&str; 3] = ["sign-on-over", "sign-on-refused", "sign-on-cancelled"];

/// Who the provider says it is, if the answer belongs to a log-in that this browser began.
fn identify(
    app: &App,
    came: &Came,
    browser: &str,
    user: Option<UserId>,
) -> Result<(SignOn, Pending, Identity)> {
    let over = || AppError::invalid("sign-on-over");
    let pending = requests::take(app, &came.state, browser)?.ok_or_else(over)?;
    // Who logged in or out meanwhile begins again.
    if pending.user != user {
        return Err(over());
    }
    let row = control::statement_result(&app.pools, |conn| own(conn, pending.tenant))?;
    let row = row.filter(|row| row.is_on() && row.epoch == pending.epoch);
    let row = row.ok_or_else(over)?;
    let refused = |why: &str| {
        tracing::warn!(why, "a log-in by a provider is refused");
        AppError::invalid("sign-on-refused")
    };
    // Another provider's answer (RFC 9207).
    if came.iss.as_ref().is_some_and(|iss| *iss != row.issuer) {
        return Err(refused("the answer names another issuer"));
    }
    if !came.error.is_empty() || came.code.is_empty() {
        return Err(AppError::invalid("sign-on-cancelled"));
    }
    let outgoing = Outgoing::new(app.config.sign_on.loopback);
    let provider = Provider::discover(&outgoing, &row.issuer)?;
    if provider.names_itself() && came.iss.is_none() {
        return Err(refused("the answer names no issuer"));
    }
    let secret = row.secret(&app.secret)?;
    let remembered = (pending.nonce.as_str(), pending.verifier.clone());
    let with = (secret.as_ref(), &*callback_url(app));
    let who = provider.finish(&row, with, &came.code, remembered)?;
    Ok((row, pending, who))
}

/// What the session keeps of the provider.
fn by(app: &App, row: &SignOn, who: &Identity) -> By {
    let end = who.end.clone().map(|mut end| {
        end.query_pairs_mut()
            .append_pair("client_id", &row.client_id)
            .append_pair("id_token_hint", &who.token)
            .append_pair("post_logout_redirect_uri", &log_out_url(app));
        BASE64_URL_SAFE_NO_PAD.encode(sealing::seal(&app.secret, END, end.as_str()))
    });
    By {
        mark: row.mark(),
        issuer: row.issuer.clone(),
        end,
        label: row.label.clone(),
        proved_at: who.proved_at.unwrap_or(0),
    }
}

/// The way out at the provider, opened again.
pub(super) fn end_of(app: &App, by: &By) -> Option<Url> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(by.end.as_ref()?).ok()?;
    Url::parse(&sealing::open(&app.secret, END, &sealed)?).ok()
}

async fn enter(
    visitor: &Anonymous,
    session: &Session,
    req: &HttpRequest,
    (row, pending, who): (SignOn, Pending, Identity),
) -> Result<HttpResponse> {
    let by = by(visitor.app(), &row, &who);
    let (address, device) = (
        client::address(req, visitor.app()),
        devices::token(req, visitor.app()),
    );
    let (of_act, mark) = (by.clone(), row.mark());
    let (entry, asked) = visitor
        .block(move |app| {
            let entry = control::run::<Write, _>(&app.pools, |conn| {
                entry::enter(conn.pg(), &row, &who, pending.user)
            })?;
            let Entry::In(user) = entry else {
                return Ok((entry, false));
            };
            let asked = control::statement_result(&app.pools, |conn| {
                second::is_asked(conn, user, device.as_deref())
            })?;
            if !asked {
                begun(app, user, Some(&of_act))?;
            }
            Ok((entry, asked))
        })
        .await?;
    let going = Going {
        next: pending.next.clone(),
        ..Going::default()
    };
    match entry {
        Entry::In(user) if asked => {
            let (by, over) = (Some(by), false);
            second::ask(visitor, session, First { user, by, over }, going).await
        }
        Entry::In(user) => {
            let token = begin(session, user, req, address, Some(by))?;
            go(visitor, user, token, going).await
        }
        Entry::Shown(_) => {
            show(session, &mark)?;
            let next = local_path(&pending.next).unwrap_or("/tenants");
            Ok(see_other(next))
        }
        Entry::Away(key) => {
            tracing::info!(key, "turned away after a log-in by a provider");
            away(
                Frame::new(visitor.context(), "sign-on-title"),
                key,
                StatusCode::FORBIDDEN,
            )
        }
    }
}

/// Links whoever is logged in.
async fn link(
    visitor: &Anonymous,
    session: &Session,
    (row, pending, who): (SignOn, Pending, Identity),
) -> Result<HttpResponse> {
    let user = pending.user.ok_or(AppError::LogIn)?;
    let mark = row.mark();
    let linked = visitor
        .block(move |app| {
            control::run::<Write, _>(&app.pools, |conn| {
                let name = (who.issuer.as_str(), who.subject.as_str());
                links::add(conn.pg(), Actor::form(user), user, name)?;
                let entry = entry::enter(conn.pg(), &row, &who, Some(user))?;
                Ok(matches!(entry, Entry::In(_) | Entry::Shown(_)))
            })
        })
        .await;
    match linked {
        Ok(entered) => {
            if entered {
                show(session, &mark)?;
            }
            let (to, key) = ("/profile/sign-on", "said-sign-on-linked");
            Ok(see_other_saying(to, "success", key, &[]))
        }
        Err(AppError::Invalid { key, .. }) => {
            let p = Frame::new(visitor.context(), "sign-on-title");
            away(p, key, StatusCode::FORBIDDEN)
        }
        Err(other) => Err(other),
    }
}
