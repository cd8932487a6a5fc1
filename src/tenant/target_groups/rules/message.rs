//! What can be wrong with a rule, where, and how it is said.
//!
//! The words are in `locales/*/rules.ftl`. Pages look them up by [`RuleError::message_key`] in the
//! reader's language; `Display` is for the command line and speaks English.

use crate::db::ids::FieldId;
use crate::web::form::{AT, FieldError};
use fluent_templates::fluent_bundle::concurrent::FluentBundle;
use fluent_templates::fluent_bundle::{FluentArgs, FluentResource};
use std::fmt;
use std::sync::LazyLock;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Where it begins, in characters from the start of the text.
    pub at: usize,
    /// How many characters it takes; zero at the end of the text.
    pub len: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong. The texts in it are short enough to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the English text of each says what it is")]
pub enum Problem {
    Nothing,
    TooLong {
        most: usize,
    },
    TooDeep {
        most: usize,
    },
    TooManyConditions {
        most: usize,
    },
    BadCharacter {
        found: String,
    },
    NulCharacter,
    UnclosedText {
        quote: String,
    },
    BadBrackets,
    BadNumber {
        found: String,
    },
    TextWithoutQuotes {
        found: String,
    },
    KeywordForField {
        word: String,
    },
    WriteInstead {
        found: String,
        instead: String,
    },
    /// `found` is `None` at the end of the rule.
    Expected {
        wanted: Wanted,
        found: Option<String>,
    },
    UnknownField {
        field: String,
        nearest: Option<String>,
    },
    MaskedField {
        field: String,
    },
    OperatorDoesNotFit {
        operator: &'static str,
        field: String,
        kind: &'static str,
        allowed: String,
    },
    WrongValue {
        field: String,
        kind: &'static str,
        found: String,
    },
    NumberOutOfRange {
        found: String,
    },
    NoSuchChoice {
        field: String,
        found: String,
        nearest: Option<String>,
        allowed: String,
    },
    EmptyText {
        field: String,
    },
    /// The remaining ones are about stored rules, and have no place in a text.
    FieldGone {
        id: FieldId,
    },
    TypeChanged {
        field: String,
        now: &'static str,
    },
    StoredVersion {
        version: u64,
    },
    StoredUnreadable,
}

/// What the parser needed to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the English text of each says what it is")]
pub enum Wanted {
    Field,
    Operator,
    Value,
    List,
    ListGoesOn,
    Closing,
    Joint,
    Empty,
}

/// Shortens what somebody typed, so that a message stays a message.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl RuleError {
    pub(super) fn new(at: usize, len: usize, problem: Problem) -> Self {
        RuleError { at, len, problem }
    }

    /// Whether `at` and `len` mean anything: not for rules that were stored, nor for their whole.
    pub fn has_place(&self) -> bool {
        !matches!(
            self.problem,
            Problem::Nothing
                | Problem::TooLong { .. }
                | Problem::FieldGone { .. }
                | Problem::TypeChanged { .. }
                | Problem::StoredVersion { .. }
                | Problem::StoredUnreadable
        ) && (self.at, self.len) != (0, 0)
    }

    /// The key of the message in the Fluent catalogues.
    pub fn message_key(&self) -> &'static str {
        match &self.problem {
            Problem::Nothing => "rule-nothing",
            Problem::TooLong { .. } => "rule-too-long",
            Problem::TooDeep { .. } => "rule-too-deep",
            Problem::TooManyConditions { .. } => "rule-too-many-conditions",
            Problem::BadCharacter { .. } => "rule-bad-character",
            Problem::NulCharacter => "rule-nul-character",
            Problem::UnclosedText { .. } => "rule-unclosed-text",
            Problem::BadBrackets => "rule-bad-brackets",
            Problem::BadNumber { .. } => "rule-bad-number",
            Problem::TextWithoutQuotes { .. } => "rule-text-without-quotes",
            Problem::KeywordForField { .. } => "rule-keyword-for-field",
            Problem::WriteInstead { .. } => "rule-write-instead",
            Problem::Expected { wanted, found } => wanted.message_key(found.is_none()),
            Problem::UnknownField { nearest: None, .. } => "rule-unknown-field",
            Problem::UnknownField { .. } => "rule-unknown-field-nearest",
            Problem::MaskedField { .. } => "rule-masked-field",
            Problem::OperatorDoesNotFit { .. } => "rule-operator-does-not-fit",
            Problem::WrongValue { .. } => "rule-wrong-value",
            Problem::NumberOutOfRange { .. } => "rule-number-out-of-range",
            Problem::NoSuchChoice { nearest: None, .. } => "rule-no-such-choice",
            Problem::NoSuchChoice { .. } => "rule-no-such-choice-nearest",
            Problem::EmptyText { .. } => "rule-empty-text",
            Problem::FieldGone { .. } => "rule-field-gone",
            Problem::TypeChanged { .. } => "rule-type-changed",
            Problem::StoredVersion { .. } => "rule-stored-version",
            Problem::StoredUnreadable => "rule-stored-unreadable",
        }
    }

    /// The fault as a form tells it, with its place.
    pub fn told(&self) -> FieldError {
        let place = self.has_place().then(|| (AT, (self.at + 1).to_string()));
        let params = self.params().into_iter().chain(place);
        FieldError {
            key: self.message_key().to_owned(),
            params: params
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    /// The message's parameters by name.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self.problem.clone() {
            Problem::TooLong { most }
            | Problem::TooDeep { most }
            | Problem::TooManyConditions { most } => vec![("most", most.to_string())],
            Problem::UnclosedText { quote } => vec![("quote", quote)],
            Problem::BadCharacter { found }
            | Problem::BadNumber { found }
            | Problem::NumberOutOfRange { found }
            | Problem::TextWithoutQuotes { found } => vec![("found", found)],
            Problem::KeywordForField { word } => vec![("word", word)],
            Problem::WriteInstead { found, instead } => {
                vec![("found", found), ("instead", instead)]
            }
            Problem::Expected { found, .. } => found.map(|f| ("found", f)).into_iter().collect(),
            Problem::UnknownField { field, nearest } => {
                with_nearest(vec![("field", field)], nearest)
            }
            Problem::OperatorDoesNotFit {
                operator,
                field,
                kind,
                allowed,
            } => vec![
                ("operator", operator.to_owned()),
                ("field", field),
                ("type", kind.to_owned()),
                ("allowed", allowed),
            ],
            Problem::WrongValue { field, kind, found } => {
                vec![
                    ("field", field),
                    ("type", kind.to_owned()),
                    ("found", found),
                ]
            }
            Problem::NoSuchChoice {
                field,
                found,
                nearest,
                allowed,
            } => {
                let params = vec![("field", field), ("found", found), ("allowed", allowed)];
                with_nearest(params, nearest)
            }
            Problem::EmptyText { field } | Problem::MaskedField { field } => {
                vec![("field", field)]
            }
            Problem::FieldGone { id } => vec![("id", id.to_string())],
            Problem::TypeChanged { field, now } => vec![("field", field), ("type", now.to_owned())],
            Problem::StoredVersion { version } => vec![("version", version.to_string())],
            Problem::Nothing
            | Problem::NulCharacter
            | Problem::BadBrackets
            | Problem::StoredUnreadable => Vec::new(),
        }
    }
}

fn with_nearest(
    mut params: Vec<(&'static str, String)>,
    nearest: Option<String>,
) -> Vec<(&'static str, String)> {
    params.extend(nearest.map(|nearest| ("nearest", nearest)));
    params
}

impl Wanted {
    fn message_key(self, at_end: bool) -> &'static str {
        match (self, at_end) {
            (Wanted::Field, false) => "rule-expected-field",
            (Wanted::Field, true) => "rule-expected-field-at-end",
            (Wanted::Operator, false) => "rule-expected-operator",
            (Wanted::Operator, true) => "rule-expected-operator-at-end",
            (Wanted::Value, false) => "rule-expected-value",
            (Wanted::Value, true) => "rule-expected-value-at-end",
            (Wanted::List, false) => "rule-expected-list",
            (Wanted::List, true) => "rule-expected-list-at-end",
            (Wanted::ListGoesOn, false) => "rule-expected-list-goes-on",
            (Wanted::ListGoesOn, true) => "rule-expected-list-goes-on-at-end",
            (Wanted::Closing, false) => "rule-expected-closing",
            (Wanted::Closing, true) => "rule-expected-closing-at-end",
            // Where "and" may stand, the rule may end, so the end itself is never wrong there.
            (Wanted::Joint, _) => "rule-expected-joint",
            (Wanted::Empty, false) => "rule-expected-empty",
            (Wanted::Empty, true) => "rule-expected-empty-at-end",
        }
    }
}

static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let text = include_str!("../../../../locales/en/rules.ftl").to_owned();
    // What could be read of a broken file still serves; a test shows that the file is whole.
    let resource = FluentResource::try_new(text).unwrap_or_else(|(partial, _)| partial);
    let mut bundle = FluentBundle::new_concurrent(vec![unic_langid::langid!("en")]);
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
});

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_place() {
            write!(f, "at character {}: ", self.at + 1)?;
        }
        let key = self.message_key();
        let pattern = ENGLISH.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            return f.write_str(key);
        };
        let args: FluentArgs<'_> = self.params().into_iter().collect();
        f.write_str(&ENGLISH.format_pattern(pattern, Some(&args), &mut Vec::new()))
    }
}

impl std::error::Error for RuleError {}
