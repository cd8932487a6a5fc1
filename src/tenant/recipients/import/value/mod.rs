//! Reading a cell as a field's value, in the many ways that files write dates and numbers. The result is the
//! text that PostgreSQL takes for the column.

mod choice;
mod contact;
mod number;
mod time;

use choice::{boolean, choice};
use contact::{phone, web_address};
use number::{decimal, integer};
use time::moment;

pub use contact::email;
pub use time::{date, has_short_year, short_years};

use crate::tenant::fields::kind::Kind;
use crate::web::csv::as_written;
use serde::{Deserialize, Serialize};

/// How dates and numbers are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Formats {
    /// Whether `03/04/2026` is the 4th of March; else the 3rd of April. Dates with dots are always day
    /// first, dates that begin with four digits always year first.
    pub month_first: bool,
    /// Whether `1.234,5` is one thousand and some; else `1,234.5` is.
    pub decimal_comma: bool,
    /// Zone of moments without an offset; empty for UTC.
    pub zone: String,
}

/// What is wrong with a value: the last part of a message's key `value-…`.
pub type Fault = &'static str;

/// Reads a cell; none for an empty one.
///
/// # Errors
/// What is wrong with it.
pub fn parse(kind: &Kind, text: &str, formats: &Formats) -> Result<Option<String>, Fault> {
    let text = as_written(text.trim()).trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err("control-character");
    }
    match kind {
        Kind::Text { max } if text.chars().count() > *max as usize => Err("too-long"),
        Kind::Text { .. } => Ok(text.to_owned()),
        Kind::Integer => integer(text, formats),
        Kind::Decimal { precision, scale } => decimal(text, *precision, *scale, formats),
        Kind::Boolean => boolean(text),
        Kind::Date => date(text, formats).map(|date| date.to_string()),
        Kind::DateTime => moment(text, formats),
        Kind::Choice { choices } => choice(choices, text),
        Kind::Email => email(text),
        Kind::Phone => phone(text),
        Kind::Url => web_address(text),
    }
    .map(Some)
}

#[cfg(test)]
mod tests;
