//! Texts in the reader's language: Fluent catalogues in `locales/`, dates and numbers in his manner.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use std::borrow::Cow;
use std::collections::HashMap;
use unic_langid::{LanguageIdentifier, langid};

static_loader! {
    static CATALOGUES = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ENGLISH: LanguageIdentifier = langid!("en");
static GERMAN: LanguageIdentifier = langid!("de");

/// The catalogue and manner of one reader.
#[derive(Clone, Debug)]
pub struct Texts {
    german: bool,
    zone: Tz,
}

impl Texts {
    /// For a language (`de`, else English) and a time zone (IANA name, else UTC).
    pub fn new(language: &str, zone: &str) -> Self {
        Self {
            german: language == "de",
            zone: zone.parse().unwrap_or(Tz::UTC),
        }
    }

    /// `en` or `de`.
    pub fn language(&self) -> &'static str {
        if self.german { "de" } else { "en" }
    }

    fn id(&self) -> &'static LanguageIdentifier {
        if self.german { &GERMAN } else { &ENGLISH }
    }

    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        CATALOGUES.lookup(self.id(), key)
    }

    /// The text of a key with one value put in.
    pub fn with(&self, key: &str, name: &'static str, value: &str) -> String {
        self.with_all(key, &[(name, value.to_owned())])
    }

    /// The text of a key for a number: plurals follow it, and it is written in the reader's manner.
    pub fn count(&self, key: &str, n: &i64) -> String {
        let arguments = HashMap::from([
            (Cow::from("n"), FluentValue::from(*n)),
            (Cow::from("shown"), FluentValue::from(self.number(n))),
        ]);
        CATALOGUES.lookup_with_args(self.id(), key, &arguments)
    }

    /// The text of a key with values put in.
    pub fn with_all<N: AsRef<str>>(&self, key: &str, params: &[(N, String)]) -> String {
        let arguments: HashMap<Cow<'static, str>, FluentValue<'_>> = params
            .iter()
            .map(|(name, value)| {
                let value = match value.parse::<i64>() {
                    Ok(number) => FluentValue::from(number),
                    Err(_) => FluentValue::from(value.as_str()),
                };
                (Cow::Owned(name.as_ref().to_owned()), value)
            })
            .collect();
        CATALOGUES.lookup_with_args(self.id(), key, &arguments)
    }

    /// `1.234.567` or `1,234,567`.
    pub fn number(&self, n: &i64) -> String {
        let digits = n.unsigned_abs().to_string();
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(if self.german { '.' } else { ',' });
            }
            out.push(digit);
        }
        if *n < 0 { format!("-{out}") } else { out }
    }

    /// A size in megabytes (millions of bytes), with one digit behind the point below ten.
    pub fn megabytes(&self, bytes: i64) -> String {
        let tenths = bytes / 100_000;
        let point = if self.german { ',' } else { '.' };
        match tenths {
            0..100 => format!("{}{point}{} MB", tenths / 10, tenths % 10),
            _ => format!("{} MB", self.number(&(tenths / 10))),
        }
    }

    /// Day and time in the reader's zone as files have it: `2026-01-31 14:05`.
    pub fn sortable(&self, at: &DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone);
        local.format("%Y-%m-%d %H:%M").to_string()
    }

    /// Day and time in the reader's zone: `31.01.2026, 14:05` or `31 Jan 2026, 14:05`.
    pub fn moment(&self, at: &DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone);
        let format = if self.german {
            "%d.%m.%Y, %H:%M"
        } else {
            "%-d %b %Y, %H:%M"
        };
        local.format(format).to_string()
    }
}

/// The English text of an error, for the command line and the log.
pub fn english(key: &str, params: &[(&'static str, String)]) -> String {
    Texts::new("en", "UTC").with_all(key, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_moments_follow_the_language() {
        let (de, en) = (Texts::new("de", "Europe/Berlin"), Texts::new("en", "UTC"));
        assert_eq!(de.number(&1_234_567), "1.234.567");
        assert_eq!(en.number(&-1_234), "-1,234");
        assert_eq!(en.number(&12), "12");
        assert_eq!(de.megabytes(1_234_567), "1,2 MB");
        assert_eq!(en.megabytes(1_234_567_890), "1,234 MB");
        let at = DateTime::from_timestamp(1_769_860_800, 0).unwrap();
        assert_eq!(de.moment(&at), "31.01.2026, 13:00");
        assert_eq!(en.moment(&at), "31 Jan 2026, 12:00");
    }
}
