//! What type of value a field holds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The type of a field. Its PostgreSQL column type never changes (see `Kind::column_type`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Kind {
    /// Text of at most `max` characters (Unicode scalar values).
    Text {
        /// Most characters, 1 to 10,000.
        max: u32,
    },
    /// A whole number that fits 64 bits.
    Integer,
    /// A decimal number of `precision` digits in all, `scale` of them after the point.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// Yes or no.
    Boolean,
    /// A day without a time.
    Date,
    /// A moment, kept in UTC.
    DateTime,
    /// One of the field's allowed values (`choices` in `Field`).
    Choice {
        /// The allowed values, in their order.
        choices: Vec<Choice>,
    },
    /// An e-mail address, normalised.
    Email,
    /// A telephone number.
    Phone,
    /// An http or https address.
    Url,
}

/// One allowed value of a choice field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// Shown to English readers.
    pub label_en: String,
    /// Shown to German readers.
    pub label_de: String,
}

impl Kind {
    /// The stable name used on the command line, in JSON and in the database.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Text { .. } => "text",
            Kind::Integer => "integer",
            Kind::Decimal { .. } => "decimal",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::DateTime => "datetime",
            Kind::Choice { .. } => "choice",
            Kind::Email => "email",
            Kind::Phone => "phone",
            Kind::Url => "url",
        }
    }

    /// The PostgreSQL type of the column. Chosen so that widening never rewrites the table:
    /// lengths and precisions are CHECK constraints, whole numbers are always bigint.
    pub fn column_type(&self) -> &'static str {
        match self {
            Kind::Integer => "bigint",
            Kind::Decimal { .. } => "numeric",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::DateTime => "timestamp with time zone",
            Kind::Text { .. } | Kind::Choice { .. } | Kind::Email | Kind::Phone | Kind::Url => {
                "text"
            }
        }
    }
}
