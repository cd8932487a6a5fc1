//! Two who change the same thing: the second is told and loses nothing, by pages and by the API; and of two
//! administrators who take each other's place at the same moment one stays.

use crate::support::app::{Answer, Person, TestApp};
use crate::support::program::Program;
use crate::support::{by_rule, count};
use mandant::control::audit::Actor;
use mandant::control::memberships;
use mandant::control::users::by_email;
use serde_json::{Value, json};
use std::sync::Barrier;

/// `main` with two administrators who are both at work.
fn two() -> (TestApp, Person, Person) {
    let app = TestApp::new();
    let (anna, otto) = (
        app.user("anna@example.org", "main", "administrator"),
        app.user("otto@example.org", "main", "administrator"),
    );
    (app, anna, otto)
}

/// Otto has the form open when Anna saves hers: he is told what is there now, finds what he typed, and may
/// insist.
fn the_second_is_told(
    (anna, otto): (&Person, &Person),
    page: &str,
    input: &str,
    (first, second): (&str, &str),
) {
    let open = otto.get(page);
    assert_eq!(open.status, 200, "{page}");
    let saved = anna.submit(page, &[(input, first)]);
    assert_eq!(saved.status, 303, "{page}: {}", saved.body);
    let told: Answer = otto.send(&open, &[(input, second)]);
    assert!(matches!(told.status, 409 | 422), "{page}: {}", told.status);
    assert!(
        told.body.contains(first),
        "{page} does not say what is there"
    );
    assert!(
        !told.texts("[role=alert]").is_empty() || !told.texts(".errors").is_empty(),
        "{page} says nothing"
    );
    let kept = told.attribute(&format!("[name={input}]"), "value");
    assert_eq!(kept.as_deref(), Some(second), "{page} loses what was typed");
    assert!(
        anna.get(page).body.contains(first),
        "{page}: the first was overwritten"
    );
    let insists = otto.send(&told, &[]);
    assert_eq!(insists.status, 303, "{page}: {}", insists.body);
    let now = anna
        .get(page)
        .attribute(&format!("[name={input}]"), "value");
    assert_eq!(now.as_deref(), Some(second), "{page}");
}

#[test]
fn the_second_of_two_who_change_the_same_is_told_and_loses_nothing() {
    let (app, anna, otto) = two();
    let both = (&anna, &otto);
    let main = app.db.tenant("main");
    let list = app.db.list(&main, "News");
    the_second_is_told(
        both,
        &format!("/t/main/lists/{list}/edit"),
        "name",
        ("By Anna", "By Otto"),
    );
    let program = app.program("anna@example.org", "main", &[]);
    let field = json!({ "key": "city", "type": "text", "max": 50, "label": "City" });
    let field = program.send("POST", "/fields", field).json["id"].clone();
    the_second_is_told(
        both,
        &format!("/t/main/fields/{field}/edit"),
        "label_en",
        ("Town by Anna", "Town by Otto"),
    );
    let person = json!({ "fields": { "email": "carl@example.org", "first_name": "Carl" } });
    let carl = program.send("POST", "/recipients", person).json["id"].clone();
    let first_name = program.get("/fields");
    let first_name = first_name
        .items()
        .iter()
        .find(|field| field["key"] == "first_name")
        .unwrap()["id"]
        .clone();
    the_second_is_told(
        both,
        &format!("/t/main/recipients/{}/edit", carl.as_str().unwrap()),
        &format!("f{first_name}"),
        ("Carl by Anna", "Carl by Otto"),
    );
    let vip = app.db.inner("main", "vip", by_rule("last_name = 'A'"));
    the_second_is_told(
        both,
        &format!("/t/main/inner/{}/settings", vip.id),
        "name",
        ("VIP by Anna", "VIP by Otto"),
    );
    let nord = app.db.separate("nord");
    the_second_is_told(
        both,
        &format!("/t/main/tenants/{}/settings", nord.id),
        "name",
        ("Nord by Anna", "Nord by Otto"),
    );
}

#[test]
fn the_second_of_two_programs_is_told_where_it_says_what_it_saw() {
    let app = TestApp::new();
    let program = app.program("admin@example.org", "main", &[]);
    let person = json!({ "fields": { "email": "carl@example.org", "first_name": "Carl" } });
    let made = program.send("POST", "/recipients", person);
    let here = format!("/recipients/{}", made.json["id"].as_str().unwrap());
    let seen = made.headers["etag"].clone();
    assert_eq!(program.get(&here).headers["etag"], seen);

    let name = |name: &str| json!({ "fields": { "first_name": name } });
    let change = |tag: &str, new: &str| program.send_if(tag, "PATCH", &here, name(new));
    let first = change(&seen, "First");
    assert_eq!(
        (first.status, &first.json["first_name"]),
        (200, &json!("First"))
    );
    let second = change(&seen, "Second");
    assert_eq!(second.status, 412, "{second:?}");
    assert_eq!(second.headers["content-type"], "application/problem+json");
    assert_eq!(second.json["type"], "urn:mandant:problem:stale");
    assert_eq!(program.get(&here).json["first_name"], "First");

    // One of several, any, none at all; but not what cannot be read.
    let now = first.headers["etag"].clone();
    assert_ne!(now, seen);
    let several = change(&format!("\"other\", {now}"), "Third");
    assert_eq!(several.status, 200, "{several:?}");
    assert_eq!(change("*", "Fourth").status, 200);
    assert_eq!(program.send("PATCH", &here, name("Fifth")).status, 200);
    for unfit in ["Fifth", "", "W/\"x\"", "\"x"] {
        let refused = change(unfit, "Sixth");
        assert!(matches!(refused.status, 400 | 412), "{unfit}: {refused:?}");
    }
    assert_eq!(program.get(&here).json["first_name"], "Fifth");
    // Also two at the very same moment.
    for round in 0..10 {
        let seen = program.get(&here).headers["etag"].clone();
        let barrier = Barrier::new(2);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let tries: Vec<_> = ["one", "two"]
                .map(|who| {
                    let (barrier, seen, change) = (&barrier, &seen, &change);
                    scope.spawn(move || {
                        barrier.wait();
                        change(seen, &format!("{who} {round}")).status
                    })
                })
                .into_iter()
                .collect();
            tries.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let mut sorted = statuses.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [200, 412], "{statuses:?}");
    }
    let document = program.run("GET", "/api/v1/openapi.json", "", "").json;
    let patch = &document["paths"]["/api/v1/t/{tenant}/recipients/{id}"]["patch"];
    let told = patch["parameters"].as_array().unwrap();
    assert!(
        told.iter()
            .any(|one| one["name"] == "If-Match" && one["required"] == false)
    );
    assert!(
        patch["responses"]["412"].is_object()
            && patch["responses"]["200"]["headers"]["ETag"].is_object()
    );
}

#[test]
fn two_administrators_who_demote_each_other_do_not_both_succeed() {
    let app = TestApp::new();
    let nord = app.db.separate("nord").id();
    let emails = ["anna@example.org", "otto@example.org"];
    let people: Vec<Person> = emails
        .iter()
        .map(|email| app.user(email, "nord", "administrator"))
        .collect();
    let programs: Vec<Program> = emails
        .iter()
        .map(|email| app.program(email, "nord", &[]))
        .collect();
    let ids: Vec<_> = emails
        .iter()
        .map(|email| {
            by_email(&mut app.db.as_provisioner(), email)
                .unwrap()
                .unwrap()
        })
        .collect();
    let administrators = format!(
        "SELECT count(*) AS n FROM memberships m JOIN membership_roles mr ON mr.membership_id = m.id
         JOIN roles r ON r.id = mr.role_id WHERE m.tenant_id = {nord} AND r.key = 'administrator'"
    );
    let demote = |who: usize, page: Option<&Answer>| {
        let id = ids[1 - who];
        if let Some(page) = page {
            people[who].send(page, &[("roles", "viewer")]).status
        } else {
            let roles: Value = json!({ "roles": ["viewer"] });
            programs[who]
                .send("PUT", &format!("/users/{id}/roles"), roles)
                .status
        }
    };
    for round in 0..20 {
        let (by_page, barrier) = (round % 2 == 0, Barrier::new(2));
        // Whoever uses pages has opened the other one's before.
        let pages: Vec<Option<Answer>> = (0..2)
            .map(|who| {
                let page = format!("/t/nord/users/{}/roles", ids[1 - who]);
                by_page.then(|| people[who].get(&page))
            })
            .collect();
        // Both orders, and both at once.
        let head_start = std::time::Duration::from_millis([0, 0, 3, 6, 12][round % 5]);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let order = if round % 4 < 2 { [0, 1] } else { [1, 0] };
            let tries = order.map(|who| {
                let (demote, barrier, pages) = (&demote, &barrier, &pages);
                scope.spawn(move || {
                    barrier.wait();
                    if who == order[1] {
                        std::thread::sleep(head_start);
                    }
                    demote(who, pages[who].as_ref())
                })
            });
            tries.map(|t| t.join().unwrap()).to_vec()
        });
        let done = statuses.iter().filter(|status| matches!(status, 200 | 303));
        assert_eq!(done.count(), 1, "round {round}: {statuses:?}");
        assert!(
            statuses.iter().any(|status| matches!(status, 403 | 422)),
            "round {round}: {statuses:?}"
        );
        let mut conn = app.db.as_provisioner();
        assert_eq!(count(&mut conn, &administrators), 1, "round {round}");
        for id in &ids {
            let roles = ["administrator".to_owned()];
            memberships::grant(&mut conn, Actor::cli(), *id, nord, &roles).unwrap();
        }
    }
}
