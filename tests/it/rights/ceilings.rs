//! Tenant's rights through the pages: what is taken above is gone below at once, and back when given back.

use crate::support::app::{Person, TestApp};
use crate::support::{by_lists, set_place};
use mandant::control::audit::Actor;
use mandant::control::tenants::provision::CreateSeparate;
use mandant::control::users::by_email;

fn admin(app: &TestApp) -> Person {
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    admin
}

/// `nord` with `kind` below it and the inner tenant `x`.
fn world() -> (TestApp, Person) {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let mut order = app.db.separate_order("kind");
    order.parent = Some(nord.id());
    mandant::access::system::provision(
        &app.db.app,
        CreateSeparate {
            actor: Actor::cli(),
            ..order
        },
    )
    .unwrap();
    let list = app.db.list(&nord, "Fence");
    app.db.inner("nord", "x", by_lists(&[list]));
    let admin = admin(&app);
    (app, admin)
}

/// Sets the ceiling of a tenant by its page, through the preview.
fn cap(person: &Person, from: &str, id: i32, rights: Option<&[&str]>) -> u16 {
    let page = person.get(&format!("/t/{from}/ceilings/{id}"));
    assert_eq!(page.status, 200);
    let version = page.attribute("form.form [name=version]", "value").unwrap();
    let mut pairs = vec![
        ("limit", if rights.is_some() { "some" } else { "all" }),
        ("version", &version),
    ];
    pairs.extend(
        rights
            .unwrap_or_default()
            .iter()
            .map(|right| ("rights", *right)),
    );
    let look = person.post(&format!("/t/{from}/ceilings/{id}/check"), &pairs);
    if look.status != 200 {
        return look.status;
    }
    person.send_form(&look, &[]).status
}

#[test]
fn a_right_taken_from_a_tenant_is_gone_below_at_once_and_back_when_given_back() {
    let (app, admin) = world();
    let nora = app.user("nora@example.org", "nord", "administrator");
    let kim = app.user("kim@example.org", "kind", "administrator");
    let xena = app.user("xena@example.org", "nord/x", "administrator");
    let all = [(&nora, "nord"), (&kim, "kind"), (&xena, "nord/x")];
    let statuses = |page: &str| all.map(|(who, path)| who.get(&format!("/t/{path}/{page}")).status);
    assert_eq!(statuses("imports"), [200, 200, 200]);

    let nord = app.db.tenant("nord").id;
    let few = [
        "dashboard.view",
        "lists.view",
        "users.view",
        "users.change",
        "ceilings.view",
        "ceilings.change",
    ];
    assert_eq!(cap(&admin, "main", nord, Some(&few)), 303);
    assert_eq!(statuses("imports"), [403, 403, 403]);
    assert_eq!(statuses("lists"), [200, 200, 200]);
    // What is below cannot be lifted beyond it: set, but not in force.
    let kind = app.db.tenant("kind").id;
    assert_eq!(cap(&nora, "nord", kind, Some(&["lists.view"])), 303);
    assert_eq!(kim.get("/t/kind/lists").status, 200);
    assert_eq!(kim.get("/t/kind/users").status, 403);
    assert_eq!(cap(&nora, "nord", kind, None), 303);
    assert_eq!(kim.get("/t/kind/users").status, 200);
    assert_eq!(kim.get("/t/kind/imports").status, 403);

    assert_eq!(cap(&admin, "main", nord, None), 303);
    assert_eq!(statuses("imports"), [200, 200, 200]);
}

#[test]
fn administrators_of_a_limited_tenant_look_after_each_other() {
    let (app, admin) = world();
    let nora = app.user("nora@example.org", "nord", "administrator");
    app.member("otto@example.org", "nord", "administrator");
    let nord = app.db.tenant("nord").id;
    let few = ["dashboard.view", "users.view", "users.change"];
    assert_eq!(cap(&admin, "main", nord, Some(&few)), 303);
    let otto = by_email(&mut app.db.as_provisioner(), "otto@example.org")
        .unwrap()
        .unwrap();
    let password = format!("/t/nord/users/{otto}/password");
    assert_eq!(
        nora.submit(&password, &[("password", "correct horse battery")])
            .status,
        303
    );
    let place = nora.get(&format!("/t/nord/users/{otto}/roles"));
    assert_eq!(nora.send_form(&place, &[("roles", "viewer")]).status, 303);
}

#[test]
fn a_package_is_given_to_many_in_one_act_and_only_with_rights_that_one_holds() {
    let (app, admin) = world();
    admin.get("/t/main/ceilings/packages/new");
    let mailing = [
        ("name", "Mailing only"),
        ("rights", "lists.view"),
        ("rights", "recipients.view"),
    ];
    assert_eq!(
        admin.post("/t/main/ceilings/packages", &mailing).status,
        303
    );
    assert_eq!(
        admin.post("/t/main/ceilings/packages", &mailing).status,
        422,
        "the name is taken"
    );
    let (nord, kind) = (app.db.tenant("nord"), app.db.tenant("kind"));
    let package = admin
        .get("/t/main/ceilings")
        .attribute("#package option:nth-child(2)", "value");
    let package = package.unwrap();
    let chosen = [nord.id, kind.id].map(|id| format!("{id}:1"));
    let pairs = [
        ("tenant", chosen[0].as_str()),
        ("tenant", &chosen[1]),
        ("package", &package),
    ];
    let look = admin.post("/t/main/ceilings/give", &pairs);
    assert_eq!(look.status, 200);
    assert!(
        look.texts("h2")
            .iter()
            .any(|title| title.contains("Kind") || title.contains("KIND"))
    );
    assert_eq!(app.db.tenant("nord").version, 1, "a look changes nothing");
    assert_eq!(admin.send_form(&look, &[]).status, 303);
    let list = admin.get("/t/main/ceilings");
    assert_eq!(
        list.body.matches("Mailing only").count(),
        3,
        "two tenants, and the choice"
    );
    // Who saw the tenants before is told, and nobody gets anything.
    assert_eq!(admin.post("/t/main/ceilings/give", &pairs).status, 409);

    // Rita may set tenant's rights, but holds few herself.
    app.member("rita@example.org", "main", "viewer");
    let rita_id = by_email(&mut app.db.as_provisioner(), "rita@example.org")
        .unwrap()
        .unwrap();
    let main = app.db.tenant("main").id();
    set_place(&mut app.db.as_provisioner(), rita_id, main, |place| {
        place.roles.clear();
        place.rights = ["ceilings.view", "ceilings.change", "lists.view"]
            .map(str::to_owned)
            .to_vec();
    })
    .unwrap();
    let rita = app.visitor();
    rita.log_in("rita@example.org");
    assert_eq!(cap(&rita, "main", nord.id, None), 422);
    assert_eq!(cap(&rita, "main", nord.id, Some(&["recipients.view"])), 303);
}

#[test]
fn the_matrix_of_tenants_takes_and_gives_and_locks_what_lies_beyond() {
    let (app, admin) = world();
    let (nord, kind) = (app.db.tenant("nord").id, app.db.tenant("kind").id);
    assert_eq!(
        cap(&admin, "main", nord, Some(&["lists.view", "fields.view"])),
        303
    );
    let url = format!("/t/main/ceilings/matrix?column={nord}&column={kind}");
    let page = admin.get(&url);
    assert_eq!(page.status, 200);
    let cells = page.body.matches("name=\"cell\"").count();
    let versions: Vec<String> = page
        .form("form[method=post]:has(.matrix)")
        .into_iter()
        .filter(|(name, _)| name == "version")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(versions.len(), 2);
    // In the lower one only what the upper one may is free: all rights and two.
    assert_eq!(cells, mandant::access::rights::ALL.len() + 2);
    let (n, k) = (nord.to_string(), kind.to_string());
    let pairs = [
        ("column", n.as_str()),
        ("column", &k),
        ("version", &versions[0]),
        ("version", &versions[1]),
        ("cell", &format!("{nord}:lists.view")),
        ("cell", &format!("{kind}:lists.view")),
        ("cell", &format!("{kind}:fields.view")),
        ("cell", &format!("{kind}:recipients.export")),
    ];
    let look = admin.post("/t/main/ceilings/matrix/check", &pairs);
    assert_eq!(look.status, 200);
    assert_eq!(look.texts("del"), ["See fields"]);
    assert_eq!(look.texts("ins"), Vec::<String>::new());
    assert_eq!(admin.send_form(&look, &[]).status, 303);
    assert_eq!(app.db.tenant("nord").version, 3);
    assert_eq!(app.db.tenant("kind").version, 1);
}
