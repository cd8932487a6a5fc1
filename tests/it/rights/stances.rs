//! Entering from above, and looking as somebody else.

use crate::support::app::{Person, TestApp};
use crate::support::{by_lists, count, set_place};
use diesel::connection::SimpleConnection;
use mandant::control::users::by_email;
use mandant::db::ids::UserId;

fn id(app: &TestApp, email: &str) -> UserId {
    by_email(&mut app.db.as_provisioner(), email)
        .unwrap()
        .unwrap()
}

/// Makes the installation's administrator a stranger to the tenants that he made.
fn strange(app: &TestApp) -> Person {
    let sql = "DELETE FROM memberships m USING users u, tenants t WHERE u.id = m.user_id AND t.id = m.tenant_id
        AND u.email = 'admin@example.org' AND t.kind <> 'main'";
    app.db.as_provisioner().batch_execute(sql).unwrap();
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    admin
}

#[test]
fn who_enters_from_above_may_what_he_may_there_and_it_is_recorded() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let list = app.db.list(&nord, "Fence");
    app.db.inner("nord", "x", by_lists(&[list]));
    let nora = app.user("nora@example.org", "nord", "administrator");
    let admin = strange(&app);
    assert_eq!(admin.get("/t/nord/lists").status, 404);
    let enter = format!("/t/main/tenants/{}/enter", nord.id);
    let entered = admin.submit(&enter, &[]);
    assert_eq!(
        (entered.status, entered.location.as_str()),
        (303, "/t/nord")
    );
    let page = admin.get("/t/nord/lists");
    assert_eq!(page.status, 200);
    assert_eq!(page.texts(".stance").len(), 1);
    assert!(admin.get("/tenants").body.contains("/t/nord"));
    // Not into what is below that one: that is entered by itself.
    assert_eq!(admin.get("/t/nord/x/lists").status, 404);
    let x = app.db.tenant("nord/x").id;
    let from_visit = admin.submit(&format!("/t/nord/inner/{x}/enter"), &[]);
    assert_eq!(from_visit.status, 422);
    // Within the ceiling of the tenant, too.
    app.db
        .as_provisioner()
        .batch_execute("UPDATE tenants SET ceiling = '{lists.view,audit.view}' WHERE slug = 'nord'")
        .unwrap();
    assert_eq!(admin.get("/t/nord/recipients").status, 403);
    let audit = nora.get("/t/nord/audit");
    assert!(audit.body.contains("Entered the tenant"));

    // With the right above the visit ends; and by leaving.
    let sql = "UPDATE tenants SET ceiling = '{dashboard.view,tenants.view}' WHERE slug = 'main'";
    app.db.as_provisioner().batch_execute(sql).unwrap();
    assert_eq!(admin.get("/t/nord/lists").status, 404);
    app.db
        .as_provisioner()
        .batch_execute("UPDATE tenants SET ceiling = NULL WHERE slug = 'main'")
        .unwrap();
    assert_eq!(admin.get("/t/nord/lists").status, 200);
    let leave = [("tenant", nord.id.to_string())];
    let leave = leave.each_ref().map(|(name, id)| (*name, id.as_str()));
    assert_eq!(admin.post("/tenants/leave", &leave).status, 303);
    assert_eq!(admin.get("/t/nord/lists").status, 404);
}

#[test]
fn a_visitor_who_makes_a_tenant_gets_no_place_in_it() {
    let app = TestApp::new();
    let nord = app.db.separate("nord");
    let list = app.db.list(&nord, "Fence");
    let admin = strange(&app);
    let enter = format!("/t/main/tenants/{}/enter", nord.id);
    assert_eq!(admin.submit(&enter, &[]).status, 303);
    let list = list.to_string();
    let inner = [("name", "Vip"), ("slug", "vip"), ("lists", list.as_str())];
    assert_eq!(admin.submit("/t/nord/inner/new", &inner).status, 303);
    let below = [("name", "Kind"), ("slug", "kind")];
    assert_eq!(admin.submit("/t/nord/tenants/new", &below).status, 303);
    let places = "SELECT count(*) AS n FROM memberships m JOIN users u ON u.id = m.user_id JOIN tenants t ON t.id = m.tenant_id
        WHERE u.email = 'admin@example.org' AND t.kind <> 'main'";
    assert_eq!(count(&mut app.db.as_provisioner(), places), 0);
    assert_eq!(admin.get("/t/nord/vip/lists").status, 404);
}

#[test]
fn who_lacks_the_right_enters_nothing_and_nobody_enters_what_is_not_below() {
    let app = TestApp::new();
    let (nord, sued) = (app.db.separate("nord"), app.db.separate("sued"));
    app.user("nora@example.org", "nord", "administrator");
    let editor = app.user("eve@example.org", "main", "editor");
    editor.get("/t/main");
    let enter = format!("/t/main/tenants/{}/enter", nord.id);
    assert_eq!(editor.post(&enter, &[]).status, 403);
    let nora = app.visitor();
    nora.log_in("nora@example.org");
    nora.get("/t/nord");
    for id in [sued.id, nord.id, app.db.tenant("main").id] {
        let enter = format!("/t/nord/tenants/{id}/enter");
        assert_eq!(nora.post(&enter, &[]).status, 404);
    }
    let visits = "SELECT count(*) AS n FROM visits";
    assert_eq!(count(&mut app.db.as_provisioner(), visits), 0);
}

#[test]
fn looking_as_somebody_shows_what_he_sees_and_changes_nothing() {
    let app = TestApp::new();
    let nord = app.db.separate("nord").id();
    let nora = app.user("nora@example.org", "nord", "administrator");
    app.member("carl@example.org", "nord", "viewer");
    let carl = id(&app, "carl@example.org");
    let page = nora.get(&format!("/t/nord/users/{carl}"));
    assert!(page.body.contains("see-as"));
    let begin = nora.post(&format!("/t/nord/users/{carl}/see-as"), &[]);
    assert_eq!(begin.status, 303);
    let seen = nora.get("/t/nord/recipients");
    assert_eq!(seen.status, 200);
    assert!(seen.texts(".stance")[0].contains("only look"));
    assert_eq!(nora.get("/t/nord/users").status, 403);
    assert_eq!(nora.get("/t/nord/lists/new").status, 403);
    // What she may herself she may not while she looks.
    let made = nora.post("/t/nord/lists/new", &[("name", "By Nora")]);
    assert_eq!(made.status, 403);
    assert_eq!(nora.post("/see-as/end", &[]).status, 303);
    assert_eq!(nora.get("/t/nord/users").status, 200);

    // As a role; and never more than what one holds oneself.
    let rita = app.user("rita@example.org", "nord", "viewer");
    set_place(
        &mut app.db.as_provisioner(),
        id(&app, "rita@example.org"),
        nord,
        |place| {
            place.roles.clear();
            place.rights = ["users.see_as", "roles.view", "lists.view"]
                .map(str::to_owned)
                .to_vec();
        },
    )
    .unwrap();
    rita.get("/t/nord/roles");
    assert_eq!(rita.post("/t/nord/roles/1/see-as", &[]).status, 303);
    assert_eq!(rita.get("/t/nord/recipients").status, 403);
    assert_eq!(rita.get("/t/nord/lists").status, 200);
    assert_eq!(rita.post("/see-as/end", &[]).status, 303);
    let audit = nora.get("/t/nord/audit");
    assert_eq!(
        audit.body.matches("Looked as somebody else").count(),
        3,
        "two, and the filter"
    );
}
