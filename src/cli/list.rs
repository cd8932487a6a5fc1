//! `mandant list create`.

use super::database::open;
use super::output::{Format, table};
use super::{Failure, Result, Verb};
use crate::access::SystemAccess;
use crate::access::rights::ChangeLists;
use crate::config::Loaded;
use crate::db::Source;
use crate::error::AppError;
use crate::tenant::lists;
use clap::{Args, Subcommand};

/// Create mailing lists
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Create a mailing list
    Create(Create),
}

#[derive(Args, Debug)]
struct Create {
    /// The tenant: its slug
    #[arg(long)]
    tenant: String,
    /// Its name, unique in the tenant
    #[arg(long)]
    name: String,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
    #[command(flatten)]
    format: Format,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        match self.act {
            Act::Create(create) => create.run(loaded),
        }
    }
}

impl Create {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        let tenant = opened.tenant(&self.tenant)?;
        if tenant.scope().parent.is_some() {
            return Err(Failure::Failed(
                "an inner tenant has no lists of its own: create it in its parent".into(),
            ));
        }
        let access = SystemAccess::<ChangeLists>::new(tenant.scope(), None, Source::Cli);
        let made = access.run(&opened.app, |conn| {
            lists::create(conn, &self.name, &self.description)
        });
        let list = made.map_err(|error| match error {
            AppError::Constraint(name) if name == "lists_name_key" => {
                Failure::Failed(format!("there is a list {} already", self.name.trim()))
            }
            AppError::Invalid { key, params } => {
                Failure::Failed(crate::web::i18n::english(key, &params))
            }
            other => other.into(),
        })?;
        let shown = serde_json::json!({ "id": list.id, "name": list.name });
        self.format.print(&shown, |_| {
            table(&[vec![list.id.to_string(), list.name.clone()]])
        })
    }
}
