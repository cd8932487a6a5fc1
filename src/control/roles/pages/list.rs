//! The list of roles that can be used here, and the same as a file.

use super::super::{self as roles, Whole};
use super::{frame, label_of};
use crate::access::ControlAccess;
use crate::access::rights::{self, ViewRoles};
use crate::error::Result;
use crate::web::csv;
use crate::web::view::TablePage;
use crate::web::{Cell, Column, Empty, Frame, Table};
use actix_web::HttpResponse;

pub(super) async fn index(access: ControlAccess<ViewRoles>) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let (all, uses) = access
        .run(move |conn| {
            let all = roles::usable_whole(conn.pg(), tenant)?;
            let ids: Vec<_> = all.iter().map(|whole| whole.role.id()).collect();
            let uses = roles::uses_in(conn.pg(), tenant, &ids)?;
            Ok((all, uses))
        })
        .await?;
    let p = Frame::new(access.context(), "nav-roles").section("roles");
    let columns = ["roles-name", "roles-from", "roles-includes"];
    let mut table = Table::new(p.t("nav-roles"), columns.map(|key| p.t(key)));
    for key in ["roles-rights", "roles-held-here"] {
        let mut column = Column::new(p.t(key));
        column.number = true;
        table.columns.push(column);
    }
    for whole in &all {
        let held = uses.get(&whole.role.id()).copied().unwrap_or_default();
        table.row(row(&p, whole, &all, tenant.0, held));
    }
    let mut acts = Vec::new();
    if !access.tenant().is_inner() && p.may("roles.create") {
        acts.push((p.t("roles-new"), p.url("/roles/new")));
    }
    acts.push((p.t("roles-matrix"), p.url("/roles/matrix")));
    acts.push((p.t("roles-compare"), p.url("/roles/compare")));
    acts.push((p.t("roles-export"), p.url("/roles/export")));
    let empty = Empty {
        text: String::new(),
        act: None,
    };
    p.render(|p| TablePage {
        intro: p.t("roles-intro"),
        acts,
        table,
        empty,
        p,
    })
}

fn row(p: &Frame, whole: &Whole, all: &[Whole], here: i32, held: i64) -> Vec<Cell> {
    let included = |key: &String| {
        let role = all.iter().find(|other| other.role.key == *key);
        role.map_or_else(|| key.clone(), |other| label_of(p, &other.role))
    };
    let includes: Vec<String> = whole.includes.iter().map(included).collect();
    vec![
        Cell::Link {
            href: p.url(&format!("/roles/{}", whole.role.id)),
            text: label_of(p, &whole.role),
        },
        Cell::Text(origin(p, whole, here)),
        Cell::Text(includes.join(", ")),
        Cell::Number(p.t.number(&(whole.all.len() as i64))),
        Cell::Number(p.t.number(&held)),
    ]
}

/// Where a role comes from.
pub(super) fn origin(p: &Frame, whole: &Whole, here: i32) -> String {
    match whole.role.tenant_id {
        None => p.t("roles-built-in"),
        Some(id) if id == here => p.t("roles-own"),
        Some(_) => p.t("roles-from-above"),
    }
}

/// Rights down, roles across, as a file for spreadsheets.
pub(super) async fn export(access: ControlAccess<ViewRoles>) -> Result<HttpResponse> {
    access
        .record_look("export.roles", "", serde_json::json!({}))
        .await?;
    let tenant = access.tenant().id;
    let all = access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await?;
    let p = frame(access.context(), "nav-roles");
    let head = [p.t("roles-right-key"), p.t("roles-right")];
    let names = all.iter().map(|whole| label_of(&p, &whole.role));
    let headings = head.into_iter().chain(names).collect();
    let lines = rights::ALL.iter().map(|right| {
        let first = [right.key.to_owned(), right.label(p.t.language()).to_owned()];
        let held = all.iter().map(|whole| {
            let mark = match (whole.own.contains(right.key), whole.all.contains(right.key)) {
                (true, _) => "x",
                (false, true) => "(x)",
                (false, false) => "",
            };
            mark.to_owned()
        });
        first.into_iter().chain(held).collect()
    });
    let name = csv::file_name(&access.tenant().path, "roles");
    Ok(csv::short(&name, headings, lines.collect()))
}
