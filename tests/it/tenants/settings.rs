//! What a tenant is called, where it is found, and what it may do.

use super::World;
use crate::support::app::TestApp;
use crate::support::count;

fn main_admin(app: &TestApp) -> crate::support::app::Person {
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    admin
}

#[test]
fn a_tenant_is_renamed_and_the_second_editor_is_told() {
    let w = World::new();
    let page = w.vip_page("/settings");
    let first = w.anna.get(&page).form("form.form");
    let done = w
        .anna
        .submit(&page, &[("name", "Sehr wichtig"), ("locale", "de")]);
    assert_eq!((done.status, done.location), (303, w.vip_page("")));
    assert!(w.anna.get("/t/nord/inner").body.contains("Sehr wichtig"));

    // Another tab, opened before.
    let mut late: Vec<(&str, &str)> = first
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    late.retain(|(name, _)| *name != "name");
    late.extend([("name", "Anders"), ("locale", "en")]);
    let told = w.anna.post_bare(&page, &late);
    assert_eq!(told.status, 422);
    assert!(
        told.texts("[role=alert]")[0].contains("Sehr wichtig"),
        "what is there now is said"
    );
    assert_eq!(
        told.attribute("#name", "value").unwrap(),
        "Anders",
        "nothing typed is lost"
    );
    // Told, he may insist.
    let mut again = told.form("form.form");
    again.push(("locale".into(), "en".into()));
    let again: Vec<(&str, &str)> = again
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(w.anna.post_bare(&page, &again).status, 303);
    assert_eq!(w.app.db.tenant("nord/vip").name, "Anders");
}

#[test]
fn an_address_changes_only_when_that_is_meant() {
    let w = World::new();
    let main = main_admin(&w.app);
    let page = format!("/t/main/tenants/{}/settings", w.nord.id);
    let unsure = main.submit(&page, &[("slug", "norden")]);
    assert_eq!(unsure.status, 422);
    assert_eq!(unsure.texts("#slug-error").len(), 1);
    for bad in [
        "",
        "recipients",
        "new",
        "Nord",
        &"n".repeat(200),
        "select;--",
    ] {
        let refused = main.submit(&page, &[("slug", bad), ("moves", "on")]);
        assert_eq!(
            (refused.status, refused.texts("#slug-error").len()),
            (422, 1),
            "{bad}"
        );
    }
    w.app.db.separate("sued");
    assert_eq!(
        main.submit(&page, &[("slug", "sued"), ("moves", "on")])
            .texts("#slug-error")
            .len(),
        1
    );
    // A word of SQL is a slug like another.
    assert_eq!(
        main.submit(&page, &[("slug", "select"), ("moves", "on")])
            .status,
        303
    );
    assert_eq!(w.anna.get("/t/nord").status, 404);
    assert!(
        w.anna
            .get("/t/select/recipients")
            .body
            .contains("out@nord.example")
    );
    assert_eq!(w.anna.get("/t/select/inner").status, 200);
}

#[test]
fn the_main_tenants_own_administrators_change_it_but_not_its_address() {
    let app = TestApp::new();
    let main = main_admin(&app);
    assert_eq!(main.get("/t/main/tenants/1").status, 200);
    let done = main.submit(
        "/t/main/tenants/1/settings",
        &[("name", "Konzern"), ("slug", "other"), ("moves", "on")],
    );
    assert_eq!(done.status, 303);
    assert_eq!(app.db.tenant("main").name, "Konzern");
    for page in ["/status", "/delete"] {
        assert_eq!(main.get(&format!("/t/main/tenants/1{page}")).status, 404);
    }
}

#[test]
fn what_lies_above_a_tenant_forbids_is_shown_with_its_name() {
    let w = World::new();
    let main = main_admin(&w.app);
    let deep = w.app.db.below("nord", "deep");
    let ina = w.app.user("ina@nord.example", "nord/vip", "editor");
    let set = |who: &crate::support::app::Person, page: &str, status: &str| {
        assert_eq!(
            who.submit(page, &[("status", status)]).status,
            303,
            "{page} {status}"
        );
    };
    set(&w.anna, &w.vip_page("/status"), "no_sending");
    assert_eq!(w.anna.get(&w.vip_page("")).texts(".badge")[0], "no sending");
    assert_eq!(ina.get("/t/nord/vip").status, 200, "she may work");
    set(&w.anna, &w.vip_page("/status"), "locked");
    assert_eq!(ina.get("/t/nord/vip").status, 403);
    set(&w.anna, &w.vip_page("/status"), "active");

    set(
        &main,
        &format!("/t/main/tenants/{}/status", w.nord.id),
        "locked",
    );
    assert_eq!(ina.get("/t/nord/vip").status, 403);
    let badge = &main
        .get(&format!("/t/main/tenants/{}", deep.id))
        .texts(".badge")[0];
    assert_eq!(badge, "locked (by NORD)");
    // The list finds what is in force, also from above.
    let locked = main.get("/t/main/tenants?status=locked");
    assert_eq!(locked.texts("tbody tr").len(), 2);
    assert_eq!(
        main.get("/t/main/tenants?status=no_login")
            .texts("tbody tr")
            .len(),
        0
    );
    let page = main.get(&format!("/t/main/tenants/{}/status", deep.id));
    assert!(page.texts("#status-help")[0].contains("NORD"));
}

#[test]
fn the_page_of_a_tenant_tells_its_facts() {
    let w = World::new();
    let page = w.anna.get(&w.vip_page(""));
    let facts = page.texts("dd");
    assert!(facts.contains(&"inner tenant".to_owned()), "{facts:?}");
    assert!(facts.contains(&"/t/nord/vip".to_owned()) && facts.contains(&"1".to_owned()));
    let main = main_admin(&w.app).get(&format!("/t/main/tenants/{}", w.nord.id));
    let facts = main.texts("dd");
    assert!(facts.contains(&"separate tenant".to_owned()));
    assert!(
        facts
            .iter()
            .any(|fact| fact.ends_with(" MB") && fact != "0.0 MB"),
        "{facts:?}"
    );
    let list = main_admin(&w.app).get("/t/main/tenants");
    let users = list.attribute("tbody td.number a", "href").unwrap();
    assert_eq!(users, format!("/t/main/users?below={}", w.nord.id));
}

/// Ten deep, hundreds wide: found by typing, and each under its own address.
#[test]
fn a_deep_tree_is_walked_and_searched() {
    let app = TestApp::new();
    let mut parent = "main".to_owned();
    for depth in 1..=10 {
        let slug = format!("d{depth}");
        app.db.below(&parent, &slug);
        parent = slug;
    }
    let mut conn = app.db.as_provisioner();
    crate::isolation::run(
        &mut conn,
        "INSERT INTO tenants (parent_id, kind, slug, name) SELECT 1, 'separate', 'w' || n, 'Wide ' || n FROM generate_series(1, 600) n;
         INSERT INTO memberships (user_id, tenant_id) SELECT u.id, t.id FROM users u, tenants t WHERE t.id > 1",
    );
    assert_eq!(
        count(&mut conn, "SELECT count(*) AS n FROM memberships"),
        611
    );
    let main = main_admin(&app);
    let all = main.get("/t/main/tenants");
    assert_eq!(all.texts("tbody tr").len(), 500);
    assert!(all.body.contains("first 500"));
    let one = main.get("/t/main/tenants?q=wide+599");
    assert_eq!(one.texts("tbody tr").len(), 1);
    let deepest = main.get("/t/main/tenants?q=d10");
    assert!(deepest.texts("tbody td")[0].contains("D9 › D10"));
    assert_eq!(
        main.get("/tenants?q=wide+60")
            .texts(".tenant-list li")
            .len(),
        2
    );
    app.db
        .recipient(&app.db.tenant("d10"), "deep@x.example", &[]);
}
