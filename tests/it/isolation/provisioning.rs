//! Tenants are made and removed whole or not at all, wherever the work is cut off; and the program does not
//! start with log-ins that reach more than they must.

use super::{rows, run};
use crate::support::proxy::Proxy;
use crate::support::{TestDb, by_lists, count, until};
use mandant::access::system::provision;
use mandant::config::Config;
use mandant::control::audit::Actor;
use mandant::control::tenants::provision::{CreateSeparate, FirstUser, Purge, Restore, Trash};
use mandant::control::users::NewUser;
use mandant::db::ids::TenantId;
use mandant::db::provisioner::{Order, Provisioner};
use mandant::error::Result;
use secrecy::{ExposeSecret, SecretString};

/// All roles, schemas, tables, memberships and rows that tenants consist of.
pub fn everything(db: &TestDb) -> String {
    let inst = db.inst();
    let query = format!(
        "SELECT 'role ' || rolname AS x FROM pg_roles WHERE rolname LIKE 'm{inst}\\_%' \
         UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_' \
         UNION ALL SELECT 'relation ' || oid::regclass FROM pg_class WHERE relnamespace::regnamespace::text ~ '^[ti]_' \
         UNION ALL SELECT 'member ' || member::regrole || ' ' || roleid::regrole FROM pg_auth_members \
            WHERE roleid::regrole::text LIKE 'm{inst}\\_%' \
         UNION ALL SELECT 'tenant ' || id || slug || COALESCE(trashed_at::text, '') FROM tenants \
         UNION ALL SELECT 'user ' || email FROM users \
         UNION ALL SELECT 'session ' || id FROM sessions \
         UNION ALL SELECT 'job ' || id || state || cancel FROM jobs \
         UNION ALL SELECT 'audit ' || count(*) FROM audit ORDER BY 1"
    );
    rows(&mut db.as_provisioner(), &query).unwrap()
}

/// Waits until the server has noticed that the provisioner is gone and has rolled back.
fn settle(db: &TestDb) {
    let mut conn = db.as_provisioner();
    let alive = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
        AND application_name = 'mandant provisioner' AND state <> 'idle'";
    until("a backend stays", || count(&mut conn, alive) == 0);
}

/// Runs an order again and again, cut off after one round trip more each time, until it succeeds; before
/// that, nothing may have changed. Answers after how many.
fn cut_everywhere<O: Order>(db: &TestDb, order: impl Fn() -> O) -> (i64, O::Answer) {
    let url = db.database.url.expose_secret();
    let proxy = Proxy::new(url);
    let provisioner = Provisioner::prepare(&SecretString::from(proxy.url(url))).unwrap();
    let before = everything(db);
    for trips in 0..200 {
        proxy.allow(trips);
        let outcome: Result<O::Answer> = provisioner.carry_out(order());
        proxy.allow(i64::MAX);
        if let Ok(answer) = outcome {
            return (trips, answer);
        }
        settle(db);
        assert_eq!(everything(db), before, "cut off after {trips} round trips");
    }
    panic!("never succeeded")
}

#[test]
fn a_separate_tenant_is_made_whole_or_not_at_all() {
    let db = TestDb::new();
    let (trips, id) = cut_everywhere(&db, || db.separate_order("nord"));
    assert!(trips > 10, "{trips}");
    assert_eq!(db.tenant("nord").id(), id);
    db.recipient(&db.tenant("nord"), "a@x.example", &[]);
}

/// A first administrator is part of it: where the tenant fails there is no such user either.
#[test]
fn a_tenant_and_its_first_administrator_are_made_together() {
    let db = TestDb::new();
    let order = || CreateSeparate {
        admin: Some(FirstUser {
            user: NewUser::check("first@x.example", "First", None, "en").unwrap(),
            roles: vec!["administrator".into()],
        }),
        ..db.separate_order("nord")
    };
    let (trips, id) = cut_everywhere(&db, order);
    assert!(trips > 15, "{trips}");
    let places = "SELECT u.email, m.tenant_id, u.home_tenant_id FROM users u JOIN memberships m ON m.user_id = u.id \
        WHERE u.email LIKE 'first@%'";
    assert_eq!(
        rows(&mut db.as_provisioner(), places).unwrap(),
        format!(r#"[{{"email":"first@x.example","tenant_id":{id},"home_tenant_id":{id}}}]"#)
    );
}

#[test]
fn an_inner_tenant_is_made_whole_or_not_at_all() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let fence = by_lists(&[db.list(&nord, "News")]);
    let (trips, id) = cut_everywhere(&db, || db.inner_order("nord", "vip", fence.clone(), false));
    assert!(trips > 10, "{trips}");
    assert_eq!(db.tenant("nord/vip").id(), id);
}

#[test]
fn tenants_are_removed_whole_or_not_at_all() {
    let db = TestDb::new();
    let empty = everything(&db);
    let nord = db.separate("nord");
    let fence = by_lists(&[db.list(&nord, "News")]);
    let vip = db.inner("nord", "vip", fence);
    db.recipient(&nord, "a@x.example", &[]);
    let actor = Actor::cli();
    for tenant in [vip.id(), nord.id()] {
        provision(&db.app, Trash { actor, tenant }).unwrap();
    }
    let (trips, gone) = cut_everywhere(&db, || Purge {
        actor,
        tenant: nord.id(),
    });
    assert!(trips > 10, "{trips}");
    assert_eq!(gone, [vip.id(), nord.id()]);
    let without_audit = |text: String| {
        text.lines()
            .filter(|l| !l.contains("audit"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(without_audit(everything(&db)), without_audit(empty));
}

#[test]
fn the_trash_is_entered_and_left_whole_or_not_at_all() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let vip = db.inner("nord", "vip", by_lists(&[db.list(&nord, "News")]));
    db.recipient(&nord, "a@x.example", &[]);
    let mut conn = db.as_provisioner();
    for tenant in [vip.id, nord.id] {
        run(
            &mut conn,
            &format!(
                "INSERT INTO users (home_tenant_id, email, name) VALUES ({tenant}, 'u{tenant}@x.example', 'U');
                 INSERT INTO sessions (key_hash, user_id, state, idle_seconds, ends_at)
                    SELECT '\\x{tenant:04}', id, '{{}}', 60, now() + interval '1 day' FROM users WHERE home_tenant_id = {tenant};
                 INSERT INTO jobs (tenant_id, kind, payload, state) VALUES ({tenant}, 'none', '{{}}', 'queued'), ({tenant}, 'none', '{{}}', 'running')"
            ),
        );
    }
    let actor = Actor::cli();
    for tenant in [vip.id(), nord.id()] {
        let (trips, ()) = cut_everywhere(&db, || Trash { actor, tenant });
        assert!(trips > 5, "{trips}");
        let ended = format!(
            "SELECT count(*) AS n FROM jobs WHERE tenant_id = {tenant} AND (state = 'cancelled' OR cancel)"
        );
        assert_eq!(count(&mut conn, &ended), 2);
    }
    assert_eq!(
        count(&mut conn, "SELECT count(*) AS n FROM sessions"),
        0,
        "logged out"
    );
    for tenant in [nord.id(), vip.id()] {
        let (trips, ()) = cut_everywhere(&db, || Restore { actor, tenant });
        assert!(trips > 3, "{trips}");
    }
    assert!(db.tenant("nord/vip").trashed_at.is_none());
    db.recipient(&db.tenant("nord"), "b@x.example", &[]);
}

/// Failures that the server itself raises, from the first statement to the last.
#[test]
fn what_is_in_the_way_leaves_nothing_behind() {
    let db = TestDb::new();
    let inst = db.inst();
    let ways = [
        ("CREATE ROLE m{inst}_own_{id}", "DROP ROLE m{inst}_own_{id}"),
        ("CREATE ROLE m{inst}_t_{id}", "DROP ROLE m{inst}_t_{id}"),
        ("CREATE SCHEMA t_{id}", "DROP SCHEMA t_{id}"),
        (
            "ALTER TABLE audit ADD CONSTRAINT no CHECK (act <> 'tenant.create') NOT VALID",
            "ALTER TABLE audit DROP CONSTRAINT no",
        ),
        (
            "ALTER TABLE tenants ADD CONSTRAINT no CHECK (schema_version = 0) NOT VALID",
            "ALTER TABLE tenants DROP CONSTRAINT no",
        ),
        (
            "DROP COLLATION ext.names CASCADE",
            "CREATE COLLATION ext.names FROM \"C\"",
        ),
    ];
    for (obstacle, clear) in ways {
        // A number is used up by each try.
        let next = count(
            &mut db.as_provisioner(),
            "SELECT last_value + 1 AS n FROM tenants_id_seq",
        );
        let fill = |text: &str| {
            text.replace("{inst}", &inst.to_string())
                .replace("{id}", &next.to_string())
        };
        run(&mut db.as_provisioner(), &fill(obstacle));
        let before = everything(&db);
        assert!(
            provision(&db.app, db.separate_order("nord")).is_err(),
            "{obstacle}"
        );
        assert_eq!(everything(&db), before, "{obstacle}");
        run(&mut db.as_provisioner(), &fill(clear));
    }
    db.separate("nord");
    assert!(
        provision(&db.app, db.separate_order("nord")).is_err(),
        "a slug twice"
    );
}

/// Numbers that begin alike, and one that is used again.
#[test]
fn numbers_that_begin_alike_are_not_mixed_up() {
    let db = TestDb::new();
    let all: Vec<_> = (2..=12).map(|n| db.separate(&format!("t{n}"))).collect();
    let email = |id: i32| format!("only-{id}@x.example");
    for tenant in &all {
        assert_eq!(tenant.slug, format!("t{}", tenant.id));
        db.recipient(tenant, &email(tenant.id), &[]);
    }
    let (actor, two) = (Actor::cli(), TenantId(2));
    provision(&db.app, Trash { actor, tenant: two }).unwrap();
    provision(&db.app, Purge { actor, tenant: two }).unwrap();
    let seen = |path: &str| {
        let scope = db.tenant(path).scope();
        db.look_as(scope, |conn| {
            Ok(rows(conn.pg(), "SELECT email FROM recipients")?)
        })
        .unwrap()
    };
    assert_eq!(seen("main"), "[]");
    for id in [11, 12] {
        assert_eq!(
            seen(&format!("t{id}")),
            format!(r#"[{{"email":"{}"}}]"#, email(id))
        );
    }
    run(
        &mut db.as_provisioner(),
        "ALTER TABLE tenants ALTER COLUMN id RESTART WITH 2",
    );
    let again = db.separate("again");
    assert_eq!(again.id, 2);
    assert_eq!(seen("again"), "[]");
    db.recipient(&again, &email(2), &[]);
    assert_eq!(seen("t12"), format!(r#"[{{"email":"{}"}}]"#, email(12)));
}

#[test]
fn a_login_that_reaches_more_keeps_the_program_from_starting() {
    let db = TestDb::new();
    let (nord, inst) = (db.separate("nord"), db.inst());
    let starts = || {
        db.again(Config::default())
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    starts().unwrap();
    let (app, control) = (format!("m{inst}_app"), format!("m{inst}_control"));
    for (harm, undo) in [
        (
            format!("ALTER ROLE {app} INHERIT"),
            format!("ALTER ROLE {app} NOINHERIT"),
        ),
        (
            format!("ALTER ROLE {control} INHERIT"),
            format!("ALTER ROLE {control} NOINHERIT"),
        ),
        (
            format!("ALTER ROLE {app} CREATEROLE"),
            format!("ALTER ROLE {app} NOCREATEROLE"),
        ),
        (
            format!("GRANT m{inst}_own_{} TO {app}", nord.id),
            format!("REVOKE m{inst}_own_{} FROM {app}", nord.id),
        ),
        (
            format!("GRANT {control} TO {app}"),
            format!("REVOKE {control} FROM {app}"),
        ),
        (
            format!("GRANT m{inst}_t_{} TO {control}", nord.id),
            format!("REVOKE m{inst}_t_{} FROM {control}", nord.id),
        ),
        (
            format!("GRANT m{inst}_t_{} TO {app} WITH ADMIN OPTION", nord.id),
            format!("REVOKE ADMIN OPTION FOR m{inst}_t_{} FROM {app}", nord.id),
        ),
    ] {
        run(&mut db.as_provisioner(), &harm);
        let said = starts().expect_err(&harm);
        assert!(said.contains("must be NOINHERIT"), "{harm}: {said}");
        run(&mut db.as_provisioner(), &undo);
        starts().unwrap();
    }
}
