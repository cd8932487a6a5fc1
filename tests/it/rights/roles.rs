//! Roles through the pages: who may make, change and hand on what.

use crate::support::app::{Answer, Person, TestApp};
use crate::support::{count, set_place, set_roles};
use diesel::connection::SimpleConnection;
use mandant::control::memberships;
use mandant::control::users::by_email;
use mandant::db::ids::UserId;

fn id(app: &TestApp, email: &str) -> UserId {
    by_email(&mut app.db.as_provisioner(), email)
        .unwrap()
        .unwrap()
}

fn admin(app: &TestApp) -> Person {
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    admin
}

/// Makes a role and answers where its page is.
fn make(person: &Person, tenant: &str, pairs: &[(&str, &str)]) -> Answer {
    person.get(&format!("/t/{tenant}/roles/new"));
    person.post(&format!("/t/{tenant}/roles"), pairs)
}

#[test]
fn a_role_is_made_given_changed_after_a_look_and_brought_back() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let carl = app.user("carl@example.org", "nord", "viewer");
    assert_eq!(carl.get("/t/nord/imports").status, 403);
    assert_eq!(carl.get("/t/nord/roles").status, 403);

    let pairs = [
        ("name", "Importeure Süd"),
        ("rights", "imports.view"),
        ("rights", "lists.view"),
    ];
    let made = make(&nora, "nord", &pairs);
    assert_eq!(made.status, 303);
    let role = made.location;
    let page = nora.get(&role);
    assert!(page.body.contains("importeure-sued"));

    let place = format!("/t/nord/users/{}/roles", id(&app, "carl@example.org"));
    let form = nora.get(&place);
    assert!(form.body.contains("Importeure Süd"));
    let given = nora.submit(&place, &[("roles", "importeure-sued")]);
    assert_eq!(given.status, 303);
    assert_eq!(carl.get("/t/nord/imports").status, 200);
    assert_eq!(
        carl.get("/t/nord/recipients").status,
        403,
        "viewer no longer"
    );

    // The look says what comes and whom it concerns, and changes nothing.
    let edit = nora.get(&format!("{role}/edit"));
    let version = edit.attribute("form.form [name=version]", "value").unwrap();
    let change = [
        ("name", "Importeure"),
        ("rights", "lists.view"),
        ("rights", "recipients.view"),
        ("version", &version),
    ];
    let look = nora.post(&format!("{role}/check"), &change);
    assert_eq!(look.status, 200);
    assert_eq!(look.texts("ins"), ["See recipients"]);
    assert_eq!(look.texts("del"), ["See imports"]);
    assert!(look.body.contains("one person"));
    assert_eq!(carl.get("/t/nord/imports").status, 200);
    assert_eq!(nora.send_form(&look, &[]).status, 303);
    assert_eq!(carl.get("/t/nord/imports").status, 403);
    assert_eq!(carl.get("/t/nord/recipients").status, 200);

    // Who saw the earlier version is told.
    let late = nora.post(&format!("{role}/check"), &change);
    assert_eq!(late.status, 422);
    let earlier = nora.get(&format!("{role}/versions/1"));
    assert_eq!(earlier.texts("ins"), ["See imports"]);
    assert_eq!(nora.send_form(&earlier, &[]).status, 303);
    assert_eq!(carl.get("/t/nord/imports").status, 200);

    // In use it stays; then it goes.
    let ask = nora.get(&format!("{role}/delete"));
    assert_eq!(nora.send_form(&ask, &[]).status, 422);
    set_roles(
        &mut app.db.as_provisioner(),
        id(&app, "carl@example.org"),
        app.db.tenant("nord").id(),
        &["viewer"],
    )
    .unwrap();
    let ask = nora.get(&format!("{role}/delete"));
    assert_eq!(nora.send_form(&ask, &[]).status, 303);
    assert_eq!(nora.get(&role).status, 404);
}

#[test]
fn central_roles_are_for_all_and_own_ones_for_nobody_else() {
    let app = TestApp::new();
    app.db.separate("nord");
    app.db.separate("sued");
    let (main, nora) = (
        admin(&app),
        app.user("nora@example.org", "nord", "administrator"),
    );
    let berta = app.user("berta@example.org", "sued", "administrator");
    let rights = ("rights", "lists.view");
    let central = make(&main, "main", &[("name", "Central"), rights]);
    let own = make(&nora, "nord", &[("name", "Own"), rights]);
    assert_eq!((central.status, own.status), (303, 303));
    let number = central.location.rsplit('/').next().unwrap();
    assert!(nora.get("/t/nord/roles").body.contains("Central"));
    let list = berta.get("/t/sued/roles").body;
    assert!(list.contains("Central") && !list.contains("Own"));
    // Used in the tenant, changed only where it is made.
    assert_eq!(nora.get(&format!("/t/nord/roles/{number}")).status, 200);
    assert_eq!(
        nora.get(&format!("/t/nord/roles/{number}/edit")).status,
        422
    );
    // A key means one role wherever it can be used.
    let taken = make(&nora, "nord", &[("name", "Central"), rights]);
    assert_eq!(taken.status, 422);
    let taken = make(&main, "main", &[("name", "Own"), rights]);
    assert_eq!(taken.status, 422);
    assert_eq!(make(&berta, "sued", &[("name", "Own"), rights]).status, 303);
}

#[test]
fn nobody_hands_on_takes_away_or_gives_himself_what_he_lacks() {
    let app = TestApp::new();
    let nord = app.db.separate("nord").id();
    let nora = app.user("nora@example.org", "nord", "administrator");
    let leader = app.user("leader@example.org", "nord", "viewer");
    app.member("carl@example.org", "nord", "administrator");
    // Rita looks after users and roles and may see lists, no more.
    set_place(
        &mut app.db.as_provisioner(),
        id(&app, "leader@example.org"),
        nord,
        |place| {
            let keys = [
                "users.view",
                "users.change",
                "roles.view",
                "roles.create",
                "roles.change",
                "lists.view",
            ];
            place.roles.clear();
            place.rights = keys.map(str::to_owned).to_vec();
        },
    )
    .unwrap();
    let beyond = make(
        &leader,
        "nord",
        &[("name", "More"), ("rights", "recipients.export")],
    );
    assert_eq!(beyond.status, 422);
    assert!(beyond.body.contains("Export recipients"));
    let beyond = make(&leader, "nord", &[("name", "More"), ("includes", "editor")]);
    assert_eq!(beyond.status, 422);
    let within = make(
        &leader,
        "nord",
        &[("name", "Lists"), ("rights", "lists.view")],
    );
    assert_eq!(within.status, 303);

    // Giving by a place, by single rights, to somebody new; taking from somebody who holds more.
    let carl = format!("/t/nord/users/{}/roles", id(&app, "carl@example.org"));
    assert_eq!(leader.submit(&carl, &[("roles", "lists")]).status, 422);
    let new = [
        ("email", "new@example.org"),
        ("name", "New"),
        ("password", "correct horse battery"),
        ("roles", "editor"),
    ];
    leader.get("/t/nord/users/new");
    assert_eq!(leader.post("/t/nord/users", &new).status, 422);
    let password = format!("/t/nord/users/{}/password", id(&app, "carl@example.org"));
    assert_eq!(leader.get(&password).status, 422, "he holds more");

    // Her own role through the back door: she holds it, so it is not hers to change.
    let role = within.location;
    nora.get("/t/nord/roles");
    set_place(
        &mut app.db.as_provisioner(),
        id(&app, "leader@example.org"),
        nord,
        |place| {
            place.roles = vec!["lists".into()];
            place.rights.retain(|key| key != "lists.view");
        },
    )
    .unwrap();
    let edit = leader.get(&format!("{role}/edit"));
    let version = edit.attribute("form.form [name=version]", "value").unwrap();
    let none = [("name", "Lists"), ("version", version.as_str())];
    let refused = leader.post(&role, &none);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("own rights"));
}

#[test]
fn a_place_counts_between_its_days_and_the_last_administrator_has_none() {
    let app = TestApp::new();
    let nord = app.db.separate("nord").id();
    let nora = app.user("nora@example.org", "nord", "administrator");
    let carl = app.user("carl@example.org", "nord", "editor");
    let place = format!("/t/nord/users/{}/roles", id(&app, "carl@example.org"));
    let set = |values: &[(&str, &str)]| nora.send_form(&nora.get(&place), values);
    assert_eq!(carl.get("/t/nord/lists").status, 200);
    assert_eq!(set(&[("from", "2999-01-01")]).status, 303);
    assert_eq!(carl.get("/t/nord/lists").status, 404, "not yet");
    let past = [("from", ""), ("until", "2020-12-31")];
    assert_eq!(set(&past).status, 303);
    assert_eq!(carl.get("/t/nord/lists").status, 404, "no longer");
    let shown = nora.get(&place);
    assert_eq!(shown.attribute("#until", "value").unwrap(), "2020-12-31");
    let wrong = [("from", "2021-01-01"), ("until", "2020-12-31")];
    let refused = set(&wrong);
    assert_eq!(refused.status, 422);
    assert_eq!(refused.texts("#until-error").len(), 1);
    assert_eq!(set(&[("until", "soon")]).status, 422);
    assert_eq!(set(&[("from", ""), ("until", "")]).status, 303);
    assert_eq!(carl.get("/t/nord/lists").status, 200);

    // The main administrator gives Nora an end: nobody would be left who stays.
    let outcome = set_place(
        &mut app.db.as_provisioner(),
        id(&app, "nora@example.org"),
        nord,
        |place| place.until = Some(chrono::Utc::now()),
    );
    assert!(outcome.is_err(), "{outcome:?}");
}

#[test]
fn the_matrix_shows_what_changes_and_saves_it_for_several_roles_at_once() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let role = |name: &str, right: &str| {
        let made = make(&nora, "nord", &[("name", name), ("rights", right)]);
        made.location.rsplit('/').next().unwrap().to_owned()
    };
    let (one, two) = (role("One", "lists.view"), role("Two", "fields.view"));
    let url = format!("/t/nord/roles/matrix?column={one}&column={two}");
    let page = nora.get(&url);
    assert_eq!(page.texts("thead th").len(), 3);
    let differs = nora.get(&format!("{url}&only=differs"));
    assert_eq!(differs.texts("tbody th[scope=row]").len(), 2);

    let cells = [
        ("column", one.as_str()),
        ("column", two.as_str()),
        ("cell", &format!("{one}:lists.view")),
        ("cell", &format!("{one}:recipients.view")),
        ("version", &format!("{one}:1")),
        ("version", &format!("{two}:1")),
    ];
    let look = nora.post("/t/nord/roles/matrix/check", &cells);
    assert_eq!(look.status, 200);
    assert_eq!(look.texts("ins"), ["See recipients"]);
    assert_eq!(look.texts("del"), ["See fields"]);
    assert_eq!(nora.send_form(&look, &[]).status, 303);
    let right = "SELECT count(*) AS n FROM role_rights rr JOIN roles r ON r.id = rr.role_id
        WHERE (r.key, rr.right_key) IN (('one', 'lists.view'), ('one', 'recipients.view'), ('two', 'fields.view'))";
    assert_eq!(count(&mut app.db.as_provisioner(), right), 2);
    // Who saw the versions before is late.
    let late = [cells[0], cells[1], cells[2], cells[4], cells[5]];
    assert_eq!(nora.post("/t/nord/roles/matrix/check", &late).status, 422);
    // Built-in roles cannot be reached by a made-up cell or change.
    for column in ["1", "2"] {
        let change = format!("{column}:1:+recipients.erase_fenced");
        let refused = nora.post("/t/nord/roles/matrix", &[("change", &change)]);
        assert_eq!(refused.status, 422);
    }
}

#[test]
fn granted_rights_of_a_user_are_kept_apart_from_what_is_in_force() {
    let app = TestApp::new();
    let nord = app.db.separate("nord").id();
    app.member("carl@example.org", "nord", "viewer");
    let mut conn = app.db.as_provisioner();
    let carl = id(&app, "carl@example.org");
    let all = memberships::granted_everywhere(&mut conn, carl).unwrap();
    assert!(all[&nord.0].contains(&"recipients.view".to_owned()));
}

#[test]
fn why_names_the_way_to_a_right_and_who_could_give_it() {
    let app = TestApp::new();
    let nord = app.db.separate("nord").id();
    let nora = app.user("nora@example.org", "nord", "administrator");
    app.member("carl@example.org", "nord", "viewer");
    let made = make(
        &nora,
        "nord",
        &[("name", "Lower"), ("rights", "imports.view")],
    );
    assert_eq!(made.status, 303);
    let made = make(&nora, "nord", &[("name", "Upper"), ("includes", "lower")]);
    assert_eq!(made.status, 303);
    let carl = id(&app, "carl@example.org");
    set_roles(&mut app.db.as_provisioner(), carl, nord, &["upper"]).unwrap();
    let why = |right: &str| nora.get(&format!("/t/nord/users/{carl}/why?right={right}"));
    let can = why("imports.view");
    assert!(can.texts("h2")[0].contains("can do this"));
    assert_eq!(can.texts("section li"), ["by the role Upper › Lower"]);
    let cannot = why("recipients.export");
    assert!(cannot.texts("h2")[0].contains("cannot"));
    assert!(cannot.body.contains("neither a role nor a single right"));
    assert!(cannot.body.contains("Could give it:"));

    app.db
        .as_provisioner()
        .batch_execute(
            "UPDATE tenants SET ceiling = '{users.view,users.change}' WHERE slug = 'nord'",
        )
        .unwrap();
    let capped = why("imports.view");
    assert!(capped.body.contains("by what is set from above"));
    assert!(capped.body.contains("Only the administrators above"));
    set_place(&mut app.db.as_provisioner(), carl, nord, |place| {
        place.until = Some(chrono::Utc::now());
    })
    .unwrap();
    assert!(why("users.view").body.contains("neither"));
    assert!(why("imports.view").body.contains("the place ended"));
    assert_eq!(why("no.such").status, 404);

    // The other way round: who can.
    let who = nora.get("/t/nord/users?right=users.change");
    assert!(who.body.contains("nora@example.org") && !who.body.contains("carl@example.org"));
}
