//! What somebody tries who has a place, and wants more than it gives: more rights than his own, the data
//! outside a fence, names that are not for him.

use crate::support::app::{PASSWORD, TestApp};
use crate::support::{by_lists, count, set_place};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::connection::SimpleConnection;
use mandant::control::users::by_email;
use mandant::db::ids::UserId;
use serde_json::{Value, json};
use std::sync::{Arc, Barrier};

fn id(app: &TestApp, email: &str) -> UserId {
    by_email(&mut app.db.as_provisioner(), email)
        .unwrap()
        .unwrap()
}

/// Single rights instead of any role.
fn only(app: &TestApp, email: &str, path: &str, rights: &[&str]) {
    let tenant = app.db.tenant(path).id();
    set_place(
        &mut app.db.as_provisioner(),
        id(app, email),
        tenant,
        |place| {
            place.roles.clear();
            place.rights = rights.iter().map(|right| (*right).to_owned()).collect();
        },
    )
    .unwrap();
}

#[test]
fn whoever_makes_an_inner_tenant_holds_no_more_in_it_than_above() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let news = app.db.list(&nord, "News");
    app.db.recipient(&nord, "anna@nord.example", &[news]);
    app.member("nora@example.org", "nord", "administrator");
    let maker = app.user("maker@example.org", "nord", "viewer");
    only(
        &app,
        "maker@example.org",
        "nord",
        &["inner.view", "inner.create", "lists.view"],
    );
    let wanted = |slug: &'static str| {
        [
            ("name", slug),
            ("slug", slug),
            ("rule", "email is not empty"),
        ]
    };
    let made = maker.submit("/t/nord/inner/new", &wanted("all"));
    assert_eq!(made.status, 303);
    let page = maker.get("/t/nord/all/recipients");
    assert!(
        page.status >= 400 && !page.body.contains("anna@nord.example"),
        "{page:?}"
    );
    assert_eq!(
        maker.get("/t/nord/all/lists").status,
        200,
        "what he holds above"
    );

    // Nor does he hand to somebody else what he lacks.
    let mut with_friend = wanted("friend").to_vec();
    with_friend.extend([
        ("admin_email", "friend@example.org"),
        ("admin_name", "Friend"),
        ("admin_password", PASSWORD),
    ]);
    let refused = maker.submit("/t/nord/inner/new", &with_friend);
    assert_eq!(refused.status, 422, "{refused:?}");
    let program = app.program("nora@example.org", "nord", &["inner.view", "inner.create"]);
    let order = json!({
        "slug": "friend", "name": "Friend", "fence": { "rule": "email is not empty" },
        "administrator": { "email": "friend@example.org", "name": "Friend", "password": PASSWORD },
    });
    let refused = program.send("POST", "/inner", order);
    assert_eq!(refused.status, 422, "{refused:?}");
    let friends = "SELECT count(*) AS n FROM users WHERE email LIKE 'friend%'";
    assert_eq!(count(&mut app.db.as_provisioner(), friends), 0);
    // The person behind a program stays what he is.
    let order =
        json!({ "slug": "shop", "name": "Shop", "fence": { "rule": "email is not empty" } });
    assert_eq!(program.send("POST", "/inner", order).status, 201);
    let nora = app.visitor();
    nora.log_in("nora@example.org");
    assert_eq!(nora.get("/t/nord/shop/users").status, 200);
}

#[test]
fn whoever_makes_a_separate_tenant_hands_on_no_more_than_he_holds() {
    let app = TestApp::new();
    let maker = app.user("maker@example.org", "main", "viewer");
    only(
        &app,
        "maker@example.org",
        "main",
        &["tenants.view", "tenants.create"],
    );
    let friend = [
        ("name", "West"),
        ("slug", "west"),
        ("admin_email", "friend@example.org"),
        ("admin_name", "Friend"),
        ("admin_password", PASSWORD),
    ];
    assert_eq!(maker.submit("/t/main/tenants/new", &friend).status, 422);
    assert_eq!(
        maker.submit("/t/main/tenants/new", &friend[..2]).status,
        303
    );
    assert_eq!(maker.get("/t/west/users").status, 403);
}

#[test]
fn no_password_is_set_of_who_holds_more_above_or_below() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.db.separate("sued");
    let news = app.db.list(&nord, "News");
    app.db.inner("nord", "vip", by_lists(&[news]));
    // Carl is at home in the inner tenant and works in the whole one, too.
    app.member("carl@example.org", "nord/vip", "viewer");
    app.member("carl@example.org", "nord", "viewer");
    let vera = app.user("vera@example.org", "nord/vip", "administrator");
    let password =
        |path: &str, email: &str| format!("/t/{path}/users/{}/password", id(&app, email));
    let his = password("nord/vip", "carl@example.org");
    assert_eq!(vera.get(&his).status, 422);
    vera.get("/t/nord/vip/users");
    let set = vera.post(&his, &[("password", "a quite new password")]);
    assert_eq!(set.status, 422);
    app.visitor().log_in("carl@example.org");

    // Dora has nothing in the whole tenant, but administers the inner one.
    app.member("dora@example.org", "nord", "viewer");
    app.member("dora@example.org", "nord/vip", "administrator");
    let rita = app.user("rita@example.org", "nord", "viewer");
    let keys = [
        "users.view",
        "users.change",
        "recipients.view",
        "dashboard.view",
        "lists.view",
        "fields.view",
    ];
    only(&app, "rita@example.org", "nord", &keys);
    only(&app, "dora@example.org", "nord", &["lists.view"]);
    assert_eq!(rita.get(&password("nord", "dora@example.org")).status, 422);
    only(
        &app,
        "dora@example.org",
        "nord/vip",
        &["lists.view", "fields.view"],
    );
    assert_eq!(rita.get(&password("nord", "dora@example.org")).status, 200);
    // What he does elsewhere is not theirs to know, nor in their way.
    app.member("dora@example.org", "sued", "administrator");
    assert_eq!(rita.get(&password("nord", "dora@example.org")).status, 200);
}

#[test]
fn what_a_role_has_by_another_is_not_made_its_own_by_who_lacks_it() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let role = |pairs: &[(&str, &str)]| {
        nora.get("/t/nord/roles/new");
        nora.post("/t/nord/roles", pairs).location
    };
    role(&[("name", "Exports"), ("rights", "recipients.export")]);
    let whole = role(&[
        ("name", "Whole"),
        ("includes", "exports"),
        ("rights", "lists.view"),
    ]);
    let rita = app.user("rita@example.org", "nord", "viewer");
    let keys = ["roles.view", "roles.change", "lists.view"];
    only(&app, "rita@example.org", "nord", &keys);
    let edit = rita.get(&format!("{whole}/edit"));
    let version = edit.attribute("form.form [name=version]", "value").unwrap();
    let kept = [
        ("name", "Whole"),
        ("includes", "exports"),
        ("rights", "lists.view"),
        ("rights", "recipients.export"),
        ("version", version.as_str()),
    ];
    assert_eq!(rita.post(&whole, &kept).status, 422);
    // Without the other role it would lose the right; with both she changes nothing of it.
    let renamed = [kept[1], kept[2], kept[4], ("name", "All")];
    assert_eq!(rita.post(&whole, &renamed).status, 303);
}

/// The numbers of recipients tell how many there are outside.
#[test]
fn where_a_page_begins_tells_an_inner_tenant_no_number() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let news = app.db.list(&nord, "News");
    for n in 0..120 {
        let lists = if n % 2 == 0 { vec![news] } else { Vec::new() };
        app.db
            .recipient(&nord, &format!("r{n:03}@nord.example"), &lists);
    }
    app.db.inner("nord", "vip", by_lists(&[news]));
    app.member("nora@example.org", "nord", "administrator");
    let ina = app.user("ina@example.org", "nord/vip", "administrator");
    let program = app.program("ina@example.org", "nord/vip", &[]);
    let told = |cursor: &str| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
        let read: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        read["id"].is_number()
    };
    let page = program.get("/recipients?limit=10&sort=email");
    let next = page.json["next"].as_str().unwrap();
    assert!(!told(next), "{next}");
    let (mut seen, mut next) = (10, next.to_owned());
    while !next.is_empty() {
        let page = program.get(&format!("/recipients?limit=10&sort=email&after={next}"));
        seen += page.items().len();
        next = page.json["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(seen, 60);
    let list = ina.get("/t/nord/vip/recipients");
    let link = list.attribute("a[rel=next]", "href").unwrap();
    let cursor = link
        .split("after=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    assert!(!told(cursor), "{cursor}");
    assert_eq!(ina.get(&link).texts("tbody tr").len(), 10);
    // One made up, or of another tenant, begins nowhere.
    let forged = BASE64_URL_SAFE_NO_PAD.encode(r#"{"id":100}"#);
    assert_eq!(
        program.get(&format!("/recipients?after={forged}")).status,
        422
    );
}

/// A hidden field is shown nowhere; a rule or an order would tell it all the same, bit by bit.
#[test]
fn hidden_fields_answer_no_questions() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.member("nora@example.org", "nord", "administrator");
    let nora = app.program("nora@example.org", "nord", &[]);
    let field = json!({
        "key": "score", "type": "text", "label": "Score", "label_de": "Note", "mode": "hidden", "indexed": true,
    });
    let made = nora.send("POST", "/fields", field);
    assert_eq!(made.status, 201, "{made:?}");
    app.db.recipient(&nord, "anna@nord.example", &[]);
    let column = format!("f{}", made.json["id"]);
    let person = json!({ "email": "bert@nord.example", column: "low" });
    app.db.person(&nord, person, &[]);
    app.member("edda@example.org", "nord", "editor");
    let edda = app.program("edda@example.org", "nord", &[]);
    for query in [
        "rule=score%20%3D%20'low'",
        "rule=score%20is%20empty",
        "sort=score",
    ] {
        let asked = edda.get(&format!("/recipients?{query}"));
        assert_eq!(asked.status, 422, "{query}: {asked:?}");
        assert!(!asked.text.contains("low"), "{asked:?}");
    }
    let count = edda.get("/recipients/count?rule=score%20%3D%20'low'");
    assert_eq!(count.status, 422, "{count:?}");
    let person = app.visitor();
    person.log_in("edda@example.org");
    for page in ["recipients", "recipients/count", "recipients/export"] {
        let asked = person.get(&format!("/t/nord/{page}?rule=score+%3D+'low'"));
        assert_eq!(asked.status, 422, "{page}");
    }
    let asked = person.get("/t/nord/recipients?add_field=score&add_operator=%3D&add_value=low");
    assert!(asked.location.is_empty(), "{asked:?}");
    // Whoever defines fields sees what stands in them anyway.
    let known = nora.get("/recipients/count?rule=score%20is%20empty");
    assert_eq!(known.status, 200, "{known:?}");
}

#[test]
fn who_is_added_by_his_address_is_no_name_to_strangers() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.db.separate("sued");
    app.member("carl@example.org", "nord", "editor");
    let rename = "UPDATE users SET name = 'Carl Geheim' WHERE email = 'carl@example.org'";
    app.db.as_provisioner().batch_execute(rename).unwrap();
    let nora = app.user("nora@example.org", "nord", "administrator");
    let sonja = app.user("sonja@example.org", "sued", "administrator");
    let place = [("email", "carl@example.org"), ("roles", "viewer")];
    assert_eq!(sonja.submit("/t/sued/users/new", &place).status, 303);
    let page = format!("/t/sued/users/{}", id(&app, "carl@example.org"));
    for url in [
        "/t/sued/users",
        "/t/sued/users?q=geheim",
        "/t/sued/users/export",
        "/t/sued/audit",
        "/t/sued/audit/export",
        page.as_str(),
        &format!("{page}/roles"),
    ] {
        let shown = sonja.get(url);
        assert_eq!(shown.status, 200, "{url}");
        assert!(!shown.body.contains("Geheim"), "{url}");
    }
    assert_eq!(
        sonja.get("/t/sued/users?q=geheim").texts("tbody tr").len(),
        0
    );
    assert_eq!(sonja.get("/t/sued/users?q=carl").texts("tbody tr").len(), 1);
    let program = app.program("sonja@example.org", "sued", &[]);
    let users = program.get("/users");
    assert!(users.text.contains("carl@example.org") && !users.text.contains("Geheim"));
    assert_eq!(program.get("/users?q=geheim").items().len(), 0);
    assert!(
        nora.get("/t/nord/users").body.contains("Carl Geheim"),
        "at home he is known"
    );
    // Where a page begins is no place to compare with somebody else's name.
    let foreign = format!("/t/sued/users?after={}", id(&app, "nora@example.org"));
    assert_eq!(sonja.get(&foreign).texts("tbody tr").len(), 0);
    assert!(nord.id > 0);
}

#[test]
fn an_import_subscribes_to_no_list_that_is_not_there() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let (news, other) = (app.db.list(&nord, "News"), app.db.list(&nord, "Other"));
    app.db.inner("nord", "vip", by_lists(&[news]));
    app.member("ina@example.org", "nord/vip", "administrator");
    let ina = app.program("ina@example.org", "nord/vip", &[]);
    let send = |list: i32| {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"settings\"\r\n\r\n{}\r\n--x\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"people.csv\"\r\n\r\nE-Mail\nanna@example.org\n\r\n--x--\r\n",
            json!({ "lists": [list] })
        );
        ina.run("POST", "/imports", "multipart/form-data; boundary=x", &body)
    };
    let (hidden, nowhere) = (send(other.0), send(999_999));
    for refused in [&hidden, &nowhere] {
        assert_eq!(refused.status, 422, "{refused:?}");
        assert_eq!(refused.faults()[0].0, "settings.lists", "{refused:?}");
    }
    assert_eq!(hidden.faults(), nowhere.faults());
    assert_eq!(ina.get("/imports").items().len(), 0);
    assert_eq!(send(news.0).status, 202);
}

#[test]
fn all_that_match_is_never_all_because_the_filter_cannot_be_read() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    app.db.recipient(&nord, "anna@nord.example", &[]);
    let edda = app.user("edda@example.org", "nord", "administrator");
    edda.get("/t/nord/recipients");
    let pairs = [
        ("act", "delete"),
        ("which", "all"),
        ("state", "q=nobody&q=twice"),
    ];
    let sent = edda.post("/t/nord/recipients/bulk/delete", &pairs);
    assert_eq!(sent.status, 422, "{sent:?}");
    let jobs = "SELECT count(*) AS n FROM jobs";
    assert_eq!(count(&mut app.db.as_provisioner(), jobs), 0);
}

#[test]
fn guesses_at_the_same_moment_count_like_those_one_after_the_other() {
    let app = TestApp::new();
    app.member("carl@example.org", "main", "viewer");
    let start = Arc::new(Barrier::new(16));
    let tries: Vec<_> = (0..16)
        .map(|_| {
            let (guesser, start) = (app.visitor(), Arc::clone(&start));
            std::thread::spawn(move || {
                let form = guesser.get("/login");
                let mut pairs = form.form("form.form");
                pairs.retain(|(name, _)| name != "email" && name != "password");
                pairs.push(("email".into(), "carl@example.org".into()));
                pairs.push(("password".into(), "wrong horse battery".into()));
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(n, v)| (n.as_str(), v.as_str()))
                    .collect();
                start.wait();
                let told = guesser.post_bare("/login", &pairs);
                assert_eq!(told.status, 422, "{told:?}");
                told.texts("[role=alert]").join(" ").contains("second")
            })
        })
        .collect();
    let held_up = tries.into_iter().map(|one| one.join().unwrap());
    let held_up = held_up.filter(|told| *told).count();
    assert!(held_up >= 11, "only {held_up} of 16 were held up");
}

/// A cookie that is kept to this site does not come along from another: nobody is logged in then.
#[test]
fn another_sites_form_is_not_brought_back_after_the_log_in() {
    let app = TestApp::new();
    app.db.separate("nord");
    let visitor = app.visitor();
    visitor.get("/login");
    let pairs = [("name", "Written elsewhere"), ("_user", "1")];
    let own = visitor.post_with(
        "/t/nord/lists/new",
        &pairs,
        &[("sec-fetch-site", "same-origin")],
    );
    assert!(own.body.contains("kept_body"), "{own:?}");
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let foreign = visitor.post_with("/t/nord/lists/new", &pairs, &[header]);
        assert!(!foreign.body.contains("elsewhere"), "{foreign:?}");
    }
}

#[test]
fn an_inner_tenants_name_written_otherwise_is_never_the_whole_tenant() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let news = app.db.list(&nord, "News");
    app.db.inner("nord", "vip", by_lists(&[news]));
    app.db.recipient(&nord, "outside@nord.example", &[]);
    let nora = app.user("nora@example.org", "nord", "administrator");
    let program = app.program("nora@example.org", "nord", &[]);
    for name in ["VIP", "%76ip", "v%69p", "vip%20", "1"] {
        let page = nora.get(&format!("/t/nord/{name}/recipients"));
        assert_eq!(page.status, 404, "{name}");
        let asked = program.at(&format!("nord/{name}")).get("/recipients");
        assert_eq!(asked.status, 404, "{name}");
    }
    assert_eq!(nora.get("/t/nord").status, 200);
    assert_eq!(nora.get("/t/nord/recipients/new").status, 200);
}

#[test]
fn a_nul_anywhere_is_refused_and_breaks_nothing() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    for query in [
        "users?q=%00",
        "users?state=a%00",
        "audit?act=%00",
        "users/export?q=%00",
        "inner?q=%00",
    ] {
        assert_eq!(nora.get(&format!("/t/nord/{query}")).status, 422, "{query}");
    }
    nora.get("/profile");
    let token = [("tenant", "no\0rd"), ("name", "x")];
    assert_eq!(nora.post("/profile/tokens/new", &token).status, 422);
    let visitor = app.visitor();
    visitor.get("/login");
    let guess = [("email", "a\0b"), ("password", "x")];
    assert_eq!(visitor.post("/login", &guess).status, 422);
}

#[test]
fn the_greatest_number_of_a_version_is_another_version_and_no_fault() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let news = app.db.list(&nord, "News");
    let edda = app.user("edda@example.org", "nord", "administrator");
    let program = app.program("edda@example.org", "nord", &[]);
    edda.submit(
        "/t/nord/roles/new",
        &[("name", "Own"), ("rights", "lists.view")],
    );
    let role = "SELECT max(id)::bigint AS n FROM roles";
    let role = count(&mut app.db.as_provisioner(), role);
    for (page, more) in [
        (format!("/t/nord/lists/{}/edit", news.0), ("name", "Other")),
        (format!("/t/nord/roles/{role}"), ("name", "Other")),
        ("/t/nord/policy".to_owned(), ("password_length", "12")),
    ] {
        let sent = edda.post(&page, &[("version", "2147483647"), more]);
        assert!((400..500).contains(&sent.status), "{page}: {sent:?}");
    }
    let list = json!({ "name": "Other", "version": i32::MAX });
    let sent = program.send("PUT", &format!("/lists/{}", news.0), list);
    assert!((400..500).contains(&sent.status), "{sent:?}");
}
