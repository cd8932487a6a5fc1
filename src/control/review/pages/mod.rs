//! The pages of the review: the places with their filters, deciding on one or many, a report to print and to
//! save, settings.

mod decide;
mod list;
mod settings;

use super::query::{Row, Wanted};
use crate::access::Routes;
use crate::control::roles::words::label;
use crate::web::Frame;
use serde::{Deserialize, Serialize};

/// The routes.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/access-review", list::index);
    r.get("/t/{tenant}/access-review/report", list::report);
    r.get("/t/{tenant}/access-review/export", list::export);
    r.get("/t/{tenant}/access-review/settings", settings::page);
    r.post("/t/{tenant}/access-review/settings", settings::set);
    r.post("/t/{tenant}/access-review/confirm", decide::confirm);
    r.post("/t/{tenant}/access-review/ask", decide::ask);
    r.post("/t/{tenant}/access-review/withdraw", decide::withdraw);
}

/// The list's state, which its URL carries.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct State {
    #[serde(skip_serializing_if = "String::is_empty")]
    q: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    which: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<i32>,
}

impl State {
    fn wanted(&self) -> Wanted {
        Wanted {
            search: self.q.clone(),
            which: self.which.clone(),
            ids: Vec::new(),
        }
    }

    fn url(&self, p: &Frame, page: &str, after: Option<i32>) -> String {
        let state = Self {
            after,
            ..self.clone()
        };
        let query = serde_html_form::to_string(&state).unwrap_or_default();
        p.url(&format!("/access-review{page}?{query}"))
    }
}

fn frame(context: &crate::access::Context, title: &str) -> Frame {
    Frame::new(context, title).section("access-review")
}

/// A frame below the review.
fn below(context: &crate::access::Context, title: &str) -> Frame {
    let p = frame(context, title);
    let (label, url) = (p.t("review-title"), p.url("/access-review"));
    p.crumb(label, url)
}

fn headings(p: &Frame) -> [String; 6] {
    [
        "users-name",
        "users-roles",
        "review-granted",
        "review-used",
        "review-confirmed",
        "users-state",
    ]
    .map(|key| p.t(key))
}

/// Roles and single rights in a line.
fn what(p: &Frame, row: &Row) -> String {
    let pairs = row.roles.iter().zip(&row.role_names);
    let mut parts: Vec<String> = pairs.map(|(key, name)| label(p, key, name)).collect();
    if row.singles > 0 {
        parts.push(p.t.count("users-singles", &row.singles));
    }
    parts.join(", ")
}

/// A moment and who it was.
fn by(p: &Frame, moment: String, name: &str) -> String {
    if name.is_empty() {
        moment
    } else {
        let said = [("at", moment), ("name", name.to_owned())];
        p.t.with_all("review-by", &said)
    }
}

/// The row as texts: name, roles, granted, used, confirmed, state.
fn texts(p: &Frame, row: &Row) -> [String; 6] {
    let used = row.last_used_at.as_ref();
    let confirmed = row.confirmed_at.as_ref();
    let state = match (row.active, row.due) {
        (false, _) => "users-inactive",
        (true, true) => "review-due",
        (true, false) => "review-fine",
    };
    let name = if row.ours {
        format!("{} ({})", row.name, row.email)
    } else {
        format!("{} – {}", row.email, p.t("review-elsewhere"))
    };
    [
        name,
        what(p, row),
        by(p, p.t.moment(&row.granted_at), &row.granted_by),
        used.map_or_else(|| p.t("review-never"), |at| p.t.moment(at)),
        confirmed.map_or_else(
            || p.t("review-never"),
            |at| by(p, p.t.moment(at), &row.confirmed_by),
        ),
        p.t(state),
    ]
}
