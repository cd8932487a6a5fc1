//! The page of the audit: who, what, when, on what, old and new, in the reader's words.

use super::query::{self, Entry, Wanted};
use crate::access::rights::ViewAudit;
use crate::access::{ControlAccess, Routes};
use crate::error::{AppError, Result};
use crate::tenant::recipients::import::report::harmless;
use crate::web::{Cell, Empty, Frame, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Rows of a page.
const ROWS: usize = 100;
/// Rows of an export.
const MOST: i64 = 100_000;

/// The acts by group, as the filter offers them; a test compares them with what the program records.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("admission", &["admit", "decline"]),
    ("field", &["create", "change", "drop"]),
    ("list", &["create", "change", "delete"]),
    ("membership", &["grant", "roles"]),
    ("recipient", &["create", "delete"]),
    ("recipients", &["bulk", "export", "import"]),
    ("session", &["begin", "end"]),
    (
        "tenant",
        &[
            "create", "settings", "status", "fence", "trash", "restore", "purge",
        ],
    ),
    ("token", &["create", "revoke"]),
    (
        "user",
        &[
            "create",
            "change",
            "password",
            "activate",
            "deactivate",
            "sessions",
        ],
    ),
];

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
        table.row(row(&p, entry).map(Cell::Text).to_vec());
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
    let who = match entry.user {
        Some(_) if entry.user_name.is_empty() => p.t("audit-somebody"),
        Some(_) => entry.user_name.clone(),
        None => p.t("audit-nobody"),
    };
    let object = if entry.object_name.is_empty() {
        entry.object.clone()
    } else {
        entry.object_name.clone()
    };
    [
        p.t.moment(&entry.at),
        who,
        act_text(p, &entry.act),
        object,
        changes(p, &entry.data),
        entry.tenant.clone(),
        source_text(p, &entry.source),
    ]
}

fn act_text(p: &Frame, act: &str) -> String {
    let known = GROUPS.iter().any(|(group, acts)| {
        act.strip_prefix(group)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| acts.contains(&rest))
    });
    if known {
        p.t(&format!("audit-act-{}", act.replace('.', "-")))
    } else {
        act.to_owned()
    }
}

fn source_text(p: &Frame, source: &str) -> String {
    match source {
        "form" | "import" | "bulk" | "cli" | "system" => p.t(&format!("source-{source}")),
        other => other.to_owned(),
    }
}

/// `Name: Nord → Nordwest; E-mail: …`. Three shapes are recorded: `{"old": …, "new": …}`, `{"name": [old,
/// new]}`, and plain values.
fn changes(p: &Frame, data: &Value) -> String {
    let Value::Object(data) = data else {
        return String::new();
    };
    let mut parts = Vec::new();
    match (data.get("old"), data.get("new")) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (key, after) in new {
                let before = old.get(key).unwrap_or(&Value::Null);
                if before != after {
                    parts.push(format!("{}: {}", word(p, key), arrow(p, before, after)));
                }
            }
        }
        (Some(old), Some(new)) => parts.push(arrow(p, old, new)),
        _ => {
            for (key, value) in data {
                let text = match value {
                    Value::String(state) if key == "state" => p.t(&format!("import-state-{state}")),
                    Value::Array(pair) if pair.len() == 2 && key != "roles" && key != "lists" => {
                        arrow(p, &pair[0], &pair[1])
                    }
                    value => shown(p, value),
                };
                if !text.is_empty() {
                    parts.push(format!("{}: {text}", word(p, key)));
                }
            }
        }
    }
    parts.join("; ")
}

fn arrow(p: &Frame, old: &Value, new: &Value) -> String {
    let dash = |text: String| if text.is_empty() { "–".into() } else { text };
    format!("{} → {}", dash(shown(p, old)), dash(shown(p, new)))
}

fn word(p: &Frame, key: &str) -> String {
    match key {
        "name" | "email" | "roles" | "slug" | "colour" | "locale" | "time_zone" | "kind"
        | "act" | "address" | "ended" | "inner" | "lists" | "rule" | "rights" | "expires_at"
        | "old_key" | "count" | "moves_allowed" | "state" | "rows" | "created" | "updated"
        | "unchanged" | "refused" => p.t(&format!("audit-word-{}", key.replace('_', "-"))),
        other => other.to_owned(),
    }
}

fn shown(p: &Frame, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => p.t("value-yes"),
        Value::Bool(false) => p.t("value-no"),
        Value::String(text) => match text.as_str() {
            "administrator" | "editor" | "viewer" => p.t(&format!("role-{text}")),
            "active" | "no_sending" | "no_login" | "locked" => {
                p.t(&format!("tenant-status-{}", text.replace('_', "-")))
            }
            other => other.to_owned(),
        },
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(|value| shown(p, value)).collect();
            all.join(", ")
        }
        Value::Object(all) => {
            let parts = all
                .iter()
                .map(|(key, value)| (key, shown(p, value)))
                .filter(|(_, text)| !text.is_empty());
            let parts: Vec<String> = parts
                .map(|(key, text)| format!("{}: {text}", word(p, key)))
                .collect();
            parts.join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
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
