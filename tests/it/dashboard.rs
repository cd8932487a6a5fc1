//! The start page: numbers that lead, what happened lately, first steps.

use crate::support::app::{Answer, TestApp};

fn steps(page: &Answer, selector: &str) -> Vec<String> {
    page.texts(&format!(".first-steps {selector}"))
}

#[test]
fn first_steps_tick_themselves_and_go_once_all_are_done() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let page = nora.get("/t/nord");
    assert_eq!(steps(&page, "li").len(), 5);
    assert_eq!(
        steps(&page, "li.next a"),
        ["Create the fields your recipients need"]
    );
    assert_eq!(steps(&page, "li.done").len(), 0);

    nora.submit("/t/nord/lists/new", &[("name", "News")]);
    let page = nora.get("/t/nord");
    assert_eq!(steps(&page, "li.done"), ["✓ done: Create a mailing list"]);
    nora.submit(
        "/t/nord/fields/new",
        &[("key", "city"), ("type", "text"), ("label_en", "City")],
    );
    nora.submit("/t/nord/recipients/new", &[("f1", "a@nord.example")]);
    assert_eq!(
        steps(&nora.get("/t/nord"), "li.next a"),
        ["Create an inner tenant"]
    );
    nora.submit(
        "/t/nord/inner/new",
        &[("name", "VIP"), ("slug", "vip"), ("rule", "city = 'Kiel'")],
    );
    assert_eq!(
        steps(&nora.get("/t/nord"), "li.next a"),
        ["Invite a colleague"]
    );
    app.member("carl@example.org", "nord", "editor");
    let page = nora.get("/t/nord");
    assert_eq!(steps(&page, "li").len(), 0);
    assert_eq!(page.texts("h2"), ["Recent activity", "Recent imports"]);
}

#[test]
fn first_steps_are_hidden_for_oneself_and_can_be_had_back() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let berta = app.user("berta@example.org", "nord", "administrator");
    nora.get("/t/nord");
    let hidden = nora.post("/t/nord/first-steps", &[]);
    assert_eq!((hidden.status, hidden.location.as_str()), (303, "/t/nord"));
    let page = nora.get("/t/nord");
    assert_eq!(steps(&page, "li").len(), 0);
    assert_eq!(steps(&berta.get("/t/nord"), "li").len(), 5);
    assert_eq!(nora.undo(&page).status, 303);
    assert_eq!(steps(&nora.get("/t/nord"), "li").len(), 5);
}

#[test]
fn everybody_sees_what_his_rights_show() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let vera = app.user("vera@example.org", "nord", "viewer");
    nora.submit("/t/nord/lists/new", &[("name", "News")]);
    let hers = nora.get("/t/nord");
    assert_eq!(
        hers.texts(".tiles a"),
        [
            "0 Recipients",
            "1 Mailing lists",
            "0 Imports",
            "0 Inner tenants",
            "2 Users",
            "0 Own fields"
        ]
    );
    assert!(
        hers.texts(".lately li")[0].starts_with("Created a mailing list"),
        "{:?}",
        hers.texts(".lately li")
    );
    assert!(!hers.body.contains("Logged in"));
    let seen = vera.get("/t/nord");
    assert_eq!(
        seen.texts(".tiles a").len(),
        3,
        "{:?}",
        seen.texts(".tiles a")
    );
    assert_eq!(seen.texts("h2").len(), 0);
    assert!(!seen.body.contains("nora@example.org"));
    assert_eq!(vera.get("/t/nord/audit").status, 403);
}
