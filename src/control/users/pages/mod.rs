//! The pages of a tenant's users: who they are, adding one, changing his roles, and, for those at home here
//! or below, looking after name, address, password, state and sessions.

mod add;
mod anonymise;
mod bulk;
mod change;
mod compare;
mod invitation;
mod list;
mod mails;
mod matrix;
mod roles;
mod show;
mod why;

use crate::access::Routes;
use crate::control::roles::words::label;
use crate::web::Frame;
use serde::Deserialize;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/users", list::index);
    r.critical(|r| {
        r.get("/t/{tenant}/users/new", add::new);
        r.post("/t/{tenant}/users", add::create);
    });
    r.get("/t/{tenant}/users/export", list::export);
    r.get("/t/{tenant}/users/bulk", bulk::page);
    r.critical(|r| {
        r.post("/t/{tenant}/users/bulk", bulk::act);
    });
    r.get("/t/{tenant}/users/compare", compare::page);
    r.get("/t/{tenant}/users/matrix", matrix::page);
    r.post("/t/{tenant}/users/matrix/check", matrix::check);
    r.critical(|r| {
        r.post("/t/{tenant}/users/matrix", matrix::save);
    });
    r.get("/t/{tenant}/users/{id}", show::show);
    r.critical(|r| {
        r.get("/t/{tenant}/users/{id}/edit", change::edit);
        r.post("/t/{tenant}/users/{id}/edit", change::change);
        r.get("/t/{tenant}/users/{id}/password", change::password);
        r.post("/t/{tenant}/users/{id}/password", change::set_password);
    });
    r.critical(|r| {
        r.get("/t/{tenant}/users/{id}/state", change::state);
        r.post("/t/{tenant}/users/{id}/state", change::set_state);
        r.post("/t/{tenant}/users/{id}/invitation", invitation::send);
    });
    r.post("/t/{tenant}/users/{id}/sessions/end", change::end_sessions);
    r.post(
        "/t/{tenant}/users/{id}/invitation/withdraw",
        invitation::withdraw,
    );
    r.get("/t/{tenant}/users/{id}/why", why::page);
    r.critical(|r| {
        r.get(
            "/t/{tenant}/users/{id}/second-factor",
            change::second_factor,
        );
        r.post(
            "/t/{tenant}/users/{id}/second-factor",
            change::reset_second_factor,
        );
        r.get("/t/{tenant}/users/{id}/anonymise", anonymise::page);
        r.post("/t/{tenant}/users/{id}/anonymise", anonymise::anonymise);
        r.get("/t/{tenant}/users/{id}/roles", roles::page);
        r.post("/t/{tenant}/users/{id}/roles", roles::set);
    });
}

/// The user that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

/// A frame below the list of users.
fn frame(context: &crate::access::Context, title: &str) -> Frame {
    let p = Frame::new(context, title).section("users");
    let (label, url) = (p.t("nav-users"), p.url("/users"));
    p.crumb(label, url)
}

/// What roles are called, by their keys and names.
fn role_labels(p: &Frame, keys: &[String], names: &[String]) -> String {
    let pairs = keys.iter().zip(names);
    let labels: Vec<String> = pairs.map(|(key, name)| label(p, key, name)).collect();
    labels.join(", ")
}

/// The home tenant's name, or that it is one that is not to be named here.
fn home_text(p: &Frame, home: &str) -> String {
    if home.is_empty() {
        p.t("users-home-elsewhere")
    } else {
        home.to_owned()
    }
}
