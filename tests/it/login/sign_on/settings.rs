//! Setting up a tenant's provider.

use super::{installation, number, set_up, values, with_provider};
use crate::support::app::TestApp;
use crate::support::provider::{CLIENT, Fake};
use crate::support::{count, set_place};
use mandant::db::ids::UserId;

#[test]
fn the_secret_is_sealed_and_never_shown_again() {
    let (app, fake, boss) = with_provider(&[]);
    let page = boss.get("/t/nord/sign-on");
    assert!(!page.body.contains("s3cret") && !page.body.contains(CLIENT.1));
    assert_eq!(page.attribute("#secret", "value"), None);
    let clear = "SELECT count(*) AS n FROM sign_ons WHERE position('s3cret'::bytea IN client_secret) > 0 OR client_secret IS NULL";
    assert_eq!(number(&app, clear), 0);
    let told = "SELECT count(*) AS n FROM audit WHERE data::text LIKE '%s3cret%'";
    assert_eq!(number(&app, told), 0);
    // Blank keeps it.
    set_up(&boss, "nord", &fake, &[("secret", ""), ("label", "Other")]);
    assert_eq!(number(&app, clear), 0);
    // Whoever changes where it is sent must know it.
    for (name, value) in [
        ("issuer", "https://login.example.org"),
        ("client_id", "other"),
    ] {
        let page = boss.get("/t/nord/sign-on");
        let version = page.attribute("[name=version]", "value").unwrap();
        let more = [(name, value), ("secret", ""), ("version", &version)];
        let refused = boss.post("/t/nord/sign-on", &values(&fake, &more));
        assert_eq!(refused.status, 422);
        assert_eq!(refused.texts("#secret-error").len(), 1, "{name}");
        assert_eq!(
            refused.attribute("#label", "value").as_deref(),
            Some("Nord account")
        );
    }
}

#[test]
fn what_cannot_be_is_told_at_the_field() {
    let (app, fake) = (installation(), Fake::new());
    let boss = app.user("boss@example.org", "nord", "administrator");
    app.member("carl@example.org", "nord", "viewer");
    app.db.separate("sued");
    app.member("otto@example.org", "sued", "viewer");
    for (name, value, field) in [
        ("issuer", "login.example.org", "issuer"),
        ("issuer", "http://login.example.org", "issuer"),
        ("issuer", "https://login.example.org?a=b", "issuer"),
        ("issuer", "", "issuer"),
        ("client_id", " ", "client_id"),
        ("secret", "", "secret"),
        ("label", "", "label"),
        ("domains", "nord.example nonsense", "domains"),
        ("state", "only", "emergency"),
        ("emergency", "nobody@example.org", "emergency"),
        ("emergency", "otto@example.org", "emergency"),
        ("role", "", "rules"),
        ("role", "no-such-role", "rules"),
    ] {
        boss.get("/t/nord/sign-on");
        let refused = boss.post("/t/nord/sign-on", &values(&fake, &[(name, value)]));
        assert_eq!(refused.status, 422, "{name}={value}");
        assert_eq!(
            refused.texts(&format!("#{field}-error")).len(),
            1,
            "{name}={value}"
        );
    }
    assert_eq!(number(&app, "SELECT count(*) AS n FROM sign_ons"), 0);
    set_up(&boss, "nord", &fake, &[("emergency", "carl@example.org")]);
    // Of two editors the second is told.
    let late = boss.post("/t/nord/sign-on", &values(&fake, &[("label", "Late")]));
    assert_eq!(late.status, 422);
    assert_eq!(
        boss.send(
            &late,
            &[
                ("label", "Late"),
                ("state", "on"),
                ("secret", CLIENT.1),
                ("claim", "sub"),
                ("value", "*"),
                ("role", "viewer")
            ]
        )
        .status,
        303
    );
}

#[test]
fn a_provider_on_this_machine_is_asked_only_where_the_operator_allows_it() {
    let app = TestApp::new();
    app.db.separate("nord");
    let (boss, fake) = (
        app.user("boss@example.org", "nord", "administrator"),
        Fake::new(),
    );
    boss.get("/t/nord/sign-on");
    for act in ["/t/nord/sign-on", "/t/nord/sign-on/test"] {
        let refused = boss.post(act, &values(&fake, &[]));
        assert_eq!(
            (refused.status, refused.texts("#issuer-error").len()),
            (422, 1),
            "{act}"
        );
    }
}

#[test]
fn nobody_gives_by_claims_what_he_may_not_give() {
    let (app, fake, boss) = with_provider(&[]);
    // Somebody who may set it up, and little else.
    let carl = app.user("carl@example.org", "nord", "viewer");
    let id = count(
        &mut app.db.as_provisioner(),
        "SELECT id::bigint AS n FROM users WHERE email = 'carl@example.org'",
    );
    let nord = app.db.tenant("nord").id();
    set_place(
        &mut app.db.as_provisioner(),
        UserId(id as i32),
        nord,
        |place| {
            place.rights.push("sign_on.change".into());
        },
    )
    .unwrap();
    let page = carl.get("/t/nord/sign-on");
    assert_eq!(page.status, 200);
    let version = page.attribute("[name=version]", "value").unwrap();
    // Neither new rules beyond his own rights, nor another provider for those that there are.
    for more in [
        vec![],
        vec![("claim", "sub"), ("value", "*"), ("role", "viewer")],
    ] {
        let more = [&more[..], &[("version", version.as_str())]].concat();
        let refused = carl.post("/t/nord/sign-on", &values(&fake, &more));
        assert_eq!(
            (refused.status, refused.texts("#rules-error").len()),
            (422, 1)
        );
    }
    set_up(
        &boss,
        "nord",
        &fake,
        &[("claim", "sub"), ("value", "*"), ("role", "viewer")],
    );
    set_up(
        &carl,
        "nord",
        &fake,
        &[("claim", "groups"), ("value", "x"), ("role", "viewer")],
    );
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM sign_on_roles WHERE claim = 'groups'"
        ),
        1
    );
}

#[test]
fn a_role_that_claims_give_stays() {
    let (app, fake, boss) = with_provider(&[]);
    let made = boss.submit(
        "/t/nord/roles/new",
        &[
            ("name", "Helpers"),
            ("key", "helpers"),
            ("rights", "lists.view"),
        ],
    );
    assert_eq!(made.status, 303, "{made:?}");
    set_up(
        &boss,
        "nord",
        &fake,
        &[("claim", "sub"), ("value", "*"), ("role", "helpers")],
    );
    let id = number(
        &app,
        "SELECT id::bigint AS n FROM roles WHERE key = 'helpers'",
    );
    let refused = boss.submit(&format!("/t/nord/roles/{id}/delete"), &[]);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("Single sign-on gives this role"));
}

#[test]
fn the_test_tells_what_the_discovery_says() {
    let (app, fake, boss) = with_provider(&[]);
    boss.get("/t/nord/sign-on");
    let told = boss.post(
        "/t/nord/sign-on/test",
        &values(&fake, &[("label", "Typed")]),
    );
    assert_eq!(told.status, 200);
    assert!(
        told.texts("#facts dd")
            .contains(&format!("{}/token", fake.url))
    );
    assert!(
        told.texts("#facts dd").contains(&"ES256".to_owned()),
        "what would be refused is not praised"
    );
    assert_eq!(told.attribute("#label", "value").as_deref(), Some("Typed"));
    assert_eq!(
        number(
            &app,
            "SELECT count(*) AS n FROM sign_ons WHERE label = 'Typed'"
        ),
        0
    );
    fake.call_itself("https://login.example.org");
    for issuer in [fake.url.as_str(), "http://127.0.0.1:1"] {
        let told = boss.post(
            "/t/nord/sign-on/test",
            &values(&fake, &[("issuer", issuer)]),
        );
        assert_eq!(
            (told.status, told.texts("#issuer-error").len()),
            (422, 1),
            "{issuer}"
        );
    }
}
