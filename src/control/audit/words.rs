//! An entry of the audit in the reader's words.

use super::query::Entry;
use crate::web::Frame;
use serde_json::Value;

/// The acts by group, as the filter offers them; a test compares them with what the program records.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("admission", &["admit", "decline"]),
    ("field", &["create", "change", "rights", "drop"]),
    ("factor", &["begin", "end", "reset", "recovery", "codes"]),
    ("list", &["create", "change", "delete"]),
    ("membership", &["grant", "roles"]),
    ("package", &["create", "change", "delete"]),
    ("recipient", &["create", "delete"]),
    ("recipients", &["bulk", "export", "import"]),
    ("role", &["create", "change", "delete"]),
    ("see", &["begin"]),
    ("session", &["begin", "end"]),
    (
        "tenant",
        &[
            "create", "settings", "status", "fence", "ceiling", "trash", "restore", "purge",
        ],
    ),
    ("token", &["create", "revoke"]),
    (
        "user",
        &[
            "create",
            "change",
            "password",
            "activate",
            "deactivate",
            "sessions",
            "invite",
            "uninvite",
            "accept",
            "link",
        ],
    ),
    ("visit", &["begin", "end"]),
];

/// Who acted; only as "somebody" where this tenant may not know him.
pub fn who(p: &Frame, entry: &Entry) -> String {
    match entry.user {
        Some(_) if entry.user_name.is_empty() => p.t("audit-somebody"),
        Some(_) => entry.user_name.clone(),
        None => p.t("audit-nobody"),
    }
}

/// On what: a user's name, else what was recorded.
pub fn object(entry: &Entry) -> &str {
    if entry.object_name.is_empty() {
        &entry.object
    } else {
        &entry.object_name
    }
}

/// What was done.
pub fn act(p: &Frame, act: &str) -> String {
    let known = GROUPS.iter().any(|(group, acts)| {
        act.strip_prefix(group)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| acts.contains(&rest))
    });
    if known {
        p.t(&format!("audit-act-{}", act.replace('.', "-")))
    } else {
        act.to_owned()
    }
}

/// Through what.
pub fn source(p: &Frame, source: &str) -> String {
    match source {
        "form" | "api" | "import" | "bulk" | "cli" | "system" => p.t(&format!("source-{source}")),
        other => other.to_owned(),
    }
}

/// `Name: Nord → Nordwest; E-mail: …`. Three shapes are recorded: `{"old": …, "new": …}`, `{"name": [old,
/// new]}`, and plain values.
pub fn changes(p: &Frame, data: &Value) -> String {
    let Value::Object(data) = data else {
        return String::new();
    };
    let mut parts = Vec::new();
    match (data.get("old"), data.get("new")) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (key, after) in new {
                let before = old.get(key).unwrap_or(&Value::Null);
                if before != after {
                    parts.push(format!("{}: {}", word(p, key), arrow(p, before, after)));
                }
            }
        }
        (Some(old), Some(new)) => parts.push(arrow(p, old, new)),
        _ => {
            for (key, value) in data {
                let text = match value {
                    Value::String(state) if key == "state" => p.t(&format!("import-state-{state}")),
                    Value::Array(pair) if pair.len() == 2 && key != "roles" && key != "lists" => {
                        arrow(p, &pair[0], &pair[1])
                    }
                    value => shown(p, value),
                };
                if !text.is_empty() {
                    parts.push(format!("{}: {text}", word(p, key)));
                }
            }
        }
    }
    parts.join("; ")
}

fn arrow(p: &Frame, old: &Value, new: &Value) -> String {
    let dash = |text: String| if text.is_empty() { "–".into() } else { text };
    format!("{} → {}", dash(shown(p, old)), dash(shown(p, new)))
}

fn word(p: &Frame, key: &str) -> String {
    match key {
        "name" | "email" | "roles" | "slug" | "colour" | "locale" | "time_zone" | "kind"
        | "act" | "address" | "ended" | "inner" | "lists" | "rule" | "rights" | "expires_at"
        | "old_key" | "count" | "moves_allowed" | "state" | "rows" | "created" | "updated"
        | "unchanged" | "refused" | "mailed" => {
            p.t(&format!("audit-word-{}", key.replace('_', "-")))
        }
        other => other.to_owned(),
    }
}

fn shown(p: &Frame, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => p.t("value-yes"),
        Value::Bool(false) => p.t("value-no"),
        Value::String(text) => match text.as_str() {
            "administrator" | "editor" | "viewer" => p.t(&format!("role-{text}")),
            "active" | "no_sending" | "no_login" | "locked" => {
                p.t(&format!("tenant-status-{}", text.replace('_', "-")))
            }
            other => other.to_owned(),
        },
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
