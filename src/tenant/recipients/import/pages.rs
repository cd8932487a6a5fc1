//! The wizard: upload, mapping and settings, dry run, run, result.

use super::job::KIND;
use super::settings::{Duplicates, Mapped, Mode, Reading, Settings};
use super::source::Source;
use super::{engine, guess, report, stage, upload};
use crate::access::rights::{RunImports, ViewImports};
use crate::access::{Access, Routes};
use crate::db::ids::{FieldId, ImportId, JobId, ListId};
use crate::db::schema::tenant::{import_profiles, imports, lists};
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::jobs::queue;
use crate::tenant::fields::{self, Field};
use crate::web::form::{Errors, Submitted, error_at};
use crate::web::view::{FormPage, TablePage};
use crate::web::{
    Cell, Empty, FormView, Frame, Input, InputKind, Table, see_other, see_other_saying,
};
use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Deserialize;
use std::collections::HashMap;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/imports", index);
    r.get("/t/{tenant}/imports/new", new);
    r.post("/t/{tenant}/imports", receive);
    r.get("/t/{tenant}/imports/{id}", show);
    r.get("/t/{tenant}/imports/{id}/mapping", mapping);
    r.post("/t/{tenant}/imports/{id}/mapping", check);
    r.post("/t/{tenant}/imports/{id}/run", run);
    r.post("/t/{tenant}/imports/{id}/cancel", cancel);
    r.post("/t/{tenant}/imports/{id}/profile", save_profile);
    r.get("/t/{tenant}/imports/{id}/errors", errors);
}

/// The import that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

/// An import as the pages show it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = imports)]
struct Import {
    id: i32,
    state: String,
    file_name: String,
    stored_as: Option<String>,
    settings: serde_json::Value,
    job_id: Option<i64>,
    created_at: DateTime<Utc>,
    rows: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    noted: i64,
    errors_file: Option<String>,
    error: Option<String>,
}

impl Import {
    fn is_at_work(&self) -> bool {
        matches!(self.state.as_str(), "checking" | "queued" | "running")
    }

    fn settings(&self) -> Settings {
        serde_json::from_value(self.settings.clone()).unwrap_or_default()
    }
}

fn by_id(conn: &mut PgConnection, id: i32) -> Result<Import> {
    Ok(imports::table
        .find(id)
        .select(Import::as_select())
        .first(conn)?)
}

fn state_cell(p: &Frame, state: &str) -> Cell {
    let kind = match state {
        "done" => "success",
        "failed" => "danger",
        "cancelled" => "warning",
        _ => "secondary",
    };
    Cell::Badge(kind, p.t(&format!("import-state-{state}")))
}

async fn index(access: Access<ViewImports>) -> Result<HttpResponse> {
    let all: Vec<Import> = access
        .run(|conn| {
            Ok(imports::table
                .order(imports::id.desc())
                .limit(200)
                .select(Import::as_select())
                .load(conn.pg())?)
        })
        .await?;
    let p = Frame::new(access.context(), "nav-imports").section("imports");
    let columns = [
        "import-file",
        "import-begun",
        "import-state",
        "import-rows",
        "import-created",
        "import-updated",
        "import-refused",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("nav-imports"), columns);
    for import in &all {
        let href = p.url(&format!("/imports/{}", import.id));
        let mut cells = vec![
            Cell::Link {
                href,
                text: import.file_name.clone(),
            },
            Cell::Text(p.t.moment(&import.created_at)),
            state_cell(&p, &import.state),
        ];
        cells.extend(
            [import.rows, import.created, import.updated, import.refused]
                .map(|n| Cell::Number(p.t.number(&n))),
        );
        table.row(cells);
    }
    let new = (p.t("import-new"), p.url("/imports/new"));
    let acts = if p.may("imports.run") {
        vec![new.clone()]
    } else {
        Vec::new()
    };
    let empty = Empty {
        text: p.t("import-none"),
        act: Some(new),
    };
    p.render(|p| TablePage {
        intro: String::new(),
        acts,
        table,
        empty,
        p,
    })
}

fn upload_form(p: &Frame) -> FormView {
    FormView::new(p.url("/imports"), p.t("import-upload"))
        .input(
            Input::new(
                InputKind::File(".csv,.txt,.tsv,.xlsx"),
                "file",
                p.t("import-file"),
            )
            .help(p.t("import-file-help"))
            .required(),
        )
        .cancel(p.url("/imports"))
}

async fn new(access: Access<RunImports>) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "import-new")
        .section("imports")
        .crumb(
            Frame::new(access.context(), "nav-imports").title,
            format!("{}/imports", access.tenant().base()),
        );
    let form = upload_form(&p);
    p.render(|p| FormPage {
        intro: p.t("import-new-intro"),
        form,
        p,
    })
}

async fn receive(
    access: Access<RunImports>,
    req: HttpRequest,
    parts: Multipart,
) -> Result<HttpResponse> {
    let app = access.app();
    let received = upload::receive(
        &req,
        parts,
        access.context(),
        &app.files,
        access.tenant().id,
        app.config.limits.upload_bytes(),
    )
    .await;
    let begun = match received {
        Ok(file) => begin(&access, file).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok(id) => Ok(see_other(&format!(
            "{}/imports/{id}/mapping",
            access.tenant().base()
        ))),
        Err(AppError::Invalid { key, params }) => {
            let p = Frame::new(access.context(), "import-new").section("imports");
            let form = upload_form(&p).errors(&p.t, &error_at("file", key, &params));
            p.render_again(|p| FormPage {
                intro: p.t("import-new-intro"),
                form,
                p,
            })
        }
        Err(other) => Err(other),
    }
}

/// Looks at the file and keeps what it probably is.
async fn begin(access: &Access<RunImports>, file: upload::Upload) -> Result<i32> {
    let path = access.app().files.join(&file.stored_as);
    let (zone, language, user) = (
        access.tenant().time_zone.clone(),
        access.tenant().locale.clone(),
        access.user().id,
    );
    access
        .run(move |conn| {
            let source = Source::look(&path, &Reading::default()).map_err(|fault| {
                let _ = std::fs::remove_file(&path);
                engine::file_error(&fault)
            })?;
            let all = fields::all(conn.pg())?;
            let settings = Settings {
                mapping: guess::mapping(&source, &all),
                formats: guess::formats(&source, &zone),
                reading: source.reading,
                ..Settings::default()
            };
            let mut stored = serde_json::json!(settings);
            stored["language"] = language.into();
            Ok(diesel::insert_into(imports::table)
                .values((
                    imports::state.eq("uploaded"),
                    imports::file_name.eq(&file.name),
                    imports::stored_as.eq(&file.stored_as),
                    imports::file_size.eq(file.size as i64),
                    imports::settings.eq(stored),
                    imports::created_by.eq(user.0),
                ))
                .returning(imports::id)
                .get_result(conn.pg())?)
        })
        .await
}

/// What the mapping's page needs.
struct Mapping {
    import: Import,
    source: Source,
    fields: Vec<Field>,
    lists: Vec<(ListId, String)>,
    profiles: Vec<(i32, String)>,
}

fn load_mapping(
    conn: &mut TenantConn<'_, Write>,
    files: &std::path::Path,
    id: i32,
) -> Result<Mapping> {
    let import = by_id(conn.pg(), id)?;
    let path = files.join(
        import
            .stored_as
            .as_deref()
            .ok_or_else(|| AppError::invalid("file-gone"))?,
    );
    let source = Source::look(&path, &import.settings().reading)
        .map_err(|fault| engine::file_error(&fault))?;
    Ok(Mapping {
        source,
        fields: fields::all(conn.pg())?,
        lists: lists::table
            .order(lists::name)
            .limit(1000)
            .select((lists::id, lists::name))
            .load(conn.pg())?,
        profiles: import_profiles::table
            .order(import_profiles::name)
            .limit(200)
            .select((import_profiles::id, import_profiles::name))
            .load(conn.pg())?,
        import,
    })
}

async fn mapping(access: Access<RunImports>, path: web::Path<Which>) -> Result<HttpResponse> {
    let (id, files) = (path.id, access.app().files.clone());
    let found = access
        .run(move |conn| load_mapping(conn, &files, id))
        .await?;
    if found.import.is_at_work() || found.import.state == "done" {
        return Ok(see_other(&format!(
            "{}/imports/{id}",
            access.tenant().base()
        )));
    }
    let p = mapping_frame(&access, &found);
    let settings = found.import.settings();
    let form = mapping_form(&p, &found, &settings);
    p.render(|p| FormPage {
        intro: detected(&p, &found.source),
        form,
        p,
    })
}

fn mapping_frame(access: &Access<RunImports>, found: &Mapping) -> Frame {
    let p = Frame::new(access.context(), "import-mapping").section("imports");
    let (label, href) = (p.t("nav-imports"), p.url("/imports"));
    let title = format!("{}: {}", p.title, found.import.file_name);
    p.crumb(label, href).titled(title)
}

/// `Windows-1252, separated by «;», with a header`.
fn detected(p: &Frame, source: &Source) -> String {
    let reading = &source.reading;
    if let Some(sheet) = &reading.sheet {
        return p.t.with("import-detected-sheet", "sheet", sheet);
    }
    let separator = match reading.separator {
        Some('\t') => p.t("import-tab"),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut text = p.t.with_all(
        "import-detected",
        &[
            ("encoding", reading.encoding.clone().unwrap_or_default()),
            ("separator", separator),
        ],
    );
    if !source.repeated.is_empty() {
        text.push(' ');
        text +=
            &p.t.with("import-repeated", "columns", &source.repeated.join(", "));
    }
    text
}

fn mapping_form(p: &Frame, found: &Mapping, settings: &Settings) -> FormView {
    let id = found.import.id;
    let mut form = FormView::new(
        p.url(&format!("/imports/{id}/mapping")),
        p.t("import-check"),
    )
    .cancel(p.url("/imports"))
    .input(Input::new(InputKind::Heading, "", p.t("import-columns")));
    let mut options = vec![(String::new(), p.t("import-left-out"))];
    for field in found.fields.iter().filter(|field| {
        !matches!(
            field.standard_column.as_deref(),
            Some("created_at" | "changed_at" | "source")
        )
    }) {
        options.push((field.id.to_string(), field.label(p.t.language()).to_owned()));
    }
    for (index, column) in found.source.columns.iter().enumerate() {
        let chosen = settings
            .mapping
            .iter()
            .find(|mapped| mapped.column == *column)
            .map(|mapped| mapped.field.to_string());
        let samples: Vec<&str> = found
            .source
            .preview
            .iter()
            .filter_map(|row| row.get(index))
            .map(|cell| cell.trim())
            .filter(|cell| !cell.is_empty())
            .take(3)
            .collect();
        let samples: String = samples.join(" · ").chars().take(120).collect();
        form = form.input(
            Input::select(
                format!("column_{index}"),
                column,
                options.clone(),
                chosen.unwrap_or_default(),
            )
            .help(samples),
        );
    }
    form.inputs(rule_inputs(p, found, settings))
        .inputs(list_inputs(p, found, settings))
        .inputs(reading_inputs(p, settings))
}

fn rule_inputs(p: &Frame, found: &Mapping, settings: &Settings) -> Vec<Input> {
    let choose = |keys: &[(&str, &str)]| {
        keys.iter()
            .map(|(value, key)| ((*value).to_owned(), p.t(key)))
            .collect::<Vec<_>>()
    };
    let keys = found
        .fields
        .iter()
        .filter(|field| field.is_unique)
        .map(|field| (field.id.to_string(), field.label(p.t.language()).to_owned()))
        .collect();
    let key = settings
        .key
        .map_or_else(|| "1".to_owned(), |key| key.to_string());
    vec![
        Input::new(InputKind::Heading, "", p.t("import-rules")),
        Input::select(
            "mode",
            p.t("import-mode"),
            choose(&[
                ("upsert", "import-mode-upsert"),
                ("add", "import-mode-add"),
                ("update", "import-mode-update"),
                ("unsubscribe", "import-mode-unsubscribe"),
                ("block", "import-mode-block"),
            ]),
            settings.mode.key(),
        ),
        Input::select("key", p.t("import-key"), keys, key),
        Input::select(
            "duplicates",
            p.t("import-duplicates"),
            choose(&[
                ("refuse", "import-duplicates-refuse"),
                ("first", "import-duplicates-first"),
                ("last", "import-duplicates-last"),
            ]),
            settings.duplicates.key(),
        ),
        Input::select(
            "empty",
            p.t("import-empty"),
            choose(&[
                ("keep", "import-empty-keep"),
                ("clear", "import-empty-clear"),
            ]),
            if settings.clear_empty {
                "clear"
            } else {
                "keep"
            },
        ),
        Input::select(
            "bad",
            p.t("import-bad"),
            choose(&[("keep", "import-bad-keep"), ("refuse", "import-bad-refuse")]),
            if settings.refuse_bad_values {
                "refuse"
            } else {
                "keep"
            },
        ),
        Input::select(
            "dates",
            p.t("import-dates"),
            choose(&[("day", "import-dates-day"), ("month", "import-dates-month")]),
            if settings.formats.month_first {
                "month"
            } else {
                "day"
            },
        ),
        Input::select(
            "numbers",
            p.t("import-numbers"),
            choose(&[
                ("comma", "import-numbers-comma"),
                ("point", "import-numbers-point"),
            ]),
            if settings.formats.decimal_comma {
                "comma"
            } else {
                "point"
            },
        ),
    ]
}

fn list_inputs(p: &Frame, found: &Mapping, settings: &Settings) -> Vec<Input> {
    let options: Vec<_> = found
        .lists
        .iter()
        .map(|(id, name)| (id.to_string(), name.clone(), String::new()))
        .collect();
    let mut inputs = Vec::new();
    if !options.is_empty() {
        let mut lists = Input::new(InputKind::Checks(options), "lists", p.t("nav-lists"))
            .help(p.t("import-lists-help"));
        lists.values = settings.lists.iter().map(ToString::to_string).collect();
        inputs.push(lists);
    }
    inputs.push(
        Input::new(InputKind::Area(2), "consent", p.t("import-consent"))
            .value(&settings.consent)
            .help(p.t("import-consent-help")),
    );
    if !found.profiles.is_empty() {
        let mut options = vec![(String::new(), p.t("import-profile-none"))];
        options.extend(
            found
                .profiles
                .iter()
                .map(|(id, name)| (id.to_string(), name.clone())),
        );
        inputs.push(
            Input::select("profile", p.t("import-profile"), options, "")
                .help(p.t("import-profile-help")),
        );
    }
    inputs
}

fn reading_inputs(p: &Frame, settings: &Settings) -> Vec<Input> {
    if settings.reading.sheet.is_some() {
        return Vec::new();
    }
    let encodings = [
        "UTF-8",
        "windows-1252",
        "ISO-8859-15",
        "UTF-16LE",
        "UTF-16BE",
    ]
    .map(|name| (name.to_owned(), name.to_owned()))
    .to_vec();
    let separators = [(";", ";"), (",", ","), ("|", "|")]
        .map(|(value, label)| (value.to_owned(), label.to_owned()));
    let mut separators = separators.to_vec();
    separators.push(("tab".into(), p.t("import-tab")));
    let separator = match settings.reading.separator {
        Some('\t') => "tab".to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    vec![
        Input::new(InputKind::Heading, "", p.t("import-reading")),
        Input::select(
            "encoding",
            p.t("import-encoding"),
            encodings,
            settings.reading.encoding.clone().unwrap_or_default(),
        ),
        Input::select("separator", p.t("import-separator"), separators, separator),
        Input::check(
            "header",
            p.t("import-header"),
            settings.reading.header == Some(true),
        ),
    ]
}

/// What the mapping's form sends: as pairs, because the columns come as `column_<number>`.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(from = "Vec<(String, String)>")]
struct MappingForm {
    mode: String,
    key: String,
    duplicates: String,
    empty: String,
    bad: String,
    dates: String,
    numbers: String,
    lists: Vec<ListId>,
    consent: String,
    profile: String,
    encoding: String,
    separator: String,
    header: String,
    columns: HashMap<usize, FieldId>,
}

impl From<Vec<(String, String)>> for MappingForm {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "mode" => form.mode = value,
                "key" => form.key = value,
                "duplicates" => form.duplicates = value,
                "empty" => form.empty = value,
                "bad" => form.bad = value,
                "dates" => form.dates = value,
                "numbers" => form.numbers = value,
                "lists" => form.lists.extend(value.parse::<ListId>().ok()),
                "consent" => form.consent = value,
                "profile" => form.profile = value,
                "encoding" => form.encoding = value,
                "separator" => form.separator = value,
                "header" => form.header = value,
                name => {
                    let index = name
                        .strip_prefix("column_")
                        .and_then(|index| index.parse().ok());
                    if let (Some(index), Ok(field)) = (index, value.parse()) {
                        form.columns.insert(index, field);
                    }
                }
            }
        }
        form
    }
}

impl MappingForm {
    fn reading(&self, before: &Reading) -> Reading {
        if before.sheet.is_some() {
            return before.clone();
        }
        Reading {
            encoding: Some(self.encoding.clone()).filter(|name| !name.is_empty()),
            separator: if self.separator == "tab" {
                Some('\t')
            } else {
                self.separator.chars().next()
            },
            header: Some(self.header == "on"),
            sheet: None,
        }
    }

    fn settings(&self, columns: &[String], before: &Settings) -> Settings {
        let mapping = columns
            .iter()
            .enumerate()
            .filter_map(|(index, column)| {
                Some(Mapped {
                    column: column.clone(),
                    field: *self.columns.get(&index)?,
                })
            })
            .collect();
        let mut formats = before.formats.clone();
        formats.month_first = self.dates == "month";
        formats.decimal_comma = self.numbers == "comma";
        Settings {
            reading: self.reading(&before.reading),
            mapping,
            formats,
            mode: Mode::of(&self.mode).unwrap_or_default(),
            key: self.key.parse().ok(),
            clear_empty: self.empty == "clear",
            duplicates: Duplicates::of(&self.duplicates).unwrap_or_default(),
            refuse_bad_values: self.bad == "refuse",
            lists: self.lists.clone(),
            consent: self.consent.trim().to_owned(),
        }
    }
}

async fn check(
    access: Access<RunImports>,
    path: web::Path<Which>,
    form: Submitted<MappingForm>,
) -> Result<HttpResponse> {
    let (id, files) = (path.id, access.app().files.clone());
    let found = access
        .run(move |conn| load_mapping(conn, &files, id))
        .await?;
    if found.import.is_at_work() || found.import.state == "done" {
        return Err(AppError::Conflict);
    }
    let typed = form
        .validated()
        .map_err(|_| AppError::invalid("form-unreadable"))?
        .into_inner();
    let before = found.import.settings();
    let mut settings = typed.settings(&found.source.columns, &before);
    let again_here = format!("{}/imports/{id}/mapping", access.tenant().base());
    if let Ok(profile) = typed.profile.parse::<i32>() {
        // A profile replaces what was chosen; the page shows it before anything happens.
        access
            .run(move |conn| {
                let stored: serde_json::Value = import_profiles::table
                    .find(profile)
                    .select(import_profiles::settings)
                    .first(conn.pg())?;
                save(conn, id, &stored)
            })
            .await?;
        return Ok(see_other(&again_here));
    }
    if settings.reading != before.reading {
        // Read otherwise, the columns are others: guess anew and show.
        let reading = settings.reading.clone();
        access
            .run(move |conn| read_anew(conn, id, &reading))
            .await?;
        return Ok(see_other(&again_here));
    }
    if !settings
        .mapping
        .iter()
        .any(|mapped| Some(mapped.field) == settings.key.or(Some(FieldId(1))))
    {
        let p = mapping_frame(&access, &found);
        let errors: Errors = error_at("key", "import-key-unmapped", &[]);
        let form = mapping_form(&p, &found, &settings).errors(&p.t, &errors);
        return p.render_again(|p| FormPage {
            intro: detected(&p, &found.source),
            form,
            p,
        });
    }
    settings.formats.zone = before.formats.zone;
    let mut stored = serde_json::json!(settings);
    stored["language"] = access.tenant().locale.clone().into();
    access
        .run(move |conn| {
            save(conn, id, &stored)?;
            start(conn, id, true)
        })
        .await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}

fn save(conn: &mut TenantConn<'_, Write>, id: i32, stored: &serde_json::Value) -> Result<()> {
    diesel::update(imports::table.find(id))
        .set(imports::settings.eq(stored))
        .execute(conn.pg())?;
    Ok(())
}

fn read_anew(conn: &mut TenantConn<'_, Write>, id: i32, reading: &Reading) -> Result<()> {
    let import = by_id(conn.pg(), id)?;
    let mut stored = import.settings;
    stored["reading"] = serde_json::json!(reading);
    stored["mapping"] = serde_json::json!([]);
    save(conn, id, &stored)
}

/// Asks for the job, in the transaction that changes the state.
fn start(conn: &mut TenantConn<'_, Write>, id: i32, dry: bool) -> Result<()> {
    let job = queue::enqueue(conn, KIND, &serde_json::json!({ "import": id, "dry": dry }))?;
    let state = if dry { "checking" } else { "queued" };
    diesel::update(imports::table.find(id))
        .set((imports::state.eq(state), imports::job_id.eq(job.0)))
        .execute(conn.pg())?;
    Ok(())
}

/// A form without fields of its own.
#[derive(Debug, Deserialize, Validate)]
struct NothingElse {}

async fn run(
    access: Access<RunImports>,
    path: web::Path<Which>,
    _: Submitted<NothingElse>,
) -> Result<HttpResponse> {
    let id = path.id;
    access
        .run(move |conn| {
            // Locked: of two clicks one starts the import.
            let state: String = imports::table
                .find(id)
                .select(imports::state)
                .for_update()
                .first(conn.pg())?;
            if state != "checked" {
                return Err(AppError::Conflict);
            }
            start(conn, id, false)
        })
        .await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}

async fn cancel(
    access: Access<RunImports>,
    path: web::Path<Which>,
    _: Submitted<NothingElse>,
) -> Result<HttpResponse> {
    let id = path.id;
    access
        .run(move |conn| {
            let import = by_id(conn.pg(), id)?;
            if let Some(job) = import.job_id {
                queue::cancel(conn, JobId(job))?;
            }
            if import.state == "queued" {
                diesel::update(imports::table.find(id))
                    .set(imports::state.eq("cancelled"))
                    .execute(conn.pg())?;
            }
            Ok(())
        })
        .await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}

/// What the form of a profile sends.
#[derive(Debug, Deserialize, Validate)]
struct ProfileForm {
    #[serde(default)]
    name: String,
}

async fn save_profile(
    access: Access<RunImports>,
    path: web::Path<Which>,
    form: Submitted<ProfileForm>,
) -> Result<HttpResponse> {
    let id = path.id;
    let name = form
        .validated()
        .map_err(|_| AppError::invalid("form-unreadable"))?
        .into_inner()
        .name;
    let name: String = name.trim().chars().take(100).collect();
    if name.is_empty() {
        return Err(AppError::invalid("import-profile-name"));
    }
    let kept = access
        .run(move |conn| {
            let settings = by_id(conn.pg(), id)?.settings;
            diesel::insert_into(import_profiles::table)
                .values((
                    import_profiles::name.eq(name),
                    import_profiles::settings.eq(settings),
                ))
                .execute(conn.pg())?;
            Ok(())
        })
        .await;
    let to = format!("{}/imports/{id}", access.tenant().base());
    match kept {
        Ok(()) => Ok(see_other_saying(&to, "success", "said-profile-saved", &[])),
        Err(AppError::Constraint(_)) => {
            Ok(see_other_saying(&to, "danger", "said-profile-taken", &[]))
        }
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "tenant/imports/show.html")]
struct Show {
    p: Frame,
    import: Import,
    state: String,
    /// Label and number.
    numbers: Vec<(String, String)>,
    /// Line, what became of it, why.
    problems: Vec<(u64, String, String)>,
    done: i64,
}

async fn show(access: Access<ViewImports>, path: web::Path<Which>) -> Result<HttpResponse> {
    let id = path.id;
    let language = access.context().language.clone();
    let (import, done, problems, labels) = access
        .run(move |conn| {
            let import = by_id(conn.pg(), id)?;
            let job = import
                .job_id
                .map(|job| queue::state(conn, JobId(job)))
                .transpose()?
                .flatten();
            let problems = stage::problems(conn, ImportId(id), false, 0, engine::SHOWN_PROBLEMS)?;
            let labels = report::labels(&fields::all(conn.pg())?, &language);
            Ok((import, job.map_or(0, |job| job.done), problems, labels))
        })
        .await?;
    if import.state == "uploaded" && access.tenant().may("imports.run") {
        return Ok(see_other(&format!(
            "{}/imports/{id}/mapping",
            access.tenant().base()
        )));
    }
    let p = Frame::new(access.context(), "nav-imports").section("imports");
    let (label, href) = (p.t("nav-imports"), p.url("/imports"));
    let p = p.crumb(label, href).titled(&import.file_name);
    let numbers = [
        ("import-rows", import.rows),
        ("import-created", import.created),
        ("import-updated", import.updated),
        ("import-unchanged", import.unchanged),
        ("import-refused", import.refused),
        ("import-noted", import.noted),
    ]
    .map(|(key, n)| (p.t(key), p.t.number(&n)))
    .to_vec();
    let problems = problems
        .iter()
        .map(|problem| {
            (
                problem.line,
                p.t(if problem.refused {
                    "import-row-refused"
                } else {
                    "import-value-left-out"
                }),
                report::reason(&p.t, &labels, problem),
            )
        })
        .collect();
    let state = p.t(&format!("import-state-{}", import.state));
    p.render(|p| Show {
        import,
        state,
        numbers,
        problems,
        done,
        p,
    })
}

async fn errors(access: Access<ViewImports>, path: web::Path<Which>) -> Result<HttpResponse> {
    let id = path.id;
    let import = access.run(move |conn| by_id(conn.pg(), id)).await?;
    let file = import.errors_file.ok_or(AppError::NotFound)?;
    let text = web::block(move || std::fs::read(file))
        .await
        .map_err(|_| AppError::NotFound)?
        .map_err(|_| AppError::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            "content-disposition",
            format!("attachment; filename=\"errors-{id}.csv\""),
        ))
        .body(text))
}
