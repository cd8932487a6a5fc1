//! The page of a user's second factor: what he has of it, and what he can do with each.

use super::devices::{self, Device};
use super::passkeys::{self, Site};
use super::{Authenticator, Standing, totp};
use crate::access::LoggedIn;
use crate::app::App;
use crate::control::sessions::device;
use crate::db::Read;
use crate::db::schema::control::users;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, error_at, error_of};
use crate::web::view::ByPasskey;
use crate::web::{FormView, Frame, Input, InputKind};
use actix_web::HttpResponse;
use askama::Template;
use diesel::prelude::*;

/// Where it is.
pub const HERE: &str = "/profile/second-factor";

#[derive(Template)]
#[template(path = "control/second_factor/index.html")]
struct Index {
    p: Frame,
    text: String,
    /// The app's secret: as a picture's path with its size, and as text.
    secret: Option<(String, i32, String)>,
    forms: Vec<(String, FormView)>,
    /// His passkeys; none where the page is about an app alone.
    passkeys: Option<Vec<passkeys::Shown>>,
    /// Whether passkeys can be used here at all.
    has_host: bool,
    /// Whether he could set up an app beside what he has.
    app_lacks: bool,
    devices: Option<Vec<Device>>,
    /// `?next=…`, where he is to go on afterwards.
    query: String,
}

impl Index {
    fn device(&self, shown: &Device) -> String {
        device::name(&self.p, &shown.agent)
    }
}

/// The frame of this page and of those below it.
pub(super) fn frame(visitor: &LoggedIn) -> Frame {
    let p = Frame::new(visitor.context(), "second-factor-title");
    let profile = p.t("profile-title");
    p.crumb(profile, "/profile")
}

/// Where somebody who is logged in types his password.
pub(super) fn password_input(p: &Frame) -> Input {
    Input::line("password", p.t("login-password"), "")
        .typed("password")
        .autocomplete("current-password")
        .required()
}

/// Where he types a code.
pub(super) fn code_input(p: &Frame, name: &str) -> Input {
    Input::line(name, p.t("second-factor-code"), "")
        .autocomplete("one-time-code")
        .required()
        .max(30)
}

/// A passkey's part in a form that reaches `url` for it, if the user has one that can be used here. `only`: nothing
/// else will do.
pub(in crate::control) fn by_passkey(
    app: &App,
    passkeys: bool,
    url: &'static str,
    only: bool,
) -> Option<ByPasskey> {
    let site = Site::of(app).filter(|_| passkeys)?;
    Some(ByPasskey {
        url,
        origin: site.origin,
        only,
    })
}

/// The field of a refusal, or the refusal where it is none that a form shows.
///
/// # Errors
/// Those that are none of the user's.
pub(in crate::control) fn errors_of(error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => {
            let field = match key {
                "profile-old-wrong" => "password",
                "second-factor-wrong" => "code",
                _ => "",
            };
            Ok(error_at(field, key, &params))
        }
        other => error_of("", other),
    }
}

/// What is shown of a user.
struct Around {
    standing: Standing,
    passkeys: Vec<passkeys::Shown>,
    devices: Vec<Device>,
    email: String,
}

async fn around(visitor: &LoggedIn) -> Result<Around> {
    let (user, secret) = (visitor.user().id, visitor.app().secret.clone());
    visitor
        .run::<Read, _>(move |conn| {
            Ok(Around {
                standing: super::standing(conn.pg(), &secret, user)?,
                passkeys: passkeys::of_user(conn.pg(), user)?,
                devices: devices::of_user(conn.pg(), user)?,
                email: users::table
                    .find(user.0)
                    .select(users::email)
                    .first(conn.pg())?,
            })
        })
        .await
}

/// What the page is about: a text, the secret's picture, and forms with their headings.
type About = (
    String,
    Option<(String, i32, String)>,
    Vec<(String, FormView)>,
);

fn form(p: &Frame, path: &str, label: &str, next: &str) -> FormView {
    FormView::new(format!("{HERE}/{path}"), p.t(label))
        .input(Input::new(InputKind::Hidden, "next", "").value(next))
}

/// Setting up an app.
fn setting_up(p: &Frame, around: &Around, next: &str) -> Result<About> {
    let begin = |label| form(p, "begin", label, next).input(password_input(p));
    let Authenticator::Begun(key) = &around.standing.app else {
        let text = match (around.standing.since, next) {
            (Some(_), _) => "second-factor-more",
            (None, "") => "second-factor-off",
            (None, _) => "second-factor-asked",
        };
        let forms = vec![(p.t("second-factor-app"), begin("second-factor-begin"))];
        return Ok((p.t(text), None, forms));
    };
    let confirm = form(p, "confirm", "second-factor-confirm", next).input(code_input(p, "code"));
    let mut again = begin("second-factor-again");
    again.quiet = true;
    let forms = vec![
        (String::new(), confirm),
        (p.t("second-factor-again-title"), again),
    ];
    let secret = picture(key, &around.email)?;
    Ok((p.t("second-factor-scan"), Some(secret), forms))
}

/// What can be done once it is on.
fn switched_on(p: &Frame, app: &App, around: &Around, next: &str) -> About {
    let has_app = matches!(around.standing.app, Authenticator::On);
    let by = |only| {
        let any = !around.passkeys.is_empty();
        by_passkey(app, any, passkeys::pages::ASK, only)
    };
    let mut renew = form(p, "codes", "second-factor-renew", next).passkey(by(!has_app));
    if has_app {
        let alone = renew.passkey.is_none();
        renew = renew.input(code_input(p, "code").required_if(alone));
    }
    let (passkey, code) = (by(false), code_input(p, "end_code"));
    let code = code.help(p.t("second-factor-end-help"));
    let end = form(p, "end", "second-factor-end", next)
        .input(password_input(p))
        .input(code.required_if(passkey.is_none()))
        .passkey(passkey)
        .danger();
    let since = around.standing.since.as_ref();
    let params = [
        (
            "since",
            since.map_or_else(String::new, |since| p.t.moment(since)),
        ),
        ("codes", around.standing.codes.to_string()),
    ];
    let forms = vec![
        (p.t("second-factor-renew-title"), renew),
        (p.t("second-factor-end-title"), end),
    ];
    (p.t.with_all("second-factor-on", &params), None, forms)
}

/// The page as the second factor stands; errors stand at the form that was sent. `app` is no form: an app is to be
/// set up beside what there is.
pub(super) async fn show(
    visitor: &LoggedIn,
    next: &str,
    sent: Option<(&str, Errors)>,
) -> Result<HttpResponse> {
    let around = around(visitor).await?;
    let p = frame(visitor);
    let on = around.standing.since.is_some();
    let has_app = matches!(around.standing.app, Authenticator::On);
    let of_app = matches!(sent, Some(("app" | "begin" | "confirm", _)));
    let app_alone = on && of_app && !has_app;
    let (text, secret, mut forms) = if on && !app_alone {
        switched_on(&p, visitor.app(), &around, next)
    } else {
        setting_up(&p, &around, next)?
    };
    let again = sent.as_ref().is_some_and(|(path, _)| *path != "app");
    if let Some((path, errors)) = sent {
        let action = format!("{HERE}/{path}");
        if let Some((_, form)) = forms.iter_mut().find(|(_, form)| form.action == action) {
            *form = form.clone().errors(&p.t, &errors);
        }
    }
    let encoded: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let index = |p| Index {
        p,
        text,
        secret,
        forms,
        passkeys: (!app_alone).then_some(around.passkeys),
        has_host: Site::of(visitor.app()).is_some(),
        app_lacks: on && !has_app,
        devices: (on && !app_alone).then_some(around.devices),
        query: if next.is_empty() {
            String::new()
        } else {
            format!("?next={encoded}")
        },
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
