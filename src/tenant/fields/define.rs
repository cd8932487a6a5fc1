//! A field as somebody defines it, checked: what may be said of a field at all. Not whether it fits the
//! table as it is now, which the orders find out.
//!
//! Message keys tell the input that they belong to: `field-max-range` stands at `max` (see `input_of`).

use super::kind::{Choice, Kind};
use crate::error::{AppError, Result};
use std::collections::HashSet;

/// Most characters of a text that an index can take: its entries have at most 2,704 bytes.
pub const INDEXED_TEXT_MAX: u32 = 500;

/// A field as it was typed into a form or on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldInput {
    /// Name in rules, files and URLs.
    pub key: String,
    /// `text`, `integer`, …
    pub kind: String,
    /// Label for English readers; blank for the German one.
    pub label_en: String,
    /// Label for German readers; blank for the English one.
    pub label_de: String,
    /// Help for English readers.
    pub help_en: String,
    /// Help for German readers.
    pub help_de: String,
    /// Heading under which pages show it.
    pub group: String,
    /// Order on pages; none for the end.
    pub position: Option<i32>,
    /// `editable`, `read_only` or `hidden`; blank for editable.
    pub mode: String,
    /// Whether a new recipient must have it.
    pub required: bool,
    /// Whether no two recipients may share a value.
    pub unique: bool,
    /// Whether the list can sort by it quickly.
    pub indexed: bool,
    /// Whether changes are kept in the history.
    pub historised: bool,
    /// What a new recipient gets; blank for nothing.
    pub default: String,
    /// Text: most characters; none for 200.
    pub max: Option<u32>,
    /// Decimal: digits in all; none for 12.
    pub precision: Option<u8>,
    /// Decimal: digits after the point; none for 2.
    pub scale: Option<u8>,
    /// Choice: the allowed values.
    pub choices: Vec<Choice>,
}

/// A definition that can be carried out. Made by `check` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    input: FieldInput,
    kind: Kind,
    default: Option<String>,
}

/// A new field, checked.
pub type NewField = Definition;

impl Definition {
    /// Checks what was typed.
    ///
    /// # Errors
    /// `Invalid` whose key names the input.
    pub fn check(mut input: FieldInput) -> Result<Self> {
        check_key(&input.key)?;
        let kind = kind_of(&input)?;
        fill_labels(&mut input);
        check_texts(&input)?;
        if input.mode.is_empty() {
            "editable".clone_into(&mut input.mode);
        }
        if !["editable", "read_only", "hidden"].contains(&input.mode.as_str()) {
            return Err(AppError::invalid("field-mode-unknown"));
        }
        if input
            .position
            .is_some_and(|at| !(0..=1_000_000).contains(&at))
        {
            return Err(AppError::invalid("field-position-range"));
        }
        let default = match input.default.trim() {
            "" => None,
            text => Some(
                kind.canonical(text)
                    .ok_or_else(|| invalid("field-default-unfit", "value", short(text)))?,
            ),
        };
        let checked = Self {
            input,
            kind,
            default,
        };
        checked.check_together()?;
        Ok(checked)
    }

    /// What must hold between the parts.
    fn check_together(&self) -> Result<()> {
        let too_long = matches!(self.kind, Kind::Text { max } if max > INDEXED_TEXT_MAX);
        if self.input.unique && self.default.is_some() {
            return Err(AppError::invalid("field-default-of-unique"));
        }
        if self.input.unique && matches!(self.kind, Kind::Boolean) {
            return Err(AppError::invalid("field-unique-boolean"));
        }
        if too_long && (self.input.unique || self.input.indexed) {
            let most = INDEXED_TEXT_MAX.to_string();
            return Err(invalid("field-max-too-long-for-index", "most", most));
        }
        if self.input.required && self.input.mode != "editable" && self.default.is_none() {
            return Err(AppError::invalid("field-mode-of-required"));
        }
        Ok(())
    }

    /// All parts as they are kept: trimmed, labels filled.
    pub fn input(&self) -> &FieldInput {
        &self.input
    }

    /// The type of its values.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The default in canonical text.
    pub fn default(&self) -> Option<&str> {
        self.default.as_deref()
    }
}

/// The inputs of a field's form, as messages name them.
const INPUTS: [&str; 15] = [
    "key",
    "type",
    "label",
    "help",
    "group",
    "position",
    "mode",
    "required",
    "unique",
    "indexed",
    "default",
    "max",
    "precision",
    "scale",
    "choices",
];

/// The input of the form that a message belongs to; empty for the form as a whole.
pub fn input_of(message: &str) -> &str {
    message
        .strip_prefix("field-")
        .and_then(|rest| rest.split('-').next())
        .filter(|part| INPUTS.contains(part))
        .unwrap_or_default()
}

fn invalid(key: &'static str, name: &'static str, value: String) -> AppError {
    AppError::Invalid {
        key,
        params: vec![(name, value)],
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

/// SQL words are fine: the column is called `f<id>`. `id` is what rows of a file are told apart by.
fn check_key(key: &str) -> Result<()> {
    if key.chars().count() > 60 {
        return Err(AppError::invalid("field-key-long"));
    }
    let mut bytes = key.bytes();
    let good = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !good {
        return Err(AppError::invalid("field-key-shape"));
    }
    if key == "id" {
        return Err(invalid("field-key-reserved", "key", key.to_owned()));
    }
    Ok(())
}

fn kind_of(input: &FieldInput) -> Result<Kind> {
    Ok(match input.kind.as_str() {
        "text" => Kind::Text {
            max: text_max(input.max.unwrap_or(200))?,
        },
        "integer" => Kind::Integer,
        "decimal" => decimal(input.precision.unwrap_or(12), input.scale.unwrap_or(2))?,
        "boolean" => Kind::Boolean,
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        "choice" => Kind::Choice {
            choices: choices(&input.choices)?,
        },
        "email" => Kind::Email,
        "phone" => Kind::Phone,
        "url" => Kind::Url,
        other => return Err(invalid("field-type-unknown", "type", short(other))),
    })
}

fn text_max(max: u32) -> Result<u32> {
    if (1..=10_000).contains(&max) {
        Ok(max)
    } else {
        Err(AppError::invalid("field-max-range"))
    }
}

fn decimal(precision: u8, scale: u8) -> Result<Kind> {
    if !(1..=38).contains(&precision) {
        return Err(AppError::invalid("field-precision-range"));
    }
    if scale > precision {
        return Err(AppError::invalid("field-scale-range"));
    }
    Ok(Kind::Decimal { precision, scale })
}

/// 1 to 500 values, each once, none empty; labels default to the value.
fn choices(typed: &[Choice]) -> Result<Vec<Choice>> {
    let mut seen = HashSet::new();
    let mut all = Vec::with_capacity(typed.len());
    for choice in typed {
        let value = choice.value.trim().to_owned();
        let label = |text: &str, other: &str| match (text.trim(), other.trim()) {
            ("", "") => value.clone(),
            ("", other) => other.to_owned(),
            (text, _) => text.to_owned(),
        };
        let label_en = label(&choice.label_en, &choice.label_de);
        let label_de = label(&choice.label_de, &choice.label_en);
        // It parts a value from its labels where values are typed.
        if let Some(text) = [&value, &label_en, &label_de]
            .into_iter()
            .find(|text| text.contains('|'))
        {
            return Err(invalid("field-choices-bar", "value", short(text)));
        }
        for text in [&value, &label_en, &label_de] {
            if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
                return Err(invalid("field-choices-length", "value", short(text)));
            }
        }
        if !seen.insert(value.clone()) {
            return Err(invalid("field-choices-twice", "value", short(&value)));
        }
        all.push(Choice {
            value,
            label_en,
            label_de,
        });
    }
    if (1..=500).contains(&all.len()) {
        Ok(all)
    } else {
        Err(AppError::invalid("field-choices-count"))
    }
}

/// One label stands for both; without any the key does.
fn fill_labels(input: &mut FieldInput) {
    for text in [
        &mut input.label_en,
        &mut input.label_de,
        &mut input.help_en,
        &mut input.help_de,
        &mut input.group,
    ] {
        *text = text.trim().to_owned();
    }
    if input.label_en.is_empty() && input.label_de.is_empty() {
        input.label_en.clone_from(&input.key);
    }
    if input.label_en.is_empty() {
        input.label_en.clone_from(&input.label_de);
    } else if input.label_de.is_empty() {
        input.label_de.clone_from(&input.label_en);
    }
}

fn check_texts(input: &FieldInput) -> Result<()> {
    let bad = |text: &str, most: usize| {
        text.chars().count() > most
            || text
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\r')
    };
    if bad(&input.label_en, 100) || bad(&input.label_de, 100) {
        return Err(AppError::invalid("field-label-length"));
    }
    if bad(&input.help_en, 500) || bad(&input.help_de, 500) {
        return Err(AppError::invalid("field-help-length"));
    }
    if bad(&input.group, 100) {
        return Err(AppError::invalid("field-group-length"));
    }
    Ok(())
}

#[cfg(test)]
#[path = "define_tests.rs"]
mod tests;
