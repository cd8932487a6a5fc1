//! Yes and no, and one of several values.

use super::Fault;
use crate::tenant::fields::kind::Choice;

pub(super) fn boolean(text: &str) -> Result<String, Fault> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" | "ja" | "j" | "wahr" | "w" | "x" => {
            Ok("true".into())
        }
        "0" | "false" | "f" | "no" | "n" | "off" | "nein" | "falsch" | "-" => Ok("false".into()),
        _ => Err("boolean"),
    }
}

/// A choice by its value or one of its labels; salutations and the numbers of other programs for the gender.
pub(super) fn choice(choices: &[Choice], text: &str) -> Result<String, Fault> {
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

pub(super) fn gender(text: &str) -> Option<&'static str> {
    Some(match text.trim_end_matches('.') {
        "0" | "m" | "herr" | "mr" | "mann" | "monsieur" => "male",
        "1" | "f" | "w" | "frau" | "ms" | "mrs" | "miss" | "madame" => "female",
        "2" | "u" | "?" => "unknown",
        "d" | "x" | "mx" | "divers" => "diverse",
        _ => return None,
    })
}
