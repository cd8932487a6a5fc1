//! Single sign-on, by a provider that says what a test wants: the way in and out, roles by claims, links, and who
//! is turned away.

mod answers;
mod settings;

use crate::support::app::{Answer, PASSWORD, Person, TestApp};
use crate::support::count;
use crate::support::provider::{CLIENT, Fake};
use diesel::connection::SimpleConnection;
use mandant::access::system::provision;
use mandant::config::{Config, Loopback};
use mandant::control::audit::Actor;
use mandant::control::tenants::provision::SetStatus;
use serde_json::{Value, json};

const ADMIN: &str = "admin@example.org";

/// An installation that asks providers on this machine, with the tenants `main` and `nord`.
pub(crate) fn installation() -> TestApp {
    let mut config = Config::default();
    config.sign_on.loopback = Loopback::Allow;
    let app = TestApp::with(config);
    app.db.set_up_with(Some(PASSWORD));
    app.db.separate("nord");
    app
}

/// The values of the form that sets a tenant's provider up.
pub(super) fn values<'v>(fake: &'v Fake, more: &[(&'v str, &'v str)]) -> Vec<(&'v str, &'v str)> {
    let mut all = vec![
        ("state", "on"),
        ("issuer", fake.url.as_str()),
        ("client_id", CLIENT.0),
        ("secret", CLIENT.1),
        ("scopes", "email groups"),
        ("label", "Nord account"),
        ("creates", "on"),
        ("claim", "groups"),
        ("value", "editors"),
        ("role", "editor"),
        ("claim", "groups"),
        ("value", "bosses"),
        ("role", "administrator"),
        ("version", "0"),
    ];
    all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    all.extend(more);
    all
}

/// Sets up the provider of a tenant by somebody who may.
pub(crate) fn set_up(by: &Person, tenant: &str, fake: &Fake, more: &[(&str, &str)]) {
    let page = by.get(&format!("/t/{tenant}/sign-on"));
    assert_eq!(page.status, 200);
    let version = page.attribute("[name=version]", "value").unwrap();
    let mut values = values(fake, more);
    values.retain(|(name, _)| *name != "version");
    values.push(("version", &version));
    let saved = by.post(&format!("/t/{tenant}/sign-on"), &values);
    assert_eq!(saved.status, 303, "{:?}", saved.texts("[role=alert]"));
}

/// An installation whose tenant `nord` has a provider, and `nord`'s administrator.
pub(super) fn with_provider(more: &[(&str, &str)]) -> (TestApp, Fake, Person) {
    let (app, fake) = (installation(), Fake::new());
    let boss = app.user("boss@example.org", "nord", "administrator");
    set_up(&boss, "nord", &fake, more);
    (app, fake, boss)
}

pub(crate) fn ina(groups: &[&str]) -> Value {
    json!({
        "sub": "ina-7", "email": "Ina@Example.org", "email_verified": true, "name": "Ina Ö.", "groups": groups,
    })
}

/// Goes the whole way.
pub(crate) fn sign_on(person: &Person, fake: &Fake, claims: &Value) -> Answer {
    let start = person.get("/login/sso/nord");
    assert_eq!(start.status, 303, "{:?}", start.texts("main"));
    person.get(&fake.grant(&start.location, claims))
}

pub(super) fn number(app: &TestApp, query: &str) -> i64 {
    count(&mut app.db.as_provisioner(), query)
}

fn sql(app: &TestApp, text: &str) {
    app.db.as_provisioner().batch_execute(text).unwrap();
}

const ROLES: &str = "SELECT count(*) AS n FROM membership_roles mr JOIN roles r ON r.id = mr.role_id \
    JOIN memberships m ON m.id = mr.membership_id JOIN users u ON u.id = m.user_id JOIN tenants t ON t.id = m.tenant_id \
    WHERE t.slug = 'nord' AND u.email =";

fn has_role(app: &TestApp, email: &str, role: &str) -> bool {
    number(app, &format!("{ROLES} '{email}' AND r.key = '{role}'")) == 1
}

#[test]
fn the_first_log_in_makes_a_user_and_each_one_follows_the_claims() {
    let (app, fake, boss) = with_provider(&[]);
    let person = app.visitor();
    let done = sign_on(&person, &fake, &ina(&["sales", "editors"]));
    assert_eq!((done.status, done.location.as_str()), (303, "/t/nord"));
    let start = person.get("/t/nord");
    assert_eq!(start.status, 200);
    assert!(start.body.contains("Ina Ö."));
    let email = "ina@example.org";
    assert!(has_role(&app, email, "editor") && !has_role(&app, email, "administrator"));
    assert_eq!(person.get("/t/nord/users").status, 403);
    assert_eq!(person.get("/t/main").status, 404);
    let made = format!(
        "SELECT count(*) AS n FROM users WHERE email = '{email}' AND password_hash IS NULL AND home_tenant_id = {}",
        app.db.tenant("nord").id
    );
    assert_eq!(number(&app, &made), 1);

    // Other groups, other roles; the same person although his address changed.
    let mut claims = ina(&["bosses"]);
    claims["email"] = json!("ina.new@example.org");
    let again = app.visitor();
    assert_eq!(sign_on(&again, &fake, &claims).location, "/t/nord");
    assert!(has_role(&app, email, "administrator") && !has_role(&app, email, "editor"));
    assert_eq!(again.get("/t/nord/users").status, 200);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM sign_on_links"), 1);
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM users WHERE email LIKE 'ina%'"
        ),
        1
    );

    // What somebody gave by hand stays, what the claims gave goes.
    let page = again.get("/t/nord/users");
    assert!(page.body.contains(email));
    let id = number(
        &app,
        &format!("SELECT id::bigint AS n FROM users WHERE email = '{email}'"),
    );
    let roles = format!("/t/nord/users/{id}/roles");
    let form = boss.get(&roles);
    let version = form.attribute("[name=version]", "value").unwrap();
    let both = [
        ("roles", "administrator"),
        ("roles", "viewer"),
        ("version", version.as_str()),
    ];
    assert_eq!(boss.post(&roles, &both).status, 303);
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).location,
        "/t/nord"
    );
    for (role, held) in [("administrator", false), ("viewer", true), ("editor", true)] {
        assert_eq!(has_role(&app, email, role), held, "{role}");
    }
    let begun = "SELECT count(*) AS n FROM audit WHERE act = 'session.begin' AND data ->> 'issuer' IS NOT NULL";
    assert_eq!(number(&app, begun), 3);
}

#[test]
fn claims_that_give_nothing_let_nobody_in() {
    let (app, fake, _) = with_provider(&[]);
    let person = app.visitor();
    let away = sign_on(&person, &fake, &ina(&["sales"]));
    assert_eq!(away.status, 403);
    assert!(away.body.contains("nothing that it says gives you a role"));
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM users WHERE email LIKE 'ina%'"
        ),
        0
    );
    // Once known, whoever loses all of them stays outside, too, and his place is gone.
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        303
    );
    assert_eq!(sign_on(&app.visitor(), &fake, &ina(&[])).status, 403);
    assert!(!has_role(&app, "ina@example.org", "editor"));
    sql(
        &app,
        "UPDATE users SET state = 'inactive' WHERE email = 'ina@example.org'",
    );
    let away = sign_on(&app.visitor(), &fake, &ina(&["editors"]));
    assert_eq!(away.status, 403);
    assert!(away.body.contains("deactivated"));
    assert!(!has_role(&app, "ina@example.org", "editor"));
}

#[test]
fn the_last_administrator_stays_one_whatever_the_claims_say() {
    let (app, fake, _) = with_provider(&[]);
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["bosses"])).status,
        303
    );
    sql(
        &app,
        "UPDATE users SET state = 'inactive' WHERE email = 'boss@example.org'",
    );
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        303
    );
    for role in ["administrator", "editor"] {
        assert!(has_role(&app, "ina@example.org", role), "{role}");
    }
}

#[test]
fn nobody_is_made_where_the_tenant_does_not_want_it() {
    let (app, fake, _) = with_provider(&[("creates", "")]);
    let away = sign_on(&app.visitor(), &fake, &ina(&["editors"]));
    assert_eq!(away.status, 403);
    assert!(away.body.contains("no account for you"));
    let (app, fake, _) = with_provider(&[]);
    let mut claims = ina(&["editors"]);
    claims["email_verified"] = json!(false);
    assert_eq!(sign_on(&app.visitor(), &fake, &claims).status, 403);
    claims.as_object_mut().unwrap().remove("email");
    assert_eq!(sign_on(&app.visitor(), &fake, &claims).status, 403);
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM users WHERE email LIKE 'ina%'"
        ),
        0
    );
}

#[test]
fn an_address_links_nobody_but_he_himself_does() {
    let (app, fake, _) = with_provider(&[]);
    app.member("ina@example.org", "nord", "viewer");
    let away = sign_on(&app.visitor(), &fake, &ina(&["editors"]));
    assert_eq!(away.status, 403);
    assert!(away.body.contains("an account with your address already"));
    assert!(!has_role(&app, "ina@example.org", "editor"));

    let person = app.visitor();
    person.log_in("ina@example.org");
    let page = person.get("/profile/sign-on");
    let tenant = app.db.tenant("nord").id.to_string();
    assert!(page.body.contains("Nord account"));
    let going = person.send(&page, &[("tenant", &tenant)]);
    assert_eq!(going.status, 200, "a form may lead to no other site");
    let url = going.attribute("main a.btn", "href").unwrap();
    let meta = going
        .attribute("meta[http-equiv=refresh]", "content")
        .unwrap();
    assert_eq!(meta, format!("0; url={url}"));
    assert!(url.contains("prompt=login"));
    let linked = person.get(&fake.grant(&url, &ina(&["editors"])));
    assert_eq!(
        (linked.status, linked.location.as_str()),
        (303, "/profile/sign-on")
    );
    assert_eq!(
        person
            .get("/profile/sign-on")
            .texts("#links tbody tr")
            .len(),
        1
    );
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).location,
        "/t/nord"
    );
    // Nobody else gets the same one.
    app.member("otto@example.org", "nord", "viewer");
    let otto = app.visitor();
    otto.log_in("otto@example.org");
    let page = otto.get("/profile/sign-on");
    let going = otto.send(&page, &[("tenant", &tenant)]);
    let url = going.attribute("main a.btn", "href").unwrap();
    let taken = otto.get(&fake.grant(&url, &ina(&["editors"])));
    assert_eq!(taken.status, 403);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM sign_on_links"), 1);

    let id = number(&app, "SELECT id::bigint AS n FROM sign_on_links");
    let ended = person.submit(&format!("/profile/sign-on/{id}/end"), &[]);
    assert_eq!(ended.status, 303);
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        403
    );
}

#[test]
fn who_has_no_password_keeps_his_last_link() {
    let (app, fake, _) = with_provider(&[]);
    let person = app.visitor();
    sign_on(&person, &fake, &ina(&["editors"]));
    let id = number(&app, "SELECT id::bigint AS n FROM sign_on_links");
    let kept = person.submit(&format!("/profile/sign-on/{id}/end"), &[]);
    assert_eq!(kept.status, 422);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM sign_on_links"), 1);
}

#[test]
fn an_administrator_allows_one_link_by_a_verified_address() {
    let (app, fake, boss) = with_provider(&[]);
    app.member("ina@example.org", "nord", "viewer");
    let id = number(
        &app,
        "SELECT id::bigint AS n FROM users WHERE email = 'ina@example.org'",
    );
    let page = format!("/t/nord/users/{id}/sign-on");
    let allow = || assert_eq!(boss.submit(&page, &[]).status, 303);
    allow();
    let mut unverified = ina(&["editors"]);
    unverified["email_verified"] = json!(false);
    assert_eq!(sign_on(&app.visitor(), &fake, &unverified).status, 403);
    unverified.as_object_mut().unwrap().remove("email_verified");
    assert_eq!(sign_on(&app.visitor(), &fake, &unverified).status, 403);
    // Withdrawn, or too late.
    assert_eq!(boss.submit(&page, &[]).status, 303);
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        403
    );
    allow();
    sql(&app, "UPDATE sign_on_permits SET expires_at = now()");
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        403
    );
    allow();
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).location,
        "/t/nord"
    );
    assert_eq!(number(&app, "SELECT count(*) AS n FROM sign_on_permits"), 0);
    let link = number(&app, "SELECT id::bigint AS n FROM sign_on_links");
    let person = app.visitor();
    sign_on(&person, &fake, &ina(&["editors"]));
    boss.get(&page);
    assert_eq!(boss.post(&format!("{page}/{link}/end"), &[]).status, 303);
    assert_eq!(person.get("/t/nord").status, 303, "his sessions end");
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        403
    );
    // Nobody allows it for himself, nor for who is at home elsewhere.
    let own = number(
        &app,
        "SELECT id::bigint AS n FROM users WHERE email = 'boss@example.org'",
    );
    assert_eq!(
        boss.get(&format!("/t/nord/users/{own}/sign-on")).status,
        422
    );
    app.member(ADMIN, "nord", "viewer");
    let admin = number(
        &app,
        &format!("SELECT id::bigint AS n FROM users WHERE email = '{ADMIN}'"),
    );
    assert_eq!(
        boss.get(&format!("/t/nord/users/{admin}/sign-on")).status,
        422
    );
}

#[test]
fn a_tenant_that_asks_for_it_lets_in_nobody_else() {
    let more = [("state", "only"), ("emergency", "boss@example.org")];
    let (app, fake, boss) = with_provider(&more);
    app.db.below("nord", "kiel");
    app.db.inner(
        "nord",
        "vip",
        crate::support::by_rule("email = 'a@example.org'"),
    );
    for place in ["nord/vip", "kiel"] {
        app.member("carl@example.org", place, "viewer");
    }
    let carl = app.user_to("carl@example.org", "nord", "viewer");
    for place in ["/t/nord", "/t/nord/lists", "/t/nord/vip", "/t/kiel"] {
        let refused = carl.get(place);
        assert_eq!(refused.status, 403, "{place}");
        assert_eq!(refused.texts("main a.btn-primary"), ["Nord account"]);
        let url = refused.attribute("main a.btn-primary", "href").unwrap();
        let next: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        assert_eq!(url, format!("/login/sso/nord?next={next}"));
    }
    assert_eq!(boss.get("/t/nord").status, 200, "the emergency account");
    // Nor does he get a token for programs there.
    assert_eq!(carl.get("/profile/tokens/new?tenant=nord").status, 403);
    // The provider does not mean him yet; then it does.
    let start = carl.get("/login/sso/nord");
    let claims =
        json!({ "sub": "carl", "email": "carl@example.org", "email_verified": true, "groups": [] });
    let first = carl.get(&fake.grant(&start.location, &claims));
    assert!(
        first.body.contains("Link it to your account"),
        "{}",
        first.body
    );
    let page = carl.get("/profile/sign-on");
    let tenant = app.db.tenant("nord").id.to_string();
    let going = carl.send(&page, &[("tenant", &tenant)]);
    let url = going.attribute("main a.btn", "href").unwrap();
    assert_eq!(carl.get(&fake.grant(&url, &claims)).status, 303);
    for place in ["/t/nord", "/t/nord/vip", "/t/kiel"] {
        assert_eq!(carl.get(place).status, 200, "{place}");
    }
    let token = carl.get("/profile/tokens/new?tenant=nord");
    assert_eq!(token.status, 200);
    // Who visits from above logged in for where he comes from.
    let admin = app.visitor();
    admin.log_in(ADMIN);
    let nord = app.db.tenant("nord").id;
    admin.get(&format!("/t/main/tenants/{nord}"));
    assert_eq!(
        admin
            .post(&format!("/t/main/tenants/{nord}/enter"), &[])
            .status,
        303
    );
    assert_eq!(admin.get("/t/nord").status, 200);
    // Another provider: who came by the one before came by another.
    let other = Fake::new();
    set_up(&boss, "nord", &other, &more);
    assert_eq!(carl.get("/t/nord").status, 403);
}

#[test]
fn a_token_works_where_its_maker_had_logged_in_as_asked() {
    let (app, fake, boss) = with_provider(&[]);
    let carl = app.user("carl@example.org", "nord", "viewer");
    let make = |person: &Person| {
        let page = person.get("/profile/tokens/new?tenant=nord");
        let values = [("name", "n"), ("rights", "lists.view"), ("tenant", "nord")];
        let made = person.send(&page, &values);
        made.attribute("#token", "value").unwrap()
    };
    let before = make(&carl);
    let ask = |token: &str| {
        let bearer = format!("Bearer {token}");
        app.visitor()
            .get_with("/api/v1/t/nord/lists", &[("authorization", &bearer)])
            .status
    };
    assert_eq!(ask(&before), 200);
    set_up(
        &boss,
        "nord",
        &fake,
        &[("state", "only"), ("emergency", "boss@example.org")],
    );
    assert_eq!(ask(&before), 403);
    let ina_there = app.visitor();
    sign_on(&ina_there, &fake, &ina(&["editors"]));
    ina_there.get("/t/nord");
    assert_eq!(ask(&make(&ina_there)), 200);
}

#[test]
fn a_foreign_provider_opens_nothing_that_is_elsewhere() {
    let (app, fake, _) = with_provider(&[]);
    // At home in the main tenant, with a place in nord, and linked there.
    app.member("max@example.org", "main", "administrator");
    app.member("max@example.org", "nord", "viewer");
    let max = app.visitor();
    max.log_in("max@example.org");
    let tenant = app.db.tenant("nord").id.to_string();
    let page = max.get("/profile/sign-on");
    let going = max.send(&page, &[("tenant", &tenant)]);
    let url = going.attribute("main a.btn", "href").unwrap();
    let claims =
        json!({ "sub": "max", "email": "max@nord.example", "email_verified": true, "groups": [] });
    assert_eq!(max.get(&fake.grant(&url, &claims)).status, 303);
    // Nord's administrators could make their provider say that they are he.
    let thief = app.visitor();
    let away = sign_on(&thief, &fake, &claims);
    assert_eq!(away.status, 403);
    assert!(away.body.contains("at home elsewhere"));
    assert_eq!(thief.get("/t/main").status, 303);
    assert_eq!(thief.get("/t/nord").status, 303);
    // Within his own session it shows that he may enter.
    assert_eq!(sign_on(&max, &fake, &claims).location, "/tenants");
    assert_eq!(max.get("/t/main").status, 200);
}

#[test]
fn a_tenant_below_makes_no_exception_from_what_one_above_asks() {
    let more = [("state", "only"), ("emergency", "boss@example.org")];
    let (app, fake, boss) = with_provider(&[]);
    app.db.below("nord", "kiel");
    let kim = app.user("kim@example.org", "kiel", "administrator");
    // Before nord asks for it, Kim lets herself in by her password in any case.
    let own = [("state", "only"), ("emergency", "kim@example.org")];
    set_up(&kim, "kiel", &Fake::new(), &own);
    assert_eq!(kim.get("/t/kiel").status, 200);
    set_up(&boss, "nord", &fake, &more);
    assert_eq!(kim.get("/t/kiel").status, 403);
    app.member("boss@example.org", "kiel", "viewer");
    assert_eq!(
        boss.get("/t/kiel").status,
        200,
        "the emergency account of the one above"
    );
}

#[test]
fn a_session_becomes_nobody_elses_by_a_provider() {
    let (app, fake, boss) = with_provider(&[]);
    let claims = ina(&["editors"]);
    assert_eq!(sign_on(&app.visitor(), &fake, &claims).status, 303);
    // Another page leads the boss's browser through it.
    let away = sign_on(&boss, &fake, &claims);
    assert_eq!(away.status, 403);
    assert!(
        away.body.contains("logged in as somebody else"),
        "{}",
        away.body
    );
    assert!(boss.get("/profile").body.contains("boss@example.org"));
}

#[test]
fn log_out_goes_on_to_the_provider() {
    let (app, fake, _) = with_provider(&[]);
    let person = app.visitor();
    sign_on(&person, &fake, &ina(&["editors"]));
    person.get("/t/nord");
    let out = person.post("/logout", &[]);
    assert_eq!(out.status, 200);
    let url = out.attribute("main a.btn", "href").unwrap();
    let url = url::Url::parse(&url).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/end?", fake.url)));
    let query: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["client_id"], CLIENT.0);
    assert_eq!(
        query["post_logout_redirect_uri"],
        format!("{}/login", app.base())
    );
    assert_eq!(query["id_token_hint"].split('.').count(), 3);
    assert_eq!(person.get("/t/nord").status, 303);
    let stored = "SELECT count(*) AS n FROM sessions WHERE state::text LIKE '%eyJ%'";
    assert_eq!(number(&app, stored), 0);
    // By password it ends here.
    let carl = app.user("carl@example.org", "nord", "viewer");
    assert_eq!(carl.post("/logout", &[]).location, "/login");
}

#[test]
fn the_log_in_page_leads_there() {
    let (app, fake, boss) = with_provider(&[("domains", "nord.example, @Other.example")]);
    let person = app.visitor();
    let page = person.get("/login?next=%2Ft%2Fnord%2Flists");
    let way = |page: &Answer, start: &str| {
        page.attribute(&format!("form.form a[href^='{start}']"), "href")
    };
    assert_eq!(
        way(&page, "/login/sso").unwrap(),
        "/login/sso/nord?next=%2Ft%2Fnord%2Flists"
    );
    assert_eq!(
        way(&person.get("/login"), "/login/sso").unwrap(),
        "/login/sso"
    );
    let start = person.get("/login/sso/nord?next=%2Ft%2Fnord%2Flists");
    let done = person.get(&fake.grant(&start.location, &ina(&["editors"])));
    assert_eq!(done.location, "/t/nord/lists");
    // Elsewhere it leads nowhere else.
    let start = app.visitor();
    let begun = start.get("/login/sso/nord?next=%2F%2Fevil.example");
    let done = start.get(&fake.grant(&begun.location, &ina(&["editors"])));
    assert_eq!(done.location, "/t/nord");

    let person = app.visitor();
    for (email, status) in [
        ("x@other.example", 200),
        ("x@nowhere.example", 422),
        ("x", 422),
    ] {
        let found = person.submit("/login/sso", &[("email", email)]);
        assert_eq!(found.status, status, "{email}");
        if status == 200 {
            let url = found.attribute("main a.btn", "href").unwrap();
            assert_eq!(url, "/login/sso/nord");
            assert!(found.body.contains("NORD, at 127.0.0.1"));
        }
    }
    // A tenant without one, one that is not there, and one whose provider is off look alike.
    app.db.separate("sued");
    set_up(&boss, "nord", &fake, &[("state", "off")]);
    for slug in ["sued", "west", "nord"] {
        assert_eq!(
            person.get(&format!("/login/sso/{slug}")).status,
            404,
            "{slug}"
        );
    }
    assert_eq!(person.get("/login/sso").status, 404);
    assert_eq!(
        way(&person.get("/login?next=%2Ft%2Fnord"), "/login/sso"),
        None
    );
}

#[test]
fn a_second_factor_is_asked_for_all_the_same() {
    let (app, fake, _) = with_provider(&[]);
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        303
    );
    let person = app.visitor();
    sql(
        &app,
        "INSERT INTO second_factors (user_id, sealed, confirmed_at) SELECT id, '\\x00', now() FROM users \
         WHERE email = 'ina@example.org'",
    );
    let asked = sign_on(&person, &fake, &ina(&["editors"]));
    assert_eq!(asked.status, 200);
    assert_eq!(
        asked.attribute("form.form", "action").as_deref(),
        Some("/login/code")
    );
    assert_eq!(person.get("/t/nord").status, 303);
}

#[test]
fn a_tenant_in_the_trash_or_locked_opens_to_nobody() {
    let (app, fake, _) = with_provider(&[]);
    let order = SetStatus {
        actor: Actor::cli(),
        tenant: app.db.tenant("nord").id(),
        status: "locked".into(),
    };
    provision(&app.db.app, order).unwrap();
    let person = app.visitor();
    sign_on(&person, &fake, &ina(&["editors"]));
    assert_eq!(person.get("/t/nord").status, 403);
    sql(
        &app,
        "UPDATE tenants SET trashed_at = now() WHERE slug = 'nord'",
    );
    assert_eq!(app.visitor().get("/login/sso/nord").status, 404);
}
