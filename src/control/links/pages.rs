//! The pages that a link opens, and the one that asks for a link. Nobody is logged in on them, and nobody
//! becomes so: who has set his password logs in with it.

use super::{Kind, Standing, forgot, standing, use_up};
use crate::access::{Anonymous, Routes, client};
use crate::app::App;
use crate::control::audit::{self, Actor};
use crate::control::login::throttle;
use crate::control::{passwords, policy, sessions, users};
use crate::db::schema::control::users as table;
use crate::db::{Write, control};
use crate::error::{AppError, Result};
use crate::web::error_page::{address_input, with_token};
use crate::web::form::{Errors, Faulty, Submitted, error_at, error_of};
use crate::web::page::{Frame, respond, see_other_saying};
use crate::web::view::{FormView, Input, InputKind, PlainFormPage};
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use diesel::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/password/forgot", forgot_page);
    r.post("/password/forgot", ask);
    r.get("/password/reset/{token}", reset_page);
    r.post("/password/reset/{token}", reset);
    r.get("/invitation/{token}", invitation_page);
    r.post("/invitation/{token}", accept);
}

/// A page that only says something.
#[derive(Template)]
#[template(path = "control/links/said.html")]
struct Said {
    p: Frame,
    text: String,
}

#[derive(Debug, Default, Deserialize, Validate)]
struct ForgotForm {
    #[serde(default)]
    email: String,
}

fn forgot_form(
    visitor: &Anonymous,
    session: &Session,
    typed: &str,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = with_token(Frame::new(visitor.context(), "forgot-title"), session)?;
    if !visitor.app().post().sends() {
        let text = p.t("forgot-no-mail");
        return p.render(|p| Said { p, text });
    }
    let form = FormView::new("/password/forgot", p.t("forgot-submit"))
        .input(address_input(&p, typed))
        .cancel("/login");
    let intro = p.t("forgot-intro");
    PlainFormPage::answer(p, intro, form, errors)
}

async fn forgot_page(visitor: Anonymous, session: Session) -> Result<HttpResponse> {
    forgot_form(&visitor, &session, "", None)
}

async fn ask(
    visitor: Anonymous,
    session: Session,
    sent: Submitted<ForgotForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let typed = match sent.validated() {
        Ok(form) => form.into_inner().email,
        Err(Faulty { typed, errors }) => {
            return forgot_form(&visitor, &session, &typed.email, Some(&errors));
        }
    };
    if !visitor.app().post().sends() {
        return forgot_form(&visitor, &session, "", None);
    }
    let (email, address) = (typed.clone(), client::address(&req, visitor.app()));
    let asked = visitor
        .block(move |app| forgot::ask(app, &email, &address))
        .await;
    let errors = match asked {
        Ok(()) => {
            let p = Frame::new(visitor.context(), "forgot-title");
            let text = p.t("forgot-asked");
            return p.render(|p| Said { p, text });
        }
        Err(AppError::Invalid { key, params }) => error_at("email", key, &params),
        Err(other) => error_of("", other)?,
    };
    forgot_form(&visitor, &session, &typed, Some(&errors))
}

#[derive(Debug, Deserialize)]
struct Which {
    token: String,
}

async fn look(visitor: &Anonymous, kind: Kind, token: String) -> Result<Standing> {
    let found = visitor
        .block(move |app| {
            control::statement_result(&app.pools, |conn| standing(conn, &app.secret, kind, &token))
        })
        .await?;
    found.ok_or(AppError::NotFound)
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Reset => "reset-title",
        Kind::Invitation => "invitation-title",
    }
}

/// The form for an open link, or what became of it.
async fn page(
    visitor: &Anonymous,
    session: &Session,
    kind: Kind,
    token: &str,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let standing = look(visitor, kind, token.to_owned()).await?;
    let p = with_token(Frame::new(visitor.context(), title(kind)), session)?;
    let Standing::Open { email, .. } = standing else {
        let text = p.t(over(kind, &standing));
        return respond(StatusCode::GONE, &Said { p, text });
    };
    let form = FormView::new(kind.path(token), p.t("reset-submit"))
        .input(Input::new(InputKind::Fixed, "email", p.t("login-email")).value(email))
        .input(
            Input::line("password", p.t("profile-new-password"), "")
                .typed("password")
                .autocomplete("new-password")
                .help(p.t("password-help"))
                .required(),
        );
    let intro = match kind {
        Kind::Reset => p.t("reset-intro"),
        Kind::Invitation => p.t("invitation-intro"),
    };
    PlainFormPage::answer(p, intro, form, errors)
}

/// What to say of a link that opens nothing any more.
fn over(kind: Kind, standing: &Standing) -> &'static str {
    match (kind, standing) {
        (Kind::Reset, Standing::Used) => "reset-used",
        (Kind::Reset, Standing::Expired) => "reset-expired",
        (Kind::Reset, _) => "reset-ended",
        (Kind::Invitation, Standing::Used) => "invitation-used",
        (Kind::Invitation, Standing::Expired) => "invitation-expired",
        (Kind::Invitation, _) => "invitation-ended",
    }
}

async fn reset_page(
    visitor: Anonymous,
    session: Session,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    page(&visitor, &session, Kind::Reset, &path.token, None).await
}

async fn invitation_page(
    visitor: Anonymous,
    session: Session,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    page(&visitor, &session, Kind::Invitation, &path.token, None).await
}

#[derive(Debug, Default, Deserialize, Validate)]
struct PasswordForm {
    #[serde(default)]
    password: SecretString,
}

async fn reset(
    visitor: Anonymous,
    session: Session,
    path: web::Path<Which>,
    sent: Submitted<PasswordForm>,
) -> Result<HttpResponse> {
    set(&visitor, &session, Kind::Reset, &path.token, sent).await
}

async fn accept(
    visitor: Anonymous,
    session: Session,
    path: web::Path<Which>,
    sent: Submitted<PasswordForm>,
) -> Result<HttpResponse> {
    set(&visitor, &session, Kind::Invitation, &path.token, sent).await
}

async fn set(
    visitor: &Anonymous,
    session: &Session,
    kind: Kind,
    token: &str,
    sent: Submitted<PasswordForm>,
) -> Result<HttpResponse> {
    let password = match sent.validated() {
        Ok(form) => form.into_inner().password,
        Err(Faulty { errors, .. }) => {
            return page(visitor, session, kind, token, Some(&errors)).await;
        }
    };
    let of_act = token.to_owned();
    let outcome = visitor
        .block(move |app| set_password(app, kind, &of_act, &password))
        .await;
    match outcome {
        Ok(true) => Ok(see_other_saying(
            "/login",
            "success",
            "said-own-password-set",
            &[],
        )),
        // Meanwhile it was used or ended: the page says so.
        Ok(false) => page(visitor, session, kind, token, None).await,
        Err(AppError::Invalid { key, params }) => {
            let errors = error_at("password", key, &params);
            page(visitor, session, kind, token, Some(&errors)).await
        }
        Err(other) => Err(other),
    }
}

/// Sets the password of the link's user; false where the link does not open.
fn set_password(app: &App, kind: Kind, token: &str, password: &SecretString) -> Result<bool> {
    let look =
        || control::statement_result(&app.pools, |conn| standing(conn, &app.secret, kind, token));
    // Before the slow part: a dead link costs nothing.
    let Some(Standing::Open { id, user, email }) = look()? else {
        return Ok(false);
    };
    let rules = control::statement_result(&app.pools, |conn| policy::of_user(conn, user))?;
    rules.check(password, &[&email])?;
    let old: Option<String> = control::statement(&app.pools, |conn| {
        let me = table::table.find(user.0);
        me.select(table::password_hash).first(conn)
    })?;
    if old.is_some() && passwords::verify(password, old.as_deref()) {
        return Err(AppError::invalid("password-same"));
    }
    let (hash, post) = (passwords::hash(password)?, app.post());
    control::run::<Write, _>(&app.pools, |conn| {
        // In the order in which links are made: the user first.
        let me = table::table.find(user.0).select(table::id).for_update();
        me.first::<i32>(conn.pg())?;
        let still = standing(conn.pg(), &app.secret, kind, token)?;
        if !matches!(still, Some(Standing::Open { .. })) || !use_up(conn.pg(), id)? {
            return Ok(false);
        }
        passwords::set(conn.pg(), &post, user, &hash, kind == Kind::Reset)?;
        sessions::end_all(conn.pg(), user, None)?;
        let home = users::home_of(conn.pg(), user)?;
        let act = match kind {
            Kind::Reset => "user.password",
            Kind::Invitation => "user.accept",
        };
        let (actor, object) = (Actor::form(user), user.to_string());
        audit::record(conn.pg(), actor, home, act, &object, &json!({}))?;
        Ok(true)
    })
    .and_then(|set| {
        // Whoever guessed at the old password no longer keeps its owner waiting.
        throttle::forget(&app.pools, &throttle::key("account", &email))?;
        Ok(set)
    })
}
