//! Values as a reader sees them: canonical text from the database in his language's manner.

use crate::tenant::fields::kind::Kind;
use crate::web::i18n::Texts;
use chrono::{DateTime, NaiveDate, Utc};

/// A value ready to show; empty where there is none.
pub fn show(t: &Texts, kind: &Kind, value: Option<&str>) -> String {
    let Some(value) = value else {
        return String::new();
    };
    match kind {
        Kind::Boolean => t.t(if matches!(value, "true" | "t") {
            "value-yes"
        } else {
            "value-no"
        }),
        Kind::Date => day(t, value).unwrap_or_else(|| value.to_owned()),
        Kind::DateTime => moment(value).map_or_else(|| value.to_owned(), |at| t.moment(&at)),
        Kind::Decimal { .. } if t.language() == "de" => value.replace('.', ","),
        Kind::Choice { choices } => choices
            .iter()
            .find(|choice| choice.value == value)
            .map_or(value, |choice| {
                if t.language() == "de" {
                    &choice.label_de
                } else {
                    &choice.label_en
                }
            })
            .to_owned(),
        _ => value.to_owned(),
    }
}

fn day(t: &Texts, value: &str) -> Option<String> {
    let day = NaiveDate::parse_from_str(value, "%Y-%m-%d").ok()?;
    let format = if t.language() == "de" {
        "%d.%m.%Y"
    } else {
        "%-d %b %Y"
    };
    Some(day.format(format).to_string())
}

/// A moment as PostgreSQL casts it to text, or as JSON has it.
pub fn moment(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(value, "%Y-%m-%d %H:%M:%S%.f%#z")
        .or_else(|_| DateTime::parse_from_rfc3339(value))
        .ok()
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_the_language() {
        let (de, en) = (Texts::new("de", "Europe/Berlin"), Texts::new("en", "UTC"));
        assert_eq!(show(&de, &Kind::Date, Some("2026-01-31")), "31.01.2026");
        assert_eq!(show(&en, &Kind::Date, Some("2026-01-31")), "31 Jan 2026");
        for text in [
            "2026-01-31 12:00:00.123+00",
            "2026-01-31 12:00:00+00",
            "2026-01-31T12:00:00.5+00:00",
        ] {
            assert_eq!(show(&de, &Kind::DateTime, Some(text)), "31.01.2026, 13:00");
        }
        let decimal = Kind::Decimal {
            precision: 5,
            scale: 2,
        };
        assert_eq!(show(&de, &decimal, Some("1.50")), "1,50");
        assert_eq!(show(&en, &Kind::Boolean, Some("true")), "yes");
        assert_eq!(show(&en, &Kind::Integer, None), "");
    }
}
