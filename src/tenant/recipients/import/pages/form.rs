//! What the mapping's form sends.

use crate::db::ids::{FieldId, ListId};
use crate::tenant::recipients::import::settings::{
    Duplicates, Mapped, Mode, Quote, Reading, Settings,
};
use crate::tenant::recipients::import::source::Source;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use validator::Validate;

/// The value of a column that is to become a new field.
pub(super) const NEW: &str = "new";

/// What was typed of a new field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) kind: String,
}

/// What the mapping's form sends: as pairs, because the columns come as `column_<number>`, and new fields as
/// `new_key_<number>` and the like.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
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
    pub(super) sheet: String,
    pub(super) quote: String,
    /// Whether the file is to be read again, and nothing else yet.
    pub(super) again: bool,
    pub(super) columns: HashMap<usize, FieldId>,
    /// Columns that are to become new fields.
    pub(super) new: BTreeSet<usize>,
    /// What was typed of new fields, wanted or not.
    pub(super) typed: BTreeMap<usize, Typed>,
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
                "sheet" => form.sheet = value,
                "quote" => form.quote = value,
                "again" => form.again = true,
                name => form.take_column(name, value),
            }
        }
        form
    }
}

impl MappingForm {
    fn take_column(&mut self, name: &str, value: String) {
        let Some((what, index)) = name.rsplit_once('_') else {
            return;
        };
        let Ok(index) = index.parse::<usize>() else {
            return;
        };
        match what {
            "column" if value == NEW => _ = self.new.insert(index),
            "column" => {
                if let Ok(field) = value.parse() {
                    self.columns.insert(index, field);
                }
            }
            "new_key" => self.typed.entry(index).or_default().key = value,
            "new_label" => self.typed.entry(index).or_default().label = value,
            "new_type" => self.typed.entry(index).or_default().kind = value,
            _ => {}
        }
    }

    fn reading(&self, before: &Reading) -> Reading {
        let header = Some(self.header == "on");
        if before.sheet.is_some() {
            let typed = Some(self.sheet.clone()).filter(|sheet| !sheet.is_empty());
            return Reading {
                sheet: typed.or_else(|| before.sheet.clone()),
                header,
                ..before.clone()
            };
        }
        Reading {
            encoding: Some(self.encoding.clone()).filter(|name| !name.is_empty()),
            separator: if self.separator == "tab" {
                Some('\t')
            } else {
                self.separator.chars().next()
            },
            header,
            sheet: None,
            quote: Quote::of(&self.quote).unwrap_or(before.quote),
        }
    }

    /// The same for the columns as they stand after the file was read again. Of what was typed of new fields
    /// `changed` stays; the rest is proposed anew.
    pub(super) fn of_columns(&self, before: &Source, now: &Source, changed: &[usize]) -> Self {
        let place = |index: &usize| {
            let name = before.columns.get(*index)?;
            now.columns.iter().position(|column| column == name)
        };
        let typed = self.typed.iter();
        Self {
            columns: HashMap::new(),
            new: self.new.iter().filter_map(place).collect(),
            typed: typed
                .filter(|(index, _)| changed.contains(index) || self.new.contains(index))
                .filter_map(|(index, typed)| Some((place(index)?, typed.clone())))
                .collect(),
            ..self.clone()
        }
    }

    /// What was chosen, but for the new fields.
    pub(super) fn settings(&self, source: &Source, before: &Settings) -> Settings {
        let mapping = source
            .columns
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
            columns: source.own_columns().to_vec(),
            profile: self.profile.parse().ok(),
        }
    }
}
