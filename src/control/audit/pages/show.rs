//! One entry: what was, what is, and everything else that is known of it.

use super::super::diff::{self, Field};
use super::super::query::{self, Entry, Wanted};
use super::super::words;
use super::Which;
use crate::access::ControlAccess;
use crate::access::rights::ViewAudit;
use crate::error::{AppError, Result};
use crate::web::Frame;
use actix_web::{HttpResponse, web};
use askama::Template;

#[derive(Template)]
#[template(path = "control/audit/show.html")]
pub(super) struct Show {
    p: Frame,
    facts: Vec<(String, String)>,
    /// Old and new.
    changes: Vec<Field>,
}

pub(super) async fn show(
    access: ControlAccess<ViewAudit>,
    path: web::Path<Which>,
) -> Result<HttpResponse> {
    let (tenant, wanted) = (access.tenant().id, one(path.id));
    let found = access
        .run(move |conn| query::entries(conn.pg(), tenant, &wanted, 1))
        .await?;
    let p = Frame::new(access.context(), "nav-audit").section("audit");
    let (label, url) = (p.t("nav-audit"), p.url("/audit"));
    page(p.crumb(label, url), found)
}

/// The wish for one entry.
pub(super) fn one(id: i64) -> Wanted {
    Wanted {
        one: Some(id),
        ..Wanted::default()
    }
}

/// The page of the entry that was found.
pub(super) fn page(p: Frame, found: Vec<Entry>) -> Result<HttpResponse> {
    let entry = found.into_iter().next().ok_or(AppError::NotFound)?;
    let title = words::act(&p, &entry.act);
    let (changes, told): (Vec<Field>, Vec<Field>) = diff::fields(&p, &entry.data)
        .into_iter()
        .partition(|field| field.changed);
    let mut facts = facts(&p, &entry);
    let told = told
        .into_iter()
        .map(|field| (field.label, field.after.join(", ")));
    facts.extend(told);
    p.titled(title).render(|p| Show { p, facts, changes })
}

fn facts(p: &Frame, entry: &Entry) -> Vec<(String, String)> {
    let all = [
        ("audit-at", p.t.moment(&entry.at)),
        ("audit-who", words::who(p, entry)),
        ("audit-on", words::object(p, entry)),
        ("audit-where", entry.tenant.clone()),
        ("audit-through", words::source(p, &entry.source)),
        ("audit-word-address", entry.address.clone()),
        ("audit-number", entry.id.to_string()),
    ];
    all.into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| (p.t(key), text))
        .collect()
}
