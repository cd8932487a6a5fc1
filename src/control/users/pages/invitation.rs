//! A user's invitation: sent again, handed over, withdrawn.

use super::super::invite::Invited;
use super::super::query::Person;
use super::change::{care, done, other};
use super::{Which, frame};
use crate::access::ControlAccess;
use crate::access::rights::ChangeUsers;
use crate::control::links::Invitation;
use crate::error::{AppError, Result};
use crate::web::form::{NoFields, Submitted};
use crate::web::view::HandOverPage;
use crate::web::{FormView, Frame, see_other_saying};
use actix_web::{HttpResponse, web};
use serde::Deserialize;

/// What the user's page shows of it.
pub(super) struct Card {
    pub(super) text: String,
    pub(super) forms: Vec<FormView>,
}

/// How the invitation of somebody without a password stands, and what can be done with it.
pub(super) fn card(p: &Frame, person: &Person, last: Option<&Invitation>, mails: bool) -> Card {
    let text = match last {
        Some(last) if last.open && last.mailed => "invitation-open-mailed",
        Some(last) if last.open => "invitation-open",
        Some(last) if last.withdrawn => "invitation-withdrawn",
        Some(_) => "invitation-over",
        None => "invitation-none",
    };
    let until = last.map(|last| p.t.moment(&last.expires_at));
    let mut forms = Vec::new();
    if p.may("users.change") {
        let url = p.url(&format!("/users/{}/invitation", person.id));
        if mails {
            forms.push(FormView::new(&url, p.t("invitation-send")));
        }
        let mut link = FormView::new(format!("{url}?link"), p.t("invitation-link"));
        link.quiet = mails;
        forms.push(link);
        if last.is_some_and(|last| last.open) {
            let end = FormView::new(format!("{url}/withdraw"), p.t("invitation-withdraw"));
            forms.push(end.danger());
        }
    }
    Card {
        text: p.t.with(text, "until", &until.unwrap_or_default()),
        forms,
    }
}

/// Shows the link to hand over.
pub(super) fn show(p: Frame, name: &str, link: String, id: i32) -> Result<HttpResponse> {
    let back = p.url(&format!("/users/{id}"));
    let intro = p.t.with("invitation-made-intro", "name", name);
    p.titled_by("invitation-made").render(|p| HandOverPage {
        p,
        intro,
        link,
        back,
    })
}

/// Whether the link is to be handed over although mails go out.
#[derive(Debug, Deserialize)]
pub(super) struct How {
    link: Option<String>,
}

pub(super) async fn send(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    how: web::Query<How>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let (care, post) = (care(&access, person.id), access.app().post());
    let outcome = access
        .run(move |conn| care.invite(conn.pg(), &post, how.link.is_some()))
        .await;
    match outcome {
        Ok(Invited::Mailed) => Ok(done(&access, person.id, "said-invited")),
        Ok(Invited::Link(link)) => show(
            frame(access.context(), "nav-users"),
            &person.name,
            link,
            person.id,
        ),
        // He was faster.
        Err(AppError::Invalid {
            key: "invitation-not-needed",
            ..
        }) => {
            let url = format!("{}/users/{}", access.tenant().base(), person.id);
            Ok(see_other_saying(
                &url,
                "warning",
                "said-invitation-accepted",
                &[],
            ))
        }
        Err(other) => Err(other),
    }
}

pub(super) async fn withdraw(
    access: ControlAccess<ChangeUsers>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let person = other(&access, path.id).await?;
    let care = care(&access, person.id);
    access
        .run(move |conn| care.withdraw_invitation(conn.pg()))
        .await?;
    Ok(done(&access, person.id, "said-invitation-withdrawn"))
}
