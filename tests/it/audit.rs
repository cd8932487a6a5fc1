//! The audit: what was done is found again, in words, by those who may see it, and is never changed.

mod chain;
mod looks;

use crate::support::app::TestApp;
use crate::support::by_rule;
use diesel::connection::SimpleConnection;
use mandant::control::audit::words::GROUPS;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn entries_are_shown_in_words_with_old_and_new_and_can_be_exported() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.db.separate("sued");
    app.db
        .inner("nord", "vip", by_rule("email = 'a@example.org'"));
    let nora = app.user("nora@example.org", "nord", "administrator");
    app.member("carl@example.org", "nord", "viewer");
    let list = app.db.list(&nord, "News");
    nora.submit(&format!("/t/nord/lists/{list}/edit"), &[("name", "Newest")]);
    let users = nora.get("/t/nord/users?q=carl");
    let carl = users.attribute("tbody td a", "href").unwrap();
    nora.submit(&format!("{carl}/roles"), &[("roles", "editor")]);
    app.member("vera@example.org", "nord/vip", "viewer");

    let page = nora.get("/t/nord/audit");
    let rows = page.texts("tbody tr").join("\n");
    for words in [
        "Changed a mailing list",
        "News → Newest",
        "Viewer → Editor",
        "carl@example.org",
        "Logged in",
        "VIP",
    ] {
        assert!(rows.contains(words), "{words} lacks in\n{rows}");
    }
    let only = nora.get("/t/nord/audit?act=list&user=nora");
    assert_eq!(only.texts("tbody tr").len(), 1);
    assert_eq!(
        nora.get("/t/nord/audit?to=2001-01-01")
            .texts("tbody tr")
            .len(),
        0
    );
    assert_eq!(
        nora.get("/t/nord/audit?object=carl")
            .texts("tbody tr")
            .len(),
        3
    );
    let file = nora.get("/t/nord/audit/export?act=list.change");
    assert_eq!(file.body.lines().count(), 2);
    assert!(file.body.contains("News → Newest"));

    // One entry by itself, old and new field by field.
    let roles = nora.get("/t/nord/audit?act=membership.roles");
    let entry = nora.get(&roles.attribute("tbody td a", "href").unwrap());
    assert_eq!(entry.texts("h1"), ["Changed roles"]);
    assert_eq!(entry.texts(".diff tbody th"), ["Roles"]);
    assert_eq!(entry.texts(".diff del"), ["Viewer"]);
    assert_eq!(entry.texts(".diff ins"), ["Editor"]);
    assert!(entry.texts("dd").contains(&"127.0.0.1".to_owned()));
    assert_eq!(nora.get("/t/nord/audit/999999").status, 404);

    // Another tenant's are not there, for its neighbour and for its inner tenant.
    let berta = app.user("berta@example.org", "sued", "administrator");
    assert!(!berta.get("/t/sued/audit").body.contains("Newest"));
    let inner = app.user("ina@example.org", "nord/vip", "administrator");
    assert!(!inner.get("/t/nord/vip/audit").body.contains("Newest"));
    let viewer = app.visitor();
    viewer.log_in("vera@example.org");
    assert_eq!(viewer.get("/t/nord/vip/audit").status, 403);
}

/// What stands as an act in the calls that record.
fn recorded() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                for call in [
                    "audit::record(",
                    "audit::record_personal(",
                    "record_look(",
                    "record_in_tenant(",
                    ".record(",
                    "record(conn, ",
                ] {
                    for rest in text.split(call).skip(1) {
                        let end = rest.find(';').unwrap_or(rest.len());
                        let quoted = rest[..end].split('"').skip(1).step_by(2);
                        found.extend(quoted.filter(|text| is_act(text)).map(str::to_owned));
                    }
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found
}

fn is_act(text: &str) -> bool {
    text.split_once('.').is_some_and(|(group, act)| {
        [group, act]
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase()))
    })
}

#[test]
fn every_act_that_is_recorded_has_its_words() {
    let named: BTreeSet<String> = GROUPS
        .iter()
        .flat_map(|(group, acts)| acts.iter().map(move |act| format!("{group}.{act}")))
        .collect();
    let lacking: Vec<_> = recorded().difference(&named).cloned().collect();
    assert_eq!(lacking, Vec::<String>::new());
    assert!(recorded().len() > 15, "the calls are not found");
}

#[test]
fn entries_stay_as_they_were_written() {
    let app = TestApp::new();
    app.user("nora@example.org", "main", "administrator");
    for mut conn in [app.db.as_control(), app.db.as_app()] {
        for sql in [
            "UPDATE control.audit SET act = 'x'",
            "DELETE FROM control.audit",
            "TRUNCATE control.audit",
            "INSERT INTO control.audit_seals VALUES (1, 99, 99, '', '')",
            "UPDATE control.audit_seals SET seq = 0",
            "DELETE FROM control.audit_seals",
            "UPDATE control.audit_heads SET seq = 0",
            "DELETE FROM control.audit_unsealed",
            "DELETE FROM control.audit_checkpoints",
        ] {
            let refused = conn.batch_execute(sql).unwrap_err().to_string();
            assert!(refused.contains("permission denied"), "{sql}: {refused}");
        }
    }
}
