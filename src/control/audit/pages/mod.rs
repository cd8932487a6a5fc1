//! The pages of the audit: a tenant's entries with filters, one entry with old and new, the file, for how long
//! entries are kept; and for everybody what he did himself.

mod list;
mod own;
mod retention;
mod show;

use super::diff;
use super::query::{Entry, Wanted};
use super::words::{self, GROUPS};
use crate::access::Routes;
use crate::web::{Cell, Frame, Table};
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// Rows of a page.
const ROWS: usize = 100;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/audit", list::index);
    r.get("/t/{tenant}/audit/export", list::export);
    r.critical(|r| {
        r.get("/t/{tenant}/audit/retention", retention::page);
        r.post("/t/{tenant}/audit/retention", retention::set);
    });
    r.get("/t/{tenant}/audit/{id}", show::show);
    r.get("/profile/activity", own::index);
    r.get("/profile/activity/{id}", own::show);
}

/// The entry that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i64,
}

/// The list's state, which its URL carries.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct State {
    #[serde(skip_serializing_if = "String::is_empty")]
    user: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    act: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    object: String,
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
            object: self.object.clone(),
            from: begin(&self.from, 0),
            to: begin(&self.to, 1),
            before: self.before,
            one: None,
        }
    }

    /// A page's URL with this state.
    fn url(&self, page: &str, before: Option<i64>) -> String {
        let state = Self {
            before,
            ..self.clone()
        };
        let query = serde_html_form::to_string(&state).unwrap_or_default();
        format!("{page}?{query}")
    }

    /// A page of entries; `found` has one more than it shows where there are more. Each leads to its own page.
    fn table(&self, p: &Frame, page: &str, mut found: Vec<Entry>) -> Table {
        let more = found.len() > ROWS;
        found.truncate(ROWS);
        let mut table = Table::new(p.title.clone(), headings(p));
        for entry in &found {
            let [at, who, what, rest @ ..] = row(p, entry);
            let href = format!("{page}/{}", entry.id);
            let mut cells = vec![
                Cell::Moment(at),
                Cell::Text(who),
                Cell::Link { href, text: what },
            ];
            cells.extend(rest.map(Cell::Text));
            table.row(cells);
        }
        if self.before.is_some() {
            table.first = self.url(page, None);
        }
        if let Some(last) = found.last().filter(|_| more) {
            table.next = self.url(page, Some(last.id));
        }
        table
    }
}

/// The acts to filter by: whole groups, and each by itself.
fn acts(p: &Frame) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (group, acts) in GROUPS {
        all.push(((*group).to_owned(), p.t(&format!("audit-group-{group}"))));
        for act in *acts {
            let label = p.t(&format!("audit-act-{group}-{act}").replace('_', "-"));
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
        words::object(p, entry),
        diff::text(p, &entry.data),
        entry.tenant.clone(),
        words::source(p, &entry.source),
    ]
}
