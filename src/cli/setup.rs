//! `mandant setup`: the main tenant and its administrator, as the browser does it at the first start.

use super::database::{open, password_from_stdin};
use super::output::Format;
use super::{Failure, Result, Verb};
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::setup::SetUp;
use crate::control::tenants;
use crate::control::users::NewUser;
use clap::Args;

/// Make the main tenant (slug `main`) and its administrator; once only
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Name of the main tenant
    #[arg(long)]
    name: String,
    /// E-mail of its administrator
    #[arg(long)]
    email: String,
    /// Name of its administrator [default: the e-mail]
    #[arg(long)]
    admin_name: Option<String>,
    /// Language of tenant and administrator: en or de
    #[arg(long, default_value = "en", value_parser = ["en", "de"])]
    language: String,
    /// Read the administrator's password from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
    #[command(flatten)]
    format: Format,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let password = password_from_stdin()?;
        let opened = open(loaded)?;
        let app = &opened.app;
        if crate::control::setup::is_done(app)? {
            return Err(Failure::Failed("the main tenant is there already".into()));
        }
        let name = self.admin_name.as_deref().unwrap_or(&self.email);
        let admin = NewUser::check(&self.email, name, Some(&password), &self.language)?;
        let id = app.provisioner.carry_out(SetUp {
            actor: Actor::cli(),
            name: self.name,
            admin,
            locale: self.language,
        })?;
        let shown = crate::db::control::statement_result(&app.pools, |conn| {
            let tenant = tenants::by_id(conn, id)?;
            tenants::shown(conn, app.pools.names(), &tenant)
        })?;
        self.format.print(&shown, |shown| {
            format!("main tenant {} ({})", shown.name, shown.path)
        })
    }
}
