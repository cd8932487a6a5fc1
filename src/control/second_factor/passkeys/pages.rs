//! A user's own passkeys: making one and removing one. Like all of the second factor it asks for the password, too,
//! and removing one for what shows that he still has his second factor.

use super::{Shown as Passkey, demand_room, of_user};
use crate::access::{LoggedIn, Routes, client};
use crate::control::login::local_path;
use crate::control::passwords::proof;
use crate::control::second_factor::pages::show_codes;
use crate::control::second_factor::view::{
    HERE, by_passkey, code_input, errors_of, frame, password_input,
};
use crate::control::second_factor::{Shown, check};
use crate::control::users::invite::has_password;
use crate::db::{Read, Write, control};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, NoFields, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

/// Where the script learns what a passkey of whoever is logged in is to be asked.
pub const ASK: &str = "/profile/second-factor/passkeys/ask";
const NEW: &str = "/profile/second-factor/passkeys/new";
const ADD: &str = "/profile/second-factor/passkeys/add";

/// The routes.
pub fn routes(r: &mut Routes) {
    r.critical(|r| {
        r.get(NEW, new);
        r.post(NEW, begin);
        r.get("/profile/second-factor/passkeys/{id}/end", ask_end);
        r.post("/profile/second-factor/passkeys/{id}/end", end);
    });
    r.post(ADD, add);
    r.post(ASK, ask);
}

#[derive(Debug, Default, Deserialize)]
struct From {
    #[serde(default)]
    next: String,
}

#[derive(Debug, Default, Deserialize, Validate)]
struct NewForm {
    #[serde(default)]
    #[validate(length(min = 1, max = 60, message = "passkey-name-length"))]
    name: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    next: String,
}

async fn show_new(
    visitor: &LoggedIn,
    name: &str,
    next: &str,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let user = visitor.user().id;
    let password = visitor
        .run::<Read, _>(move |conn| has_password(conn.pg(), user))
        .await?;
    let p = below(visitor, "passkey-new");
    let mut form = FormView::new(NEW, p.t("passkey-go-on"))
        .input(
            Input::line("name", p.t("passkey-name"), name)
                .help(p.t("passkey-name-help"))
                .required()
                .max(60),
        )
        .input(Input::new(InputKind::Hidden, "next", "").value(next))
        .cancel(HERE);
    if password {
        form = form.input(password_input(&p));
    }
    let intro = p.t("passkey-new-intro");
    FormPage::answer(p, intro, form, errors)
}

fn below(visitor: &LoggedIn, title: &str) -> Frame {
    let p = frame(visitor);
    let factor = p.t("second-factor-title");
    p.crumb(factor, HERE).titled_by(title)
}

async fn new(visitor: LoggedIn, query: web::Query<From>) -> Result<HttpResponse> {
    let next = local_path(&query.next).unwrap_or_default();
    show_new(&visitor, "", next, None).await
}

/// Makes the browser ask for a new passkey.
#[derive(Template)]
#[template(path = "control/second_factor/passkey.html")]
struct Create {
    p: Frame,
    name: String,
    /// What `navigator.credentials.create` is given.
    wanted: String,
    origin: String,
    next: String,
}

async fn begin(
    visitor: LoggedIn,
    sent: Submitted<NewForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let form = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => {
            let next = local_path(&typed.next).unwrap_or_default();
            return show_new(&visitor, &typed.name, next, Some(&errors)).await;
        }
    };
    if form.name.trim().is_empty() {
        let blank = error_at("name", "passkey-name-length", &[]);
        let next = local_path(&form.next).unwrap_or_default();
        return show_new(&visitor, "", next, Some(&blank)).await;
    }
    let (user, address) = (visitor.user().id, client::address(&req, visitor.app()));
    let (password, name) = (form.password.clone(), form.name.trim().to_owned());
    let browser = visitor.context().csrf.clone();
    let begun = visitor
        .block(move |app| {
            proof::demand_if_any(app, user, &password, &address)?;
            control::run::<Read, _>(&app.pools, |conn| demand_room(conn.pg(), user))?;
            super::ask_for_new(app, user, &browser, &name)
        })
        .await;
    let next = local_path(&form.next).unwrap_or_default().to_owned();
    let wanted = match begun {
        Ok(wanted) => wanted.to_string(),
        Err(error) => {
            let errors = errors_of(error)?;
            return show_new(&visitor, &form.name, &next, Some(&errors)).await;
        }
    };
    let site = super::Site::of(visitor.app());
    let origin = site.map(|site| site.origin).unwrap_or_default();
    below(&visitor, "passkey-new").render(|p| Create {
        p,
        name: form.name,
        wanted,
        origin,
        next,
    })
}

#[derive(Debug, Default, Deserialize, Validate)]
struct AddForm {
    #[serde(default)]
    passkey: String,
    #[serde(default)]
    next: String,
}

async fn add(visitor: LoggedIn, sent: Submitted<AddForm>) -> Result<HttpResponse> {
    let form = sent.unchecked();
    let (user, browser) = (visitor.user().id, visitor.context().csrf.clone());
    let added = visitor
        .block(move |app| super::add(app, user, &browser, &form.passkey))
        .await;
    let next = local_path(&form.next).unwrap_or_default();
    match added {
        Ok(Some(codes)) => show_codes(&visitor, codes, next),
        Ok(None) => Ok(see_other_saying(HERE, "success", "said-passkey-added", &[])),
        Err(error) => show_new(&visitor, "", next, Some(&errors_of(error)?)).await,
    }
}

/// What a passkey of whoever is logged in is to be asked.
async fn ask(visitor: LoggedIn, _: Submitted<NoFields>) -> Result<HttpResponse> {
    let (user, browser) = (visitor.user().id, visitor.context().csrf.clone());
    let wanted = visitor
        .block(move |app| super::ask(app, user, &browser))
        .await?;
    Ok(HttpResponse::Ok().json(wanted))
}

#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

#[derive(Debug, Default, Deserialize, Validate)]
struct EndForm {
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    code: String,
    #[serde(default)]
    passkey: String,
}

async fn show_end(visitor: &LoggedIn, id: i32, errors: Option<&Errors>) -> Result<HttpResponse> {
    let user = visitor.user().id;
    let (all, password, app) = visitor
        .run::<Read, _>(move |conn| {
            Ok((
                of_user(conn.pg(), user)?,
                has_password(conn.pg(), user)?,
                crate::control::second_factor::has_app(conn.pg(), user)?,
            ))
        })
        .await?;
    let passkey: &Passkey = all
        .iter()
        .find(|one| one.id == id)
        .ok_or(AppError::NotFound)?;
    let p = below(visitor, "passkey-end-title");
    let mut form = FormView::new(format!("{HERE}/passkeys/{id}/end"), p.t("passkey-end"))
        .cancel(HERE)
        .passkey(by_passkey(visitor.app(), true, ASK, false))
        .danger();
    if password {
        form = form.input(password_input(&p));
    }
    let alone = form.passkey.is_none();
    let code = code_input(&p, "code").required_if(alone);
    form = form.input(code.help(p.t("passkey-end-help")));
    let key = if app || all.len() > 1 {
        "passkey-end-intro"
    } else {
        "passkey-end-last"
    };
    let intro = p.t.with(key, "name", &passkey.name);
    FormPage::answer(p, intro, form, errors)
}

async fn ask_end(visitor: LoggedIn, path: web::Path<Which>) -> Result<HttpResponse> {
    show_end(&visitor, path.id, None).await
}

async fn end(
    visitor: LoggedIn,
    path: web::Path<Which>,
    sent: Submitted<EndForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let form = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { errors, .. }) => return show_end(&visitor, path.id, Some(&errors)).await,
    };
    let (user, id) = (visitor.user().id, path.id);
    let address = client::address(&req, visitor.app());
    let shown = Shown {
        code: form.code,
        passkey: form.passkey,
        browser: visitor.context().csrf.clone(),
    };
    let ended = visitor
        .block(move |app| {
            proof::demand_if_any(app, user, &form.password, &address)?;
            check(app, user, &shown, &address, true)?;
            control::run::<Write, _>(&app.pools, |conn| {
                super::remove(conn.pg(), &app.post(), user, id)
            })
        })
        .await;
    match ended {
        Ok(off) => {
            let said = if off {
                "said-second-factor-off"
            } else {
                "said-passkey-removed"
            };
            Ok(see_other_saying(HERE, "success", said, &[]))
        }
        Err(error) => show_end(&visitor, id, Some(&errors_of(error)?)).await,
    }
}
