//! Recipients, one by one and many at once, in a separate and in an inner tenant.

use crate::support::app::TestApp;
use crate::support::program::{Program, Reply};
use crate::support::{by_lists, by_rule, count};
use mandant::db::ids::ListId;
use serde_json::{Value, json};

/// `main` with a field and a list; a program that may everything.
fn world() -> (TestApp, Program, ListId) {
    let app = TestApp::new();
    let main = app.program("admin@example.org", "main", &[]);
    for field in [
        json!({ "key": "city", "type": "text", "max": 50 }),
        json!({ "key": "number", "type": "integer", "unique": true, "indexed": true }),
        json!({ "key": "since", "type": "datetime" }),
    ] {
        assert_eq!(main.send("POST", "/fields", field).status, 201);
    }
    let news = app.db.list(&app.db.tenant("main"), "News");
    (app, main, news)
}

#[expect(clippy::needless_pass_by_value, reason = "tests write json!(…)")]
fn enter(shop: &Program, fields: Value) -> Reply {
    shop.send("POST", "/recipients", json!({ "fields": fields }))
}

#[test]
fn a_recipient_is_created_found_changed_and_deleted() {
    let (app, main, news) = world();
    let anna = json!({ "email": "Anna@Example.org", "city": "Bonn", "number": 7, "since": "2026-01-31T10:00:00+02:00" });
    let made = main.send(
        "POST",
        "/recipients",
        json!({ "fields": anna, "lists": [news], "consent": "yes, please" }),
    );
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.json["email"], "anna@example.org");
    assert_eq!(
        (&made.json["number"], &made.json["since"]),
        (&json!(7), &json!("2026-01-31T08:00:00Z"))
    );
    assert_eq!(made.json["source"], "api");
    let here = format!("/recipients/{}", made.json["id"].as_str().unwrap());
    assert_eq!(main.get(&here).json, made.json);

    for (fields, field, code) in [
        (
            json!({ "city": "Bonn" }),
            "fields.email",
            "recipient-required",
        ),
        (
            json!({ "email": "nobody" }),
            "fields.email",
            "recipient-wrong-email",
        ),
        (
            json!({ "email": "anna@example.org" }),
            "fields.email",
            "recipient-taken",
        ),
        (
            json!({ "email": "b@example.org", "number": 7 }),
            "fields.number",
            "recipient-taken",
        ),
        (
            json!({ "email": "b@example.org", "number": "x" }),
            "fields.number",
            "recipient-wrong-integer",
        ),
        (
            json!({ "email": "b@example.org", "town": "x" }),
            "fields.town",
            "api-field-unknown",
        ),
        (
            json!({ "email": "b@example.org", "source": "x" }),
            "fields.source",
            "api-field-fixed",
        ),
    ] {
        let refused = enter(&main, fields);
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![(field, code)]),
            "{refused:?}"
        );
    }
    let nowhere = json!({ "fields": { "email": "b@example.org" }, "lists": [99] });
    assert_eq!(main.send("POST", "/recipients", nowhere).status, 422);

    let change = |fields: Value| main.send("PATCH", &here, json!({ "fields": fields }));
    let changed = change(json!({ "city": null, "first_name": "Anna" }));
    assert_eq!(
        (&changed.json["city"], &changed.json["first_name"]),
        (&Value::Null, &json!("Anna"))
    );
    assert_eq!(
        change(json!({ "email": null })).faults(),
        [("fields.email", "recipient-required")]
    );
    assert_eq!(change(json!({})).json, changed.json);

    let lists = main.get(&format!("{here}/subscriptions"));
    assert_eq!(lists.items()[0]["consent"], "yes, please");
    let on = format!("{here}/subscriptions/{news}");
    let left = main.send("PUT", &on, json!({ "status": "unsubscribed_user" }));
    assert_eq!(
        (&left.items()[0]["status"], &left.items()[0]["source"]),
        (&json!("unsubscribed_user"), &json!("api"))
    );
    assert_eq!(
        main.send(
            "PUT",
            &format!("{here}/subscriptions/99"),
            json!({ "status": "active" })
        )
        .status,
        404
    );

    assert_eq!(main.delete(&here).status, 204);
    assert_eq!(main.delete(&here).status, 404);
    let acts = "SELECT count(*) AS n FROM audit WHERE source = 'api' AND act LIKE 'recipient.%'";
    assert_eq!(count(&mut app.db.as_provisioner(), acts), 2);
}

#[test]
fn recipients_are_filtered_by_rule_and_read_page_by_page() {
    let (_app, main, _) = world();
    let rows: Vec<Value> = (0..25)
        .map(|n| json!({ "email": format!("p{n:02}@example.org"), "city": if n % 2 == 0 { "Bonn" } else { "Köln" }, "number": n }))
        .collect();
    assert_eq!(
        main.send("POST", "/recipients/bulk", json!({ "rows": rows }))
            .json["created"],
        25
    );
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = main.get(&format!(
            "/recipients?rule=city%20%3D%20'Bonn'&sort=number&dir=desc&limit=5{after}"
        ));
        assert!(page.items().len() <= 5);
        seen.extend(page.items().iter().map(|r| r["number"].as_i64().unwrap()));
        match page.json["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, (0..13).rev().map(|n| n * 2).collect::<Vec<_>>());
    let counted = main.get("/recipients/count?rule=number%20%3C%2010");
    assert_eq!(counted.json, json!({ "count": 10, "exact": true }));
    let faulty = main.get("/recipients?rule=town%20%3D%201");
    assert_eq!((faulty.status, faulty.faults()[0].0), (422, "rule"));
    assert_eq!(
        main.get("/recipients?after=x").faults(),
        [("after", "cursor-invalid")]
    );
    assert_eq!(
        main.get("/recipients?sort=city").faults(),
        [("sort", "api-field-unsortable")]
    );
    assert_eq!(main.get("/recipients?list=99").items().len(), 0);
}

fn results(reply: &Reply) -> Vec<(&str, &str)> {
    reply.json["rows"]
        .as_array()
        .unwrap_or_else(|| panic!("{reply:?}"))
        .iter()
        .map(|row| {
            (
                row["result"].as_str().unwrap(),
                row["code"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

#[test]
fn many_rows_at_once_have_each_their_result() {
    let (app, main, news) = world();
    enter(
        &main,
        json!({ "email": "anna@example.org", "city": "Bonn", "number": 1, "since": "2026-01-31T08:00:00Z" }),
    );
    enter(
        &main,
        json!({ "email": "bert@example.org", "city": "Bonn" }),
    );
    let rows = json!([
        { "email": "anna@example.org", "since": "2026-01-31T08:00:00Z", "number": 1 },
        { "email": "Bert@example.org", "city": null },
        { "email": "carl@example.org", "city": "Köln\t\\N\nx" },
        { "email": "carl@example.org" },
        { "email": "dora@example.org", "number": 1 },
        { "email": "emil@example.org", "number": "x" },
        { "city": "Ulm" },
        { "email": "fritz@example.org", "town": "Ulm" },
    ]);
    let done = main.send("POST", "/recipients/bulk", json!({ "rows": rows }));
    assert_eq!(
        results(&done),
        [
            ("unchanged", ""),
            ("updated", ""),
            ("created", ""),
            ("refused", "api-row-repeated"),
            ("refused", "import-problem-taken"),
            ("refused", "recipient-wrong-integer"),
            ("refused", "import-problem-key-missing"),
            ("refused", "api-field-unknown"),
        ]
    );
    assert_eq!(
        (&done.json["created"], &done.json["refused"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(
        done.json["rows"][3]["detail"],
        "It means the same recipient as row 2."
    );
    let carl = main.get("/recipients?q=carl");
    assert_eq!(carl.items()[0]["city"], "Köln\t\\N\nx");
    assert_eq!(
        main.get("/recipients?q=bert").items()[0]["city"],
        Value::Null
    );
    assert_eq!(
        main.get("/recipients?q=anna").items()[0]["city"],
        "Bonn",
        "what is left out stays"
    );

    let bulk = |mode: &str, key: &str, rows: Value| {
        main.send(
            "POST",
            "/recipients/bulk",
            json!({ "mode": mode, "key": key, "rows": rows, "lists": [news] }),
        )
    };
    let known = bulk(
        "update",
        "number",
        json!([{ "number": 1, "city": "Ulm" }, { "number": 2, "city": "Ulm" }]),
    );
    assert_eq!(
        results(&known),
        [
            ("updated", ""),
            ("refused", "import-problem-unknown_recipient")
        ]
    );
    let joins = bulk("upsert", "email", json!([{ "email": "bert@example.org" }]));
    assert_eq!(
        results(&joins),
        [("updated", "")],
        "joining a list is a change"
    );
    let add = bulk(
        "add",
        "email",
        json!([{ "email": "bert@example.org", "city": "Ulm" }]),
    );
    assert_eq!(results(&add), [("unchanged", "")]);
    assert_eq!(
        bulk("upsert", "city", json!([{ "city": "Ulm" }])).faults(),
        [("key", "import-key-not-unique")]
    );
    let outside = main.send(
        "POST",
        "/recipients/bulk",
        json!({ "rows": [{ "email": "g@example.org" }], "lists": [99] }),
    );
    assert_eq!(
        (outside.status, outside.faults()[0].0),
        (422, "lists"),
        "{outside:?}"
    );
    assert_eq!(
        results(&main.send("POST", "/recipients/bulk", json!({ "rows": [] }))),
        []
    );
    let many: Vec<Value> = (0..1001).map(|_| json!({})).collect();
    assert_eq!(
        main.send("POST", "/recipients/bulk", json!({ "rows": many }))
            .faults(),
        [("rows", "api-too-many-rows")]
    );
    let left = "SELECT count(*) AS n FROM pg_class WHERE relname LIKE 'stage\\_%'";
    assert_eq!(count(&mut app.db.as_provisioner(), left), 0);
    assert_eq!(
        count(
            &mut app.db.as_provisioner(),
            "SELECT count(*) AS n FROM t_1.imports"
        ),
        0
    );
}

/// What an inner tenant is told of somebody new, and of somebody whom it does not see.
#[test]
fn an_inner_tenant_learns_nothing_of_people_outside_its_fence() {
    let (app, main, news) = world();
    app.db.inner("main", "bonn", by_rule("city = 'Bonn'"));
    app.db.inner("main", "vip", by_lists(&[news]));
    app.member("eva@example.org", "main/bonn", "administrator");
    app.member("eva@example.org", "main/vip", "administrator");
    enter(
        &main,
        json!({ "email": "hidden@example.org", "city": "Köln", "number": 1 }),
    );
    let inside = enter(
        &main,
        json!({ "email": "inside@example.org", "city": "Bonn", "number": 2 }),
    );
    let bonn = app.program("eva@example.org", "main/bonn", &[]);
    assert_eq!(bonn.get("/recipients").items().len(), 1);
    assert_eq!(
        bonn.get(&format!(
            "/recipients/{}",
            inside.json["id"].as_str().unwrap()
        ))
        .status,
        404,
        "another seal"
    );

    let same = |one: Reply, other: Reply| {
        let said = |reply: &Reply| {
            let mut said = reply.json.clone();
            if reply.status >= 400 {
                said["request_id"] = Value::Null;
            }
            (reply.status, said)
        };
        assert_eq!(said(&one), said(&other));
        one.status
    };
    let new = enter(&bonn, json!({ "email": "new@example.org", "city": "Bonn" }));
    let asked = enter(
        &bonn,
        json!({ "email": "hidden@example.org", "city": "Bonn" }),
    );
    assert_eq!(same(new, asked), 202);
    let bulk = |shop: &Program, rows: Value| {
        shop.send("POST", "/recipients/bulk", json!({ "rows": rows }))
    };
    let new = bulk(
        &bonn,
        json!([{ "email": "new2@example.org", "city": "Bonn" }, { "email": "inside@example.org", "number": 77 }]),
    );
    let asked = bulk(
        &bonn,
        json!([{ "email": "hidden@example.org", "city": "Bonn" }, { "email": "inside@example.org", "number": 1 }]),
    );
    assert_eq!(same(new, asked), 200);
    let outside = enter(&bonn, json!({ "email": "x@example.org", "city": "Ulm" }));
    let known = enter(
        &bonn,
        json!({ "email": "hidden@example.org", "city": "Ulm" }),
    );
    assert_eq!(outside.faults(), [("fields", "recipient-outside-fence-by")]);
    assert_eq!(same(outside, known), 422);
    let hidden = main.get("/recipients?q=hidden");
    assert_eq!(hidden.items()[0]["city"], "Köln", "nothing was done to him");
    assert_eq!(
        count(
            &mut app.db.as_provisioner(),
            "SELECT count(*) AS n FROM t_1.admissions"
        ),
        1
    );

    // Lists that fence it: its own only; a deletion takes off the lists, and no more.
    let vip = app.program("eva@example.org", "main/vip", &[]);
    let here = vip.send(
        "POST",
        "/recipients",
        json!({ "fields": { "email": "v@example.org" } }),
    );
    assert_eq!(here.status, 202, "{here:?}");
    let found = vip.get("/recipients");
    assert_eq!(found.items().len(), 1);
    let id = found.items()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(vip.delete(&format!("/recipients/{id}")).status, 204);
    assert_eq!(vip.get("/recipients").items().len(), 0);
    assert_eq!(main.get("/recipients?q=v@example").items().len(), 1);
}

#[test]
fn a_required_field_that_is_left_out_takes_its_default() {
    let (_app, main, _) = world();
    let field =
        json!({ "key": "size", "type": "text", "max": 9, "required": true, "default": "M" });
    assert_eq!(main.send("POST", "/fields", field).status, 201);
    let made = enter(&main, json!({ "email": "anna@example.org" }));
    assert_eq!(
        (made.status, &made.json["size"]),
        (201, &json!("M")),
        "{made:?}"
    );
    // Emptied on purpose it is not left out.
    let emptied = json!({ "email": "bert@example.org", "size": "" });
    assert_eq!(enter(&main, emptied).status, 422);
}
