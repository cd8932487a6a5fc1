//! The inputs of a recipient's form, one for each field that may be seen.

use super::name;
use crate::error::Result;
use crate::tenant::fields::kind::Kind;
use crate::tenant::fields::{self, Field};
use crate::web::{Frame, Input, InputKind};

/// The inputs in their groups; `text` says what is in each.
pub(super) fn inputs(
    p: &Frame,
    fields: &[Field],
    text: impl Fn(usize, &Field, &Kind) -> String,
) -> Result<Vec<Input>> {
    let mut all = Vec::new();
    let mut group = "";
    for (index, field) in by_group(fields) {
        if field.field_group != group {
            group = &field.field_group;
            if !group.is_empty() {
                let id = format!("group-{index}");
                all.push(Input::new(InputKind::Heading, id, group));
            }
        }
        let kind = field.shown_kind()?;
        let text = text(index, field, &kind);
        all.push(input(p, field, &kind, text));
    }
    Ok(all)
}

/// The fields, each group together where its first one stands.
fn by_group(fields: &[Field]) -> Vec<(usize, &Field)> {
    let first = |group: &str| fields.iter().position(|field| field.field_group == group);
    let mut all: Vec<(usize, &Field)> = fields.iter().enumerate().collect();
    all.sort_by_cached_key(|(_, field)| first(&field.field_group));
    all
}

/// The input of a field, `text` in it.
fn input(p: &Frame, field: &Field, kind: &Kind, text: String) -> Input {
    let label = field.label(p.t.language());
    let options = |choices: Vec<(String, String)>| {
        let mut all = vec![(String::new(), "–".to_owned())];
        all.extend(choices);
        InputKind::Select(all)
    };
    let (how, max) = match kind {
        Kind::Text { max } if *max > 200 && !field.is_standard() => (InputKind::Area(3), *max),
        Kind::Text { max } => (InputKind::Line("text"), *max),
        Kind::Integer | Kind::Decimal { .. } => (InputKind::Line("text"), 0),
        Kind::Boolean => (
            options(vec![
                ("true".into(), p.t("value-yes")),
                ("false".into(), p.t("value-no")),
            ]),
            0,
        ),
        Kind::Date => (InputKind::Line("date"), 0),
        Kind::DateTime => (InputKind::Line("datetime-local"), 0),
        Kind::Choice { choices } => {
            let german = p.t.language() == "de";
            let label = |choice: &fields::kind::Choice| {
                if german {
                    choice.label_de.clone()
                } else {
                    choice.label_en.clone()
                }
            };
            let all = choices
                .iter()
                .map(|choice| (choice.value.clone(), label(choice)));
            (options(all.collect()), 0)
        }
        Kind::Email => (InputKind::Line("email"), 254),
        Kind::Phone => (InputKind::Line("tel"), 50),
        Kind::Url => (InputKind::Line("url"), 2000),
    };
    let how = if field.is_editable() {
        how
    } else {
        InputKind::Fixed
    };
    let mut input = Input::new(how, name(field), label)
        .value(text)
        .help(field.help(p.t.language()))
        .max(max);
    input.required = field.required && field.is_editable();
    input
}
