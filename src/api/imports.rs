//! Imports of files: sent in one request with what becomes what, worked on by a job.

use super::body::{Params, read};
use super::{Answer, Items, Paging, Which, nothing, ok, url};
use crate::access::rights::{RunImports, ViewImports};
use crate::access::{Access, Routes};
use crate::db::ids::{FieldId, ImportId, JobId, ListId};
use crate::error::{AppError, Result};
use crate::jobs::queue;
use crate::tenant::fields::{self, Field};
use crate::tenant::lists;
use crate::tenant::recipients::import::acts::{self, Import};
use crate::tenant::recipients::import::end::Cause;
use crate::tenant::recipients::import::settings::{Duplicates, Mapped, Mode, Settings};
use crate::tenant::recipients::import::source::Source;
use crate::tenant::recipients::import::upload::{self, Upload};
use crate::tenant::recipients::import::{engine, guess, report, stage};
use crate::web::download;
use crate::web::i18n::Texts;
use crate::web::problem::Fault;
use actix_multipart::Multipart;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/imports", list);
    r.post("/api/v1/t/{tenant}/imports", begin);
    r.get("/api/v1/t/{tenant}/imports/{id}", show);
    r.post("/api/v1/t/{tenant}/imports/{id}/run", run);
    r.post("/api/v1/t/{tenant}/imports/{id}/cancel", cancel);
    r.get("/api/v1/t/{tenant}/imports/{id}/errors", errors);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "imports";
    d.get("/api/v1/t/{tenant}/imports", tag, "Imports, newest first")
        .query::<Older>()
        .answers_items::<Shown>();
    d.post("/api/v1/t/{tenant}/imports", tag, "Import a file of recipients")
        .more("CSV, text or xlsx; encoding and separator are found out, columns are mapped by name unless `mapping` says otherwise. The part `settings` stands before the part `file`.")
        .takes_file::<NewImport>()
        .answers_with::<Shown>(202, "Begun; a job goes on.");
    let one = "/api/v1/t/{tenant}/imports/{id}";
    d.get(one, tag, "How an import stands, with its first problems")
        .answers::<Shown>();
    d.post(&format!("{one}/run"), tag, "Do what a dry run has shown")
        .answers_with::<Shown>(202, "Begun; a job goes on.");
    d.post(&format!("{one}/cancel"), tag, "Stop an import")
        .more("What is done already stays.")
        .answers_nothing();
    d.get(
        &format!("{one}/errors"),
        tag,
        "The refused rows with their reasons, as CSV",
    )
    .answers_file("text/csv");
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
struct Shown {
    id: i32,
    /// `uploaded`, `checking`, `checked` (a dry run is done), `queued`, `running`, `done`, `failed`, `cancelled` or
    /// `broken` (the program that did it died).
    state: String,
    file_name: String,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    rows: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    refused: i64,
    /// Remarks on rows that were not refused: values left out, cells missing, repetitions passed over.
    noted: i64,
    /// Whether `errors` has a file of refused rows.
    has_errors_file: bool,
    /// Why it failed.
    error: Option<String>,
    /// Rows that the job has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<i64>,
    /// The first 100 problems.
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<Problem>>,
}

/// What is wrong with a row, or with a value of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportProblem)]
struct Problem {
    /// Line of the file.
    line: u64,
    /// Whether the row was refused; else a value was left out of it.
    refused: bool,
    code: String,
    detail: String,
}

fn shown(import: Import, t: &Texts) -> Shown {
    let has_errors_file = import.has_errors_file();
    Shown {
        id: import.id,
        state: import.state,
        file_name: import.file_name,
        created_at: import.created_at,
        finished_at: import.finished_at,
        rows: import.rows,
        created: import.created,
        updated: import.updated,
        unchanged: import.unchanged,
        refused: import.refused,
        noted: import.noted,
        has_errors_file,
        error: import.error.map(|error| Cause::words(t, &error)),
        done: None,
        problems: None,
    }
}

fn texts(language: &str) -> Texts {
    Texts::new(language, "UTC")
}

/// A page of imports.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
struct Older {
    /// Where to go on: `next` of the page before.
    #[param(minimum = 0)]
    after: Option<i32>,
    /// How many at most; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

async fn list(access: Access<ViewImports>, paging: Params<Older>) -> Answer {
    let paging = Paging {
        after: paging.0.after,
        limit: paging.0.limit,
        ..Paging::default()
    };
    let limit = paging.limit()?;
    let found = access
        .run(move |conn| acts::before(conn, paging.after.map(ImportId), limit + 1))
        .await?;
    let t = texts(&access.context().language);
    let found: Vec<Shown> = found.into_iter().map(|import| shown(import, &t)).collect();
    ok(&Items::of(found, limit, |import| import.id.to_string()))
}

/// What an import does with its rows.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportMode)]
enum What {
    /// New recipients only.
    Add,
    /// New ones, and changes to known ones.
    #[default]
    Upsert,
    /// Changes to known ones only.
    Update,
    /// Takes them off lists.
    Unsubscribe,
    /// Takes them off lists for good.
    Block,
}

/// Rows for the same recipient.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Repeated {
    /// The first counts, later ones are refused.
    #[default]
    Refuse,
    /// The first counts.
    First,
    /// The last counts.
    Last,
}

/// How a file is imported.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct NewImport {
    /// The file's columns, each with the key of the field that it becomes; by name if left out.
    #[schema(value_type = Option<Object>, example = json!({ "E-Mail": "email", "Ort": "city" }))]
    mapping: Option<BTreeMap<String, String>>,
    mode: What,
    /// Key of the unique field that tells which recipient a row means; the e-mail if left out.
    key: Option<String>,
    duplicates: Repeated,
    /// An empty cell empties the field.
    clear_empty: bool,
    /// A row with a value that cannot be read is refused; else it is taken without the value.
    refuse_bad_values: bool,
    /// `03/04/2026` is the 4th of March; found out if left out.
    month_first: Option<bool>,
    /// `1.234,5` is more than a thousand; found out if left out.
    decimal_comma: Option<bool>,
    /// Ids of mailing lists.
    #[schema(value_type = Vec<i32>)]
    lists: Vec<ListId>,
    /// What the recipients agreed to.
    consent: String,
    /// Only tell what would happen; `run` then does it.
    dry_run: bool,
}

impl NewImport {
    /// These settings over what the file itself tells.
    fn over(self, mut found: Settings, source: &Source, all: &[Field]) -> Result<Settings, Fault> {
        let field = |key: &str, at: &str| {
            guess::field_by_key(all, key)
                .ok_or_else(|| Fault::at(at, "api-field-unknown", &[("key", key.to_owned())]))
        };
        if let Some(mapping) = &self.mapping {
            found.mapping = mapping
                .iter()
                .map(|(column, key)| {
                    if source.find(column).is_none() {
                        let params = [("column", column.clone())];
                        return Err(Fault::at("settings.mapping", "import-column-gone", &params));
                    }
                    let field = field(key, "settings.mapping")?;
                    let may = |known: &Field| known.id == field && known.is_importable();
                    if !all.iter().any(may) {
                        let params = [("column", column.clone())];
                        let at = "settings.mapping";
                        return Err(Fault::at(at, "import-field-not-yours", &params));
                    }
                    Ok(Mapped {
                        column: column.clone(),
                        field,
                    })
                })
                .collect::<Result<_, _>>()?;
        }
        if let Some(key) = &self.key {
            found.key = Some(field(key, "settings.key")?);
        }
        let means = found.key.unwrap_or(FieldId(1));
        if !found.mapping.iter().any(|mapped| mapped.field == means) {
            return Err(Fault::at("settings.key", "import-key-unmapped", &[]));
        }
        found.mode = match self.mode {
            What::Add => Mode::Add,
            What::Upsert => Mode::Upsert,
            What::Update => Mode::Update,
            What::Unsubscribe => Mode::Unsubscribe,
            What::Block => Mode::Block,
        };
        found.duplicates = match self.duplicates {
            Repeated::Refuse => Duplicates::Refuse,
            Repeated::First => Duplicates::First,
            Repeated::Last => Duplicates::Last,
        };
        found.clear_empty = self.clear_empty;
        found.refuse_bad_values = self.refuse_bad_values;
        found.lists = self.lists;
        self.consent.trim().clone_into(&mut found.consent);
        let formats = &mut found.formats;
        formats.month_first = self.month_first.unwrap_or(formats.month_first);
        formats.decimal_comma = self.decimal_comma.unwrap_or(formats.decimal_comma);
        Ok(found)
    }
}

async fn begin(access: Access<RunImports>, parts: Multipart) -> Answer {
    let app = access.app();
    let most = app.config.limits.upload_bytes();
    let (file, text) = upload::receive_from_program(parts, &app.files, access.tenant().id, most)
        .await
        .map_err(unreadable)?;
    let path = app.files.join(&file.stored_as);
    let begun = start(&access, file, &text).await;
    if begun.is_err() {
        // What no import knows would lie there for good.
        let _ = web::block(move || std::fs::remove_file(path)).await;
    }
    let id = begun?;
    accepted(&access, id).await
}

fn unreadable(error: AppError) -> Fault {
    match error {
        AppError::Invalid { key, .. } if key.starts_with("form-") => Fault::Unreadable(
            "multipart/form-data with the parts settings (at most 10,000 bytes) and file".into(),
        ),
        AppError::Invalid {
            key: "import-too-large",
            ..
        } => Fault::TooLarge,
        other => Fault::of(other, |_| "file".into()),
    }
}

async fn start(access: &Access<RunImports>, file: Upload, text: &str) -> Result<ImportId, Fault> {
    let wanted: NewImport = match text.trim() {
        "" => NewImport::default(),
        text => read(text.as_bytes())?,
    };
    let (here, user) = (access.tenant().clone(), access.user().clone());
    let path = access.app().files.join(&file.stored_as);
    access
        .run(move |conn| {
            let all = fields::askable(conn)?;
            let (source, found) = acts::look(&path, &all, &here)?;
            let dry = wanted.dry_run;
            let known = lists::all(conn)?;
            let there = |list: &&ListId| known.iter().any(|known| known.id == **list);
            if let Some(list) = wanted.lists.iter().find(|list| !there(list)) {
                let list = [("list", list.to_string())];
                return Ok(Err(Fault::at("settings.lists", "list-unknown", &list)));
            }
            let settings = match wanted.over(found, &source, &all) {
                Ok(settings) => settings,
                Err(fault) => return Ok(Err(fault)),
            };
            let id = acts::begin(conn, &here, &user, &file, &settings)?;
            acts::start(conn, id, dry)?;
            Ok(Ok(id))
        })
        .await
        .map_err(|error| Fault::of(error, |_| "file".into()))?
}

async fn accepted(access: &Access<RunImports>, id: ImportId) -> Answer {
    let import = access.run(move |conn| acts::by_id(conn, id)).await?;
    let location = url(access.tenant(), &format!("/imports/{id}"));
    Ok(HttpResponse::Accepted()
        .insert_header((LOCATION, location))
        .json(shown(import, &texts(&access.context().language))))
}

async fn show(access: Access<ViewImports>, which: web::Path<Which>) -> Answer {
    let id = ImportId(which.id);
    let language = access.context().language.clone();
    let found = access
        .run(move |conn| {
            let import = acts::by_id(conn, id)?;
            let job = match import.job_id {
                Some(job) => queue::state(conn, JobId(job))?,
                None => None,
            };
            let labels = report::labels(&fields::all(conn)?, &language);
            let problems = stage::problems(conn, id, false, 0, engine::SHOWN_PROBLEMS)?;
            let t = texts(&language);
            let problems = problems.iter().map(|problem| Problem {
                line: problem.line,
                refused: problem.refused,
                code: problem.code.clone(),
                detail: report::reason(&t, &labels, problem),
            });
            Ok(Shown {
                done: job.map(|job| job.done),
                problems: Some(problems.collect()),
                ..shown(import, &t)
            })
        })
        .await?;
    ok(&found)
}

async fn run(access: Access<RunImports>, which: web::Path<Which>) -> Answer {
    let id = ImportId(which.id);
    access
        .run(move |conn| acts::run_checked(conn, id))
        .await
        .map_err(|error| Fault::of(error, |_| String::new()))?;
    accepted(&access, id).await
}

async fn cancel(access: Access<RunImports>, which: web::Path<Which>) -> Answer {
    let id = ImportId(which.id);
    access.run(move |conn| acts::cancel(conn, id)).await?;
    nothing()
}

async fn errors(access: Access<ViewImports>, which: web::Path<Which>) -> Answer {
    let id = ImportId(which.id);
    let import = access.run(move |conn| acts::open(conn, id)).await?;
    let file = import.errors_file.ok_or(AppError::NotFound)?;
    access
        .record_look("export.refused", id.to_string(), serde_json::json!({}))
        .await?;
    Ok(download::csv(file.as_ref(), &format!("errors-{id}.csv")).await?)
}
