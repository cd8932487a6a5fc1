//! The page that asks once more who somebody is.

use crate::access::{LoggedIn, Routes, client};
use crate::clock;
use crate::control::login::{
    local_path,
    session::{back, proved},
};
use crate::control::passwords::proof;
use crate::control::second_factor::view::{by_passkey, errors_of};
use crate::control::second_factor::{self, Shown, passkeys};
use crate::control::sign_on::{SignOn, links, nearest};
use crate::control::users::{home_of, invite::has_password};
use crate::db::Read;
use crate::error::Result;
use crate::web::Frame;
use crate::web::form::{Errors, Faulty, Submitted};
use crate::web::view::{FormView, Input, InputKind, PlainFormPage};
use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/login/prove", page);
    r.post("/login/prove", prove);
}

#[derive(Debug, Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

/// What the form sends: one of the three.
#[derive(Debug, Default, Deserialize, Validate)]
struct ProveForm {
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    code: String,
    #[serde(default)]
    passkey: String,
    #[serde(default)]
    next: String,
}

/// In which ways a user can show who he is.
struct Ways {
    password: bool,
    code: bool,
    passkey: bool,
    provider: Option<SignOn>,
}

async fn ways(visitor: &LoggedIn) -> Result<Ways> {
    let user = visitor.user().id;
    visitor
        .run::<Read, _>(move |conn| {
            let home = home_of(conn.pg(), user)?;
            let known = links::of_user(conn.pg(), user)?;
            let provider = nearest(conn.pg(), home)?;
            Ok(Ways {
                password: has_password(conn.pg(), user)?,
                code: second_factor::has_app(conn.pg(), user)?,
                passkey: passkeys::count(conn.pg(), user)? > 0,
                provider: provider.filter(|row| known.iter().any(|one| one.issuer == row.issuer)),
            })
        })
        .await
}

async fn show(visitor: &LoggedIn, next: &str, errors: Option<&Errors>) -> Result<HttpResponse> {
    let ways = ways(visitor).await?;
    let p = Frame::new(visitor.context(), "prove-title");
    let mut form = FormView::new("/login/prove", p.t("prove-submit"));
    if ways.password {
        let input = Input::line("password", p.t("login-password"), "").typed("password");
        form = form.input(input.autocomplete("current-password").max(1024));
    }
    if ways.code {
        let input = Input::line("code", p.t("second-factor-code"), "").max(30);
        form = form.input(
            input
                .autocomplete("one-time-code")
                .help(p.t("prove-code-help")),
        );
    }
    let only = !ways.password && !ways.code;
    let by = by_passkey(visitor.app(), ways.passkey, passkeys::pages::ASK, only);
    let any = by.is_some() || !only;
    form = form
        .input(Input::new(InputKind::Hidden, "next", "").value(next))
        .passkey(by)
        .cancel("/");
    if let Some(row) = &ways.provider {
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let label = p.t.with("login-by", "label", &row.label);
        form = form.aside(label, format!("/login/sso/prove?next={next}"));
    }
    let intro = if any {
        p.t("prove-intro")
    } else {
        p.t("prove-provider")
    };
    PlainFormPage::answer(p, intro, form, errors)
}

async fn page(visitor: LoggedIn, query: web::Query<Next>) -> Result<HttpResponse> {
    show(&visitor, local_path(&query.next).unwrap_or_default(), None).await
}

async fn prove(
    visitor: LoggedIn,
    session: Session,
    sent: Submitted<ProveForm>,
    req: HttpRequest,
) -> Result<HttpResponse> {
    let form = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return show(&visitor, &typed.next, Some(&errors)).await,
    };
    let (user, address) = (visitor.user().id, client::address(&req, visitor.app()));
    let password = form.password.clone();
    let by = Shown {
        code: form.code.clone(),
        passkey: form.passkey.clone(),
        browser: visitor.context().csrf.clone(),
    };
    let shown = visitor
        .block(move |app| {
            // A browser may have filled in the password unasked.
            let typed = by.code.trim().is_empty() || !password.expose_secret().is_empty();
            if !by.passkey.is_empty() || !typed {
                second_factor::check(app, user, &by, &address, false)
            } else {
                proof::demand(app, user, &password, &address)
            }
        })
        .await;
    match shown {
        Ok(()) => {
            proved(&session, clock::now().timestamp())?;
            back(visitor.context(), &session, &form.next)
        }
        Err(error) => show(&visitor, &form.next, Some(&errors_of(error)?)).await,
    }
}
