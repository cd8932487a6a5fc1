//! Two roles side by side: what one holds and the other does not.

use super::super::{self as roles, Whole};
use super::{choice, frame, group_label, label_of};
use crate::access::ControlAccess;
use crate::access::rights::{self, ViewRoles};
use crate::error::{AppError, Result};
use crate::web::{Cell, Frame, Input, InputKind, Table};
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// Which two, and whether only what differs is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    one: Option<i32>,
    other: Option<i32>,
    all: String,
}

#[derive(Template)]
#[template(path = "control/roles/compare.html")]
struct Compare {
    p: Frame,
    inputs: Vec<Input>,
    summary: String,
    table: Table,
}

pub(super) async fn page(
    access: ControlAccess<ViewRoles>,
    query: web::Query<Wanted>,
) -> Result<HttpResponse> {
    let tenant = access.tenant().id;
    let usable = access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await?;
    let find = |id: Option<i32>| match id {
        None => Ok(None),
        Some(id) => usable
            .iter()
            .find(|whole| whole.role.id == id)
            .map(Some)
            .ok_or(AppError::NotFound),
    };
    let one = find(query.one)?.or(usable.first());
    let second = usable
        .iter()
        .find(|whole| one.is_none_or(|one| one.role.id != whole.role.id));
    let other = find(query.other)?.or(second);
    let p = frame(access.context(), "roles-compare");
    let (one, other) = one.zip(other).ok_or(AppError::NotFound)?;
    let everything = !query.all.is_empty();
    let (table, different) = table(&p, one, other, everything);
    let page = Compare {
        inputs: inputs(&p, &usable, one, other, everything),
        summary: p.t.count("roles-differences", &different),
        table,
        p,
    };
    page.p.clone().render(|_| page)
}

fn inputs(p: &Frame, usable: &[Whole], one: &Whole, other: &Whole, all: bool) -> Vec<Input> {
    let options = || {
        usable
            .iter()
            .map(|whole| (whole.role.id.to_string(), label_of(p, &whole.role)))
            .collect::<Vec<_>>()
    };
    vec![
        Input::select("one", p.t("roles-one"), options(), one.role.id.to_string()),
        Input::select(
            "other",
            p.t("roles-other"),
            options(),
            other.role.id.to_string(),
        ),
        Input::check("all", p.t("roles-compare-all"), all),
    ]
}

/// Rights down; how many differ.
fn table(p: &Frame, one: &Whole, other: &Whole, everything: bool) -> (Table, i64) {
    let columns = [
        p.t("roles-right"),
        p.t("roles-group"),
        label_of(p, &one.role),
        label_of(p, &other.role),
    ];
    let (mut table, mut different) = (Table::new(p.t("roles-compare"), columns), 0);
    for right in rights::ALL {
        let held = [one, other].map(|whole| whole.all.contains(right.key));
        let differs = held[0] != held[1];
        different += i64::from(differs);
        if !differs && !everything {
            continue;
        }
        let mark = |held| match (held, differs) {
            (true, true) => Cell::Badge("success", p.t("roles-held")),
            (true, false) => Cell::Text(p.t("roles-held")),
            (false, _) => Cell::Text("–".into()),
        };
        table.row(vec![
            Cell::Text(choice(p, right).label),
            Cell::Text(group_label(p, right.group())),
            mark(held[0]),
            mark(held[1]),
        ]);
    }
    (table, different)
}
