//! An import through the engine, with all indexes and history, beside plain COPY of the same rows into a table
//! with the same columns, checks and indexes.

use super::{Result, timed};
use crate::access::SystemAccess;
use crate::access::rights::RunImports;
use crate::cli::database::Opened;
use crate::cli::output::{Format, message, table};
use crate::control::audit::Actor;
use crate::control::tenants::provision::{Basics, CreateSeparate};
use crate::control::tenants::slug::Slug;
use crate::db::TenantScope;
use crate::db::copy::copy_plain;
use crate::db::ids::{ImportId, TenantId};
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::tenant::imports;
use crate::db::tenant::Source as Through;
use crate::error::{AppError, Result as AppResult};
use crate::tenant::fields::define::{Definition, FieldInput};
use crate::tenant::fields::{self, show};
use crate::tenant::recipients::import::engine::{self, Outcome};
use crate::tenant::recipients::import::settings::{Mapped, Settings};
use crate::tenant::recipients::import::source::Source;
use diesel::prelude::*;
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const KEYS: [&str; 10] = [
    "email",
    "salutation",
    "gender",
    "title",
    "first_name",
    "last_name",
    "language",
    "format",
    "city",
    "customer_number",
];

/// One way to bring the rows in.
#[derive(Debug, Serialize)]
struct Way {
    what: &'static str,
    seconds: f64,
    rows_per_second: f64,
    /// Of plain COPY's rate, in percent.
    percent_of_copy: f64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    /// Most memory that this process held meanwhile; none where the system does not tell.
    peak_mb: Option<f64>,
}

struct Fields {
    scope: TenantScope,
    mapping: Vec<Mapped>,
    columns: Vec<String>,
}

struct Copy {
    tenant: TenantId,
    columns: Vec<String>,
    rows: PathBuf,
}

impl Order for Copy {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> AppResult<()> {
        let mut rows =
            File::open(&self.rows).map_err(|error| AppError::internal(error.to_string()))?;
        conn.as_owner(self.tenant, |conn, _| {
            copy_plain(conn, "bench_copy", &self.columns, &mut rows).map(|_| ())
        })
    }
}

pub(super) fn run(opened: &Opened, rows: u64, format: Format) -> Result {
    let fields = prepare(opened)?;
    let folder = opened.app.files.join("bench");
    std::fs::create_dir_all(&folder)?;
    let [plain, first, changed] =
        ["plain.txt", "first.csv", "changed.csv"].map(|name| folder.join(name));
    write(&plain, rows, '\t', false)?;
    write(&first, rows, ';', false)?;
    write(&changed, rows, ';', true)?;

    message("plain COPY");
    let order = Copy {
        tenant: fields.scope.id,
        columns: fields.columns.clone(),
        rows: plain,
    };
    let ((), copy) = timed(|| opened.app.provisioner.carry_out(order))?;
    // The comparison's own pages are not written out while the import runs.
    opened
        .app
        .provisioner
        .outside_transaction(fields.scope.id, &["DROP TABLE bench_copy".into()])?;
    let created = Outcome {
        rows: rows as i64,
        ..Outcome::default()
    };
    let mut ways = vec![way("plain COPY", &created, copy, copy, None)];
    for (what, file) in [
        ("import, all new", &first),
        ("again, unchanged", &first),
        ("again, 10 % changed", &changed),
    ] {
        message(what);
        forget_peak();
        let (outcome, time) = timed(|| import(opened, &fields, file))?;
        ways.push(way(what, &outcome, time, copy, peak_mb()));
    }
    std::fs::remove_dir_all(&folder)?;
    format.print(&ways, |ways| {
        table(&ways.iter().map(Way::cells).collect::<Vec<_>>())
    })
}

/// A tenant with two fields of its own, and an empty table like its recipients'.
fn prepare(opened: &Opened) -> Result<Fields> {
    let app = &opened.app;
    let slug = Slug::parse("large", &app.sections)?;
    let id = app.provisioner.carry_out(CreateSeparate {
        actor: Actor::cli(),
        granter: None,
        parent: Some(TenantId(1)),
        basics: Basics::check(slug, "Bench", "#3b6ea5", "en", "UTC")?,
        admin: None,
    })?;
    for (key, kind) in [("city", "text"), ("customer_number", "integer")] {
        let field = Definition::check(FieldInput {
            key: key.into(),
            kind: kind.into(),
            label_en: key.into(),
            mode: "editable".into(),
            historised: true,
            ..FieldInput::default()
        })?;
        show::create(app, "large", field)?;
    }
    app.provisioner.outside_transaction(
        id,
        &["CREATE TABLE bench_copy (LIKE recipients INCLUDING ALL)".into()],
    )?;
    let scope = TenantScope { id, parent: None };
    let all = access(scope).run(app, fields::all)?;
    let (mut mapping, mut columns) = (Vec::new(), Vec::new());
    for field in KEYS
        .iter()
        .filter_map(|key| all.iter().find(|field| field.key == **key))
    {
        mapping.push(Mapped {
            column: field.key.clone(),
            field: field.id,
        });
        columns.push(field.column()?.to_string());
    }
    Ok(Fields {
        scope,
        mapping,
        columns,
    })
}

fn access(scope: TenantScope) -> SystemAccess<RunImports> {
    SystemAccess::new(scope, None, Through::Import)
}

/// The rows as a file; with a header where the separator is not COPY's.
fn write(path: &Path, rows: u64, separator: char, changed: bool) -> std::io::Result<()> {
    const FIRST: [&str; 8] = [
        "Anna", "Bernd", "Chloé", "Dieter", "Eva", "Frank", "Gül", "Hannah",
    ];
    const LAST: [&str; 10] = [
        "Müller",
        "Schmidt",
        "Weiß",
        "O'Neill",
        "Yılmaz",
        "Kowalski",
        "Jørgensen",
        "Lefèvre",
        "Rossi",
        "Schäfer",
    ];
    const CITY: [&str; 6] = ["Köln", "Berlin", "Zürich", "Wien", "Lyon", "Gdańsk"];
    let mut out = BufWriter::new(File::create(path)?);
    let s = separator.to_string();
    if separator != '\t' {
        writeln!(out, "{}", KEYS.join(&s))?;
    }
    for n in 0..rows {
        // Spread, so that neither names nor addresses come in the order of an index.
        let drawn = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let pick = |from: &[&'static str], part: u64| from[(drawn / part) as usize % from.len()];
        let (salutation, gender) = [("Frau", "female"), ("Herr", "male")][(drawn % 2) as usize];
        let city = if changed && n % 10 == 0 {
            "Paris"
        } else {
            pick(&CITY, 7)
        };
        let cells = [
            format!("{}.person{n}@example{}.com", drawn % 9973, drawn % 50),
            salutation.into(),
            gender.into(),
            "Dr.".into(),
            pick(&FIRST, 3).into(),
            format!("{}-{}", pick(&LAST, 31), drawn % 1000),
            pick(&["de", "en", "fr"], 11).into(),
            "html".into(),
            city.into(),
            (1_000_000 + n).to_string(),
        ];
        writeln!(out, "{}", cells.join(&s))?;
    }
    out.flush()
}

fn import(opened: &Opened, fields: &Fields, file: &Path) -> AppResult<Outcome> {
    let access = access(fields.scope);
    let settings = Settings {
        mapping: fields.mapping.clone(),
        reading: Source::look(file, &Settings::default().reading)
            .map_err(|fault| engine::file_error(&fault))?
            .reading,
        ..Settings::default()
    };
    let id: i32 = access.run(&opened.app, |conn| {
        Ok(diesel::insert_into(imports::table)
            .values((
                imports::state.eq("running"),
                imports::file_name.eq("bench.csv"),
                imports::settings.eq(serde_json::json!(settings)),
            ))
            .returning(imports::id)
            .get_result(conn.pg())?)
    })?;
    engine::run(
        &opened.app,
        &access,
        ImportId(id),
        file,
        &settings,
        false,
        &mut |_| Ok(true),
    )
}

fn way(
    what: &'static str,
    outcome: &Outcome,
    time: Duration,
    copy: Duration,
    peak_mb: Option<f64>,
) -> Way {
    let round = |number: f64, to: f64| (number * to).round() / to;
    Way {
        what,
        seconds: round(time.as_secs_f64(), 1000.0),
        rows_per_second: (outcome.rows as f64 / time.as_secs_f64()).round(),
        percent_of_copy: round(100.0 * copy.as_secs_f64() / time.as_secs_f64(), 10.0),
        created: outcome.counts.created,
        updated: outcome.counts.updated,
        unchanged: outcome.counts.unchanged,
        refused: outcome.counts.refused,
        peak_mb,
    }
}

impl Way {
    fn cells(&self) -> Vec<String> {
        vec![
            self.what.into(),
            format!("{:.1} s", self.seconds),
            format!("{} rows/s", self.rows_per_second),
            format!("{:.0} % of COPY", self.percent_of_copy),
            self.peak_mb
                .map(|mb| format!("peak {mb} MB"))
                .unwrap_or_default(),
        ]
    }
}

/// Linux starts the peak anew; elsewhere, and where it is refused, the peak is that of the whole run.
fn forget_peak() {
    if std::fs::write("/proc/self/clear_refs", "5").is_err() {
        message("the peak of memory is that of the whole run");
    }
}

fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some((kilobytes / 102.4).round() / 10.0)
}
