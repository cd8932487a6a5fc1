//! Log-in by a provider for who does not know his tenant's own link: he names his address, and the domain finds
//! it. Users are not looked for, so the answer tells nothing about who there is.

use super::super::{exists, for_address};
use super::Said;
use crate::access::Anonymous;
use crate::control::users;
use crate::db::control;
use crate::error::{AppError, Result};
use crate::web::error_page::{address_input, with_token};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::page::Frame;
use crate::web::view::{FormView, PlainFormPage};
use actix_session::Session;
use actix_web::HttpResponse;
use serde::Deserialize;
use url::Url;
use validator::Validate;

#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct FindForm {
    #[serde(default)]
    email: String,
}

fn form(p: Frame, typed: &str, errors: Option<&Errors>) -> Result<HttpResponse> {
    let form = FormView::new("/login/sso", p.t("sign-on-find"))
        .input(address_input(&p, typed))
        .cancel("/login");
    let intro = p.t("sign-on-find-intro");
    PlainFormPage::answer(p, intro, form, errors)
}

pub(super) async fn page(visitor: Anonymous, session: Session) -> Result<HttpResponse> {
    if !visitor
        .block(|app| control::statement_result(&app.pools, exists))
        .await?
    {
        return Err(AppError::NotFound);
    }
    let p = with_token(Frame::new(visitor.context(), "sign-on-title"), &session)?;
    form(p, "", None)
}

pub(super) async fn find(
    visitor: Anonymous,
    session: Session,
    sent: Submitted<FindForm>,
) -> Result<HttpResponse> {
    let p = with_token(Frame::new(visitor.context(), "sign-on-title"), &session)?;
    let typed = match sent.validated() {
        Ok(sent) => sent.into_inner().email,
        Err(Faulty { typed, errors }) => return form(p, &typed.email, Some(&errors)),
    };
    let email = match users::normalise_email(&typed) {
        Ok(email) => email,
        Err(_) => return form(p, &typed, Some(&error_at("email", "email-invalid", &[]))),
    };
    let found = visitor
        .block(move |app| control::statement_result(&app.pools, |conn| for_address(conn, &email)))
        .await?;
    if found.is_empty() {
        return form(
            p,
            &typed,
            Some(&error_at("email", "sign-on-find-none", &[])),
        );
    }
    // Whoever may set up a tenant's provider can name any domain: so tenant and site are told, and nobody is sent
    // there without asking.
    let acts = found.into_iter().map(|(row, tenant, slug)| {
        let site = Url::parse(&row.issuer).ok();
        let site = site.and_then(|url| url.host_str().map(str::to_owned));
        let params = [("tenant", tenant), ("site", site.unwrap_or_default())];
        let line = p.t.with_all("sign-on-find-line", &params);
        (row.label, format!("/login/sso/{slug}"), line)
    });
    let acts = acts.collect();
    let text = p.t("sign-on-found");
    p.render(|p| Said {
        p,
        text,
        acts,
        on: String::new(),
    })
}
