//! How values were read: for each mapped column that is more than text, its first cell and what it becomes.

use crate::db::ids::FieldId;
use crate::tenant::fields::Field;
use crate::tenant::fields::kind::Kind;
use crate::tenant::recipients::import::acts::Import;
use crate::tenant::recipients::import::source::Source;
use crate::tenant::recipients::import::value::{has_short_year, parse, short_years};
use crate::tenant::recipients::show::show;
use crate::web::i18n::Texts;
use std::path::Path;

/// Most that are shown.
const MOST: usize = 20;

/// Label, cell and value; and whether a year of two digits is among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Examples {
    pub(super) rows: Vec<(String, String, String)>,
    /// A sentence about years of two digits; empty where there are none.
    pub(super) years: String,
}

/// From the file, if it is still there.
pub(super) fn examples(files: &Path, import: &Import, fields: &[Field], t: &Texts) -> Examples {
    let settings = import.settings();
    let source = import
        .stored_as
        .as_ref()
        .and_then(|stored| Source::look(&files.join(stored), &settings.reading).ok());
    let Some(source) = source else {
        return Examples::default();
    };
    let (mut rows, mut short) = (Vec::new(), false);
    for mapped in &settings.mapping {
        let Some((label, kind)) = read_otherwise(fields, mapped.field, t) else {
            continue;
        };
        let Some(index) = source
            .columns
            .iter()
            .position(|column| *column == mapped.column)
        else {
            continue;
        };
        let cells = || source.rows_seen().filter_map(|row| row.get(index));
        if matches!(kind, Kind::Date | Kind::DateTime) {
            short |= cells().any(|cell| has_short_year(cell));
        }
        let Some(cell) = cells()
            .map(|cell| cell.trim())
            .find(|cell| !cell.is_empty())
        else {
            continue;
        };
        let read = match parse(&kind, cell, &settings.formats) {
            Ok(value) => show(t, &kind, value.as_deref()),
            Err(fault) => t.t(&format!("value-{fault}")),
        };
        if rows.len() < MOST {
            rows.push((label, cell.chars().take(60).collect(), read));
        }
    }
    let (first, last) = short_years();
    let span = [("first", first.to_string()), ("last", last.to_string())];
    let years = if short {
        t.with_all("import-short-years", &span)
    } else {
        String::new()
    };
    Examples { rows, years }
}

/// The label of a field whose values are not taken as they stand, and its type.
fn read_otherwise(fields: &[Field], id: FieldId, t: &Texts) -> Option<(String, Kind)> {
    let field = fields.iter().find(|field| field.id == id)?;
    if !field.is_askable() {
        return None;
    }
    let kind = field.kind().ok()?;
    let as_it_stands = matches!(kind, Kind::Text { .. } | Kind::Email | Kind::Url);
    (!as_it_stands).then(|| (field.label(t.language()).to_owned(), kind))
}
