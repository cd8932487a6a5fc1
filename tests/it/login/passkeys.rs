//! Passkeys as second factor: making one, what is refused, removing them, and all that counts them as a second
//! factor.

use super::second_factor::decode;
use crate::support::app::{Answer, PASSWORD, Person, TestApp};
use crate::support::authenticator::Authenticator;
use crate::support::count;
use crate::support::mailbox::Mailbox;
use diesel::connection::SimpleConnection;
use mandant::config::Config;
use mandant::control::second_factor::totp;
use serde_json::Value;

const PAGE: &str = "/profile/second-factor";
const NEW: &str = "/profile/second-factor/passkeys/new";
const ADD: &str = "/profile/second-factor/passkeys/add";
const ASK: &str = "/profile/second-factor/passkeys/ask";
const ADMIN: &str = "admin@example.org";

fn sql(app: &TestApp, text: &str) {
    app.db.as_provisioner().batch_execute(text).unwrap();
}

fn number(app: &TestApp, query: &str) -> i64 {
    count(&mut app.db.as_provisioner(), query)
}

fn acts(app: &TestApp, act: &str) -> i64 {
    let query = format!("SELECT count(*) AS n FROM audit WHERE act = 'factor.{act}'");
    number(app, &query)
}

/// What browsers call the address of the program, which listens to this machine only.
fn origin(app: &TestApp) -> String {
    app.base().replace("127.0.0.1", "localhost")
}

fn admin(app: &TestApp) -> Person {
    let anna = app.visitor();
    anna.log_in(ADMIN);
    anna
}

/// What the page tells the browser to make.
fn wanted(page: &Answer) -> Value {
    let text = page.attribute("[data-create]", "data-create");
    serde_json::from_str(&text.unwrap_or_else(|| panic!("{page:?}"))).unwrap()
}

fn asked(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

/// Adds a passkey with this name; answers it and the page that comes then.
fn add(app: &TestApp, person: &Person, name: &str) -> (Authenticator, Answer) {
    let mut passkey = Authenticator::new(&origin(app));
    let page = person.submit(NEW, &[("name", name), ("password", PASSWORD)]);
    let made = passkey.create(&wanted(&page));
    let done = person.post(ADD, &[("passkey", &made)]);
    (passkey, done)
}

fn first_step(person: &Person, email: &str) -> Answer {
    let page = person.submit("/login", &[("email", email), ("password", PASSWORD)]);
    let action = page.attribute("form.form", "action");
    assert_eq!(action.as_deref(), Some("/login/code"), "{page:?}");
    page
}

/// Logs in with a passkey.
fn enter(app: &TestApp, email: &str, passkey: &mut Authenticator) -> (Person, Answer) {
    let person = app.visitor();
    let page = first_step(&person, email);
    let url = page.attribute("[data-passkey]", "data-passkey").unwrap();
    let question = asked(&person.post(&url, &[]));
    let answer = passkey.get(&question);
    let done = person.send(&page, &[("passkey", &answer)]);
    // As if nobody had tried anything lately.
    sql(app, "DELETE FROM login_attempts");
    (person, done)
}

#[test]
fn a_passkey_is_added_and_logs_in() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let (anna, other) = (admin(&app), admin(&app));
    for (name, password, field) in [
        ("Laptop", "not her password", "password"),
        ("", PASSWORD, "name"),
        ("  ", PASSWORD, "name"),
    ] {
        let refused = anna.submit(NEW, &[("name", name), ("password", password)]);
        let error = format!("#{field}-error");
        assert_eq!((refused.status, refused.texts(&error).len()), (422, 1));
    }
    let (mut passkey, done) = add(&app, &anna, "Laptop");
    let codes = done.texts("#codes code");
    assert_eq!((done.status, codes.len()), (200, 10), "{done:?}");
    mailbox.wait(ADMIN, "switched on");
    assert_eq!(anna.get("/t/main").status, 200, "this session stays");
    assert_eq!(other.get("/t/main").status, 303, "begun without it");
    let page = anna.get(PAGE);
    assert_eq!(page.texts("#passkeys tbody td")[0], "Laptop");
    assert_eq!(page.texts("#passkeys tbody td")[2], "never");
    assert_eq!((acts(&app, "begin"), acts(&app, "passkey_add")), (1, 1));

    let (berta, done) = enter(&app, ADMIN, &mut passkey);
    assert_eq!((done.status, done.location.as_str()), (303, "/t/main"));
    assert_eq!(berta.get("/t/main").status, 200);
    assert_ne!(anna.get(PAGE).texts("#passkeys tbody td")[2], "never");
    // No code of an app is one where there is no app; a recovery code is.
    let person = app.visitor();
    let page = first_step(&person, ADMIN);
    assert_eq!(page.texts("label[for=code]"), ["Recovery code"]);
    let page = person.send(&page, &[("code", "123456")]);
    assert_eq!(page.status, 422);
    assert_eq!(person.send(&page, &[("code", &codes[0])]).status, 303);

    // A second one, without other codes; what one authenticator has made it does not make again.
    let page = anna.submit(NEW, &[("name", "Key"), ("password", PASSWORD)]);
    let question = wanted(&page);
    assert_eq!(question["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(question["attestation"], "none");
    let select = &question["authenticatorSelection"];
    assert_eq!(select["userVerification"], "preferred");
    let again = anna.post(ADD, &[("passkey", &passkey.create(&question))]);
    assert_eq!(again.status, 422, "{again:?}");
    let (mut second, done) = add(&app, &anna, "Key");
    assert_eq!((done.status, done.location.as_str()), (303, PAGE));
    mailbox.wait(ADMIN, "passkey was added");
    assert_eq!(enter(&app, ADMIN, &mut second).1.status, 303);
    assert_eq!(enter(&app, ADMIN, &mut passkey).1.status, 303);
    let names = "SELECT count(*) AS n FROM audit WHERE act = 'factor.passkey_add' AND data::text LIKE '%Key%'";
    assert_eq!(number(&app, names), 0, "a name stands where it is erased");
}

#[test]
fn a_passkey_that_is_made_answers_what_was_asked() {
    let app = TestApp::new();
    let anna = admin(&app);
    let begin = || wanted(&anna.submit(NEW, &[("name", "Laptop"), ("password", PASSWORD)]));
    let send = |answer: &str| anna.post(ADD, &[("passkey", answer)]).status;
    let here = origin(&app);

    assert_eq!(send("{}"), 422);
    begin();
    assert_eq!(send("no answer"), 422);
    let old = begin();
    begin();
    assert_eq!(send(&Authenticator::new(&here).create(&old)), 422);
    let mut elsewhere = Authenticator::new("https://evil.example");
    assert_eq!(send(&elsewhere.create(&begin())), 422);
    let mut other = Authenticator::new(&here);
    other.host = "evil.example".into();
    assert_eq!(send(&other.create(&begin())), 422);
    let late = begin();
    sql(&app, "UPDATE passkey_ceremonies SET expires_at = now()");
    assert_eq!(send(&Authenticator::new(&here).create(&late)), 422);
    // What one session was asked another cannot answer, not even its user's.
    let question = begin();
    let answer = Authenticator::new(&here).create(&question);
    let berta = admin(&app);
    berta.get(PAGE);
    assert_eq!(berta.post(ADD, &[("passkey", &answer)]).status, 422);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM passkeys"), 0);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM second_factors"), 0);
    assert_eq!(send(&answer), 200);
    assert_eq!(send(&answer), 422, "once");
    assert_eq!(app.visitor().get(NEW).status, 303);
}

#[test]
fn an_answer_is_good_for_its_question_its_user_and_its_place_once() {
    let app = TestApp::new();
    let (mut passkey, _) = add(&app, &admin(&app), "Laptop");
    app.member("carl@example.org", "main", "viewer");
    let carl = app.visitor();
    carl.log_in("carl@example.org");
    let (mut carls, _) = add(&app, &carl, "Phone");
    let refused = |answer: Answer, why: &str| {
        assert_eq!(answer.status, 422, "{why}: {answer:?}");
        assert_eq!(answer.texts(".alert li").len(), 1, "{why}");
    };

    refused(enter(&app, ADMIN, &mut carls).1, "another user's");
    passkey.origin = "http://evil.example".into();
    refused(enter(&app, ADMIN, &mut passkey).1, "from another page");
    passkey.origin = origin(&app);
    passkey.host = "evil.example".into();
    refused(enter(&app, ADMIN, &mut passkey).1, "for another host");
    passkey.host = "localhost".into();

    let anna = app.visitor();
    let page = first_step(&anna, ADMIN);
    let unasked = passkey.get(&serde_json::json!({ "challenge": "AAAAAAAAAAAAAAAAAAAAAA" }));
    refused(anna.send(&page, &[("passkey", &unasked)]), "never asked");
    let old = asked(&anna.post("/login/code/passkey", &[]));
    let new = asked(&anna.post("/login/code/passkey", &[]));
    let answer = passkey.get(&old);
    refused(
        anna.send(&page, &[("passkey", &answer)]),
        "another question",
    );
    let answer = passkey.get(&new);
    refused(anna.send(&page, &[("passkey", &answer)]), "used up");
    sql(&app, "DELETE FROM login_attempts");
    let late = asked(&anna.post("/login/code/passkey", &[]));
    sql(&app, "UPDATE passkey_ceremonies SET expires_at = now()");
    let answer = passkey.get(&late);
    refused(anna.send(&page, &[("passkey", &answer)]), "late");
    let changed = asked(&anna.post("/login/code/passkey", &[]));
    let answer = passkey
        .get(&changed)
        .replace("\"signature\":\"ME", "\"signature\":\"MF");
    refused(anna.send(&page, &[("passkey", &answer)]), "signature");

    let question = asked(&anna.post("/login/code/passkey", &[]));
    let answer = passkey.get(&question);
    // The same answer from another browser that knows the password, too.
    let thief = app.visitor();
    let thiefs = first_step(&thief, ADMIN);
    asked(&thief.post("/login/code/passkey", &[]));
    refused(thief.send(&thiefs, &[("passkey", &answer)]), "another's");
    assert_eq!(anna.send(&page, &[("passkey", &answer)]).status, 303);
    asked(&thief.post("/login/code/passkey", &[]));
    refused(thief.send(&thiefs, &[("passkey", &answer)]), "replayed");
    // Who is not half-way in is asked nothing.
    let stranger = app.visitor();
    stranger.get("/login");
    assert_eq!(stranger.post("/login/code/passkey", &[]).status, 303);
    assert_eq!(stranger.post(ASK, &[]).status, 303);
}

#[test]
fn a_counter_that_goes_back_is_refused_and_recorded() {
    let app = TestApp::new();
    let (mut passkey, _) = add(&app, &admin(&app), "Laptop");
    for _ in 0..3 {
        assert_eq!(enter(&app, ADMIN, &mut passkey).1.status, 303);
    }
    passkey.counter -= 2;
    let refused = enter(&app, ADMIN, &mut passkey).1;
    assert_eq!(refused.status, 422);
    assert!(
        refused.texts(".alert li")[0].contains("copy"),
        "{refused:?}"
    );
    assert_eq!(acts(&app, "passkey_copied"), 1);
    passkey.counter = 100;
    assert_eq!(enter(&app, ADMIN, &mut passkey).1.status, 303);
}

#[test]
fn a_passkey_proves_before_critical_acts() {
    let app = TestApp::new();
    let anna = admin(&app);
    let (mut passkey, _) = add(&app, &anna, "Laptop");
    sql(
        &app,
        "UPDATE sessions SET state = jsonb_set(state, '{proved_at}', '\"1\"') WHERE user_id IS NOT NULL",
    );
    let sent = anna.get(NEW);
    assert!(sent.location.starts_with("/login/prove"), "{sent:?}");
    let page = anna.get(&sent.location);
    assert!(page.attribute("#code", "name").is_none(), "he has no app");
    assert!(page.attribute("[data-passkey-button]", "type").is_some());
    let wrong = anna.send(&page, &[("passkey", "{}")]);
    assert_eq!(wrong.status, 422);
    let question = asked(&anna.post(ASK, &[]));
    let answer = passkey.get(&question);
    let done = anna.send(&page, &[("passkey", &answer)]);
    assert_eq!(
        (done.status, done.location.as_str()),
        (303, NEW),
        "{done:?}"
    );
    assert_eq!(anna.get(NEW).status, 200);
    // It makes other recovery codes, too; a recovery code does not.
    anna.get(PAGE);
    let codes = format!("{PAGE}/codes");
    assert_eq!(anna.post(&codes, &[("code", "aaaa-bbbb-cccc")]).status, 422);
    let question = asked(&anna.post(ASK, &[]));
    let answer = passkey.get(&question);
    let renewed = anna.post(&codes, &[("passkey", &answer)]);
    assert_eq!(renewed.texts("#codes code").len(), 10, "{renewed:?}");
}

/// Where the passkey is removed that the page shows first.
fn end_of(page: &Answer) -> String {
    page.attribute("#passkeys tbody a", "href").unwrap()
}

#[test]
fn removing_one_takes_password_and_second_factor_and_the_last_one_switches_off() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let anna = admin(&app);
    let (mut first, done) = add(&app, &anna, "Laptop");
    let codes = done.texts("#codes code");
    let (mut second, _) = add(&app, &anna, "Key");
    let end = end_of(&anna.get(PAGE));
    let carl = app.user("carl@example.org", "main", "viewer");
    assert_eq!(carl.get(&end).status, 404);
    let values = [("password", PASSWORD), ("code", "000000")];
    assert_eq!(carl.post(&end, &values).status, 404);

    let page = anna.get(&end);
    assert!(!page.texts(".intro")[0].contains("switched off"));
    let no_code = anna.send(&page, &[("password", PASSWORD)]);
    assert_eq!(
        (no_code.status, no_code.texts("#code-error").len()),
        (422, 1)
    );
    let values = [
        ("password", "wrong horse battery"),
        ("code", codes[0].as_str()),
    ];
    let no_password = anna.send(&page, &values);
    assert_eq!(no_password.texts("#password-error").len(), 1);
    let question = asked(&anna.post(ASK, &[]));
    let answer = first.get(&question);
    let done = anna.send(&page, &[("password", PASSWORD), ("passkey", &answer)]);
    assert_eq!(
        (done.status, done.location.as_str()),
        (303, PAGE),
        "{done:?}"
    );
    mailbox.wait(ADMIN, "was removed on");
    assert_eq!(enter(&app, ADMIN, &mut first).1.status, 422);
    assert_eq!(enter(&app, ADMIN, &mut second).1.status, 303);

    let page = anna.get(&end_of(&anna.get(PAGE)));
    assert!(page.texts(".intro")[0].contains("switched off"));
    let done = anna.send(&page, &[("password", PASSWORD), ("code", &codes[1])]);
    assert_eq!(done.status, 303, "{done:?}");
    mailbox.wait(ADMIN, "switched off");
    assert_eq!((acts(&app, "passkey_remove"), acts(&app, "end")), (2, 1));
    assert_eq!(number(&app, "SELECT count(*) AS n FROM recovery_codes"), 0);
    admin(&app);
}

#[test]
fn an_app_beside_a_passkey_counts_once_it_is_confirmed() {
    let app = TestApp::new();
    let anna = admin(&app);
    let (mut passkey, _) = add(&app, &anna, "Laptop");
    let more = anna.get(PAGE).attribute("#app a", "href").unwrap();
    let begun = anna.submit(&more, &[("password", PASSWORD)]);
    let page = anna.get(&begun.location);
    let secret = decode(&page.texts("#secret")[0]);
    let code = |off| {
        totp::code(
            &secret,
            mandant::clock::now().timestamp() / totp::STEP + off,
        )
    };
    let person = app.visitor();
    let asked = first_step(&person, ADMIN);
    let early = person.send(&asked, &[("code", &code(0))]);
    assert_eq!(early.status, 422, "not confirmed yet");
    let confirm = page.attribute("form.form", "action").unwrap();
    let done = anna.post(&confirm, &[("code", &code(0))]);
    assert_eq!(
        (done.status, done.location.as_str()),
        (303, PAGE),
        "{done:?}"
    );
    assert_eq!((acts(&app, "begin"), acts(&app, "app_add")), (1, 1));
    let page = anna.get(PAGE);
    assert!(page.attribute("#app a", "href").is_none());
    // Both get in, and without the passkey the second factor stays on.
    sql(&app, "DELETE FROM login_attempts");
    assert_eq!(enter(&app, ADMIN, &mut passkey).1.status, 303);
    sql(&app, "UPDATE second_factors SET last_step = 0");
    let values = [("password", PASSWORD), ("code", &code(0))];
    let end = anna.submit(&end_of(&page), &values);
    assert_eq!(end.status, 303, "{end:?}");
    let asked = first_step(&person, ADMIN);
    assert!(asked.attribute("[data-passkey]", "data-passkey").is_none());
    sql(&app, "UPDATE second_factors SET last_step = 0");
    assert_eq!(person.send(&asked, &[("code", &code(0))]).status, 303);
}

#[test]
fn a_tenant_that_asks_for_a_second_factor_takes_a_passkey() {
    let app = TestApp::new();
    app.db.separate("nord");
    sql(
        &app,
        "UPDATE tenants SET second_factor = true WHERE slug = 'nord'",
    );
    let carl = app.user_to("carl@example.org", "nord", "editor");
    let led = carl.get("/t/nord/lists");
    assert_eq!(
        led.location,
        "/profile/second-factor?next=%2Ft%2Fnord%2Flists"
    );
    let page = carl.get(&led.location);
    let new = page.attribute("#passkeys a.btn", "href").unwrap();
    let page = carl.submit(&new, &[("name", "Phone"), ("password", PASSWORD)]);
    let mut passkey = Authenticator::new(&origin(&app));
    let made = passkey.create(&wanted(&page));
    let done = carl.send(&page, &[("passkey", &made)]);
    let on = done.attribute("a.btn-primary", "href");
    assert_eq!(on.as_deref(), Some("/t/nord/lists"), "{done:?}");
    assert_eq!(carl.get("/t/nord/lists").status, 200);
}

#[test]
fn who_resets_a_second_factor_removes_passkeys_and_so_does_anonymising() {
    let app = TestApp::new();
    app.db.separate("nord");
    let carl = app.user("carl@example.org", "nord", "viewer");
    add(&app, &carl, "Phone");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let id = "SELECT id::bigint AS n FROM users WHERE email = 'carl@example.org'";
    let at = format!("/t/nord/users/{}", number(&app, id));
    let without = || nora.get("/t/nord/users?only=no-factor").body;
    assert!(!without().contains("carl@example.org"), "he has one");
    assert_eq!(nora.submit(&format!("{at}/second-factor"), &[]).status, 303);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM passkeys"), 0);
    assert!(without().contains("carl@example.org"));
    assert_eq!(carl.get("/t/nord").status, 303, "his sessions ended");

    carl.log_in("carl@example.org");
    add(&app, &carl, "Phone");

    let values = [("email", "carl@example.org")];
    assert_eq!(nora.submit(&format!("{at}/anonymise"), &values).status, 303);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM passkeys"), 0);
    let left = "SELECT count(*) AS n FROM audit WHERE personal::text LIKE '%Phone%'";
    assert_eq!(number(&app, left), 0);
}

#[test]
fn without_a_host_name_there_are_no_passkeys() {
    let mut config = Config::default();
    config.server.public_url = Some("http://192.0.2.7:8080".parse().unwrap());
    let app = TestApp::with(config);
    app.db.set_up_with(Some(PASSWORD));
    let anna = admin(&app);
    let page = anna.get(PAGE);
    assert!(page.texts("#passkeys .form-hint")[0].contains("host name"));
    assert!(page.attribute("#passkeys a.btn", "href").is_none());
    let refused = anna.submit(NEW, &[("name", "Laptop"), ("password", PASSWORD)]);
    assert_eq!(refused.status, 422);
    assert!(refused.texts(".alert li")[0].contains("host name"));
}
