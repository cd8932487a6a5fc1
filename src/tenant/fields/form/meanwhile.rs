//! What somebody else made of a field while its form was open: told at each input that differs.

use super::FieldForm;
use crate::web::form::{Errors, error_at};
use crate::web::i18n::Texts;

impl FieldForm {
    /// For each input in which this differs from what is there now: that.
    pub(in super::super) fn differences(&self, t: &Texts, now: &Self) -> Errors {
        let mode = if now.mode.is_empty() {
            String::new()
        } else {
            t.t(&format!("fields-mode-{}", now.mode))
        };
        let texts = [
            ("key", &self.key, &now.key, &now.key),
            ("label_en", &self.label_en, &now.label_en, &now.label_en),
            ("label_de", &self.label_de, &now.label_de, &now.label_de),
            ("help_en", &self.help_en, &now.help_en, &now.help_en),
            ("help_de", &self.help_de, &now.help_de, &now.help_de),
            ("group", &self.group, &now.group, &now.group),
            ("position", &self.position, &now.position, &now.position),
            ("default", &self.default, &now.default, &now.default),
            ("max", &self.max, &now.max, &now.max),
            ("precision", &self.precision, &now.precision, &now.precision),
            ("scale", &self.scale, &now.scale, &now.scale),
            ("choices", &self.choices, &now.choices, &now.choices),
            ("mode", &self.mode, &now.mode, &mode),
        ];
        let flags = [
            ("required", &self.required, &now.required),
            ("unique", &self.unique, &now.unique),
            ("indexed", &self.indexed, &now.indexed),
            ("historised", &self.historised, &now.historised),
        ];
        let mut errors = Errors::new();
        for (input, typed, now, shown) in texts {
            if lines(typed) != lines(now) {
                let shown = if shown.is_empty() { "–" } else { shown };
                let value = [("value", shown.to_owned())];
                errors.extend(error_at(input, "fields-now-reads", &value));
            }
        }
        for (input, typed, now) in flags {
            if typed.is_empty() != now.is_empty() {
                let key = if now.is_empty() {
                    "fields-now-off"
                } else {
                    "fields-now-on"
                };
                errors.extend(error_at(input, key, &[]));
            }
        }
        errors
    }
}

/// Browsers send lines with other ends than they were given.
fn lines(text: &str) -> Vec<&str> {
    text.trim().lines().collect()
}
