//! What somebody tries who is not to get in, or wants others to act for him.

use crate::support::app::{Answer, PASSWORD, Person, TestApp, visitor_at};
use crate::support::program::Program;
use crate::support::server::Database;
use secrecy::ExposeSecret;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

fn try_to_log_in(person: &Person, email: &str, password: &str) -> Answer {
    person.submit("/login", &[("email", email), ("password", password)])
}

#[test]
fn who_guesses_gains_nothing_by_a_restart() {
    let app = TestApp::new();
    let guesser = app.visitor();
    for _ in 0..5 {
        try_to_log_in(&guesser, "admin@example.org", "wrong horse battery");
    }
    let restarted = app.visitor_through(app.db.database.url.expose_secret());
    let told = try_to_log_in(&restarted, "admin@example.org", PASSWORD);
    assert_eq!(told.status, 422);
    assert!(told.texts("[role=alert]")[0].contains("second"), "{told:?}");
    // An address that does not exist is slowed down alike, so the delay tells nothing either.
    for _ in 0..5 {
        try_to_log_in(&guesser, "nobody@example.org", "wrong horse battery");
    }
    let unknown = try_to_log_in(&restarted, "nobody@example.org", PASSWORD);
    let without_number = |answer: &Answer| {
        let text = answer.texts("[role=alert]").join(" ");
        text.replace(|letter: char| letter.is_ascii_digit(), "")
    };
    assert_eq!(without_number(&unknown), without_number(&told));
    assert!(app.visitor().get("/login").status == 200);
}

/// Counts the comparisons of passwords, by the log.
struct Comparisons(Arc<AtomicUsize>);

impl Subscriber for Comparisons {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        of.target() == "mandant::control::passwords"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn an_unknown_address_costs_the_same_work_as_a_known_one() {
    let count = Arc::new(AtomicUsize::new(0));
    tracing::subscriber::set_global_default(Comparisons(Arc::clone(&count))).unwrap();
    let app = TestApp::new();
    for email in ["off@example.org", "without@example.org"] {
        app.member(email, "main", "viewer");
    }
    let change =
        "UPDATE users SET state = CASE WHEN email LIKE 'off@%' THEN 'inactive' ELSE state END,
        password_hash = CASE WHEN email LIKE 'without@%' THEN NULL ELSE password_hash END";
    diesel::RunQueryDsl::execute(diesel::sql_query(change), &mut app.db.as_provisioner()).unwrap();
    let visitor = app.visitor();
    for email in [
        "admin@example.org",
        "nobody@example.org",
        "off@example.org",
        "without@example.org",
    ] {
        let before = count.load(Ordering::SeqCst);
        let answer = try_to_log_in(&visitor, email, "wrong horse battery");
        assert_eq!(answer.status, 422, "{email}");
        assert_eq!(count.load(Ordering::SeqCst) - before, 1, "{email}");
    }
}

#[test]
fn a_token_of_another_session_is_none() {
    let app = TestApp::new();
    app.member("eve@example.org", "main", "administrator");
    let (anna, eve) = (app.visitor(), app.visitor());
    anna.log_in("admin@example.org");
    eve.log_in("eve@example.org");
    let new = "/t/main/lists/new";
    let foreign = eve.token();
    assert_ne!(foreign, anna.token());
    for token in [foreign.as_str(), "", "0"] {
        let refused = anna.post_bare(new, &[("name", "Planted"), ("_csrf", token)]);
        assert_eq!(refused.status, 403, "{token}");
    }
    // Nor does the one from before the log-in live on.
    let fresh = app.visitor();
    fresh.get("/login");
    let before = fresh.token();
    fresh.log_in("admin@example.org");
    let refused = fresh.post_bare(new, &[("name", "Planted"), ("_csrf", &before)]);
    assert_eq!(refused.status, 403);
    assert!(!anna.get("/t/main/lists").body.contains("Planted"));
}

#[test]
fn no_address_leads_away_from_this_site() {
    let app = TestApp::new();
    for evil in [
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "///evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\\\\evil.example",
        " //evil.example",
        "evil.example",
    ] {
        let anna = app.visitor();
        let answer = anna.submit(
            "/login",
            &[
                ("email", "admin@example.org"),
                ("password", PASSWORD),
                ("next", evil),
                ("kept_user", "1"),
                ("kept_action", evil),
                ("kept_body", "name=x"),
            ],
        );
        assert_eq!(
            (answer.status, answer.location.as_str()),
            (303, "/t/main"),
            "{evil:?}"
        );
    }
    // A forged host goes into no address: neither a redirect's nor a page's nor the API's.
    let forged = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];
    let visitor = app.visitor();
    for path in ["/", "/t/main", "/login", "/nowhere", "/api/v1/openapi.json"] {
        let answer = visitor.get_with(path, &forged);
        assert!(
            !answer.headers.contains("evil") && !answer.body.contains("evil"),
            "{path}: {answer:?}"
        );
    }
}

#[test]
fn no_answer_may_be_framed_or_guessed_at() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let program: Program = app.program("admin@example.org", "main", &[]);
    let stranger = app.visitor();
    let mut answers = vec![
        stranger.get("/login"),
        stranger.get("/t/main"),
        stranger.get("/t/main/nowhere"),
        stranger.get("/healthz"),
        anna.get("/t/main"),
        anna.get("/t/main/recipients"),
        anna.get("/t/main/nowhere"),
        anna.post_bare("/logout", &[]),
        anna.get("/nowhere"),
    ];
    for path in ["/lists", "/nowhere", "/lists/99"] {
        let reply = program.get(path);
        let headers = reply.headers.iter();
        answers.push(Answer {
            status: reply.status,
            location: String::new(),
            body: String::new(),
            headers: headers
                .map(|(name, value)| format!("{name}: {value}\n"))
                .collect(),
            asked: path.into(),
        });
    }
    for answer in answers {
        for wanted in [
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "referrer-policy: same-origin",
        ] {
            assert!(answer.headers.contains(wanted), "{wanted}: {answer:?}");
        }
        assert!(!answer.headers.contains("unsafe-inline"), "{answer:?}");
    }
}

/// `serve` on a database that was never set up; its address, and the token it printed, if it did. Its log is
/// closed from then on, which must not matter to anybody.
fn first_start(database: &Database, options: &[&str]) -> (Child, String, Option<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mandant"))
        .args(["serve", "--database-url", database.url.expose_secret()])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut url)
        .unwrap();
    let mut token = None;
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(found) = line.strip_prefix("set-up token: ") {
            token = Some(found.to_owned());
        }
        if line.starts_with("open http") {
            break;
        }
    }
    (child, url.trim_end().to_owned(), token)
}

#[test]
fn who_sets_up_from_elsewhere_must_know_the_token_of_the_terminal() {
    let database = Database::new();
    let (mut server, url, token) = first_start(&database, &["--listen", "0.0.0.0:0"]);
    let token = token.expect("no token was printed");
    let local = url.replace("0.0.0.0", "127.0.0.1");
    let visitor = visitor_at(&local);
    let values = [
        ("tenant_name", "Main"),
        ("name", "Anna"),
        ("email", "anna@example.org"),
        ("password", PASSWORD),
    ];
    for wrong in [
        "",
        "0",
        &token[1..],
        &token.to_uppercase().replace(char::is_numeric, "A"),
    ] {
        let refused = visitor.submit("/setup", &[&values[..], &[("token", wrong)]].concat());
        assert_eq!(
            (refused.status, refused.texts("#token-error").len()),
            (422, 1)
        );
        assert!(!refused.body.contains(&token));
        assert_eq!(refused.attribute("#tenant_name", "value").unwrap(), "Main");
    }
    assert!(!visitor.get("/setup").body.contains(&token));
    let done = visitor.submit("/setup", &[&values[..], &[("token", &token)]].concat());
    assert_eq!((done.status, done.location.as_str()), (303, "/t/main"));
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn behind_another_server_the_token_is_asked_for_as_well() {
    let database = Database::new();
    let public = ["--listen", "127.0.0.1:0"];
    let (mut server, _, token) = first_start(&database, &public);
    assert_eq!(token, None, "on this machine nobody else asks");
    server.kill().unwrap();
    server.wait().unwrap();
    let config = tempfile::tempdir().unwrap();
    let file = config.path().join("mandant.toml");
    std::fs::write(
        &file,
        "[server]\npublic_url = \"https://mail.example.org\"\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let (mut server, url, token) =
        first_start(&database, &["--listen", "127.0.0.1:0", "--config", file]);
    assert!(token.is_some(), "{url} is reached from everywhere");
    server.kill().unwrap();
    server.wait().unwrap();
}
