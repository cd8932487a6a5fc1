//! Saying what a field is to a role: who may, what is recorded, what becomes of it.

use super::*;
use crate::support::count;
use diesel::connection::SimpleConnection;

fn rows(w: &World) -> i64 {
    let sql = format!("SELECT count(*) AS n FROM t_{}.field_rights", w.nord.id);
    count(&mut w.app.db.as_provisioner(), &sql)
}

#[test]
fn it_is_recorded_from_what_to_what() {
    let w = World::new();
    let page = w.nora.get(&format!("/t/nord/fields/{}/edit", w.tel));
    assert_eq!(page.texts("dl.pairs dt"), ["Editor"]);
    assert_eq!(page.texts("dl.pairs dd"), ["Masked"]);
    w.set(w.tel, "editor", "hidden");
    // The same once more is nothing.
    w.set(w.tel, "editor", "hidden");
    let sql = "SELECT count(*) AS n FROM audit WHERE act = 'field.rights' AND object = 'tel'";
    assert_eq!(count(&mut w.app.db.as_provisioner(), sql), 2);
    let sql = "SELECT count(*) AS n FROM audit WHERE act = 'field.rights' AND object = 'tel'
        AND data -> 'changes' = '[{\"new\": \"hidden\", \"old\": \"masked\", \"role\": \"editor\"}]'";
    assert_eq!(count(&mut w.app.db.as_provisioner(), sql), 1);
    assert!(
        w.nora
            .get("/t/nord/audit")
            .body
            .contains("Set field rights by role")
    );
    // The overview, and the role's page.
    let all = w.nora.get("/t/nord/fields/rights");
    let row = all
        .texts("tbody tr")
        .into_iter()
        .find(|row| row.starts_with("tel"));
    assert_eq!(row.as_deref(), Some("tel Hidden"));
    assert_eq!(all.texts("thead th"), ["Label", "Editor"]);
    let role = w.nora.get(&format!("/t/nord/roles/{}", w.role("editor")));
    assert!(role.body.contains("tel (Hidden)"), "{}", role.body);
}

#[test]
fn who_holds_no_role_sets_nothing_because_all_of_it_is_his_own_view() {
    let w = World::new();
    let rights = [
        "dashboard.view",
        "fields.view",
        "fields.change",
        "recipients.view",
        "recipients.export",
    ];
    place(&w, "edda@example.org", &[], &rights);
    tells_nothing(&w.edda.get(&w.anna("")));
    let page = format!("/t/nord/fields/{}/rights", w.score);
    let form = w.edda.get(&page);
    assert_eq!(form.status, 200);
    assert!(form.body.contains("You hold no role here"));
    assert_eq!(form.attribute("[name^='role_']", "name"), None);
    let version = form.attribute("[name='version']", "value").unwrap();
    let before = rows(&w);
    for (role, mode) in [("editor", "editable"), ("editor", ""), ("viewer", "hidden")] {
        let name = format!("role_{}", w.role(role));
        let set = w.edda.post(&page, &[(&name, mode), ("version", &version)]);
        assert_eq!(set.status, 422, "{role}: {mode}");
        assert!(set.body.contains("You hold no role here"), "{}", set.body);
    }
    let program = w.app.program("edda@example.org", "nord", &[]);
    let body =
        json!({ "roles": { "editor": "editable" }, "version": version.parse::<i32>().unwrap() });
    let set = program.send("PUT", &format!("/fields/{}/rights", w.score), body);
    assert_eq!(set.faults(), [("roles", "field-rights-no-role")]);
    assert_eq!(rows(&w), before);
    tells_nothing(&w.edda.get(&w.anna("")));
}

#[test]
fn only_who_changes_fields_may_and_not_for_a_role_of_his_own() {
    let w = World::new();
    for page in [
        "/t/nord/fields/rights".to_owned(),
        format!("/t/nord/fields/{}/rights", w.tel),
    ] {
        assert_eq!(w.edda.get(&page).status, 403);
    }
    let editor = w.role("editor");
    let name = format!("role_{editor}");
    let page = format!("/t/nord/fields/{}/rights", w.tel);
    w.edda.get("/t/nord/recipients");
    assert_eq!(
        w.edda.post(&page, &[(&name, ""), ("version", "1")]).status,
        403
    );

    // With the right she may for others, not for her own role.
    place(&w, "edda@example.org", &["editor"], &["fields.change"]);
    let form = w.edda.get(&page);
    assert_eq!(form.attribute(&format!("[name='{name}']"), "name"), None);
    let version = form.attribute("[name='version']", "value").unwrap();
    let own = w.edda.post(&page, &[(&name, ""), ("version", &version)]);
    assert_eq!(own.status, 422);
    assert!(
        own.body.contains("You hold the role “editor” yourself"),
        "{}",
        own.body
    );
    assert_eq!(w.try_set(&w.edda, w.tel, "viewer", "hidden").status, 303);
    // Nobody says anything of the administrators.
    let administrator = format!("role_{}", w.role("administrator"));
    let form = w.nora.get(&page);
    let version = form.attribute("[name='version']", "value").unwrap();
    let all = w
        .nora
        .post(&page, &[(&administrator, "hidden"), ("version", &version)]);
    assert_eq!(all.status, 422);
    // They may for every other role, one that they hold beside it included.
    place(&w, "nora@example.org", &["administrator", "editor"], &[]);
    w.set(w.tel, "editor", "read_only");
    assert!(w.nora.get(&w.anna("")).body.contains("zqscore"));
}

#[test]
fn of_two_who_set_it_the_second_is_told() {
    let w = World::new();
    let page = format!("/t/nord/fields/{}/rights", w.tel);
    let seen = w.nora.get(&page);
    let version = seen.attribute("[name='version']", "value").unwrap();
    w.set(w.tel, "viewer", "masked");
    let name = format!("role_{}", w.role("viewer"));
    let late = w
        .nora
        .post(&page, &[(&name, "hidden"), ("version", &version)]);
    assert_eq!(late.status, 422);
    assert!(late.body.contains("meanwhile"), "{}", late.body);
    let chosen = late.attribute(&format!("#{name} option[selected]"), "value");
    assert_eq!(chosen.as_deref(), Some("hidden"), "what was typed is kept");
    let nonsense = w.nora.submit(&page, &[(&name, "nothing")]);
    assert_eq!(nonsense.status, 422);
}

#[test]
fn roles_that_go_and_fields_that_go_leave_nothing_behind() {
    let w = World::new();
    let mut conn = w.app.db.as_provisioner();
    let made = w.nora.submit(
        "/t/nord/roles/new",
        &[("name", "Aushilfe"), ("key", "aushilfe")],
    );
    assert_eq!(made.status, 303, "{made:?}");
    w.set(w.tel, "aushilfe", "hidden");
    assert_eq!(rows(&w), 4);
    conn.batch_execute("DELETE FROM roles WHERE key = 'aushilfe'")
        .unwrap();
    assert_eq!(
        w.nora.get("/t/nord/fields/rights").texts("thead th"),
        ["Label", "Editor"]
    );
    w.set(w.tel, "viewer", "masked");
    assert_eq!(rows(&w), 4, "the next change clears up");
    let drop = w
        .nora
        .submit(&format!("/t/nord/fields/{}/delete", w.tel), &[]);
    assert_eq!(drop.status, 303, "{drop:?}");
    assert_eq!(rows(&w), 2);
}

#[test]
fn an_included_role_may_still_allow_it_and_the_page_says_so() {
    let w = World::new();
    let viewer = ("includes", "viewer");
    let made = w.nora.submit(
        "/t/nord/roles/new",
        &[("name", "Hilfe"), ("key", "hilfe"), viewer],
    );
    assert_eq!(made.status, 303, "{made:?}");
    w.set(w.score, "hilfe", "hidden");
    let page = w.nora.get(&format!("/t/nord/fields/{}/rights", w.score));
    assert!(
        page.body.contains("a role that it includes allows it"),
        "{}",
        page.body
    );
    let hilde = w.app.user("hilde@example.org", "nord", "hilfe");
    assert!(hilde.get(&w.anna("")).body.contains("zqscore"));
    w.set(w.score, "viewer", "masked");
    let page = hilde.get(&w.anna(""));
    assert!(!page.body.contains("zqscore") && page.body.contains("z•••"));
}
