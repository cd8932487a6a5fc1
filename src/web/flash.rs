//! Messages that the next page shows once. They travel in a cookie as a Fluent key and its values, never as
//! text: whoever forges one can make the page say nothing but the program's own sentences.

use super::i18n::Texts;
use super::page::Flash;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The cookie's name.
pub const COOKIE: &str = "flash";

/// A message on its way to the next page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    kind: String,
    key: String,
    params: Vec<(String, String)>,
}

impl Message {
    /// A message of a kind (`success`, `warning`, `danger`).
    pub fn new(kind: &str, key: &str, params: &[(&str, String)]) -> Self {
        Self {
            kind: kind.to_owned(),
            key: key.to_owned(),
            params: params
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        }
    }

    /// The cookie's value.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cookie's value; none where it is no message.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let message: Self = serde_json::from_slice(&bytes).ok()?;
        message.key.starts_with("said-").then_some(message)
    }

    /// As a page shows it.
    pub fn show(&self, language: &str) -> Option<Flash> {
        let kind = match self.kind.as_str() {
            "success" => "success",
            "warning" => "warning",
            _ => "danger",
        };
        let text = Texts::new(language, "UTC").with_all(&self.key, &self.params);
        Some(Flash { kind, text })
    }
}
