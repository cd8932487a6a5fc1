//! Log-in, first start, sessions, through HTTP.

mod attacks;
mod links;
mod passkeys;
mod policy;
mod second_factor;
pub(crate) mod sign_on;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::proxy::Proxy;
use crate::support::{count, until};
use diesel::connection::SimpleConnection;
use secrecy::ExposeSecret;

#[test]
fn the_first_start_makes_the_main_tenant_once() {
    let app = TestApp::before_set_up();
    let anna = app.visitor();
    assert_eq!(anna.get("/").location, "/setup");
    let values = [
        ("tenant_name", "Konzern"),
        ("name", "Anna"),
        ("email", "Anna@Example.org"),
    ];

    let short = anna.submit("/setup", &[&values[..], &[("password", "short")]].concat());
    assert_eq!(short.status, 422);
    assert_eq!(short.attribute("#tenant_name", "value").unwrap(), "Konzern");
    assert_eq!(short.texts("#password-error").len(), 1);
    assert!(
        !short.body.contains("value=\"short\""),
        "a password is never sent back"
    );

    let done = anna.submit("/setup", &[&values[..], &[("password", PASSWORD)]].concat());
    assert_eq!((done.status, done.location.as_str()), (303, "/t/main"));
    let start = anna.get("/t/main");
    assert_eq!(start.status, 200);
    assert!(start.texts("title")[0].contains("Konzern"));
    assert_eq!(anna.get("/setup").status, 404);

    let bob = app.visitor();
    assert_eq!(bob.get("/").location, "/login");
    bob.log_in("anna@example.org");
}

#[test]
fn what_can_be_got_can_be_asked_for() {
    let app = TestApp::new();
    for path in ["/healthz", "/login"] {
        let asked = app.visitor().head(path);
        assert_eq!((asked.status, asked.body.as_str()), (200, ""), "{path}");
    }
    assert_eq!(app.visitor().head("/logout").status, 404, "only POST");
}

#[test]
fn wrong_password_and_unknown_user_get_the_same_answer() {
    let app = TestApp::new();
    let visitor = app.visitor();
    let wrong = visitor.submit(
        "/login",
        &[
            ("email", "admin@example.org"),
            ("password", "wrong horse battery"),
        ],
    );
    let unknown = visitor.submit(
        "/login",
        &[
            ("email", "nobody@example.org"),
            ("password", "wrong horse battery"),
        ],
    );
    assert_eq!((wrong.status, unknown.status), (422, 422));
    assert_eq!(wrong.texts("[role=alert]"), unknown.texts("[role=alert]"));
}

#[test]
fn guessing_is_slowed_down_and_the_database_remembers() {
    let app = TestApp::new();
    let visitor = app.visitor();
    for _ in 0..5 {
        visitor.submit(
            "/login",
            &[
                ("email", "admin@example.org"),
                ("password", "wrong horse battery"),
            ],
        );
    }
    let right = visitor.submit(
        "/login",
        &[("email", "admin@example.org"), ("password", PASSWORD)],
    );
    assert_eq!(right.status, 422, "the right password must wait, too");
    let blocked = "SELECT count(*) AS n FROM login_attempts WHERE blocked_until > now()";
    assert_eq!(count(&mut app.db.as_provisioner(), blocked), 1);
}

#[test]
fn log_in_rotates_the_session_and_log_out_ends_it() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.get("/login");
    let before = anna.token();
    anna.log_in("admin@example.org");
    assert_ne!(anna.token(), before);
    let sessions = "SELECT count(*) AS n FROM sessions WHERE user_id IS NOT NULL";
    assert_eq!(count(&mut app.db.as_provisioner(), sessions), 1);
    assert_eq!(anna.post("/logout", &[]).location, "/login");
    assert_eq!(count(&mut app.db.as_provisioner(), sessions), 0);
    let answer = anna.get("/t/main");
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (303, "/login?next=%2Ft%2Fmain")
    );
}

#[test]
fn a_form_without_the_sessions_token_is_refused() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    assert_eq!(anna.post_bare("/logout", &[]).status, 403);
    assert_eq!(anna.post_bare("/logout", &[("_csrf", "0")]).status, 403);
    assert_eq!(anna.get("/t/main").status, 200);
}

#[test]
fn after_log_in_only_places_on_this_site() {
    let app = TestApp::new();
    for evil in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
    ] {
        let anna = app.visitor();
        let page = format!(
            "/login?next={}",
            url::form_urlencoded::byte_serialize(evil.as_bytes()).collect::<String>()
        );
        let answer = anna.submit(
            &page,
            &[
                ("email", "admin@example.org"),
                ("password", PASSWORD),
                ("next", evil),
            ],
        );
        assert_eq!((answer.status, answer.location.as_str()), (303, "/t/main"));
    }
}

#[test]
fn who_has_no_place_in_a_tenant_learns_nothing_of_it() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.db.separate("sued");
    let carl = app.user("carl@example.org", "nord", "viewer");
    assert_eq!(carl.get("/t/nord").status, 200);
    let (there, not_there) = (carl.get("/t/sued"), carl.get("/t/west"));
    assert_eq!((there.status, not_there.status), (404, 404));
    let without_number = |body: &str| body.split("<code>").next().unwrap().to_owned();
    assert_eq!(without_number(&there.body), without_number(&not_there.body));
}

#[test]
fn a_locked_tenant_lets_nobody_in_and_so_do_those_below() {
    use mandant::access::system::provision;
    use mandant::control::audit::Actor;
    use mandant::control::tenants::provision::SetStatus;
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.db.inner(
        "nord",
        "vip",
        crate::support::by_rule("email = 'a@example.org'"),
    );
    let carl = app.user("carl@example.org", "nord", "viewer");
    app.member("carl@example.org", "nord/vip", "viewer");
    assert_eq!(carl.get("/t/nord/vip").status, 200);
    let order = |status: &str| SetStatus {
        actor: Actor::cli(),
        tenant: nord.id(),
        status: status.into(),
    };
    provision(&app.db.app, order("no_login")).unwrap();
    assert_eq!(
        (carl.get("/t/nord").status, carl.get("/t/nord/vip").status),
        (403, 403)
    );
    provision(&app.db.app, order("active")).unwrap();
    assert_eq!(carl.get("/t/nord/vip").status, 200);
}

#[test]
fn a_form_whose_session_ended_comes_back_filled_after_the_log_in() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let end = "DELETE FROM sessions";
    let typed = [("name", "Ä & \"B\" <c> +%"), ("description", "eins\nzwei")];
    let page = anna.get("/t/main/lists/new");
    app.db.as_provisioner().batch_execute(end).unwrap();
    let log_in = anna.send(&page, &typed);
    assert_eq!(log_in.status, 401);
    let credentials = [("email", "admin@example.org"), ("password", PASSWORD)];
    let wrong = anna.send(
        &log_in,
        &[
            ("email", "admin@example.org"),
            ("password", "no horse battery"),
        ],
    );
    assert_eq!(wrong.status, 422, "a typing error loses nothing either");
    let back = anna.send(&wrong, &credentials);
    assert_eq!(back.status, 200);
    let form = anna.send(&back, &[]);
    assert_eq!((form.status, form.texts("[role=alert]").len()), (422, 0));
    assert_eq!(form.attribute("#name", "value").unwrap(), typed[0].1);
    assert_eq!(form.texts("#description"), ["eins zwei"]);
    let lists = format!(
        "SELECT count(*) AS n FROM t_{}.lists",
        app.db.tenant("main").id
    );
    assert_eq!(
        count(&mut app.db.as_provisioner(), &lists),
        0,
        "nothing is done unseen"
    );
    assert_eq!(anna.send(&form, &[("name", "News")]).status, 303);
    assert_eq!(count(&mut app.db.as_provisioner(), &lists), 1);
}

#[test]
fn what_was_typed_goes_to_nobody_else_and_passwords_go_nowhere() {
    let app = TestApp::new();
    app.member("berta@example.org", "main", "administrator");
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let page = anna.get("/t/main/users/new");
    app.db
        .as_provisioner()
        .batch_execute("DELETE FROM sessions")
        .unwrap();
    let typed = [
        ("email", "carl@example.org"),
        ("name", "Carl"),
        ("password", "secret horse battery"),
        ("roles", "viewer"),
        ("roles", "editor"),
    ];
    let log_in = anna.send(&page, &typed);
    assert_eq!(log_in.status, 401);
    assert!(!log_in.body.contains("secret") && log_in.body.contains("carl"));
    let other = anna.send(
        &log_in,
        &[("email", "berta@example.org"), ("password", PASSWORD)],
    );
    assert_eq!((other.status, other.location.as_str()), (303, "/t/main"));
    assert!(!anna.get("/t/main").body.contains("carl@"));
    // The one who typed it gets all of it, both roles too.
    let mine = app.visitor();
    mine.get("/login");
    let log_in = mine.send(
        &log_in_of(&log_in, &mine.token()),
        &[("email", "admin@example.org"), ("password", PASSWORD)],
    );
    let form = mine.send(&log_in, &[]);
    assert_eq!(
        (
            form.status,
            form.attribute("#email", "value").unwrap().as_str()
        ),
        (422, "carl@example.org")
    );
    let chosen = form.form("form.form");
    assert_eq!(
        chosen.iter().filter(|(name, _)| name == "roles").count(),
        2,
        "{chosen:?}"
    );
}

/// The same page as another browser would have it.
fn log_in_of(page: &crate::support::app::Answer, token: &str) -> crate::support::app::Answer {
    let old = page.attribute("[name=_csrf]", "value").unwrap();
    crate::support::app::Answer {
        status: page.status,
        location: String::new(),
        body: page.body.replace(&old, token),
        headers: String::new(),
        asked: String::new(),
    }
}

#[test]
fn a_request_that_another_site_began_is_refused() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let name = [("name", "News")];
    for headers in [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("origin", "https://evil.example")],
        [("origin", "null")],
    ] {
        anna.get("/t/main/lists/new");
        let refused = anna.post_with("/t/main/lists/new", &name, &headers);
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    anna.get("/t/main/lists/new");
    let own = anna.post_with(
        "/t/main/lists/new",
        &name,
        &[("sec-fetch-site", "same-origin")],
    );
    assert_eq!(own.status, 303);
    // A forged host goes into no address that the answer names.
    let answer = anna.get_with("/t/main/lists", &[("host", "evil.example")]);
    assert!(!answer.body.contains("evil") && !answer.headers.contains("evil"));
}

#[test]
fn a_session_that_was_planted_before_the_log_in_is_worth_nothing_after_it() {
    let app = TestApp::new();
    let anna = app.visitor();
    let page = anna.get("/login");
    let cookie = |headers: &str| {
        let line = headers
            .lines()
            .find(|line| line.starts_with("set-cookie: mandant="));
        let value = line.unwrap().trim_start_matches("set-cookie: ");
        value.split(';').next().unwrap().to_owned()
    };
    let planted = cookie(&page.headers);
    anna.log_in("admin@example.org");
    let thief = app.visitor();
    let answer = thief.get_with("/t/main", &[("cookie", &planted)]);
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (303, "/login?next=%2Ft%2Fmain")
    );
    // Nor does a key come to life that the program never gave out.
    let invented = thief.get_with("/t/main", &[("cookie", "mandant=0123456789abcdef")]);
    assert_eq!(invented.status, 303);
}

#[test]
fn while_the_database_is_gone_pages_say_so_and_then_go_on_by_themselves() {
    let app = TestApp::new();
    let url = app.db.database.url.expose_secret().to_owned();
    let door = Proxy::new(&url);
    let anna = app.visitor_through(&door.url(&url));
    anna.log_in("admin@example.org");
    assert_eq!(
        (anna.get("/t/main").status, anna.get("/readyz").status),
        (200, 200)
    );
    door.allow(0);
    for (language, word) in [("de", "Datenbank"), ("en", "database")] {
        let gone = anna.get_with("/t/main", &[("accept-language", language)]);
        assert_eq!(gone.status, 503, "{}", gone.body);
        assert!(gone.body.contains(word), "{}", gone.body);
    }
    assert_eq!(
        (anna.get("/healthz").status, anna.get("/readyz").status),
        (200, 503)
    );
    door.allow(i64::MAX);
    until("it never comes back", || anna.get("/t/main").status == 200);
    assert_eq!(anna.get("/readyz").status, 200);
}
