//! One value of a field as canonical text: what defaults are kept as, and what the database casts to the
//! column's type. Not the guessing of an import, which knows more ways to write a date.

use super::kind::Kind;
use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Most bytes of an http address, so that it still fits an index.
pub const URL_MAX: usize = 2000;
/// Most bytes of an e-mail address.
pub const EMAIL_MAX: usize = 254;
/// Most characters of a telephone number.
pub const PHONE_MAX: usize = 50;

impl Kind {
    /// Reads one value; `None` where it does not fit. Text must not be empty: emptiness is no value.
    pub fn canonical(&self, text: &str) -> Option<String> {
        let text = text.trim();
        if text.is_empty() || text.chars().any(is_forbidden) {
            return None;
        }
        match self {
            Kind::Text { max } => fits(text, *max as usize),
            Kind::Integer => text.parse::<i64>().ok().map(|number| number.to_string()),
            Kind::Decimal { precision, scale } => decimal(text, *precision, *scale),
            Kind::Boolean => boolean(text),
            Kind::Date => day(text).map(|day| day.format("%Y-%m-%d").to_string()),
            Kind::DateTime => moment(text),
            Kind::Choice { choices } => choices
                .iter()
                .find(|choice| choice.value == text)
                .map(|choice| choice.value.clone()),
            Kind::Email => address(text),
            Kind::Phone => phone(text),
            Kind::Url => web_address(text),
        }
    }
}

/// NUL cannot be stored; other control characters but line ends and tabs are never meant.
fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// Lower case, an international domain as punycode.
pub fn address(text: &str) -> Option<String> {
    use validator::ValidateEmail;
    let lower = text.trim().to_lowercase();
    let (local, domain) = lower.rsplit_once('@')?;
    let domain = idna::domain_to_ascii(domain).ok()?;
    let address = format!("{local}@{domain}");
    (address.len() <= EMAIL_MAX && domain.contains('.') && address.validate_email())
        .then_some(address)
}

fn fits(text: &str, max: usize) -> Option<String> {
    (text.chars().count() <= max).then(|| text.to_owned())
}

fn boolean(text: &str) -> Option<String> {
    let yes = match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "on" => true,
        "false" | "no" | "0" | "off" => false,
        _ => return None,
    };
    Some(yes.to_string())
}

fn decimal(text: &str, precision: u8, scale: u8) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() == 0 {
        return None;
    }
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    if whole.len() > usize::from(precision - scale) || fraction.len() > usize::from(scale) {
        return None;
    }
    let sign = if text.starts_with('-') && !(whole.is_empty() && fraction.is_empty()) {
        "-"
    } else {
        ""
    };
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    })
}

/// `YYYY-MM-DD`, years 1 to 9999.
fn day(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (text.len() == 10 && digits == 8 && !text.starts_with("0000")).then_some(day)
}

/// `YYYY-MM-DDTHH:MM`, perhaps with seconds and an offset; UTC without one.
fn moment(text: &str) -> Option<String> {
    day(text.get(..10)?)?;
    let text = text.replacen(' ', "T", 1);
    let plain = text.strip_suffix(['Z', 'z']).unwrap_or(&text);
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(plain, format).ok())
        .map(|at| at.and_utc());
    let at = naive.or_else(|| {
        DateTime::parse_from_rfc3339(&text)
            .ok()
            .map(|at| at.to_utc())
    })?;
    Some(at.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string())
}

fn phone(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_digit() || " +-/().".contains(c);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (digits >= 3 && text.chars().all(allowed))
        .then(|| fits(text, PHONE_MAX))
        .flatten()
}

fn web_address(text: &str) -> Option<String> {
    let parsed = url::Url::parse(text).ok()?;
    let good = matches!(parsed.scheme(), "http" | "https") && parsed.has_host();
    (good && text.len() <= URL_MAX && !text.chars().any(char::is_whitespace))
        .then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_canonical_or_nothing() {
        let decimal = Kind::Decimal {
            precision: 5,
            scale: 2,
        };
        let text = Kind::Text { max: 3 };
        for (kind, typed, expected) in [
            (&Kind::Integer, " 007 ", Some("7")),
            (&Kind::Integer, "9223372036854775808", None),
            (&Kind::Integer, "1.5", None),
            (&decimal, "-001.50", Some("-1.5")),
            (&decimal, "999.99", Some("999.99")),
            (&decimal, "1000", None),
            (&decimal, "1.001", None),
            (&decimal, "-0.00", Some("0")),
            (&decimal, ".", None),
            (&decimal, "NaN", None),
            (&Kind::Boolean, "Yes", Some("true")),
            (&Kind::Boolean, "maybe", None),
            (&Kind::Date, "2026-02-29", None),
            (&Kind::Date, "2028-02-29", Some("2028-02-29")),
            (&Kind::Date, "0000-01-01", None),
            (&Kind::Date, "2026-1-1", None),
            (&Kind::DateTime, "2026-01-31T10:00+02:00", None),
            (
                &Kind::DateTime,
                "2026-01-31T10:00:00+02:00",
                Some("2026-01-31T08:00:00Z"),
            ),
            (
                &Kind::DateTime,
                "2026-01-31 10:00",
                Some("2026-01-31T10:00:00Z"),
            ),
            (&Kind::Phone, "+49 (0)30 / 12-34", Some("+49 (0)30 / 12-34")),
            (&Kind::Phone, "call me", None),
            (
                &Kind::Url,
                "https://example.org/a",
                Some("https://example.org/a"),
            ),
            (&Kind::Url, "javascript:alert(1)", None),
            (&Kind::Email, "Anna@Example.ORG", Some("anna@example.org")),
            (&Kind::Email, "anna", None),
            (&Kind::Email, "a@müller.de", Some("a@xn--mller-kva.de")),
            (&text, "äöü", Some("äöü")),
            (&text, "äöüß", None),
            (&text, "a\0", None),
            (&text, "", None),
        ] {
            assert_eq!(kind.canonical(typed).as_deref(), expected, "{typed:?}");
        }
    }
}
