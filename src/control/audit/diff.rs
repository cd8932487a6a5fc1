//! Old and new of an entry, field by field, in the reader's words.

use crate::access::rights;
use crate::web::Frame;
use serde_json::Value;

/// A field that an entry tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub label: String,
    /// What was there, where the entry says so; of a list what went.
    pub before: Vec<String>,
    /// What is there since; of a list what came.
    pub after: Vec<String>,
    /// Of a list how many stayed as they were.
    pub kept: i64,
    /// Whether old and new are told, rather than a fact.
    pub changed: bool,
}

impl Field {
    /// `Name: Nord → Nordwest`.
    fn text(&self) -> String {
        let dash = |texts: &[String]| match texts.join(", ") {
            text if text.is_empty() => "–".to_owned(),
            text => text,
        };
        let told = if self.changed {
            format!("{} → {}", dash(&self.before), dash(&self.after))
        } else {
            self.after.join(", ")
        };
        if self.label.is_empty() {
            told
        } else {
            format!("{}: {told}", self.label)
        }
    }
}

/// All in one line, for lists and files.
pub fn text(p: &Frame, data: &Value) -> String {
    let parts: Vec<String> = fields(p, data).iter().map(Field::text).collect();
    parts.join("; ")
}

/// The fields that an entry tells of. Three shapes are recorded: `{"old": …, "new": …}`, `{"name": [old, new]}`,
/// and plain values.
pub fn fields(p: &Frame, data: &Value) -> Vec<Field> {
    let Value::Object(data) = data else {
        return Vec::new();
    };
    let rest = data
        .iter()
        .filter(|(key, _)| *key != "old" && *key != "new");
    let mut all: Vec<Field> = rest
        .filter_map(|(key, value)| plain(p, key, value))
        .collect();
    if let (Some(old), Some(new)) = (data.get("old"), data.get("new")) {
        all.extend(old_and_new(p, old, new));
    }
    all
}

fn old_and_new(p: &Frame, old: &Value, new: &Value) -> Vec<Field> {
    let nothing = serde_json::Map::new();
    let (before, after) = match (old, new) {
        (Value::Object(old), Value::Object(new)) => (old, new),
        (Value::Object(old), Value::Null) => (old, &nothing),
        (Value::Null, Value::Object(new)) => (&nothing, new),
        (old, new) => return vec![change(p, String::new(), old, new)],
    };
    let mut keys: Vec<&String> = after.keys().chain(before.keys()).collect();
    keys.sort();
    keys.dedup();
    let of = |all: &serde_json::Map<String, Value>, key: &String| {
        all.get(key).cloned().unwrap_or(Value::Null)
    };
    keys.into_iter()
        .map(|key| (key, of(before, key), of(after, key)))
        .filter(|(_, was, is)| was != is)
        .map(|(key, was, is)| change(p, word(p, key), &was, &is))
        .collect()
}

fn change(p: &Frame, label: String, old: &Value, new: &Value) -> Field {
    let (before, after) = (items(p, old), items(p, new));
    let lists = old.is_array() || new.is_array();
    let kept = before.iter().filter(|item| after.contains(item)).count();
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        let gone = one.iter().filter(|item| !lists || !other.contains(item));
        gone.cloned().collect()
    };
    Field {
        label,
        kept: if lists { kept as i64 } else { 0 },
        before: only(&before, &after),
        after: only(&after, &before),
        changed: true,
    }
}

fn plain(p: &Frame, key: &str, value: &Value) -> Option<Field> {
    if let Value::Array(pair) = value
        && pair.len() == 2
        && !matches!(
            key,
            "roles" | "lists" | "rights" | "includes" | "fewer" | "asked_by" | "columns"
        )
    {
        return Some(change(p, word(p, key), &pair[0], &pair[1]));
    }
    let after = match value {
        Value::String(state) if key == "state" => vec![p.t(&format!("import-state-{state}"))],
        Value::String(act) if key == "act" => vec![p.t(&format!("bulk-{act}"))],
        value => items(p, value),
    };
    (!after.is_empty()).then(|| Field {
        label: word(p, key),
        after,
        ..Field::default()
    })
}

fn word(p: &Frame, key: &str) -> String {
    match key {
        "name" | "email" | "roles" | "slug" | "colour" | "locale" | "time_zone" | "kind"
        | "act" | "address" | "ended" | "inner" | "lists" | "rule" | "rights" | "expires_at"
        | "old_key" | "count" | "moves_allowed" | "state" | "rows" | "created" | "updated"
        | "unchanged" | "refused" | "mailed" | "from" | "until" | "includes" | "key"
        | "second_factor" | "audit_days" | "removed" | "filtered" | "critical" | "fewer"
        | "asked_by" | "review_months" | "dormant_days" | "used" | "due" | "people" | "places"
        | "list" | "field" | "emptied" | "chosen" | "stopped" | "columns" | "user" | "role"
        | "issuer" | "client_id" | "sign_on" => {
            p.t(&format!("audit-word-{}", key.replace('_', "-")))
        }
        other => other.to_owned(),
    }
}

/// A value as texts: a list's each, nothing for nothing.
fn items(p: &Frame, value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().map(|value| shown(p, value)).collect(),
        other => Some(shown(p, other))
            .filter(|text| !text.is_empty())
            .into_iter()
            .collect(),
    }
}

fn shown(p: &Frame, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => p.t("value-yes"),
        Value::Bool(false) => p.t("value-no"),
        Value::String(text) => named(p, text),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(|value| shown(p, value)).collect();
            all.join(", ")
        }
        Value::Object(all) => {
            let parts = all
                .iter()
                .map(|(key, value)| (key, shown(p, value)))
                .filter(|(_, text)| !text.is_empty());
            let parts: Vec<String> = parts
                .map(|(key, text)| format!("{}: {text}", word(p, key)))
                .collect();
            parts.join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
}

/// What keys are called: built-in roles, states, rights, moments.
fn named(p: &Frame, text: &str) -> String {
    match text {
        "administrator" | "editor" | "viewer" => p.t(&format!("role-{text}")),
        "active" | "no_sending" | "no_login" | "locked" => {
            p.t(&format!("tenant-status-{}", text.replace('_', "-")))
        }
        other => {
            if let Some(right) = rights::by_key(other) {
                return right.label(p.t.language()).to_owned();
            }
            // Only what has the form of one: a name could be a year.
            match chrono::DateTime::parse_from_rfc3339(other) {
                Ok(at) => p.t.moment(&at.to_utc()),
                Err(_) => other.to_owned(),
            }
        }
    }
}
