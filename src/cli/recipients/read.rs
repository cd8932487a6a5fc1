//! `mandant recipients list|count|export`.

use crate::access::SystemAccess;
use crate::access::rights::{ExportRecipients, ViewRecipients};
use crate::cli::database::{Opened, open};
use crate::cli::output::{self, Format, table};
use crate::cli::{Failure, Result};
use crate::config::Loaded;
use crate::control::audit;
use crate::control::tenants::Tenant;
use crate::db::Source;
use crate::error::AppError;
use crate::tenant::fields;
use crate::tenant::recipients::export::Export;
use crate::tenant::recipients::query::{self, Cursor};
use crate::tenant::recipients::state::State;
use crate::web::sealed::Seal;
use clap::Args;
use std::io::{ErrorKind, Write};

#[derive(Args, Debug)]
pub(super) struct Which {
    /// The tenant: `nord`, or `nord/vip` for an inner one
    #[arg(long)]
    tenant: String,
    /// Only those for whom this rule holds
    #[arg(long = "where", value_name = "RULE", default_value = "")]
    rule: String,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    which: Which,
    /// How many at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Go on after the list that gave this cursor
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

/// The error of an act, in words.
fn said(error: AppError) -> Failure {
    match error {
        AppError::Invalid { key, params } => {
            Failure::Failed(crate::web::i18n::english(key, &params))
        }
        other => other.into(),
    }
}

impl Which {
    fn open(&self, loaded: &Loaded) -> Result<(Opened, Tenant)> {
        let opened = open(loaded)?;
        let tenant = opened.tenant(&self.tenant)?;
        Ok((opened, tenant))
    }

    fn state(&self) -> State {
        State {
            rule: self.rule.clone(),
            ..State::default()
        }
    }
}

impl List {
    pub(super) fn run(self, loaded: &Loaded) -> Result {
        let (opened, tenant) = self.which.open(loaded)?;
        let seal = Seal::new(&opened.app.secret, tenant.id());
        let after = match &self.after {
            Some(text) => Some(Cursor::decode(text, &seal).map_err(|_| {
                Failure::Usage("--after: this is no cursor that a list gave".into())
            })?),
            None => None,
        };
        let access =
            SystemAccess::<ViewRecipients>::new(tenant.scope(), None, Source::Cli).as_request();
        let found = access.run(&opened.app, |conn| {
            let all = fields::all(conn)?;
            let export = Export::new(&all, self.which.state().strict_filter(&all)?)?;
            let part = export.page(conn, after.as_ref(), self.limit)?;
            Ok((export, part))
        });
        let (export, part) = found.map_err(said)?;
        let objects: Vec<_> = part.rows.iter().map(|row| export.json(row)).collect();
        self.which.format.print(&objects, |objects| {
            let cell = |object: &serde_json::Map<String, serde_json::Value>, key: &str| match object
                .get(key)
            {
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(serde_json::Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            let rows: Vec<_> = objects
                .iter()
                .map(|object| {
                    ["id", "email", "first_name", "last_name"]
                        .map(|key| cell(object, key))
                        .to_vec()
                })
                .collect();
            table(&rows)
        })?;
        if let Some(next) = part.next {
            output::message(&format!("more follow: --after {}", next.encode(&seal)));
        }
        Ok(())
    }
}

pub(super) fn count(which: &Which, loaded: &Loaded) -> Result {
    let (opened, tenant) = which.open(loaded)?;
    let access = SystemAccess::<ViewRecipients>::new(tenant.scope(), None, Source::Cli);
    let counted = access.run(&opened.app, |conn| {
        let all = fields::all(conn)?;
        query::exact_count(conn, &which.state().strict_filter(&all)?)
    });
    let count = counted.map_err(said)?;
    which.format.print(&count, |count| count.count.to_string())
}

pub(super) fn export(which: &Which, loaded: &Loaded) -> Result {
    let (opened, tenant) = which.open(loaded)?;
    let access = SystemAccess::<ExportRecipients>::new(tenant.scope(), None, Source::Cli);
    let begun = access.run(&opened.app, |conn| {
        let all = fields::all(conn)?;
        let filter = which.state().strict_filter(&all)?;
        let data = serde_json::json!({ "filtered": which.state().narrows() });
        audit::record_in_tenant(conn, "recipients.export", "", &data)?;
        Export::new(&all, filter)
    });
    let export = begun.map_err(said)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = write(which, &opened, &access, &export, &mut out);
    match written.and_then(|()| out.flush().map_err(Stop::Io)) {
        Ok(()) => Ok(()),
        // The reader (`head`, a pager) has seen enough.
        Err(Stop::Io(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(Stop::Io(error)) => Err(Failure::Failed(format!(
            "cannot write to standard output: {error}"
        ))),
        Err(Stop::App(error)) => Err(said(error)),
    }
}

/// Why an export ends early.
enum Stop {
    Io(std::io::Error),
    App(AppError),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<AppError> for Stop {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

fn write(
    which: &Which,
    opened: &Opened,
    access: &SystemAccess<ExportRecipients>,
    export: &Export,
    out: &mut impl Write,
) -> std::result::Result<(), Stop> {
    if !which.format.json {
        out.write_all(&export.csv_header()?)?;
    }
    let mut after = None;
    loop {
        let part = access.run(&opened.app, |conn| export.part(conn, after.as_ref()))?;
        if which.format.json {
            for row in &part.rows {
                writeln!(out, "{}", serde_json::Value::Object(export.json(row)))?;
            }
        } else {
            out.write_all(&export.csv(&part.rows)?)?;
        }
        match part.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
