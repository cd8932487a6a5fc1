//! The review of accesses: what is shown, who may confirm or withdraw what, reminders, dormant accounts.

use super::{id, world};
use crate::support::app::{Person, TestApp};
use crate::support::count;
use crate::support::mailbox::Mailbox;
use diesel::connection::SimpleConnection;
use mandant::clock;
use mandant::control::review::{dormant, remind};

const REVIEW: &str = "/t/nord/access-review";

fn sql(app: &TestApp, sql: &str) {
    app.db.as_provisioner().batch_execute(sql).unwrap();
}

/// The value of a user's box.
fn chosen(who: &Person, email: &str) -> String {
    let page = who.get(&format!("{REVIEW}?q={email}"));
    page.attribute("tbody input[name=chosen]", "value").unwrap()
}

fn said(who: &Person, to: &str) -> String {
    who.get(to).texts(".said").join(" ")
}

#[test]
fn places_are_shown_with_age_and_use_and_confirmed_by_another_who_could_give_them() {
    let (app, nora) = world();
    sql(
        &app,
        "UPDATE memberships SET created_at = now() - interval '1 year'; UPDATE tenants SET review_months = 6",
    );
    let page = nora.get(&format!("{REVIEW}?which=due"));
    assert_eq!(page.texts("tbody tr").len(), 2);
    // Nora's own row has no box.
    assert_eq!(page.texts("tbody input[name=chosen]").len(), 1);
    let rows = page.texts("tbody tr").join("\n");
    assert!(
        rows.contains("carl@example.org (carl@example.org) Editor"),
        "{rows}"
    );
    assert!(rows.contains("Due"));
    // Nora has used hers, Carl not.
    let never = nora.get(&format!("{REVIEW}?which=never")).texts("tbody tr");
    assert_eq!(never.len(), 1);
    assert!(never[0].contains("carl"));
    let carl = chosen(&nora, "carl");
    let done = nora.post(&format!("{REVIEW}/confirm"), &[("chosen", &carl)]);
    assert_eq!(
        (done.status, said(&nora, &done.location).as_str()),
        (303, "Confirmed: 1.")
    );
    assert_eq!(
        nora.get(&format!("{REVIEW}?which=due"))
            .texts("tbody tr")
            .len(),
        1
    );
    let row = nora
        .get(&format!("{REVIEW}?q=carl"))
        .texts("tbody tr")
        .join("");
    assert!(row.contains("by nora@example.org"), "{row}");
    let audit = nora
        .get("/t/nord/audit?act=membership.confirm")
        .texts("tbody tr");
    assert!(audit[0].contains("carl@example.org"));
    // Her own, by a form that she wrote herself.
    let own = "SELECT m.id::bigint AS n FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = 'nora@example.org'";
    let own = count(&mut app.db.as_provisioner(), own);
    let version = format!("SELECT version::bigint AS n FROM memberships WHERE id = {own}");
    let version = count(&mut app.db.as_provisioner(), &version);
    let own = nora.post(
        &format!("{REVIEW}/confirm"),
        &[("chosen", &format!("{own}:{version}"))],
    );
    assert!(said(&nora, &own.location).contains("confirmed by somebody else"));
}

#[test]
fn nobody_confirms_or_withdraws_what_he_could_not_give() {
    let (app, nora) = world();
    let reviewer = "INSERT INTO membership_rights (membership_id, right_key) SELECT m.id, r FROM memberships m JOIN users u ON u.id = m.user_id,
        unnest(ARRAY['users.review', 'users.view']) r WHERE u.email = 'rita@example.org'";
    let rita = app.user("rita@example.org", "nord", "viewer");
    sql(&app, reviewer);
    app.member("vera@example.org", "nord", "viewer");
    let (carl, vera) = (chosen(&rita, "carl"), chosen(&rita, "vera"));
    let both = [("chosen", carl.as_str()), ("chosen", vera.as_str())];
    for act in ["confirm", "withdraw"] {
        let done = rita.post(&format!("{REVIEW}/{act}"), &both);
        let said = said(&rita, &done.location);
        assert!(said.contains(": 1, not: 1."), "{act}: {said}");
    }
    let left = nora.get(REVIEW).texts("tbody tr").join("\n");
    assert!(left.contains("carl@example.org") && !left.contains("vera@example.org"));
    // The last administrator stays, and what somebody changed meanwhile is not decided on.
    app.member("anna@example.org", "nord", "administrator");
    let anna = app.visitor();
    anna.log_in("anna@example.org");
    let carl = chosen(&anna, "carl");
    app.member("carl@example.org", "nord", "viewer");
    let stale = anna.post(&format!("{REVIEW}/withdraw"), &[("chosen", &carl)]);
    assert!(said(&anna, &stale.location).contains("changed it meanwhile"));
    let foreign = anna.post(&format!("{REVIEW}/withdraw"), &[("chosen", "1:1")]);
    assert!(said(&anna, &foreign.location).contains("Withdrawn: 0, not: 1."));
}

#[test]
fn withdrawing_asks_first_and_names_whose_places_end() {
    let (_app, nora) = world();
    let carl = chosen(&nora, "carl");
    let asked = nora.post(&format!("{REVIEW}/ask"), &[("chosen", &carl)]);
    assert_eq!(asked.status, 200);
    assert!(
        asked
            .texts(".form .form-label")
            .join(" ")
            .contains("carl@example.org")
    );
    let done = nora.send(&asked, &[]);
    assert_eq!(said(&nora, &done.location), "Withdrawn: 1.");
    assert_eq!(nora.get(REVIEW).texts("tbody tr").len(), 1);
    let none = nora.post(&format!("{REVIEW}/ask"), &[]);
    assert_eq!(said(&nora, &none.location), "Nothing was chosen.");
}

#[test]
fn the_report_and_the_file_hold_all_places_and_the_settings_their_ranges() {
    let (app, nora) = world();
    let file = nora.get(&format!("{REVIEW}/export"));
    assert_eq!(file.body.lines().count(), 3);
    let report = nora.get(&format!("{REVIEW}/report"));
    assert_eq!(report.texts("tbody tr").len(), 2);
    assert!(report.texts(".intro")[0].contains("2 places, 0 of them due"));
    let page = format!("{REVIEW}/settings");
    for (pairs, field) in [
        ([("months", "37"), ("days", "")], "months"),
        ([("months", ""), ("days", "10")], "days"),
        ([("months", "soon"), ("days", "")], "months"),
    ] {
        let again = nora.submit(&page, &pairs);
        assert_eq!(again.status, 422);
        assert_eq!(again.texts(&format!("#{field}-error")).len(), 1);
    }
    assert_eq!(
        nora.submit(&page, &[("months", "6"), ("days", "90")])
            .status,
        303
    );
    let kept = "SELECT (review_months * 1000 + dormant_days)::bigint AS n FROM tenants WHERE slug = 'nord'";
    assert_eq!(count(&mut app.db.as_provisioner(), kept), 6090);
    let entry = nora
        .get("/t/nord/audit?act=review.settings")
        .texts("tbody tr");
    assert!(entry[0].contains("– → 6"), "{entry:?}");
    let vera = app.user("vera@example.org", "nord", "viewer");
    assert_eq!(vera.get(REVIEW).status, 403);
}

#[test]
fn those_who_may_review_are_reminded_once_a_week_while_something_is_due() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    app.db.separate("nord");
    let _nora = app.user("nora@example.org", "nord", "administrator");
    app.member("carl@example.org", "nord", "editor");
    let mails = "SELECT count(*) AS n FROM mails WHERE kind = 'mail-review'";
    let mailed = |app: &TestApp| count(&mut app.db.as_provisioner(), mails);
    // A second application with the same mail server, as the one that serves.
    let config = crate::support::app::mail_config(&mailbox);
    let other = app.db.again(config).unwrap();
    sql(
        &app,
        "UPDATE tenants SET review_months = 6 WHERE slug = 'nord'",
    );
    assert_eq!(remind::remind(&other).unwrap(), 0);
    sql(
        &app,
        "UPDATE memberships SET created_at = now() - interval '1 year'",
    );
    assert_eq!(remind::remind(&other).unwrap(), 1);
    assert_eq!(remind::remind(&other).unwrap(), 0);
    assert_eq!(mailed(&app), 1);
    sql(
        &app,
        "UPDATE tenants SET review_reminded_at = now() - interval '8 days' WHERE review_reminded_at IS NOT NULL",
    );
    assert_eq!(remind::remind(&other).unwrap(), 1);
    let letter = mailbox.wait("nora@example.org", "2 places are due");
    assert!(letter.text.contains("/t/nord/access-review?which=due"));
}

#[test]
fn dormant_accounts_are_deactivated_but_for_the_last_administrator() {
    let (app, _) = world();
    app.member("dora@example.org", "nord", "viewer");
    app.member("sven@example.org", "sued", "viewer");
    let now = clock::now();
    let due = |app: &TestApp| dormant::deactivate(&app.db.app, now).unwrap();
    let age = "UPDATE users SET created_at = now() - interval '1 year', active_since = now() - interval '1 year', last_login_at = now() - interval '200 days';
        UPDATE sessions SET last_seen_at = now() - interval '200 days'; UPDATE memberships SET last_used_at = NULL";
    sql(&app, age);
    assert_eq!(due(&app), 0, "no tenant has a limit");
    sql(
        &app,
        "UPDATE tenants SET dormant_days = 90 WHERE slug = 'nord'",
    );
    // Carl works in another tenant only; that is use of his account, too.
    sql(&app, "UPDATE memberships m SET last_used_at = now() FROM tenants t, users u
        WHERE t.id = m.tenant_id AND t.slug = 'sued' AND u.id = m.user_id AND u.email = 'carl@example.org'");
    assert_eq!(due(&app), 1);
    let state = |email: &str| {
        let inactive = format!(
            "SELECT count(*) AS n FROM users WHERE email = '{email}' AND state = 'inactive'"
        );
        count(&mut app.db.as_provisioner(), &inactive)
    };
    assert_eq!(
        ["dora", "carl", "nora", "sven"].map(|who| state(&format!("{who}@example.org"))),
        [1, 0, 0, 0]
    );
    // Her session is as old as the rest.
    let nora = app.visitor();
    nora.log_in("nora@example.org");
    let entry = nora.get("/t/nord/audit?act=user.dormant").texts("tbody tr");
    assert!(
        entry[0].contains("dora@example.org") && entry[0].contains("90"),
        "{entry:?}"
    );
    // Activated again she is not dormant at once.
    let dora = format!("/t/nord/users/{}", id(&app, "dora@example.org"));
    assert_eq!(nora.submit(&format!("{dora}/state"), &[]).status, 303);
    assert_eq!(state("dora@example.org"), 0);
    assert_eq!(due(&app), 0);
}

#[test]
fn a_token_uses_its_place_and_a_visit_uses_none() {
    let (app, _nora) = world();
    let used = |email: &str| {
        let used = format!(
            "SELECT count(*) AS n FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = '{email}' AND m.last_used_at IS NOT NULL"
        );
        count(&mut app.db.as_provisioner(), &used)
    };
    assert_eq!(used("carl@example.org"), 0);
    let shop = app.program("carl@example.org", "nord", &["lists.view"]);
    assert_eq!(shop.get("/lists").status, 200);
    assert_eq!(used("carl@example.org"), 1);
    let admin = app.visitor();
    admin.log_in("admin@example.org");
    let enter = format!("/t/main/tenants/{}/enter", app.db.tenant("nord").id);
    admin.submit(&enter, &[]);
    assert_eq!(admin.get("/t/nord/users").status, 200);
    assert_eq!(used("admin@example.org"), 1);
}
