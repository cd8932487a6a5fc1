//! Field changes below inner tenants: all views follow in the same transaction, and a rule whose field is
//! gone closes its fence.

use super::{Provision, World, run};
use crate::support::{by_rule, count};
use mandant::access::system::provision;
use mandant::control::tenants::provision::rebuild_inner;
use mandant::db::provisioner::ProvisionConn;

/// Drops the field that the fence of `numbered` asks for.
fn drop_field(w: &World) -> Result<usize, mandant::error::AppError> {
    let id = w.nord.id();
    provision(
        &w.db.app,
        Provision(move |conn: &mut ProvisionConn<'_>| {
            conn.ddl(id, "DELETE FROM fields WHERE id = 101; ALTER TABLE recipients DROP COLUMN f101 CASCADE")?;
            rebuild_inner(conn, id)
        }),
    )
}

#[test]
fn a_rule_whose_field_is_gone_closes_the_fence() {
    let w = World::new();
    let numbered = w.db.inner("nord", "numbered", by_rule("number = '1'"));
    assert_eq!(
        w.ask(&numbered, "SELECT email FROM recipients"),
        r#"[{"email":"in@nord.example"}]"#
    );
    assert_eq!(drop_field(&w).unwrap(), 3);
    for table in [
        "recipients",
        "subscriptions",
        "recipient_changes",
        "subscription_changes",
    ] {
        assert_eq!(
            w.ask(&numbered, &format!("SELECT * FROM {table}")),
            "[]",
            "{table}"
        );
    }
    let create = r#"SELECT create_recipient('{"email":"x@x.example"}', '{}') AS id"#;
    assert_eq!(w.ask_writing(&numbered, create), "outside the fence");
    // The others go on.
    assert_eq!(
        w.ask(&w.vip, "SELECT email FROM recipients"),
        r#"[{"email":"in@nord.example"}]"#
    );
    assert_eq!(
        w.ask(&w.adler, "SELECT email FROM recipients"),
        r#"[{"email":"adler@nord.example"}]"#
    );
}

/// A hundred inner tenants: all remade, or none, with one that cannot be remade.
#[test]
fn a_hundred_inner_tenants_follow_at_once_or_not_at_all() {
    let w = World::new();
    for n in 0..98 {
        w.db.inner(
            "nord",
            &format!("n{n}"),
            by_rule(&format!("number = '{n}'")),
        );
    }
    let columns = |name: &str| {
        let query = format!(
            "SELECT count(*) AS n FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
             WHERE c.relname = 'recipients' AND c.relkind = 'v' AND a.attname = '{name}' AND NOT a.attisdropped"
        );
        count(&mut w.db.as_provisioner(), &query)
    };
    assert_eq!(columns("f101"), 100);
    // Somebody else's table in the way of the last one: its schema cannot be dropped.
    let last = w.db.tenant("nord/n97").id;
    run(
        &mut w.db.as_provisioner(),
        &format!("ALTER SCHEMA i_{last} OWNER TO CURRENT_USER"),
    );
    assert!(drop_field(&w).is_err());
    assert_eq!(columns("f101"), 100);
    let owner = format!("m{}_own_{}", w.db.inst(), w.nord.id);
    run(
        &mut w.db.as_provisioner(),
        &format!("ALTER SCHEMA i_{last} OWNER TO {owner}"),
    );
    assert_eq!(drop_field(&w).unwrap(), 100);
    assert_eq!(columns("f101"), 0);
    assert_eq!(columns("email"), 100);
}
