//! What can be taken back is offered to be, in the message that says that it was done.

use crate::support::app::{Answer, Person, TestApp};
use mandant::control::users::by_email;

fn world() -> (TestApp, Person) {
    let app = TestApp::new();
    app.db.separate("nord");
    app.member("carl@example.org", "nord", "viewer");
    app.member("admin@example.org", "nord", "administrator");
    let above = app.visitor();
    above.log_in("admin@example.org");
    (app, above)
}

fn user(app: &TestApp, email: &str) -> String {
    let mut conn = app.db.as_provisioner();
    let id = by_email(&mut conn, email).unwrap().unwrap();
    format!("/t/nord/users/{id}")
}

/// Opens the page that an act led to, where its message stands.
fn after(who: &Person, act: &Answer) -> Answer {
    assert_eq!(act.status, 303, "{}", act.body);
    who.get(&act.location)
}

#[test]
fn a_tenant_comes_back_from_the_trash_and_from_being_locked() {
    let (app, above) = world();
    let nora = app.user("nora@example.org", "nord", "administrator");
    let page = format!("/t/main/tenants/{}", app.db.tenant("nord").id);
    let locked = above.submit(&format!("{page}/status"), &[("status", "locked")]);
    let said = after(&above, &locked);
    assert!(
        said.texts(".said")[0].contains("locked"),
        "{:?}",
        said.texts(".said")
    );
    assert_ne!(nora.get("/t/nord").status, 200);
    assert_eq!(above.undo(&said).status, 303);
    assert_eq!(nora.get("/t/nord").status, 200);

    let trashed = above.submit(&format!("{page}/delete"), &[("slug", "nord")]);
    let said = after(&above, &trashed);
    assert_ne!(nora.get("/t/nord").status, 200);
    assert_eq!(above.undo(&said).status, 303);
    assert_eq!(
        {
            // Her sessions ended with it.
            nora.log_in("nora@example.org");
            nora.get("/t/nord").status
        },
        200
    );
    // Shown once: the next page has neither the message nor its button.
    assert!(above.get(&page).texts(".said form").is_empty());
}

#[test]
fn an_inner_tenant_comes_back_from_the_trash() {
    let (app, above) = world();
    let made = above.submit(
        "/t/nord/inner/new",
        &[
            ("name", "VIP"),
            ("slug", "vip"),
            ("rule", "language = 'de'"),
        ],
    );
    assert_eq!(made.status, 303, "{}", made.body);
    let page = format!("/t/nord/inner/{}", app.db.tenant("nord/vip").id);
    let trashed = above.submit(&format!("{page}/delete"), &[("slug", "nord/vip")]);
    let said = after(&above, &trashed);
    assert!(!above.get("/t/nord/inner").body.contains(&page));
    assert_eq!(above.undo(&said).status, 303);
    assert!(above.get("/t/nord/inner").body.contains(&page));
}

#[test]
fn a_user_comes_back_with_his_roles() {
    let (app, above) = world();
    let carl = user(&app, "carl@example.org");
    let off = above.submit(&format!("{carl}/state"), &[]);
    let said = after(&above, &off);
    let login = app.visitor();
    let tries = [
        ("email", "carl@example.org"),
        ("password", crate::support::app::PASSWORD),
    ];
    assert_eq!(login.submit("/login", &tries).status, 422);
    assert_eq!(above.undo(&said).status, 303);
    assert_eq!(login.submit("/login", &tries).status, 303);

    let raised = above.submit(&format!("{carl}/roles"), &[("roles", "editor")]);
    let said = after(&above, &raised);
    assert_eq!(above.undo(&said).status, 303);
    let form = above.get(&format!("{carl}/roles")).form("form.form");
    let roles: Vec<_> = form.iter().filter(|(name, _)| name == "roles").collect();
    assert_eq!(roles, [&("roles".to_owned(), "viewer".to_owned())]);
}

#[test]
fn a_subscription_gets_its_status_back() {
    let (_app, above) = world();
    above.submit("/t/nord/lists/new", &[("name", "News")]);
    let made = above.submit("/t/nord/recipients/new", &[("f1", "a@nord.example")]);
    let list = above.get("/t/nord/recipients");
    let his = list.attribute("tbody a", "href").unwrap();
    assert_eq!(made.status, 303);
    let to = format!("{his}/subscriptions");
    let set = |status: &str| {
        let answer = above.post(&to, &[("list", "1"), ("status", status), ("consent", "")]);
        after(&above, &answer)
    };
    // Who was not on the list cannot be put back to that.
    assert!(set("active").texts(".said form").is_empty());
    let said = set("unsubscribed_admin");
    assert_eq!(
        said.texts("td .badge"),
        ["unsubscribed by an administrator"]
    );
    assert_eq!(above.undo(&said).status, 303);
    assert_eq!(above.get(&his).texts("td .badge"), ["active"]);
}
