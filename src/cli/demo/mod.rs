//! `mandant demo`: an installation to look at, made once; prints the log-ins each time. A group with
//! nested separate tenants, fields of every type, inner tenants of every kind, an import with errors,
//! subscriptions in every status.

mod own_fields;
mod people;
mod tenants;

use super::database::{Opened, open};
use super::output::result;
use super::{Result, Verb};
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::passwords;
use crate::control::setup::{self, SetUp};
use crate::control::tenants::provision::FirstUser;
use crate::control::users::NewUser;
use crate::error::Result as AppResult;
use clap::Args;
use secrecy::SecretString;

/// Known to everybody who reads this: for looking at the program on one's own machine.
const PASSWORD: &str = "demo demo demo";

/// Who is there: address, name, language, what he may do.
const USERS: [(&str, &str, &str, &str); 5] = [
    (
        "admin@example.com",
        "Anna Admin",
        "en",
        "administrator of everything",
    ),
    (
        "gerda@example.com",
        "Gerda Großmann",
        "de",
        "administrator of North, in German",
    ),
    (
        "vip@example.com",
        "Viktor Irving",
        "en",
        "editor of one inner tenant",
    ),
    (
        "berlin@example.com",
        "Berta Lindner",
        "de",
        "editor of two inner tenants",
    ),
    (
        "viewer@example.com",
        "Vera Wieland",
        "en",
        "may look at North",
    ),
];

/// Make demo data (once) and print its log-ins
#[derive(Args, Debug)]
pub(super) struct Arguments {}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        if !setup::is_done(&opened.app)? {
            make(&opened)?;
        }
        let mut lines = vec![format!("password of all log-ins: {PASSWORD}")];
        lines.extend(USERS.map(|(email, _, _, what)| format!("log in as {email:<20} {what}")));
        result(&lines.join("\n"))
    }
}

/// One of `USERS`, with a role.
fn user(email: &str, role: &str) -> AppResult<FirstUser> {
    let (email, name, language, _) = USERS
        .into_iter()
        .find(|(known, ..)| *known == email)
        .unwrap_or(USERS[0]);
    let password = SecretString::from(PASSWORD);
    Ok(FirstUser {
        user: NewUser {
            // Easy to guess, and meant to be.
            password_hash: Some(passwords::hash(&password)?),
            ..NewUser::check(email, name, None, language)?
        },
        roles: vec![role.to_owned()],
    })
}

fn make(opened: &Opened) -> AppResult<()> {
    let main = opened.app.provisioner.carry_out(SetUp {
        actor: Actor::cli(),
        name: "Example Group".into(),
        admin: user("admin@example.com", "administrator")?.user,
        locale: "en".into(),
    })?;
    let north = tenants::separate(opened, main)?;
    own_fields::make(opened, north)?;
    let lists = people::make_lists(opened, north)?;
    people::make(opened, north, &lists)?;
    tenants::inner(opened, north, &lists)?;
    tenants::roles(opened, main, north)?;
    tenants::colleagues(opened, north)
}
