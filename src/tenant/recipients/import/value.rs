//! Reading a cell as a field's value, in the many ways that files write dates and numbers. The result is the
//! text that PostgreSQL takes for the column.

use crate::tenant::fields::kind::{Choice, Kind};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
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
    let text = text.trim();
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

/// An e-mail address: trimmed, lower case, an international domain as punycode.
///
/// # Errors
/// `email` where it is none.
pub fn email(text: &str) -> Result<String, Fault> {
    use validator::ValidateEmail;
    let lower = text.trim().to_lowercase();
    let (local, domain) = lower.rsplit_once('@').ok_or("email")?;
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        idna::domain_to_ascii(domain).map_err(|_| "email")?
    };
    let dots_fit = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    let address = format!("{local}@{domain}");
    let good = dots_fit
        && domain.contains('.')
        && local.len() <= 64
        && address.len() <= 254
        && address.validate_email();
    if good { Ok(address) } else { Err("email") }
}

/// Digits with an optional sign and thousands separators.
fn integer(text: &str, formats: &Formats) -> Result<String, Fault> {
    let plain = number(text, formats).ok_or("integer")?;
    let whole = match plain.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|b| b == b'0') => whole,
        Some(_) => return Err("integer"),
        None => &plain,
    };
    whole
        .parse::<i64>()
        .map(|n| n.to_string())
        .map_err(|_| "integer")
}

fn decimal(text: &str, precision: u8, scale: u8, formats: &Formats) -> Result<String, Fault> {
    let plain = number(text, formats).ok_or("decimal")?;
    let (sign, unsigned) = plain
        .strip_prefix('-')
        .map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, rest) = (whole.trim_start_matches('0'), rest.trim_end_matches('0'));
    if rest.len() > usize::from(scale) {
        return Err("too-precise");
    }
    if whole.len() > usize::from(precision.saturating_sub(scale)) {
        return Err("too-large");
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(if rest.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest}")
    })
}

/// A number as digits with a point; none where it is none.
fn number(text: &str, formats: &Formats) -> Option<String> {
    let (thousands, point) = if formats.decimal_comma {
        ('.', ',')
    } else {
        (',', '.')
    };
    let text: String = text
        .chars()
        .filter(|c| !matches!(c, '€' | '$' | '£' | '%'))
        .collect();
    let text = text.trim();
    let (sign, unsigned) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, rest) = unsigned.split_once(point).unwrap_or((unsigned, ""));
    let groups: Vec<&str> = whole
        .split([thousands, ' ', '\u{a0}', '\u{202f}', '\'', '’'])
        .collect();
    let grouped = groups.len() == 1
        || groups.iter().skip(1).all(|group| group.len() == 3) && !groups[0].is_empty();
    let digits = groups.concat();
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if !grouped || digits.len() + rest.len() == 0 || !is_digits(&digits) || !is_digits(rest) {
        return None;
    }
    let digits = if digits.is_empty() { "0" } else { &digits };
    Some(if rest.is_empty() {
        format!("{sign}{digits}")
    } else {
        format!("{sign}{digits}.{rest}")
    })
}

fn boolean(text: &str) -> Result<String, Fault> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" | "ja" | "j" | "wahr" | "w" | "x" => {
            Ok("true".into())
        }
        "0" | "false" | "f" | "no" | "n" | "off" | "nein" | "falsch" | "-" => Ok("false".into()),
        _ => Err("boolean"),
    }
}

/// A day; impossible ones (00.00.0000, 31.02.) are refused.
///
/// # Errors
/// `date` where it is none.
pub fn date(text: &str, formats: &Formats) -> Result<NaiveDate, Fault> {
    let parts: Vec<&str> = text.split(['.', '/', '-']).map(str::trim).collect();
    let [first, second, third] = parts.as_slice() else {
        return Err("date");
    };
    let fits = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit())
    };
    let (year, month, day) = if first.len() == 4 {
        (first, second, third)
    } else if text.contains('.') || !formats.month_first {
        (third, second, first)
    } else {
        (third, first, second)
    };
    if year.len() != 4 || !fits(year, 4) || !fits(month, 2) || !fits(day, 2) {
        return Err("date");
    }
    let number = |part: &str| part.parse::<u32>().map_err(|_| "date");
    let year = i32::try_from(number(year)?).map_err(|_| "date")?;
    if year < 1 {
        return Err("date");
    }
    NaiveDate::from_ymd_opt(year, number(month)?, number(day)?).ok_or("date")
}

fn moment(text: &str, formats: &Formats) -> Result<String, Fault> {
    if let Ok(at) = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Ok(at
            .with_timezone(&Utc)
            .format("%Y-%m-%dT%H:%M:%S%.fZ")
            .to_string());
    }
    let (day, time) = text.split_once([' ', 'T', ',']).unwrap_or((text, "00:00"));
    let day = date(day.trim(), formats).map_err(|_| "datetime")?;
    let time = time.trim().trim_end_matches(" Uhr");
    let time = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|format| chrono::NaiveTime::parse_from_str(time, format).ok())
        .ok_or("datetime")?;
    let zone: Tz = formats.zone.parse().unwrap_or(Tz::UTC);
    let at = zone
        .from_local_datetime(&NaiveDateTime::new(day, time))
        .earliest()
        .ok_or("datetime")?;
    Ok(at
        .with_timezone(&Utc)
        .format("%Y-%m-%dT%H:%M:%S%.fZ")
        .to_string())
}

/// A choice by its value or one of its labels; salutations and the numbers of other programs for the gender.
fn choice(choices: &[Choice], text: &str) -> Result<String, Fault> {
    let wanted = text.to_lowercase();
    let by_name = choices.iter().find(|choice| {
        [&choice.value, &choice.label_en, &choice.label_de]
            .iter()
            .any(|name| name.to_lowercase() == wanted)
    });
    let is_gender = ["female", "male", "unknown"]
        .iter()
        .all(|value| choices.iter().any(|c| c.value == *value));
    match by_name {
        Some(choice) => Ok(choice.value.clone()),
        None if is_gender => gender(&wanted).map(str::to_owned).ok_or("choice"),
        None => Err("choice"),
    }
}

fn gender(text: &str) -> Option<&'static str> {
    Some(match text.trim_end_matches('.') {
        "0" | "m" | "herr" | "mr" | "mann" | "monsieur" => "male",
        "1" | "f" | "w" | "frau" | "ms" | "mrs" | "miss" | "madame" => "female",
        "2" | "u" | "?" => "unknown",
        "d" | "x" | "mx" | "divers" => "diverse",
        _ => return None,
    })
}

fn phone(text: &str) -> Result<String, Fault> {
    if !text
        .chars()
        .all(|c| c.is_ascii_digit() || " +-/().".contains(c))
    {
        return Err("phone");
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plus = if text.trim_start().starts_with('+') {
        "+"
    } else {
        ""
    };
    if (5..=15).contains(&digits.len()) {
        Ok(format!("{plus}{digits}"))
    } else {
        Err("phone")
    }
}

fn web_address(text: &str) -> Result<String, Fault> {
    let url = url::Url::parse(text).map_err(|_| "url")?;
    let good =
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().len() <= 2000;
    if good {
        Ok(url.to_string())
    } else {
        Err("url")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(kind: &Kind, text: &str, comma: bool) -> Result<Option<String>, Fault> {
        let formats = Formats {
            decimal_comma: comma,
            ..Formats::default()
        };
        parse(kind, text, &formats)
    }

    #[test]
    fn numbers_as_people_write_them() {
        let money = Kind::Decimal {
            precision: 10,
            scale: 2,
        };
        for (text, comma, value) in [
            ("3.874,04", true, "3874.04"),
            ("995,63", true, "995.63"),
            ("1.234.567,5", true, "1234567.5"),
            ("3,874.04", false, "3874.04"),
            ("-0.50", false, "-0.5"),
            ("12", true, "12"),
            ("1'000.5", false, "1000.5"),
            ("€ 12,50", true, "12.5"),
        ] {
            assert_eq!(read(&money, text, comma), Ok(Some(value.into())), "{text}");
        }
        for (text, comma) in [
            ("k.A.", true),
            ("1.23.456", true),
            ("1,2,3", true),
            ("", true),
            ("--1", true),
            ("1e5", false),
        ] {
            assert!(!matches!(read(&money, text, comma), Ok(Some(_))), "{text}");
        }
        assert_eq!(read(&money, "1.005", false), Err("too-precise"));
        assert_eq!(read(&money, "123456789", false), Err("too-large"));
        assert_eq!(
            read(&Kind::Integer, "9223372036854775808", false),
            Err("integer")
        );
        assert_eq!(read(&Kind::Integer, "12.0", false), Ok(Some("12".into())));
    }

    #[test]
    fn dates_that_exist() {
        let formats = Formats::default();
        for (text, value) in [
            ("11.09.1992", "1992-09-11"),
            ("1992-09-11", "1992-09-11"),
            ("11/9/1992", "1992-09-11"),
            ("29.02.2024", "2024-02-29"),
        ] {
            assert_eq!(
                date(text, &formats).map(|d| d.to_string()),
                Ok(value.into()),
                "{text}"
            );
        }
        for text in [
            "00.00.0000",
            "31.02.2020",
            "29.02.2023",
            "1.1.92",
            "09/11",
            "heute",
            "2020-13-01",
            "11.09.1992 x",
        ] {
            assert!(date(text, &formats).is_err(), "{text}");
        }
        let american = Formats {
            month_first: true,
            ..Formats::default()
        };
        assert_eq!(
            date("09/11/1992", &american).unwrap().to_string(),
            "1992-09-11"
        );
        assert_eq!(
            date("11.09.1992", &american).unwrap().to_string(),
            "1992-09-11"
        );
    }

    #[test]
    fn addresses() {
        assert_eq!(
            email(" Anna@Exämple.DE "),
            Ok("anna@xn--exmple-cua.de".into())
        );
        for bad in [
            "", "a", "a@", "@b.de", "a@b", "a b@c.de", "a@b..de", ".a@b.de", "a@b@c.de", "a@-b.de",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments_in_their_zone() {
        let formats = Formats {
            zone: "Europe/Berlin".into(),
            ..Formats::default()
        };
        let read = |text| parse(&Kind::DateTime, text, &formats);
        assert_eq!(
            read("31.01.2026 14:05"),
            Ok(Some("2026-01-31T13:05:00Z".into()))
        );
        assert_eq!(
            read("2023-01-31T01:00:00Z"),
            Ok(Some("2023-01-31T01:00:00Z".into()))
        );
        assert_eq!(
            read("2023-01-31 01:00:00"),
            Ok(Some("2023-01-31T00:00:00Z".into()))
        );
        assert!(read("31.01.2026 25:00").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_harm(text in "\\PC{0,40}", comma: bool) {
            for kind in [Kind::Integer, Kind::Date, Kind::DateTime, Kind::Boolean, Kind::Email, Kind::Phone, Kind::Url,
                Kind::Decimal { precision: 12, scale: 2 }, Kind::Text { max: 10 }] {
                let _ = read(&kind, &text, comma);
            }
        }
    }
}
