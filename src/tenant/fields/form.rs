//! The form of a field: what was typed, and how it becomes a definition.

mod meanwhile;

use super::Field;
use super::define::{Definition, FieldInput, input_of};
use super::kind::{Choice, Kind};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, error_at};
use crate::web::i18n::Texts;
use crate::web::view::{FormView, Input, InputKind};
use serde::Deserialize;
use validator::Validate;

/// The types, in the order in which they are offered.
const KINDS: [&str; 10] = [
    "text", "integer", "decimal", "boolean", "date", "datetime", "choice", "email", "phone", "url",
];

/// What was typed. What it means is checked by `Definition::check`.
#[derive(Clone, Debug, Default, Deserialize, Validate)]
#[serde(default)]
pub(super) struct FieldForm {
    key: String,
    #[serde(rename = "type")]
    kind: String,
    label_en: String,
    label_de: String,
    help_en: String,
    help_de: String,
    group: String,
    position: String,
    mode: String,
    required: String,
    unique: String,
    indexed: String,
    historised: String,
    default: String,
    max: String,
    precision: String,
    scale: String,
    choices: String,
    pub(super) version: i32,
}

fn on(yes: bool) -> String {
    if yes { "on" } else { "" }.to_owned()
}

/// A number that may be left out; the key is told where it is none.
fn number<N: std::str::FromStr>(text: &str, key: &'static str) -> Result<Option<N>> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| AppError::invalid(key)),
    }
}

/// One value a line: `value | English label | German label`, with or without spaces round the bars.
fn read_choices(text: &str) -> Vec<Choice> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let mut parts = line.splitn(3, '|').map(|part| part.trim().to_owned());
            Choice {
                value: parts.next().unwrap_or_default(),
                label_en: parts.next().unwrap_or_default(),
                label_de: parts.next().unwrap_or_default(),
            }
        })
        .collect()
}

fn write_choices(choices: &[Choice]) -> String {
    let line = |c: &Choice| {
        if c.label_en == c.value && c.label_de == c.value {
            c.value.clone()
        } else {
            format!("{} | {} | {}", c.value, c.label_en, c.label_de)
        }
    };
    choices.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl FieldForm {
    /// An empty form, as one begins with it.
    pub(super) fn empty() -> Self {
        Self {
            kind: "text".into(),
            historised: on(true),
            ..Self::default()
        }
    }

    /// A field as it is.
    pub(super) fn of(field: &Field) -> Result<Self> {
        let mut form = Self {
            key: field.key.clone(),
            label_en: field.label_en.clone(),
            label_de: field.label_de.clone(),
            help_en: field.help_en.clone(),
            help_de: field.help_de.clone(),
            group: field.field_group.clone(),
            position: field.position.to_string(),
            mode: field.own_mode().key().to_owned(),
            required: on(field.required),
            unique: on(field.is_unique),
            indexed: on(field.indexed),
            historised: on(field.historised),
            default: field.default_value.clone().unwrap_or_default(),
            version: field.version,
            ..Self::default()
        };
        form.set_kind(&field.kind()?);
        Ok(form)
    }

    fn set_kind(&mut self, kind: &Kind) {
        kind.name().clone_into(&mut self.kind);
        match kind {
            Kind::Text { max } => self.max = max.to_string(),
            Kind::Decimal { precision, scale } => {
                self.precision = precision.to_string();
                self.scale = scale.to_string();
            }
            Kind::Choice { choices } => self.choices = write_choices(choices),
            _ => {}
        }
    }

    /// What the form of an existing field does not offer stays as it is.
    pub(super) fn keep(&mut self, field: &Field) -> Result<()> {
        let now = Self::of(field)?;
        self.kind = now.kind;
        if field.is_standard() {
            self.key = now.key;
            self.unique = now.unique;
            self.indexed = now.indexed;
            self.default = now.default;
            self.max = now.max;
            self.choices = now.choices;
        }
        if field.key == "email" {
            self.required = now.required;
            self.mode = now.mode;
        }
        Ok(())
    }

    /// Checks what was typed.
    pub(super) fn definition(&self) -> Result<Definition> {
        Definition::check(FieldInput {
            key: self.key.trim().to_owned(),
            kind: self.kind.clone(),
            label_en: self.label_en.clone(),
            label_de: self.label_de.clone(),
            help_en: self.help_en.clone(),
            help_de: self.help_de.clone(),
            group: self.group.clone(),
            position: number(&self.position, "field-position-range")?,
            mode: self.mode.clone(),
            required: !self.required.is_empty(),
            unique: !self.unique.is_empty(),
            indexed: !self.indexed.is_empty(),
            historised: !self.historised.is_empty(),
            default: self.default.clone(),
            max: number(&self.max, "field-max-range")?,
            precision: number(&self.precision, "field-precision-range")?,
            scale: number(&self.scale, "field-scale-range")?,
            choices: read_choices(&self.choices),
        })
    }
}

/// An error that the form can show, at its input.
pub(super) fn fault(typed: FieldForm, error: AppError) -> Result<Faulty<FieldForm>> {
    match error {
        AppError::Invalid { key, params } => {
            let input = match input_of(key) {
                "label" => "label_en",
                "help" => "help_en",
                other => other,
            };
            Ok(Faulty {
                typed,
                errors: error_at(input, key, &params),
            })
        }
        other => Err(other),
    }
}

/// The form of a new field, or of `field` as it is.
pub(super) fn view(
    t: &Texts,
    action: String,
    field: Option<&Field>,
    typed: &FieldForm,
    errors: &Errors,
) -> FormView {
    let standard = field.is_some_and(Field::is_standard);
    let mut inputs = words(t, field, typed, standard);
    if !standard {
        inputs.extend(type_inputs(t, field.is_some(), typed));
        inputs.push(
            Input::line("default", t.t("fields-default"), &typed.default)
                .help(t.t("fields-default-help")),
        );
    }
    inputs.extend(manners(t, field, typed, standard));
    inputs.push(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()));
    FormView::new(action, t.t("save"))
        .inputs(inputs)
        .errors(t, errors)
}

fn words(t: &Texts, field: Option<&Field>, typed: &FieldForm, standard: bool) -> Vec<Input> {
    let key = Input::line("key", t.t("fields-key"), &typed.key)
        .help(t.t("fields-key-help"))
        .required()
        .max(60);
    let kind = match field {
        None => Input::select("type", t.t("fields-type"), kinds(t), &typed.kind).required(),
        Some(_) => Input::new(InputKind::Fixed, "type", t.t("fields-type"))
            .value(t.t(&format!("fields-type-{}", typed.kind))),
    };
    let label = |name: &str, key: &str, value: &str| Input::line(name, t.t(key), value).max(100);
    let help = |name: &str, key: &str, value: &str| Input::line(name, t.t(key), value).max(500);
    vec![
        if standard {
            Input::new(InputKind::Fixed, "key", t.t("fields-key")).value(&typed.key)
        } else {
            key
        },
        kind,
        label("label_en", "fields-label-en", &typed.label_en),
        label("label_de", "fields-label-de", &typed.label_de),
        help("help_en", "fields-help-en", &typed.help_en),
        help("help_de", "fields-help-de", &typed.help_de),
        label("group", "fields-group", &typed.group),
        Input::line("position", t.t("fields-position"), &typed.position).typed("number"),
    ]
}

fn kinds(t: &Texts) -> Vec<(String, String)> {
    let kind = |kind: &str| (kind.to_owned(), t.t(&format!("fields-type-{kind}")));
    KINDS.iter().map(|name| kind(name)).collect()
}

/// What one type alone has; a new field's form shows all, because it works without JavaScript.
fn type_inputs(t: &Texts, exists: bool, typed: &FieldForm) -> Vec<Input> {
    let shown = |kind: &str| !exists || typed.kind == kind;
    let mut all = Vec::new();
    if shown("text") {
        let max = Input::line("max", t.t("fields-max"), &typed.max).typed("number");
        all.push(max.help(t.t("fields-max-help")));
    }
    if shown("decimal") {
        let precision = Input::line("precision", t.t("fields-precision"), &typed.precision);
        all.push(precision.typed("number").help(t.t("fields-decimal-help")));
        all.push(Input::line("scale", t.t("fields-scale"), &typed.scale).typed("number"));
    }
    if shown("choice") {
        let choices = Input::new(InputKind::Area(5), "choices", t.t("fields-choices"));
        all.push(
            choices
                .value(&typed.choices)
                .help(t.t("fields-choices-help")),
        );
    }
    all
}

fn manners(t: &Texts, field: Option<&Field>, typed: &FieldForm, standard: bool) -> Vec<Input> {
    let email = field.is_some_and(|field| standard && field.key == "email");
    let modes = ["editable", "read_only", "hidden"]
        .map(|mode| (mode.to_owned(), t.t(&format!("fields-mode-{mode}"))));
    let check =
        |name: &str, key: &str, value: &str| Input::check(name, t.t(key), !value.is_empty());
    let mut all = Vec::new();
    if !email {
        all.push(Input::select(
            "mode",
            t.t("fields-mode"),
            modes.to_vec(),
            &typed.mode,
        ));
        all.push(check("required", "fields-required", &typed.required));
    }
    if !standard {
        all.push(check("unique", "fields-unique", &typed.unique));
        all.push(
            check("indexed", "fields-indexed", &typed.indexed).help(t.t("fields-indexed-help")),
        );
    }
    all.push(check("historised", "fields-historised", &typed.historised));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_lines() {
        let read = read_choices("a\r\n\n b | Bee | Be \nc | See");
        let values: Vec<_> = read
            .iter()
            .map(|c| (c.value.as_str(), c.label_en.as_str(), c.label_de.as_str()))
            .collect();
        assert_eq!(
            values,
            [("a", "", ""), ("b", "Bee", "Be"), ("c", "See", "")]
        );
        let full = Choice {
            value: "x".into(),
            label_en: "X".into(),
            label_de: "Ix".into(),
        };
        assert_eq!(
            read_choices(&write_choices(std::slice::from_ref(&full))),
            [full]
        );
    }

    #[test]
    fn what_is_no_number_is_told_at_its_input() {
        let form = FieldForm {
            key: "k".into(),
            max: "many".into(),
            ..FieldForm::empty()
        };
        let error = form.definition().unwrap_err();
        let faulty = fault(form, error).unwrap();
        assert!(faulty.errors.contains_key("max"), "{:?}", faulty.errors);
    }
}
