//! An inner tenant's role against the rows outside its fence, by every way SQL offers.

use super::{World, denied, run};
use crate::support::{by_lists, by_rule};
use mandant::control::tenants::fence::WantedFence;
use mandant::db::Viewer;

#[test]
fn rows_outside_are_not_seen_changed_deleted_or_inserted() {
    let w = World::new();
    let before = w.ask(&w.nord, "SELECT * FROM recipients ORDER BY id");
    let subscriptions = w.ask(&w.nord, "SELECT * FROM subscriptions ORDER BY recipient_id");
    for (tenant, seen) in [
        (&w.vip, "in@nord.example"),
        (&w.adler, "adler@nord.example"),
    ] {
        assert_eq!(
            w.ask(tenant, "SELECT email FROM recipients"),
            format!(r#"[{{"email":"{seen}"}}]"#)
        );
        assert_eq!(w.ask(tenant, "SELECT 1 FROM recipients WHERE id = 2"), "[]");
        assert_eq!(
            w.attempt(
                tenant,
                "UPDATE recipients SET first_name = 'x' WHERE id = 2"
            ),
            "ok 0"
        );
        assert_eq!(
            w.attempt(
                tenant,
                "UPDATE subscriptions SET status = 'blocked' WHERE recipient_id = 2"
            ),
            "ok 0"
        );
        assert_eq!(
            w.attempt(tenant, "DELETE FROM subscriptions WHERE recipient_id = 2"),
            "ok 0"
        );
        for end in [
            "",
            "ON CONFLICT (email) DO NOTHING",
            "ON CONFLICT (email) DO UPDATE SET first_name = 'x'",
        ] {
            denied(&w.attempt(
                tenant,
                &format!("INSERT INTO recipients (email) VALUES ('out@nord.example') {end}"),
            ));
            denied(&w.attempt(
                tenant,
                "INSERT INTO subscriptions (recipient_id, list_id, status) VALUES (2, 1, 'active')",
            ));
        }
        denied(&w.attempt(tenant, "UPDATE subscriptions SET recipient_id = 2"));
        denied(&w.attempt(tenant, "UPDATE subscriptions SET list_id = 2"));
        denied(&w.attempt(tenant, "UPDATE recipients SET id = 2"));
        denied(&w.attempt(tenant, "INSERT INTO lists (name) VALUES ('mine')"));
        denied(&w.attempt(tenant, "UPDATE lists SET name = 'mine'"));
        denied(&w.attempt(tenant, "INSERT INTO recipient_changes (recipient_id, source, changes) VALUES (1, 'form', '{}')"));
        denied(&w.attempt(tenant, "CREATE TABLE mine (x integer)"));
        denied(&w.attempt(tenant, "CREATE TEMPORARY TABLE recipients (x integer)"));
        denied(&w.attempt(tenant, "CREATE SCHEMA mine"));
        assert!(
            w.attempt(tenant, "ALTER VIEW recipients RENAME TO mine")
                .starts_with("must be owner")
        );
        assert!(
            w.attempt(tenant, "DROP VIEW recipients")
                .starts_with("must be owner")
        );
    }
    assert_eq!(
        w.attempt(&w.adler, "DELETE FROM recipients WHERE id = 2"),
        "ok 0"
    );
    denied(&w.attempt(&w.vip, "DELETE FROM recipients WHERE id = 1"));
    assert_eq!(
        w.ask(&w.nord, "SELECT * FROM recipients ORDER BY id"),
        before
    );
    assert_eq!(
        w.ask(&w.nord, "SELECT * FROM subscriptions ORDER BY recipient_id"),
        subscriptions
    );
}

#[test]
fn a_subscription_makes_nobody_visible() {
    let w = World::new();
    let subscribe = |tenant, ids: &str, list: &str| {
        let query = format!("SELECT subscribe('{ids}', {list}, 'active', true, NULL) AS n");
        w.ask_writing(tenant, &query)
    };
    // The hidden one, nobody, null: all the same, nothing.
    for ids in ["{2}", "{4711}", "{NULL}", "{}"] {
        assert_eq!(subscribe(&w.vip, ids, "1"), r#"[{"n":0}]"#);
    }
    for list in ["2", "99", "NULL"] {
        assert_eq!(subscribe(&w.vip, "{1}", list), "list outside the fence");
    }
    assert_eq!(subscribe(&w.adler, "{1,2,3}", "1"), r#"[{"n":1}]"#);
    assert_eq!(
        w.ask(&w.vip, "SELECT id FROM recipients ORDER BY id"),
        "[{\"id\":1}, \n {\"id\":3}]"
    );
    let seen = w.ask(&w.vip, "SELECT DISTINCT list_id FROM subscriptions");
    assert_eq!(
        seen, r#"[{"list_id":1}]"#,
        "subscriptions to lists outside are seen"
    );
}

#[test]
fn fences_of_several_lists_and_of_both_kinds() {
    let w = World::new();
    let two = w.db.inner("nord", "two", by_lists(&[w.news, w.other]));
    let both = WantedFence {
        lists: vec![w.other],
        rule: "last_name = 'Otter'".into(),
        ..WantedFence::by(Viewer::Operator)
    };
    let both = w.db.inner("nord", "both", both);
    assert_eq!(
        w.ask(&two, "SELECT count(*) AS n FROM recipients"),
        r#"[{"n":3}]"#
    );
    assert_eq!(
        w.ask(&both, "SELECT email FROM recipients"),
        r#"[{"email":"out@nord.example"}]"#
    );
    let create = |t, data: &str, lists: &str| {
        w.ask_writing(
            t,
            &format!("SELECT create_recipient('{data}', '{lists}') AS id"),
        )
    };
    // With several lists one must be named; with one it is taken.
    assert_eq!(
        create(&two, r#"{"email":"a@x.example"}"#, "{}"),
        "the fence asks for a list"
    );
    assert_eq!(
        create(&two, r#"{"email":"a@x.example"}"#, "{2}"),
        r#"[{"id":null}]"#
    );
    assert_eq!(
        create(&both, r#"{"email":"b@x.example"}"#, "{}"),
        "outside the fence"
    );
    assert_eq!(
        create(
            &both,
            r#"{"email":"b@x.example","last_name":"Otter"}"#,
            "{1}"
        ),
        "list outside the fence"
    );
    assert_eq!(
        create(
            &both,
            r#"{"email":"b@x.example","last_name":"Otter"}"#,
            "{}"
        ),
        r#"[{"id":null}]"#
    );
    assert_eq!(
        w.ask(&both, "SELECT count(*) AS n FROM recipients"),
        r#"[{"n":2}]"#
    );
    // An open fence cannot be made.
    assert!(
        w.db.try_inner("nord", "open", WantedFence::by(Viewer::Operator), false)
            .is_err()
    );
    assert!(
        w.db.try_inner("nord", "open", by_rule("f999 = 1"), false)
            .is_err()
    );
    assert!(
        w.db.try_inner(
            "nord",
            "open",
            by_lists(&[mandant::db::ids::ListId(99)]),
            false
        )
        .is_err()
    );
}

#[test]
fn moving_out_is_refused_unless_allowed() {
    let w = World::new();
    let out = "UPDATE recipients SET last_name = 'Braun'";
    assert!(
        w.attempt(&w.adler, out)
            .starts_with("new row violates check option")
    );
    assert_eq!(
        w.attempt(&w.adler, "UPDATE recipients SET first_name = 'Anna'"),
        "ok 1"
    );
    let free =
        w.db.try_inner("nord", "free", by_rule("last_name = 'Adler'"), true)
            .unwrap();
    assert_eq!(w.attempt(&free, out), "ok 1");
    assert_eq!(w.ask(&free, "SELECT 1 FROM recipients"), "[]");
    assert_eq!(w.ask(&w.adler, "SELECT 1 FROM recipients"), "[]");
    // The history says who and what, and is seen by whoever sees the person.
    let history = w.ask(
        &w.nord,
        "SELECT source, changes FROM recipient_changes ORDER BY id",
    );
    assert!(history.contains(r#""5": ["Adler", "Braun"]"#), "{history}");
    assert_eq!(w.ask(&w.adler, "SELECT 1 FROM recipient_changes"), "[]");
}

/// A deletion by the parent, or through a fence by rule, takes subscriptions of all inner tenants along:
/// the person is gone. Through a fence by lists only those lists' subscriptions can go.
#[test]
fn what_a_deletion_takes_along() {
    let w = World::new();
    assert_eq!(
        w.attempt(&w.nord, "UPDATE recipients SET first_name = 'x'"),
        "ok 3"
    );
    run(
        &mut w.db.as_provisioner(),
        &format!(
            "INSERT INTO t_{0}.subscriptions (recipient_id, list_id, status) VALUES (1, 2, 'active'), (3, 1, 'active')",
            w.nord.id
        ),
    );
    assert_eq!(
        w.attempt(&w.vip, "DELETE FROM subscriptions WHERE recipient_id = 1"),
        "ok 1"
    );
    assert_eq!(w.ask(&w.vip, "SELECT id FROM recipients"), r#"[{"id":3}]"#);
    assert_eq!(
        w.ask(
            &w.nord,
            "SELECT list_id FROM subscriptions WHERE recipient_id = 1"
        ),
        r#"[{"list_id":2}]"#
    );
    assert_eq!(w.attempt(&w.adler, "DELETE FROM recipients"), "ok 1");
    assert_eq!(w.ask(&w.vip, "SELECT id FROM recipients"), "[]");
    assert_eq!(w.attempt(&w.nord, "DELETE FROM recipients"), "ok 2");
    for table in [
        "subscriptions",
        "recipient_changes",
        "subscription_changes",
        "admissions",
    ] {
        assert_eq!(
            w.ask(&w.nord, &format!("SELECT 1 FROM {table}")),
            "[]",
            "{table}"
        );
    }
}

/// What is an import's or a profile's stays with the inner tenant that made it.
#[test]
fn imports_and_profiles_are_ones_own() {
    let w = World::new();
    for tenant in [&w.nord, &w.vip, &w.adler] {
        assert_eq!(
            w.attempt(tenant, "INSERT INTO imports (file_name) VALUES ('x.csv')"),
            "ok 1"
        );
        assert_eq!(
            w.attempt(
                tenant,
                "INSERT INTO import_profiles (name, settings) VALUES ('same', '{}')"
            ),
            "ok 1"
        );
    }
    assert_eq!(w.ask(&w.vip, "SELECT id FROM imports"), r#"[{"id":2}]"#);
    assert_eq!(
        w.ask(&w.vip, "SELECT id FROM import_profiles"),
        r#"[{"id":2}]"#
    );
    assert_eq!(
        w.attempt(&w.vip, "UPDATE imports SET error = 'x' WHERE id <> 2"),
        "ok 0"
    );
    assert_eq!(
        w.attempt(&w.vip, "DELETE FROM imports WHERE id <> 2"),
        "ok 0"
    );
    denied(&w.attempt(&w.vip, "UPDATE imports SET inner_id = NULL"));
    assert!(
        !w.attempt(&w.vip, "UPDATE imports SET id = 1")
            .starts_with("ok")
    );
    denied(&w.attempt(&w.vip, "UPDATE import_profiles SET inner_id = NULL"));
    denied(&w.attempt(
        &w.vip,
        "INSERT INTO imports (file_name, inner_id) VALUES ('x', NULL)",
    ));
    // Another's import and one that there is not: the same words.
    for import in [1, 3, 99] {
        let sql = format!(
            "INSERT INTO import_problems (import_id, line, refused, code) VALUES ({import}, 1, true, 'x')"
        );
        assert!(
            w.attempt(&w.vip, &sql)
                .starts_with("new row violates check option"),
            "{import}"
        );
    }
}

/// The planner's plan for a hidden address is that for one that there is not, and the statistics are closed.
#[test]
fn plans_and_statistics_tell_nothing() {
    let w = World::new();
    run(
        &mut w.db.as_provisioner(),
        &format!("ANALYZE t_{}.recipients", w.nord.id),
    );
    let plan = |email: &str| {
        let mut text = String::new();
        w.db.look_as(w.vip.scope(), |conn| {
            use diesel::prelude::*;
            #[derive(QueryableByName)]
            struct Plan {
                #[diesel(sql_type = diesel::sql_types::Json, column_name = "QUERY PLAN")]
                plan: serde_json::Value,
            }
            let query =
                format!("EXPLAIN (FORMAT JSON) SELECT * FROM recipients WHERE email = '{email}'");
            text = diesel::sql_query(query)
                .get_result::<Plan>(conn.pg())?
                .plan
                .to_string();
            Ok(())
        })
        .unwrap();
        text.replace(email, "?")
    };
    assert_eq!(plan("out@nord.example"), plan("nobody@nord.ex"));
    assert!(!plan("out@nord.example").contains("nord.example"));
    for tenant in [&w.vip, &w.adler, &w.sued] {
        let stats = "SELECT schemaname, tablename, attname, most_common_vals::text, histogram_bounds::text FROM pg_stats \
            WHERE schemaname ~ '^[ti]_' AND tablename <> 'fields'";
        assert_eq!(w.ask(tenant, stats), "[]");
        denied(&w.ask(tenant, "SELECT * FROM pg_statistic"));
    }
}
