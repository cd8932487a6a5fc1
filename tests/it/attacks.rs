//! What somebody tries who has a place, and wants more than it gives: more rights than his own, the data
//! outside a fence, names that are not for him.

use crate::support::app::{PASSWORD, TestApp};
use crate::support::{by_lists, count, set_place};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::connection::SimpleConnection;
use mandant::control::users::by_email;
use mandant::db::ids::UserId;
use serde_json::{Value, json};
use std::sync::{Arc, Barrier};

fn id(app: &TestApp, email: &str) -> UserId {
    by_email(&mut app.db.as_provisioner(), email)
        .unwrap()
        .unwrap()
}

/// Single rights instead of any role.
fn only(app: &TestApp, email: &str, path: &str, rights: &[&str]) {
    let tenant = app.db.tenant(path).id();
    set_place(
        &mut app.db.as_provisioner(),
        id(app, email),
        tenant,
        |place| {
            place.roles.clear();
            place.rights = rights.iter().map(|right| (*right).to_owned()).collect();
        },
    )
    .unwrap();
}

#[test]
fn who_is_added_by_his_address_is_no_name_to_strangers() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.db.separate("sued");
    app.member("carl@example.org", "nord", "editor");
    let rename = "UPDATE users SET name = 'Carl Geheim' WHERE email = 'carl@example.org'";
    app.db.as_provisioner().batch_execute(rename).unwrap();
    let nora = app.user("nora@example.org", "nord", "administrator");
    let sonja = app.user("sonja@example.org", "sued", "administrator");
    let place = [("email", "carl@example.org"), ("roles", "viewer")];
    assert_eq!(sonja.submit("/t/sued/users/new", &place).status, 303);
    let page = format!("/t/sued/users/{}", id(&app, "carl@example.org"));
    for url in [
        "/t/sued/users",
        "/t/sued/users?q=geheim",
        "/t/sued/users/export",
        "/t/sued/audit",
        "/t/sued/audit/export",
        page.as_str(),
        &format!("{page}/roles"),
    ] {
        let shown = sonja.get(url);
        assert_eq!(shown.status, 200, "{url}");
        assert!(!shown.body.contains("Geheim"), "{url}");
    }
    assert_eq!(
        sonja.get("/t/sued/users?q=geheim").texts("tbody tr").len(),
        0
    );
    assert_eq!(sonja.get("/t/sued/users?q=carl").texts("tbody tr").len(), 1);
    let program = app.program("sonja@example.org", "sued", &[]);
    let users = program.get("/users");
    assert!(users.text.contains("carl@example.org") && !users.text.contains("Geheim"));
    assert_eq!(program.get("/users?q=geheim").items().len(), 0);
    assert!(
        nora.get("/t/nord/users").body.contains("Carl Geheim"),
        "at home he is known"
    );
    // Where a page begins is no place to compare with somebody else's name.
    let foreign = format!("/t/sued/users?after={}", id(&app, "nora@example.org"));
    assert_eq!(sonja.get(&foreign).texts("tbody tr").len(), 0);
    assert!(nord.id > 0);
}

#[test]
fn guesses_at_the_same_moment_count_like_those_one_after_the_other() {
    let app = TestApp::new();
    app.member("carl@example.org", "main", "viewer");
    let start = Arc::new(Barrier::new(16));
    let tries: Vec<_> = (0..16)
        .map(|_| {
            let (guesser, start) = (app.visitor(), Arc::clone(&start));
            std::thread::spawn(move || {
                let form = guesser.get("/login");
                let mut pairs = form.form("form.form");
                pairs.retain(|(name, _)| name != "email" && name != "password");
                pairs.push(("email".into(), "carl@example.org".into()));
                pairs.push(("password".into(), "wrong horse battery".into()));
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(n, v)| (n.as_str(), v.as_str()))
                    .collect();
                start.wait();
                let told = guesser.post_bare("/login", &pairs);
                assert_eq!(told.status, 422, "{told:?}");
                told.texts("[role=alert]").join(" ").contains("second")
            })
        })
        .collect();
    let held_up = tries.into_iter().map(|one| one.join().unwrap());
    let held_up = held_up.filter(|told| *told).count();
    assert!(held_up >= 11, "only {held_up} of 16 were held up");
}
