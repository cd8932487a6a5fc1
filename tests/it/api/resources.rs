//! Tenants, users, roles, fields and lists.

use crate::support::app::{PASSWORD, TestApp};
use mandant::access::rights::keys_of_role;
use serde_json::json;

#[test]
fn tenants_are_created_locked_trashed_and_restored() {
    let app = TestApp::new();
    let main = app.program("admin@example.org", "main", &[]);
    assert_eq!(main.get("").json["path"], "main");
    let new = json!({
        "slug": "nord", "name": "Nord", "language": "de", "time_zone": "Europe/Berlin", "colour": "#aa0000",
        "administrator": { "email": "boss@example.org", "name": "Boss", "password": PASSWORD },
    });
    let made = main.send("POST", "/tenants", new.clone());
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        (&made.json["path"], &made.json["status"]),
        (&json!("nord"), &json!("active"))
    );
    let here = made.headers["location"].clone();
    assert_eq!(main.run("GET", &here, "", "").json, made.json);

    let fault = |change: serde_json::Value| {
        let mut wrong = new.clone();
        for (name, value) in change.as_object().unwrap() {
            wrong[name] = value.clone();
        }
        main.send("POST", "/tenants", wrong)
    };
    for (change, field, code) in [
        (json!({}), "slug", "slug-taken"),
        (json!({ "slug": "Ab" }), "slug", "slug-invalid"),
        (
            json!({ "slug": "ost", "name": "" }),
            "name",
            "tenant-name-length",
        ),
        (
            json!({ "slug": "ost", "colour": "red" }),
            "colour",
            "tenant-colour-invalid",
        ),
        (
            json!({ "slug": "ost", "time_zone": "Mars" }),
            "time_zone",
            "time-zone-unknown",
        ),
        (
            json!({ "slug": "ost", "administrator": { "email": "x", "name": "X", "password": PASSWORD } }),
            "administrator.email",
            "email-invalid",
        ),
    ] {
        let refused = fault(change);
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![(field, code)])
        );
    }

    let id = made.json["id"].as_i64().unwrap();
    let status = |status: &str| {
        main.send(
            "PUT",
            &format!("/tenants/{id}/status"),
            json!({ "status": status }),
        )
    };
    assert_eq!(status("locked").json["status"], "locked");
    let boss = app.program("boss@example.org", "nord", &[]);
    let closed = boss.get("/lists");
    assert_eq!(
        (closed.status, &closed.json["type"]),
        (403, &json!("urn:mandant:problem:tenant-closed"))
    );
    assert_eq!(status("sleeping").status, 400);
    assert_eq!(status("active").status, 200);
    assert_eq!(boss.get("/lists").status, 200);
    // Who administers a tenant reaches nobody beside or above it.
    assert_eq!(boss.get(&format!("/tenants/{id}")).status, 404);

    assert_eq!(main.delete(&format!("/tenants/{id}")).status, 204);
    assert_eq!(
        main.delete(&format!("/tenants/{id}")).status,
        204,
        "again does no harm"
    );
    assert_eq!(boss.get("/lists").status, 404);
    assert_eq!(main.get("/tenants").items()[0]["status"], "trashed");
    let back = main.send("POST", &format!("/tenants/{id}/restore"), json!({}));
    assert_eq!(back.json["status"], "active");
    assert_eq!(boss.get("/lists").status, 200);
}

#[test]
fn lists_of_tenants_and_users_are_read_page_by_page() {
    let app = TestApp::new();
    for slug in ["nord", "ost", "sued", "west"] {
        app.db.separate(slug);
    }
    let main = app.program("admin@example.org", "main", &[]);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = main.get(&format!("/tenants?limit=3{after}"));
        seen.extend(
            page.items()
                .iter()
                .map(|t| t["slug"].as_str().unwrap().to_owned()),
        );
        match page.json["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["nord", "ost", "sued", "west"]);
    assert_eq!(main.get("/tenants?q=sue").items().len(), 1);
    app.member("b@example.org", "main", "viewer");
    let page = main.get("/users?limit=1");
    assert_eq!(page.items()[0]["email"], "admin@example.org");
    let next = page.json["next"].as_str().unwrap();
    let rest = main.get(&format!("/users?limit=1&after={next}"));
    assert_eq!(
        (
            rest.items()[0]["email"].as_str(),
            rest.json["next"].is_null()
        ),
        (Some("b@example.org"), true)
    );
}

#[test]
fn inner_tenants_have_fences_that_can_be_changed() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let news = app.db.list(&nord, "News");
    app.member("boss@example.org", "nord", "administrator");
    let boss = app.program("boss@example.org", "nord", &[]);
    let wanted = |fence| json!({ "slug": "vip", "name": "VIP", "fence": fence });
    let make = |fence| boss.send("POST", "/inner", wanted(fence));
    assert_eq!(make(json!({})).faults(), [("fence.lists", "fence-empty")]);
    assert_eq!(
        make(json!({ "lists": [99] })).faults(),
        [("fence.lists", "list-unknown")]
    );
    assert_eq!(
        make(json!({ "rule": "town = 1" })).faults(),
        [("fence.rule", "rule-unknown-field")]
    );
    let made = make(json!({ "lists": [news], "rule": "last_name = 'A'" }));
    assert_eq!(
        (made.status, &made.json["path"]),
        (201, &json!("nord/vip")),
        "{made:?}"
    );
    assert_eq!(made.json["fence"]["lists"], json!([news]));
    let id = &made.json["id"];
    let change = |version: &serde_json::Value| {
        let fence = json!({ "version": version, "fence": { "rule": "last_name = 'B'" }, "moves_allowed": true });
        boss.send("PUT", &format!("/inner/{id}/fence"), fence)
    };
    let changed = change(&made.json["version"]);
    assert_eq!(
        changed.json["fence"],
        json!({ "lists": [], "rule": "last_name = 'B'" }),
        "{changed:?}"
    );
    assert_eq!(change(&made.json["version"]).status, 409);
    assert_eq!(boss.get("/inner").items().len(), 1);
    assert_eq!(
        boss.get("/inner/1").status,
        404,
        "the main tenant is not inside"
    );
}

#[test]
fn users_get_roles_within_those_of_the_tokens_user_and_rights() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.member("boss@example.org", "nord", "administrator");
    let boss = app.program("boss@example.org", "nord", &[]);
    let roles = boss.get("/roles");
    assert_eq!(roles.items()[0]["key"], "administrator");
    assert!(
        roles.items()[2]["rights"]
            .as_array()
            .unwrap()
            .contains(&json!("lists.view"))
    );

    let wanted = |role: &str| json!({ "email": "Eva@example.org", "name": "Eva", "password": PASSWORD, "roles": [role] });
    let made = boss.send("POST", "/users", wanted("viewer"));
    assert_eq!(
        (made.status, &made.json["roles"]),
        (201, &json!(["viewer"])),
        "{made:?}"
    );
    assert!(!made.text.contains(PASSWORD));
    let eva = format!("/users/{}", made.json["id"]);
    let set = |roles: serde_json::Value| {
        boss.send("PUT", &format!("{eva}/roles"), json!({ "roles": roles }))
    };
    assert_eq!(set(json!(["editor"])).json["roles"], json!(["editor"]));
    assert_eq!(set(json!([])).faults(), [("roles", "users-roles-missing")]);
    assert_eq!(set(json!(["king"])).faults(), [("roles", "role-unknown")]);
    let short =
        json!({ "email": "n@example.org", "name": "N", "password": "short", "roles": ["viewer"] });
    assert_eq!(
        boss.send("POST", "/users", short).faults(),
        [("password", "password-too-short")]
    );

    // A token that has fewer rights than its user cannot give his.
    let few = app.program("boss@example.org", "nord", &["users.view", "users.change"]);
    let beyond = few.send("POST", "/users", wanted("viewer"));
    assert_eq!(beyond.faults(), [("roles", "rights-beyond")]);
    // Nor can it take away what it does not hold.
    app.member("other@example.org", "nord", "administrator");
    let other = boss.get("/users?q=other").items()[0]["id"].clone();
    let other = format!("/users/{other}");
    let viewer_too = [&["users.view", "users.change"][..], &keys_of_role("viewer")].concat();
    let viewer_too = app.program("boss@example.org", "nord", &viewer_too);
    for token in [&few, &viewer_too] {
        let demoted = token.send(
            "PUT",
            &format!("{other}/roles"),
            json!({ "roles": ["viewer"] }),
        );
        for refused in [demoted, token.delete(&other)] {
            assert_eq!(refused.status, 422, "{refused:?}");
            assert_eq!(refused.faults(), [("roles", "rights-beyond")]);
        }
    }
    assert_eq!(boss.get(&other).json["roles"], json!(["administrator"]));
    assert_eq!(
        viewer_too.delete(&eva).status,
        422,
        "an editor holds more, too"
    );
    // Nobody changes his own.
    let own = boss.get("/users?q=boss").items()[0]["id"].clone();
    assert_eq!(
        boss.send(
            "PUT",
            &format!("/users/{own}/roles"),
            json!({ "roles": ["viewer"] })
        )
        .status,
        422
    );
    assert_eq!(boss.delete(&format!("/users/{own}")).status, 422);

    assert_eq!(boss.delete(&eva).status, 204);
    assert_eq!(boss.get(&eva).status, 404);
    assert_eq!(
        boss.get("/users/1").status,
        404,
        "the main tenant's administrator is no member"
    );
}

#[test]
fn fields_are_added_changed_and_dropped() {
    let app = TestApp::new();
    let main = app.program("admin@example.org", "main", &[]);
    let city = json!({ "key": "city", "type": "text", "max": 50, "label": "City", "label_de": "Ort", "indexed": true });
    let made = main.send("POST", "/fields", city.clone());
    assert_eq!(
        (made.status, &made.json["type"], &made.json["max"]),
        (201, &json!("text"), &json!(50)),
        "{made:?}"
    );
    assert_eq!(
        main.send("POST", "/fields", city.clone()).faults(),
        [("key", "field-key-taken")]
    );
    let here = format!("/fields/{}", made.json["id"]);
    let mut wider = city;
    wider["max"] = json!(80);
    wider["version"] = made.json["version"].clone();
    let changed = main.send("PUT", &here, wider.clone());
    assert_eq!(changed.json["max"], 80, "{changed:?}");
    assert_eq!(main.send("PUT", &here, wider.clone()).status, 409);
    wider["version"] = changed.json["version"].clone();
    wider["max"] = json!(10);
    assert_eq!(
        main.send("PUT", &here, wider).faults(),
        [("max", "field-max-smaller")]
    );
    assert_eq!(main.get("/fields").items().len(), 12);
    assert_eq!(main.delete(&format!("{here}?version=1")).status, 409);
    assert_eq!(main.delete(&here).status, 400, "the version must be told");
    let version = &changed.json["version"];
    assert_eq!(
        main.delete(&format!("{here}?version={version}")).status,
        204
    );
    assert_eq!(main.get(&here).status, 404);
    assert_eq!(main.delete("/fields/1?version=1").status, 422);
}

#[test]
fn mailing_lists_are_created_renamed_and_deleted_while_nothing_uses_them() {
    let app = TestApp::new();
    let main = app.program("admin@example.org", "main", &[]);
    let made = main.send(
        "POST",
        "/lists",
        json!({ "name": "News", "description": "Weekly" }),
    );
    assert_eq!((made.status, &made.json["active"]), (201, &json!(0)));
    let again = main.send("POST", "/lists", json!({ "name": "News" }));
    assert_eq!(again.faults(), [("name", "list-name-taken")]);
    let here = format!("/lists/{}", made.json["id"]);
    let rename = |version: i32| {
        main.send(
            "PUT",
            &here,
            json!({ "name": "Letter", "version": version }),
        )
    };
    assert_eq!(rename(1).json["name"], "Letter");
    assert_eq!(rename(1).status, 409);
    let anna = json!({ "fields": { "email": "anna@example.org" }, "lists": [made.json["id"]] });
    assert_eq!(main.send("POST", "/recipients", anna).status, 201);
    assert_eq!(main.get(&here).json["active"], 1);
    assert_eq!(main.delete(&format!("{here}?version=1")).status, 409);
    assert_eq!(
        main.delete(&format!("{here}?version=2")).faults(),
        [("", "list-in-use")]
    );
    let free = main.send("POST", "/lists", json!({ "name": "Free" }));
    assert_eq!(
        main.delete(&format!("/lists/{}?version=1", free.json["id"]))
            .status,
        204
    );
    assert_eq!(main.get("/lists").items().len(), 1);
}
