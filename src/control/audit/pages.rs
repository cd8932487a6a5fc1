//! The page of the audit: who, what, when, on what, old and new, in the reader's words.

use super::query::{self, Entry, Wanted};
use super::words::{self, GROUPS};
use crate::access::rights::ViewAudit;
use crate::access::{ControlAccess, Routes};
use crate::error::{AppError, Result};
use crate::web::csv::harmless;
use crate::web::{Cell, Empty, Frame, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// Rows of a page.
const ROWS: usize = 100;
/// Rows of an export.
const MOST: i64 = 100_000;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/audit", index);
    r.get("/t/{tenant}/audit/export", export);
}

/// The page's state, which its URL carries.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct State {
    #[serde(skip_serializing_if = "String::is_empty")]
    user: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    act: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<i64>,
}

impl State {
    /// Days are those of the reader's zone, both included.
    fn wanted(&self, zone: &str) -> Wanted {
        let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
        let begin = |text: &str, days: u64| -> Option<DateTime<Utc>> {
            let day: NaiveDate = text.parse().ok()?;
            let midnight = day
                .checked_add_days(Days::new(days))?
                .and_hms_opt(0, 0, 0)?;
            let local = zone.from_local_datetime(&midnight).earliest()?;
            Some(local.with_timezone(&Utc))
        };
        let whole = |act: &str| GROUPS.iter().any(|(group, _)| *group == act);
        Wanted {
            user: self.user.clone(),
            act: if whole(&self.act) {
                format!("{}.", self.act)
            } else {
                self.act.clone()
            },
            from: begin(&self.from, 0),
            to: begin(&self.to, 1),
            before: self.before,
        }
    }

    fn url(&self, p: &Frame, page: &str, before: Option<i64>) -> String {
        let state = Self {
            before,
            ..self.clone()
        };
        let query = serde_html_form::to_string(&state).unwrap_or_default();
        p.url(&format!("{page}?{query}"))
    }
}

#[derive(Template)]
#[template(path = "control/audit/index.html")]
struct Index {
    p: Frame,
    state: State,
    acts: Vec<(String, String)>,
    export: String,
    table: Table,
    empty: Empty,
}

async fn index(access: ControlAccess<ViewAudit>, state: web::Query<State>) -> Result<HttpResponse> {
    let state = state.into_inner();
    let (tenant, wanted) = (access.tenant().id, state.wanted(&access.user().time_zone));
    let mut found = access
        .run(move |conn| query::entries(conn.pg(), tenant, &wanted, ROWS as i64 + 1))
        .await?;
    let p = Frame::new(access.context(), "nav-audit").section("audit");
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let mut table = Table::new(p.t("nav-audit"), headings(&p));
    for entry in &found {
        let [at, rest @ ..] = row(&p, entry);
        let mut cells = vec![Cell::Moment(at)];
        cells.extend(rest.map(Cell::Text));
        table.row(cells);
    }
    if state.before.is_some() {
        table.first = state.url(&p, "/audit", None);
    }
    if let Some(last) = found.last().filter(|_| more) {
        table.next = state.url(&p, "/audit", Some(last.id));
    }
    let empty = Empty {
        text: p.t("audit-none"),
        act: Some((p.t("audit-all"), p.url("/audit"))),
    };
    p.render(|p| Index {
        acts: acts(&p),
        export: state.url(&p, "/audit/export", None),
        state,
        table,
        empty,
        p,
    })
}

fn acts(p: &Frame) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (group, acts) in GROUPS {
        all.push(((*group).to_owned(), p.t(&format!("audit-group-{group}"))));
        for act in *acts {
            let label = p.t(&format!("audit-act-{group}-{act}"));
            all.push((format!("{group}.{act}"), format!("– {label}")));
        }
    }
    all
}

fn headings(p: &Frame) -> [String; 7] {
    [
        "audit-at",
        "audit-who",
        "audit-what",
        "audit-on",
        "audit-changes",
        "audit-where",
        "audit-through",
    ]
    .map(|key| p.t(key))
}

fn row(p: &Frame, entry: &Entry) -> [String; 7] {
    [
        p.t.moment(&entry.at),
        words::who(p, entry),
        words::act(p, &entry.act),
        words::object(entry).to_owned(),
        words::changes(p, &entry.data),
        entry.tenant.clone(),
        words::source(p, &entry.source),
    ]
}

async fn export(
    access: ControlAccess<ViewAudit>,
    state: web::Query<State>,
) -> Result<HttpResponse> {
    let (tenant, wanted) = (access.tenant().id, state.wanted(&access.user().time_zone));
    let found = access
        .run(move |conn| query::entries(conn.pg(), tenant, &wanted, MOST))
        .await?;
    let p = Frame::new(access.context(), "nav-audit");
    let failed = |error: csv::Error| AppError::internal(error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(headings(&p)).map_err(failed)?;
    for entry in &found {
        let cells = row(&p, entry).map(|cell| harmless(&cell));
        writer.write_record(cells).map_err(failed)?;
    }
    let text = writer
        .into_inner()
        .map_err(|error| AppError::internal(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", "attachment; filename=\"audit.csv\""))
        .body(text))
}
