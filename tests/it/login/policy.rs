//! What tenants ask of passwords and sessions, and showing once more who one is before what is critical.

use crate::support::app::{Answer, PASSWORD, Person, TestApp};
use crate::support::count;
use diesel::connection::SimpleConnection;

fn sql(app: &TestApp, text: &str) {
    app.db.as_provisioner().batch_execute(text).unwrap();
}

fn number(app: &TestApp, query: &str) -> i64 {
    count(&mut app.db.as_provisioner(), query)
}

fn ask(by: &Person, tenant: &str, rules: &[(&str, &str)]) {
    let saved = by.submit(&format!("/t/{tenant}/policy"), rules);
    assert_eq!(saved.status, 303, "{:?}", saved.texts("[role=alert]"));
}

/// `main` above `nord` above `kiel`, and the administrators of the first two.
fn family() -> (TestApp, Person, Person) {
    let app = TestApp::new();
    app.db.separate("nord");
    app.db.below("nord", "kiel");
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    let boss = app.user("boss@example.org", "nord", "administrator");
    (app, admin, boss)
}

fn log_in(app: &TestApp, email: &str) -> Answer {
    app.visitor()
        .submit("/login", &[("email", email), ("password", PASSWORD)])
}

#[test]
fn the_strictest_of_all_tenants_holds_and_those_above_count() {
    let (app, admin, boss) = family();
    ask(&admin, "main", &[("password_length", "12")]);
    ask(&boss, "nord", &[("password_length", "30")]);
    let page = boss.get("/t/nord/policy");
    assert!(
        page.texts("#password_length-help")[0].contains("12"),
        "{page:?}"
    );
    assert_eq!(
        page.attribute("#password_length", "value").as_deref(),
        Some("30")
    );
    app.member("carl@example.org", "main", "viewer");
    let carl = app.visitor();
    carl.log_in("carl@example.org");
    let change = |new: &str| {
        carl.submit(
            "/profile",
            &[("old_password", PASSWORD), ("new_password", new)],
        )
    };
    let short = change("elf Zeichen");
    assert_eq!(
        (short.status, short.texts("#new_password-error").len()),
        (422, 1)
    );
    assert!(short.body.contains("at least 12"), "{}", short.body);
    // In a tenant below nord, too: nord's rule is his by that.
    app.member("carl@example.org", "kiel", "viewer");
    assert_eq!(carl.get("/t/kiel").status, 200);
    assert_eq!(change("dreizehn Zeichen").status, 422);
    assert_eq!(
        change("ein viel längerer Satz mit sieben Worten").status,
        303
    );
    // Who is new is measured by where he comes to.
    let new = [
        ("email", "neu@example.org"),
        ("name", "Neu"),
        ("roles", "viewer"),
        ("password", PASSWORD),
    ];
    let refused = boss.submit("/t/nord/users/new", &new);
    assert_eq!(
        (refused.status, refused.texts("#password-error").len()),
        (422, 1)
    );
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM users WHERE email = 'neu@example.org'"
        ),
        0
    );
}

#[test]
fn a_password_that_no_longer_does_is_replaced_at_log_in() {
    let (app, admin, _) = family();
    app.member("carl@example.org", "kiel", "viewer");
    ask(&admin, "main", &[("password_days", "90")]);
    assert_eq!(log_in(&app, "carl@example.org").location, "/t/kiel");
    sql(
        &app,
        "UPDATE users SET password_set_at = now() - interval '91 days' WHERE email LIKE 'carl%'",
    );
    let carl = app.visitor();
    let over = carl.submit(
        "/login",
        &[("email", "carl@example.org"), ("password", PASSWORD)],
    );
    assert!(over.location.starts_with("/password/reset/"), "{over:?}");
    assert_eq!(
        carl.get("/profile").status,
        303,
        "nobody is logged in by that"
    );
    assert_eq!(carl.get(&over.location).status, 200);
    // A wrong password leads nowhere.
    let wrong = app.visitor().submit(
        "/login",
        &[
            ("email", "carl@example.org"),
            ("password", "x y z w v u t s"),
        ],
    );
    assert_eq!((wrong.status, wrong.location.as_str()), (422, ""));
    let set = carl.submit(&over.location, &[("password", "another horse battery")]);
    assert_eq!(set.location, "/login");
    let back = app.visitor().submit(
        "/login",
        &[
            ("email", "carl@example.org"),
            ("password", "another horse battery"),
        ],
    );
    assert_eq!(back.location, "/t/kiel");
    // One that was good when it was set, and is not any more.
    ask(&admin, "main", &[("password_length", "40")]);
    let over = log_in(&app, "boss@example.org");
    assert!(over.location.starts_with("/password/reset/"), "{over:?}");
}

#[test]
fn sessions_end_as_the_strictest_tenant_says() {
    let (app, admin, boss) = family();
    ask(
        &admin,
        "main",
        &[("most_sessions", "5"), ("absolute_hours", "8")],
    );
    ask(
        &boss,
        "nord",
        &[("most_sessions", "2"), ("idle_minutes", "10")],
    );
    app.member("carl@example.org", "nord", "viewer");
    let all: Vec<Person> = (0..3).map(|_| app.visitor()).collect();
    for person in &all {
        person.log_in("carl@example.org");
    }
    let statuses: Vec<u16> = all
        .iter()
        .map(|person| person.get("/t/nord").status)
        .collect();
    assert_eq!(statuses, [303, 200, 200], "the oldest gave way");
    let limits = "SELECT count(*) AS n FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = 'carl@example.org' \
        AND s.idle_seconds = 600 AND s.ends_at < now() + interval '8 hours 1 minute'";
    assert_eq!(number(&app, limits), 2);
    sql(
        &app,
        "UPDATE sessions SET last_seen_at = now() - interval '11 minutes'",
    );
    assert_eq!(all[2].get("/t/nord").status, 303);
}

#[test]
fn rules_that_are_none_are_refused_and_nobody_else_sets_them() {
    let (app, _, boss) = family();
    for (name, value) in [
        ("password_length", "9"),
        ("password_length", "x"),
        ("most_sessions", "0"),
        ("proof_minutes", "-1"),
    ] {
        let refused = boss.submit("/t/nord/policy", &[(name, value)]);
        assert_eq!(
            (
                refused.status,
                refused.texts(&format!("#{name}-error")).len()
            ),
            (422, 1),
            "{name}={value}"
        );
        assert_eq!(
            refused.attribute(&format!("#{name}"), "value").as_deref(),
            Some(value)
        );
    }
    assert_eq!(number(&app, "SELECT count(*) AS n FROM policies"), 0);
    let carl = app.user("carl@example.org", "nord", "editor");
    assert_eq!(carl.get("/t/nord/policy").status, 403);
    let late = boss.get("/t/nord/policy");
    ask(&boss, "nord", &[("password_length", "11")]);
    assert_eq!(boss.send(&late, &[("password_length", "12")]).status, 422);
    assert_eq!(
        number(&app, "SELECT password_length::bigint AS n FROM policies"),
        11
    );
    ask(&boss, "nord", &[("password_length", "")]);
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM policies WHERE password_length IS NULL"
        ),
        1
    );
}

/// As if so many minutes had passed since somebody showed who he is.
fn age(app: &TestApp, minutes: i64) {
    let then = mandant::clock::now().timestamp() - 60 * minutes;
    sql(
        app,
        &format!(
            "UPDATE sessions SET state = state || '{{\"proved_at\": \"{then}\"}}' WHERE user_id IS NOT NULL"
        ),
    );
}

#[test]
fn what_is_critical_asks_once_more_who_it_is() {
    let (app, _, boss) = family();
    app.member("carl@example.org", "nord", "viewer");
    let carl = number(
        &app,
        "SELECT id::bigint AS n FROM users WHERE email = 'carl@example.org'",
    );
    let kiel = app.db.tenant("kiel").id;
    let pages = [
        format!("/t/nord/users/{carl}/edit"),
        format!("/t/nord/users/{carl}/password"),
        format!("/t/nord/users/{carl}/second-factor"),
        format!("/t/nord/users/{carl}/roles"),
        format!("/t/nord/users/{carl}/sign-on"),
        "/t/nord/roles/new".to_owned(),
        format!("/t/nord/ceilings/{kiel}"),
        format!("/t/nord/tenants/{kiel}/delete"),
        "/t/nord/sign-on".to_owned(),
        "/t/nord/policy".to_owned(),
        "/profile/tokens/new?tenant=nord".to_owned(),
    ];
    for page in &pages {
        assert_eq!(boss.get(page).status, 200, "{page}");
    }
    age(&app, 16);
    for page in &pages {
        let next: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
        let asked = boss.get(page);
        assert_eq!(
            asked.location,
            format!("/login/prove?next={next}"),
            "{page}"
        );
    }
    // Nor is there another way to write their addresses.
    for page in &pages {
        let (path, query) = page.split_once('?').unwrap_or((page, ""));
        let (start, last) = path.split_at(path.len() - 1);
        let other = format!("{start}%{:02x}?{query}", last.as_bytes()[0]);
        assert_eq!(boss.get(&other).status, 404, "{other}");
    }
    let other = format!("/t/nord/users/{carl}/%70assword");
    let set = [("password", "stolen horse battery")];
    assert_eq!(boss.post(&other, &set).status, 404);
    assert_eq!(
        boss.get("/t/nord/users").status,
        200,
        "looking asks for nothing"
    );
    let prove = boss.get("/login/prove?next=%2Ft%2Fnord%2Fpolicy");
    let wrong = boss.send(&prove, &[("password", "no horse battery")]);
    assert_eq!(
        (wrong.status, wrong.texts("#password-error").len()),
        (422, 1)
    );
    let elsewhere = boss.send(
        &wrong,
        &[("password", PASSWORD), ("next", "//evil.example")],
    );
    assert_eq!(elsewhere.location, "/");
    age(&app, 16);
    let shown = boss.send(&wrong, &[("password", PASSWORD)]);
    assert_eq!(shown.location, "/t/nord/policy");
    for page in &pages {
        assert_eq!(boss.get(page).status, 200, "{page}");
    }
    // A tenant may ask for it sooner.
    ask(&boss, "nord", &[("proof_minutes", "2")]);
    age(&app, 3);
    assert_eq!(boss.get("/t/nord/policy").status, 303);
}

#[test]
fn what_was_typed_survives_being_asked_who_one_is() {
    let (app, _, boss) = family();
    app.member("carl@example.org", "nord", "viewer");
    let id = number(
        &app,
        "SELECT id::bigint AS n FROM users WHERE email = 'carl@example.org'",
    );
    let page = boss.get(&format!("/t/nord/users/{id}/edit"));
    age(&app, 16);
    let asked = boss.send(
        &page,
        &[("name", "Carl & \"Co\""), ("email", "neu@example.org")],
    );
    assert_eq!(asked.location, "/login/prove?next=");
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM users WHERE email = 'neu@example.org'"
        ),
        0
    );
    let prove = boss.get(&asked.location);
    let back = boss.send(&prove, &[("password", PASSWORD)]);
    assert_eq!(back.status, 200);
    let form = boss.send(&back, &[]);
    assert_eq!((form.status, form.texts("[role=alert]").len()), (422, 0));
    assert_eq!(
        form.attribute("#name", "value").as_deref(),
        Some("Carl & \"Co\"")
    );
    assert_eq!(
        form.attribute("#email", "value").as_deref(),
        Some("neu@example.org")
    );
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM users WHERE email = 'neu@example.org'"
        ),
        0
    );
    assert_eq!(boss.send(&form, &[]).status, 303);
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM users WHERE email = 'neu@example.org'"
        ),
        1
    );
    let kept = "SELECT count(*) AS n FROM sessions WHERE state ? 'kept'";
    assert_eq!(number(&app, kept), 0);
    // An act that only confirms is confirmed again where it was.
    age(&app, 16);
    let asked = boss.post(&format!("/t/nord/users/{id}/second-factor"), &[]);
    let next: String =
        url::form_urlencoded::byte_serialize(format!("/t/nord/users/{id}").as_bytes()).collect();
    assert_eq!(asked.location, format!("/login/prove?next={next}"));
    // Passwords go nowhere.
    let page = boss.get(&format!("/t/nord/users/{id}"));
    assert_eq!(page.status, 200);
    boss.post(
        &format!("/t/nord/users/{id}/password"),
        &[("password", "secret horse battery")],
    );
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM sessions WHERE state::text LIKE '%secret%'"
        ),
        0
    );
}

#[test]
fn the_estimate_of_passwords_is_not_for_asking_without_end() {
    let app = TestApp::new();
    let person = app.visitor();
    person.get("/login");
    let token = person.token();
    let ask = || {
        person
            .post_bare(
                "/password/strength",
                &[("_csrf", &token), ("password", "x")],
            )
            .status
    };
    let statuses: Vec<u16> = (0..130).map(|_| ask()).collect();
    assert_eq!(statuses[0], 200);
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_tenant_that_one_never_entered_asks_nothing_of_one() {
    let (app, _, boss) = family();
    app.user("carl@example.org", "main", "viewer");
    let add = [("email", "carl@example.org"), ("roles", "viewer")];
    assert_eq!(boss.submit("/t/nord/users/new", &add).status, 303);
    let rules = [("password_length", "64"), ("most_sessions", "1")];
    ask(&boss, "nord", &rules);
    // Whoever knows an address keeps nobody out by it.
    let carl = app.visitor();
    carl.log_in_to("carl@example.org");
    assert_eq!(carl.get("/t/main").status, 200);
    app.visitor().log_in_to("carl@example.org");
    assert_eq!(carl.get("/t/main").status, 200, "no session gave way");
    // Who works there is asked for what all are asked for there.
    assert_eq!(carl.get("/t/nord").status, 200);
    let over = log_in(&app, "carl@example.org");
    assert!(over.location.starts_with("/password/reset/"), "{over:?}");
}

#[test]
fn ones_password_is_not_guessed_on_the_profile_and_not_kept_as_the_new_one() {
    let (app, _, boss) = family();
    let change = |old: &str, new: &str| {
        let values = [("old_password", old), ("new_password", new)];
        boss.submit("/profile", &values)
    };
    let same = change(PASSWORD, PASSWORD);
    assert_eq!(same.texts("#new_password-error").len(), 1, "{same:?}");
    let late: Vec<String> = (0..8)
        .flat_map(|n| {
            change(&format!("guess number {n}"), "another horse battery")
                .texts("#old_password-error")
        })
        .collect();
    assert_eq!(late.len(), 8);
    assert!(late[7].contains("seconds"), "{late:?}");
    assert_ne!(
        change(PASSWORD, "another horse battery").status,
        303,
        "nor at once by the right one"
    );
    // A password that is too old is not taken once more.
    sql(
        &app,
        "UPDATE users SET password_set_at = now() - interval '91 days' WHERE email LIKE 'boss%'; TRUNCATE login_attempts",
    );
    ask(&boss, "nord", &[("password_days", "90")]);
    let over = log_in(&app, "boss@example.org");
    let same = app
        .visitor()
        .submit(&over.location, &[("password", PASSWORD)]);
    assert_eq!(
        (same.status, same.texts("#password-error").len()),
        (422, 1),
        "{same:?}"
    );
}

#[test]
fn names_hold_nothing_that_is_not_seen() {
    let (_app, _, boss) = family();
    for name in ["a\nb", "a\u{7}b", "Anna \u{202e}reganam", "\u{200b}"] {
        let refused = boss.submit("/profile", &[("name", name)]);
        assert_eq!(refused.texts("#name-error").len(), 1, "{name:?}");
    }
    assert_eq!(
        boss.submit("/profile", &[("name", "Zoë Ångström-O’Neill")])
            .status,
        303
    );
}
