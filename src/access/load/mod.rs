//! The middleware that loads what a request needs to know: session, user, tenant, rights. It decides
//! nothing; the gates do, from what it loaded.

mod find;

pub use find::place;
pub(super) use find::{TenantRow, UserRow, viewer_now};

use super::client;
use super::context::{Context, Seen};
use super::{session, used};
use crate::app::App;
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use crate::web::form::{USER_FIELD, same_origin};
use crate::web::{error_page, flash};
use actix_session::SessionExt;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, time::Duration as CookieDuration};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Loads the context, hands the request on, and gives an error its page.
///
/// # Errors
/// When the database does not answer.
pub async fn load(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let context = Rc::new(context(&req).await?);
    if context.user.is_none()
        && let Some(kept) = kept_form(&mut req, &["/t/"]).await?
    {
        // The session ended in the middle of a form: what was typed waits behind the log-in.
        let page = error_page::log_in_again(&context, &req.get_session(), &kept)?;
        return Ok(req.into_response(page).map_into_boxed_body());
    }
    if let Some(error) = unfit(&req) {
        req.extensions_mut().insert(Rc::clone(&context));
        let page = error_page::of(&error, &context, req.request())?;
        return Ok(req.into_response(page).map_into_boxed_body());
    }
    if let Some(answer) = ask_who(&mut req, &context).await? {
        return Ok(req.into_response(answer).map_into_boxed_body());
    }
    req.extensions_mut().insert(Rc::clone(&context));
    let response = next.call(req).await?.map_into_boxed_body();
    let error = response
        .response()
        .error()
        .and_then(|error| error.as_error::<AppError>());
    let mut response = match error.map(|error| error_page::of(error, &context, response.request()))
    {
        Some(page) => response.into_response(page?).map_into_boxed_body(),
        None => response,
    };
    if !context.flash.is_empty() && !response.status().is_redirection() {
        // It has been shown; the next page does not repeat it.
        let gone = Cookie::build(flash::COOKIE, "")
            .path("/")
            .max_age(CookieDuration::ZERO)
            .finish();
        let _ = response.response_mut().add_cookie(&gone);
    }
    Ok(response)
}

/// What no page of the program leads to.
fn unfit(req: &ServiceRequest) -> Option<AppError> {
    // The routes see a path decoded and `ask_who` does not: with a letter written otherwise a critical one would
    // not be known as such.
    if req.path().contains('%') {
        return Some(AppError::NotFound);
    }
    // PostgreSQL takes no NUL, and nobody types one. Forms refuse it themselves.
    let nul = req.query_string().contains("%00");
    nul.then(|| AppError::invalid("form-unreadable"))
}

/// Before what is critical, whoever did not show lately who he is does so first; what he sent waits in his session.
async fn ask_who(req: &mut ServiceRequest, context: &Context) -> Result<Option<HttpResponse>> {
    let Some(user) = context.user.as_ref().map(|user| user.id) else {
        return Ok(None);
    };
    let app = req
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| AppError::internal("the application state is missing"))?;
    let pattern = req.match_pattern().unwrap_or_default();
    let pattern = pattern.replacen("{tenant}/{inner}", "{tenant}", 1);
    let method = match *req.method() {
        Method::HEAD => Method::GET,
        ref method => method.clone(),
    };
    if !app.critical.contains(&(method.to_string(), pattern)) {
        return Ok(None);
    }
    let session = req.get_session();
    let proved: i64 = session.get(session::PROVED).ok().flatten().unwrap_or(0);
    let seconds = web::block(move || session::proof_seconds(&app.pools, user)).await;
    let seconds = seconds.map_err(|_| AppError::internal("the work was cut off"))??;
    if crate::clock::now().timestamp() - proved < seconds {
        return Ok(None);
    }
    let path = req.path().to_owned();
    let next = match kept_form(req, &["/t/", "/profile/"]).await? {
        Some(kept) if !kept.pairs.is_empty() => {
            session
                .insert(session::KEPT, kept)
                .map_err(|error| AppError::internal(error.to_string()))?;
            String::new()
        }
        _ if method == Method::GET => {
            let all = req.uri().path_and_query();
            all.map(ToString::to_string).unwrap_or_default()
        }
        // What only confirms is confirmed again where it was.
        _ => path
            .rsplit_once('/')
            .map(|(above, _)| above.to_owned())
            .unwrap_or_default(),
    };
    Ok(Some(error_page::prove_first(&next)))
}

/// A form sent without a session, to a page that needs one, or by somebody who has to show first who he is.
#[derive(Debug, Deserialize, Serialize)]
pub struct KeptForm {
    /// Where it was sent.
    pub action: String,
    /// Who filled it in, as the form itself said; nobody else gets it back.
    pub user: String,
    /// What was typed; no passwords, no tokens.
    pub pairs: Vec<(String, String)>,
}

async fn kept_form(req: &mut ServiceRequest, within: &[&str]) -> Result<Option<KeptForm>> {
    let kind = req
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // Another site's form is not brought back: whoever logs in would find filled in what a stranger wrote.
    if req.method() != Method::POST
        || !same_origin(req.request())
        || !within.iter().any(|start| req.path().starts_with(start))
        || !kind.starts_with("application/x-www-form-urlencoded")
    {
        return Ok(None);
    }
    let action = req
        .uri()
        .path_and_query()
        .map(ToString::to_string)
        .unwrap_or_default();
    let body = req
        .extract::<web::Bytes>()
        .await
        .map_err(|_| AppError::invalid("form-too-large"))?;
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(&body).map_err(|_| AppError::invalid("form-unreadable"))?;
    let user = pairs.iter().find(|(name, _)| name == USER_FIELD);
    let user = user.map(|(_, id)| id.clone()).unwrap_or_default();
    let pairs = pairs
        .into_iter()
        .filter(|(name, _)| !name.starts_with('_') && !name.contains("password"))
        .collect();
    Ok(Some(KeptForm {
        action,
        user,
        pairs,
    }))
}

async fn context(req: &ServiceRequest) -> Result<Context> {
    let session = req.get_session();
    let state = |key| {
        session
            .get::<String>(key)
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    let user: Option<i32> = session.get(session::USER).ok().flatten();
    let csrf = state(session::CSRF);
    let app = req
        .app_data::<web::Data<App>>()
        .cloned()
        .ok_or_else(|| AppError::internal("the application state is missing"))?;
    let mut context = Context {
        address: client::address(req.request(), &app).parse().ok(),
        csrf: csrf.clone(),
        signed_on: session
            .get(session::SIGNED_ON)
            .ok()
            .flatten()
            .unwrap_or_default(),
        language: browser_language(req).to_owned(),
        request_id: req
            .extensions()
            .get::<tracing_actix_web::RequestId>()
            .map(ToString::to_string)
            .unwrap_or_default(),
        flash: req
            .cookie(flash::COOKIE)
            .and_then(|cookie| flash::Message::decode(cookie.value(), &csrf))
            .into_iter()
            .collect(),
        ..Context::default()
    };
    let Some(user) = user.map(UserId) else {
        return Ok(context);
    };
    let named = named_tenant(req.path(), &app.sections);
    let shows = req.method() == Method::GET;
    let seen: Option<Seen> = session.get(session::SEE_AS).ok().flatten();
    let of_find = app.clone();
    let found = web::block(move || find::found(&of_find.pools, user, named, seen, shows));
    let found = found
        .await
        .map_err(|_| AppError::internal("the work was cut off"))??;
    if let Some(found) = found {
        context.language.clone_from(&found.user.language);
        context.user = Some(found.user);
        context.tenant = found.tenant;
        context.waiting = found.waiting;
        context.seen = found.seen;
    }
    used::note(&app, &context).await;
    Ok(context)
}

/// Slug and inner slug that a path names: `/t/nord/vip/lists` names `nord` and `vip`, `/t/nord/lists`
/// only `nord`, because `lists` is a section.
/// The API's paths name it alike, behind their own beginning.
pub(super) fn named_tenant(
    path: &str,
    sections: &BTreeSet<String>,
) -> Option<(String, Option<String>)> {
    let path = path.strip_prefix(super::routes::API).unwrap_or(path);
    let mut words = path.strip_prefix("/t/")?.split('/');
    let slug = words.next().filter(|slug| is_slug(slug))?;
    let inner = match words.next() {
        None => None,
        Some(section) if sections.contains(section) => None,
        Some(inner) if is_slug(inner) => Some(inner.to_owned()),
        // `/t/nord/VIP/lists`: whoever writes an inner tenant's name otherwise never means the whole one.
        Some(_) => return None,
    };
    Some((slug.to_owned(), inner))
}

fn is_slug(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

pub(crate) fn browser_language(req: &ServiceRequest) -> &'static str {
    let wanted = req
        .headers()
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let first = wanted
        .split(',')
        .map(|part| {
            part.trim()
                .get(..2)
                .unwrap_or_default()
                .to_ascii_lowercase()
        })
        .find(|language| language == "de" || language == "en");
    if first.as_deref() == Some("de") {
        "de"
    } else {
        "en"
    }
}

#[cfg(test)]
mod tests {
    use super::named_tenant;

    #[test]
    fn a_section_is_never_taken_for_an_inner_tenant() {
        let sections = ["lists".to_owned()].into();
        let named = |path| named_tenant(path, &sections);
        assert_eq!(named("/t/nord/lists"), Some(("nord".into(), None)));
        assert_eq!(
            named("/t/nord/vip/lists"),
            Some(("nord".into(), Some("vip".into())))
        );
        assert_eq!(named("/t/nord"), Some(("nord".into(), None)));
        assert_eq!(named("/t/No'rd"), None);
        assert_eq!(
            named("/api/v1/t/nord/vip/lists"),
            Some(("nord".into(), Some("vip".into())))
        );
        assert_eq!(named("/login"), None);
        // What is neither is not the tenant itself.
        assert_eq!(named("/t/nord/VIP/lists"), None);
        assert_eq!(named("/t/nord/%76ip/lists"), None);
    }
}
