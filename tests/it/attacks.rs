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
