//! Who asks to be admitted, and what became of those who asked.

use super::names;
use crate::access::ControlAccess;
use crate::access::rights::DecideAdmissions;
use crate::db::ids::AdmissionId;
use crate::error::Result;
use crate::tenant::admissions;
use crate::web::{Cell, Empty, Frame, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Rows of a page.
const ROWS: i64 = 50;

#[derive(Deserialize)]
pub(super) struct Place {
    #[serde(default)]
    state: String,
    before: Option<AdmissionId>,
}

#[derive(Template)]
#[template(path = "tenant/admissions/index.html")]
struct Index {
    p: Frame,
    /// Label, URL, and whether it is the one shown.
    tabs: Vec<(String, String, bool)>,
    table: Table,
    empty: Empty,
}

pub(super) async fn index(
    access: ControlAccess<DecideAdmissions>,
    place: web::Query<Place>,
) -> Result<HttpResponse> {
    let state = match place.state.as_str() {
        "admitted" => "admitted",
        "declined" => "declined",
        _ => "open",
    };
    let before = place.before;
    let mut found = access
        .look(move |conn| admissions::page(conn, state, before, ROWS + 1))
        .await?;
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let names = names(&access, &found).await?;
    let p = Frame::new(access.context(), "admissions-title").section("inner");
    let (label, url) = (p.t("nav-inner"), p.url("/inner"));
    let p = p.crumb(label, url);
    let columns = [
        "admissions-recipient",
        "admissions-inner",
        "admissions-asked-by",
        "admissions-at",
    ]
    .map(|key| p.t(key));
    let mut table = Table::new(p.t("admissions-title"), columns);
    for one in &found {
        table.row(vec![
            Cell::Link {
                href: p.url(&format!("/admissions/{}", one.id)),
                text: one.email.clone(),
            },
            Cell::Text(names.inner(one)),
            Cell::Text(names.asker(&p, one)),
            Cell::Moment(p.t.moment(&one.at)),
        ]);
    }
    let at = |rest: &str| p.url(&format!("/admissions?state={state}{rest}"));
    if before.is_some() {
        table.first = at("");
    }
    if let Some(last) = found.last().filter(|_| more) {
        table.next = at(&format!("&before={}", last.id));
    }
    let tabs = ["open", "admitted", "declined"].map(|one| {
        let label = match (one, p.waiting) {
            ("open", n) if n > 0 => {
                p.t.with("admissions-open-number", "number", &p.t.number(&n))
            }
            _ => p.t(&format!("admissions-{one}")),
        };
        (
            label,
            p.url(&format!("/admissions?state={one}")),
            one == state,
        )
    });
    let empty = Empty {
        text: p.t(&format!("admissions-none-{state}")),
        act: None,
    };
    p.render(|p| Index {
        tabs: tabs.to_vec(),
        table,
        empty,
        p,
    })
}
