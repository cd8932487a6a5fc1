//! The second pair of eyes: by whatever way a critical right is given, nothing of it takes effect before another
//! person confirms it.

mod by_claims;
mod entrusted;

use crate::support::app::{Answer, Person, TestApp};
use crate::support::{count, set_place};
use diesel::connection::SimpleConnection;
use mandant::clock;
use mandant::control::pending;
use mandant::control::users::by_email;
use mandant::db::ids::UserId;

const RIGHT: &str = "recipients.export";

/// `nord` where exporting recipients is critical, with the administrators Nora, Anna and Otto and the viewer Carl.
struct World {
    app: TestApp,
    nora: Person,
    anna: Person,
}

impl World {
    fn new() -> Self {
        let app = TestApp::new();
        app.db.separate("nord");
        Self::over(app)
    }

    fn over(app: TestApp) -> Self {
        app.member("anna@example.org", "nord", "administrator");
        app.member("otto@example.org", "nord", "administrator");
        app.member("carl@example.org", "nord", "viewer");
        let nora = app.user("nora@example.org", "nord", "administrator");
        let anna = app.visitor();
        anna.log_in("anna@example.org");
        let world = Self { app, nora, anna };
        assert_eq!(world.mark(&world.nora, &[RIGHT]).status, 303);
        world
    }

    fn mark(&self, who: &Person, rights: &[&str]) -> Answer {
        let pairs: Vec<(&str, &str)> = rights.iter().map(|right| ("rights", *right)).collect();
        let page = "/t/nord/pending/critical";
        who.get(page);
        who.post(page, &pairs)
    }

    fn id(&self, email: &str) -> i32 {
        let found = by_email(&mut self.app.db.as_provisioner(), email).unwrap();
        found.unwrap().0
    }

    fn page(&self, email: &str) -> String {
        format!("/t/nord/users/{}", self.id(email))
    }

    /// Whether somebody has a right in force in nord, and whether one of his waits.
    fn has(&self, email: &str, right: &str) -> (bool, bool) {
        let place = format!(
            "FROM memberships m JOIN users u ON u.id = m.user_id JOIN tenants t ON t.id = m.tenant_id
             WHERE t.slug = 'nord' AND u.email = '{email}'"
        );
        let mut conn = self.app.db.as_provisioner();
        let force = format!("SELECT count(*) AS n {place} AND '{right}' = ANY (m.in_force)");
        let waits = format!(
            "SELECT count(*) AS n {place} AND EXISTS (SELECT 1 FROM pending_rights p
            WHERE p.membership_id = m.id AND p.right_key = '{right}' AND p.declined_at IS NULL)"
        );
        (count(&mut conn, &force) == 1, count(&mut conn, &waits) == 1)
    }

    /// Confirms or declines the first that waits, by the page's own button.
    fn decide(&self, who: &Person, act: &str) -> String {
        let page = who.get("/t/nord/pending");
        let selector = format!("form[action$='/pending/{act}']");
        let pairs = page.form(&selector);
        assert!(
            !pairs.is_empty(),
            "no button to {act}: {:?}",
            page.texts("main")
        );
        let again = pairs.iter().skip(1).position(|(n, _)| *n == pairs[0].0);
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .take(again.map_or(pairs.len(), |before| before + 1))
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let done = who.post_bare(&format!("/t/nord/pending/{act}"), &pairs);
        assert_eq!(done.status, 303);
        who.get(&done.location).texts(".said").join(" ")
    }

    /// Whether somebody's decision on what waits for a user is refused, by a forged form as well, and why.
    fn refused(&self, who: &Person, email: &str) -> String {
        let place = format!(
            "SELECT m.id::bigint AS n FROM memberships m JOIN users u ON u.id = m.user_id
            JOIN tenants t ON t.id = m.tenant_id WHERE t.slug = 'nord' AND u.email = '{email}'"
        );
        let place = count(&mut self.app.db.as_provisioner(), &place).to_string();
        let page = who.get("/t/nord/pending");
        let offered = page.form("form[action$='/pending/confirm']");
        assert!(offered.is_empty(), "{offered:?}");
        let pairs = [("place", place.as_str()), ("right", RIGHT)];
        let forged = who.post("/t/nord/pending/confirm", &pairs);
        assert_eq!(self.has(email, RIGHT), (false, true));
        who.get(&forged.location).texts(".said").join(" ")
    }

    fn sql(&self, sql: &str) {
        self.app.db.as_provisioner().batch_execute(sql).unwrap();
    }
}

#[test]
fn a_role_gives_its_other_rights_at_once_and_its_critical_ones_when_another_confirms() {
    let world = World::new();
    let carl = world.app.visitor();
    carl.log_in("carl@example.org");
    let given = world.nora.submit(
        &format!("{}/roles", world.page("carl@example.org")),
        &[("roles", "editor")],
    );
    assert_eq!(given.status, 303);
    assert_eq!(carl.get("/t/nord/lists/new").status, 200);
    assert_eq!(carl.get("/t/nord/recipients/export").status, 403);
    // Who gave it sees it, and cannot decide; neither can, of course, who gets it.
    let own = world.nora.get("/t/nord/pending");
    assert_eq!(own.texts("form[action$='/pending/confirm']").len(), 0);
    assert!(
        own.texts("main")
            .join("")
            .contains("You gave them yourself")
    );
    assert_eq!(carl.get("/t/nord/pending").status, 403);
    let place = "SELECT m.id::bigint AS n FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = 'carl@example.org'";
    let place = count(&mut world.app.db.as_provisioner(), place).to_string();
    let forged = world.nora.post(
        "/t/nord/pending/confirm",
        &[("place", &place), ("right", RIGHT)],
    );
    assert!(
        world
            .nora
            .get(&forged.location)
            .texts(".said")
            .join("")
            .contains("yourself")
    );
    assert_eq!(carl.get("/t/nord/recipients/export").status, 403);
    // The start page of who can decide says so, and Carl's page why he cannot.
    assert!(
        world
            .anna
            .get("/t/nord")
            .texts(".alert")
            .join("")
            .contains("wait to be confirmed")
    );
    assert!(
        !world
            .nora
            .get("/t/nord")
            .texts(".alert")
            .join("")
            .contains("wait to be confirmed")
    );
    let why = world.anna.get(&format!(
        "{}/why?right={RIGHT}",
        world.page("carl@example.org")
    ));
    assert!(
        why.texts("main")
            .join("")
            .contains("a second person has not confirmed it yet")
    );
    assert_eq!(
        world.decide(&world.anna, "confirm"),
        "The rights are in force."
    );
    assert_eq!(carl.get("/t/nord/recipients/export").status, 200);
    let audit = world
        .nora
        .get("/t/nord/audit?act=pending.confirm")
        .texts("tbody tr");
    assert!(
        audit[0].contains("anna@example.org") && audit[0].contains("carl@example.org"),
        "{audit:?}"
    );
}

#[test]
fn no_way_of_giving_a_right_goes_past_the_second_person() {
    let role = |who: &Person, rights: &[&str]| {
        let mut pairs = vec![("name", "Own")];
        pairs.extend(rights.iter().map(|right| ("rights", *right)));
        who.get("/t/nord/roles/new");
        who.post("/t/nord/roles", &pairs)
    };
    type Way = (&'static str, fn(&World) -> u16);
    let ways: &[Way] = &[
        ("a single right", |w| {
            let page = format!("{}/roles", w.page("carl@example.org"));
            w.nora
                .submit(&page, &[("roles", "viewer"), ("rights", RIGHT)])
                .status
        }),
        ("the API", |w| {
            let shop = w.app.program("nora@example.org", "nord", &[]);
            let path = format!("/users/{}/roles", w.id("carl@example.org"));
            shop.send("PUT", &path, serde_json::json!({ "roles": ["editor"] }))
                .status
                + 103
        }),
        ("several at once", |w| {
            let chosen = w.id("carl@example.org").to_string();
            w.nora.get("/t/nord/users");
            let pairs = [
                ("act", "give"),
                ("role_key", "editor"),
                ("chosen", chosen.as_str()),
            ];
            w.nora.post("/t/nord/users/bulk", &pairs).status
        }),
        ("a role that changes", |w| {
            let page = format!("{}/roles", w.page("carl@example.org"));
            assert_eq!(w.nora.submit(&page, &[("roles", "own")]).status, 303);
            let own = "SELECT id::bigint AS n FROM roles WHERE key = 'own'";
            let own = count(&mut w.app.db.as_provisioner(), own);
            let pairs = [
                ("name", "Own"),
                ("rights", "lists.view"),
                ("rights", RIGHT),
                ("version", "1"),
            ];
            w.nora.get("/t/nord/roles");
            w.nora.post(&format!("/t/nord/roles/{own}"), &pairs).status
        }),
        ("a role that is included", |w| {
            let page = format!("{}/roles", w.page("carl@example.org"));
            assert_eq!(w.nora.submit(&page, &[("roles", "own")]).status, 303);
            let own = "SELECT id::bigint AS n FROM roles WHERE key = 'own'";
            let own = count(&mut w.app.db.as_provisioner(), own);
            let pairs = [
                ("name", "Own"),
                ("rights", "lists.view"),
                ("includes", "editor"),
                ("version", "1"),
            ];
            w.nora.get("/t/nord/roles");
            w.nora.post(&format!("/t/nord/roles/{own}"), &pairs).status
        }),
        ("the command line", |w| {
            w.app.member("carl@example.org", "nord", "editor");
            303
        }),
    ];
    for (way, give) in ways {
        let world = World::new();
        assert_eq!(role(&world.nora, &["lists.view"]).status, 303);
        assert_eq!(give(&world), 303, "{way}");
        assert_eq!(world.has("carl@example.org", RIGHT), (false, true), "{way}");
        world.decide(&world.anna, "confirm");
        assert_eq!(world.has("carl@example.org", RIGHT), (true, false), "{way}");
    }
}

#[test]
fn who_is_new_waits_too_also_by_the_api_and_a_version_that_is_brought_back() {
    let world = World::new();
    let new = [
        ("email", "neu@example.org"),
        ("name", "Neu"),
        ("password", crate::support::app::PASSWORD),
        ("roles", "editor"),
    ];
    assert_eq!(world.nora.submit("/t/nord/users/new", &new).status, 303);
    assert_eq!(world.has("neu@example.org", RIGHT), (false, true));
    let shop = world.app.program("nora@example.org", "nord", &[]);
    let body =
        serde_json::json!({ "email": "api@example.org", "name": "Api", "roles": ["editor"] });
    assert_eq!(shop.send("POST", "/users", body).status, 201);
    assert_eq!(world.has("api@example.org", RIGHT), (false, true));
    // A role had the right, lost it, and gets it back by its first version.
    let made = [("name", "Own"), ("rights", RIGHT), ("rights", "lists.view")];
    world.nora.get("/t/nord/roles/new");
    assert_eq!(world.nora.post("/t/nord/roles", &made).status, 303);
    let own = count(
        &mut world.app.db.as_provisioner(),
        "SELECT id::bigint AS n FROM roles WHERE key = 'own'",
    );
    let less = [("name", "Own"), ("rights", "lists.view"), ("version", "1")];
    assert_eq!(
        world
            .nora
            .post(&format!("/t/nord/roles/{own}"), &less)
            .status,
        303
    );
    let page = format!("{}/roles", world.page("carl@example.org"));
    assert_eq!(world.nora.submit(&page, &[("roles", "own")]).status, 303);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, false));
    let back = world
        .nora
        .post(&format!("/t/nord/roles/{own}/versions/1"), &[("seen", "2")]);
    assert_eq!(back.status, 303, "{}", back.body);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, true));
}

#[test]
fn who_has_a_right_keeps_it_and_may_have_it_in_another_way() {
    let world = World::new();
    // Nora has it since before it was critical.
    assert_eq!(world.has("nora@example.org", RIGHT), (true, false));
    world.app.member("carl@example.org", "nord", "editor");
    world.decide(&world.anna, "confirm");
    let page = format!("{}/roles", world.page("carl@example.org"));
    // From the role to the single right and back: it was never gone.
    assert_eq!(
        world
            .nora
            .submit(&page, &[("roles", "viewer"), ("rights", RIGHT)])
            .status,
        303
    );
    assert_eq!(world.has("carl@example.org", RIGHT), (true, false));
    let give = |roles: &[&str]| {
        let user = UserId(world.id("carl@example.org"));
        let tenant = world.app.db.tenant("nord").id();
        set_place(&mut world.app.db.as_provisioner(), user, tenant, |place| {
            place.roles = roles.iter().map(|role| (*role).to_owned()).collect();
            place.rights.clear();
        })
        .unwrap();
    };
    give(&["editor"]);
    assert_eq!(world.has("carl@example.org", RIGHT), (true, false));
    // Taken away and given again it waits.
    give(&["viewer"]);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, false));
    give(&["editor"]);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, true));
}

#[test]
fn what_is_declined_or_too_old_stays_without_effect_until_it_is_given_anew() {
    let world = World::new();
    let page = format!("{}/roles", world.page("carl@example.org"));
    assert_eq!(world.nora.submit(&page, &[("roles", "editor")]).status, 303);
    assert!(world.decide(&world.anna, "decline").contains("declined"));
    assert_eq!(world.has("carl@example.org", RIGHT), (false, false));
    // A change of something else brings it to nobody.
    assert_eq!(
        world
            .nora
            .submit(&page, &[("roles", "editor"), ("rights", "users.view")])
            .status,
        303
    );
    assert_eq!(world.has("carl@example.org", RIGHT), (false, false));
    assert_eq!(world.nora.submit(&page, &[("roles", "viewer")]).status, 303);
    assert_eq!(world.nora.submit(&page, &[("roles", "editor")]).status, 303);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, true));
    let now = clock::now();
    assert_eq!(pending::expire(&world.app.db.app, now).unwrap(), 0);
    let later = now + chrono::Duration::days(pending::DAYS + 1);
    assert_eq!(pending::expire(&world.app.db.app, later).unwrap(), 1);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, false));
    let rows = world
        .nora
        .get("/t/nord/audit?act=pending")
        .texts("tbody tr")
        .join("\n");
    for words in ["Declined critical rights", "not confirmed in time"] {
        assert!(rows.contains(words), "{words} lacks in {rows}");
    }
}

#[test]
fn fewer_critical_rights_take_a_second_person_and_marking_takes_two() {
    let world = World::new();
    assert_eq!(world.mark(&world.nora, &[]).status, 303);
    let carl = format!("{}/roles", world.page("carl@example.org"));
    assert_eq!(world.nora.submit(&carl, &[("roles", "editor")]).status, 303);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, true));
    // Saving what is shown decides nothing, and Nora cannot confirm her own wish.
    assert_eq!(world.mark(&world.anna, &[RIGHT]).status, 303);
    let own = world
        .nora
        .post("/t/nord/pending/critical/confirm", &[("rights", RIGHT)]);
    assert!(
        world
            .nora
            .get(&own.location)
            .texts(".said")
            .join("")
            .contains("yourself")
    );
    assert_eq!(world.has("carl@example.org", RIGHT), (false, true));
    world.anna.get("/t/nord/pending/critical");
    let yes = world
        .anna
        .post("/t/nord/pending/critical/confirm", &[("rights", RIGHT)]);
    assert_eq!(yes.status, 303);
    assert_eq!(world.has("carl@example.org", RIGHT), (true, false));
    // Alone nobody marks anything: who should confirm?
    world.app.db.separate("sued");
    let sofie = world.app.user("sofie@example.org", "sued", "administrator");
    sofie.get("/t/sued/pending/critical");
    let alone = sofie.post("/t/sued/pending/critical", &[("rights", RIGHT)]);
    assert_eq!(alone.status, 422);
    assert!(
        alone
            .texts("#rights-error")
            .join("")
            .contains("Fewer than two")
    );
}

#[test]
fn inner_tenants_follow_and_places_that_begin_anew_wait_and_half_an_administrator_is_none() {
    let world = World::new();
    let list = world.app.db.list(&world.app.db.tenant("nord"), "News");
    world
        .app
        .db
        .inner("nord", "vip", crate::support::by_lists(&[list]));
    world.app.member("vera@example.org", "nord/vip", "editor");
    let held = "SELECT count(*) AS n FROM pending_rights p JOIN memberships m ON m.id = p.membership_id JOIN tenants t ON t.id = m.tenant_id
        WHERE t.slug = 'vip'";
    assert_eq!(count(&mut world.app.db.as_provisioner(), held), 1);
    // Over since yesterday, and then without an end.
    world.app.member("carl@example.org", "nord", "editor");
    world.decide(&world.anna, "confirm");
    world.sql("UPDATE memberships m SET valid_until = now() - interval '1 day' FROM users u WHERE u.id = m.user_id AND u.email = 'carl@example.org'");
    world.sql("UPDATE memberships m SET valid_until = NULL FROM users u WHERE u.id = m.user_id AND u.email = 'carl@example.org'");
    assert_eq!(world.has("carl@example.org", RIGHT), (false, true));
    // Whose rights wait does not keep a tenant's last administrator from being needed.
    assert_eq!(
        world.mark(&world.nora, &[RIGHT, "users.change"]).status,
        303
    );
    world.app.member("neu@example.org", "nord", "administrator");
    for gone in ["anna@example.org", "otto@example.org"] {
        let page = format!("{}/roles", world.page(gone));
        assert_eq!(
            world.nora.submit(&page, &[("roles", "viewer")]).status,
            303,
            "{gone}"
        );
    }
    let above = world.app.visitor();
    above.log_in("admin@example.org");
    let nora = format!("/t/main/users/{}/state", world.id("nora@example.org"));
    assert_eq!(above.submit(&nora, &[]).status, 422);
}
