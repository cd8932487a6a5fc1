//! How roles and rights are shown in the reader's language, on pages of several slices.

use super::Role;
use crate::access::rights::{self, RightInfo};
use crate::web::{Choice, Frame};
use std::collections::BTreeSet;

/// What a role is called in the reader's language.
pub fn label_of(p: &Frame, role: &Role) -> String {
    label(p, &role.key, &role.name)
}

/// As `label_of`, from key and name; the built-in ones have no name of their own.
pub fn label(p: &Frame, key: &str, name: &str) -> String {
    match (key, name) {
        (_, name) if !name.is_empty() => name.to_owned(),
        ("administrator", _) => p.t("role-administrator"),
        ("editor", _) => p.t("role-editor"),
        ("viewer", _) => p.t("role-viewer"),
        (key, _) => key.to_owned(),
    }
}

/// What a group of rights is called.
pub fn group_label(p: &Frame, group: &str) -> String {
    p.t(&format!("rights-group-{group}"))
}

/// A right to choose.
pub fn choice(p: &Frame, right: &RightInfo) -> Choice {
    let language = p.t.language();
    Choice {
        value: right.key.to_owned(),
        label: right.label(language).to_owned(),
        help: right.sentence(language).to_owned(),
        ..Choice::default()
    }
}

/// All rights in their groups, those that touch personal data marked; `inner` leaves out what does not exist
/// in inner tenants.
pub fn groups(
    p: &Frame,
    inner: bool,
    make: impl Fn(&'static RightInfo) -> Choice,
) -> Vec<(String, Vec<Choice>)> {
    rights::groups()
        .into_iter()
        .filter_map(|group| {
            let of_group = rights::ALL
                .iter()
                .filter(|right| right.group() == group && (right.inner || !inner));
            let choices: Vec<Choice> = of_group
                .map(|right| {
                    let mut choice = make(right);
                    if right.personal {
                        choice.notes.insert(0, p.t("rights-personal"));
                    }
                    choice
                })
                .collect();
            (!choices.is_empty()).then(|| (group_label(p, group), choices))
        })
        .collect()
}

/// Rights by name, for a sentence or a list.
pub fn names(p: &Frame, keys: &BTreeSet<String>) -> Vec<String> {
    super::infos(keys)
        .into_iter()
        .map(|right| right.label(p.t.language()).to_owned())
        .collect()
}
