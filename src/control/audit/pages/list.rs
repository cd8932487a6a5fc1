//! A tenant's entries, and the same as a file.

use super::super::query;
use super::{ROWS, State, acts, headings, row};
use crate::access::ControlAccess;
use crate::access::rights::ViewAudit;
use crate::error::Result;
use crate::web::{Cell, Empty, Frame, Table, csv};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::json;
use std::rc::Rc;

/// Entries read at a time for a file.
const PART: usize = 1_000;

#[derive(Template)]
#[template(path = "control/audit/index.html")]
struct Index {
    p: Frame,
    state: State,
    acts: Vec<(String, String)>,
    buttons: Vec<(String, String)>,
    table: Table,
    empty: Empty,
}

pub(super) async fn index(
    access: ControlAccess<ViewAudit>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let state = state.into_inner();
    let (tenant, wanted) = (access.tenant().id, state.wanted(&access.user().time_zone));
    let found = access
        .run(move |conn| query::entries(conn.pg(), tenant, &wanted, ROWS as i64 + 1))
        .await?;
    let p = Frame::new(access.context(), "nav-audit").section("audit");
    let here = p.url("/audit");
    let table = state.table(&p, &here, found);
    let empty = Empty {
        text: p.t("audit-none"),
        act: Some((p.t("audit-all"), here)),
    };
    let mut buttons = vec![(p.t("export-csv"), state.url(&p.url("/audit/export"), None))];
    if p.may("audit.retain") && !p.in_inner() {
        buttons.push((p.t("audit-retention"), p.url("/audit/retention")));
    }
    p.render(|p| Index {
        acts: acts(&p),
        buttons,
        state,
        table,
        empty,
        p,
    })
}

/// GET `…/audit/export`: those that match, all pages of them.
pub(super) async fn export(
    access: ControlAccess<ViewAudit>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let wanted = state.wanted(&access.user().time_zone);
    let filtered = wanted != query::Wanted::default();
    access
        .record_look("audit.export", "", json!({ "filtered": filtered }))
        .await?;
    let p = Frame::new(access.context(), "nav-audit");
    let name = csv::file_name(&access.tenant().path, "audit");
    let headings = headings(&p).to_vec();
    let access = Rc::new(access);
    let start = Some(None);
    Ok(csv::download(&name, headings, start, move |from| {
        let (access, mut wanted, p) = (Rc::clone(&access), wanted.clone(), p.clone());
        async move {
            let Some(before) = from else {
                return Ok(None);
            };
            wanted.before = before;
            let tenant = access.tenant().id;
            let found = access
                .run(move |conn| query::entries(conn.pg(), tenant, &wanted, PART as i64))
                .await?;
            let line = |entry: &query::Entry| {
                let mut cells = row(&p, entry).to_vec();
                cells[0] = p.t.sortable(&entry.at);
                cells
            };
            let lines = found.iter().map(line).collect();
            let rest = (found.len() == PART).then(|| found.last().map(|last| last.id));
            Ok(Some((lines, rest)))
        }
    }))
}
