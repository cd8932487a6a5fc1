//! Messages that the next page shows once. They travel in a cookie as a Fluent key and its values, never as
//! text: whoever forges one can make the page say nothing but the program's own sentences. The act that
//! takes the last one back travels along under a seal of the session, so that nobody can put another form
//! into a page.

use super::i18n::Texts;
use super::page::Flash;
use crate::access::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The cookie's name.
pub const COOKIE: &str = "flash";

/// A message on its way to the next page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    kind: String,
    key: String,
    params: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undo: Option<Undo>,
}

/// The act that takes the last one back: where its form is sent, and what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Undo {
    /// Where.
    pub action: String,
    /// What.
    pub fields: Vec<(String, String)>,
    seal: String,
}

impl Undo {
    /// An act of the user whose request this is; in another session it is not offered.
    pub fn new(context: &Context, action: String, fields: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let fields: Vec<_> = fields.iter().map(owned).collect();
        let seal = seal(&context.csrf, &action, &fields).finalize();
        Self {
            seal: BASE64_URL_SAFE_NO_PAD.encode(seal.into_bytes()),
            action,
            fields,
        }
    }

    fn is_of(&self, csrf: &str) -> bool {
        let sent = BASE64_URL_SAFE_NO_PAD.decode(&self.seal);
        let seal = seal(csrf, &self.action, &self.fields);
        !csrf.is_empty() && sent.is_ok_and(|sent| seal.verify_slice(&sent).is_ok())
    }
}

fn seal(csrf: &str, action: &str, fields: &[(String, String)]) -> Hmac<Sha256> {
    #[expect(clippy::unwrap_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(csrf.as_bytes()).unwrap();
    mac.update(&serde_json::to_vec(&("undo", action, fields)).unwrap_or_default());
    mac
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
            undo: None,
        }
    }

    /// The same, with the act that takes it back.
    #[must_use]
    pub fn undoable(mut self, undo: Undo) -> Self {
        self.undo = Some(undo);
        self
    }

    /// The cookie's value.
    pub fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cookie's value; none where it is no message. An undo that this session did not seal is left
    /// out.
    pub fn decode(text: &str, csrf: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut message: Self = serde_json::from_slice(&bytes).ok()?;
        message.undo = message.undo.filter(|undo| undo.is_of(csrf));
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
        Some(Flash {
            kind,
            text,
            undo: self.undo.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_is_offered_only_in_the_session_that_sealed_it() {
        let context = Context {
            csrf: "abc".into(),
            ..Context::default()
        };
        let undo = Undo::new(&context, "/t/nord/x".into(), &[("state", "active")]);
        let message = |undo: Undo| Message::new("success", "said-saved", &[]).undoable(undo);
        let offered = |message: Message, csrf| {
            let read = Message::decode(&message.encode(), csrf).unwrap();
            read.undo.is_some()
        };
        assert!(offered(message(undo.clone()), "abc"));
        assert!(!offered(message(undo.clone()), "abd"));
        assert!(!offered(message(undo.clone()), ""));
        let elsewhere = Undo {
            action: "/t/nord/y".into(),
            ..undo.clone()
        };
        assert!(!offered(message(elsewhere), "abc"));
        let other = Undo {
            fields: vec![("state".into(), "inactive".into())],
            ..undo
        };
        assert!(!offered(message(other), "abc"));
    }
}
