//! The second step of log-in: the password was right, now the code or a passkey. Until it is, the session says only who
//! waits: no gate takes it for a log-in, and both steps change its key.

use super::local_path;
use super::session::{By, Going, agent_of, another, begin, go, to_another};
use crate::access::{Anonymous, client, session};
use crate::clock;
use crate::control::second_factor::view::{by_passkey, errors_of};
use crate::control::second_factor::{Shown, check, devices, has_app, passkeys};
use crate::db::ids::UserId;
use crate::db::schema::control::users;
use crate::db::{Read, Write, control};
use crate::error::{AppError, Result};
use crate::secrets::random_hex;
use crate::web::form::{Errors, Faulty, NoFields, Submitted, error_at};
use crate::web::page::{Frame, see_other};
use crate::web::view::{FormView, Input, InputKind, PlainFormPage};
use actix_session::Session;
use actix_web::cookie::Cookie;
use actix_web::{HttpRequest, HttpResponse};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use validator::Validate;

/// Seconds for which the code is waited for.
const PATIENCE: i64 = 10 * 60;
/// Where the script learns what a passkey is to be asked.
pub(super) const ASK: &str = "/login/code/passkey";
/// Where in a session's state it stands who waits.
const PENDING: &str = "pending";

/// Whose password was right.
#[derive(Debug, Deserialize, Serialize)]
struct Pending {
    user: i32,
    /// Counts the changes of the user: another password or state, and the first step is to be gone again.
    version: i32,
    since: i64,
    /// Through which provider, if it was no password.
    by: Option<By>,
    /// Whether the password was right and another one is to be set.
    over: bool,
}

/// What the first step has shown.
pub(in crate::control) struct First {
    /// Who it is.
    pub(in crate::control) user: UserId,
    /// Through which provider, if it was no password.
    pub(in crate::control) by: Option<By>,
    /// Whether the password was right and no longer does.
    pub(in crate::control) over: bool,
}

/// Whether log-in has to ask this user for a code on this device.
pub(in crate::control) fn is_asked(
    conn: &mut PgConnection,
    user: UserId,
    device: Option<&str>,
) -> Result<bool> {
    Ok(crate::control::second_factor::is_on(conn, user)?
        && !match device {
            Some(token) => devices::is_trusted(conn, user, token)?,
            None => false,
        })
}

/// Notes in a session with another key that the code is waited for, and asks for it.
pub(in crate::control) async fn ask(
    visitor: &Anonymous,
    session: &Session,
    First { user, by, over }: First,
    going: Going,
) -> Result<HttpResponse> {
    let version = visitor.block(move |app| version(app, user)).await?;
    let pending = Pending {
        user: user.0,
        version: version.ok_or(AppError::LogIn)?,
        since: clock::now().timestamp(),
        by,
        over,
    };
    let token = random_hex(24);
    session.clear();
    session.renew();
    let fault = |error: actix_session::SessionInsertError| AppError::internal(error.to_string());
    session.insert(PENDING, pending).map_err(fault)?;
    session.insert(session::CSRF, &token).map_err(fault)?;
    page(visitor, user, token, going, None).await
}

/// Counts the changes of a user who may log in.
fn version(app: &crate::app::App, user: UserId) -> Result<Option<i32>> {
    control::statement(&app.pools, |conn| {
        users::table
            .find(user.0)
            .filter(users::state.eq("active"))
            .select(users::version)
            .first(conn)
            .optional()
    })
}

/// With what a user can show his second factor: an app, and passkeys.
fn ways(app: &crate::app::App, user: UserId) -> Result<(bool, bool)> {
    control::run::<Read, _>(&app.pools, |conn| {
        let passkeys = passkeys::count(conn.pg(), user)? > 0;
        Ok((has_app(conn.pg(), user)?, passkeys))
    })
}

async fn page(
    visitor: &Anonymous,
    user: UserId,
    token: String,
    going: Going,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let (by_code, passkeys, by) = visitor
        .block(move |app| {
            let (by_code, passkeys) = ways(app, user)?;
            Ok((by_code, passkeys, by_passkey(app, passkeys, ASK, false)))
        })
        .await?;
    let mut p = Frame::new(visitor.context(), "code-title");
    p.csrf = token;
    let hidden = |name: &str, value: String| Input::new(InputKind::Hidden, name, "").value(value);
    let (label, help, intro) = match (by_code, passkeys) {
        (true, false) => ("second-factor-code", "code-help", "code-intro"),
        (true, true) => ("second-factor-code", "code-help-both", "code-intro-both"),
        (false, _) => ("code-recovery", "code-help-passkey", "code-intro-passkey"),
    };
    let quiet = by.is_some() && !by_code;
    let code = Input::line("code", p.t(label), "").autocomplete("one-time-code");
    let mut form = FormView::new("/login/code", p.t("login-submit"))
        .input(code.help(p.t(help)).required_if(by.is_none()).max(30))
        .input(Input::check("trust", p.t("code-trust"), false))
        .input(hidden("next", going.next))
        .input(hidden("kept_action", going.kept_action))
        .input(hidden("kept_user", going.kept_user))
        .input(hidden("kept_body", going.kept_body))
        .passkey(by)
        .cancel("/login");
    form.quiet = quiet;
    let intro = p.t(intro);
    PlainFormPage::answer(p, intro, form, errors)
}

/// What a passkey of who waits is to be asked.
pub(super) async fn ask_passkey(
    visitor: Anonymous,
    session: Session,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let Some(First { user, .. }) = pending(&visitor, &session).await? else {
        return Err(AppError::LogIn);
    };
    let browser = visitor.context().csrf.clone();
    let wanted = visitor
        .block(move |app| passkeys::ask(app, user, &browser))
        .await?;
    Ok(HttpResponse::Ok().json(wanted))
}

#[derive(Debug, Deserialize, Validate)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    passkey: String,
    #[serde(default)]
    trust: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    kept_action: String,
    #[serde(default)]
    kept_user: String,
    #[serde(default)]
    kept_body: String,
}

impl CodeForm {
    fn going(self) -> Going {
        Going {
            next: self.next,
            kept_action: self.kept_action,
            kept_user: self.kept_user,
            kept_body: self.kept_body,
        }
    }
}

/// The page opened by itself: who waits is asked again, anybody else begins at the beginning.
pub(super) async fn code_page(visitor: Anonymous, session: Session) -> Result<HttpResponse> {
    match pending(&visitor, &session).await? {
        Some(First { user, .. }) => {
            let token = visitor.context().csrf.clone();
            page(&visitor, user, token, Going::default(), None).await
        }
        None => Ok(see_other("/login")),
    }
}

/// Who waits, if he still may.
async fn pending(visitor: &Anonymous, session: &Session) -> Result<Option<First>> {
    let Some(pending) = session.get::<Pending>(PENDING).ok().flatten() else {
        return Ok(None);
    };
    let user = UserId(pending.user);
    let now = visitor.block(move |app| version(app, user)).await?;
    let in_time = clock::now().timestamp() - pending.since < PATIENCE;
    let (by, over) = (pending.by, pending.over);
    Ok((in_time && now == Some(pending.version)).then_some(First { user, by, over }))
}

/// What the second step leads to.
enum Passed {
    /// In, and the device is trusted from now on if he wants that.
    In(Option<Cookie<'static>>),
    /// To the page that sets another password.
    Over(String),
}

pub(super) async fn code(
    visitor: Anonymous,
    session: Session,
    sent: Submitted<CodeForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let token = visitor.context().csrf.clone();
    let Some(First { user, by, over }) = pending(&visitor, &session).await? else {
        session.purge();
        return Ok(see_other("/login"));
    };
    let form = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => {
            return page(&visitor, user, token, typed.going(), Some(&errors)).await;
        }
    };
    let address = client::address(&req, visitor.app());
    let (trust, agent) = (form.trust == "on", agent_of(&req));
    let shown = Shown {
        code: form.code.clone(),
        passkey: form.passkey.clone(),
        browser: token.clone(),
    };
    let (of_act, of_entry) = (address.clone(), by.clone());
    let checked = visitor
        .block(move |app| {
            check(app, user, &shown, &of_act, true)?;
            if over {
                return another(app, user).map(Passed::Over);
            }
            super::begun(app, user, of_entry.as_ref())?;
            let cookie = trust.then(|| {
                control::run::<Write, _>(&app.pools, |conn| {
                    devices::trust(conn.pg(), app, user, &agent, &of_act)
                })
            });
            cookie.transpose().map(Passed::In)
        })
        .await;
    let errors = match checked {
        Ok(Passed::Over(path)) => {
            session.purge();
            return Ok(to_another(&path));
        }
        Ok(Passed::In(cookie)) => {
            let token = begin(&session, user, &req, address, by)?;
            let mut response = go(&visitor, user, token, form.going()).await?;
            if let Some(cookie) = cookie {
                response
                    .add_cookie(&cookie)
                    .map_err(|error| AppError::internal(error.to_string()))?;
            }
            return Ok(response);
        }
        Err(AppError::Invalid {
            key: "second-factor-wrong",
            ..
        }) => error_at("code", "code-wrong", &[]),
        Err(other) => errors_of(other)?,
    };
    page(&visitor, user, token, form.going(), Some(&errors)).await
}

/// Whether `next` is a place to go to after log-in.
pub(super) fn place(next: &str) -> Option<&str> {
    local_path(next).filter(|next| *next != "/")
}
