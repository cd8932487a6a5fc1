//! The pages of tokens: a user's own below his profile, and a member's for the administrator of the tenant.

use super::{NewToken, Shown, State, Whose};
use crate::access::rights::{self, ChangeUsers};
use crate::access::{ControlAccess, LoggedIn, Routes, TenantHere, load};
use crate::clock;
use crate::control::audit::Actor;
use crate::control::tenants::queries;
use crate::db::ids::{TokenId, UserId};
use crate::db::{Read, Write};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Cell, Empty, FormView, Frame, Input, InputKind, Table, see_other_saying};
use actix_web::{HttpResponse, web};
use chrono::Days;
use secrecy::ExposeSecret;
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/profile/tokens", index);
    r.get("/profile/tokens/new", new);
    r.post("/profile/tokens/new", create);
    r.get("/profile/tokens/{id}/revoke", ask);
    r.post("/profile/tokens/{id}/revoke", revoke);
    r.get("/t/{tenant}/users/{id}/tokens", of_member);
    r.get(
        "/t/{tenant}/users/{id}/tokens/{token}/revoke",
        ask_of_member,
    );
    r.post(
        "/t/{tenant}/users/{id}/tokens/{token}/revoke",
        revoke_of_member,
    );
}

/// The token that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: TokenId,
}

/// The member, and perhaps his token.
#[derive(Debug, Deserialize)]
struct Member {
    id: i32,
}

#[derive(Debug, Deserialize)]
struct MembersToken {
    id: i32,
    token: TokenId,
}

#[derive(Debug, Deserialize, Validate)]
struct NoFields {}

fn own(visitor: &LoggedIn) -> Whose {
    Whose {
        user: visitor.user().id,
        tenant: None,
    }
}

async fn index(visitor: LoggedIn) -> Result<HttpResponse> {
    let whose = own(&visitor);
    let all = visitor
        .run::<Read, _>(move |conn| super::all(conn.pg(), whose))
        .await?;
    let p = Frame::new(visitor.context(), "tokens-title");
    let (label, url) = (p.t("profile-title"), "/profile");
    let p = p.crumb(label, url);
    let table = table(&p, &all, "/profile/tokens");
    let new = (p.t("tokens-new"), "/profile/tokens/new".to_owned());
    let empty = Empty {
        text: p.t("tokens-none"),
        act: Some(new.clone()),
    };
    p.render(|p| TablePage {
        intro: p.t("tokens-intro"),
        acts: vec![new],
        table,
        empty,
        p,
    })
}

/// All tokens; those that can be used can be revoked below `base`.
fn table(p: &Frame, all: &[Shown], base: &str) -> Table {
    let columns = [
        "tokens-name",
        "tokens-beginning",
        "tokens-tenant",
        "tokens-rights",
        "tokens-expires",
        "tokens-used",
        "tokens-state",
        "tenants-acts",
    ];
    let mut table = Table::new(p.t("tokens-title"), columns.map(|key| p.t(key)));
    for token in all {
        let (kind, key) = match token.state {
            State::Valid => ("success", "tokens-valid"),
            State::Expired => ("secondary", "tokens-expired"),
            State::Revoked => ("secondary", "tokens-revoked"),
            State::Dead => ("secondary", "tokens-dead"),
        };
        let acts = match token.state {
            State::Valid => vec![(p.t("tokens-revoke"), format!("{base}/{}/revoke", token.id))],
            _ => Vec::new(),
        };
        let used = token.last_used_at.as_ref();
        table.row(vec![
            Cell::Text(token.name.clone()),
            Cell::Text(format!("{}…", token.beginning)),
            Cell::Text(token.tenant.clone()),
            Cell::Text(token.rights.join(", ")),
            Cell::Text(p.t.moment(&token.expires_at)),
            Cell::Text(used.map_or_else(|| p.t("tokens-never"), |at| p.t.moment(at))),
            Cell::Badge(kind, p.t(key)),
            Cell::Acts(acts),
        ]);
    }
    table
}

/// For which tenant a token is wanted.
#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    tenant: String,
}

/// What the form sends.
#[derive(Debug, Default, Deserialize, Validate)]
struct TokenForm {
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
    visitor
        .run::<Read, _>(move |conn| load::place(conn.pg(), user, &path))
        .await?
        .ok_or(AppError::NotFound)
}

async fn new(visitor: LoggedIn, query: web::Query<Wanted>) -> Result<HttpResponse> {
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

async fn create(visitor: LoggedIn, sent: Submitted<TokenForm>) -> Result<HttpResponse> {
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
                    super::create(conn.pg(), Actor::form(id), id, tenant, &wanted)
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

fn revoke_form(p: &Frame, token: &Shown, base: &str) -> (String, FormView) {
    let intro = p.t.with("tokens-revoke-intro", "name", &token.name);
    let form = FormView::new(format!("{base}/{}/revoke", token.id), p.t("tokens-revoke"))
        .danger()
        .cancel(base);
    (intro, form)
}

async fn ask(visitor: LoggedIn, which: web::Path<Which>) -> Result<HttpResponse> {
    let (whose, id) = (own(&visitor), which.id);
    let token = visitor
        .run::<Read, _>(move |conn| super::one(conn.pg(), whose, id))
        .await?;
    let p = Frame::new(visitor.context(), "tokens-revoke");
    let (intro, form) = revoke_form(&p, &token, "/profile/tokens");
    p.render(|p| FormPage { p, intro, form })
}

async fn revoke(
    visitor: LoggedIn,
    which: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (whose, id) = (own(&visitor), which.id);
    let token = visitor
        .run::<Write, _>(move |conn| super::revoke(conn.pg(), Actor::form(whose.user), whose, id))
        .await?;
    Ok(said("/profile/tokens", &token))
}

fn said(url: &str, token: &Shown) -> HttpResponse {
    let name = [("name", token.name.clone())];
    see_other_saying(url, "success", "said-token-revoked", &name)
}

/// A member of this tenant, and his tokens for it.
async fn member(
    access: &ControlAccess<ChangeUsers>,
    id: i32,
) -> Result<(queries::Member, Whose, String)> {
    let tenant = access.tenant().id;
    let user = UserId(id);
    let member = access
        .run(move |conn| queries::member(conn.pg(), tenant, user))
        .await?;
    let whose = Whose {
        user,
        tenant: Some(tenant),
    };
    let base = format!("{}/users/{id}/tokens", access.tenant().base());
    Ok((member, whose, base))
}

async fn of_member(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<Member>,
) -> Result<HttpResponse> {
    let (member, whose, base) = member(&access, which.id).await?;
    let all = access.run(move |conn| super::all(conn.pg(), whose)).await?;
    let p = Frame::new(access.context(), "tokens-title").section("users");
    let (title, users) = (
        p.t.with("tokens-of", "name", &member.name),
        (p.t("nav-users"), p.url("/users")),
    );
    let p = p.titled(title).crumb(users.0, users.1);
    let table = table(&p, &all, &base);
    let empty = Empty {
        text: p.t("tokens-of-none"),
        act: None,
    };
    p.render(|p| TablePage {
        intro: member.email,
        acts: Vec::new(),
        table,
        empty,
        p,
    })
}

async fn ask_of_member(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<MembersToken>,
) -> Result<HttpResponse> {
    let (_, whose, base) = member(&access, which.id).await?;
    let id = which.token;
    let token = access
        .run(move |conn| super::one(conn.pg(), whose, id))
        .await?;
    let p = Frame::new(access.context(), "tokens-revoke").section("users");
    let (intro, form) = revoke_form(&p, &token, &base);
    p.render(|p| FormPage { p, intro, form })
}

async fn revoke_of_member(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<MembersToken>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (_, whose, base) = member(&access, which.id).await?;
    let (actor, id) = (Actor::form(access.user().id), which.token);
    let token = access
        .run(move |conn| super::revoke(conn.pg(), actor, whose, id))
        .await?;
    Ok(said(&base, &token))
}
