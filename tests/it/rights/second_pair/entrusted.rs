//! Whoever decides how another logs in could act as him: the two are no two pairs of eyes.

use super::*;
use crate::support::app::PASSWORD;

const OTTO: &str = "otto@example.org";
const ANNA: &str = "anna@example.org";

fn set_password(world: &World, who: &Person, email: &str) -> Answer {
    let page = format!("{}/password", world.page(email));
    who.submit(&page, &[("password", PASSWORD)])
}

fn give_carl(world: &World, who: &Person) {
    let page = format!("{}/roles", world.page("carl@example.org"));
    assert_eq!(who.submit(&page, &[("roles", "editor")]).status, 303);
    assert_eq!(world.has("carl@example.org", RIGHT), (false, true));
}

fn set_state(world: &World, who: &Person, email: &str, state: &str) {
    let page = format!("{}/state", world.page(email));
    assert_eq!(
        who.submit(&page, &[("state", state)]).status,
        303,
        "{state}"
    );
}

#[test]
fn whoever_lets_himself_in_as_another_confirms_nothing_as_him() {
    let world = World::new();
    assert_eq!(set_password(&world, &world.nora, OTTO).status, 303);
    assert_eq!(world.has(OTTO, RIGHT), (false, true));
    assert_eq!(world.has(OTTO, "users.change"), (true, false));
    give_carl(&world, &world.nora);
    let as_otto = world.app.visitor();
    as_otto.log_in(OTTO);
    let page = as_otto.get("/t/nord/pending").texts("main").join("");
    assert!(page.contains("how the other logs in"), "{page}");
    let why = world.refused(&as_otto, "carl@example.org");
    assert!(why.contains("how the other logs in"), "{why}");
    let start = as_otto.get("/t/nord").texts(".alert").join("");
    assert!(!start.contains("wait to be confirmed"), "{start}");
    assert!(world.refused(&as_otto, OTTO).contains("your own"));
    assert!(world.refused(&world.nora, OTTO).contains("yourself"));
    // A third confirms that Otto is Otto; then he counts again.
    world.decide(&world.anna, "confirm");
    assert_eq!(world.has(OTTO, RIGHT), (true, false));
    world.decide(&as_otto, "confirm");
    assert_eq!(world.has("carl@example.org", RIGHT), (true, false));
}

#[test]
fn no_way_of_deciding_how_another_logs_in_goes_past_the_third_person() {
    type Way = (&'static str, fn(&World) -> u16);
    let ways: &[Way] = &[
        ("his address", |w| {
            let page = format!("{}/edit", w.page(OTTO));
            w.nora
                .submit(&page, &[("email", "nora.too@example.org")])
                .status
        }),
        ("his second factor", |w| {
            let otto = w.id(OTTO);
            w.sql(&format!(
                "INSERT INTO second_factors (user_id, sealed, confirmed_at) VALUES ({otto}, '', now())"
            ));
            w.nora
                .submit(&format!("{}/second-factor", w.page(OTTO)), &[])
                .status
        }),
        ("a link to hand over", |w| {
            w.sql("UPDATE users SET password_hash = NULL WHERE email = 'otto@example.org'");
            w.nora.get("/t/nord/users");
            let shown = w
                .nora
                .post(&format!("{}/invitation?link", w.page(OTTO)), &[]);
            shown.status + 103
        }),
        ("an address that links", |w| {
            w.sql(
                "INSERT INTO sign_ons (tenant_id, state, issuer, client_id, scopes, label)
                SELECT id, 'on', 'https://id.example.org', 'x', '', 'Ours' FROM tenants WHERE slug = 'nord'",
            );
            w.nora
                .submit(&format!("{}/sign-on", w.page(OTTO)), &[])
                .status
        }),
    ];
    for (way, act) in ways {
        let world = World::new();
        let otto = world.id(OTTO);
        assert_eq!(act(&world), 303, "{way}");
        let waits = format!(
            "SELECT count(*) AS n FROM pending_rights p JOIN memberships m ON m.id = p.membership_id
            WHERE m.user_id = {otto} AND p.right_key = '{RIGHT}' AND NOT p.right_key = ANY (m.in_force)"
        );
        assert_eq!(
            count(&mut world.app.db.as_provisioner(), &waits),
            1,
            "{way}"
        );
    }
    // Another name lets nobody in.
    let world = World::new();
    let page = format!("{}/edit", world.page(OTTO));
    assert_eq!(world.nora.submit(&page, &[("name", "Otto O.")]).status, 303);
    assert_eq!(world.has(OTTO, RIGHT), (true, false));
}

#[test]
fn who_can_act_as_somebody_confirms_nothing_that_others_give_him() {
    let world = World::new();
    // Carl holds nothing critical when Nora lets herself in as him.
    assert_eq!(
        set_password(&world, &world.nora, "carl@example.org").status,
        303
    );
    give_carl(&world, &world.anna);
    let why = world.refused(&world.nora, "carl@example.org");
    assert!(why.contains("how the other logs in"), "{why}");
    // After some days it counts no longer.
    world.sql("UPDATE users SET entrusted_at = now() - interval '15 days'");
    world.decide(&world.nora, "confirm");
    assert_eq!(world.has("carl@example.org", RIGHT), (true, false));
}

#[test]
fn nobody_loses_critical_rights_that_no_third_could_confirm() {
    let world = World::new();
    set_state(&world, &world.nora, OTTO, "inactive");
    world.sql("UPDATE users SET state = 'inactive' WHERE email = 'admin@example.org'");
    let refused = set_password(&world, &world.nora, ANNA);
    assert_eq!(refused.status, 422);
    let why = refused.texts("main").join("");
    assert!(why.contains("there is none who could confirm"), "{why}");
    assert_eq!(world.has(ANNA, RIGHT), (true, false));
    assert_eq!(world.anna.get("/t/nord/recipients/export").status, 200);
    // Who holds nothing critical can be helped.
    let carl = set_password(&world, &world.nora, "carl@example.org");
    assert_eq!(carl.status, 303);
    // Somebody from above is such a third.
    world.sql("UPDATE users SET state = 'active' WHERE email = 'admin@example.org'");
    assert_eq!(set_password(&world, &world.nora, ANNA).status, 303);
    assert_eq!(world.has(ANNA, RIGHT), (false, true));
    let above = world.app.visitor();
    above.log_in("admin@example.org");
    let enter = format!("/t/main/tenants/{}/enter", world.app.db.tenant("nord").id);
    assert_eq!(above.submit(&enter, &[]).status, 303);
    world.decide(&above, "confirm");
    assert_eq!(world.has(ANNA, RIGHT), (true, false));
}

#[test]
fn who_may_log_in_again_has_his_critical_rights_when_another_confirms() {
    let world = World::new();
    set_state(&world, &world.nora, OTTO, "inactive");
    set_state(&world, &world.nora, OTTO, "active");
    assert_eq!(world.has(OTTO, RIGHT), (false, true));
    assert_eq!(world.has(OTTO, "users.change"), (true, false));
    assert!(world.refused(&world.nora, OTTO).contains("yourself"));
    world.decide(&world.anna, "confirm");
    assert_eq!(world.has(OTTO, RIGHT), (true, false));
    // So it is where it is done for several at once.
    for act in ["deactivate", "activate"] {
        let chosen = world.id(OTTO).to_string();
        world.nora.get("/t/nord/users");
        let pairs = [("act", act), ("chosen", chosen.as_str())];
        assert_eq!(world.nora.post("/t/nord/users/bulk", &pairs).status, 303);
    }
    assert_eq!(world.has(OTTO, RIGHT), (false, true));
}
