//! The mapping's page: what the file is, what its columns become, what is done with its rows.

use super::Which;
use super::inputs::{list_inputs, reading_inputs, rule_inputs};
use crate::access::Access;
use crate::access::rights::RunImports;
use crate::db::ids::{ImportId, ListId};
use crate::db::schema::tenant::{import_profiles, lists};
use crate::db::{TenantConn, Write};
use crate::error::{AppError, Result};
use crate::tenant::fields::{self, Field};
use crate::tenant::recipients::import::acts::{self, Import};
use crate::tenant::recipients::import::engine;
use crate::tenant::recipients::import::settings::Settings;
use crate::tenant::recipients::import::source::Source;
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other};
use actix_web::{HttpResponse, web};
use diesel::prelude::*;

/// What the mapping's page needs.
pub(super) struct Mapping {
    pub(super) import: Import,
    pub(super) source: Source,
    pub(super) fields: Vec<Field>,
    pub(super) lists: Vec<(ListId, String)>,
    pub(super) profiles: Vec<(i32, String)>,
}

pub(super) fn load_mapping(
    conn: &mut TenantConn<'_, Write>,
    files: &std::path::Path,
    id: ImportId,
) -> Result<Mapping> {
    let import = acts::by_id(conn, id)?;
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
    let p = mapping_frame(&access, &found);
    let settings = found.import.settings();
    let form = mapping_form(&p, &found, &settings);
    p.render(|p| FormPage {
        intro: detected(&p, &found.source),
        form,
        p,
    })
}

pub(super) fn mapping_frame(access: &Access<RunImports>, found: &Mapping) -> Frame {
    let p = Frame::new(access.context(), "import-mapping").section("imports");
    let (label, href) = (p.t("nav-imports"), p.url("/imports"));
    let title = format!("{}: {}", p.title, found.import.file_name);
    p.crumb(label, href).titled(title)
}

/// `Windows-1252, separated by «;», with a header`.
pub(super) fn detected(p: &Frame, source: &Source) -> String {
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

pub(super) fn mapping_form(p: &Frame, found: &Mapping, settings: &Settings) -> FormView {
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
