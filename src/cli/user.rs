//! `mandant user create|reset`.

use super::database::{open, password_from_stdin};
use super::output::Format;
use super::{Result, Verb};
use crate::config::Loaded;
use crate::control::audit::{self, Actor};
use crate::control::users::invite::{has_password, invite};
use crate::control::users::{self, NewUser};
use crate::control::{links, memberships, second_factor, tenants};
use crate::db::Write;
use crate::error::AppError;
use clap::{Args, Subcommand};
use serde::Serialize;

/// Create users and give them roles; help in who lost his password
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Create a user, or give one who exists a place in a tenant (his name and password stay)
    Create(Create),
    /// Help a user in who lost his password: print a link by which he sets another within an hour
    Reset(Reset),
}

#[derive(Args, Debug)]
struct Reset {
    /// His e-mail
    #[arg(long)]
    email: String,
    /// Take his second factor away, too
    #[arg(long)]
    second_factor: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Helped {
    id: i32,
    email: String,
    /// The link by which he sets another password.
    link: String,
    /// Whether a second factor was taken away.
    second_factor_reset: bool,
}

#[derive(Args, Debug)]
struct Create {
    /// His e-mail
    #[arg(long)]
    email: String,
    /// His name
    #[arg(long)]
    name: String,
    /// `nord`, or `nord/vip` for an inner tenant
    #[arg(long)]
    tenant: String,
    /// administrator, editor or viewer; may be given several times
    #[arg(long = "role", required = true)]
    roles: Vec<String>,
    /// Language of the pages he sees: en or de
    #[arg(long, default_value = "en", value_parser = ["en", "de"])]
    language: String,
    /// Read his password from standard input; without it the link is printed by which he sets one
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Shown {
    id: i32,
    email: String,
    tenant: String,
    roles: Vec<String>,
    /// The link by which he sets his password, where he has none.
    invitation: Option<String>,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        match self.act {
            Act::Create(create) => create.run(loaded),
            Act::Reset(reset) => reset.run(loaded),
        }
    }
}

impl Reset {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        let (email, post) = (users::normalise_email(&self.email)?, opened.app.post());
        let helped = crate::db::control::run::<Write, _>(&opened.app.pools, |conn| {
            let user = users::by_email(conn.pg(), &email)?.ok_or(AppError::NotFound)?;
            let home = users::home_of(conn.pg(), user)?;
            let gone = self.second_factor && second_factor::end(conn.pg(), &post, user)?;
            let data = serde_json::json!({});
            let mut record = |act| {
                let actor = Actor::cli();
                audit::record(conn.pg(), actor, home, act, &user.to_string(), &data)
            };
            record("user.link")?;
            if gone {
                record("factor.reset")?;
            }
            let made = links::make(conn.pg(), &post, links::Kind::Reset, user, None, false)?;
            Ok(Helped {
                id: user.0,
                email: email.clone(),
                link: made.url,
                second_factor_reset: gone,
            })
        })?;
        self.format.print(&helped, |helped| {
            let link = &helped.link;
            format!("to set a password, within one hour: {link}")
        })
    }
}

impl Create {
    fn run(self, loaded: &Loaded) -> Result {
        let create = self;
        let password = if create.password_stdin {
            Some(password_from_stdin()?)
        } else {
            None
        };
        let opened = open(loaded)?;
        let tenant = opened.tenant(&create.tenant)?;
        let new = NewUser::check(
            &create.email,
            &create.name,
            password.as_ref(),
            &create.language,
        )?;
        let post = opened.app.post();
        let shown = crate::db::control::run::<Write, _>(&opened.app.pools, |conn| {
            let user = users::create_or_find(conn.pg(), Actor::cli(), tenant.id(), &new)?;
            memberships::grant(conn.pg(), Actor::cli(), user, tenant.id(), &create.roles)?;
            let invitation = match has_password(conn.pg(), user)? {
                true => None,
                false => invite(conn.pg(), &post, Actor::cli(), tenant.id(), user, true)?.link(),
            };
            Ok(Shown {
                invitation,
                id: user.0,
                email: new.email.clone(),
                tenant: tenants::path_of(conn.pg(), &tenant)?,
                roles: memberships::roles_of(conn.pg(), user, tenant.id())?,
            })
        })?;
        create.format.print(&shown, |shown| {
            let roles = shown.roles.join(", ");
            let line = format!("{} in {}: {roles}", shown.email, shown.tenant);
            match &shown.invitation {
                Some(link) => format!("{line}\nto set a password, within 7 days: {link}"),
                None => line,
            }
        })
    }
}
