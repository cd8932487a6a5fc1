//! What a column probably is: by its name in both languages, and how the file writes dates and numbers.

use super::names;
use super::names::plain;
use super::settings::{Mapped, Settings};
use super::source::Source;
use super::value::{self, Formats};
use crate::db::ids::FieldId;
use crate::tenant::fields::Field;
use std::collections::BTreeSet;

/// Other names that programs and people give the standard fields.
const SYNONYMS: &[(&str, &[&str])] = &[
    (
        "email",
        &[
            "e-mail-adresse",
            "email address",
            "emailadresse",
            "mail",
            "e-mail address",
            "mailadresse",
            "subscriber",
        ],
    ),
    ("salutation", &["anrede", "salutation"]),
    ("gender", &["geschlecht", "sex"]),
    ("title", &["titel", "akademischer titel"]),
    (
        "first_name",
        &[
            "vorname",
            "first name",
            "firstname",
            "given name",
            "fname",
            "rufname",
        ],
    ),
    (
        "last_name",
        &[
            "nachname",
            "name",
            "last name",
            "lastname",
            "surname",
            "family name",
            "lname",
            "familienname",
        ],
    ),
    ("language", &["sprache", "lang", "locale"]),
    ("format", &["mailformat", "mailtype", "email type"]),
];

/// Which columns become which fields, of those that may be imported into: each field once, each column once;
/// the better name first.
pub fn mapping(source: &Source, fields: &[Field]) -> Vec<Mapped> {
    let entered = |field: &&Field| {
        field.is_importable()
            && !matches!(
                field.standard_column.as_deref(),
                Some("created_at" | "changed_at" | "source")
            )
    };
    let mut taken_columns: BTreeSet<&String> = BTreeSet::new();
    let mut all: Vec<Mapped> = Vec::new();
    let formats = formats(source, "");
    for closeness in 0..3 {
        for field in fields.iter().filter(entered) {
            if all.iter().any(|mapped| mapped.field == field.id) {
                continue;
            }
            let hit = source.columns.iter().find(|column| {
                !taken_columns.contains(column)
                    && is_named(column, field, closeness)
                    && may_hold(source, column, field, &formats)
            });
            if let Some(column) = hit {
                taken_columns.insert(column);
                all.push(Mapped {
                    column: column.clone(),
                    field: field.id,
                });
            }
        }
    }
    by_content(source, fields, &mut all);
    // A bare «name» without a first name beside it is the whole name, which is no field.
    let has = |key: &str| {
        field_by_key(fields, key).is_some_and(|id| all.iter().any(|mapped| mapped.field == id))
    };
    if !has("first_name") {
        all.retain(|mapped| plain(&mapped.column) != "name");
    }
    all
}

/// 0: key or label; 1: a synonym, or the same abbreviated; 2: the same behind a JSON column's dot.
fn is_named(column: &str, field: &Field, closeness: usize) -> bool {
    let names = [&field.key, &field.label_en, &field.label_de];
    let own = |name: &str| {
        let name = plain(name);
        names.iter().any(|label| plain(label) == name)
    };
    let other = |name: &str| {
        let standard = SYNONYMS.iter().any(|(key, synonyms)| {
            let plain_name = plain(name);
            *key == field.key && synonyms.iter().any(|one| plain(one) == plain_name)
        });
        standard || names.iter().any(|label| names::same(label, name))
    };
    match closeness {
        0 => own(column),
        1 => other(column),
        _ => column
            .rsplit_once('.')
            .is_some_and(|(_, name)| own(name) || other(name)),
    }
}

/// Whether a column of the field's name holds what the field takes: not where fewer than a quarter of its
/// cells can be read. The address is taken at its word; it tells who is meant, and what is wrong with it is
/// told row by row.
fn may_hold(source: &Source, column: &str, field: &Field, formats: &Formats) -> bool {
    let index = source.columns.iter().position(|name| name == column);
    let (Some(index), Ok(kind)) = (index, field.kind()) else {
        return true;
    };
    let cells = || {
        source
            .rows_seen()
            .filter_map(|row| row.get(index))
            .filter(|cell| !cell.trim().is_empty())
    };
    let fitting = cells().filter(|cell| value::parse(&kind, cell, formats).is_ok());
    field.key == "email" || fitting.count() * 4 >= cells().count()
}

/// A file without a column of that name may still have addresses: the column of which most cells are such.
fn by_content(source: &Source, fields: &[Field], all: &mut Vec<Mapped>) {
    let Some(email) = fields
        .iter()
        .find(|field| field.key == "email" && field.is_importable())
        .map(|field| field.id)
    else {
        return;
    };
    if all.iter().any(|mapped| mapped.field == email) {
        return;
    }
    let addresses = |index: usize| {
        source
            .preview
            .iter()
            .filter(|row| {
                row.get(index)
                    .is_some_and(|cell| value::email(cell).is_ok())
            })
            .count()
    };
    let best = (0..source.columns.len()).max_by_key(|index| addresses(*index));
    if let Some(index) = best.filter(|index| addresses(*index) * 2 > source.preview.len()) {
        let column = source.columns[index].clone();
        all.retain(|mapped| mapped.column != column);
        all.push(Mapped {
            column,
            field: email,
        });
    }
}

/// How the file writes dates and numbers, from its first thousand rows; the zone is the tenant's.
pub fn formats(source: &Source, zone: &str) -> Formats {
    let cells = || source.rows_seen().flatten().map(|cell| cell.trim());
    let is_number = |cell: &str| {
        cell.chars().any(|c| c.is_ascii_digit())
            && cell
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | ' ' | '€'))
    };
    let ends_like = |point: char| {
        cells()
            .filter(|cell| {
                is_number(cell)
                    && cell
                        .rsplit_once(point)
                        .is_some_and(|(_, rest)| rest.len() <= 2 && !rest.contains(['.', ',']))
            })
            .count()
    };
    let parts = |cell: &str| {
        let mut parts = cell.split('/').map(|part| part.parse::<u32>().ok());
        Some((parts.next()??, parts.next()??, parts.next()??))
    };
    let slashed = || cells().filter_map(parts);
    Formats {
        month_first: slashed().any(|(_, second, _)| second > 12)
            && !slashed().any(|(first, ..)| first > 12),
        decimal_comma: ends_like(',') > ends_like('.'),
        zone: zone.to_owned(),
    }
}

/// Settings for a file of which nothing else is known.
pub fn settings(source: &Source, fields: &[Field], zone: &str) -> Settings {
    Settings {
        mapping: mapping(source, fields),
        formats: formats(source, zone),
        reading: source.reading.clone(),
        columns: source.own_columns().to_vec(),
        ..Settings::default()
    }
}

/// The settings for a file that is read otherwise than `before`. What was chosen for a column stays if there is
/// one of this name; where the formats are as they were guessed, they are guessed anew.
pub fn again(
    before: &Source,
    chosen: &Settings,
    source: &Source,
    fields: &[Field],
    zone: &str,
) -> Settings {
    let guessed = settings(source, fields, zone);
    let was_there = |column: &String| before.columns.contains(column);
    let mut mapping: Vec<Mapped> = chosen.mapping.clone();
    mapping.retain(|mapped| source.columns.contains(&mapped.column));
    for mapped in guessed.mapping {
        let taken = mapping.iter().any(|one| one.field == mapped.field);
        if !taken && !was_there(&mapped.column) {
            mapping.push(mapped);
        }
    }
    let (was, now) = (formats(before, zone), guessed.formats);
    let stays = |chosen: bool, was: bool, now: bool| if chosen == was { now } else { chosen };
    let typed = &chosen.formats;
    Settings {
        mapping,
        formats: Formats {
            month_first: stays(typed.month_first, was.month_first, now.month_first),
            decimal_comma: stays(typed.decimal_comma, was.decimal_comma, now.decimal_comma),
            ..now
        },
        profile: chosen.profile.filter(|_| guessed.columns == chosen.columns),
        reading: guessed.reading,
        columns: guessed.columns,
        ..chosen.clone()
    }
}

/// The field with this key.
pub fn field_by_key(fields: &[Field], key: &str) -> Option<FieldId> {
    fields
        .iter()
        .find(|field| field.key == key)
        .map(|field| field.id)
}
