//! A user's own tokens, and giving one up.

use super::{revoke_form, said, table};
use crate::access::LoggedIn;
use crate::control::audit::Actor;
use crate::control::tokens::{self, Whose};
use crate::db::ids::TokenId;
use crate::db::{Read, Write};
use crate::error::Result;
use crate::web::form::{NoFields, Submitted};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Empty, Frame};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// The token that the URL names.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    id: TokenId,
}

fn own(visitor: &LoggedIn) -> Whose {
    Whose {
        user: visitor.user().id,
        tenant: None,
    }
}

pub(super) async fn index(visitor: LoggedIn) -> Result<HttpResponse> {
    let whose = own(&visitor);
    let all = visitor
        .run::<Read, _>(move |conn| tokens::all(conn.pg(), whose))
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

pub(super) async fn ask(visitor: LoggedIn, which: web::Path<Which>) -> Result<HttpResponse> {
    let (whose, id) = (own(&visitor), which.id);
    let token = visitor
        .run::<Read, _>(move |conn| tokens::one(conn.pg(), whose, id))
        .await?;
    let p = Frame::new(visitor.context(), "tokens-revoke");
    let (intro, form) = revoke_form(&p, &token, "/profile/tokens");
    p.render(|p| FormPage { p, intro, form })
}

pub(super) async fn revoke(
    visitor: LoggedIn,
    which: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (whose, id) = (own(&visitor), which.id);
    let token = visitor
        .run::<Write, _>(move |conn| tokens::revoke(conn.pg(), Actor::form(whose.user), whose, id))
        .await?;
    Ok(said("/profile/tokens", &token))
}
