//! An entry of the audit in the reader's words: who, what, through what. Old and new are `diff`'s.

use super::query::Entry;
use crate::web::Frame;

/// The acts by group, as the filter offers them; a test compares them with what the program records.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("admission", &["admit", "decline"]),
    ("audit", &["export", "retention", "prune"]),
    (
        "export",
        &[
            "users", "roles", "fields", "lists", "tenants", "inner", "refused", "review",
        ],
    ),
    ("field", &["create", "change", "rights", "drop"]),
    (
        "factor",
        &[
            "begin",
            "end",
            "reset",
            "recovery",
            "codes",
            "app_add",
            "passkey_add",
            "passkey_remove",
            "passkey_copied",
        ],
    ),
    ("list", &["create", "change", "delete"]),
    ("membership", &["grant", "roles", "confirm"]),
    ("package", &["create", "change", "delete"]),
    (
        "pending",
        &["confirm", "decline", "expire", "mark", "unmark", "keep"],
    ),
    ("policy", &["change"]),
    ("recipient", &["create", "delete"]),
    ("recipients", &["bulk", "bulk_end", "export", "import"]),
    ("review", &["settings", "remind"]),
    ("role", &["create", "change", "delete"]),
    ("see", &["begin"]),
    ("session", &["begin", "end"]),
    ("sign_on", &["change", "link", "unlink", "permit", "forbid"]),
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
            "anonymise",
            "dormant",
        ],
    ),
    ("visit", &["begin", "end"]),
];

/// Who acted; only as "somebody" where this tenant may not know him. With where he came from, if he was a
/// visitor, and as whom he looked.
pub fn who(p: &Frame, entry: &Entry) -> String {
    let name = match entry.user {
        Some(_) if entry.user_name.is_empty() => p.t("audit-somebody"),
        Some(id) => named(p, &entry.user_name, &id.to_string()),
        None => p.t("audit-nobody"),
    };
    let name = match entry.came_from.as_str() {
        "" => name,
        from => {
            let said = [("name", name), ("tenant", from.to_owned())];
            p.t.with_all("audit-who-visits", &said)
        }
    };
    match entry.seen_as.as_str() {
        "" => name,
        other => {
            let said = [("name", name), ("other", other.to_owned())];
            p.t.with_all("audit-who-as", &said)
        }
    }
}

/// On what: a user's name, else what was recorded.
pub fn object(p: &Frame, entry: &Entry) -> String {
    if entry.object_name.is_empty() {
        entry.object.clone()
    } else {
        named(p, &entry.object_name, &entry.object)
    }
}

/// A user's name; of one who was anonymised only his number is left.
fn named(p: &Frame, name: &str, id: &str) -> String {
    if name.strip_prefix('#') == Some(id) {
        p.t.with("users-former", "number", name)
    } else {
        name.to_owned()
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
        p.t(&format!("audit-act-{}", act.replace(['.', '_'], "-")))
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
