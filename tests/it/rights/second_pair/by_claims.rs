//! What rules of single sign-on give somebody gave: who made the rule.

use super::*;
use crate::login::sign_on::{installation, set_up, sign_on};
use crate::support::provider::Fake;
use serde_json::{Value, json};

fn claims(name: &str, group: &str) -> Value {
    json!({
        "sub": name, "email": format!("{name}@example.org"), "email_verified": true, "name": name, "groups": [group],
    })
}

/// A log-in by which somebody gets the right, if it did not wait.
fn comes(world: &World, fake: &Fake, name: &str, group: &str) -> String {
    let done = sign_on(&world.app.visitor(), fake, &claims(name, group));
    assert_eq!(done.status, 303, "{done:?}");
    let email = format!("{name}@example.org");
    assert_eq!(world.has(&email, RIGHT), (false, true), "{name}");
    email
}

#[test]
fn who_made_a_rule_does_not_confirm_what_it_gives() {
    let (world, fake) = (World::over(installation()), Fake::new());
    // Nora's rule gives whoever is a boss the administrator's role.
    set_up(&world.nora, "nord", &fake, &[]);
    let ina = comes(&world, &fake, "ina", "bosses");
    let page = world.nora.get("/t/nord/pending").texts("main").join("");
    assert!(page.contains("You gave them yourself"), "{page}");
    assert!(world.refused(&world.nora, &ina).contains("yourself"));
    world.decide(&world.anna, "confirm");
    assert_eq!(world.has(&ina, RIGHT), (true, false));
    // Anna saves something else: the rule stays Nora's.
    set_up(&world.anna, "nord", &fake, &[("label", "Other")]);
    let max = comes(&world, &fake, "max", "bosses");
    assert!(world.refused(&world.nora, &max).contains("yourself"));
    world.decide(&world.anna, "confirm");
    // Anna's rule is Anna's.
    let rule = [
        ("claim", "groups"),
        ("value", "chiefs"),
        ("role", "administrator"),
    ];
    set_up(&world.anna, "nord", &fake, &rule);
    let eva = comes(&world, &fake, "eva", "chiefs");
    assert!(world.refused(&world.anna, &eva).contains("yourself"));
    world.decide(&world.nora, "confirm");
    assert_eq!(world.has(&eva, RIGHT), (true, false));
    // So is each that believes a provider that she sets up.
    let nora = world.id("nora@example.org");
    let by_nora = format!("SELECT count(*) AS n FROM sign_on_roles WHERE asked_by = {nora}");
    let by_nora = || count(&mut world.app.db.as_provisioner(), &by_nora);
    assert_eq!(by_nora(), 0);
    let other = [rule.as_slice(), &[("client_id", "other")]].concat();
    set_up(&world.nora, "nord", &fake, &other);
    assert_eq!(by_nora(), 1);
}

#[test]
fn the_last_administrator_keeps_his_critical_rights_when_the_claims_say_so_no_longer() {
    let (world, fake) = (World::over(installation()), Fake::new());
    set_up(&world.nora, "nord", &fake, &[]);
    let ina = comes(&world, &fake, "ina", "bosses");
    world.decide(&world.anna, "confirm");
    world.sql(
        "UPDATE users SET state = 'inactive' WHERE email IN ('nora@example.org', 'anna@example.org', 'otto@example.org')",
    );
    let again = sign_on(&world.app.visitor(), &fake, &claims("ina", "nothing"));
    assert_eq!(again.status, 303);
    assert_eq!(world.has(&ina, RIGHT), (true, false));
}
