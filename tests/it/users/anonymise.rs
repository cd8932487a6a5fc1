//! Anonymising: nothing that names the person is left anywhere, his number is, and the chain of the audit holds.

use super::{id, page, world};
use crate::isolation::rows;
use crate::support::app::{Person, TestApp};
use mandant::control::audit::{seal, verify};

fn anonymise(who: &Person, page: &str, email: &str) -> u16 {
    who.submit(&format!("{page}/anonymise"), &[("email", email)])
        .status
}

/// All rows of all control tables that say `what` anywhere.
fn found(app: &TestApp, what: &str) -> Vec<String> {
    let mut conn = app.db.as_provisioner();
    let tables = "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'control'::regnamespace AND relkind = 'r'";
    let tables: serde_json::Value =
        serde_json::from_str(&rows(&mut conn, tables).unwrap()).unwrap();
    let names = tables.as_array().unwrap().iter();
    let names = names.map(|row| row["name"].as_str().unwrap().to_owned());
    names
        .filter(|table| {
            let sql = format!("SELECT 1 FROM {table} t WHERE t::text ILIKE '%{what}%' LIMIT 1");
            rows(&mut conn, &sql).unwrap() != "[]"
        })
        .collect()
}

#[test]
fn nothing_that_names_him_is_left_and_the_audit_still_tells_him_apart() {
    let (app, nora) = world();
    let carl = app.visitor();
    carl.log_in("carl@example.org");
    carl.get("/t/nord/recipients");
    let here = page(&app, "nord", "carl@example.org");
    let number = id(&app, "carl@example.org").0;
    let edit = format!("{here}/edit");
    assert_eq!(nora.submit(&edit, &[("name", "Carl Carlsson")]).status, 303);
    assert_eq!(
        nora.submit(&edit, &[("email", "carl.c@example.org")])
            .status,
        303
    );
    let asked = nora.get(&format!("{here}/anonymise"));
    assert!(asked.texts(".intro")[0].contains("Carl Carlsson"));
    assert!(asked.texts(".intro")[0].contains("One place"));
    let wrong = nora.submit(&format!("{here}/anonymise"), &[("email", "x@example.org")]);
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.texts("#email-error").len(), 1);
    assert_eq!(anonymise(&nora, &here, "carl.c@example.org"), 303);

    for what in ["carl", "carlsson"] {
        assert_eq!(found(&app, what), Vec::<String>::new(), "{what}");
    }
    assert_eq!(carl.get("/t/nord/recipients").status, 303);
    assert_eq!(nora.get(&here).status, 404);
    assert!(
        !nora
            .get("/t/nord/users")
            .body
            .contains(&format!("#{number}"))
    );
    let rows = nora.get("/t/nord/audit").texts("tbody tr").join("\n");
    assert!(rows.contains(&format!("Former user #{number}")), "{rows}");
    assert!(rows.contains("Anonymised a user"), "{rows}");
    seal::seal(&app.db.app).unwrap();
    let report = verify::verify(&app.db.app, None).unwrap();
    assert_eq!(report.problems, []);
    // Who erases the same of somebody who is there is told on.
    use diesel::connection::SimpleConnection;
    let erased = "UPDATE audit SET personal = NULL, salt = NULL WHERE act = 'session.begin'";
    app.db.as_provisioner().batch_execute(erased).unwrap();
    let report = verify::verify(&app.db.app, None).unwrap();
    assert!(report.problems.iter().any(|one| one.what == "erased"));

    // His address is free.
    let again = [
        ("email", "carl.c@example.org"),
        ("name", "Another"),
        ("password", crate::support::app::PASSWORD),
        ("roles", "viewer"),
    ];
    assert_eq!(nora.submit("/t/nord/users/new", &again).status, 303);
    assert_ne!(id(&app, "carl.c@example.org").0, number);
}

#[test]
fn only_home_and_those_above_anonymise_never_oneself_and_never_a_last_administrator() {
    let (app, nora) = world();
    let berta = app.user("berta@example.org", "sued", "administrator");
    let in_sued = page(&app, "sued", "carl@example.org");
    assert_eq!(berta.get(&format!("{in_sued}/anonymise")).status, 422);
    assert_eq!(
        berta
            .post(
                &format!("{in_sued}/anonymise"),
                &[("email", "carl@example.org")]
            )
            .status,
        422
    );
    let own = page(&app, "nord", "nora@example.org");
    assert_eq!(nora.get(&format!("{own}/anonymise")).status, 422);
    let vera = app.user("vera@example.org", "nord", "viewer");
    let carl = page(&app, "nord", "carl@example.org");
    assert_eq!(vera.get(&format!("{carl}/anonymise")).status, 403);
    // Nora is nord's only administrator, also for those above.
    let above = app.visitor();
    above.log_in("admin@example.org");
    let nora_from_above = page(&app, "main", "nora@example.org");
    let refused = above.submit(
        &format!("{nora_from_above}/anonymise"),
        &[("email", "nora@example.org")],
    );
    assert_eq!(refused.status, 422);
    assert_eq!(nora.get("/t/nord/users").status, 200);
    // Carl as the only one of a tenant that nord does not see.
    app.db.separate("west");
    app.member("carl@example.org", "west", "administrator");
    let last = nora.submit(
        &format!("{carl}/anonymise"),
        &[("email", "carl@example.org")],
    );
    assert_eq!(last.status, 422, "{}", last.body);
    app.member("wim@example.org", "west", "administrator");
    assert_eq!(anonymise(&nora, &carl, "carl@example.org"), 303);
}

#[test]
fn the_pages_log_in_cannot_erase_what_names_somebody_who_is_there() {
    use diesel::connection::SimpleConnection;
    let (app, _nora) = world();
    let sql = format!(
        "SELECT control.erase_personal({})",
        id(&app, "nora@example.org")
    );
    let refused = app.db.as_control().batch_execute(&sql).unwrap_err();
    assert!(refused.to_string().contains("neither anonymous nor gone"));
}
