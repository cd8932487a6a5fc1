//! A user's own second factor: switching it on and off, the codes for when the device is gone, the devices that he
//! trusts. Whoever only found an open session can do none of it: each act asks for the password or a code.

use super::view::{HERE, errors_of, frame, show};
use super::{Shown, check, devices, passkeys};
use crate::access::{LoggedIn, Routes, client};
use crate::control::audit::Actor;
use crate::control::login::local_path;
use crate::control::passwords::proof;
use crate::control::sessions;
use crate::db::{Write, control};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, NoFields, Submitted};
use crate::web::{Frame, see_other, see_other_saying};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get(HERE, page);
    r.critical(|r| {
        r.post("/profile/second-factor/begin", begin);
        r.post("/profile/second-factor/end", end);
    });
    r.post("/profile/second-factor/confirm", confirm);
    r.post("/profile/second-factor/codes", codes);
    r.post("/profile/second-factor/devices/{id}/end", end_device);
    passkeys::pages::routes(r);
}

#[derive(Debug, Default, Deserialize)]
struct From {
    /// Where the tenant is that asked for it.
    #[serde(default)]
    next: String,
    /// Whether an app is to be set up beside what there is.
    #[serde(default)]
    app: String,
}

/// What the forms of this page send.
#[derive(Debug, Default, Deserialize, Validate)]
struct ProofForm {
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    code: String,
    /// The code of the form that switches it off, which stands beside another with a code.
    #[serde(default)]
    end_code: String,
    #[serde(default)]
    passkey: String,
    #[serde(default)]
    next: String,
}

async fn page(visitor: LoggedIn, query: web::Query<From>) -> Result<HttpResponse> {
    let next = local_path(&query.next).unwrap_or_default();
    let app = (!query.app.is_empty()).then(|| ("app", Errors::new()));
    show(&visitor, next, app).await
}

/// The form, if it can be read; else the page again.
macro_rules! read {
    ($visitor:expr, $path:literal, $sent:expr) => {
        match $sent.validated() {
            Ok(form) => form.into_inner(),
            Err(Faulty { typed, errors }) => {
                let next = local_path(&typed.next).unwrap_or_default().to_owned();
                return show(&$visitor, &next, Some(($path, errors))).await;
            }
        }
    };
}

async fn begin(
    visitor: LoggedIn,
    sent: Submitted<ProofForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let form = read!(visitor, "begin", sent);
    let (user, address) = (visitor.user().id, client::address(&req, visitor.app()));
    let password = form.password.clone();
    let begun = visitor
        .block(move |app| {
            proof::demand_if_any(app, user, &password, &address)?;
            control::run::<Write, _>(&app.pools, |conn| {
                super::begin(conn.pg(), &app.secret, user)?;
                super::is_on(conn.pg(), user)
            })
        })
        .await;
    let next = local_path(&form.next).unwrap_or_default();
    match begun {
        Ok(on) => {
            let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            let more = if on { "&app=1" } else { "" };
            Ok(see_other(&format!("{HERE}?next={next}{more}")))
        }
        Err(error) => show(&visitor, next, Some(("begin", errors_of(error)?))).await,
    }
}

/// Shows the codes for when the device is gone, this once.
#[derive(Template)]
#[template(path = "control/second_factor/codes.html")]
struct Codes {
    p: Frame,
    codes: Vec<String>,
    next: String,
}

pub(super) fn show_codes(
    visitor: &LoggedIn,
    codes: Vec<String>,
    next: &str,
) -> Result<HttpResponse> {
    let next = if next.is_empty() { HERE } else { next }.to_owned();
    let p = frame(visitor).titled_by("second-factor-codes");
    p.render(|p| Codes { p, codes, next })
}

async fn confirm(visitor: LoggedIn, sent: Submitted<ProofForm>) -> Result<HttpResponse> {
    let form = read!(visitor, "confirm", sent);
    let (user, post) = (visitor.user().id, visitor.app().post());
    let (own, code) = (visitor.context().csrf.clone(), form.code.clone());
    let confirmed = visitor
        .run::<Write, _>(move |conn| {
            let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
            if super::has_app(conn.pg(), user)? {
                return Err(AppError::invalid("second-factor-is-on"));
            }
            let codes = super::confirm(conn.pg(), &post, user, &code)?;
            if codes.is_some() {
                // Those that were begun without it.
                sessions::end_all(conn.pg(), user, Some(&own))?;
            }
            Ok(codes)
        })
        .await;
    let next = local_path(&form.next).unwrap_or_default();
    match confirmed {
        Ok(Some(codes)) => show_codes(&visitor, codes, next),
        Ok(None) => Ok(see_other_saying(HERE, "success", "said-app-added", &[])),
        Err(error) => show(&visitor, next, Some(("confirm", errors_of(error)?))).await,
    }
}

async fn codes(
    visitor: LoggedIn,
    sent: Submitted<ProofForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let form = read!(visitor, "codes", sent);
    let (user, address) = (visitor.user().id, client::address(&req, visitor.app()));
    let shown = Shown {
        code: form.code,
        passkey: form.passkey,
        browser: visitor.context().csrf.clone(),
    };
    let renewed = visitor
        .block(move |app| {
            check(app, user, &shown, &address, false)?;
            control::run::<Write, _>(&app.pools, |conn| {
                super::record(conn.pg(), Actor::form(user), user, "factor.codes")?;
                super::renew_codes(conn.pg(), &app.secret, user)
            })
        })
        .await;
    match renewed {
        Ok(codes) => show_codes(&visitor, codes, ""),
        Err(error) => show(&visitor, "", Some(("codes", errors_of(error)?))).await,
    }
}

async fn end(
    visitor: LoggedIn,
    sent: Submitted<ProofForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let form = read!(visitor, "end", sent);
    let (user, address) = (visitor.user().id, client::address(&req, visitor.app()));
    let shown = Shown {
        code: form.end_code,
        passkey: form.passkey,
        browser: visitor.context().csrf.clone(),
    };
    let ended = visitor
        .block(move |app| {
            proof::demand_if_any(app, user, &form.password, &address)?;
            check(app, user, &shown, &address, true)?;
            control::run::<Write, _>(&app.pools, |conn| {
                super::record(conn.pg(), Actor::form(user), user, "factor.end")?;
                super::end(conn.pg(), &app.post(), user)
            })
        })
        .await;
    match ended {
        Ok(_) => Ok(see_other_saying(
            HERE,
            "success",
            "said-second-factor-off",
            &[],
        )),
        Err(error) => {
            let mut errors = errors_of(error)?;
            if let Some(wrong) = errors.remove("code") {
                errors.insert("end_code".into(), wrong);
            }
            show(&visitor, "", Some(("end", errors))).await
        }
    }
}

#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

async fn end_device(
    visitor: LoggedIn,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (user, id) = (visitor.user().id, path.id);
    let ended = visitor
        .run::<Write, _>(move |conn| devices::end(conn.pg(), user, id))
        .await?;
    if !ended {
        return Err(AppError::NotFound);
    }
    Ok(see_other_saying(HERE, "success", "said-device-ended", &[]))
}
