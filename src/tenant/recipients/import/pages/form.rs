//! What the mapping's form sends.

use crate::db::ids::{FieldId, ListId};
use crate::tenant::recipients::import::settings::{Duplicates, Mapped, Mode, Reading, Settings};
use serde::Deserialize;
use std::collections::HashMap;
use validator::Validate;

/// What the mapping's form sends: as pairs, because the columns come as `column_<number>`.
#[derive(Debug, Default, Deserialize, Validate)]
#[serde(from = "Vec<(String, String)>")]
pub(super) struct MappingForm {
    pub(super) mode: String,
    pub(super) key: String,
    pub(super) duplicates: String,
    pub(super) empty: String,
    pub(super) bad: String,
    pub(super) dates: String,
    pub(super) numbers: String,
    pub(super) lists: Vec<ListId>,
    pub(super) consent: String,
    pub(super) profile: String,
    pub(super) encoding: String,
    pub(super) separator: String,
    pub(super) header: String,
    pub(super) columns: HashMap<usize, FieldId>,
}

impl From<Vec<(String, String)>> for MappingForm {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "mode" => form.mode = value,
                "key" => form.key = value,
                "duplicates" => form.duplicates = value,
                "empty" => form.empty = value,
                "bad" => form.bad = value,
                "dates" => form.dates = value,
                "numbers" => form.numbers = value,
                "lists" => form.lists.extend(value.parse::<ListId>().ok()),
                "consent" => form.consent = value,
                "profile" => form.profile = value,
                "encoding" => form.encoding = value,
                "separator" => form.separator = value,
                "header" => form.header = value,
                name => {
                    let index = name
                        .strip_prefix("column_")
                        .and_then(|index| index.parse().ok());
                    if let (Some(index), Ok(field)) = (index, value.parse()) {
                        form.columns.insert(index, field);
                    }
                }
            }
        }
        form
    }
}

impl MappingForm {
    pub(super) fn reading(&self, before: &Reading) -> Reading {
        if before.sheet.is_some() {
            return before.clone();
        }
        Reading {
            encoding: Some(self.encoding.clone()).filter(|name| !name.is_empty()),
            separator: if self.separator == "tab" {
                Some('\t')
            } else {
                self.separator.chars().next()
            },
            header: Some(self.header == "on"),
            sheet: None,
        }
    }

    pub(super) fn settings(&self, columns: &[String], before: &Settings) -> Settings {
        let mapping = columns
            .iter()
            .enumerate()
            .filter_map(|(index, column)| {
                Some(Mapped {
                    column: column.clone(),
                    field: *self.columns.get(&index)?,
                })
            })
            .collect();
        let mut formats = before.formats.clone();
        formats.month_first = self.dates == "month";
        formats.decimal_comma = self.numbers == "comma";
        Settings {
            reading: self.reading(&before.reading),
            mapping,
            formats,
            mode: Mode::of(&self.mode).unwrap_or_default(),
            key: self.key.parse().ok(),
            clear_empty: self.empty == "clear",
            duplicates: Duplicates::of(&self.duplicates).unwrap_or_default(),
            refuse_bad_values: self.bad == "refuse",
            lists: self.lists.clone(),
            consent: self.consent.trim().to_owned(),
        }
    }
}
