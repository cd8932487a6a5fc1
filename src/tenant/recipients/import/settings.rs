//! How a file is read, mapped and applied: kept with the import, and as a profile for the next time.

use super::value::Formats;
use crate::db::ids::{FieldId, ListId};
use crate::tenant::fields::Field;
use serde::{Deserialize, Serialize};

/// Everything that is chosen for an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How the file is read; what is none is found out.
    pub reading: Reading,
    /// Which column becomes which field.
    pub mapping: Vec<Mapped>,
    /// How dates and numbers are written in it.
    pub formats: Formats,
    /// What to do with its rows.
    pub mode: Mode,
    /// The field that tells which recipient a row means; none for the e-mail address.
    pub key: Option<FieldId>,
    /// Whether an empty cell empties the field.
    pub clear_empty: bool,
    /// What to do with rows that mean the same recipient.
    pub duplicates: Duplicates,
    /// Whether a row with an unreadable value is refused; else the value is left out and reported.
    pub refuse_bad_values: bool,
    /// Lists to subscribe to (or to leave, or be blocked from).
    pub lists: Vec<ListId>,
    /// The text that recipients agreed to; empty for none.
    pub consent: String,
    /// All columns of the file, by which a profile knows its next file.
    pub columns: Vec<String>,
    /// The profile that these settings come from.
    pub profile: Option<i32>,
}

impl Settings {
    /// Without what whoever imports may not fill: a profile may know more fields than he.
    #[must_use]
    pub fn for_whom(mut self, fields: &[Field]) -> Self {
        let may = |id| {
            let field = fields.iter().find(|field| field.id == id);
            field.is_some_and(Field::is_importable)
        };
        self.mapping.retain(|mapped| may(mapped.field));
        self
    }
}

/// How a file is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reading {
    /// WHATWG name of the encoding.
    pub encoding: Option<String>,
    /// The separator's character.
    pub separator: Option<char>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// What stands round a cell with a separator in it.
    pub quote: Quote,
}

/// What stands round a cell of text that has a separator or a line's end in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quote {
    /// `"`
    #[default]
    Double,
    /// `'`
    Single,
    /// Nothing: every separator ends a cell.
    None,
}

impl Quote {
    /// All, in the order of choice.
    pub const ALL: [Self; 3] = [Self::Double, Self::Single, Self::None];

    /// The key in forms.
    pub fn key(self) -> &'static str {
        match self {
            Self::Double => "double",
            Self::Single => "single",
            Self::None => "none",
        }
    }

    /// The choice of a key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.key() == key)
    }

    /// A reader of text in which cells are quoted so.
    pub fn reader(self) -> csv::ReaderBuilder {
        let mut builder = csv::ReaderBuilder::new();
        match self {
            Self::Double => &mut builder,
            Self::Single => builder.quote(b'\''),
            Self::None => builder.quoting(false),
        };
        builder
    }
}

/// A column that becomes a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapped {
    /// The column's name as `source` lists it; `attributes.city` for a key inside JSON.
    pub column: String,
    /// The field.
    pub field: FieldId,
}

/// What an import does with its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// New recipients only.
    Add,
    /// New ones, and changes to known ones.
    #[default]
    Upsert,
    /// Changes to known ones only.
    Update,
    /// Takes them off lists.
    Unsubscribe,
    /// Takes them off lists for good.
    Block,
}

impl Mode {
    /// All, in the order of choice.
    pub const ALL: [Self; 5] = [
        Self::Add,
        Self::Upsert,
        Self::Update,
        Self::Unsubscribe,
        Self::Block,
    ];

    /// The key on the command line and in the database's function.
    pub fn key(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Upsert => "upsert",
            Self::Update => "update",
            Self::Unsubscribe => "unsubscribe",
            Self::Block => "block",
        }
    }

    /// The mode of a key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.key() == key)
    }
}

/// What to do with rows that mean the same recipient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// The first counts, later ones are refused.
    #[default]
    Refuse,
    /// The first counts, later ones change nothing.
    First,
    /// The last counts, earlier ones change nothing.
    Last,
}

impl Duplicates {
    /// All, in the order of choice.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::First, Self::Last];

    /// The key on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::First => "first",
            Self::Last => "last",
        }
    }

    /// The choice of a key.
    pub fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.key() == key)
    }
}
