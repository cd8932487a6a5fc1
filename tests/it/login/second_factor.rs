//! The second factor: switching it on, the second step of log-in and what somebody tries there, trusted
//! devices, tenants that ask for it, and who may take it away.

use crate::support::app::{Answer, PASSWORD, Person, TestApp};
use crate::support::count;
use crate::support::mailbox::Mailbox;
use diesel::connection::SimpleConnection;
use mandant::control::second_factor::totp;
use secrecy::ExposeSecret;

const PAGE: &str = "/profile/second-factor";

/// What the page's text of a secret stands for.
pub(super) fn decode(letters: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digits: Vec<u64> = letters
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| alphabet.find(c).unwrap() as u64)
        .collect();
    digits
        .chunks(8)
        .flat_map(|eight| {
            let number = eight.iter().fold(0u64, |all, digit| (all << 5) | digit);
            number.to_be_bytes()[3..].to_vec()
        })
        .collect()
}

fn step() -> i64 {
    mandant::clock::now().timestamp() / totp::STEP
}

/// Somebody's app, and his codes for when it is gone.
struct Phone {
    secret: Vec<u8>,
    recovery: Vec<String>,
}

impl Phone {
    fn code(&self) -> String {
        totp::code(&self.secret, step())
    }

    /// A code that is no good now.
    fn wrong(&self) -> String {
        let good: Vec<String> = (-2..=2)
            .map(|off| totp::code(&self.secret, step() + off))
            .collect();
        let mut wrong = ["000000", "111111", "222222", "333333", "444444", "555555"].iter();
        wrong
            .find(|code| !good.iter().any(|one| one == *code))
            .unwrap()
            .to_string()
    }
}

/// As if half a minute had passed since the last code.
fn later(app: &TestApp) {
    sql(app, "UPDATE second_factors SET last_step = 0");
}

fn sql(app: &TestApp, text: &str) {
    app.db.as_provisioner().batch_execute(text).unwrap();
}

fn number(app: &TestApp, query: &str) -> i64 {
    count(&mut app.db.as_provisioner(), query)
}

fn switch_on(app: &TestApp, person: &Person) -> Phone {
    person.get(PAGE);
    let begun = person.post(&format!("{PAGE}/begin"), &[("password", PASSWORD)]);
    assert_eq!(begun.status, 303, "{begun:?}");
    let page = person.get(PAGE);
    let secret = decode(&page.texts("#secret")[0]);
    assert_eq!(secret.len(), 20);
    assert_eq!(page.attribute("svg.qr", "role").as_deref(), Some("img"));
    let code = totp::code(&secret, step());
    let done = person.post(&format!("{PAGE}/confirm"), &[("code", &code)]);
    assert_eq!(done.status, 200, "{done:?}");
    let recovery = done.texts("#codes code");
    assert_eq!(recovery.len(), 10);
    person.get(PAGE);
    later(app);
    Phone { secret, recovery }
}

fn first_step(person: &Person, email: &str) -> Answer {
    let asked = person.submit("/login", &[("email", email), ("password", PASSWORD)]);
    assert_eq!(asked.status, 200, "{asked:?}");
    assert_eq!(
        asked.attribute("form.form", "action").as_deref(),
        Some("/login/code")
    );
    asked
}

fn admin(app: &TestApp) -> Person {
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    anna
}

const ADMIN: &str = "admin@example.org";

#[test]
fn once_it_is_on_log_in_asks_for_a_code() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let (anna, other) = (admin(&app), admin(&app));
    anna.get(PAGE);
    let without = anna.post(
        &format!("{PAGE}/begin"),
        &[("password", "not her password")],
    );
    assert_eq!(
        (without.status, without.texts("#password-error").len()),
        (422, 1)
    );
    assert_eq!(number(&app, "SELECT count(*) AS n FROM second_factors"), 0);
    anna.post(&format!("{PAGE}/begin"), &[("password", PASSWORD)]);
    // Not confirmed it asks for nothing, and a wrong code confirms nothing.
    admin(&app);
    let wrong = anna.post(&format!("{PAGE}/confirm"), &[("code", "12345")]);
    assert_eq!((wrong.status, wrong.texts("#code-error").len()), (422, 1));
    let phone = switch_on(&app, &anna);
    mailbox.wait(ADMIN, "switched on");
    assert_eq!(anna.get("/t/main").status, 200, "this session stays");
    assert_eq!(
        other.get("/t/main").status,
        303,
        "others were begun without it"
    );

    let anna = app.visitor();
    let page = "/login?next=%2Ft%2Fmain%2Fusers";
    let values = [
        ("email", ADMIN),
        ("password", PASSWORD),
        ("next", "/t/main/users"),
    ];
    let asked = anna.submit(page, &values);
    assert_eq!(asked.status, 200);
    let wrong = anna.send(&asked, &[("code", &phone.wrong())]);
    assert_eq!((wrong.status, wrong.texts("#code-error").len()), (422, 1));
    let spaced = format!(" {} {} ", &phone.code()[..3], &phone.code()[3..]);
    let done = anna.send(&wrong, &[("code", &spaced)]);
    assert_eq!(
        (done.status, done.location.as_str()),
        (303, "/t/main/users")
    );
    assert_eq!(anna.get("/t/main/users").status, 200);
    let begun = "SELECT count(*) AS n FROM audit WHERE act = 'session.begin'";
    // Three before it was on, this one; the first step alone is none.
    assert_eq!(number(&app, begun), 4);
    let clear = format!(
        "position('{}'::bytea IN sealed) > 0",
        totp::base32(&phone.secret)
    );
    let clear = format!("SELECT count(*) AS n FROM second_factors WHERE {clear}");
    assert_eq!(number(&app, &clear), 0);
}

#[test]
fn a_code_works_once() {
    let app = TestApp::new();
    let phone = switch_on(&app, &admin(&app));
    let code = phone.code();
    let (first, second) = (app.visitor(), app.visitor());
    let asked = first_step(&first, ADMIN);
    assert_eq!(first.send(&asked, &[("code", &code)]).status, 303);
    // Who looked over the shoulder knows the password, and the code that is still shown.
    let asked = first_step(&second, ADMIN);
    let replayed = second.send(&asked, &[("code", &code)]);
    assert_eq!(replayed.status, 422);
    assert_eq!(second.get("/t/main").status, 303);
    // Nor is an older one good any more.
    sql(
        &app,
        &format!("UPDATE second_factors SET last_step = {}", step() + 1),
    );
    let older = second.send(&replayed, &[("code", &phone.code())]);
    assert_eq!(older.status, 422);

    // Of several who send the same one at once one gets in.
    later(&app);
    let all: Vec<Person> = (0..4).map(|_| app.visitor()).collect();
    let pages: Vec<Answer> = all.iter().map(|person| first_step(person, ADMIN)).collect();
    let code = phone.code();
    let won = std::thread::scope(|scope| {
        let tries: Vec<_> = all
            .iter()
            .zip(&pages)
            .map(|(person, page)| scope.spawn(|| person.send(page, &[("code", &code)]).status))
            .collect();
        let statuses = tries.into_iter().map(|one| one.join().unwrap());
        statuses.filter(|status| *status == 303).count()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_recovery_code_works_once_and_renewed_ones_replace_all() {
    let app = TestApp::new();
    let anna = admin(&app);
    let phone = switch_on(&app, &anna);
    let enter = |code: &str| {
        let person = app.visitor();
        let asked = first_step(&person, ADMIN);
        person.send(&asked, &[("code", code)]).status
    };
    // As somebody copies it from paper.
    let typed = phone.recovery[0].replace('-', " ").to_uppercase();
    assert_eq!(enter(&typed), 303);
    assert_eq!(enter(&phone.recovery[0]), 422);
    assert!(anna.get(PAGE).texts(".intro")[0].contains("9 recovery codes"));
    let kept = format!(
        "SELECT count(*) AS n FROM recovery_codes WHERE code_hash = sha256('{}')",
        phone.recovery[1]
    );
    assert_eq!(number(&app, &kept), 0, "no plain hash of so short a code");

    // A recovery code makes no others: that takes the app.
    let refused = anna.post(&format!("{PAGE}/codes"), &[("code", &phone.recovery[1])]);
    assert_eq!(refused.status, 422);
    let renewed = anna.post(&format!("{PAGE}/codes"), &[("code", &phone.code())]);
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let new = renewed.texts("#codes code");
    assert_eq!(enter(&phone.recovery[1]), 422);
    assert_eq!(enter(&new[0]), 303);
}

#[test]
fn guessing_codes_is_slowed_down() {
    let app = TestApp::new();
    let phone = switch_on(&app, &admin(&app));
    let guesser = app.visitor();
    let mut page = first_step(&guesser, ADMIN);
    for _ in 0..5 {
        page = guesser.send(&page, &[("code", &phone.wrong())]);
        assert_eq!(page.texts("#code-error").len(), 1, "{page:?}");
    }
    let right = guesser.send(&page, &[("code", &phone.code())]);
    assert_eq!(right.status, 422, "the right code must wait, too");
    assert!(right.texts("[role=alert]")[0].contains("second"));
    // Beginning anew gives no fresh tries.
    let anew = app.visitor();
    let asked = first_step(&anew, ADMIN);
    let right = anew.send(&asked, &[("code", &phone.code())]);
    assert!(
        right.texts("[role=alert]")[0].contains("second"),
        "{right:?}"
    );
}

/// The session cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    let line = answer
        .headers
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: mandant="));
    let value = line.unwrap_or_else(|| panic!("no session in {}", answer.headers));
    format!("mandant={}", value.split(';').next().unwrap())
}

#[test]
fn a_session_known_before_is_none_after_either_step() {
    let app = TestApp::new();
    let phone = switch_on(&app, &admin(&app));
    let anna = app.visitor();
    let before = cookie(&anna.get("/login"));
    let asked = first_step(&anna, ADMIN);
    let between = cookie(&asked);
    assert_ne!(before, between);
    // Who waits for the code is nobody yet.
    for path in ["/t/main", "/profile", PAGE, "/tenants"] {
        assert_eq!(anna.get(path).status, 303, "{path}");
    }
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM sessions WHERE state ? 'pending' AND user_id IS NOT NULL"
        ),
        0
    );
    let done = anna.send(&asked, &[("code", &phone.code())]);
    assert_eq!(done.status, 303);
    let after = cookie(&done);
    assert_ne!(between, after);
    let knows = |cookie: &str| {
        app.visitor()
            .get_with("/t/main", &[("cookie", cookie)])
            .status
    };
    assert_eq!(knows(&before), 303);
    assert_eq!(knows(&between), 303);
    assert_eq!(knows(&after), 200);
    // The token of the step before is none either.
    let stale = asked.form("form.form");
    let stale = stale.iter().find(|(name, _)| name == "_csrf").unwrap();
    assert_eq!(
        anna.post_bare("/logout", &[("_csrf", &stale.1)]).status,
        403
    );
}

#[test]
fn the_second_step_needs_the_first_and_waits_not_for_ever() {
    let app = TestApp::new();
    let phone = switch_on(&app, &admin(&app));
    let stranger = app.visitor();
    assert_eq!(stranger.get("/login/code").location, "/login");
    stranger.get("/login");
    let skipped = stranger.post("/login/code", &[("code", &phone.code())]);
    assert_eq!((skipped.status, skipped.location.as_str()), (303, "/login"));
    assert_eq!(stranger.get("/t/main").status, 303);

    // Another password meanwhile: whoever knew the old one begins at the beginning.
    let anna = app.visitor();
    let asked = first_step(&anna, ADMIN);
    assert_eq!(anna.get("/login/code").status, 200);
    sql(&app, "UPDATE users SET version = version + 1");
    assert_eq!(
        anna.send(&asked, &[("code", &phone.code())]).location,
        "/login"
    );
    let asked = first_step(&anna, ADMIN);
    sql(&app, "UPDATE users SET state = 'inactive'");
    assert_eq!(
        anna.send(&asked, &[("code", &phone.code())]).location,
        "/login"
    );
    sql(&app, "UPDATE users SET state = 'active'");
    let asked = first_step(&anna, ADMIN);
    // Eleven minutes.
    sql(&app, "UPDATE sessions SET state = jsonb_set(state, '{pending}', to_jsonb(regexp_replace(state ->> 'pending', \
        '\"since\":[0-9]+', '\"since\":' || (extract(epoch FROM now())::bigint - 660))))
        WHERE state ? 'pending'");
    assert_eq!(
        anna.send(&asked, &[("code", &phone.code())]).location,
        "/login"
    );
    assert_eq!(anna.get("/t/main").status, 303);
}

#[test]
fn a_trusted_device_is_not_asked_until_it_is_revoked() {
    let app = TestApp::new();
    let anna = admin(&app);
    let phone = switch_on(&app, &anna);
    let home = app.visitor();
    let asked = first_step(&home, ADMIN);
    let done = home.send(&asked, &[("code", &phone.code()), ("trust", "on")]);
    assert_eq!(done.status, 303);
    let line = done
        .headers
        .lines()
        .find(|line| line.contains("mandant-device="));
    let line = line.unwrap();
    assert!(
        line.contains("HttpOnly")
            && line.contains("SameSite=Lax")
            && line.contains("Max-Age=2592000")
    );
    let device = line
        .split("set-cookie: ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();

    home.get("/t/main");
    home.post("/logout", &[]);
    home.log_in(ADMIN);
    assert_eq!(home.get("/t/main").status, 200, "no code was asked");
    first_step(&app.visitor(), ADMIN);
    // It is hers alone, and a made-up one is none.
    app.member("carl@example.org", "main", "viewer");
    let carl = app.visitor();
    carl.log_in("carl@example.org");
    switch_on(&app, &carl);
    let carl = app.visitor();
    carl.get("/login");
    let values = [("email", "carl@example.org"), ("password", PASSWORD)];
    let foreign = carl.post_with("/login", &values, &[("cookie", device)]);
    assert_eq!(
        foreign.attribute("form.form", "action").as_deref(),
        Some("/login/code")
    );

    let page = anna.get(PAGE);
    assert_eq!(page.texts("#devices tbody tr").len(), 1);
    let end = page.attribute("#devices form", "action").unwrap();
    let stranger = app.user("eva@example.org", "main", "viewer");
    assert_eq!(stranger.post(&end, &[]).status, 404);
    anna.get(PAGE);
    assert_eq!(anna.post(&end, &[]).status, 303);
    home.post("/logout", &[]);
    first_step(&home, ADMIN);
}

#[test]
fn another_password_ends_the_trust_in_all_devices() {
    let app = TestApp::new();
    let anna = admin(&app);
    let phone = switch_on(&app, &anna);
    let home = app.visitor();
    let asked = first_step(&home, ADMIN);
    home.send(&asked, &[("code", &phone.code()), ("trust", "on")]);
    let devices = "SELECT count(*) AS n FROM trusted_devices";
    assert_eq!(number(&app, devices), 1);
    let page = anna.get("/profile");
    let values = [
        ("old_password", PASSWORD),
        ("new_password", "another horse and battery"),
    ];
    assert_eq!(anna.send_form(&page, &values).status, 303);
    assert_eq!(number(&app, devices), 0);
    assert_eq!(
        number(&app, "SELECT count(*) AS n FROM second_factors"),
        1,
        "the factor stays"
    );
}

#[test]
fn a_password_that_no_longer_does_is_replaced_only_after_the_code() {
    let app = TestApp::new();
    let anna = admin(&app);
    let phone = switch_on(&app, &anna);
    sql(
        &app,
        "UPDATE users SET password_set_at = now() - interval '91 days'",
    );
    let rule = anna.submit("/t/main/policy", &[("password_days", "90")]);
    assert_eq!(rule.status, 303);
    let links = "SELECT count(*) AS n FROM links";
    let (visitor, before) = (app.visitor(), number(&app, links));
    let asked = first_step(&visitor, ADMIN);
    let wrong = visitor.send(&asked, &[("code", &phone.wrong())]);
    assert_eq!((wrong.status, number(&app, links)), (422, before));
    later(&app);
    let over = visitor.send(&wrong, &[("code", &phone.code())]);
    assert!(over.location.starts_with("/password/reset/"), "{over:?}");
    assert_eq!(visitor.get("/profile").status, 303, "that lets nobody in");
    let set = [("password", "another horse battery")];
    assert_eq!(visitor.submit(&over.location, &set).location, "/login");
}

#[test]
fn switching_it_off_takes_password_and_code() {
    let app = TestApp::new();
    let anna = admin(&app);
    let phone = switch_on(&app, &anna);
    let end = format!("{PAGE}/end");
    let no_code = anna.post(
        &end,
        &[("password", PASSWORD), ("end_code", &phone.wrong())],
    );
    assert_eq!(
        (no_code.status, no_code.texts("#end_code-error").len()),
        (422, 1)
    );
    let code = phone.code();
    let no_password = anna.post(
        &end,
        &[("password", "wrong horse battery"), ("end_code", &code)],
    );
    assert_eq!(
        (
            no_password.status,
            no_password.texts("#password-error").len()
        ),
        (422, 1)
    );
    assert_eq!(
        anna.post(&format!("{PAGE}/begin"), &[("password", PASSWORD)])
            .status,
        422
    );
    assert_eq!(
        anna.post(&end, &[("password", PASSWORD), ("end_code", &code)])
            .status,
        303
    );
    assert_eq!(number(&app, "SELECT count(*) AS n FROM recovery_codes"), 0);
    admin(&app);
}

fn id(app: &TestApp, email: &str) -> i64 {
    number(
        app,
        &format!("SELECT id::bigint AS n FROM users WHERE email = '{email}'"),
    )
}

#[test]
fn who_looks_after_a_user_resets_it_and_nobody_else() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    app.db.separate("nord");
    app.db.separate("sued");
    let carl = app.user("carl@example.org", "nord", "viewer");
    switch_on(&app, &carl);
    app.member("carl@example.org", "sued", "viewer");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let berta = app.user("berta@example.org", "sued", "administrator");
    let reset = |tenant: &str| {
        let id = id(&app, "carl@example.org");
        format!("/t/{tenant}/users/{id}/second-factor")
    };
    assert_eq!(berta.get(&reset("sued")).status, 422);
    assert_eq!(berta.post(&reset("sued"), &[]).status, 422);
    assert!(
        !berta
            .get(reset("sued").trim_end_matches("/second-factor"))
            .body
            .contains("Reset")
    );
    let own = format!(
        "/t/nord/users/{}/second-factor",
        id(&app, "nora@example.org")
    );
    assert_eq!(
        nora.post(&own, &[]).status,
        422,
        "nobody does that to himself"
    );
    first_step(&app.visitor(), "carl@example.org");

    let done = nora.submit(&reset("nord"), &[]);
    assert_eq!(done.status, 303);
    assert_eq!(carl.get("/t/nord").status, 303, "his sessions ended");
    app.visitor().log_in("carl@example.org");
    mailbox.wait("carl@example.org", "switched off");
    let entry = "SELECT count(*) AS n FROM audit a JOIN users u ON u.id = a.user_id \
        WHERE a.act = 'factor.reset' AND u.email = 'nora@example.org'";
    assert_eq!(number(&app, entry), 1);
}

#[test]
fn a_tenant_that_asks_for_it_leads_through_switching_it_on() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.db.inner(
        "nord",
        "vip",
        crate::support::by_rule("email = 'a@example.org'"),
    );
    let anna = admin(&app);
    let carl = app.user("carl@example.org", "nord", "editor");
    app.member("carl@example.org", "nord/vip", "editor");
    let settings = format!("/t/main/tenants/{}/settings", nord.id());
    let page = anna.get(&settings);
    let saved = anna.send_form(&page, &[("second_factor", "on")]);
    assert_eq!(saved.status, 303);
    assert!(
        anna.get(&settings)
            .attribute("#second_factor[checked]", "name")
            .is_some()
    );

    let led = carl.get("/t/nord/lists");
    let to = "/profile/second-factor?next=%2Ft%2Fnord%2Flists";
    assert_eq!((led.status, led.location.as_str()), (303, to));
    assert_eq!(carl.get("/t/nord/vip").status, 303, "and below it");
    let asked = carl.get(to);
    assert!(asked.texts(".intro")[0].contains("asks for a second factor"));
    let act = carl.post("/t/nord/lists/new", &[("name", "News")]);
    assert_eq!(act.status, 403);
    assert!(act.body.contains("second factor"));

    let begun = carl.submit(to, &[("password", PASSWORD)]);
    assert_eq!(begun.location, to);
    let page = carl.get(to);
    let secret = decode(&page.texts("#secret")[0]);
    let code = totp::code(&secret, step());
    let action = format!("{PAGE}/confirm");
    let done = carl.post(&action, &[("code", &code), ("next", "/t/nord/lists")]);
    assert_eq!(
        done.attribute("a.btn-primary", "href").as_deref(),
        Some("/t/nord/lists")
    );
    assert_eq!(carl.get("/t/nord/lists").status, 200);
    assert_eq!(carl.get("/t/nord/vip").status, 200);
}

#[test]
fn passwords_that_are_guessed_first_are_refused_and_told_while_typing() {
    let app = TestApp::new();
    let anna = admin(&app);
    for weak in [
        "password123",
        "qwertyuiop",
        "aaaaaaaaaaaaa",
        "admin@example.org",
    ] {
        let page = anna.get("/profile");
        let values = [("old_password", PASSWORD), ("new_password", weak)];
        let refused = anna.send_form(&page, &values);
        assert_eq!(refused.status, 422, "{weak}");
        assert!(refused.texts("#new_password-error")[0].contains("guessed"));
    }
    let visitor = app.visitor();
    visitor.get_with("/login", &[("accept-language", "de")]);
    let said = visitor.post_with(
        "/password/strength",
        &[("password", "password123")],
        &[("accept-language", "de")],
    );
    assert_eq!(said.status, 200);
    assert!(said.body.contains("Sofort erraten"), "{}", said.body);
    let said = visitor.post("/password/strength", &[("password", PASSWORD)]);
    assert!(said.body.contains("ard to guess"), "{}", said.body);
    let bare = app
        .visitor()
        .post_bare("/password/strength", &[("password", PASSWORD)]);
    assert_eq!(bare.status, 403);
    let field = anna.get("/profile");
    assert!(
        field
            .attribute("#new_password[data-strength]", "name")
            .is_some()
    );
    assert!(
        field
            .attribute("#old_password[data-strength]", "name")
            .is_none()
    );
}

#[test]
fn the_operator_helps_the_last_administrator_in() {
    let app = TestApp::new();
    switch_on(&app, &admin(&app));
    let reset = |more: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mandant"))
            .args(["user", "reset", "--json", "--email", ADMIN])
            .args(["--database-url", app.db.database.url.expose_secret()])
            .args(more)
            .env("MANDANT_PUBLIC_URL", "https://mandant.example")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(reset(&[])["second_factor_reset"], false);
    first_step(&app.visitor(), ADMIN);
    let helped = reset(&["--second-factor"]);
    assert_eq!(helped["second_factor_reset"], true);
    let link = helped["link"].as_str().unwrap();
    let path = link.strip_prefix("https://mandant.example").unwrap();
    let anna = app.visitor();
    let new = "another horse and battery";
    assert_eq!(anna.submit(path, &[("password", new)]).location, "/login");
    let values = [("email", ADMIN), ("password", new)];
    assert_eq!(anna.submit("/login", &values).location, "/t/main");
}
