//! The places under review, a report of all of them to print, and the same as a file.

use super::super::query::{self, Row};
use super::super::settings;
use super::{State, below, frame, headings, texts};
use crate::access::ControlAccess;
use crate::access::rights::ReviewUsers;
use crate::clock;
use crate::db::ids::MembershipId;
use crate::error::Result;
use crate::web::view::TablePage;
use crate::web::{Cell, Empty, Frame, Table, csv};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::json;
use std::rc::Rc;

/// Rows of a page.
const ROWS: usize = 100;
/// Rows of the report.
const MOST: usize = 5_000;
/// Rows read at a time for a file.
const PART: usize = 1_000;

#[derive(Template)]
#[template(path = "control/review/index.html")]
struct Index {
    p: Frame,
    state: State,
    intro: String,
    count: String,
    table: Table,
    empty: Empty,
}

impl Index {
    fn filters(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("due", "review-which-due"),
            ("never", "review-which-never"),
            ("elsewhere", "review-which-elsewhere"),
        ];
        all.map(|(key, text)| (key, self.p.t(text))).to_vec()
    }
}

pub(super) async fn index(
    access: ControlAccess<ReviewUsers>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let state = state.into_inner();
    let (tenant, wanted) = (access.tenant().id, state.wanted());
    let after = state.after.map(MembershipId);
    let (mut rows, count, set) = access
        .run(move |conn| {
            Ok((
                query::page(conn.pg(), tenant, &wanted, after, ROWS + 1)?,
                query::count(conn.pg(), tenant, &wanted)?,
                settings(conn.pg(), tenant)?,
            ))
        })
        .await?;
    let p = frame(access.context(), "review-title");
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let mut table = table(&p, &rows, access.user().id.0);
    if state.after.is_some() {
        table.first = state.url(&p, "", None);
    }
    if let Some(last) = rows.last().filter(|_| more) {
        table.next = state.url(&p, "", Some(last.id));
    }
    let intro = match set.months {
        Some(months) => p.t.count("review-intro-every", &months.into()),
        None => p.t("review-intro-never"),
    };
    let all = p.url("/access-review");
    let empty = Empty {
        text: p.t("review-none"),
        act: Some((p.t("review-all"), all)),
    };
    p.render(|p| Index {
        intro,
        count: p.t.count("review-count", &count),
        state,
        table,
        empty,
        p,
    })
}

/// Nobody decides on himself: his row has no box.
fn table(p: &Frame, rows: &[Row], me: i32) -> Table {
    let mut table = Table::new(p.t("review-title"), headings(p));
    table.choose = "chosen";
    for row in rows {
        let [name, rest @ ..] = texts(p, row);
        let [roles, granted, used, confirmed, state] = rest;
        let kind = match (row.active, row.due) {
            (false, _) => "secondary",
            (true, true) => "warning",
            (true, false) => "success",
        };
        let href = p.url(&format!("/users/{}", row.user_id));
        let cells = vec![
            Cell::Link { href, text: name },
            Cell::Text(roles),
            Cell::Text(granted),
            Cell::Text(used),
            Cell::Text(confirmed),
            Cell::Badge(kind, state),
        ];
        let key = if row.user_id == me {
            String::new()
        } else {
            format!("{}:{}", row.id, row.version)
        };
        table.rows.push((key, cells));
    }
    table
}

/// GET `…/access-review/report`: all that match on one page, for print.
pub(super) async fn report(
    access: ControlAccess<ReviewUsers>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let (tenant, wanted) = (access.tenant().id, state.wanted());
    let filtered = wanted != query::Wanted::default();
    access
        .record_look("export.review", "", json!({ "filtered": filtered }))
        .await?;
    let rows = access
        .run(move |conn| query::page(conn.pg(), tenant, &wanted, None, MOST))
        .await?;
    let p = below(access.context(), "review-report");
    let mut table = Table::new(p.t("review-report"), headings(&p));
    for row in &rows {
        table.row(texts(&p, row).map(Cell::Text).to_vec());
    }
    let due = rows.iter().filter(|row| row.due).count();
    let said = [
        ("at", p.t.moment(&clock::now())),
        ("name", access.user().name.clone()),
        ("places", rows.len().to_string()),
        ("due", due.to_string()),
    ];
    let empty = Empty {
        text: p.t("review-none"),
        act: None,
    };
    p.render(|p| TablePage {
        intro: p.t.with_all("review-report-intro", &said),
        acts: Vec::new(),
        table,
        empty,
        p,
    })
}

/// GET `…/access-review/export`.
pub(super) async fn export(
    access: ControlAccess<ReviewUsers>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let wanted = state.wanted();
    let filtered = wanted != query::Wanted::default();
    access
        .record_look("export.review", "", json!({ "filtered": filtered }))
        .await?;
    let p = Frame::new(access.context(), "review-title");
    let name = csv::file_name(&access.tenant().path, "access-review");
    let headings = headings(&p).to_vec();
    let access = Rc::new(access);
    Ok(csv::download(&name, headings, Some(None), move |from| {
        let (access, wanted, p) = (Rc::clone(&access), wanted.clone(), p.clone());
        async move {
            let Some(after) = from else {
                return Ok(None);
            };
            let tenant = access.tenant().id;
            let rows = access
                .run(move |conn| query::page(conn.pg(), tenant, &wanted, after, PART))
                .await?;
            let lines = rows.iter().map(|row| texts(&p, row).to_vec()).collect();
            let rest = (rows.len() == PART).then(|| rows.last().map(|row| MembershipId(row.id)));
            Ok(Some((lines, rest)))
        }
    }))
}
