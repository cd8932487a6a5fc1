//! Many users at once: the matrix of roles by user, acts for several, filters, comparisons.

use crate::support::app::{Answer, Person, TestApp};
use crate::support::{by_lists, count, set_place};
use diesel::connection::SimpleConnection;
use mandant::control::users::by_email;
use mandant::db::ids::{TenantId, UserId};

fn id(app: &TestApp, email: &str) -> i32 {
    let found = by_email(&mut app.db.as_provisioner(), email).unwrap();
    found.unwrap().0
}

/// `nord` with two administrators, Nora and Otto, two editors, Anna and Bert, and Nora at the keys.
fn world() -> (TestApp, Person) {
    let app = TestApp::new();
    app.db.separate("nord");
    for (email, role) in [
        ("otto@example.org", "administrator"),
        ("anna@example.org", "editor"),
        ("bert@example.org", "editor"),
    ] {
        app.member(email, "nord", role);
    }
    let nora = app.user("nora@example.org", "nord", "administrator");
    (app, nora)
}

fn roles(app: &TestApp, email: &str) -> i64 {
    let sql = format!(
        "SELECT count(*) AS n FROM membership_roles mr JOIN memberships m ON m.id = mr.membership_id
         JOIN users u ON u.id = m.user_id JOIN tenants t ON t.id = m.tenant_id WHERE t.slug = 'nord' AND u.email = '{email}'"
    );
    count(&mut app.db.as_provisioner(), &sql)
}

/// The matrix's form with some cells ticked or not.
fn sent(page: &Answer, on: &[String], off: &[String]) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = page.form("form[action$='/users/matrix/check']");
    pairs.retain(|(name, value)| name != "cell" || !off.contains(value));
    pairs.extend(on.iter().map(|cell| ("cell".to_owned(), cell.clone())));
    pairs
}

fn as_str(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[test]
fn the_matrix_gives_and_takes_roles_after_a_look() {
    let (app, nora) = world();
    let (anna, bert) = (id(&app, "anna@example.org"), id(&app, "bert@example.org"));
    let page = nora.get("/t/nord/users/matrix");
    assert_eq!(page.status, 200);
    assert_eq!(page.texts("thead th[scope=col] a").len(), 4, "all four");
    // Her own column is locked.
    let own = format!(
        "input[name=cell][value^='{}:']",
        id(&app, "nora@example.org")
    );
    assert_eq!(page.texts(&own).len(), 0);
    let pairs = sent(
        &page,
        &[format!("{anna}:viewer")],
        &[format!("{bert}:editor"), String::new()],
    );
    let mut pairs = pairs;
    pairs.push(("cell".into(), format!("{bert}:viewer")));
    let look = nora.post("/t/nord/users/matrix/check", &as_str(&pairs));
    assert_eq!(look.status, 200, "{}", look.body);
    assert_eq!(look.texts(".diff ins").len(), 2);
    assert_eq!(look.texts(".diff del").len(), 1);
    assert_eq!(
        (
            roles(&app, "anna@example.org"),
            roles(&app, "bert@example.org")
        ),
        (1, 1)
    );
    let saved = nora.send_form(&look, &[]);
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert_eq!(
        (
            roles(&app, "anna@example.org"),
            roles(&app, "bert@example.org")
        ),
        (2, 1)
    );
    let events = "SELECT count(*) AS n FROM audit WHERE act = 'membership.roles'";
    assert_eq!(count(&mut app.db.as_provisioner(), events), 2);
    // Sent once more it is about places that have changed meanwhile.
    let late = nora.send_form(&look, &[]);
    assert_eq!(late.status, 422);
    assert_eq!(late.texts(".alert-danger").len(), 1);
}

#[test]
fn the_matrix_hands_on_no_more_than_its_user_holds_and_touches_nobody_else() {
    let (app, _) = world();
    app.db.separate("sued");
    app.member("sofie@example.org", "sued", "viewer");
    let mut db = app.db.as_provisioner();
    // Carla may change users, and little else.
    let carla = app.user("carla@example.org", "nord", "viewer");
    let tenant = app.db.tenant("nord").id;
    let rights = ["users.view", "users.change"].map(str::to_owned).to_vec();
    let carla_id = UserId(id(&app, "carla@example.org"));
    set_place(&mut db, carla_id, TenantId(tenant), |place| {
        place.rights = rights;
    })
    .unwrap();
    let page = carla.get("/t/nord/users/matrix");
    let anna = id(&app, "anna@example.org");
    assert_eq!(
        page.texts(&format!("input[value='{anna}:administrator']"))
            .len(),
        0
    );
    let forged = format!("{anna}:2:+administrator");
    let refused = carla.post("/t/nord/users/matrix", &[("change", &forged)]);
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(roles(&app, "anna@example.org"), 1);
    let stranger = format!("{}:1:+viewer", id(&app, "sofie@example.org"));
    let refused = carla.post("/t/nord/users/matrix", &[("change", &stranger)]);
    assert_eq!(refused.status, 422);
    assert!(!refused.body.contains("sofie"));
    let own = format!("{}:3:+editor", id(&app, "carla@example.org"));
    assert_eq!(
        carla
            .post("/t/nord/users/matrix", &[("change", &own)])
            .status,
        422
    );
    assert_eq!(roles(&app, "carla@example.org"), 1);
}

#[test]
fn an_act_for_several_is_done_for_each_or_refused_with_the_reason() {
    let (app, nora) = world();
    let [anna, bert, own] =
        ["anna", "bert", "nora"].map(|name| id(&app, &format!("{name}@example.org")).to_string());
    let list = nora.get("/t/nord/users");
    assert_eq!(list.texts("input[name=chosen]").len(), 4);
    let chosen = format!("/t/nord/users/bulk?act=give&role_key=viewer&chosen={anna}&chosen={bert}");
    let look = nora.get(&chosen);
    assert_eq!(look.texts("tbody tr").len(), 2);
    assert_eq!(nora.send_form(&look, &[]).status, 303);
    assert_eq!(
        (
            roles(&app, "anna@example.org"),
            roles(&app, "bert@example.org")
        ),
        (2, 2)
    );

    let act = |act: &str, extra: (&str, &str), who: &[&str]| {
        let mut pairs = vec![("act", act), extra];
        pairs.extend(who.iter().map(|id| ("chosen", *id)));
        nora.post("/t/nord/users/bulk", &pairs)
    };
    // Nobody does it to himself; the other one is done all the same.
    let partly = act("deactivate", ("x", ""), &[&anna, &own]);
    assert_eq!(partly.status, 422);
    assert_eq!(partly.texts("tbody tr").len(), 1, "who is left");
    let inactive = "SELECT count(*) AS n FROM users WHERE state = 'inactive'";
    assert_eq!(count(&mut app.db.as_provisioner(), inactive), 1);
    assert_eq!(act("activate", ("x", ""), &[&anna]).status, 303);
    assert_eq!(count(&mut app.db.as_provisioner(), inactive), 0);
    assert_eq!(
        act("until", ("until", "2030-12-31"), &[&anna, &bert]).status,
        303
    );
    let ending = "SELECT count(*) AS n FROM memberships WHERE valid_until > '2030-12-30'";
    assert_eq!(count(&mut app.db.as_provisioner(), ending), 2);
    let unread = act("until", ("until", "31.31.2030"), &[&anna]);
    assert_eq!(
        (unread.status, unread.texts("#until-error").len()),
        (422, 1)
    );
    let no_role = act("give", ("role_key", ""), &[&anna]);
    assert_eq!(
        (no_role.status, no_role.texts("#role_key-error").len()),
        (422, 1)
    );
    for none in ["erase", "compare", ""] {
        assert_eq!(act(none, ("x", ""), &[&anna]).status, 404, "{none}");
    }
    assert_eq!(nora.get("/t/nord/users/bulk?act=give").status, 303);
    let two = nora.get(&format!(
        "/t/nord/users/bulk?act=compare&chosen={anna}&chosen={bert}"
    ));
    assert_eq!(two.status, 303);
    assert!(two.location.contains("/users/compare?one="));
    // Nobody takes what he does not hold, and the last administrator stays one: Otto goes, Nora cannot.
    let otto = id(&app, "otto@example.org").to_string();
    assert_eq!(
        act("take", ("role_key", "administrator"), &[&otto]).status,
        303
    );
    let bertha = app.user("bertha@example.org", "nord", "administrator");
    assert_eq!(
        act("take", ("role_key", "administrator"), &[&own]).status,
        422
    );
    let hers = [
        ("act", "take"),
        ("role_key", "administrator"),
        ("chosen", own.as_str()),
    ];
    assert_eq!(bertha.post("/t/nord/users/bulk", &hers).status, 303);
}

#[test]
fn the_list_narrows_to_those_who_need_attention() {
    let (app, nora) = world();
    let mut db = app.db.as_provisioner();
    db.batch_execute(
        "UPDATE memberships SET valid_until = now() + interval '10 days' WHERE user_id = (SELECT id FROM users WHERE email = 'anna@example.org');
         UPDATE users SET last_login_at = now() - interval '100 days' WHERE email = 'bert@example.org';
         UPDATE users SET last_login_at = now() WHERE email IN ('anna@example.org', 'otto@example.org');
         INSERT INTO second_factors (user_id, sealed, confirmed_at) SELECT id, '\\x00', now() FROM users WHERE email = 'otto@example.org'",
    )
    .unwrap();
    let shown = |query: &str| {
        let page = nora.get(&format!("/t/nord/users?{query}"));
        let mails = page.texts("tbody td:nth-child(3)");
        mails
            .iter()
            .map(|mail| mail.split('@').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown("only=ends"), ["anna"]);
    assert_eq!(shown("only=idle-90"), ["bert"]);
    assert_eq!(shown("only=idle-365"), Vec::<String>::new());
    assert_eq!(shown("only=no-factor"), ["anna", "bert", "nora"]);
    assert_eq!(shown("only=no-factor&role=editor"), ["anna", "bert"]);
}

#[test]
fn users_of_one_tenant_below_are_found_from_above_and_from_nowhere_else() {
    let (app, nora) = world();
    let sued = app.db.separate("sued").id;
    let nord = app.db.tenant("nord").id;
    app.member("anna@example.org", "sued", "viewer");
    let main = app.visitor();
    main.log_in("admin@example.org");
    let list = main.get(&format!("/t/main/users?below={nord}"));
    assert!(list.body.contains("bert@example.org") && !list.body.contains("chosen"));
    let page = main.get(&format!("/t/main/users?below={sued}"));
    assert!(page.body.contains("anna@example.org") && !page.body.contains("bert@example.org"));
    let beside = nora.get(&format!("/t/nord/users?below={sued}"));
    assert!(!beside.body.contains("admin@example.org"));
    assert_eq!(beside.texts("tbody tr").len(), 0);
}

#[test]
fn two_users_and_two_tenants_are_set_side_by_side() {
    let (app, nora) = world();
    let list = app.db.list(&app.db.tenant("nord"), "Fence");
    app.db.inner("nord", "vip", by_lists(&[list]));
    app.db.inner("nord", "alt", by_lists(&[list]));
    let url = "/t/nord/users/compare?one=anna@example.org&other=otto@example.org";
    let page = nora.get(url);
    assert_eq!(page.status, 200);
    let all = page.texts("table").len();
    assert_eq!(all, 2);
    assert!(page.texts("tbody tr").len() > 20);
    let nobody = nora.get("/t/nord/users/compare?one=anna@example.org&other=admin@example.org");
    assert_eq!(
        (nobody.status, nobody.texts("#other-error").len()),
        (422, 1)
    );
    let nothing = nora.get("/t/nord/users/compare");
    assert_eq!(nothing.status, 200);

    let [vip, alt] = ["nord/vip", "nord/alt"].map(|path| app.db.tenant(path).id);
    app.db
        .as_provisioner()
        .batch_execute("UPDATE tenants SET ceiling = '{lists.view}' WHERE slug = 'alt'")
        .unwrap();
    let page = nora.get(&format!("/t/nord/ceilings/compare?one={vip}&other={alt}"));
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.texts("tbody tr").len() > 20);
    let main = app.db.tenant("main").id;
    let foreign = nora.get(&format!("/t/nord/ceilings/compare?one={vip}&other={main}"));
    assert_eq!(foreign.status, 404);
}
