//! The problems of an import by kind, as its page shows them.

use crate::db::ids::FieldId;
use crate::tenant::recipients::import::acts::Import;
use crate::tenant::recipients::import::groups::{self, File, Group};
use crate::tenant::recipients::import::report;
use crate::web::i18n::Texts;
use std::collections::HashMap;
use std::path::Path;

/// One kind of problem.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// The column, and the field that it becomes; empty where it is about the row.
    pub(super) column: String,
    /// What became of the rows.
    pub(super) fate: String,
    /// What is wrong.
    pub(super) reason: String,
    pub(super) count: String,
    /// The first: the line, and the value if it can be told.
    pub(super) examples: Vec<(u64, String)>,
}

/// The kinds, with values from the file if it is still there.
pub(super) fn kinds(
    files: &Path,
    import: &Import,
    found: &[Group],
    labels: &HashMap<FieldId, String>,
    t: &Texts,
) -> Vec<Kind> {
    let settings = import.settings();
    let upload = import.stored_as.as_ref().map(|stored| files.join(stored));
    let refused = import.errors_file.as_ref().map(Path::new);
    let file = match (&upload, refused) {
        (Some(upload), _) => Some(File::Whole(upload, &settings.reading)),
        (None, refused) => refused.map(File::Refused),
    };
    let values = file
        .filter(|_| !found.is_empty())
        .map(|file| groups::values(file, found, &settings))
        .unwrap_or_default();
    let kind = |group: &Group| {
        let column = groups::column_of(group, &settings).unwrap_or_default();
        let value = |line: &u64| values.get(&(column.to_owned(), *line)).cloned();
        Kind {
            column: named(column, group.field.and_then(|field| labels.get(&field))),
            fate: report::fate(t, group.refused, &group.code),
            reason: report::kind(t, &group.code),
            count: t.number(&group.count),
            examples: group
                .lines
                .iter()
                .map(|line| (*line, value(line).unwrap_or_default()))
                .collect(),
        }
    };
    found.iter().map(kind).collect()
}

/// `Geb. → Birthday`, or the name alone where both are the same.
fn named(column: &str, label: Option<&String>) -> String {
    match label {
        None => String::new(),
        Some(label) if column.is_empty() || column == label => label.clone(),
        Some(label) => format!("{column} → {label}"),
    }
}
