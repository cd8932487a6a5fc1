//! The session that log-in begins, by whatever way, and where it goes then.

use super::{home, local_path, second};
use crate::access::load::KeptForm;
use crate::access::{Anonymous, Context, session};
use crate::app::App;
use crate::clock;
use crate::control::links;
use crate::db::ids::UserId;
use crate::db::{Write, control};
use crate::error::{AppError, Result};
use crate::web::form::{CSRF_FIELD, REFILL_FIELD};
use crate::web::page::{Frame, see_other};
use crate::web::see_other_saying;
use crate::web::view::{FormView, Input, InputKind, PlainFormPage};
use actix_session::Session;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

/// Where in a session's state it stands which provider began it.
pub(in crate::control) const PROVIDER: &str = "provider";

/// Through which provider somebody logged in, and what his log-out there needs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::control) struct By {
    /// What the session carries, for tenants that ask for it.
    pub(in crate::control) mark: String,
    /// The provider's address, for the audit.
    pub(in crate::control) issuer: String,
    /// Where log-out goes, if the provider offers that.
    pub(in crate::control) end: Option<String>,
    /// What the button says.
    pub(in crate::control) label: String,
    /// When he showed the provider who he is, in seconds since 1970; 0 where it does not say.
    pub(in crate::control) proved_at: i64,
}

/// Notes in a session that its user has shown himself to a provider.
pub(in crate::control) fn show(session: &Session, mark: &str) -> Result<()> {
    let known: Vec<String> = session
        .get(session::SIGNED_ON)
        .ok()
        .flatten()
        .unwrap_or_default();
    let mut all: Vec<String> = known.into_iter().filter(|one| one != mark).collect();
    all.push(mark.to_owned());
    session
        .insert(session::SIGNED_ON, all)
        .map_err(|error| AppError::internal(error.to_string()))
}

/// Where it goes after log-in: to a page, or back to a form whose session had ended.
#[derive(Debug, Default)]
pub(in crate::control) struct Going {
    pub(in crate::control) next: String,
    pub(in crate::control) kept_action: String,
    pub(in crate::control) kept_user: String,
    pub(in crate::control) kept_body: String,
}

/// Goes there; `token` is the new session's.
pub(in crate::control) async fn go(
    visitor: &Anonymous,
    user: UserId,
    token: String,
    going: Going,
) -> Result<HttpResponse> {
    // Whoever else logs in here gets nothing of what the first one typed.
    let his = going.kept_user == user.to_string();
    let action = local_path(&going.kept_action).filter(|action| his && action.starts_with("/t/"));
    if let Some(action) = action {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(&going.kept_body)
            .map_err(|_| AppError::invalid("form-unreadable"))?;
        return go_on(visitor.context(), token, action, pairs);
    }
    match second::place(&going.next) {
        Some(next) => Ok(see_other(next)),
        None => Ok(see_other(&visitor.block(move |app| home(app, user)).await?)),
    }
}

/// A link by which somebody whose password no longer does sets another one: whoever has shown all else that is asked
/// of him. That alone lets nobody in.
pub(super) fn another(app: &App, user: UserId) -> Result<String> {
    let post = app.post();
    let made = control::run::<Write, _>(&app.pools, |conn| {
        links::make(conn.pg(), &post, links::Kind::Reset, user, None, false)
    })?;
    Ok(made.path)
}

/// Leads to that link and says why.
pub(super) fn to_another(path: &str) -> HttpResponse {
    see_other_saying(path, "warning", "said-password-over", &[])
}

/// What the browser says of itself.
pub(in crate::control) fn agent_of(req: &HttpRequest) -> String {
    let agent = req.headers().get(USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    agent.unwrap_or_default().chars().take(200).collect()
}

/// A new session for the user: another key, another token, nothing of the one before.
pub(in crate::control) fn begin(
    session: &Session,
    user: UserId,
    req: &HttpRequest,
    address: String,
    by: Option<By>,
) -> Result<String> {
    let token = crate::secrets::random_hex(24);
    let agent = agent_of(req);
    session.clear();
    session.renew();
    let put = |key: &str, value: String| {
        session
            .insert(key, value)
            .map_err(|error| AppError::internal(error.to_string()))
    };
    session
        .insert(session::USER, user)
        .map_err(|error| AppError::internal(error.to_string()))?;
    put(session::CSRF, token.clone())?;
    // A provider may have known him without asking.
    let at = match &by {
        Some(by) => by.proved_at,
        None => clock::now().timestamp(),
    };
    if let Some(by) = by {
        show(session, &by.mark)?;
        session
            .insert(PROVIDER, by)
            .map_err(|error| AppError::internal(error.to_string()))?;
    }
    put("agent", agent)?;
    put("address", address)?;
    proved(session, at)?;
    Ok(token)
}

/// After a log-in in the middle of a form: one button brings the form back, filled.
fn go_on(
    context: &Context,
    token: String,
    action: &str,
    pairs: Vec<(String, String)>,
) -> Result<HttpResponse> {
    let mut p = Frame::new(context, "login-go-on");
    p.csrf = token;
    let hidden =
        |(name, value): (String, String)| Input::new(InputKind::Hidden, name, "").value(value);
    let form = FormView::new(action, p.t("login-go-on-submit"))
        .inputs(
            pairs
                .into_iter()
                .filter(|(name, _)| name != CSRF_FIELD)
                .map(hidden),
        )
        .input(Input::new(InputKind::Hidden, REFILL_FIELD, "").value("1"));
    let intro = p.t("login-go-on-intro");
    p.render(|p| PlainFormPage { p, intro, form })
}

/// Notes in a session that its user has just shown who he is.
pub(in crate::control) fn proved(session: &Session, at: i64) -> Result<()> {
    session
        .insert(session::PROVED, at)
        .map_err(|error| AppError::internal(error.to_string()))
}

/// After somebody has shown once more who he is: to the form that waits in his session, or to `next`.
pub(in crate::control) fn back(
    context: &Context,
    session: &Session,
    next: &str,
) -> Result<HttpResponse> {
    let kept: Option<KeptForm> = session.get(session::KEPT).ok().flatten();
    session.remove(session::KEPT);
    let user = context.user.as_ref().map(|user| user.id.to_string());
    match kept.filter(|kept| Some(&kept.user) == user.as_ref() && next.is_empty()) {
        Some(kept) if local_path(&kept.action).is_some() => {
            go_on(context, context.csrf.clone(), &kept.action, kept.pairs)
        }
        _ => Ok(see_other(local_path(next).unwrap_or("/"))),
    }
}
