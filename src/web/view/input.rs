//! Forms and their inputs, as the components render them.

use crate::web::form::{Errors, FieldError};
use crate::web::i18n::Texts;

/// How an input looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// A line: `text`, `email`, `password`, `number`, `date`, `url`, `tel`, `search`, `color`, `datetime-local`.
    Line(&'static str),
    /// Several lines.
    Area(u8),
    /// One of some: value and label.
    Select(Vec<(String, String)>),
    /// Any of some: value, label, help.
    Checks(Vec<(String, String, String)>),
    /// Any of many, in groups that fold: each with its label.
    Groups(Vec<(String, Vec<Choice>)>),
    /// Any of many, below headings: a group's name, and value and label of what is in it.
    Headed(Vec<(String, Vec<(String, String)>)>),
    /// A table of cells to fill in, row by row: each column's name, label, and what to choose from, if not a text
    /// of one's own.
    Grid(Vec<GridColumn>),
    /// One of some, all seen: value, label, help.
    Radios(Vec<(String, String, String)>),
    /// Yes or no; sent as `on`.
    Check,
    /// A file.
    File(&'static str),
    /// Sent along unseen.
    Hidden,
    /// A heading between inputs.
    Heading,
    /// A value that is only shown.
    Fixed,
    /// Here begins what is folded away under the label, or shown if it is open.
    Fold(bool),
    /// Here it ends.
    FoldEnd,
    /// Here begins what stands side by side, a group with the label.
    Row,
    /// Here it ends.
    RowEnd,
    /// Sends the form with this name and value. The Enter key does not press it.
    Button,
}

/// A column of a grid: name, label, and value and label of what to choose from.
pub type GridColumn = (String, String, Vec<(String, String)>);

/// One of many to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What it is called.
    pub label: String,
    /// What it is.
    pub help: String,
    /// What else is to be known of it: that it comes from elsewhere, that it touches personal data.
    pub notes: Vec<String>,
    /// Held already, from elsewhere: shown as chosen, and cannot be taken away here.
    pub held: bool,
    /// Cannot be changed here, as it stands.
    pub fixed: bool,
}

/// One input of a form.
#[derive(Clone, Debug)]
pub struct Input {
    /// Name under which it is sent.
    pub name: String,
    /// Label, ready to show.
    pub label: String,
    /// Help below it; empty for none.
    pub help: String,
    /// How it looks.
    pub kind: InputKind,
    /// What is in it; several values for `Checks`.
    pub values: Vec<String>,
    /// Whether it must be filled.
    pub required: bool,
    /// `autocomplete`, empty for none.
    pub autocomplete: &'static str,
    /// Most characters; 0 for no limit.
    pub max: u32,
    /// What is wrong with it, ready to show.
    pub errors: Vec<String>,
}

impl Input {
    /// An input with a label.
    pub fn new(kind: InputKind, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            help: String::new(),
            kind,
            values: Vec::new(),
            required: false,
            autocomplete: "",
            max: 0,
            errors: Vec::new(),
        }
    }

    /// A line of text.
    pub fn line(
        name: impl Into<String>,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self::new(InputKind::Line("text"), name, label).value(value)
    }

    /// Yes or no.
    pub fn check(name: impl Into<String>, label: impl Into<String>, on: bool) -> Self {
        Self::new(InputKind::Check, name, label).value(if on { "on" } else { "" })
    }

    /// One of some.
    pub fn select(
        name: impl Into<String>,
        label: impl Into<String>,
        options: Vec<(String, String)>,
        value: impl Into<String>,
    ) -> Self {
        Self::new(InputKind::Select(options), name, label).value(value)
    }

    /// Sets what is in it.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.values = vec![value.into()];
        self
    }

    /// Sets help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Must be filled.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Must be filled, if so.
    #[must_use]
    pub fn required_if(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// Another type of line.
    #[must_use]
    pub fn typed(mut self, kind: &'static str) -> Self {
        self.kind = InputKind::Line(kind);
        self
    }

    /// What a browser may fill in.
    #[must_use]
    pub fn autocomplete(mut self, what: &'static str) -> Self {
        self.autocomplete = what;
        self
    }

    /// Most characters.
    #[must_use]
    pub fn max(mut self, max: u32) -> Self {
        self.max = max;
        self
    }

    /// How many of a group are chosen, or held from elsewhere.
    pub fn chosen_of(&self, group: &[Choice]) -> usize {
        let chosen = |choice: &&Choice| choice.held || self.has(&choice.value);
        group.iter().filter(chosen).count()
    }

    /// Whether `value` is chosen.
    pub fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    /// The cells of a grid, row by row: each with its column.
    pub fn grid<'g>(&'g self, columns: &'g [GridColumn]) -> Vec<Vec<(&'g GridColumn, &'g String)>> {
        let rows = self.values.chunks(columns.len().max(1));
        rows.map(|row| columns.iter().zip(row).collect()).collect()
    }

    /// The single value.
    pub fn one(&self) -> &str {
        self.values.first().map(String::as_str).unwrap_or_default()
    }

    /// Ids of what describes it, for `aria-describedby`.
    pub fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.help.is_empty() {
            ids.push(format!("{}-help", self.name));
        }
        if !self.errors.is_empty() {
            ids.push(format!("{}-error", self.name));
        }
        ids.join(" ")
    }
}

/// Inputs of a form that can still be overlooked.
const LONG: usize = 40;

/// A form.
#[derive(Clone, Debug)]
pub struct FormView {
    /// Where it is sent.
    pub action: String,
    /// Its inputs in order.
    pub inputs: Vec<Input>,
    /// Label of the button that sends it.
    pub submit: String,
    /// Where to go instead; empty for nowhere.
    pub cancel: String,
    /// Whether what it does is dangerous.
    pub danger: bool,
    /// Whether its button stands back behind others of the page.
    pub quiet: bool,
    /// Another thing that may be done with the same inputs, not put forward: label and where it is sent.
    pub other: Option<(String, String)>,
    /// Links below it: label and where each leads.
    pub asides: Vec<(String, String)>,
    /// How a passkey stands in for what is typed, if one can.
    pub passkey: Option<ByPasskey>,
    /// Errors of the form as a whole, ready to show.
    pub errors: Vec<String>,
}

/// A passkey's part in a form: a script asks it and sends its answer along as `passkey`.
#[derive(Clone, Debug)]
pub struct ByPasskey {
    /// Where the script learns what to ask.
    pub url: &'static str,
    /// The address that the page must have for that.
    pub origin: String,
    /// Whether nothing else will do: sending the form asks the passkey then.
    pub only: bool,
}

impl FormView {
    /// A form without inputs yet.
    pub fn new(action: impl Into<String>, submit: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            inputs: Vec::new(),
            submit: submit.into(),
            cancel: String::new(),
            danger: false,
            quiet: false,
            other: None,
            asides: Vec::new(),
            passkey: None,
            errors: Vec::new(),
        }
    }

    /// Adds an input.
    #[must_use]
    pub fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    /// Adds inputs.
    #[must_use]
    pub fn inputs(mut self, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.inputs.extend(inputs);
        self
    }

    /// Where to go instead.
    #[must_use]
    pub fn cancel(mut self, url: impl Into<String>) -> Self {
        self.cancel = url.into();
        self
    }

    /// A link below it.
    #[must_use]
    pub fn aside(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.asides.push((label.into(), url.into()));
        self
    }

    /// A passkey may stand in for what is typed.
    #[must_use]
    pub fn passkey(mut self, by: Option<ByPasskey>) -> Self {
        self.passkey = by;
        self
    }

    /// Whether the passkey's button comes before the form's own, which stands back.
    pub fn passkey_first(&self) -> bool {
        self.quiet && self.passkey.as_ref().is_some_and(|by| !by.only)
    }

    /// Whether it comes after that.
    pub fn passkey_second(&self) -> bool {
        !self.quiet && self.passkey.as_ref().is_some_and(|by| !by.only)
    }

    /// What it does is dangerous.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// Puts errors at their inputs; those of unknown fields stand on top.
    #[must_use]
    pub fn errors(mut self, t: &Texts, errors: &Errors) -> Self {
        let text = |error: &FieldError| error.text(t);
        for (field, found) in errors {
            let texts = found.iter().map(text);
            match self.inputs.iter_mut().find(|input| input.name == *field) {
                Some(input) => input.errors.extend(texts),
                None => self.errors.extend(texts),
            }
        }
        self
    }

    /// Whether anything is wrong.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty() || self.inputs.iter().any(|input| !input.errors.is_empty())
    }

    /// The headings, for a form so long that one jumps to them: name and label.
    pub fn jumps(&self) -> Vec<(&str, &str)> {
        if !self.is_long() {
            return Vec::new();
        }
        let headings = self
            .inputs
            .iter()
            .filter(|input| matches!(input.kind, InputKind::Heading) && !input.name.is_empty());
        headings
            .map(|input| (input.name.as_str(), input.label.as_str()))
            .collect()
    }

    /// Whether one would rather search an input than scroll to it.
    pub fn is_long(&self) -> bool {
        self.inputs.len() > LONG
    }

    /// Whether a file is sent.
    pub fn multipart(&self) -> bool {
        self.inputs
            .iter()
            .any(|input| matches!(input.kind, InputKind::File(_)))
    }
}
