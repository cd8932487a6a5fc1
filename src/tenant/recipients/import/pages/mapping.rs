//! The mapping's page: what the file is, what its columns become, what is done with its rows.

use super::form::{MappingForm, NEW};
use super::inputs::{list_inputs, reading_inputs, rule_inputs};
use super::{Which, new_fields};
use crate::access::Access;
use crate::access::rights::RunImports;
use crate::db::ids::{ImportId, ListId};
use crate::db::schema::tenant::lists;
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::tenant::recipients::import::acts::{self, Import};
use crate::tenant::recipients::import::settings::Settings;
use crate::tenant::recipients::import::source::Source;
use crate::tenant::recipients::import::{engine, profiles};
use crate::web::form::Errors;
use crate::web::{FormView, Frame, Input, InputKind, see_other};
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::prelude::*;

/// How much of the file is shown: rows, columns, and characters of a cell.
const SHOWN: (usize, usize, usize) = (5, 50, 60);

/// What the mapping's page needs.
pub(super) struct Mapping {
    pub(super) import: Import,
    pub(super) source: Source,
    pub(super) fields: Vec<Field>,
    pub(super) lists: Vec<(ListId, String)>,
    pub(super) profiles: Vec<(i32, String)>,
}

#[derive(Template)]
#[template(path = "tenant/imports/mapping.html")]
struct Page {
    p: Frame,
    intro: String,
    /// Which profile is in force; empty for none.
    profile: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    form: FormView,
}

pub(super) fn load_mapping(
    conn: &mut TenantConn<'_, Write>,
    files: &std::path::Path,
    id: ImportId,
) -> Result<Mapping> {
    let import = acts::open(conn, id)?;
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
        fields: fields::askable(conn)?,
        lists: lists::table
            .order(lists::name)
            .limit(1000)
            .select((lists::id, lists::name))
            .load(conn.pg())?,
        profiles: profiles::all(conn)?,
        import,
    })
}

pub(super) async fn mapping(
    access: Access<RunImports>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
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
    let settings = found.import.settings();
    let (p, page) = page(
        &access,
        &found,
        &settings,
        &MappingForm::default(),
        &Errors::new(),
    );
    p.render(page)
}

/// The page after the file was read again, with all else as it was chosen.
pub(super) fn mapping_anew(
    access: &Access<RunImports>,
    found: &Mapping,
    form: &MappingForm,
) -> Result<HttpResponse> {
    let settings = found.import.settings();
    let (p, page) = page(access, found, &settings, form, &Errors::new());
    p.render(page)
}

/// The page again, with what is wrong.
pub(super) fn mapping_page(
    access: &Access<RunImports>,
    found: &Mapping,
    settings: &Settings,
    form: &MappingForm,
    errors: &Errors,
) -> Result<HttpResponse> {
    let (p, page) = page(access, found, settings, form, errors);
    p.render_again(page)
}

fn page(
    access: &Access<RunImports>,
    found: &Mapping,
    settings: &Settings,
    form: &MappingForm,
    errors: &Errors,
) -> (Frame, impl FnOnce(Frame) -> Page + use<>) {
    let p = Frame::new(access.context(), "import-mapping").section("imports");
    let (label, href) = (p.t("nav-imports"), p.url("/imports"));
    let title = format!("{}: {}", p.title, found.import.file_name);
    let p = p.crumb(label, href).titled(title);
    let may_create = p.may("fields.create") && !access.tenant().is_inner();
    let intro = detected(&p, &found.source);
    let of_profile = |(id, _): &&(i32, String)| Some(*id) == settings.profile;
    let profile = found.profiles.iter().find(of_profile);
    let profile = profile.map_or_else(String::new, |(_, name)| {
        p.t.with("import-profile-fits", "profile", name)
    });
    let (rows, columns, _) = SHOWN;
    let own = found.source.own_columns();
    let columns: Vec<String> = own.iter().take(columns).cloned().collect();
    let shown = |row: &Vec<String>| {
        row.iter()
            .take(columns.len())
            .map(|cell| short(cell))
            .collect()
    };
    let rows = found.source.preview.iter().take(rows).map(shown).collect();
    let form = mapping_form(&p, found, settings, form, may_create).errors(&p.t, errors);
    (p, move |p| Page {
        p,
        intro,
        profile,
        columns,
        rows,
        form,
    })
}

fn short(cell: &str) -> String {
    let (_, _, most) = SHOWN;
    let mut text: String = cell.chars().take(most).collect();
    if text.len() < cell.len() {
        text.push('…');
    }
    text
}

/// `Windows-1252, separated by «;», with a header`.
fn detected(p: &Frame, source: &Source) -> String {
    let reading = &source.reading;
    let separator = match reading.separator {
        Some('\t') => p.t("import-tab"),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let encoding = reading.encoding.clone().unwrap_or_default();
    let params = [("encoding", encoding), ("separator", separator)];
    let mut text = match &reading.sheet {
        Some(sheet) => p.t.with("import-detected-sheet", "sheet", sheet),
        None => p.t.with_all("import-detected", &params),
    };
    if !source.repeated.is_empty() {
        text.push(' ');
        text +=
            &p.t.with("import-repeated", "columns", &source.repeated.join(", "));
    }
    text
}

fn mapping_form(
    p: &Frame,
    found: &Mapping,
    settings: &Settings,
    typed: &MappingForm,
    may_create: bool,
) -> FormView {
    let id = found.import.id;
    let action = p.url(&format!("/imports/{id}/mapping"));
    let proposals = if may_create {
        new_fields::proposals(found, settings)
    } else {
        Default::default()
    };
    let options = options(p, found, may_create);
    let mut columns = vec![Input::new(InputKind::Heading, "", p.t("import-columns"))];
    for (index, column) in found.source.columns.iter().enumerate() {
        let mapped = settings.mapping.iter().find(|one| one.column == *column);
        let chosen = match mapped {
            _ if typed.new.contains(&index) => NEW.to_owned(),
            Some(mapped) => mapped.field.to_string(),
            None => String::new(),
        };
        let name = format!("column_{index}");
        let select = Input::select(name, column, options.clone(), chosen);
        columns.push(select.help(samples(&found.source, index)));
        if let Some(proposed) = proposals.get(&index) {
            columns.extend(new_fields::inputs(p, index, proposed, typed));
        }
    }
    FormView::new(action, p.t("import-check"))
        .cancel(p.url("/imports"))
        .inputs(reading_inputs(p, found, settings))
        .inputs(columns)
        .inputs(rule_inputs(p, found, settings))
        .inputs(list_inputs(p, found, settings))
}

/// What a column can become.
fn options(p: &Frame, found: &Mapping, may_create: bool) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), p.t("import-left-out"))];
    if may_create {
        all.push((NEW.to_owned(), p.t("import-new-field")));
    }
    let fixed = |field: &&Field| {
        matches!(
            field.standard_column.as_deref(),
            Some("created_at" | "changed_at" | "source")
        )
    };
    let may = |field: &&Field| !fixed(field) && field.is_importable();
    let entered = found.fields.iter().filter(may);
    all.extend(entered.map(|field| {
        let label = field.label(p.t.language()).to_owned();
        (field.id.to_string(), label)
    }));
    all
}

fn samples(source: &Source, index: usize) -> String {
    let cells: Vec<&str> = source
        .preview
        .iter()
        .filter_map(|row| row.get(index))
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
        .take(3)
        .collect();
    cells.join(" · ").chars().take(120).collect()
}
