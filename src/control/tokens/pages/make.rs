//! Making a token, and showing it this once.

use crate::access::rights;
use crate::access::{LoggedIn, TenantHere, load};
use crate::clock;
use crate::control::audit::Actor;
use crate::control::tenants::queries;
use crate::control::tokens::{self, NewToken};
use crate::db::{Read, Write};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table};
use actix_web::{HttpResponse, web};
use chrono::Days;
use secrecy::ExposeSecret;
use serde::Deserialize;
use validator::Validate;

/// For which tenant a token is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    tenant: String,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct TokenForm {
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    rights: Vec<String>,
    #[serde(default)]
    expires: String,
}

async fn place(visitor: &LoggedIn, path: &str) -> Result<TenantHere> {
    let (user, path) = (visitor.user().id, path.to_owned());
    let place = visitor
        .run::<Read, _>(move |conn| load::place(conn.pg(), user, &path))
        .await?
        .ok_or(AppError::NotFound)?;
    visitor.context().has_signed_on(&place)?;
    Ok(place)
}

pub(super) async fn new(visitor: LoggedIn, query: web::Query<Wanted>) -> Result<HttpResponse> {
    let user = visitor.user().id;
    let mut path = query.into_inner().tenant;
    if path.is_empty() {
        let places = visitor
            .run::<Read, _>(move |conn| queries::of_user(conn.pg(), user, ""))
            .await?;
        match places.as_slice() {
            [only] => path.clone_from(&only.path),
            _ => return choose(&visitor, &places),
        }
    }
    let place = place(&visitor, &path).await?;
    let in_90_days = clock::now().date_naive() + Days::new(90);
    let typed = TokenForm {
        tenant: path,
        expires: in_90_days.to_string(),
        ..TokenForm::default()
    };
    let p = frame(&visitor, &place);
    let form = form(&p, &place, &typed);
    p.render(|p| FormPage {
        intro: p.t("tokens-new-intro"),
        form,
        p,
    })
}

fn frame(visitor: &LoggedIn, place: &TenantHere) -> Frame {
    let p = Frame::new(visitor.context(), "tokens-new");
    let trail = place.trail.join(" › ");
    let title = p.t.with("tokens-new-for", "tenant", &trail);
    let label = p.t("tokens-title");
    p.titled(title).crumb(label, "/profile/tokens")
}

/// His tenants, each a link to the form.
fn choose(visitor: &LoggedIn, places: &[queries::Listed]) -> Result<HttpResponse> {
    let p = Frame::new(visitor.context(), "tokens-new");
    let label = p.t("tokens-title");
    let p = p.crumb(label, "/profile/tokens");
    let mut table = Table::new(p.t("tokens-choose-tenant"), [p.t("tokens-tenant")]);
    for tenant in places {
        let path: String = url::form_urlencoded::byte_serialize(tenant.path.as_bytes()).collect();
        table.row(vec![Cell::Link {
            href: format!("/profile/tokens/new?tenant={path}"),
            text: tenant.trail.clone(),
        }]);
    }
    let empty = Empty {
        text: p.t("tokens-none"),
        act: None,
    };
    p.render(|p| TablePage {
        intro: p.t("tokens-choose-tenant"),
        acts: Vec::new(),
        table,
        empty,
        p,
    })
}

fn form(p: &Frame, place: &TenantHere, typed: &TokenForm) -> FormView {
    let language = p.t.language();
    let options = rights::ALL
        .iter()
        .filter(|right| place.may(right.key))
        .filter(|right| right.inner || !place.is_inner())
        .map(|right| {
            (
                right.key.to_owned(),
                right.label(language).to_owned(),
                right.sentence(language).to_owned(),
            )
        })
        .collect();
    let mut chosen = Input::new(InputKind::Checks(options), "rights", p.t("tokens-rights"));
    chosen.values.clone_from(&typed.rights);
    chosen.required = true;
    FormView::new("/profile/tokens/new", p.t("tokens-make"))
        .input(Input::new(InputKind::Hidden, "tenant", "").value(&typed.tenant))
        .input(
            Input::line("name", p.t("tokens-name"), &typed.name)
                .help(p.t("tokens-name-help"))
                .required()
                .max(100),
        )
        .input(
            Input::line("expires", p.t("tokens-expires"), &typed.expires)
                .typed("date")
                .help(p.t("tokens-expires-help"))
                .required(),
        )
        .input(chosen)
        .cancel("/profile/tokens")
}

pub(super) async fn create(visitor: LoggedIn, sent: Submitted<TokenForm>) -> Result<HttpResponse> {
    let (sent, errors) = match sent.validated() {
        Ok(sent) => (sent.into_inner(), None),
        Err(Faulty { typed, errors }) => (typed, Some(errors)),
    };
    // What he may there is asked now, not taken from the form.
    let place = place(&visitor, &sent.tenant).await?;
    let again = |typed: &TokenForm, errors: &Errors| {
        let p = frame(&visitor, &place);
        let form = form(&p, &place, typed).errors(&p.t, errors);
        p.render_again(|p| FormPage {
            intro: p.t("tokens-new-intro"),
            form,
            p,
        })
    };
    if let Some(errors) = errors {
        return again(&sent, &errors);
    }
    let user = visitor.user();
    let wanted = NewToken::check(
        &sent.name,
        &sent.rights,
        &sent.expires,
        &user.time_zone,
        &place,
    );
    let (id, tenant) = (user.id, place.id);
    let made = match wanted {
        Ok(wanted) => {
            visitor
                .run::<Write, _>(move |conn| {
                    tokens::create(conn.pg(), Actor::form(id), id, tenant, &wanted)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok(text) => show_once(&visitor, &sent.name, text.expose_secret()),
        Err(AppError::Invalid { key, params }) => {
            let field = match key {
                "token-name-length" => "name",
                "token-expires-range" => "expires",
                "token-too-many" => "",
                _ => "rights",
            };
            again(&sent, &error_at(field, key, &params))
        }
        Err(other) => Err(other),
    }
}

#[derive(askama::Template)]
#[template(path = "control/tokens/made.html")]
struct Made {
    p: Frame,
    name: String,
    text: String,
}

/// The answer to the form itself: a page to go back to would have to keep the token somewhere.
fn show_once(visitor: &LoggedIn, name: &str, text: &str) -> Result<HttpResponse> {
    Frame::new(visitor.context(), "tokens-made").render(|p| Made {
        p,
        name: name.to_owned(),
        text: text.to_owned(),
    })
}
