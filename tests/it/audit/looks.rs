//! Critical looks leave an entry, everybody sees his own, and who came from above is shown as such.

use crate::support::app::{Person, TestApp};
use crate::support::{by_rule, count, until};

fn acts(person: &Person, path: &str, act: &str) -> Vec<String> {
    let page = person.get(&format!("/t/{path}/audit?act={act}"));
    assert_eq!(page.status, 200);
    page.texts("tbody td:nth-child(3)")
}

#[test]
fn every_export_leaves_an_entry() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.db
        .inner("nord", "vip", by_rule("email = 'a@example.org'"));
    let nora = app.user("nora@example.org", "nord", "administrator");
    nora.submit("/t/nord/lists/new", &[("name", "News")]);
    for (url, act) in [
        ("users/export?q=nora", "export.users"),
        ("roles/export", "export.roles"),
        ("fields/export", "export.fields"),
        ("lists/export", "export.lists"),
        ("tenants/export", "export.tenants"),
        ("inner/export", "export.inner"),
        ("recipients/export", "recipients.export"),
        ("audit/export", "audit.export"),
    ] {
        assert_eq!(acts(&nora, "nord", act).len(), 0, "{url}");
        assert_eq!(nora.get(&format!("/t/nord/{url}")).status, 200, "{url}");
        assert_eq!(acts(&nora, "nord", act).len(), 1, "{url}");
    }
    let users = nora.get("/t/nord/audit?act=export.users");
    assert!(users.texts("tbody tr")[0].contains("Filtered: yes"));
}

#[test]
fn what_a_program_lists_by_the_hundred_leaves_an_entry_and_a_look_at_a_few_does_not() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    for n in 0..3 {
        app.db.recipient(&nord, &format!("r{n}@example.org"), &[]);
    }
    let shop = app.program("nora@example.org", "nord", &[]);
    assert_eq!(shop.get("/recipients").items().len(), 3);
    assert_eq!(shop.get("/users").items().len(), 1);
    assert_eq!(acts(&nora, "nord", "recipients.export").len(), 0);
    let page = shop.get("/recipients?limit=2");
    assert_eq!(acts(&nora, "nord", "recipients.export").len(), 1);
    let next = page.json["next"].as_str().unwrap();
    assert_eq!(
        shop.get(&format!("/recipients?limit=2&after={next}"))
            .items()
            .len(),
        1
    );
    assert_eq!(acts(&nora, "nord", "recipients.export").len(), 1);
}

#[test]
fn who_came_from_above_is_shown_with_where_from_and_from_which_address() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    let enter = format!("/t/main/tenants/{}/enter", nord.id);
    assert_eq!(admin.submit(&enter, &[]).status, 303);
    let made = admin.submit("/t/nord/lists/new", &[("name", "From above")]);
    assert_eq!(made.status, 303);
    assert_eq!(admin.get("/t/nord/users/export").status, 200);
    for act in ["list.create", "export.users"] {
        let page = nora.get(&format!("/t/nord/audit?act={act}"));
        let who = page.texts("tbody td:nth-child(2)");
        assert_eq!(who, ["somebody of another tenant (from Main)"], "{act}");
        // His address is not this tenant's to know.
        let entry = nora.get(&page.attribute("tbody td a", "href").unwrap());
        assert!(
            !entry.texts("dd").contains(&"127.0.0.1".to_owned()),
            "{act}"
        );
    }
    // His own audit names him, and he sees all he did.
    let own = admin.get("/profile/activity");
    let rows = own.texts("tbody tr").join("\n");
    for words in [
        "Entered the tenant",
        "Created a mailing list",
        "NORD",
        "Logged in",
    ] {
        assert!(rows.contains(words), "{words} lacks in\n{rows}");
    }
}

#[test]
fn looks_as_somebody_else_are_told_as_such() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    app.member("carl@example.org", "nord", "editor");
    let carl = nora
        .get("/t/nord/users?q=carl")
        .attribute("tbody td a", "href")
        .unwrap();
    nora.get(&carl);
    assert_eq!(nora.post(&format!("{carl}/see-as"), &[]).status, 303);
    assert_eq!(nora.get("/t/nord/lists/export").status, 200);
    nora.post("/see-as/end", &[]);
    let page = nora.get("/t/nord/audit?act=export.lists");
    let who = page.texts("tbody td:nth-child(2)");
    assert_eq!(who, ["nora@example.org, looking as carl@example.org"]);
}

#[test]
fn everybody_sees_his_own_acts_and_nobody_elses() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let vera = app.user("vera@example.org", "nord", "viewer");
    assert_eq!(vera.get("/t/nord/audit").status, 403);
    let page = vera.get("/profile/activity");
    assert_eq!(page.texts("tbody td:nth-child(3)"), ["Logged in"]);
    let own = page.attribute("tbody td a", "href").unwrap();
    let entry = vera.get(&own);
    assert_eq!(entry.texts("h1"), ["Logged in"]);
    assert!(entry.texts("dd").contains(&"127.0.0.1".to_owned()));
    assert_eq!(nora.get(&own).status, 404);
    assert!(!page.body.contains("nora@example.org"));
}

#[test]
fn retention_is_set_by_the_tenant_and_refuses_what_is_too_short() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let page = "/t/nord/audit/retention";
    for wrong in ["30", "soon", "-1"] {
        let again = nora.submit(page, &[("days", wrong)]);
        assert_eq!(again.status, 422, "{wrong}");
        assert!(again.texts("#days-error")[0].contains("90"));
        assert_eq!(again.attribute("#days", "value").unwrap(), wrong);
    }
    assert_eq!(nora.submit(page, &[("days", "400")]).status, 303);
    let days = format!(
        "SELECT audit_days::bigint AS n FROM tenants WHERE id = {}",
        nord.id
    );
    assert_eq!(count(&mut app.db.as_provisioner(), &days), 400);
    let entry = nora.get("/t/nord/audit?act=audit.retention");
    assert!(entry.texts("tbody tr")[0].contains("Days kept: – → 400"));
    assert_eq!(nora.submit(page, &[("days", "")]).status, 303);
}

#[test]
fn entries_are_sealed_by_the_server_within_seconds() {
    let app = TestApp::new();
    app.user("nora@example.org", "main", "administrator");
    let waiting = "SELECT count(*) AS n FROM audit_unsealed";
    until("nothing seals", || {
        count(&mut app.db.as_provisioner(), waiting) == 0
    });
}

#[test]
fn acts_on_many_recipients_say_what_was_done_to_how_many() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let news = app.db.list(&nord, "News");
    for name in ["anna", "bert", "carl"] {
        app.db
            .recipient(&nord, &format!("{name}@x.example"), &[news]);
    }
    let nora = app.user("nora@example.org", "nord", "administrator");
    let list = nora.get("/t/nord/recipients");
    let one = list
        .attribute("tbody input[type=checkbox]", "value")
        .unwrap();
    let field = format!(
        "SELECT id::bigint AS n FROM t_{}.fields WHERE key = 'last_name'",
        nord.id
    );
    let field = count(&mut app.db.as_provisioner(), &field).to_string();
    let orders: [&[(&str, &str)]; 2] = [
        &[
            ("act", "set"),
            ("which", "all"),
            ("field", &field),
            ("value", "Zqmeier"),
            ("list", &news.0.to_string()),
        ],
        &[
            ("act", "unsubscribe"),
            ("which", "chosen"),
            ("chosen", &one),
            ("list", &news.0.to_string()),
        ],
    ];
    for order in orders {
        let asked = nora.submit("/t/nord/recipients/bulk?act=set&which=all", order);
        assert_eq!(asked.status, 303, "{}", asked.body);
        let open = "SELECT count(*) AS n FROM jobs WHERE state IN ('queued', 'running')";
        until("a job never ends", || {
            count(&mut app.db.as_provisioner(), open) == 0
        });
    }
    assert_eq!(nora.get("/t/nord/recipients/export?q=anna").status, 200);
    let log = nora.get("/t/nord/audit").texts("tbody tr").join("\n");
    for part in [
        "Set a field",
        "Field: last_name",
        "Unsubscribe from a list",
        "List: News",
        "Recipients chosen: 1",
        "Count: 3",
        "Count: 1",
        "Columns: email",
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
    assert!(!log.contains("Zqmeier"), "{log}");
}
