//! Slugs: a tenant's name in URLs.

use crate::error::{AppError, Result};
use std::collections::BTreeSet;

/// A checked slug: `[a-z][a-z0-9-]{0,39}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// Checks a slug; `sections` are the words that mean something below a tenant's URL, which no
    /// tenant may be called.
    ///
    /// # Errors
    /// `Invalid` with the message's key.
    pub fn parse(text: &str, sections: &BTreeSet<String>) -> Result<Self> {
        let text = text.trim();
        let rest_fits = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if text.is_empty()
            || text.len() > 40
            || !rest_fits
            || !text.starts_with(|c: char| c.is_ascii_lowercase())
        {
            return Err(AppError::invalid("slug-invalid"));
        }
        if sections.contains(text) || text == "new" {
            return Err(AppError::Invalid {
                key: "slug-reserved",
                params: vec![("slug", text.to_owned())],
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slug_may_be() {
        let sections = ["recipients".to_owned()].into();
        let parse = |text: &str| Slug::parse(text, &sections).is_ok();
        for good in ["nord", "a", "select", "x-1", &"a".repeat(40)] {
            assert!(parse(good), "{good}");
        }
        for bad in [
            "",
            "1a",
            "-a",
            "Nord",
            "süd",
            "a b",
            "a/b",
            "recipients",
            "new",
            &"a".repeat(41),
            "a'--",
        ] {
            assert!(!parse(bad), "{bad}");
        }
    }
}
