//! Values as a person types them in a form, and back: moments in his time zone, numbers with a decimal comma or
//! grouped, days with points, choices by their labels.

use super::show;
use crate::tenant::fields::kind::{Choice, Kind};
use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

const LOCAL: &str = "%Y-%m-%dT%H:%M";

/// What stands in the input for a value in canonical text.
pub fn typed(kind: &Kind, value: Option<&str>, zone: Tz) -> String {
    match (kind, value) {
        (_, None) => String::new(),
        (Kind::Boolean, Some(value)) => matches!(value, "true" | "t").to_string(),
        (Kind::DateTime, Some(value)) => show::moment(value).map_or_else(
            || value.to_owned(),
            |at| at.with_timezone(&zone).format(LOCAL).to_string(),
        ),
        (_, Some(value)) => value.to_owned(),
    }
}

/// Canonical text for what was typed; the inner none means empty, the outer that it does not fit.
pub fn canonical(kind: &Kind, text: &str, zone: Tz) -> Option<Option<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    let spelled = match kind {
        Kind::Decimal { .. } => decimal(text),
        Kind::Integer => ungrouped(text).unwrap_or_else(|| text.to_owned()),
        Kind::Date => day(text).unwrap_or_else(|| text.to_owned()),
        Kind::Boolean => match text.to_lowercase().as_str() {
            "ja" | "wahr" => "true".to_owned(),
            "nein" | "falsch" => "false".to_owned(),
            _ => text.to_owned(),
        },
        Kind::Choice { choices } => by_label(choices, text).unwrap_or_else(|| text.to_owned()),
        Kind::DateTime => {
            let local = NaiveDateTime::parse_from_str(text, LOCAL).ok()?;
            // An hour that a clock change repeats is its first; one that it skips does not fit.
            let at = zone.from_local_datetime(&local).earliest()?;
            at.with_timezone(&Utc)
                .format("%Y-%m-%dT%H:%M:%SZ")
                .to_string()
        }
        _ => text.to_owned(),
    };
    kind.canonical(&spelled).map(Some)
}

/// With a point before the fraction: of two different signs the last one is that, a comma alone as well.
fn decimal(text: &str) -> String {
    let (comma, point) = (text.rfind(','), text.rfind('.'));
    match (comma, point) {
        (Some(comma), Some(point)) => {
            let (whole, fraction) = text.split_at(comma.max(point));
            let whole = ungrouped(whole).unwrap_or_else(|| whole.to_owned());
            format!("{whole}.{}", &fraction[1..])
        }
        _ => text.replace(',', "."),
    }
}

/// A whole number without the signs between its thousands; none where they stand elsewhere.
fn ungrouped(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = unsigned.find(['.', ',', '\u{a0}', '\u{202f}', ' ', '\'', '’'])?;
    let sign = unsigned[sign..].chars().next()?;
    let mut parts = unsigned.split(sign);
    let first = parts.next()?;
    let good = (1..=3).contains(&first.len()) && parts.all(|part| part.len() == 3);
    good.then(|| text.replace(sign, ""))
}

/// `31.12.1990` as a day.
fn day(text: &str) -> Option<String> {
    let day = chrono::NaiveDate::parse_from_str(text, "%d.%m.%Y").ok()?;
    let whole_year = text.rsplit('.').next().is_some_and(|year| year.len() == 4);
    whole_year.then(|| day.format("%Y-%m-%d").to_string())
}

/// The value whose label, in either language, is what was typed; a value itself comes first.
fn by_label(choices: &[Choice], text: &str) -> Option<String> {
    let wanted = text.to_lowercase();
    let is = |label: &String| label.to_lowercase() == wanted;
    let by_value = choices.iter().find(|choice| choice.value == text);
    let found = by_value.or_else(|| {
        let mut all = choices.iter();
        all.find(|choice| is(&choice.label_de) || is(&choice.label_en) || is(&choice.value))
    });
    found.map(|choice| choice.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_days_and_choices_are_typed_as_people_write_them() {
        let read = |kind: &Kind, text: &str| canonical(kind, text, Tz::UTC).flatten();
        let price = Kind::Decimal {
            precision: 10,
            scale: 2,
        };
        for (typed, meant) in [
            ("1.234,5", "1234.5"),
            ("1,234.5", "1234.5"),
            ("-1.000.000,25", "-1000000.25"),
            ("12,5", "12.5"),
            ("12.5", "12.5"),
        ] {
            assert_eq!(read(&price, typed).as_deref(), Some(meant), "{typed}");
        }
        for bad in ["1.23,4,5", "12.34,5", "1,2,3.4", "1.000.50"] {
            assert_eq!(read(&price, bad), None, "{bad}");
        }
        assert_eq!(
            read(&Kind::Integer, "1.234.567").as_deref(),
            Some("1234567")
        );
        assert_eq!(read(&Kind::Integer, "-1'234").as_deref(), Some("-1234"));
        assert_eq!(read(&Kind::Integer, "1.23"), None);
        assert_eq!(read(&Kind::Date, "1.2.1990").as_deref(), Some("1990-02-01"));
        assert_eq!(read(&Kind::Date, "31.02.1990"), None);
        assert_eq!(read(&Kind::Date, "01.02.90"), None);
        assert_eq!(read(&Kind::Boolean, "Ja").as_deref(), Some("true"));
        let choice = |value: &str, en: &str, de: &str| Choice {
            value: value.into(),
            label_en: en.into(),
            label_de: de.into(),
        };
        let choices = vec![
            choice("s", "Silver", "Silber"),
            choice("silber", "Other", "Andere"),
        ];
        let status = Kind::Choice { choices };
        assert_eq!(read(&status, "SILVER").as_deref(), Some("s"));
        assert_eq!(
            read(&status, "silber").as_deref(),
            Some("silber"),
            "the value comes first"
        );
        assert_eq!(read(&status, "Gold"), None);
    }

    #[test]
    fn moments_are_typed_in_the_readers_zone() {
        let zone = chrono_tz::Europe::Berlin;
        let at = "2026-07-01 10:30:00+00";
        assert_eq!(typed(&Kind::DateTime, Some(at), zone), "2026-07-01T12:30");
        let back = canonical(&Kind::DateTime, "2026-07-01T12:30", zone);
        assert!(
            back.flatten()
                .is_some_and(|at| at.starts_with("2026-07-01T10:30:00"))
        );
        assert_eq!(canonical(&Kind::DateTime, "2026-03-29T02:30", zone), None);
        assert_eq!(canonical(&Kind::Integer, " ", zone), Some(None));
        assert_eq!(canonical(&Kind::Integer, "x", zone), None);
    }
}
