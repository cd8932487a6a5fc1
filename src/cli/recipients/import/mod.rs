//! `mandant recipients import`: the same engine as the pages', run at once.

mod run;

use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::cli::database::{Opened, open};
use crate::cli::output::{Format, message};
use crate::cli::{Failure, Result};
use crate::config::Loaded;
use crate::control::tenants::Tenant;
use crate::db::ids::ListId;
use crate::db::schema::tenant::{import_profiles, lists};
use crate::db::tenant::Source as Through;
use crate::error::{AppError, Result as AppResult};
use crate::tenant::fields::{self, Field};
use crate::tenant::recipients::import::engine;
use crate::tenant::recipients::import::guess;
use crate::tenant::recipients::import::settings::{Duplicates, Mapped, Mode, Reading, Settings};
use crate::tenant::recipients::import::source::Source;
use clap::Args;
use diesel::prelude::*;
use run::Run;
use serde::Serialize;
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// `nord`, or `nord/vip` for an inner tenant
    #[arg(long)]
    tenant: String,
    /// The file: CSV, text or xlsx
    #[arg(long)]
    file: PathBuf,
    /// The sheet of a workbook [default: the first with a header and a row]
    #[arg(long)]
    sheet: Option<String>,
    /// Use a saved profile
    #[arg(long, conflicts_with = "map")]
    profile: Option<String>,
    /// A column becomes a field; may be given several times [default: by name]
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// What to do with the rows: add, upsert, update, unsubscribe, block [default: upsert]
    #[arg(long, value_parser = ["add", "upsert", "update", "unsubscribe", "block"])]
    mode: Option<String>,
    /// The field that tells which recipient a row means [default: email]
    #[arg(long)]
    key: Option<String>,
    /// Subscribe to this mailing list (name or id); may be given several times
    #[arg(long = "list", value_name = "LIST")]
    lists: Vec<String>,
    /// The text that the recipients agreed to
    #[arg(long)]
    consent: Option<String>,
    /// keep the recipient and report an unreadable value, or refuse the row [default: keep]
    #[arg(long, value_parser = ["keep", "refuse"])]
    bad_values: Option<String>,
    /// Rows for the same recipient: last counts, first counts, or refuse later ones [default: refuse]
    #[arg(long, value_parser = ["last", "first", "refuse"])]
    duplicates: Option<String>,
    /// Empty cells: keep the value, or clear it [default: keep]
    #[arg(long, value_parser = ["keep", "clear"])]
    empty: Option<String>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Shown {
    rows: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    errors_file: Option<PathBuf>,
    seconds: f64,
}

impl Arguments {
    pub(super) fn run(self, loaded: &Loaded) -> Result {
        let begin = Instant::now();
        if let Some(bad) = self.map.iter().find(|map| !map.contains('=')) {
            return Err(Failure::Usage(format!(
                "--map takes COLUMN=FIELD, not {bad:?}"
            )));
        }
        let opened = open(loaded)?;
        let tenant = opened.tenant(&self.tenant)?;
        let access = SystemAccess::<RunImports>::new(tenant.scope(), None, Through::Import);
        let file = std::path::absolute(&self.file)?;
        let settings = self.settings(&opened, &access, &tenant, &file)?;
        let run = Run {
            app: &opened.app,
            access: &access,
            tenant: &tenant,
            file: &file,
            settings: &settings,
            dry: self.dry_run,
        };
        let (outcome, errors_file) = run.carry_out()?;
        if outcome.cancelled {
            message("stopped by somebody; what was done before stays done");
        }
        let shown = Shown {
            rows: outcome.rows,
            created: outcome.counts.created,
            updated: outcome.counts.updated,
            unchanged: outcome.counts.unchanged,
            refused: outcome.counts.refused,
            errors_file,
            seconds: (begin.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        };
        self.format.print(&shown, text)
    }

    fn settings(
        &self,
        opened: &Opened,
        access: &SystemAccess<RunImports>,
        tenant: &Tenant,
        file: &Path,
    ) -> Result<Settings> {
        let app = &opened.app;
        let mut settings = match &self.profile {
            Some(name) => access.run(app, |conn| profile(conn.pg(), name))?,
            None => Settings::default(),
        };
        let all = access.run(app, fields::all)?;
        if self.sheet.is_some() {
            settings.reading.sheet.clone_from(&self.sheet);
        }
        let source = look(file, &settings.reading)?;
        tell_sheet(&source);
        if self.profile.is_none() {
            settings.formats = guess::formats(&source, &tenant.time_zone);
            settings.mapping = if self.map.is_empty() {
                by_name(&source, &all)
            } else {
                let mapping = mapped(&self.map, &source, &all)?;
                tell_left_out(&source, &mapping);
                mapping
            };
        }
        settings.reading = source.reading;
        let field = |key: &str| {
            guess::field_by_key(&all, key)
                .ok_or_else(|| Failure::Failed(format!("there is no field {key}")))
        };
        if let Some(key) = &self.key {
            settings.key = Some(field(key)?);
        }
        if let Some(mode) = self.mode.as_deref().and_then(Mode::of) {
            settings.mode = mode;
        }
        if let Some(duplicates) = self.duplicates.as_deref().and_then(Duplicates::of) {
            settings.duplicates = duplicates;
        }
        if let Some(empty) = &self.empty {
            settings.clear_empty = empty == "clear";
        }
        if let Some(bad) = &self.bad_values {
            settings.refuse_bad_values = bad == "refuse";
        }
        if let Some(consent) = &self.consent {
            settings.consent.clone_from(consent);
        }
        if !self.lists.is_empty() {
            let names = self.lists.clone();
            settings.lists = access.run(app, move |conn| known_lists(conn.pg(), &names))?;
        }
        Ok(settings)
    }
}

fn text(shown: &Shown) -> String {
    let errors = shown
        .errors_file
        .as_ref()
        .map(|path| format!("; refused rows: {}", path.display()))
        .unwrap_or_default();
    format!(
        "{} rows: {} created, {} updated, {} unchanged, {} refused in {} s{errors}",
        shown.rows, shown.created, shown.updated, shown.unchanged, shown.refused, shown.seconds
    )
}

/// Looks at the file. What is wrong with it is told with its path, and what the system says of it.
fn look(file: &Path, reading: &Reading) -> Result<Source> {
    let told = |error: &dyn Display| Failure::Failed(format!("{}: {error}", file.display()));
    let mut first = [0u8; 1];
    File::open(file)
        .and_then(|mut opened| opened.read(&mut first))
        .map_err(|error| told(&error))?;
    Source::look(file, reading).map_err(|fault| told(&engine::file_error(&fault)))
}

/// Says which sheet of several is read.
fn tell_sheet(source: &Source) {
    if let Some(sheet) = source
        .reading
        .sheet
        .as_ref()
        .filter(|_| source.sheets.len() > 1)
    {
        let others = source.sheets.iter().filter(|name| *name != sheet);
        let others: Vec<String> = others.map(|name| format!("{name:?}")).collect();
        let others = others.join(", ");
        message(&format!(
            "sheet {sheet:?} is read; --sheet chooses another: {others}"
        ));
    }
}

/// Maps by name and says what it took and what it left.
fn by_name(source: &Source, all: &[Field]) -> Vec<Mapped> {
    let mapping = guess::mapping(source, all);
    for mapped in &mapping {
        if let Some(field) = all.iter().find(|field| field.id == mapped.field) {
            message(&format!("column {:?} becomes {}", mapped.column, field.key));
        }
    }
    tell_left_out(source, &mapping);
    mapping
}

fn tell_left_out(source: &Source, mapping: &[Mapped]) {
    for column in &source.columns {
        if !mapping.iter().any(|mapped| mapped.column == *column) {
            message(&format!("column {column:?} is left out"));
        }
    }
}

/// `COLUMN=FIELD`, split at the last `=`.
fn mapped(maps: &[String], source: &Source, all: &[Field]) -> Result<Vec<Mapped>> {
    maps.iter()
        .map(|map| {
            let (column, key) = map.rsplit_once('=').unwrap_or((map, ""));
            let field = guess::field_by_key(all, key)
                .ok_or_else(|| Failure::Failed(format!("there is no field {key:?}")))?;
            if source.find(column).is_none() {
                let known = source.columns.join(", ");
                return Err(Failure::Failed(format!(
                    "the file has no column {column:?}; it has {known}"
                )));
            }
            Ok(Mapped {
                column: column.to_owned(),
                field,
            })
        })
        .collect()
}

fn profile(conn: &mut PgConnection, name: &str) -> AppResult<Settings> {
    let stored: serde_json::Value = import_profiles::table
        .filter(import_profiles::name.eq(name))
        .select(import_profiles::settings)
        .first(conn)
        .map_err(|_| AppError::Invalid {
            key: "import-no-profile",
            params: vec![("profile", name.to_owned())],
        })?;
    serde_json::from_value(stored)
        .map_err(|error| AppError::internal(format!("profile {name}: {error}")))
}

fn known_lists(conn: &mut PgConnection, names: &[String]) -> AppResult<Vec<ListId>> {
    let all: Vec<(ListId, String)> = lists::table.select((lists::id, lists::name)).load(conn)?;
    names
        .iter()
        .map(|name| {
            let hit = all
                .iter()
                .find(|(id, known)| known == name || id.to_string() == *name);
            hit.map(|(id, _)| *id).ok_or_else(|| AppError::Invalid {
                key: "list-unknown",
                params: vec![("list", name.clone())],
            })
        })
        .collect()
}
