//! The chain: whoever changes, removes, puts in, swaps or cuts off entries with the owner's power over the
//! database is told on by the verification, with the place.

use crate::support::TestDb;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::app::App;
use mandant::config::Config;
use mandant::control::audit::verify::{self, Report};
use mandant::control::audit::{self, Actor, retain, seal};
use mandant::db::ids::{TenantId, UserId};
use mandant::error::Result;
use serde_json::json;
use std::process::{Command, Output};

/// An installation with entries in two tenants, `nord` with five.
struct World {
    db: TestDb,
    nord: TenantId,
}

impl World {
    fn new() -> Self {
        let db = TestDb::new();
        let nord = db.separate("nord").id();
        for n in 1..5 {
            record(&mut db.as_provisioner(), nord, n);
        }
        let world = Self { db, nord };
        world.seal();
        world
    }

    fn seal(&self) {
        seal::seal(&self.db.app).unwrap();
    }

    fn verify(&self) -> Report {
        verify::verify(&self.db.app, None).unwrap()
    }

    /// Runs SQL as the owner of everything and tells what the verification says of it: `what:seq`.
    #[track_caller]
    fn told(&self, sql: &str) -> Vec<String> {
        let sql = sql.replace("$nord", &self.nord.to_string());
        self.db.as_provisioner().batch_execute(&sql).unwrap();
        told(&self.verify())
    }
}

fn told(report: &Report) -> Vec<String> {
    let all = report.problems.iter();
    all.map(|one| format!("{}:{}", one.what, one.seq.unwrap_or(-1)))
        .collect()
}

fn record(conn: &mut PgConnection, tenant: TenantId, n: i32) {
    let data = json!({ "name": n });
    audit::record(
        conn,
        Actor::cli(),
        tenant,
        "list.create",
        &n.to_string(),
        &data,
    )
    .unwrap();
}

/// The entry of nord with that number.
fn entry(seq: i64) -> String {
    format!("(SELECT audit_id FROM audit_seals WHERE tenant_id = $nord AND seq = {seq})")
}

#[test]
fn an_untouched_chain_holds_and_goes_on() {
    let world = World::new();
    let first = world.verify();
    assert_eq!(told(&first), Vec::<String>::new());
    assert_eq!(first.waiting, 0);
    let end = |report: &Report| {
        let all = report.ends.iter();
        all.filter(|end| end.tenant == world.nord.0)
            .map(|end| end.seq)
            .sum::<i64>()
    };
    assert_eq!(end(&first), 5);
    record(&mut world.db.as_provisioner(), world.nord, 9);
    assert_eq!(world.verify().waiting, 1);
    world.seal();
    let second = world.verify();
    assert_eq!((end(&second), second.waiting), (6, 0));
    assert_eq!(told(&second), Vec::<String>::new());
    assert!(
        verify::since(&world.db.app, &first.ends)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_change_of_any_column_shows() {
    for set in [
        "act = 'list.delete'",
        "object = '77'",
        "data = '{}'",
        "at = at + interval '1 second'",
        "user_id = 1",
        "source = 'form'",
        "tenant_id = 1",
        "came_from = 1",
        "seen_as = 'user:1'",
        "mark = '\\x00'",
    ] {
        let world = World::new();
        let told = world.told(&format!("UPDATE audit SET {set} WHERE id = {}", entry(3)));
        assert_eq!(told, ["changed:3"], "{set}");
    }
}

#[test]
fn a_change_of_what_names_a_person_shows_too() {
    let world = World::new();
    let mut conn = world.db.as_provisioner();
    let personal = json!({ "old": { "name": "Anna" }, "new": { "name": "Berta" } });
    let what = ("user.change", "1");
    audit::record_personal(
        &mut conn,
        Actor::form(UserId(1)),
        world.nord,
        what,
        &personal,
    )
    .unwrap();
    world.seal();
    assert_eq!(told(&world.verify()), Vec::<String>::new());
    let changed = "UPDATE audit SET personal = replace(personal::text, 'Anna', 'Carla')::jsonb WHERE act = 'user.change'";
    assert_eq!(world.told(changed), ["personal-changed:6"]);
}

#[test]
fn a_removal_shows_with_and_without_its_seal() {
    let world = World::new();
    assert_eq!(
        world.told(&format!("DELETE FROM audit WHERE id = {}", entry(2))),
        ["removed:2"]
    );
    let world = World::new();
    let both = format!(
        "DELETE FROM audit WHERE id = {0}; DELETE FROM audit_seals WHERE tenant_id = $nord AND seq = 2",
        entry(2)
    );
    assert_eq!(world.told(&both), ["gap:3"]);
    // Also if those after it move up.
    let world = World::new();
    let closed = format!(
        "{both}; UPDATE audit_seals SET seq = seq + 97 WHERE tenant_id = $nord AND seq > 2;
        UPDATE audit_seals SET seq = seq - 98 WHERE tenant_id = $nord AND seq > 2"
    );
    assert_eq!(world.told(&closed), ["reordered:2", "cut:5"]);
    // And if the chain is computed anew to its end, for which the signature is not to be had.
    let world = World::new();
    let forged = format!(
        "{closed}; DO $$ DECLARE s record; prev bytea := ''; BEGIN
            FOR s IN SELECT * FROM audit_seals WHERE tenant_id = $nord ORDER BY seq LOOP
                prev := sha256(prev || s.content);
                UPDATE audit_seals SET hash = prev WHERE tenant_id = $nord AND seq = s.seq;
            END LOOP;
            UPDATE audit_heads SET seq = 4, hash = prev WHERE tenant_id = $nord;
        END $$"
    );
    assert_eq!(world.told(&forged), ["head-forged:2", "head-forged:4"]);
}

#[test]
fn a_tail_that_was_cut_shows() {
    let tail = format!(
        "DELETE FROM audit WHERE id = {}; DELETE FROM audit_seals WHERE tenant_id = $nord AND seq = 5",
        entry(5)
    );
    let world = World::new();
    assert_eq!(world.told(&tail), ["cut:5"]);
    let world = World::new();
    let with_head = format!(
        "{tail}; UPDATE audit_heads SET (seq, hash) = (SELECT seq, hash FROM audit_seals
        WHERE tenant_id = $nord AND seq = 4) WHERE tenant_id = $nord"
    );
    assert_eq!(world.told(&with_head), ["head-forged:2", "head-forged:4"]);
    let world = World::new();
    let without = format!("{tail}; DELETE FROM audit_heads WHERE tenant_id = $nord");
    assert_eq!(world.told(&without), ["chain-missing:2", "head-missing:-1"]);
    // A tenant as if it had never been.
    let world = World::new();
    let all = "DELETE FROM audit WHERE tenant_id = $nord; DELETE FROM audit_seals WHERE tenant_id = $nord;
        DELETE FROM audit_heads WHERE tenant_id = $nord";
    assert_eq!(world.told(all), ["chain-missing:2"]);
}

#[test]
fn an_older_state_put_back_with_its_signatures_shows_against_what_was_printed() {
    let world = World::new();
    let mut conn = world.db.as_provisioner();
    conn.batch_execute("CREATE TABLE kept AS SELECT * FROM audit_heads")
        .unwrap();
    record(&mut conn, world.nord, 9);
    world.seal();
    let printed = world.verify().ends;
    let back = "DELETE FROM audit WHERE object = '9'; DELETE FROM audit_seals WHERE tenant_id = $nord AND seq = 6;
        DELETE FROM audit_heads; INSERT INTO audit_heads SELECT * FROM kept";
    assert_eq!(world.told(back), Vec::<String>::new());
    let since = verify::since(&world.db.app, &printed).unwrap();
    assert_eq!(since.len(), 1);
    assert_eq!(
        (since[0].what.as_str(), since[0].seq),
        ("rolled-back", Some(6))
    );
    conn.batch_execute("DROP TABLE kept").unwrap();
}

#[test]
fn entries_that_were_put_in_or_swapped_show() {
    let world = World::new();
    let inserted =
        "INSERT INTO audit (tenant_id, source, act) VALUES ($nord, 'form', 'list.create');
        DELETE FROM audit_unsealed";
    assert_eq!(world.told(inserted), ["inserted:-1"]);
    let world = World::new();
    let swapped = format!(
        "UPDATE audit a SET data = b.data, object = b.object FROM audit b
        WHERE a.id IN ({0}, {1}) AND b.id IN ({0}, {1}) AND a.id <> b.id",
        entry(2),
        entry(4)
    );
    assert_eq!(world.told(&swapped), ["changed:2", "changed:4"]);
    let world = World::new();
    let seals = "UPDATE audit_seals SET seq = -seq WHERE tenant_id = $nord AND seq IN (2, 3);
        UPDATE audit_seals SET seq = CASE seq WHEN -2 THEN 3 ELSE 2 END WHERE tenant_id = $nord AND seq < 0";
    assert_eq!(
        world.told(seals),
        ["reordered:2", "reordered:3", "reordered:4"]
    );
    let world = World::new();
    record(&mut world.db.as_provisioner(), world.nord, 9);
    assert_eq!(
        world.told("DELETE FROM audit WHERE object = '9'"),
        ["vanished:-1"]
    );
}

#[test]
fn a_transaction_that_commits_late_with_a_smaller_number_is_sealed_all_the_same() {
    let world = World::new();
    let mut slow = world.db.as_provisioner();
    slow.batch_execute("BEGIN").unwrap();
    record(&mut slow, world.nord, 20);
    record(&mut world.db.as_provisioner(), world.nord, 21);
    world.seal();
    slow.batch_execute("COMMIT").unwrap();
    world.seal();
    let report = world.verify();
    assert_eq!(told(&report), Vec::<String>::new());
    assert_eq!(report.waiting, 0);
    let order = "SELECT string_agg(a.object, ',' ORDER BY s.seq) AS o FROM audit_seals s JOIN audit a ON a.id = s.audit_id WHERE s.seq > 5 AND s.tenant_id = ";
    let order = crate::isolation::rows(
        &mut world.db.as_provisioner(),
        &format!("{order}{}", world.nord),
    );
    assert_eq!(order.unwrap(), r#"[{"o":"21,20"}]"#);
}

#[test]
fn a_sealing_that_was_cut_off_leaves_nothing_half_done() {
    let world = World::new();
    record(&mut world.db.as_provisioner(), world.nord, 9);
    let mut conn = world.db.as_control();
    // Sealed, not signed, and then the connection is gone.
    conn.batch_execute("BEGIN; SELECT control.seal_audit(10)")
        .unwrap();
    drop(conn);
    let mut report = world.verify();
    // The server notices the dead connection in a moment.
    for _ in 0..100 {
        world.seal();
        report = world.verify();
        if report.waiting == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(told(&report), Vec::<String>::new());
    assert_eq!(report.waiting, 0);
}

#[test]
fn servers_that_seal_at_once_make_one_chain() {
    let world = World::new();
    let other = world.db.again(Config::default()).unwrap();
    let sealing = |app: &App| -> Result<()> {
        for _ in 0..40 {
            seal::seal(app)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads = [
            scope.spawn(|| sealing(&world.db.app)),
            scope.spawn(|| sealing(&other)),
        ];
        let mut conn = world.db.as_provisioner();
        for n in 100..400 {
            record(&mut conn, world.nord, n);
        }
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
    world.seal();
    let report = world.verify();
    assert_eq!(told(&report), Vec::<String>::new());
    assert_eq!(report.waiting, 0);
    assert!(report.entries >= 305);
}

#[test]
fn what_is_older_than_kept_goes_and_leaves_a_signed_checkpoint() {
    let world = World::new();
    let mut conn = world.db.as_provisioner();
    let set =
        |conn: &mut PgConnection, days| retain::set_days(conn, Actor::cli(), world.nord, days);
    assert!(set(&mut conn, Some(89)).is_err());
    // Without a limit nothing goes, however old.
    assert_eq!(retain::prune_all(&world.db.app).unwrap(), 0);
    set(&mut conn, Some(90)).unwrap();
    // Three old ones at the beginning of a fresh chain, as time would have made them.
    let aged = "UPDATE audit SET at = at - interval '100 days' WHERE id IN (SELECT audit_id FROM audit_seals WHERE tenant_id = $nord AND seq <= 3);
        DELETE FROM audit_seals; DELETE FROM audit_heads; INSERT INTO audit_unsealed SELECT id FROM audit ON CONFLICT DO NOTHING";
    conn.batch_execute(&aged.replace("$nord", &world.nord.to_string()))
        .unwrap();
    world.seal();
    assert_eq!(told(&world.verify()), Vec::<String>::new());
    let printed = world.verify().ends;
    assert_eq!(retain::prune_all(&world.db.app).unwrap(), 3);
    assert_eq!(retain::prune_all(&world.db.app).unwrap(), 0);
    world.seal();
    let report = world.verify();
    assert_eq!(told(&report), Vec::<String>::new());
    assert!(verify::since(&world.db.app, &printed).unwrap().is_empty());
    // The checkpoint is as much part of the proof as the entries.
    assert_eq!(
        world.told("UPDATE audit_checkpoints SET removed = 2, seq = 4"),
        ["checkpoint-forged:4", "gap:4"]
    );
}

#[test]
fn a_broken_chain_is_not_pruned_and_the_database_keeps_ninety_days_whatever_is_asked() {
    let world = World::new();
    let mut conn = world.db.as_provisioner();
    retain::set_days(&mut conn, Actor::cli(), world.nord, Some(90)).unwrap();
    let broken = format!(
        "UPDATE audit SET at = at - interval '100 days' WHERE id = {}",
        entry(1)
    );
    assert_eq!(world.told(&broken), ["changed:1"]);
    assert_eq!(retain::prune_all(&world.db.app).unwrap(), 0);
    assert!(retain::prune(&world.db.app, world.nord).is_err());
    // As the log-in of the pages, by hand: nothing younger goes.
    let young = World::new();
    let days = "UPDATE tenants SET audit_days = 90";
    young.db.as_provisioner().batch_execute(days).unwrap();
    let prune = format!(
        "SELECT count(*) AS n FROM control.prune_audit({})",
        young.nord
    );
    assert_eq!(crate::support::count(&mut young.db.as_control(), &prune), 0);
}

fn mandant(db: &TestDb, arguments: &[&str]) -> Output {
    use secrecy::ExposeSecret;
    Command::new(env!("CARGO_BIN_EXE_mandant"))
        .args(arguments)
        .env("MANDANT_DATABASE_URL", db.database.url.expose_secret())
        .output()
        .unwrap()
}

#[test]
fn the_command_line_verifies_and_fails_where_a_chain_is_broken() {
    let world = World::new();
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let good = mandant(&world.db, &["audit", "verify", "--json"]);
    assert!(good.status.success(), "{good:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ends.json");
    std::fs::write(&file, text(&good)).unwrap();
    let since = [
        "audit",
        "verify",
        "--tenant",
        "nord",
        "--since",
        file.to_str().unwrap(),
    ];
    let good = mandant(&world.db, &since);
    assert!(good.status.success(), "{good:?}");
    assert_eq!(text(&good).trim(), "5 entries in 1 chains hold");
    world.told(&format!(
        "UPDATE audit SET act = 'x.y' WHERE id = {}",
        entry(2)
    ));
    let bad = mandant(&world.db, &["audit", "verify"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(
        text(&bad).contains("(NORD), number 2, entry "),
        "{}",
        text(&bad)
    );
    assert!(text(&bad).contains("the entry was changed"));
    let other = mandant(&world.db, &["audit", "verify", "--tenant", "main"]);
    assert!(other.status.success());
}
