//! `mandant token create`.

use super::database::open;
use super::output::Format;
use super::{Failure, Result, Verb};
use crate::access::load;
use crate::clock;
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::tokens::{self, NewToken};
use crate::control::users;
use crate::db::Write;
use crate::error::AppError;
use chrono::Days;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde::Serialize;

/// Make tokens for programs that use the API
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make a token for a user; it is printed once and never again
    Create(Create),
}

#[derive(Args, Debug)]
struct Create {
    /// The user's e-mail
    #[arg(long)]
    email: String,
    /// `nord`, or `nord/vip` for an inner tenant
    #[arg(long)]
    tenant: String,
    /// What it is for
    #[arg(long)]
    name: String,
    /// A right, such as lists.view; may be given several times [default: all that the user has there]
    #[arg(long = "right", value_name = "RIGHT")]
    rights: Vec<String>,
    /// Days for which it is valid
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=tokens::MOST_DAYS))]
    days: u64,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Shown {
    token: String,
    tenant: String,
    rights: Vec<String>,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let Act::Create(create) = self.act;
        let opened = open(loaded)?;
        let tenant = opened.tenant(&create.tenant)?.id();
        let last = clock::now().date_naive() + Days::new(create.days);
        let made = crate::db::control::run::<Write, _>(&opened.app.pools, |conn| {
            let email = users::normalise_email(&create.email)?;
            let user = users::by_email(conn.pg(), &email)?.ok_or(AppError::NotFound)?;
            let place = load::place(conn.pg(), user, &create.tenant)?.ok_or(AppError::NotFound)?;
            let rights: Vec<String> = if create.rights.is_empty() {
                place.rights.iter().cloned().collect()
            } else {
                create.rights.clone()
            };
            let new = NewToken::check(&create.name, &rights, &last.to_string(), "UTC", &place)?;
            let token = tokens::create(conn.pg(), Actor::cli(), user, tenant, &new)?;
            Ok(Shown {
                token: token.expose_secret().to_owned(),
                tenant: place.path,
                rights,
            })
        });
        let shown = made.map_err(|error| match error {
            AppError::NotFound => Failure::Failed(format!(
                "{} has no place in {}",
                create.email, create.tenant
            )),
            other => other.into(),
        })?;
        create.format.print(&shown, |shown| shown.token.clone())
    }
}
