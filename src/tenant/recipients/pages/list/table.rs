//! The list's table.

use super::super::super::query::Page;
use super::super::super::show::show;
use super::super::super::state::{self, State};
use super::super::may_delete;
use crate::error::Result;
use crate::tenant::fields::Field;
use crate::tenant::fields::kind::Kind;
use crate::web::sealed::Seal;
use crate::web::view::Column;
use crate::web::{Cell, Frame, Table};

pub(super) fn rows(
    p: &Frame,
    seal: &Seal,
    state: &State,
    shown: &[Field],
    page: &Page,
) -> Result<Table> {
    let mut table = Table {
        caption: p.t("recipients-title"),
        columns: shown
            .iter()
            .enumerate()
            .map(|(index, field)| Column {
                number: index > 0 && field.shown_kind().is_ok_and(|kind| is_number(&kind)),
                ..heading(p, state, field)
            })
            .collect(),
        choose: if p.may("recipients.bulk") || p.may("recipients.delete") && may_delete(p) {
            "chosen"
        } else {
            ""
        },
        ..Table::default()
    };
    let kinds = shown
        .iter()
        .map(Field::shown_kind)
        .collect::<Result<Vec<_>>>()?;
    for row in &page.rows {
        let sealed = seal.recipient(row.id);
        let cells = row
            .values
            .iter()
            .zip(&kinds)
            .enumerate()
            .map(|(index, (value, kind))| {
                let text = show(&p.t, kind, value.as_deref());
                match index {
                    0 => Cell::Link {
                        href: p.url(&format!("/recipients/{sealed}")),
                        text: if text.is_empty() { "–".into() } else { text },
                    },
                    _ if is_number(kind) => Cell::Number(text),
                    _ => Cell::Text(text),
                }
            })
            .collect();
        table.rows.push((sealed, cells));
    }
    if !state.after.is_empty() {
        table.first = p.url(&format!("/recipients?{}", state.first_page().query()));
    }
    if let Some(next) = &page.next {
        let next = State {
            after: next.encode(seal),
            ..state.clone()
        };
        table.next = p.url(&format!("/recipients?{}", next.query()));
    }
    Ok(table)
}

/// Whether values stand to the right, one below the other.
fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer | Kind::Decimal { .. })
}

/// A heading; where an index serves, it leads to the list sorted by it, or the other way round.
fn heading(p: &Frame, state: &State, field: &Field) -> Column {
    let mut column = Column::new(field.label(p.t.language()));
    if !state::sortable(field) {
        return column;
    }
    let here = state.sort == field.key;
    let descending = here && state.dir == "desc";
    if here {
        column.sorted = if descending {
            "descending"
        } else {
            "ascending"
        };
    }
    let other = State {
        sort: field.key.clone(),
        dir: if here && !descending { "desc" } else { "asc" }.into(),
        ..state.first_page()
    };
    column.sort = p.url(&format!("/recipients?{}", other.query()));
    column
}
