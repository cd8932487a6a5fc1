//! Tokens: how they are made, what they may, and how they die.

use crate::support::app::{PASSWORD, TestApp};
use crate::support::{by_rule, set_roles};
use diesel::prelude::*;
use mandant::config::Config;
use mandant::control::users;
use serde_json::json;
use std::num::NonZeroU32;

fn change(app: &TestApp, sql: &str) {
    diesel::sql_query(sql)
        .execute(&mut app.db.as_provisioner())
        .unwrap();
}

fn in_days(days: i64) -> String {
    (mandant::clock::now() + chrono::Duration::days(days))
        .date_naive()
        .to_string()
}

#[test]
fn a_token_is_made_on_its_page_shown_once_and_revoked() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.member("admin@example.org", "nord", "administrator");
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    assert_eq!(anna.get("/profile/tokens").texts(".empty").len(), 1);
    let choice = anna.get("/profile/tokens/new");
    assert_eq!(choice.texts("td a"), ["Main", "Main › NORD"]);

    let page = "/profile/tokens/new?tenant=nord";
    assert_eq!(anna.get("/profile/tokens/new?tenant=sued").status, 404);
    let day = in_days(10);
    let good = [
        ("name", "Shop"),
        ("rights", "lists.view"),
        ("expires", day.as_str()),
    ];
    let far = in_days(367);
    for (name, value) in [
        ("name", ""),
        ("rights", ""),
        ("rights", "no.such"),
        ("expires", "2020-01-01"),
        ("expires", far.as_str()),
    ] {
        let mut values = good.to_vec();
        values.retain(|(other, _)| *other != name);
        values.push((name, value));
        let refused = anna.submit(page, &values);
        assert_eq!(refused.status, 422, "{name}={value}");
        let told = refused.texts(&format!("#{name}-error"));
        assert_eq!(told.len(), 1, "{name}={value}");
    }
    let made = anna.submit(page, &good);
    let token = made.attribute("#token", "value").unwrap();
    assert!(
        token.starts_with("mdt_") && token.len() == 4 + 64,
        "{token}"
    );

    let shop = app.program_with(&token, "nord");
    assert_eq!(shop.get("/lists").status, 200);
    let itself = shop.run("GET", "/api/v1/token", "", "");
    assert_eq!(itself.json["tenant"], "nord");
    assert_eq!(itself.json["rights"], json!(["lists.view"]));

    let list = anna.get("/profile/tokens");
    assert!(!list.body.contains(&token), "shown only once");
    assert!(list.body.contains(&token[..10]));
    assert!(!list.texts("td")[5].contains("never"), "its use is noted");
    let revoke = list.attribute("td a", "href").unwrap();
    assert_eq!(anna.submit(&revoke, &[]).status, 303);
    assert_eq!(shop.get("/lists").status, 401);
    let acts = "SELECT count(*) AS n FROM audit WHERE act IN ('token.create', 'token.revoke')";
    assert_eq!(crate::support::count(&mut app.db.as_provisioner(), acts), 2);
}

#[test]
fn a_token_never_may_more_than_was_chosen_nor_more_than_its_user() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.db.separate("sued");
    app.db
        .inner("nord", "vip", by_rule("email = 'a@example.org'"));
    app.member("eva@example.org", "nord", "editor");
    app.member("eva@example.org", "nord/vip", "editor");
    app.member("eva@example.org", "sued", "editor");
    let few = app.program("eva@example.org", "nord", &["lists.view"]);
    assert_eq!(few.get("/lists").status, 200);
    let refused = few.get("/recipients");
    assert_eq!(refused.status, 403);
    assert!(
        refused.json["detail"]
            .as_str()
            .unwrap()
            .contains("See recipients")
    );

    // It is for one tenant: not for his others, not for those above and below.
    let all = app.program("eva@example.org", "nord", &[]);
    for other in ["sued", "nord/vip", "main", "west"] {
        let there = all.at(other).get("/lists");
        assert_eq!(
            (there.status, &there.json["type"]),
            (404, &json!("urn:mandant:problem:not-found"))
        );
    }
    let inner = app.program("eva@example.org", "nord/vip", &[]);
    assert_eq!(inner.get("/lists").status, 200);
    assert_eq!(inner.at("nord").get("/lists").status, 404);
    assert_eq!(inner.get("/inner").status, 404);

    // His rights shrink, and so do the token's; they come back, and so do its.
    let made = |name: &str| all.send("POST", "/lists", json!({ "name": name })).status;
    assert_eq!(made("One"), 201);
    let user = users::by_email(&mut app.db.as_provisioner(), "eva@example.org");
    let (user, nord) = (user.unwrap().unwrap(), app.db.tenant("nord").id());
    let set = |role: &str| {
        set_roles(&mut app.db.as_provisioner(), user, nord, &[role]).unwrap();
    };
    set("viewer");
    assert_eq!((made("Two"), all.get("/lists").status), (403, 200));
    set("administrator");
    assert_eq!(made("Three"), 201);
    assert_eq!(all.get("/users").status, 403, "nothing that was not chosen");
}

#[test]
fn a_token_dies_with_its_time_its_user_his_password_and_his_place() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.member("eva@example.org", "nord", "editor");
    let fresh = || app.program("eva@example.org", "nord", &["lists.view"]);
    let refused = |what: &str, shop: &crate::support::program::Program| {
        let reply = shop.get("/lists");
        assert_eq!(reply.status, 401, "{what}");
        assert_eq!(
            reply.headers["www-authenticate"],
            "Bearer realm=\"mandant\", error=\"invalid_token\""
        );
    };
    let good = fresh();
    assert_eq!(good.get("/lists").status, 200);

    let old = fresh();
    change(
        &app,
        "UPDATE api_tokens SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE id = (SELECT max(id) FROM api_tokens)",
    );
    refused("expiry", &old);

    change(
        &app,
        "UPDATE users SET state = 'inactive' WHERE email = 'eva@example.org'",
    );
    refused("deactivation", &good);
    change(
        &app,
        "UPDATE users SET state = 'active' WHERE email = 'eva@example.org'",
    );
    assert_eq!(good.get("/lists").status, 200);

    change(
        &app,
        "UPDATE users SET password_hash = 'another' WHERE email = 'eva@example.org'",
    );
    refused("another password", &good);

    let next = fresh();
    assert_eq!(next.get("/lists").status, 200);
    change(
        &app,
        "DELETE FROM memberships m USING users u WHERE u.id = m.user_id AND u.email = 'eva@example.org'",
    );
    refused("membership", &next);
    app.member("eva@example.org", "nord", "editor");
    refused("a membership granted anew", &next);

    for wrong in ["mdt_", "mdt_00", "nonsense", ""] {
        refused(wrong, &app.program_with(wrong, "nord"));
    }
    let mut nobody = fresh();
    nobody.authorization.clear();
    let reply = nobody.get("/lists");
    assert_eq!(
        (reply.status, reply.headers["www-authenticate"].as_str()),
        (401, "Bearer realm=\"mandant\"")
    );
}

#[test]
fn pages_take_no_token_and_the_api_takes_no_cookie() {
    let app = TestApp::new();
    let shop = app.program("admin@example.org", "main", &[]);
    let root = app.base().to_owned();
    let agent = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .new_agent();
    let page = agent
        .get(format!("{root}/t/main/lists"))
        .header("authorization", &shop.authorization)
        .call()
        .unwrap();
    assert_eq!(
        (
            page.status().as_u16(),
            page.headers()["location"].to_str().unwrap()
        ),
        (303, "/login?next=%2Ft%2Fmain%2Flists")
    );
    assert!(!shop.get("/lists").headers.contains_key("set-cookie"));
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    assert_eq!(anna.get("/t/main/lists").status, 200);
    assert_eq!(anna.get("/api/v1/t/main/lists").status, 401);
}

#[test]
fn an_administrator_sees_and_revokes_the_tokens_of_his_members_only() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.db.separate("sued");
    for path in ["nord", "sued"] {
        app.member("eva@example.org", path, "editor");
    }
    let nord = app.program("eva@example.org", "nord", &["lists.view"]);
    let sued = app.program("eva@example.org", "sued", &["lists.view"]);
    let boss = app.user("boss@example.org", "nord", "administrator");
    let eva = users::by_email(&mut app.db.as_provisioner(), "eva@example.org")
        .unwrap()
        .unwrap();
    let page = boss.get(&format!("/t/nord/users/{eva}/tokens"));
    assert_eq!(page.texts("tbody tr").len(), 1, "those for his tenant");
    let revoke = page.attribute("td a", "href").unwrap();
    let other = revoke.replace("/1/revoke", "/2/revoke");
    assert_ne!(other, revoke);
    assert_eq!(boss.get(&other).status, 404);
    assert_eq!(boss.post(&other, &[]).status, 404);
    assert_eq!(boss.submit(&revoke, &[]).status, 303);
    assert_eq!(
        (nord.get("/lists").status, sued.get("/lists").status),
        (401, 200)
    );
    assert_eq!(boss.get(&format!("/t/sued/users/{eva}/tokens")).status, 404);
    assert_eq!(boss.get("/t/nord/users/1/tokens").status, 404);
    let other = app.user("carl@example.org", "nord", "viewer");
    assert_eq!(
        other.get("/profile/tokens/2/revoke").status,
        404,
        "not his own"
    );
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back() {
    let mut config = Config::default();
    config.limits.api_per_minute = NonZeroU32::new(3).unwrap();
    let app = TestApp::with(config);
    app.db.set_up_with(Some(PASSWORD));
    let shop = app.program("admin@example.org", "main", &[]);
    let replies: Vec<_> = (0..4).map(|_| shop.get("/lists")).collect();
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(replies[0].headers["ratelimit-policy"], "\"token\";q=3;w=60");
    assert_eq!(replies[0].headers["ratelimit"], "\"token\";r=2;t=20");
    let wait: u64 = replies[3].headers["retry-after"].parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(replies[3].json["type"], "urn:mandant:problem:too-many");
    let other = app.program("admin@example.org", "main", &[]);
    assert_eq!(other.get("/lists").status, 200, "each token for itself");
}
