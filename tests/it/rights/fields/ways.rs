//! Every way to a value: pages, files, rules, orders, searches, programs, jobs.

use super::*;
use crate::support::by_rule;
use diesel::connection::SimpleConnection;
use mandant::access::SystemAccess;
use mandant::access::rights::ChangeRecipients;
use mandant::db::Source;
use mandant::tenant::fields;

#[test]
fn pages_show_hidden_fields_nowhere_and_masks_instead_of_values() {
    let w = World::new();
    let all = w.nora.get("/t/nord/recipients?sort=score");
    assert_eq!(all.status, 200);
    let list = w.edda.get("/t/nord/recipients");
    tells_nothing(&list);
    let headings = list.texts("thead th").join(" ");
    assert!(
        headings.contains("tel") && !headings.contains("score"),
        "{headings}"
    );
    assert!(list.body.contains("z•••"));
    let page = w.edda.get(&w.anna(""));
    tells_nothing(&page);
    assert!(page.body.contains("z•••") && page.body.contains("anna@example.org"));
    assert!(!page.texts("main").join("").contains("score"));
    // The history says that the masked one changed, and of the hidden one nothing.
    let changes = page.texts("tbody tr").join("\n");
    assert!(changes.contains("tel z••• z•••"), "{changes}");
    let shown = w.nora.get(&w.anna(""));
    assert!(shown.body.contains("zqscore new") && shown.body.contains("zqscore low"));
    for way in ["/edit", "/delete"] {
        tells_nothing(&w.edda.get(&w.anna(way)));
    }
    for way in ["columns", "export", "new", "count"] {
        let answer = w.edda.get(&format!("/t/nord/recipients/{way}"));
        assert_eq!(answer.status, 200, "{way}");
        tells_nothing(&answer);
        assert!(!answer.body.contains("score"), "{way}");
    }
    let export = w.edda.get("/t/nord/recipients/export");
    assert!(export.body.lines().next().unwrap().contains("tel"));
    assert!(export.body.contains("z•••"));
    for way in ["/t/nord/fields", "/t/nord/fields/export"] {
        let fields = w.edda.get(way);
        assert!(
            fields.body.contains("tel") && !fields.body.contains("score"),
            "{way}"
        );
    }
}

#[test]
fn what_may_not_be_changed_stays_whatever_is_sent() {
    let w = World::new();
    let before = w.values();
    let form = w.edda.get(&w.anna("/edit"));
    let inputs = ["[name='f5']", "[name='f101']", "[name='f102']"];
    for input in inputs {
        assert_eq!(form.attribute(input, "name"), None, "{input}");
    }
    let (score, tel) = (format!("f{}", w.score), format!("f{}", w.tel));
    let sent = [
        ("f4", "Änne"),
        ("f5", "Neu"),
        (score.as_str(), "x"),
        (tel.as_str(), "y"),
    ];
    assert_eq!(w.edda.submit(&w.anna("/edit"), &sent).status, 303);
    let after = w.values();
    assert_eq!(after["first_name"], "Änne");
    for column in ["last_name", score.as_str(), tel.as_str()] {
        assert_eq!(after[column], before[column], "{column}");
    }
    // A bulk act neither offers them nor does it.
    w.edda.get("/t/nord/recipients");
    for field in [w.score, w.tel, FieldId(5)] {
        let field = field.to_string();
        let asked = [
            ("act", "set"),
            ("which", "all"),
            ("state", ""),
            ("field", field.as_str()),
            ("value", "x"),
        ];
        assert_eq!(w.edda.post("/t/nord/recipients/bulk", &asked).status, 404);
    }
    let offered = w.edda.get("/t/nord/recipients/bulk?act=set&which=all");
    let offered = offered.texts("#field option").join(" ");
    assert!(
        offered.contains("First name") && !offered.contains("Last name"),
        "{offered}"
    );
    assert!(
        !offered.contains("score") && !offered.contains("tel"),
        "{offered}"
    );
}

#[test]
fn no_rule_order_or_search_tells_what_stands_there() {
    let w = World::new();
    let count = |who: &Person, query: &str| {
        let answer = who.get(&format!("/t/nord/recipients?{query}"));
        tells_nothing_unless(who, &w, &answer);
        (answer.status, answer.texts("table tbody tr").len())
    };
    assert_eq!(count(&w.nora, "rule=score+%3D+'zqscore+high'"), (200, 1));
    for rule in [
        "score+%3D+'zqscore+high'",
        "tel+is+empty",
        "tel+starts_with+'z'",
    ] {
        for way in ["", "/count", "/export"] {
            let asked = w.edda.get(&format!("/t/nord/recipients{way}?rule={rule}"));
            assert_eq!(asked.status, 422, "{way} {rule}");
        }
        let all = w.edda.get(&format!(
            "/t/nord/recipients/bulk?act=delete&which=all&rule={rule}"
        ));
        assert_eq!(all.status, 422, "{rule}");
    }
    // Of the masked one it says why; of the hidden one only what it says of any that is none.
    let asked = w.edda.get("/t/nord/recipients?rule=tel+is+empty");
    assert!(
        asked.body.contains("You see the field «tel» only masked"),
        "{}",
        asked.body
    );
    let (hidden, none) = (
        w.edda.get("/t/nord/recipients?rule=score+is+empty"),
        w.edda.get("/t/nord/recipients?rule=scory+is+empty"),
    );
    assert!(hidden.body.contains("There is no field «score»."));
    assert!(
        !none.body.contains("score"),
        "nor is it what may have been meant"
    );
    let offered = w.edda.get("/t/nord/recipients");
    let offered = offered.texts("#add_field option").join(" ");
    assert!(
        !offered.contains("score") && !offered.contains("tel"),
        "{offered}"
    );
    // An order by them is none.
    let newest = w.edda.get("/t/nord/recipients").texts("tbody tr");
    for key in ["score", "tel"] {
        for dir in ["asc", "desc"] {
            let sorted = w
                .edda
                .get(&format!("/t/nord/recipients?sort={key}&dir={dir}"));
            assert_eq!(sorted.texts("tbody tr"), newest);
            assert!(!sorted.body.contains(&format!("sort={key}&amp;dir")));
        }
    }
}

fn tells_nothing_unless(who: &Person, w: &World, answer: &Answer) {
    if !std::ptr::eq(who, &raw const w.nora) {
        tells_nothing(answer);
    }
}

#[test]
fn a_search_finds_only_in_what_is_seen() {
    let w = World::new();
    let found = |who: &Person, words: &str| {
        let answer = who.get(&format!("/t/nord/recipients?q={words}"));
        assert_eq!(answer.status, 200);
        answer.texts("tbody tr").len()
    };
    assert_eq!((found(&w.edda, "adler"), found(&w.edda, "anna%40")), (1, 1));
    for mode in ["hidden", "masked"] {
        w.set(FieldId(5), "editor", mode);
        assert_eq!(found(&w.edda, "adler"), 0, "{mode}");
        assert_eq!(found(&w.edda, "anna%40"), 1, "{mode}");
        w.set(FieldId(1), "editor", mode);
        for words in ["adler", "anna%40", "anna", "an", "example"] {
            assert_eq!(found(&w.edda, words), 0, "{mode} {words}");
        }
        assert_eq!((found(&w.nora, "adler"), found(&w.nora, "an")), (1, 1));
        w.set(FieldId(1), "editor", "");
    }
    // What is seen is found by whole words of it, too.
    w.set(FieldId(5), "editor", "read_only");
    assert_eq!(found(&w.edda, "anna%40+adler"), 1);
}

#[test]
fn without_the_address_nobody_is_called_by_it_and_nobody_can_be_made() {
    let w = World::new();
    w.set(FieldId(1), "editor", "masked");
    for way in ["", "/edit", "/delete"] {
        let page = w.edda.get(&w.anna(way));
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("anna@"), "{way}");
        assert!(page.body.contains("a•••@•••"), "{way}");
    }
    let refused = w.edda.submit("/t/nord/recipients/new", &[("f4", "Neu")]);
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .body
            .contains("must have a value that you may not enter")
    );
    w.set(FieldId(1), "editor", "hidden");
    for way in ["", "/edit", "/delete"] {
        let page = w.edda.get(&w.anna(way));
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("anna@"), "{way}");
    }
    // With nothing to see at all there still is a page.
    for field in [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, w.tel.0] {
        w.set(FieldId(field), "editor", "hidden");
    }
    for page in ["/t/nord/recipients".to_owned(), w.anna(""), w.anna("/edit")] {
        assert_eq!(w.edda.get(&page).status, 200, "{page}");
    }
}

#[test]
fn programs_get_what_their_user_may() {
    let w = World::new();
    let edda = w.app.program("edda@example.org", "nord", &[]);
    let nora = w.app.program("nora@example.org", "nord", &[]);
    let modes = |fields: &Value| -> Vec<(String, String)> {
        let items = fields["items"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        items
            .map(|f| (text(&f["key"]), text(&f["your_mode"])))
            .collect()
    };
    let hers = modes(&edda.get("/fields").json);
    assert!(!hers.iter().any(|(key, _)| key == "score"));
    assert!(hers.contains(&("tel".into(), "masked".into())));
    assert!(hers.contains(&("last_name".into(), "read_only".into())));
    assert_eq!(edda.get(&format!("/fields/{}", w.score)).status, 404);
    assert!(modes(&nora.get("/fields").json).contains(&("score".into(), "editable".into())));

    let listed = edda.get("/recipients");
    let one = listed.items()[1].clone();
    assert_eq!(
        (&one["tel"], one.get("score")),
        (&json!("z•••"), None),
        "{one}"
    );
    let here = format!("/recipients/{}", one["id"].as_str().unwrap());
    assert_eq!(edda.get(&here).json, one);
    for (query, fault) in [
        ("rule=score%20is%20empty", ("rule", "rule-unknown-field")),
        ("rule=tel%20is%20empty", ("rule", "rule-masked-field")),
        ("sort=tel", ("sort", "api-field-unsortable")),
        ("sort=score", ("sort", "api-field-unsortable")),
    ] {
        let asked = edda.get(&format!("/recipients?{query}"));
        assert_eq!(
            (asked.status, asked.faults()),
            (422, vec![fault]),
            "{query}"
        );
    }
    for (key, code) in [
        ("score", "api-field-unknown"),
        ("tel", "api-field-fixed"),
        ("last_name", "api-field-fixed"),
    ] {
        let at = format!("fields.{key}");
        let wanted = (422, vec![(at.as_str(), code)]);
        let changed = edda.send("PATCH", &here, json!({ "fields": { key: "x" } }));
        assert_eq!((changed.status, changed.faults()), wanted, "{changed:?}");
        let fields = json!({ "email": "neu@example.org", key: "x" });
        let made = edda.send("POST", "/recipients", json!({ "fields": fields }));
        assert_eq!((made.status, made.faults()), wanted, "{made:?}");
        let rows = json!({ "rows": [{ "email": "anna@example.org", key: "x" }] });
        let bulk = edda.send("POST", "/recipients/bulk", rows);
        assert_eq!(bulk.json["rows"][0]["code"], code, "{bulk:?}");
    }
    let good = edda.send(
        "PATCH",
        &here,
        json!({ "fields": { "first_name": "Änne" } }),
    );
    assert_eq!(
        (good.status, &good.json["tel"]),
        (200, &json!("z•••")),
        "{good:?}"
    );
    // Nor does a program learn by a key whether somebody is there.
    w.set(FieldId(1), "editor", "masked");
    let rows = json!({ "rows": [{ "email": "anna@example.org" }] });
    let bulk = edda.send("POST", "/recipients/bulk", rows);
    assert_eq!(
        bulk.faults(),
        [("key", "import-key-not-unique")],
        "{bulk:?}"
    );
    let made = edda.send(
        "POST",
        "/recipients",
        json!({ "fields": { "first_name": "N" } }),
    );
    assert_eq!(
        made.faults(),
        [("fields", "recipient-cannot-be-whole")],
        "{made:?}"
    );
}

#[test]
fn who_looks_as_somebody_sees_as_little_as_he() {
    let w = World::new();
    let editor = w.role("editor");
    w.nora.get("/t/nord");
    assert_eq!(
        w.nora
            .post(&format!("/t/nord/roles/{editor}/see-as"), &[])
            .status,
        303
    );
    tells_nothing(&w.nora.get("/t/nord/recipients"));
    tells_nothing(&w.nora.get(&w.anna("")));
    assert_eq!(w.nora.post("/see-as/end", &[]).status, 303);
    let edda = by_email(&mut w.app.db.as_provisioner(), "edda@example.org");
    let as_edda = format!("/t/nord/users/{}/see-as", edda.unwrap().unwrap());
    assert_eq!(w.nora.post(&as_edda, &[]).status, 303);
    tells_nothing(&w.nora.get(&w.anna("")));
    assert_eq!(w.nora.post("/see-as/end", &[]).status, 303);
    assert!(w.nora.get(&w.anna("")).body.contains("zqscore"));
}

#[test]
fn an_inner_tenant_shares_the_rights_and_its_fence_may_ask_by_what_it_does_not_show() {
    let w = World::new();
    let x = w
        .app
        .db
        .inner("nord", "x", by_rule("score starts_with 'zqscore'"));
    let xena = w.app.user("xena@example.org", "nord/x", "editor");
    let list = xena.get("/t/nord/x/recipients");
    assert_eq!(list.texts("tbody tr").len(), 2, "{}", list.body);
    tells_nothing(&list);
    let seal = Seal::new(&w.app.db.app.secret, x.id());
    let anna = format!("/t/nord/x/recipients/{}", seal.recipient(w.anna));
    tells_nothing(&xena.get(&anna));
    // Whom the fence keeps out is not told by what: the condition is on a field that she does not see.
    let refused = xena.submit("/t/nord/x/recipients/new", &[("f1", "neu@example.org")]);
    assert_eq!(refused.status, 422);
    assert!(!refused.body.contains("score"), "{}", refused.body);
}

#[test]
fn who_may_set_fences_asks_by_nothing_that_he_does_not_see() {
    let w = World::new();
    let x = w
        .app
        .db
        .inner("nord", "x", by_rule("score starts_with 'zqscore'"));
    let rights = ["inner.view", "inner.change", "inner.create"];
    place(&w, "edda@example.org", &["editor"], &rights);
    let page = format!("/t/nord/inner/{}/fence", x.id);
    let look = w.edda.submit(&page, &[("rule", "score = 'zqscore high'")]);
    assert_eq!(look.status, 422);
    assert!(
        look.body.contains("There is no field «score»."),
        "{}",
        look.body
    );
    let edda = w.app.program("edda@example.org", "nord", &[]);
    let fence =
        json!({ "version": x.version, "fence": { "rule": "tel is empty" }, "moves_allowed": true });
    let set = edda.send("PUT", &format!("/inner/{}/fence", x.id), fence);
    assert_eq!(
        set.faults(),
        [("fence.rule", "rule-masked-field")],
        "{set:?}"
    );
}

#[test]
fn jobs_see_what_their_user_may_when_they_run() {
    let w = World::new();
    let edda = by_email(&mut w.app.db.as_provisioner(), "edda@example.org").unwrap();
    let keys = |user| {
        let access = SystemAccess::<ChangeRecipients>::new(w.nord.scope(), user, Source::Bulk);
        let all = access.run(&w.app.db.app, fields::all).unwrap();
        all.into_iter().map(|field| field.key).collect::<Vec<_>>()
    };
    assert!(!keys(edda).contains(&"score".to_owned()));
    assert!(keys(None).contains(&"score".to_owned()), "the operator");
    w.set(w.score, "editor", "");
    assert!(keys(edda).contains(&"score".to_owned()));
    // Of several roles the most permissive counts, at once.
    w.set(w.score, "editor", "hidden");
    place(&w, "edda@example.org", &["editor", "viewer"], &[]);
    assert!(keys(edda).contains(&"score".to_owned()));
    assert!(w.edda.get("/t/nord/recipients").body.contains("zqscore"));
    // Who has no place any more has nothing to see.
    let sql = "UPDATE memberships SET valid_until = now() - interval '1 minute' WHERE user_id IN
        (SELECT id FROM users WHERE email = 'edda@example.org')";
    w.app.db.as_provisioner().batch_execute(sql).unwrap();
    assert_eq!(keys(edda), Vec::<String>::new());
}
