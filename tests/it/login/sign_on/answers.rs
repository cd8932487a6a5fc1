//! What a provider, or somebody who would like to be one, may answer without getting in.

use super::{ina, number, sign_on, sql, with_provider};
use crate::support::app::{Answer, Person, TestApp};
use crate::support::provider::{CLIENT, Fake, How};
use serde_json::json;

const NOBODY: &str = "SELECT count(*) AS n FROM users WHERE email LIKE 'ina%'";

fn refused(app: &TestApp, person: &Person, answer: &Answer, what: &str) {
    assert_eq!(answer.status, 403, "{what}: {:?}", answer.texts("main"));
    assert_eq!(person.get("/t/nord").status, 303, "{what}");
    assert_eq!(number(app, NOBODY), 0, "{what}");
}

#[test]
fn an_id_token_counts_only_as_it_should_be() {
    let (app, fake, _) = with_provider(&[]);
    let now = mandant::clock::now().timestamp();
    let tries = [
        ("no signature", How::Unsigned),
        (
            "signed with the client's secret",
            How::Shared(CLIENT.1.into()),
        ),
        (
            "signed with the public key as a secret",
            How::Shared(fake.public_key()),
        ),
        ("another key", How::ByAnother),
        ("changed afterwards", How::Changed),
        (
            "another nonce",
            How::With(json!({ "nonce": "0123456789abcdef" })),
        ),
        ("no nonce", How::With(json!({ "nonce": null }))),
        (
            "another audience",
            How::With(json!({ "aud": "somebody-else" })),
        ),
        (
            "a further audience",
            How::With(json!({ "aud": [CLIENT.0, "somebody-else"] })),
        ),
        (
            "another party",
            How::With(json!({ "azp": "somebody-else" })),
        ),
        (
            "another issuer",
            How::With(json!({ "iss": "https://login.example.org" })),
        ),
        ("expired", How::With(json!({ "exp": now - 120 }))),
        (
            "from the future",
            How::With(json!({ "iat": now + 3600, "exp": now + 7200 })),
        ),
        (
            "another access token's hash",
            How::With(json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" })),
        ),
        (
            "somebody else's userinfo",
            How::With(json!({ "sub": "otto" })),
        ),
    ];
    for (what, how) in tries {
        let person = app.visitor();
        let start = person.get("/login/sso/nord");
        let back = fake.grant_as(&start.location, &ina(&["editors"]), how);
        refused(&app, &person, &person.get(&back), what);
    }
    assert_eq!(
        number(&app, "SELECT count(*) AS n FROM sign_on_requests"),
        0
    );
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        303
    );
}

#[test]
fn an_answer_counts_once_in_time_and_in_the_browser_that_began() {
    let (app, fake, _) = with_provider(&[]);
    let claims = ina(&["editors"]);
    let (anna, thief) = (app.visitor(), app.visitor());

    // Log-in that somebody else began (his code, this browser), and the other way round.
    let start = thief.get("/login/sso/nord");
    let back = fake.grant(&start.location, &claims);
    anna.get("/login");
    refused(
        &app,
        &anna,
        &anna.get(&back),
        "a code that another browser got",
    );
    refused(&app, &thief, &thief.get(&back), "used up by that");
    let fresh = app.visitor();
    let start = thief.get("/login/sso/nord");
    let back = fake.grant(&start.location, &claims);
    refused(
        &app,
        &fresh,
        &fresh.get(&back),
        "a browser without a session",
    );

    let start = anna.get("/login/sso/nord");
    let back = fake.grant(&start.location, &claims);
    sql(&app, "UPDATE sign_on_requests SET expires_at = now()");
    refused(&app, &anna, &anna.get(&back), "too late");

    let start = anna.get("/login/sso/nord");
    let back = fake.grant(&start.location, &claims);
    let (other, state) = (
        anna.get("/login/sso/nord"),
        back.split("state=").nth(1).unwrap(),
    );
    let of_other = fake.grant(&other.location, &claims);
    let code = of_other
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    // PKCE and nonce bind the code to its own log-in.
    let mixed = format!("/login/callback?code={code}&state={state}");
    refused(&app, &anna, &anna.get(&mixed), "the code of another log-in");
    for empty in ["", "?code=x", "?state=x&code=x", "?error=access_denied"] {
        refused(
            &app,
            &anna,
            &anna.get(&format!("/login/callback{empty}")),
            empty,
        );
    }

    let start = anna.get("/login/sso/nord");
    let state = start
        .location
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let denied = anna.get(&format!(
        "/login/callback?error=access_denied&state={state}"
    ));
    refused(&app, &anna, &denied, "cancelled");
    assert!(denied.body.contains("did not log you in"));

    let start = anna.get("/login/sso/nord");
    let back = fake.grant(&start.location, &claims);
    assert_eq!(anna.get(&back).status, 303);
    assert_eq!(anna.get("/t/nord").status, 200);
    assert_eq!(anna.get(&back).status, 403, "replayed");
    assert_eq!(app.visitor().get(&back).status, 403, "replayed elsewhere");
    assert_eq!(anna.get("/t/nord").status, 200);
}

#[test]
fn who_logged_in_or_out_meanwhile_begins_again() {
    let (app, fake, _) = with_provider(&[]);
    let person = app.visitor();
    let start = person.get("/login/sso/nord");
    let back = fake.grant(&start.location, &ina(&["editors"]));
    person.log_in("boss@example.org");
    assert_eq!(person.get(&back).status, 403);
    assert_eq!(person.get("/t/nord/users").status, 200, "still who he was");
    assert_eq!(number(&app, NOBODY), 0);
}

#[test]
fn another_issuers_answer_is_none() {
    let (app, fake, _) = with_provider(&[]);
    let claims = ina(&["editors"]);
    let person = app.visitor();
    let start = person.get("/login/sso/nord");
    let back = fake.grant(&start.location, &claims);
    let mixed = person.get(&format!("{back}&iss=https%3A%2F%2Flogin.example.org"));
    refused(&app, &person, &mixed, "it names another");
    // One that says that it names itself must do so.
    fake.name_itself();
    let start = person.get("/login/sso/nord");
    let back = fake.grant(&start.location, &claims);
    let silent = back.split("&iss=").next().unwrap();
    refused(&app, &person, &person.get(silent), "it names nobody");
    let start = person.get("/login/sso/nord");
    assert_eq!(
        person.get(&fake.grant(&start.location, &claims)).status,
        303
    );
}

#[test]
fn a_subject_is_its_issuers_alone() {
    let (app, fake, boss) = with_provider(&[]);
    assert_eq!(
        sign_on(&app.visitor(), &fake, &ina(&["editors"])).status,
        303
    );
    let other = Fake::new();
    super::set_up(&boss, "nord", &other, &[]);
    let away = sign_on(&app.visitor(), &other, &ina(&["editors"]));
    assert_eq!(away.status, 403);
    assert!(away.body.contains("an account with your address already"));
}

#[test]
fn a_document_that_lies_leads_nowhere() {
    let (app, fake, _) = with_provider(&[]);
    for url in ["http://evil.example/authorize", "javascript:alert(1)"] {
        fake.send_browsers(url);
        let start = app.visitor().get("/login/sso/nord");
        assert_eq!((start.status, start.location.as_str()), (502, ""), "{url}");
    }
    let (app, fake, _) = with_provider(&[]);
    fake.call_itself("https://login.example.org");
    let start = app.visitor().get("/login/sso/nord");
    assert_eq!((start.status, start.location.as_str()), (502, ""));
    assert!(
        !start.body.contains("login.example.org"),
        "visitors are told nothing of it"
    );
}
