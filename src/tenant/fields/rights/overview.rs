//! All that fields say for roles at a glance: fields down, roles across. Only roles that something is said for
//! have a column, so that it stays readable with hundreds of them.

use super::super::seen::{ByRole, Mode};
use super::super::{Field, every, pages};
use super::of_all;
use crate::access::ControlAccess;
use crate::access::rights::ChangeFields;
use crate::control::roles;
use crate::control::roles::words::label_of;
use crate::error::Result;
use crate::web::view::{Column, TablePage};
use crate::web::{Cell, Empty, Frame, Table};
use actix_web::HttpResponse;

/// Most roles at once.
const MOST: usize = 30;

pub(super) async fn page(access: ControlAccess<ChangeFields>) -> Result<HttpResponse> {
    let (fields, said) = access
        .look(|conn| Ok((every(conn.pg())?, of_all(conn.pg())?)))
        .await?;
    let tenant = access.tenant().id;
    let mut usable = access
        .run(move |conn| roles::usable(conn.pg(), tenant))
        .await?;
    usable.retain(|role| {
        said.values()
            .any(|of_roles| of_roles.contains_key(&role.id))
    });
    usable.truncate(MOST);
    let p = pages::frame(&access, "field-rights-all");
    let mut table = Table::new(p.title.clone(), [p.t("fields-label")]);
    let columns = usable.iter().map(|role| Column::new(label_of(&p, role)));
    table.columns.extend(columns);
    let nothing = ByRole::new();
    if !usable.is_empty() {
        for field in &fields {
            let of_field = said.get(&field.id).unwrap_or(&nothing);
            let mut cells = vec![link(&p, field)];
            cells.extend(usable.iter().map(|role| cell(&p, of_field.get(&role.id))));
            table.row(cells);
        }
    }
    let empty = Empty {
        text: p.t("field-rights-none"),
        act: Some((p.t("fields-title"), p.url("/fields"))),
    };
    p.render(|p| TablePage {
        intro: p.t("field-rights-all-intro"),
        acts: Vec::new(),
        table,
        empty,
        p,
    })
}

fn link(p: &Frame, field: &Field) -> Cell {
    Cell::Link {
        href: p.url(&format!("/fields/{}/rights", field.id)),
        text: field.label(p.t.language()).to_owned(),
    }
}

fn cell(p: &Frame, mode: Option<&Mode>) -> Cell {
    let kind = match mode {
        Some(Mode::Hidden) => "danger",
        Some(Mode::Masked) => "warning",
        _ => "secondary",
    };
    match mode {
        Some(mode) => Cell::Badge(kind, pages::mode_text(p, *mode)),
        None => Cell::Text("–".into()),
    }
}
