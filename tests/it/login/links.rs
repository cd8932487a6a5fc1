//! Links that set a password: after somebody forgot his, and in invitations.

use crate::support::app::{Answer, PASSWORD, Person, TestApp, mail_config};
use crate::support::mailbox::Mailbox;
use crate::support::{count, until};
use diesel::connection::SimpleConnection;
use secrecy::ExposeSecret;
use std::time::Duration;

const NEW: &str = "another horse and battery";

fn forget(app: &TestApp, email: &str) -> Answer {
    app.visitor()
        .submit("/password/forgot", &[("email", email)])
}

/// The path of the link in the mail that came last.
fn reset_link(app: &TestApp, mailbox: &Mailbox, email: &str) -> String {
    forget(app, email);
    let mail = mailbox.wait(email, "forgot");
    mail.link(&format!("{}/password", app.base()))
}

fn reset_path(rest: &str) -> String {
    format!("/password{rest}")
}

fn sql(app: &TestApp, text: &str) {
    app.db.as_provisioner().batch_execute(text).unwrap();
}

fn id(app: &TestApp, email: &str) -> i64 {
    count(
        &mut app.db.as_provisioner(),
        &format!("SELECT id::bigint AS n FROM users WHERE email = '{email}'"),
    )
}

fn can_log_in(app: &TestApp, email: &str, password: &str) -> bool {
    let values = [("email", email), ("password", password)];
    app.visitor().submit("/login", &values).status == 303
}

#[test]
fn who_forgot_his_password_sets_another_once() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let elsewhere = app.visitor();
    elsewhere.log_in("admin@example.org");
    let login = app.visitor().get("/login");
    assert_eq!(
        login.attribute(".form-hint a", "href").as_deref(),
        Some("/password/forgot")
    );
    let link = reset_path(&reset_link(&app, &mailbox, "admin@example.org"));

    let anna = app.visitor();
    let short = anna.submit(&link, &[("password", "short")]);
    assert_eq!(
        (short.status, short.texts("#password-error").len()),
        (422, 1)
    );
    assert!(short.texts(".form-fixed")[0].contains("admin@example.org"));
    let set = anna.submit(&link, &[("password", NEW)]);
    assert_eq!((set.status, set.location.as_str()), (303, "/login"));
    assert!(anna.get("/login").texts("[role=status]")[0].contains("password is set"));
    assert!(can_log_in(&app, "admin@example.org", NEW));
    assert!(!can_log_in(&app, "admin@example.org", PASSWORD));
    assert_eq!(elsewhere.get("/t/main").status, 303, "all sessions ended");
    mailbox.wait("admin@example.org", "was changed");

    let used = anna.get(&link);
    assert_eq!(used.status, 410);
    assert!(used.texts("p")[1].contains("used already"), "{used:?}");
    let again = anna.post(&link, &[("password", "yet another horse entirely")]);
    assert_eq!(again.status, 410);
    assert!(can_log_in(&app, "admin@example.org", NEW));
    let entries = "SELECT count(*) AS n FROM audit WHERE act = 'user.password'";
    assert_eq!(count(&mut app.db.as_provisioner(), entries), 1);
}

#[test]
fn a_link_ends_by_time_by_another_and_by_other_ways_to_a_password() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let first = reset_path(&reset_link(&app, &mailbox, "admin@example.org"));
    // The throttle lets five through at once.
    let sent = mailbox.all().len();
    forget(&app, "admin@example.org");
    while mailbox.all().len() == sent {
        std::thread::sleep(Duration::from_millis(50));
    }
    let second = mailbox.all().last().unwrap().clone();
    let second = reset_path(&second.link(&format!("{}/password", app.base())));
    let anna = app.visitor();
    let says = |link: &str, part: &str| {
        let page = anna.get(link);
        assert_eq!(page.status, 410);
        assert!(page.body.contains(part), "{}", page.body);
    };
    says(&first, "another was sent");
    assert_eq!(anna.get(&second).status, 200);
    sql(
        &app,
        "UPDATE links SET expires_at = now() - interval '1 second'",
    );
    says(&second, "older than one hour");
    assert_eq!(anna.post(&second, &[("password", NEW)]).status, 410);
    sql(
        &app,
        "UPDATE links SET expires_at = now() + interval '1 hour'",
    );
    assert_eq!(anna.get(&second).status, 200);

    let own = app.visitor();
    own.log_in("admin@example.org");
    let values = [("old_password", PASSWORD), ("new_password", NEW)];
    let page = own.get("/profile");
    assert_eq!(own.send_form(&page, &values).status, 303);
    says(&second, "set meanwhile");
    sql(
        &app,
        "UPDATE links SET ended_at = NULL WHERE id = (SELECT max(id) FROM links); \
        UPDATE users SET state = 'inactive'",
    );
    says(&second, "opens nothing any more");
}

#[test]
fn two_who_use_a_link_at_once_are_one() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let link = reset_path(&reset_link(&app, &mailbox, "admin@example.org"));
    let both: Vec<Person> = (0..4).map(|_| app.visitor()).collect();
    for person in &both {
        person.get(&link);
    }
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = both
            .iter()
            .map(|person| scope.spawn(|| person.post(&link, &[("password", NEW)]).status))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let won = statuses.iter().filter(|status| **status == 303).count();
    assert_eq!((won, statuses.len()), (1, 4), "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 303 | 410)));
}

#[test]
fn forgotten_passwords_tell_nobody_who_exists() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    sql(&app, "UPDATE users SET state = 'inactive'");
    app.member("carl@example.org", "main", "viewer");
    let strip = |answer: Answer| (answer.status, answer.texts("main"));
    let known = strip(forget(&app, "carl@example.org"));
    assert_eq!(strip(forget(&app, "nobody@example.org")), known);
    assert_eq!(strip(forget(&app, "admin@example.org")), known, "inactive");
    // What the request leaves behind is the same as well; only the job looks.
    mailbox.wait("carl@example.org", "forgot");
    let jobs = "SELECT count(*) AS n FROM jobs WHERE kind = 'password.forgot'";
    assert_eq!(count(&mut app.db.as_provisioner(), jobs), 3);
    let open = format!("{jobs} AND state <> 'done'");
    until("a job never ends", || {
        count(&mut app.db.as_provisioner(), &open) == 0
    });
    assert_eq!(mailbox.all().len(), 1);
    let kept = format!("{jobs} AND payload <> 'null'");
    assert_eq!(count(&mut app.db.as_provisioner(), &kept), 0);

    // Asked too often, both wait alike.
    for email in ["carl@example.org", "nobody@example.org"] {
        for _ in 0..4 {
            forget(&app, email);
        }
        let refused = forget(&app, email);
        assert_eq!(refused.status, 422, "{email}");
        assert!(refused.texts("[role=alert]")[0].contains("second"));
    }
    let none = app
        .visitor()
        .submit("/password/forgot", &[("email", "nonsense")]);
    assert_eq!((none.status, none.texts("#email-error").len()), (422, 1));
}

#[test]
fn a_link_leads_where_the_operator_says_whatever_the_request_does() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let visitor = app.visitor();
    visitor.get("/password/forgot");
    let headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
    ];
    let values = [("email", "admin@example.org")];
    let asked = visitor.post_with("/password/forgot", &values, &headers);
    assert_eq!(asked.status, 200);
    let mail = mailbox.wait("admin@example.org", "forgot");
    assert!(mail.text.contains(app.base()) && !mail.text.contains("evil"));

    let mut config = mail_config(&mailbox);
    config.server.public_url = Some("https://mandant.example/".parse().unwrap());
    assert_eq!(config.base_url(None), "https://mandant.example");
}

#[test]
fn a_token_opens_only_what_it_was_made_for() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let link = reset_link(&app, &mailbox, "admin@example.org");
    let token = link.rsplit('/').next().unwrap().to_owned();
    let anna = app.visitor();
    let mut changed = token.clone().into_bytes();
    changed[70] = if changed[70] == b'0' { b'1' } else { b'0' };
    let changed = String::from_utf8(changed).unwrap();
    for path in [
        format!("/invitation/{token}"),
        format!("/password/reset/{changed}"),
        format!("/password/reset/{}", &token[..64]),
        "/password/reset/x".to_owned(),
    ] {
        assert_eq!(anna.get(&path).status, 404, "{path}");
        anna.get("/login");
        let posted = anna.post(&path, &[("password", NEW)]);
        assert_eq!(posted.status, 404, "{path}");
    }
    // Without its page's token a form does nothing, also here.
    let bare = anna.post_bare(&format!("/password/reset/{token}"), &[("password", NEW)]);
    assert_eq!(bare.status, 403);
    assert!(can_log_in(&app, "admin@example.org", PASSWORD));
    // What the table keeps opens nothing.
    let kept = format!("SELECT count(*) AS n FROM links WHERE encode(key_hash, 'hex') = '{token}'");
    assert_eq!(count(&mut app.db.as_provisioner(), &kept), 0);
}

#[test]
fn without_a_mail_server_the_page_says_whom_to_ask() {
    let app = TestApp::new();
    let page = app.visitor().get("/password/forgot");
    assert!(page.body.contains("Ask an administrator"));
    assert!(page.attribute("form", "action").is_none());
}

/// Adds Ina without a password.
fn add_ina(anna: &Person, more: &[(&str, &str)]) -> Answer {
    let values = [
        ("email", "ina@example.org"),
        ("name", "Ina"),
        ("roles", "viewer"),
    ];
    anna.submit("/t/main/users/new", &[&values[..], more].concat())
}

#[test]
fn somebody_new_is_invited_by_mail_and_sets_his_password() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let added = add_ina(&anna, &[]);
    assert_eq!(
        (added.status, added.location.as_str()),
        (303, "/t/main/users")
    );
    let list = anna.get("/t/main/users");
    assert!(list.texts(".badge").contains(&"invited".to_owned()));
    assert!(!can_log_in(&app, "ina@example.org", ""));
    let mail = mailbox.wait("ina@example.org", "Main");
    assert!(mail.header("subject").contains("Main"));
    let link = format!(
        "/invitation{}",
        mail.link(&format!("{}/invitation", app.base()))
    );

    let page = format!("/t/main/users/{}", id(&app, "ina@example.org"));
    let card = anna.get(&page).texts("#invitation").join("");
    assert!(card.contains("not yet accepted"), "{card}");
    let ina = app.visitor();
    assert_eq!(ina.submit(&link, &[("password", NEW)]).location, "/login");
    assert!(can_log_in(&app, "ina@example.org", NEW));
    let used = ina.get(&link);
    assert!(used.status == 410 && used.body.contains("accepted already"));
    assert!(anna.get(&page).texts("#invitation").is_empty());
    // Too late to invite again.
    let again = anna.post(&format!("{page}/invitation"), &[]);
    assert_eq!(
        (again.status, again.location.as_str()),
        (303, page.as_str())
    );
    assert!(can_log_in(&app, "ina@example.org", NEW));
    let acts = "SELECT count(*) AS n FROM audit WHERE act IN ('user.invite', 'user.accept')";
    assert_eq!(count(&mut app.db.as_provisioner(), acts), 2);
}

#[test]
fn an_invitation_is_sent_again_handed_over_and_withdrawn() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let shown = add_ina(&anna, &[("hand_over", "on")]);
    assert_eq!(shown.status, 200);
    let first = shown.attribute("#link", "value").unwrap();
    let first = first.strip_prefix(app.base()).unwrap().to_owned();
    assert_eq!(mailbox.all().len(), 0);
    let ina = app.visitor();
    assert_eq!(ina.get(&first).status, 200);

    let page = format!("/t/main/users/{}", id(&app, "ina@example.org"));
    anna.get(&page);
    assert_eq!(anna.post(&format!("{page}/invitation"), &[]).status, 303);
    let mail = mailbox.wait("ina@example.org", "Main");
    let second = format!(
        "/invitation{}",
        mail.link(&format!("{}/invitation", app.base()))
    );
    assert!(ina.get(&first).body.contains("replaced"));
    assert_eq!(ina.get(&second).status, 200);

    let handed = anna.post(&format!("{page}/invitation?link"), &[]);
    let third = handed.attribute("#link", "value").unwrap();
    let third = third.strip_prefix(app.base()).unwrap().to_owned();
    assert_eq!(ina.get(&second).status, 410);
    assert_eq!(ina.get(&third).status, 200);
    anna.get(&page);
    let withdrawn = anna.post(&format!("{page}/invitation/withdraw"), &[]);
    assert_eq!(withdrawn.status, 303);
    assert_eq!(ina.post(&third, &[("password", NEW)]).status, 410);
    let card = anna.get(&page).texts("#invitation").join("");
    assert!(card.contains("withdrawn"), "{card}");

    sql(
        &app,
        "UPDATE links SET ended_at = NULL, expires_at = now() WHERE id = (SELECT max(id) FROM links)",
    );
    assert!(ina.get(&third).body.contains("seven days"));
    let card = anna.get(&page).texts("#invitation").join("");
    assert!(card.contains("was not accepted by"), "{card}");
}

#[test]
fn the_first_administrator_of_a_new_tenant_is_invited_unless_he_exists() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let made = |slug: &str, email: &str| {
        let values = [
            ("name", slug),
            ("slug", slug),
            ("admin_email", email),
            ("admin_name", "Boss"),
        ];
        anna.send_form(&anna.get("/t/main/tenants/new"), &values)
    };
    let shown = made("ost", "boss@example.org");
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(
        shown.attribute("a.btn-primary", "href").as_deref(),
        Some("/t/ost")
    );
    let link = shown.attribute("#link", "value").unwrap();
    let link = link.strip_prefix(app.base()).unwrap().to_owned();
    // Of a tenant elsewhere he is made administrator, too; his invitation stays where it is.
    let again = made("west", "boss@example.org");
    assert_eq!((again.status, again.location.as_str()), (303, "/t/west"));
    let boss = app.visitor();
    assert_eq!(boss.submit(&link, &[("password", NEW)]).location, "/login");
    let values = [("email", "boss@example.org"), ("password", NEW)];
    assert_eq!(boss.submit("/login", &values).location, "/tenants");
}

#[test]
fn programs_invite_too() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.user("nora@example.org", "nord", "administrator");
    let nora = app.program("nora@example.org", "nord", &[]);
    let wanted = |email: &str, password: &str| serde_json::json!({ "email": email, "name": "Eva", "password": password, "roles": ["viewer"] });
    let with = nora.send("POST", "/users", wanted("otto@example.org", PASSWORD));
    assert_eq!((with.status, with.json.get("invitation")), (201, None));
    let made = nora.send("POST", "/users", wanted("eva@example.org", ""));
    assert_eq!(made.status, 201, "{made:?}");
    let link = made.json["invitation"].as_str().unwrap();
    let link = link.strip_prefix(app.base()).unwrap().to_owned();
    let shown = nora.get(&format!("/users/{}", made.json["id"]));
    assert_eq!(shown.json.get("invitation"), None);
    let eva = app.visitor();
    assert_eq!(eva.submit(&link, &[("password", NEW)]).location, "/login");
    assert!(can_log_in(&app, "eva@example.org", NEW));
}

#[test]
fn the_command_line_prints_the_link() {
    let app = TestApp::new();
    let create = |email: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mandant"))
            .args(["user", "create", "--name", "Ina", "--tenant", "main"])
            .args(["--role", "viewer", "--json", "--email", email])
            .args(["--database-url", app.db.database.url.expose_secret()])
            .env("MANDANT_PUBLIC_URL", "https://mandant.example")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let made = create("ina@example.org");
    let link = made["invitation"].as_str().unwrap();
    let path = link.strip_prefix("https://mandant.example").unwrap();
    let ina = app.visitor();
    assert_eq!(ina.submit(path, &[("password", NEW)]).location, "/login");
    assert!(create("ina@example.org")["invitation"].is_null());
}

#[test]
fn who_may_not_look_after_somebody_invites_him_nowhere() {
    let app = TestApp::new();
    app.db.separate("nord");
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let shown = add_ina(&anna, &[]);
    let link = shown.attribute("#link", "value").unwrap();
    let link = link.strip_prefix(app.base()).unwrap().to_owned();
    app.member("ina@example.org", "nord", "viewer");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let page = format!("/t/nord/users/{}", id(&app, "ina@example.org"));
    assert!(nora.get(&page).texts("#invitation").is_empty());
    for act in ["invitation", "invitation?link", "invitation/withdraw"] {
        let refused = nora.post(&format!("{page}/{act}"), &[]);
        assert_eq!(refused.status, 422, "{act}");
        assert!(refused.attribute("#link", "value").is_none());
    }
    assert_eq!(app.visitor().get(&link).status, 200, "it still opens");
    // Adding somebody who is invited elsewhere makes no second link either.
    let values = [("email", "ina@example.org"), ("roles", "editor")];
    let added = nora.submit("/t/nord/users/new", &values);
    assert!(added.attribute("#link", "value").is_none());
    assert_eq!(app.visitor().get(&link).status, 200);
}

#[test]
fn who_is_only_invited_does_not_count_as_the_last_administrator() {
    let app = TestApp::new();
    app.db.separate("nord");
    let boss = app.user("boss@example.org", "nord", "administrator");
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    let new = [
        ("email", "neu@example.org"),
        ("name", "Neu"),
        ("roles", "administrator"),
    ];
    assert!([200, 303].contains(&boss.submit("/t/nord/users/new", &new).status));
    let id = count(
        &mut app.db.as_provisioner(),
        "SELECT id::bigint AS n FROM users WHERE email = 'boss@example.org'",
    );
    let state = format!("/t/main/users/{id}/state");
    let refused = admin.submit(&state, &[("state", "inactive")]);
    assert_eq!(refused.status, 422, "nobody would be left who can log in");
    let link = "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = 'boss@example.org') WHERE email = 'neu@example.org'";
    sql(&app, link);
    assert_eq!(admin.submit(&state, &[("state", "inactive")]).status, 303);
}
