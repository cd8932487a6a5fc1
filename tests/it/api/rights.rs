//! Roles, places, tenant's rights and packages for programs.

use crate::support::app::TestApp;
use crate::support::count;
use serde_json::{Value, json};

#[test]
fn roles_are_made_changed_copied_and_deleted() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.member("nora@example.org", "nord", "administrator");
    let nora = app.program("nora@example.org", "nord", &[]);
    let new = json!({ "name": "Redaktion Süd", "rights": ["lists.view"], "includes": ["viewer"] });
    let made = nora.send("POST", "/roles", new.clone());
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        (
            &made.json["key"],
            &made.json["origin"],
            &made.json["own_rights"]
        ),
        (
            &json!("redaktion-sued"),
            &json!("here"),
            &json!(["lists.view"])
        )
    );
    let rights = made.json["rights"].as_array().unwrap();
    assert!(
        rights.contains(&json!("recipients.view")),
        "those of the viewer"
    );
    let here = format!("/roles/{}", made.json["id"]);
    assert_eq!(made.headers["location"], format!("/api/v1/t/nord{here}"));
    assert_eq!(nora.get(&here).json, made.json);
    for (change, field, code) in [
        (json!({ "name": "Redaktion Süd" }), "key", "roles-key-taken"),
        (json!({ "key": "Nein" }), "key", "roles-key-invalid"),
        (json!({ "name": "" }), "name", "roles-name-length"),
        (
            json!({ "name": "X", "rights": ["all"] }),
            "rights",
            "rights-unknown",
        ),
        (
            json!({ "name": "X", "includes": ["king"] }),
            "includes",
            "role-unknown",
        ),
    ] {
        let mut wrong = new.clone();
        for (name, value) in change.as_object().unwrap() {
            wrong[name] = value.clone();
        }
        let refused = nora.send("POST", "/roles", wrong);
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![(field, code)])
        );
    }

    let change = |version: i32, includes: Value| {
        let body = json!({ "name": "Süd", "rights": [], "includes": includes, "version": version });
        nora.send("PUT", &here, body)
    };
    let changed = change(1, json!(["editor"]));
    assert_eq!((changed.status, &changed.json["version"]), (200, &json!(2)));
    assert_eq!(change(1, json!([])).status, 409);
    let circle = change(2, json!(["redaktion-sued"]));
    assert_eq!(circle.faults(), [("includes", "roles-circle")]);
    // Built-in ones stay what they are.
    let built_in = nora.send(
        "PUT",
        "/roles/2",
        json!({ "name": "X", "rights": [], "includes": [], "version": 1 }),
    );
    assert_eq!(built_in.status, 422, "{built_in:?}");
    let copy = nora.send(
        "POST",
        &format!("{here}/copy"),
        json!({ "name": "Nord", "key": "nordisch" }),
    );
    assert_eq!(
        (copy.status, &copy.json["includes"]),
        (201, &json!(["editor"]))
    );
    let copied = format!("/roles/{}", copy.json["id"]);
    assert_eq!(nora.delete(&copied).status, 400, "without the version");
    assert_eq!(nora.delete(&format!("{copied}?version=1")).status, 204);
    assert_eq!(nora.get(&copied).status, 404);

    // Nobody puts into a role what he does not hold, and a token has no more than its rights.
    let shop = app.program("nora@example.org", "nord", &["roles.view", "roles.create"]);
    let beyond = shop.send(
        "POST",
        "/roles",
        json!({ "name": "More", "rights": ["users.change"] }),
    );
    assert_eq!(beyond.faults(), [("rights", "rights-beyond")]);
    assert_eq!(shop.delete(&format!("{here}?version=2")).status, 403);
    let acts = "SELECT count(*) AS n FROM audit WHERE source = 'api' AND act LIKE 'role.%'";
    assert_eq!(count(&mut app.db.as_provisioner(), acts), 4);
}

#[test]
fn a_place_has_roles_single_rights_and_dates() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.member("nora@example.org", "nord", "administrator");
    app.member("carl@example.org", "nord", "viewer");
    let nora = app.program("nora@example.org", "nord", &[]);
    let users = nora.get("/users");
    let id = |email: &str| {
        let users = users.items();
        let user = users.iter().find(|user| user["email"] == email);
        user.unwrap()["id"].clone()
    };
    let here = format!("/users/{}/place", id("carl@example.org"));
    let now = nora.get(&here);
    assert_eq!(now.json["roles"], json!(["viewer"]), "{now:?}");
    let mut place = json!({
        "roles": ["viewer"], "rights": ["imports.view"], "until": "2100-01-31T12:00:00Z",
        "version": now.json["version"],
    });
    let set = nora.send("PUT", &here, place.clone());
    assert_eq!(set.status, 200, "{set:?}");
    assert_eq!(
        (&set.json["rights"], &set.json["until"], &set.json["from"]),
        (
            &json!(["imports.view"]),
            &json!("2100-01-31T12:00:00Z"),
            &Value::Null
        )
    );
    assert_eq!(nora.get(&here).json, set.json);
    assert_eq!(nora.send("PUT", &here, place.clone()).status, 409);
    place["version"] = set.json["version"].clone();
    for (name, value, field, code) in [
        ("rights", json!(["all"]), "rights", "rights-unknown"),
        ("roles", json!(["king"]), "roles", "role-unknown"),
        (
            "from",
            json!("2100-02-01T00:00:00Z"),
            "until",
            "membership-dates",
        ),
    ] {
        let mut wrong = place.clone();
        wrong[name] = value;
        let refused = nora.send("PUT", &here, wrong);
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![(field, code)])
        );
    }
    place["roles"] = json!([]);
    place["rights"] = json!([]);
    let nothing = nora.send("PUT", &here, place);
    assert_eq!(nothing.faults(), [("roles", "users-roles-missing")]);
    let own = format!("/users/{}/place", id("nora@example.org"));
    let version = nora.get(&own).json["version"].clone();
    let mine = json!({ "roles": ["viewer"], "rights": [], "version": version });
    assert_eq!(
        nora.send("PUT", &own, mine).status,
        422,
        "nobody changes his own"
    );
}

#[test]
fn tenants_below_are_limited_one_by_one_and_by_packages() {
    let app = TestApp::new();
    let (nord, sued) = (app.db.separate("nord"), app.db.separate("sued"));
    app.member("nora@example.org", "nord", "administrator");
    let main = app.program("admin@example.org", "main", &[]);
    let nora = app.program("nora@example.org", "nord", &[]);
    let all = main.get("/ceilings");
    assert_eq!(all.items().len(), 2, "{all:?}");
    assert_eq!(main.get("/ceilings?q=nowhere").items().len(), 0);
    let here = format!("/ceilings/{}", nord.id);
    let before = main.get(&here).json;
    assert_eq!(before["rights"], Value::Null);
    let set = |rights: Value, version: &Value| {
        main.send(
            "PUT",
            &here,
            json!({ "rights": rights, "version": version }),
        )
    };
    assert_eq!(nora.get("/recipients").status, 200);
    let limited = set(json!(["lists.view"]), &before["version"]);
    assert_eq!(
        limited.json["in_force"],
        json!(["lists.view"]),
        "{limited:?}"
    );
    assert_eq!(nora.get("/recipients").status, 403);
    assert_eq!(nora.get("/lists").status, 200);
    assert_eq!(set(json!([]), &before["version"]).status, 409);
    let unknown = set(json!(["all"]), &limited.json["version"]);
    assert_eq!(unknown.faults(), [("rights", "rights-unknown")]);
    // Left out it would lift every limit.
    let without = main.send("PUT", &here, json!({ "version": limited.json["version"] }));
    assert_eq!(without.status, 400, "{without:?}");

    let new = json!({ "name": "Mailing only", "rights": ["lists.view", "recipients.view"] });
    let made = main.send("POST", "/ceilings/packages", new.clone());
    assert_eq!(made.status, 201, "{made:?}");
    let package = format!("/ceilings/packages/{}", made.json["id"]);
    assert_eq!(main.get(&package).json, made.json);
    let twice = main.send("POST", "/ceilings/packages", new.clone());
    assert_eq!(twice.faults(), [("name", "packages-name-taken")]);
    let mut change = new;
    change["version"] = json!(1);
    change["rights"] = json!(["recipients.view"]);
    assert_eq!(
        main.send("PUT", &package, change.clone()).json["version"],
        2
    );
    assert_eq!(main.send("PUT", &package, change).status, 409);

    let seen = |id: i32| {
        let now = main.get(&format!("/ceilings/{id}")).json;
        json!({ "id": id, "version": now["version"] })
    };
    let both = json!([seen(nord.id), seen(sued.id)]);
    let give = |package: &Value, tenants: &Value| {
        main.send(
            "POST",
            "/ceilings/give",
            json!({ "package": package, "tenants": tenants }),
        )
    };
    let given = give(&made.json["id"], &both);
    assert_eq!(given.status, 200, "{given:?}");
    for one in given.items() {
        assert_eq!(one["rights"], json!(["recipients.view"]));
    }
    assert_eq!(nora.get("/recipients").status, 200);
    assert_eq!(give(&made.json["id"], &both).status, 409, "all or none");
    assert_eq!(
        give(&Value::Null, &json!([])).faults(),
        [("tenants", "ceilings-choose")]
    );
    assert_eq!(give(&json!(99), &json!([seen(nord.id)])).status, 404);
    assert_eq!(main.delete(&package).status, 204);
    assert_eq!(
        main.get(&here).json["rights"],
        json!(["recipients.view"]),
        "kept"
    );
    let free = give(&Value::Null, &json!([seen(nord.id)]));
    assert_eq!(free.items()[0]["rights"], Value::Null);
    assert_eq!(nora.get("/lists").status, 200);
    // Not its own, and not from below.
    assert_eq!(
        main.get(&format!("/ceilings/{}", app.db.tenant("main").id))
            .status,
        404
    );
    assert_eq!(nora.get(&here).status, 404);
}
