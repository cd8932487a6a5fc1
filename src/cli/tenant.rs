//! `mandant tenant create|list|show|lock|unlock|delete|restore`.

use super::database::{Opened, open, password_from_stdin};
use super::output::{Format, message, table};
use super::{Failure, Result, Verb};
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::tenants::fence::WantedFence;
use crate::control::tenants::provision::{
    Basics, CreateInner, CreateSeparate, FirstUser, Restore, SetStatus, Trash,
};
use crate::control::tenants::purge;
use crate::control::tenants::slug::Slug;
use crate::control::tenants::{self, Shown};
use crate::control::users::invite::{has_password, invite};
use crate::control::users::{self, NewUser};
use crate::db::ids::TenantId;
use crate::db::{Viewer, Write};
use crate::error::AppError;
use clap::{Args, Subcommand};
use serde::Serialize;

/// Create, show, lock and delete tenants
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Create a separate or an inner tenant
    Create(Box<Create>),
    /// List all tenants
    List(Format),
    /// Show one tenant
    Show(Named),
    /// Lock a tenant: users out, mail stops
    Lock(Named),
    /// Unlock a tenant
    Unlock(Named),
    /// Move a tenant to the trash, from where it goes for good after 30 days
    Delete(Delete),
    /// Take a tenant out of the trash
    Restore(Named),
}

#[derive(Args, Debug)]
struct Create {
    /// separate: own schema, fields and users; inner: a fenced part of its parent's data
    #[arg(long, value_parser = ["separate", "inner"])]
    kind: String,
    /// Slug of the parent
    #[arg(long, default_value = "main")]
    parent: String,
    /// Its name in URLs: a letter, then letters, digits and hyphens
    #[arg(long)]
    slug: String,
    /// Its name
    #[arg(long)]
    name: String,
    /// Its colour
    #[arg(long, default_value = "#2f5d8a")]
    colour: String,
    /// Its language: en or de
    #[arg(long, default_value = "en", value_parser = ["en", "de"])]
    language: String,
    /// Its time zone
    #[arg(long, default_value = "Europe/Berlin")]
    time_zone: String,
    /// Inner: a mailing list (name or id) that fences it; may be given several times
    #[arg(long = "fence-list", value_name = "LIST")]
    fence_lists: Vec<String>,
    /// Inner: a rule that fences it
    #[arg(long, value_name = "RULE")]
    fence_rule: Option<String>,
    /// Inner: edits may move a recipient out of the fence
    #[arg(long)]
    allow_moves: bool,
    /// E-mail of its first administrator
    #[arg(long, requires = "admin_name")]
    admin_email: Option<String>,
    /// Name of its first administrator
    #[arg(long, requires = "admin_email")]
    admin_name: Option<String>,
    /// Read the administrator's password from standard input; without it the link is printed by which he sets one
    #[arg(long, requires = "admin_email")]
    password_stdin: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
struct Named {
    /// `nord`, or `nord/vip` for an inner tenant
    path: String,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
struct Delete {
    #[command(flatten)]
    named: Named,
    /// Do it
    #[arg(long)]
    yes: bool,
    /// Remove a tenant that lies in the trash for good, now: its data, its users, its files
    #[arg(long)]
    purge: bool,
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        match self.act {
            Act::Create(create) => create.run(loaded),
            Act::List(format) => list(&open(loaded)?, format),
            Act::Show(named) => show(&open(loaded)?, &named),
            Act::Lock(named) => set_status(&open(loaded)?, &named, "locked"),
            Act::Unlock(named) => set_status(&open(loaded)?, &named, "active"),
            Act::Delete(delete) => delete.run(loaded),
            Act::Restore(named) => restore(&open(loaded)?, &named),
        }
    }
}

impl Create {
    fn run(self, loaded: &Loaded) -> Result {
        if self.kind == "separate"
            && (!self.fence_lists.is_empty() || self.fence_rule.is_some() || self.allow_moves)
        {
            return Err(Failure::Usage("only an inner tenant has a fence".into()));
        }
        if self.kind == "inner" && self.fence_lists.is_empty() && self.fence_rule.is_none() {
            return Err(Failure::Usage(
                "an inner tenant needs --fence-list or --fence-rule".into(),
            ));
        }
        let password = if self.password_stdin {
            Some(password_from_stdin()?)
        } else {
            None
        };
        let opened = open(loaded)?;
        let app = &opened.app;
        let parent = opened.tenant(&self.parent)?;
        let slug = Slug::parse(&self.slug, &app.sections)?;
        let basics = Basics::check(
            slug,
            &self.name,
            &self.colour,
            &self.language,
            &self.time_zone,
        )?;
        let admin = match (&self.admin_email, &self.admin_name) {
            (Some(email), Some(name)) => Some(FirstUser {
                user: NewUser::check(email, name, password.as_ref(), &self.language)?,
                roles: vec!["administrator".into()],
            }),
            _ => None,
        };
        let made = if self.kind == "inner" {
            app.provisioner.carry_out(CreateInner {
                actor: Actor::cli(),
                granter: None,
                parent: parent.id(),
                basics,
                fence: WantedFence {
                    list_names: self.fence_lists,
                    rule: self.fence_rule.unwrap_or_default(),
                    ..WantedFence::by(Viewer::Operator)
                },
                moves_allowed: self.allow_moves,
                admin,
            })
        } else {
            app.provisioner.carry_out(CreateSeparate {
                actor: Actor::cli(),
                granter: None,
                parent: Some(parent.id()),
                basics,
                admin,
            })
        };
        let id = made.map_err(|error| match error {
            AppError::Constraint(name) if name.starts_with("tenants_") => {
                AppError::invalid("slug-taken")
            }
            other => other,
        })?;
        let invitation = match &self.admin_email {
            Some(email) if !self.password_stdin => invitation(&opened, id, email)?,
            _ => None,
        };
        if let Some(link) = &invitation {
            message(&format!(
                "to set the administrator's password, within 7 days: {link}"
            ));
        }
        let made = Made {
            tenant: shown(&opened, id)?,
            invitation,
        };
        self.format
            .print(&made, |made| table(&[cells(&made.tenant)]))
    }
}

/// A tenant that was made.
#[derive(Serialize)]
struct Made {
    #[serde(flatten)]
    tenant: Shown,
    /// The link by which its first administrator sets his password, where he has none.
    invitation: Option<String>,
}

/// The link for a first administrator who is new; who has a password needs none.
fn invitation(opened: &Opened, tenant: TenantId, email: &str) -> Result<Option<String>> {
    let (email, post) = (users::normalise_email(email)?, opened.app.post());
    let link = crate::db::control::run::<Write, _>(&opened.app.pools, |conn| {
        let Some(user) = users::by_email(conn.pg(), &email)? else {
            return Ok(None);
        };
        if has_password(conn.pg(), user)? {
            return Ok(None);
        }
        Ok(invite(conn.pg(), &post, Actor::cli(), tenant, user, true)?.link())
    })?;
    Ok(link)
}

fn shown(opened: &Opened, id: TenantId) -> Result<Shown> {
    let names = opened.app.pools.names();
    Ok(crate::db::control::statement_result(
        &opened.app.pools,
        |conn| {
            let tenant = tenants::by_id(conn, id)?;
            tenants::shown(conn, names, &tenant)
        },
    )?)
}

fn print(opened: &Opened, id: TenantId, format: Format) -> Result {
    format.print(&shown(opened, id)?, |shown| table(&[cells(shown)]))
}

fn cells(shown: &Shown) -> Vec<String> {
    vec![
        shown.path.clone(),
        shown.kind.clone(),
        shown.status.clone(),
        shown.name.clone(),
        shown.role.clone(),
    ]
}

fn list(opened: &Opened, format: Format) -> Result {
    let names = opened.app.pools.names();
    let all = crate::db::control::statement_result(&opened.app.pools, |conn| {
        tenants::all_shown(conn, names)
    })?;
    format.print(&all, |all| {
        table(&all.iter().map(cells).collect::<Vec<_>>())
    })
}

fn show(opened: &Opened, named: &Named) -> Result {
    let tenant = opened.tenant_or_trashed(&named.path)?;
    print(opened, tenant.id(), named.format)
}

fn set_status(opened: &Opened, named: &Named, status: &str) -> Result {
    let tenant = opened.tenant(&named.path)?;
    opened.app.provisioner.carry_out(SetStatus {
        actor: Actor::cli(),
        tenant: tenant.id(),
        status: status.to_owned(),
    })?;
    print(opened, tenant.id(), named.format)
}

impl Delete {
    fn run(self, loaded: &Loaded) -> Result {
        if !self.yes {
            return Err(Failure::Usage(format!(
                "say --yes to delete {}",
                self.named.path
            )));
        }
        let opened = open(loaded)?;
        if self.purge {
            return self.purge(&opened);
        }
        let tenant = opened.tenant(&self.named.path)?;
        opened.app.provisioner.carry_out(Trash {
            actor: Actor::cli(),
            tenant: tenant.id(),
        })?;
        print(&opened, tenant.id(), self.named.format)
    }

    /// Only what lies in the trash: so nobody loses a tenant by one wrong word.
    fn purge(self, opened: &Opened) -> Result {
        let tenant = opened.tenant_or_trashed(&self.named.path)?;
        if tenant.trashed_at.is_none() {
            return Err(Failure::Failed(format!(
                "the tenant {} is not in the trash; delete it first",
                self.named.path
            )));
        }
        let last = Shown {
            status: "purged".into(),
            ..shown(opened, tenant.id())?
        };
        purge::one(&opened.app, Actor::cli(), tenant.id())?;
        self.named
            .format
            .print(&last, |shown| table(&[cells(shown)]))
    }
}

fn restore(opened: &Opened, named: &Named) -> Result {
    let tenant = opened.tenant_or_trashed(&named.path)?;
    if tenant.trashed_at.is_none() {
        return Err(Failure::Failed(format!(
            "the tenant {} is not in the trash",
            named.path
        )));
    }
    opened.app.provisioner.carry_out(Restore {
        actor: Actor::cli(),
        tenant: tenant.id(),
    })?;
    print(opened, tenant.id(), named.format)
}
