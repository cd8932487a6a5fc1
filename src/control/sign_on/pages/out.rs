//! The way out: here at once, and then at the provider that the session was begun by.

use super::Said;
use super::enter::end_of;
use crate::access::LoggedIn;
use crate::control::login::session::{By, PROVIDER};
use crate::error::Result;
use crate::web::form::{NoFields, Submitted};
use crate::web::page::{Frame, see_other};
use actix_session::Session;
use actix_web::HttpResponse;

/// Ends the session. A form may lead to no other site, so a page in between goes on to the provider.
pub(super) async fn log_out(
    visitor: LoggedIn,
    session: Session,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let by: Option<By> = session.get(PROVIDER).ok().flatten();
    session.purge();
    let by = by.and_then(|by| Some((end_of(visitor.app(), &by)?, by.label)));
    let Some((url, label)) = by else {
        return Ok(see_other("/login"));
    };
    let mut p = Frame::new(visitor.context(), "sign-on-out");
    (p.user, p.tenant) = (None, None);
    let act = p.t.with("sign-on-out-there", "label", &label);
    let text = p.t("sign-on-out-text");
    p.render(|p| Said {
        text,
        acts: vec![(act, url.to_string(), String::new())],
        on: url.to_string(),
        p,
    })
}
