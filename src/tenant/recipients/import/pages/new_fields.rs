//! Columns that become new fields: proposed, typed, and created before the dry run.

use super::form::{MappingForm, Typed};
use super::mapping::Mapping;
use crate::access::ControlAccess;
use crate::access::rights::CreateFields;
use crate::control::audit::Actor;
use crate::error::{AppError, Result};
use crate::tenant::fields::define::{Definition, FieldInput, NewField, input_of};
use crate::tenant::fields::orders::AddField;
use crate::tenant::recipients::import::propose;
use crate::tenant::recipients::import::settings::{Mapped, Settings};
use crate::web::form::{Errors, error_at};
use crate::web::{Frame, Input, InputKind};
use std::collections::BTreeMap;

/// The types that need nothing but their name. A choice needs its values; it is made on the fields' page.
const KINDS: [&str; 9] = [
    "text", "integer", "decimal", "boolean", "date", "datetime", "email", "phone", "url",
];
/// For how many columns the page offers to change what is proposed; beyond it what is proposed holds.
const MOST: usize = 100;

/// What the columns without a field could be.
pub(super) fn proposals(found: &Mapping, settings: &Settings) -> BTreeMap<usize, FieldInput> {
    let mut taken: Vec<String> = found.fields.iter().map(|field| field.key.clone()).collect();
    let mut all = BTreeMap::new();
    for (index, column) in found.source.columns.iter().enumerate() {
        let mapped = settings.mapping.iter().any(|one| one.column == *column);
        if mapped || all.len() >= MOST {
            continue;
        }
        let proposed = propose::field(&found.source, index, &settings.formats, &taken);
        taken.push(proposed.key.clone());
        all.insert(index, proposed);
    }
    all
}

/// The inputs of one, folded away until its column is to become a new field.
pub(super) fn inputs(
    p: &Frame,
    index: usize,
    proposed: &FieldInput,
    form: &MappingForm,
) -> Vec<Input> {
    let typed = form.typed.get(&index).cloned().unwrap_or_else(|| Typed {
        key: proposed.key.clone(),
        label: proposed.label_en.clone(),
        kind: proposed.kind.clone(),
    });
    let name = |kind: &str| p.t(&format!("fields-type-{kind}"));
    let kinds = KINDS.map(|kind| (kind.to_owned(), name(kind))).to_vec();
    let summary = [("label", typed.label.clone()), ("type", name(&typed.kind))];
    let open = form.new.contains(&index);
    vec![
        Input::new(
            InputKind::Fold(open),
            "",
            p.t.with_all("import-new-as", &summary),
        ),
        Input::line(
            format!("new_label_{index}"),
            p.t("fields-label"),
            typed.label,
        )
        .max(100),
        Input::line(format!("new_key_{index}"), p.t("fields-key"), typed.key)
            .help(p.t("fields-key-help"))
            .max(60),
        Input::select(
            format!("new_type_{index}"),
            p.t("fields-type"),
            kinds,
            typed.kind,
        ),
        Input::new(InputKind::FoldEnd, "", ""),
    ]
}

/// Columns of which a new field was described although they are left out.
pub(super) fn wished(found: &Mapping, settings: &Settings, form: &MappingForm) -> Vec<usize> {
    let left_out = |index: &usize| !form.new.contains(index) && !form.columns.contains_key(index);
    let labelled = |index: &usize| !form.typed[index].label.trim().is_empty();
    let changed = changed(found, settings, form).into_iter();
    changed.filter(left_out).filter(labelled).collect()
}

/// Columns of which something else was typed than was proposed.
pub(super) fn changed(found: &Mapping, settings: &Settings, form: &MappingForm) -> Vec<usize> {
    let before = found.import.settings();
    let is_changed = |(index, typed): &(&usize, &Typed)| {
        // The type goes by the formats, with those that the page was made with or those of now; the number
        // behind a key by which keys were taken then.
        let [then, now] = [&before.formats, &settings.formats]
            .map(|formats| propose::field(&found.source, **index, formats, &[]));
        typed.label.trim() != now.label_en.trim()
            || unnumbered(typed.key.trim()) != unnumbered(&now.key)
            || (typed.kind != now.kind && typed.kind != then.kind)
    };
    form.typed
        .iter()
        .filter(|(index, _)| **index < found.source.columns.len())
        .filter(is_changed)
        .map(|(index, _)| *index)
        .collect()
}

/// A key without the number that makes it another.
fn unnumbered(key: &str) -> &str {
    match key.rsplit_once('_') {
        Some((rest, number)) if number.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => key,
    }
}

/// The wanted fields, checked all together before any is created.
pub(super) fn definitions(
    found: &Mapping,
    settings: &Settings,
    form: &MappingForm,
) -> Result<(Vec<(usize, NewField)>, Errors)> {
    let proposals = proposals(found, settings);
    let mut taken: Vec<String> = found.fields.iter().map(|field| field.key.clone()).collect();
    let (mut all, mut errors) = (Vec::new(), Errors::new());
    for index in form
        .new
        .iter()
        .copied()
        .filter(|index| *index < found.source.columns.len())
    {
        let proposed = proposals
            .get(&index)
            .cloned()
            .unwrap_or_else(|| propose::field(&found.source, index, &settings.formats, &taken));
        let input = wanted(proposed, form.typed.get(&index));
        let key = input.key.clone();
        let checked = if taken.contains(&key) {
            Err(AppError::Invalid {
                key: "field-key-taken",
                params: vec![("key", key.clone())],
            })
        } else {
            Definition::check(input)
        };
        match checked {
            Ok(definition) => all.push((index, definition)),
            Err(AppError::Invalid { key, params }) => errors.extend(at_input(index, key, &params)),
            Err(other) => return Err(other),
        }
        taken.push(key);
    }
    Ok((all, errors))
}

/// What is proposed, changed by what was typed.
fn wanted(proposed: FieldInput, typed: Option<&Typed>) -> FieldInput {
    let Some(typed) = typed else {
        return proposed;
    };
    let same = typed.kind == proposed.kind;
    FieldInput {
        key: typed.key.trim().to_owned(),
        label_en: typed.label.clone(),
        kind: typed.kind.clone(),
        max: proposed.max.filter(|_| same),
        precision: proposed.precision.filter(|_| same),
        scale: proposed.scale.filter(|_| same),
        ..proposed
    }
}

fn at_input(index: usize, key: &str, params: &[(&str, String)]) -> Errors {
    let input = match input_of(key) {
        input @ ("key" | "label" | "type") => format!("new_{input}_{index}"),
        _ => format!("column_{index}"),
    };
    error_at(&input, key, params)
}

/// Creates them one after the other; each that is created is mapped, and wanted no more.
pub(super) async fn create(
    access: &ControlAccess<CreateFields>,
    found: &Mapping,
    wanted: Vec<(usize, NewField)>,
    settings: &mut Settings,
    form: &mut MappingForm,
) -> Result<Errors> {
    for (index, field) in wanted {
        let order = AddField {
            actor: Actor::form(access.user().id),
            tenant: access.tenant().id,
            field,
        };
        match access.provision(order).await {
            Ok(field) => {
                settings.mapping.push(Mapped {
                    column: found.source.columns[index].clone(),
                    field,
                });
                form.new.remove(&index);
            }
            Err(AppError::Invalid { key, params }) => return Ok(at_input(index, key, &params)),
            Err(other) => return Err(other),
        }
    }
    Ok(Errors::new())
}
