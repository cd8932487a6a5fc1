//! The list of fields by group, what a search finds in it, and the list as a file.

use super::seen::Mode;
use super::{Field, all, defines, every};
use crate::access::Access;
use crate::access::rights::ViewFields;
use crate::error::Result;
use crate::web::{Cell, Empty, Frame, Table, csv};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "tenant/fields/index.html")]
struct Index {
    p: Frame,
    /// Buttons beside the heading: label and URL.
    acts: Vec<(String, String)>,
    q: String,
    count: String,
    table: Table,
    empty: Empty,
}

/// The fields that the list shows: those that its reader may see; all, to whoever defines them.
async fn listed(access: &Access<ViewFields>) -> Result<Vec<Field>> {
    if defines(access.tenant()) {
        access.run(|conn| every(conn.pg())).await
    } else {
        access.run(all).await
    }
}

/// GET `…/fields`.
pub(super) async fn index(
    access: Access<ViewFields>,
    query: web::Query<Search>,
) -> Result<HttpResponse> {
    let fields = listed(&access).await?;
    let p = Frame::new(access.context(), "fields-title").section("fields");
    let here = !access.tenant().is_inner();
    let wanted = query.q.trim().to_lowercase();
    let found: Vec<&Field> = fields
        .iter()
        .filter(|field| matches(field, &wanted))
        .collect();
    let mut acts = Vec::new();
    if p.may("fields.create") && here {
        acts.push((p.t("fields-new"), p.url("/fields/new")));
    }
    if p.may("fields.change") && here {
        acts.push((p.t("field-rights-all"), p.url("/fields/rights")));
    }
    acts.push((p.t("export-csv"), p.url("/fields/export")));
    let count = p.t.count("fields-count", &(found.len() as i64));
    let table = table(&p, &found, p.may("fields.change") && here)?;
    let empty = Empty {
        text: p.t("fields-no-match"),
        act: Some((p.t("fields-all"), p.url("/fields"))),
    };
    p.render(|p| Index {
        p,
        acts,
        q: query.into_inner().q,
        count,
        table,
        empty,
    })
}

/// Whether one of a field's names, or its group's, contains what is wanted.
fn matches(field: &Field, wanted: &str) -> bool {
    [
        &field.key,
        &field.label_en,
        &field.label_de,
        &field.field_group,
    ]
    .iter()
    .any(|name| name.to_lowercase().contains(wanted))
}

/// The fields below their groups' names, groups in the order of their first field.
fn table(p: &Frame, found: &[&Field], may_change: bool) -> Result<Table> {
    let columns = [
        "fields-label",
        "fields-key",
        "fields-type",
        "fields-manners",
    ];
    let mut table = Table::new(p.t("fields-title"), columns.map(|key| p.t(key)));
    let mut groups: Vec<&str> = Vec::new();
    for field in found {
        if !groups.contains(&field.field_group.as_str()) {
            groups.push(&field.field_group);
        }
    }
    for group in groups {
        if !group.is_empty() {
            table.row(vec![Cell::Group(group.to_owned())]);
        }
        for field in found.iter().filter(|field| field.field_group == group) {
            table.row(row(p, field, may_change)?);
        }
    }
    Ok(table)
}

fn row(p: &Frame, field: &Field, may_change: bool) -> Result<Vec<Cell>> {
    let text = field.label(p.t.language()).to_owned();
    let label = if may_change {
        Cell::Link {
            href: p.url(&format!("/fields/{}/edit", field.id)),
            text,
        }
    } else {
        Cell::Text(text)
    };
    Ok(vec![
        label,
        Cell::Text(field.key.clone()),
        Cell::Text(type_text(p, field)?),
        manners_cell(p, field),
    ])
}

fn type_text(p: &Frame, field: &Field) -> Result<String> {
    Ok(p.t(&format!("fields-type-{}", field.kind()?.name())))
}

/// What is special about a field; first of all, what a job could not do or still does.
fn manners_cell(p: &Frame, field: &Field) -> Cell {
    match field.pending.as_deref() {
        Some("failed") => Cell::Badge("danger", p.t("fields-failed")),
        Some(_) => Cell::Badge("warning", p.t("fields-working")),
        None => Cell::Text(manners(p, field)),
    }
}

fn manners(p: &Frame, field: &Field) -> String {
    let mode = field.mode();
    let marks = [
        (field.required, "fields-required"),
        (field.is_unique, "fields-unique"),
        (field.indexed, "fields-indexed"),
        (mode == Mode::ReadOnly, "fields-mode-read_only"),
        (mode == Mode::Masked, "fields-mode-masked"),
        (mode == Mode::Hidden, "fields-mode-hidden"),
    ];
    let marks = marks.iter().filter(|(yes, _)| *yes);
    let marks: Vec<String> = marks.map(|(_, key)| p.t(key)).collect();
    marks.join(", ")
}

/// GET `…/fields/export`.
pub(super) async fn export(access: Access<ViewFields>) -> Result<HttpResponse> {
    access
        .record_look("export.fields", "", serde_json::json!({}))
        .await?;
    let fields = listed(&access).await?;
    let p = Frame::new(access.context(), "fields-title");
    let headings = [
        "fields-key",
        "fields-label-en",
        "fields-label-de",
        "fields-type",
        "fields-group",
        "fields-manners",
    ]
    .map(|key| p.t(key));
    let line = |field: &Field| {
        Ok(vec![
            field.key.clone(),
            field.label_en.clone(),
            field.label_de.clone(),
            type_text(&p, field)?,
            field.field_group.clone(),
            manners(&p, field),
        ])
    };
    let lines = fields.iter().map(line).collect::<Result<_>>()?;
    let name = csv::file_name(&access.tenant().path, "fields");
    Ok(csv::short(&name, headings.to_vec(), lines))
}
