//! Values as a person types them in a form, and back: moments in his time zone, a decimal comma as a point.

use super::show;
use crate::tenant::fields::kind::Kind;
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
        Kind::Decimal { .. } => text.replace(',', "."),
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

#[cfg(test)]
mod tests {
    use super::*;

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
