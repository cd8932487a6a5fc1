//! Users: who looks after them, two who change the same, the last administrator, lists, sessions.

mod anonymise;
mod review;

use crate::support::app::{PASSWORD, Person, TestApp};
use crate::support::{count, set_roles};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::control::audit::Actor;
use mandant::control::users::acts::Care;
use mandant::control::users::by_email;
use mandant::db::ids::UserId;
use mandant::error::AppError;
use std::sync::{Arc, Barrier};

fn id(app: &TestApp, email: &str) -> UserId {
    by_email(&mut app.db.as_provisioner(), email)
        .unwrap()
        .unwrap()
}

fn page(app: &TestApp, tenant: &str, email: &str) -> String {
    format!("/t/{tenant}/users/{}", id(app, email))
}

/// `nord` with its administrator Nora and Carl, who is at home there and works in `sued`, too.
fn world() -> (TestApp, Person) {
    let app = TestApp::new();
    app.db.separate("nord");
    app.db.separate("sued");
    app.member("carl@example.org", "nord", "editor");
    app.member("carl@example.org", "sued", "viewer");
    let nora = app.user("nora@example.org", "nord", "administrator");
    (app, nora)
}

#[test]
fn home_and_those_above_look_after_a_user_others_change_his_place_only() {
    let (app, nora) = world();
    let berta = app.user("berta@example.org", "sued", "administrator");
    let above = app.visitor();
    above.log_in("admin@example.org");
    let in_sued = page(&app, "sued", "carl@example.org");
    assert_eq!(berta.get(&in_sued).status, 200);
    for act in ["edit", "password", "state"] {
        assert_eq!(berta.get(&format!("{in_sued}/{act}")).status, 422, "{act}");
    }
    let refused = berta.post(&format!("{in_sued}/sessions/end"), &[]);
    assert_eq!(refused.status, 422);
    // Where else he works is not hers to know.
    assert!(!berta.get(&in_sued).body.contains("NORD"));
    let roles = berta.submit(&format!("{in_sued}/roles"), &[("roles", "editor")]);
    assert_eq!(roles.status, 303);

    let values = [("name", "Carl the Great"), ("email", "carl@nord.example")];
    let by_nora = nora.submit(
        &format!("{}/edit", page(&app, "nord", "carl@example.org")),
        &values,
    );
    assert_eq!(by_nora.status, 303);
    let from_above = format!("{}/edit", page(&app, "main", "carl@nord.example"));
    let values = [("name", "Carl"), ("email", "carl@example.org")];
    assert_eq!(above.submit(&from_above, &values).status, 303);
    let taken = [("name", "Carl"), ("email", "nora@example.org")];
    let taken = above.submit(&from_above, &taken);
    assert_eq!((taken.status, taken.texts("#email-error").len()), (422, 1));
    // Who works in a tenant below, or nowhere near, does not exist for others.
    let nowhere = page(&app, "sued", "nora@example.org");
    assert_eq!(berta.get(&nowhere).status, 404);
}

#[test]
fn the_second_of_two_who_change_a_user_is_told_and_loses_nothing() {
    let (app, nora) = world();
    let other = app.user("otto@example.org", "nord", "administrator");
    let carl = page(&app, "nord", "carl@example.org");
    let edit = format!("{carl}/edit");
    let seen = other
        .get(&edit)
        .attribute("#version, [name=version]", "value")
        .unwrap();
    assert_eq!(nora.submit(&edit, &[("name", "By Nora")]).status, 303);
    let late = [
        ("name", "By Otto"),
        ("email", "carl@example.org"),
        ("version", &seen),
    ];
    let told = other.post(&edit, &late);
    assert_eq!(told.status, 422);
    assert!(told.texts("[role=alert]")[0].contains("By Nora"));
    assert_eq!(told.attribute("#name", "value").unwrap(), "By Otto");
    let now = told.attribute("form.form [name=version]", "value").unwrap();
    let again = [
        ("name", "By Otto"),
        ("email", "carl@example.org"),
        ("version", &now),
    ];
    assert_eq!(other.post(&edit, &again).status, 303);

    let roles = format!("{carl}/roles");
    let seen = other
        .get(&roles)
        .attribute("form.form [name=version]", "value");
    let seen = seen.unwrap();
    let first = nora.submit(&roles, &[("roles", "viewer")]);
    assert_eq!(first.status, 303);
    let told = other.post(&roles, &[("roles", "administrator"), ("version", &seen)]);
    assert_eq!(told.status, 422);
    let right = "SELECT count(*) AS n FROM membership_roles mr JOIN roles r ON r.id = mr.role_id WHERE r.key = 'administrator'";
    assert_eq!(
        count(&mut app.db.as_provisioner(), right),
        3,
        "main, Nora, Otto"
    );
}

#[test]
fn a_password_set_or_a_deactivation_ends_all_sessions() {
    let (app, nora) = world();
    let carl = app.visitor();
    carl.log_in("carl@example.org");
    let his = page(&app, "nord", "carl@example.org");
    assert!(nora.get(&his).texts("h2").len() >= 3);
    let short = nora.submit(&format!("{his}/password"), &[("password", "short")]);
    assert_eq!(short.status, 422);
    assert_eq!(carl.get("/t/nord").status, 200);
    let new = "another horse battery";
    let set = nora.submit(&format!("{his}/password"), &[("password", new)]);
    assert_eq!(set.status, 303);
    assert_eq!(carl.get("/t/nord").status, 303);
    let old = carl.submit(
        "/login",
        &[("email", "carl@example.org"), ("password", PASSWORD)],
    );
    assert_eq!(old.status, 422);
    let log_in = |person: &Person| {
        person
            .submit(
                "/login",
                &[("email", "carl@example.org"), ("password", new)],
            )
            .status
    };
    assert_eq!(log_in(&carl), 303);

    assert_eq!(nora.submit(&format!("{his}/state"), &[]).status, 303);
    assert_eq!(carl.get("/t/nord").status, 303);
    assert_eq!(log_in(&carl), 422);
    assert_eq!(nora.submit(&format!("{his}/state"), &[]).status, 303);
    assert_eq!(log_in(&carl), 303);
    assert_eq!(nora.post(&format!("{his}/sessions/end"), &[]).status, 303);
    assert_eq!(carl.get("/t/nord").status, 303);
}

#[test]
fn nobody_raises_or_locks_out_himself_and_nobody_gives_what_he_lacks() {
    let (app, nora) = world();
    let own = page(&app, "nord", "nora@example.org");
    for act in ["roles", "password", "state"] {
        assert_eq!(nora.get(&format!("{own}/{act}")).status, 422, "{act}");
    }
    nora.get("/t/nord/users/new");
    let herself = nora.post(
        "/t/nord/users",
        &[("email", "NORA@example.org"), ("roles", "viewer")],
    );
    assert_eq!(herself.status, 422);
    // An editor who may change users, by a role that the program does not make, gives no administrator away.
    let mut conn = app.db.as_provisioner();
    conn.batch_execute(
        "INSERT INTO role_rights (role_id, right_key) SELECT id, 'users.change' FROM roles WHERE key = 'editor'
         ON CONFLICT DO NOTHING",
    )
    .unwrap();
    let ed = app.user("ed@example.org", "nord", "editor");
    ed.get("/t/nord/users/new");
    let beyond = [("email", "carl@example.org"), ("roles", "administrator")];
    assert_eq!(ed.post("/t/nord/users", &beyond).status, 422);
    let taken_away = ed.post(
        &format!("{own}/roles"),
        &[("roles", "viewer"), ("seen", "administrator")],
    );
    assert_eq!(taken_away.status, 422);
    // Whoever sets somebody's password can act as him.
    assert_eq!(ed.get(&format!("{own}/password")).status, 422);
}

#[test]
fn the_last_administrator_stays_also_against_two_at_once() {
    let (app, nora) = world();
    let above = app.visitor();
    above.log_in("admin@example.org");
    let from_above = page(&app, "main", "nora@example.org");
    let refused = above.submit(&format!("{from_above}/state"), &[]);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.texts("[role=alert] li").len(), 1);
    assert_eq!(nora.get("/t/nord").status, 200);

    app.member("otto@example.org", "nord", "administrator");
    let nord = app.db.tenant("nord").id();
    let (nora, otto) = (id(&app, "nora@example.org"), id(&app, "otto@example.org"));
    let barrier = Arc::new(Barrier::new(2));
    let acts: Vec<_> = [(nora, true), (otto, false)]
        .into_iter()
        .map(|(user, demote)| {
            let (mut conn, barrier) = (app.db.as_provisioner(), barrier.clone());
            std::thread::spawn(move || {
                barrier.wait();
                conn.transaction::<(), AppError, _>(|conn| {
                    if demote {
                        set_roles(conn, user, nord, &[])
                    } else {
                        let care = Care {
                            actor: Actor::cli(),
                            tenant: nord,
                            user,
                        };
                        care.set_active(conn, false)
                    }
                })
            })
        })
        .collect();
    let outcomes: Vec<_> = acts.into_iter().map(|act| act.join().unwrap()).collect();
    let refused = outcomes.iter().filter(|outcome| {
        matches!(
            outcome,
            Err(AppError::Invalid {
                key: "last-administrator",
                ..
            })
        )
    });
    assert_eq!(refused.count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
}

#[test]
fn a_long_list_has_pages_a_count_and_filters_and_every_user_his_page() {
    let (app, nora) = world();
    let nord = app.db.tenant("nord").id;
    let many = format!(
        "INSERT INTO users (home_tenant_id, email, name) SELECT {nord}, 'u' || n || '@example.org', 'User ' || lpad(n::text, 4, '0')
            FROM generate_series(1, 600) n;
         INSERT INTO memberships (user_id, tenant_id) SELECT id, {nord} FROM users WHERE name LIKE 'User %';"
    );
    app.db.as_provisioner().batch_execute(&many).unwrap();
    let (mut url, mut seen) = ("/t/nord/users".to_owned(), Vec::new());
    for _ in 0..20 {
        let list = nora.get(&url);
        assert_eq!(list.texts("p.form-hint"), ["602 users"]);
        seen.extend(list.texts("tbody td.choose + td"));
        match list.attribute("nav.pager a[rel=next]", "href") {
            Some(next) => url = next,
            None => break,
        }
    }
    assert_eq!(seen.len(), 602);
    let different: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), 602);
    let last = page(&app, "nord", "u600@example.org");
    assert_eq!(nora.get(&format!("{last}/roles")).status, 200);
    let found = nora.get("/t/nord/users?q=u59%40&state=active");
    assert_eq!(found.texts("tbody td.choose + td"), ["User 0059"]);
    let editors = nora.get("/t/nord/users?role=editor");
    assert_eq!(editors.texts("tbody tr").len(), 1);
    let nobody = nora.get("/t/nord/users?q=nosuch");
    assert_eq!(nobody.texts("tbody tr").len(), 0);
}

#[test]
fn one_sees_and_ends_ones_own_sessions_and_nobody_elses() {
    let (app, nora) = world();
    let elsewhere = app.visitor();
    elsewhere.log_in("nora@example.org");
    let carl = app.visitor();
    carl.log_in("carl@example.org");
    let list = nora.get("/profile/sessions");
    assert_eq!(list.texts("tbody tr").len(), 2);
    assert_eq!(list.texts("tbody .badge").len(), 1);
    assert!(list.body.contains("127.0.0.1"));
    let end = list.attribute("tbody form", "action").unwrap();
    carl.get("/profile");
    assert_eq!(carl.post(&end, &[]).status, 404, "another's session");
    assert_eq!(elsewhere.get("/t/nord").status, 200);
    assert_eq!(nora.post(&end, &[]).status, 303);
    assert_eq!(elsewhere.get("/t/nord").status, 303);

    elsewhere.log_in("nora@example.org");
    nora.get("/profile/sessions");
    assert_eq!(nora.post("/profile/sessions/end", &[]).status, 303);
    assert_eq!(
        (elsewhere.get("/t/nord").status, nora.get("/t/nord").status),
        (303, 200)
    );
}

#[test]
fn ones_own_new_password_keeps_this_session_and_ends_all_others() {
    let (app, nora) = world();
    let elsewhere = app.visitor();
    elsewhere.log_in("nora@example.org");
    let wrong = [
        ("old_password", "no horse battery"),
        ("new_password", "another horse battery"),
    ];
    assert_eq!(nora.submit("/profile", &wrong).status, 422);
    assert_eq!(elsewhere.get("/t/nord").status, 200);
    let right = [
        ("old_password", PASSWORD),
        ("new_password", "another horse battery"),
    ];
    assert_eq!(nora.submit("/profile", &right).status, 303);
    assert_eq!(
        (nora.get("/t/nord").status, elsewhere.get("/t/nord").status),
        (200, 303)
    );
}

#[test]
fn sessions_end_when_idle_and_after_their_whole_time() {
    let (app, nora) = world();
    for over in [
        "last_seen_at = now() - make_interval(secs => idle_seconds + 1)",
        "ends_at = now() - interval '1 second'",
    ] {
        assert_eq!(nora.get("/t/nord").status, 200);
        let sql = format!("UPDATE sessions SET {over} WHERE user_id IS NOT NULL");
        app.db.as_provisioner().batch_execute(&sql).unwrap();
        assert_eq!(nora.get("/t/nord").status, 303, "{over}");
        nora.log_in("nora@example.org");
    }
}
