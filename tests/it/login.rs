//! Log-in, first start, sessions, through HTTP.

use crate::support::app::{PASSWORD, TestApp};
use crate::support::count;

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
