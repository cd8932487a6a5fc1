//! Who sees little lets nobody see more: neither others, nor himself by way of them.

use super::*;
use crate::support::app::PASSWORD;

/// Edda may also look after users and roles, as far as an editor's rights go.
fn with_users(w: &World) {
    let rights = [
        "users.view",
        "users.change",
        "roles.view",
        "roles.create",
        "roles.change",
    ];
    place(w, "edda@example.org", &["editor"], &rights);
}

fn add(who: &Person, email: &str, role: &str) -> Answer {
    let new = [
        ("name", "Neu"),
        ("email", email),
        ("password", PASSWORD),
        ("roles", role),
    ];
    who.submit("/t/nord/users/new", &new)
}

#[test]
fn nobody_gives_a_role_that_sees_more_than_he() {
    let w = World::new();
    with_users(&w);
    let refused = add(&w.edda, "more@example.org", "viewer");
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(
        refused
            .body
            .contains("one would see or change fields that you may not")
    );
    assert_eq!(add(&w.edda, "same@example.org", "editor").status, 303);
    assert_eq!(add(&w.nora, "more@example.org", "viewer").status, 303);
    // Nor does he turn one place into such a one, or take the place of who sees more.
    let page = |email: &str| {
        let mut conn = w.app.db.as_provisioner();
        let id = by_email(&mut conn, email).unwrap().unwrap();
        format!("/t/nord/users/{id}")
    };
    let same = page("same@example.org");
    for roles in [vec!["viewer"], vec!["editor", "viewer"]] {
        let roles: Vec<(&str, &str)> = roles.iter().map(|role| ("roles", *role)).collect();
        let changed = w.edda.submit(&format!("{same}/roles"), &roles);
        assert_eq!(changed.status, 422, "{roles:?}");
    }
    let program = w.app.program("edda@example.org", "nord", &[]);
    let path = same.trim_start_matches("/t/nord").to_owned() + "/roles";
    let set = program.send("PUT", &path, json!({ "roles": ["viewer"] }));
    assert_eq!(set.faults(), [("roles", "fields-beyond")], "{set:?}");
    let password = [("password", "another horse battery")];
    for (email, status) in [("more@example.org", 422), ("same@example.org", 303)] {
        let page = format!("{}/password", page(email));
        let form = w.edda.get(&page);
        let sent = if form.status == 200 {
            w.edda.submit(&page, &password).status
        } else {
            form.status
        };
        assert_eq!(sent, status, "{email}");
    }
}

#[test]
fn nobody_lets_a_role_of_his_own_include_one_that_sees_more() {
    let w = World::new();
    with_users(&w);
    let made = w
        .nora
        .submit("/t/nord/roles/new", &[("name", "Hilfe"), ("key", "hilfe")]);
    assert_eq!(made.status, 303, "{made:?}");
    w.set(w.score, "hilfe", "hidden");
    w.set(w.tel, "hilfe", "hidden");
    let rights = ["roles.view", "roles.change"];
    place(&w, "edda@example.org", &["editor", "hilfe"], &rights);
    tells_nothing(&w.edda.get(&w.anna("")));
    // Her rights would stay what they are; what she sees would not.
    let change = [("name", "Hilfe"), ("includes", "viewer"), ("version", "1")];
    w.edda.get("/t/nord/roles");
    let changed = w
        .edda
        .post(&format!("/t/nord/roles/{}", w.role("hilfe")), &change);
    assert_eq!(changed.status, 422, "{changed:?}");
    tells_nothing(&w.edda.get(&w.anna("")));
}

#[test]
fn nobody_lets_holders_of_a_role_see_more_by_what_it_includes() {
    let w = World::new();
    with_users(&w);
    let new = [
        ("name", "Hilfe"),
        ("key", "hilfe"),
        ("rights", "recipients.view"),
        ("rights", "recipients.export"),
    ];
    w.nora.get("/t/nord/roles/new");
    assert_eq!(w.nora.post("/t/nord/roles", &new).status, 303);
    w.set(w.score, "hilfe", "hidden");
    w.set(w.tel, "hilfe", "hidden");
    let carl = w.app.user("carl@example.org", "nord", "viewer");
    place(&w, "carl@example.org", &["hilfe"], &[]);
    tells_nothing(&carl.get(&w.anna("")));
    // A role of Edda's own for which nothing is said.
    let open = [("name", "Offen"), ("key", "offen")];
    w.edda.get("/t/nord/roles/new");
    assert_eq!(w.edda.post("/t/nord/roles", &open).status, 303);
    let role = format!("/t/nord/roles/{}", w.role("hilfe"));
    let change = |who: &Person, includes: &[(&str, &str)], version: &str| {
        who.get("/t/nord/roles");
        let same = [&new[..1], &new[2..], &[("version", version)]].concat();
        who.post(&role, &[same.as_slice(), includes].concat())
    };
    let refused = change(&w.edda, &[("includes", "offen")], "1");
    assert_eq!(refused.status, 422, "{refused:?}");
    assert!(
        refused
            .texts("#includes-error")
            .join("")
            .contains("one would see or change fields that you may not"),
        "{}",
        refused.body
    );
    let program = w.app.program("edda@example.org", "nord", &[]);
    let body = json!({
        "name": "Hilfe", "rights": ["recipients.view", "recipients.export"], "includes": ["offen"], "version": 1,
    });
    let refused = program.send("PUT", &format!("/roles/{}", w.role("hilfe")), body);
    assert_eq!(refused.faults(), [("includes", "fields-beyond")]);
    tells_nothing(&carl.get(&w.anna("")));
    // Nor does she bring back a version by which it was so.
    assert_eq!(change(&w.nora, &[("includes", "offen")], "1").status, 303);
    assert!(carl.get(&w.anna("")).body.contains("zqscore"));
    assert_eq!(change(&w.nora, &[], "2").status, 303);
    let back = w.edda.post(&format!("{role}/versions/2"), &[("seen", "3")]);
    assert_eq!(back.status, 422, "{back:?}");
    tells_nothing(&carl.get(&w.anna("")));
    // One that sees no more than she does herself may be included, and anything may go.
    assert_eq!(change(&w.edda, &[("includes", "editor")], "3").status, 303);
    tells_nothing(&carl.get(&w.anna("")));
    assert_eq!(change(&w.edda, &[], "4").status, 303);
}

#[test]
fn who_has_single_rights_alone_sees_the_least() {
    let w = World::new();
    place(
        &w,
        "edda@example.org",
        &[],
        &["recipients.view", "recipients.export"],
    );
    let page = w.edda.get(&w.anna(""));
    assert_eq!(page.status, 200);
    tells_nothing(&page);
    tells_nothing(&w.edda.get("/t/nord/recipients/export"));
    // What is said for any role holds for him.
    w.set(FieldId(1), "viewer", "masked");
    assert!(!w.edda.get(&w.anna("")).body.contains("anna@"));
}

#[test]
fn an_inner_tenant_of_ones_own_shows_no_more() {
    let w = World::new();
    place(
        &w,
        "edda@example.org",
        &["editor"],
        &["inner.view", "inner.create"],
    );
    let new = [
        ("name", "Mein"),
        ("slug", "mein"),
        ("rule", "email is not empty"),
        ("colour", "#334455"),
        ("locale", "en"),
        ("time_zone", "Europe/Berlin"),
    ];
    let made = w.edda.submit("/t/nord/inner/new", &new);
    assert_eq!(made.status, 303, "{made:?}");
    let list = w.edda.get("/t/nord/mein/recipients");
    assert_eq!(
        (list.status, list.texts("tbody tr").len()),
        (200, 2),
        "{list:?}"
    );
    let mein = w.app.db.tenant("nord/mein");
    let seal = Seal::new(&w.app.db.app.secret, mein.id());
    let anna = w.edda.get(&format!(
        "/t/nord/mein/recipients/{}",
        seal.recipient(w.anna)
    ));
    assert_eq!(anna.status, 200);
    tells_nothing(&anna);
}
