//! The pages of errors, and the log-in page that keeps a form whose session ended.

use super::page::{Frame, respond};
use super::view::{FormView, Input, InputKind, PlainFormPage};
use crate::access::load::KeptForm;
use crate::access::{Context, rights, session};
use crate::error::{AppError, Result};
use actix_session::Session;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::RETRY_AFTER;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use askama::Template;

#[derive(Template)]
#[template(path = "pages/error.html")]
struct ErrorPage {
    p: Frame,
    text: String,
    detail: String,
    /// The way on instead of to the start: label and URL.
    act: Option<(String, String)>,
    /// Where the start is.
    start: String,
}

/// The same within a tenant, for who has a place in it: its sections stay at hand.
#[derive(Template)]
#[template(path = "pages/error_inside.html")]
struct ErrorInside {
    p: Frame,
    text: String,
    detail: String,
    act: Option<(String, String)>,
    start: String,
}

impl From<ErrorPage> for ErrorInside {
    fn from(page: ErrorPage) -> Self {
        let ErrorPage {
            p,
            text,
            detail,
            act,
            start,
        } = page;
        Self {
            p,
            text,
            detail,
            act,
            start,
        }
    }
}

/// Whether the page may show the frame of the tenant: who has nothing there is not told that it exists.
fn is_inside(error: &AppError, context: &Context) -> bool {
    let placed = |tenant: &crate::access::context::TenantHere| !tenant.rights.is_empty();
    let within = matches!(
        error,
        AppError::NotFound
            | AppError::Forbidden { .. }
            | AppError::OnlyLooking
            | AppError::Conflict
            | AppError::Invalid { .. }
            | AppError::Rule(_)
            | AppError::OutsideFence
            | AppError::TooMany { .. }
    );
    within && context.user.is_some() && context.tenant.as_ref().is_some_and(placed)
}

/// The answer to an error: a page, or, if nobody is logged in, the way to the log-in and back.
///
/// # Errors
/// When the template fails.
pub fn of(error: &AppError, context: &Context, req: &HttpRequest) -> Result<HttpResponse> {
    if matches!(error, AppError::LogIn) {
        let back = req
            .uri()
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        return Ok(super::page::see_other(&format!("/login?next={back}")));
    }
    if matches!(error, AppError::SecondFactor) && req.method() == Method::GET {
        let back = req.path();
        let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let url = format!("/profile/second-factor?next={back}");
        return Ok(super::page::see_other(&url));
    }
    page(error, context, Some(req))
}

/// To the page that asks once more who somebody is, and then to `next`.
pub fn prove_first(next: &str) -> HttpResponse {
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    super::page::see_other(&format!("/login/prove?next={next}"))
}

fn page(error: &AppError, context: &Context, req: Option<&HttpRequest>) -> Result<HttpResponse> {
    if let AppError::Internal(what) = error {
        tracing::error!(what, "request failed");
    }
    let (title, text, detail) = words(error, context);
    let p = Frame::new(context, title);
    let act = match error {
        AppError::SignOn(asked) => {
            let back = req.filter(|req| req.method() == Method::GET);
            let back = back.map(|req| req.path()).unwrap_or_default();
            let back: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
            let url = format!("/login/sso/{}?next={back}", asked.slug);
            Some((asked.label.clone(), url))
        }
        _ => None,
    };
    let (status, inside) = (error.status_code(), is_inside(error, context));
    let page = ErrorPage {
        start: if inside { p.url("") } else { "/".to_owned() },
        p,
        text,
        detail,
        act,
    };
    let mut response = if inside {
        respond(status, &ErrorInside::from(page))?
    } else {
        respond(status, &page)?
    };
    if let AppError::TooMany { wait_seconds } = error {
        response
            .headers_mut()
            .insert(RETRY_AFTER, (*wait_seconds).into());
    }
    Ok(response)
}

/// Title's key, text and further detail of an error, in the reader's language.
pub(super) fn words(error: &AppError, context: &Context) -> (&'static str, String, String) {
    let t = super::i18n::Texts::new(&context.language, "UTC");
    let plain = |title: &'static str| (title, t.t(&format!("{title}-text")), String::new());
    match error {
        AppError::NotFound | AppError::LogIn => plain("error-not-found"),
        AppError::Forbidden { right } => forbidden(&t, context, right),
        AppError::OnlyLooking => plain("error-only-looking"),
        AppError::Csrf => plain("error-csrf"),
        AppError::Conflict => plain("error-conflict"),
        AppError::Invalid { key, params } => {
            ("error-invalid", t.with_all(key, params), String::new())
        }
        AppError::Rule(faults) => {
            let texts: Vec<_> = faults.iter().map(|fault| fault.text(&t)).collect();
            ("error-invalid", texts.join(" "), String::new())
        }
        AppError::Constraint(_)
        | AppError::Interrupted
        | AppError::TakenBack
        | AppError::Internal(_) => plain("error-internal"),
        AppError::OutsideFence => plain("error-outside-fence"),
        AppError::TenantVersion => plain("error-tenant-version"),
        AppError::TenantClosed { .. } => plain("error-tenant-closed"),
        AppError::SecondFactor => plain("error-second-factor"),
        AppError::SignOn(_) => plain("error-sign-on"),
        AppError::Unavailable => plain("error-unavailable"),
        AppError::TimedOut => plain("error-timed-out"),
        AppError::TooMany { wait_seconds } => (
            "error-too-many",
            t.with("error-too-many-text", "seconds", &wait_seconds.to_string()),
            String::new(),
        ),
    }
}

/// The right's name, and who can grant it.
fn forbidden(
    t: &super::i18n::Texts,
    context: &Context,
    right: &str,
) -> (&'static str, String, String) {
    let label = rights::by_key(right).map_or(right, |info| info.label(t.language()));
    let who = context
        .tenant
        .as_ref()
        .map(|tenant| t.with("error-forbidden-who", "tenant", &tenant.name))
        .unwrap_or_default();
    (
        "error-forbidden",
        t.with("error-forbidden-text", "right", label),
        who,
    )
}

/// Outermost: what failed before or after the pages (no database, no session to be had) gets a page, too.
///
/// # Errors
/// An error whose response is the page.
pub async fn catch(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let context = Context {
        language: crate::access::load::browser_language(&req).to_owned(),
        request_id: crate::telemetry::request_id(req.request()).unwrap_or_default(),
        ..Context::default()
    };
    next.call(req).await.map_err(|error| {
        let app_error = error.as_error::<AppError>();
        if app_error.is_none() && error.as_response_error().status_code().is_client_error() {
            return error;
        }
        // actix-session hides its cause; what it cannot do without is the database.
        tracing::warn!(%error, "request cut off");
        let page = page(app_error.unwrap_or(&AppError::Unavailable), &context, None);
        match page {
            Ok(page) => actix_web::error::InternalError::from_response(error, page).into(),
            Err(fault) => fault.into(),
        }
    })
}

/// The log-in page for a form whose session ended; what was typed goes along.
///
/// # Errors
/// When the session cannot take a token, or the template fails.
pub fn log_in_again(context: &Context, session: &Session, kept: &KeptForm) -> Result<HttpResponse> {
    let p = with_token(Frame::new(context, "login-again"), session)?;
    let body = serde_html_form::to_string(&kept.pairs)
        .map_err(|_| AppError::invalid("form-unreadable"))?;
    let form = log_in_form(&p, "")
        .input(Input::new(InputKind::Hidden, "kept_action", "").value(&kept.action))
        .input(Input::new(InputKind::Hidden, "kept_user", "").value(&kept.user))
        .input(Input::new(InputKind::Hidden, "kept_body", "").value(body));
    let intro = p.t("login-again-intro");
    respond(StatusCode::UNAUTHORIZED, &PlainFormPage { p, intro, form })
}

/// The address that somebody logs in with.
pub fn address_input(p: &Frame, typed: &str) -> Input {
    Input::line("email", p.t("login-email"), typed)
        .typed("email")
        .autocomplete("username")
        .required()
        .max(254)
}

/// The log-in form.
pub fn log_in_form(p: &Frame, next: &str) -> FormView {
    FormView::new("/login", p.t("login-submit"))
        .input(address_input(p, ""))
        .input(
            Input::line("password", p.t("login-password"), "")
                .typed("password")
                .autocomplete("current-password")
                .required()
                .max(1024),
        )
        .input(Input::new(InputKind::Hidden, "next", "").value(next))
        .aside(p.t("login-forgot"), "/password/forgot")
}

/// Makes sure that the session has a token and the frame knows it.
///
/// # Errors
/// When the session cannot take it.
pub fn with_token(mut p: Frame, session: &Session) -> Result<Frame> {
    if p.csrf.is_empty() {
        p.csrf = crate::secrets::random_hex(24);
        session
            .insert(session::CSRF, &p.csrf)
            .map_err(|error| AppError::internal(error.to_string()))?;
    }
    Ok(p)
}
