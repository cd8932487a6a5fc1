//! A user's own second factor: switching it on and off, the codes for when the device is gone, the devices that he
//! trusts. Whoever only found an open session can do none of it: each act asks for the password or a code.

use super::devices::{self, Device};
use super::{Standing, check, totp};
use crate::access::{LoggedIn, Routes, client};
use crate::control::audit::Actor;
use crate::control::login::local_path;
use crate::control::passwords::proof;
use crate::control::sessions::{self, device};
use crate::db::schema::control::users;
use crate::db::{Read, Write, control};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, NoFields, Submitted, error_at};
use crate::web::{FormView, Frame, Input, InputKind, see_other, see_other_saying};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use diesel::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

const HERE: &str = "/profile/second-factor";

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
}

#[derive(Debug, Default, Deserialize)]
struct From {
    /// Where the tenant is that asked for it.
    #[serde(default)]
    next: String,
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
    next: String,
}

#[derive(Template)]
#[template(path = "control/second_factor/index.html")]
struct Index {
    p: Frame,
    text: String,
    /// The secret: as a picture's path with its size, and as text.
    secret: Option<(String, i32, String)>,
    forms: Vec<(String, FormView)>,
    devices: Option<Vec<Device>>,
}

impl Index {
    fn device(&self, shown: &Device) -> String {
        device::name(&self.p, &shown.agent)
    }
}

fn frame(visitor: &LoggedIn) -> Frame {
    let p = Frame::new(visitor.context(), "second-factor-title");
    let profile = p.t("profile-title");
    p.crumb(profile, "/profile")
}

fn password_input(p: &Frame) -> Input {
    Input::line("password", p.t("login-password"), "")
        .typed("password")
        .autocomplete("current-password")
        .required()
}

fn code_input(p: &Frame, name: &str) -> Input {
    Input::line(name, p.t("second-factor-code"), "")
        .autocomplete("one-time-code")
        .required()
        .max(30)
}

/// The page as the second factor stands; errors stand at the form that was sent.
async fn show(
    visitor: &LoggedIn,
    next: &str,
    faulty: Option<(&str, Errors)>,
) -> Result<HttpResponse> {
    let (user, secret) = (visitor.user().id, visitor.app().secret.clone());
    let (standing, trusted, email) = visitor
        .run::<Read, _>(move |conn| {
            let email: String = users::table
                .find(user.0)
                .select(users::email)
                .first(conn.pg())?;
            Ok((
                super::standing(conn.pg(), &secret, user)?,
                devices::of_user(conn.pg(), user)?,
                email,
            ))
        })
        .await?;
    let p = frame(visitor);
    let form = |path: &str, label: &str| {
        FormView::new(format!("{HERE}/{path}"), p.t(label))
            .input(Input::new(InputKind::Hidden, "next", "").value(next))
    };
    let (text, picture, mut forms) = match &standing {
        Standing::Off => {
            let begin = form("begin", "second-factor-begin").input(password_input(&p));
            let text = if next.is_empty() {
                "second-factor-off"
            } else {
                "second-factor-asked"
            };
            (p.t(text), None, vec![(String::new(), begin)])
        }
        Standing::Begun(key) => {
            let confirm = form("confirm", "second-factor-confirm").input(code_input(&p, "code"));
            let again = form("begin", "second-factor-again").input(password_input(&p));
            let mut again = again;
            again.quiet = true;
            (
                p.t("second-factor-scan"),
                Some(picture(key, &email)?),
                vec![
                    (String::new(), confirm),
                    (p.t("second-factor-again-title"), again),
                ],
            )
        }
        Standing::On { since, codes } => {
            let renew = form("codes", "second-factor-renew").input(code_input(&p, "code"));
            let end = form("end", "second-factor-end")
                .input(password_input(&p))
                .input(code_input(&p, "end_code").help(p.t("second-factor-end-help")))
                .danger();
            let params = [("since", p.t.moment(since)), ("codes", codes.to_string())];
            (
                p.t.with_all("second-factor-on", &params),
                None,
                vec![
                    (p.t("second-factor-renew-title"), renew),
                    (p.t("second-factor-end-title"), end),
                ],
            )
        }
    };
    let again = faulty.is_some();
    if let Some((path, errors)) = faulty {
        let action = format!("{HERE}/{path}");
        if let Some((_, form)) = forms.iter_mut().find(|(_, form)| form.action == action) {
            *form = form.clone().errors(&p.t, &errors);
        }
    }
    let index = |p| Index {
        p,
        text,
        secret: picture,
        forms,
        devices: matches!(standing, Standing::On { .. }).then_some(trusted),
    };
    if again {
        p.render_again(index)
    } else {
        p.render(index)
    }
}

/// The secret for an app: a path of squares and its size, and letters in groups of four.
fn picture(key: &[u8], email: &str) -> Result<(String, i32, String)> {
    use qrcodegen::{QrCode, QrCodeEcc};
    let text = totp::base32(key);
    let account: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let address = format!("otpauth://totp/Mandant:{account}?secret={text}&issuer=Mandant");
    let code = QrCode::encode_text(&address, QrCodeEcc::Medium)
        .map_err(|error| AppError::internal(format!("QR code: {error}")))?;
    let size = code.size();
    let squares = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    let path = squares
        .filter(|(x, y)| code.get_module(*x, *y))
        .map(|(x, y)| format!("M{} {}h1v1h-1z", x + 4, y + 4))
        .collect();
    let groups: Vec<&str> = (0..text.len())
        .step_by(4)
        .filter_map(|at| text.get(at..at + 4))
        .collect();
    Ok((path, size + 8, groups.join(" ")))
}

async fn page(visitor: LoggedIn, query: web::Query<From>) -> Result<HttpResponse> {
    let next = local_path(&query.next).unwrap_or_default();
    show(&visitor, next, None).await
}

/// The field of a refusal, or the refusal where it is none that a form shows.
fn errors_of(error: AppError) -> Result<Errors> {
    match error {
        AppError::TooMany { wait_seconds } => {
            let seconds = [("seconds", wait_seconds.to_string())];
            Ok(error_at("", "error-too-many-text", &seconds))
        }
        AppError::Invalid { key, params } => {
            let field = match key {
                "profile-old-wrong" => "password",
                "second-factor-wrong" => "code",
                _ => "",
            };
            Ok(error_at(field, key, &params))
        }
        other => Err(other),
    }
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
                super::begin(conn.pg(), &app.secret, user)
            })
        })
        .await;
    let next = local_path(&form.next).unwrap_or_default();
    match begun {
        Ok(()) => {
            let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
            Ok(see_other(&format!("{HERE}?next={next}")))
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

fn show_codes(visitor: &LoggedIn, codes: Vec<String>, next: &str) -> Result<HttpResponse> {
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
            if super::is_on(conn.pg(), user)? {
                return Err(AppError::invalid("second-factor-is-on"));
            }
            let codes = super::confirm(conn.pg(), &post, user, &code)?;
            // Those that were begun without it.
            sessions::end_all(conn.pg(), user, Some(&own))?;
            Ok(codes)
        })
        .await;
    let next = local_path(&form.next).unwrap_or_default();
    match confirmed {
        Ok(codes) => show_codes(&visitor, codes, next),
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
    let renewed = visitor
        .block(move |app| {
            if !check(app, user, &form.code, &address, false)? {
                return Err(AppError::invalid("second-factor-wrong"));
            }
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
    let ended = visitor
        .block(move |app| {
            proof::demand_if_any(app, user, &form.password, &address)?;
            if !check(app, user, &form.end_code, &address, true)? {
                return Err(AppError::invalid("second-factor-wrong"));
            }
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
