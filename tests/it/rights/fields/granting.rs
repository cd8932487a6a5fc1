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
