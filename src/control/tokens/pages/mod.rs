//! The pages of tokens: a user's own below his profile, and a member's for the administrator of the tenant.

mod make;
mod member;
mod own;

use super::{Shown, State};
use crate::access::Routes;
use crate::web::{Cell, FormView, Frame, Table, see_other_saying};
use actix_web::HttpResponse;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/profile/tokens", own::index);
    r.critical(|r| {
        r.get("/profile/tokens/new", make::new);
        r.post("/profile/tokens/new", make::create);
    });
    r.get("/profile/tokens/{id}/revoke", own::ask);
    r.post("/profile/tokens/{id}/revoke", own::revoke);
    r.get("/t/{tenant}/users/{id}/tokens", member::all);
    r.get("/t/{tenant}/users/{id}/tokens/{token}/revoke", member::ask);
    r.post(
        "/t/{tenant}/users/{id}/tokens/{token}/revoke",
        member::revoke,
    );
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
            Cell::Moment(p.t.moment(&token.expires_at)),
            Cell::Text(used.map_or_else(|| p.t("tokens-never"), |at| p.t.moment(at))),
            Cell::Badge(kind, p.t(key)),
            Cell::Acts(acts),
        ]);
    }
    table
}

fn revoke_form(p: &Frame, token: &Shown, base: &str) -> (String, FormView) {
    let intro = p.t.with("tokens-revoke-intro", "name", &token.name);
    let form = FormView::new(format!("{base}/{}/revoke", token.id), p.t("tokens-revoke"))
        .danger()
        .cancel(base);
    (intro, form)
}

fn said(url: &str, token: &Shown) -> HttpResponse {
    let name = [("name", token.name.clone())];
    see_other_saying(url, "success", "said-token-revoked", &name)
}
