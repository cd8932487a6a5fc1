//! The pages of single sign-on: the way in and out, a tenant's settings, a user's own links, and what his
//! administrators may do with them.

mod enter;
mod find;
mod out;
mod own;
mod settings;
mod user;

use super::provider::Provider;
use super::requests::{self, Wish};
use super::{SignOn, outgoing::Outgoing};
use crate::access::Routes;
use crate::app::App;
use crate::error::Result;
use crate::web::Frame;
use askama::Template;
use url::Url;

/// Where providers send browsers back to; the same for all tenants.
const CALLBACK: &str = "/login/callback";

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/login/sso", find::page);
    r.post("/login/sso", find::find);
    r.get("/login/sso/prove", enter::prove);
    r.get("/login/sso/{slug}", enter::start);
    r.get(CALLBACK, enter::callback);
    r.post("/logout", out::log_out);
    r.critical(|r| {
        r.get("/profile/sign-on", own::index);
        r.post("/profile/sign-on/link", own::link);
        r.get("/profile/sign-on/{id}/end", own::ask);
        r.post("/profile/sign-on/{id}/end", own::end);
    });
    r.critical(|r| {
        r.get("/t/{tenant}/sign-on", settings::page);
        r.post("/t/{tenant}/sign-on", settings::save);
        r.post("/t/{tenant}/sign-on/test", settings::test);
        r.get("/t/{tenant}/users/{id}/sign-on", user::page);
        r.post("/t/{tenant}/users/{id}/sign-on", user::permit);
        r.post("/t/{tenant}/users/{id}/sign-on/forbid", user::forbid);
        r.post("/t/{tenant}/users/{id}/sign-on/{link}/end", user::end);
    });
}

/// A page that says something and leads on.
#[derive(Template)]
#[template(path = "control/sign_on/said.html")]
struct Said {
    p: Frame,
    text: String,
    /// Buttons: label, URL, and a line below.
    acts: Vec<(String, String, String)>,
    /// Where it goes by itself, at once.
    on: String,
}

/// The URL that providers send browsers back to.
fn callback_url(app: &App) -> String {
    app.post().url(CALLBACK)
}

/// Where a provider sends browsers after log-out.
fn log_out_url(app: &App) -> String {
    app.post().url("/login")
}

/// Begins a log-in and answers the way to the provider. Waits for the network.
fn depart(app: &App, row: &SignOn, wish: &Wish<'_>, again: bool, hint: &str) -> Result<Url> {
    let outgoing = Outgoing::new(app.config.sign_on.loopback);
    let provider = Provider::discover(&outgoing, &row.issuer)?;
    let (url, secrets) = provider.begin(row, &callback_url(app), again, hint)?;
    requests::remember(app, row, wish, &secrets)?;
    Ok(url)
}
