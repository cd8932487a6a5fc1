//! A member's tokens for a tenant, as its administrator sees and revokes them.

use super::{revoke_form, said, table};
use crate::access::ControlAccess;
use crate::access::rights::ChangeUsers;
use crate::control::audit::Actor;
use crate::control::tenants::queries;
use crate::control::tokens::{self, Whose};
use crate::db::ids::{TokenId, UserId};
use crate::error::Result;
use crate::web::form::{NoFields, Submitted};
use crate::web::view::{FormPage, TablePage};
use crate::web::{Empty, Frame};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// The member, and perhaps his token.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    id: i32,
}

#[derive(Debug, Deserialize)]
pub(super) struct MembersToken {
    id: i32,
    token: TokenId,
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

pub(super) async fn all(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<Member>,
) -> Result<HttpResponse> {
    let (member, whose, base) = member(&access, which.id).await?;
    let all = access
        .run(move |conn| tokens::all(conn.pg(), whose))
        .await?;
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

pub(super) async fn ask(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<MembersToken>,
) -> Result<HttpResponse> {
    let (_, whose, base) = member(&access, which.id).await?;
    let id = which.token;
    let token = access
        .run(move |conn| tokens::one(conn.pg(), whose, id))
        .await?;
    let p = Frame::new(access.context(), "tokens-revoke").section("users");
    let (intro, form) = revoke_form(&p, &token, &base);
    p.render(|p| FormPage { p, intro, form })
}

pub(super) async fn revoke(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<MembersToken>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let (_, whose, base) = member(&access, which.id).await?;
    let (actor, id) = (Actor::form(access.user().id), which.token);
    let token = access
        .run(move |conn| tokens::revoke(conn.pg(), actor, whose, id))
        .await?;
    Ok(said(&base, &token))
}
