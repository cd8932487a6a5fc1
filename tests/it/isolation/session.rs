//! What a shared connection carries over: nothing. One physical connection, dirtied in every way, then
//! checked at the next checkout.

use super::run;
use crate::support::{TestDb, by_lists};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::config::Config;
use mandant::control::tenants::Tenant;
use mandant::error::AppError;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An installation whose tenants share one connection.
fn single() -> (TestDb, Tenant, Tenant) {
    let mut config = Config::default();
    config.database.pool_tenants = NonZeroU32::MIN;
    let db = TestDb::with(config);
    db.set_up();
    let (nord, sued) = (db.separate("nord"), db.separate("sued"));
    (db, nord, sued)
}

#[derive(QueryableByName, Debug, PartialEq)]
struct State {
    #[diesel(sql_type = diesel::sql_types::Text)]
    state: String,
}

/// Everything that one could carry over, as text.
const STATE: &str = "SELECT concat_ws(' | ', current_user, current_setting('role'), current_setting('search_path'), \
    current_setting('statement_timeout'), current_setting('transaction_read_only'), current_setting('mandant.user_id'), \
    current_setting('mandant.source'), COALESCE(current_setting('mandant.stray', true), ''), current_setting('work_mem'), \
    current_setting('TimeZone'), current_setting('DateStyle'), \
    (SELECT count(*) FROM pg_cursors), (SELECT count(*) FROM pg_listening_channels()), \
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), \
    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema())) AS state";

fn state(db: &TestDb, tenant: &Tenant) -> String {
    db.look_as(tenant.scope(), |conn| {
        Ok(diesel::sql_query(STATE)
            .get_result::<State>(conn.pg())?
            .state)
    })
    .unwrap()
}

fn backend(db: &TestDb, tenant: &Tenant) -> String {
    db.look_as(tenant.scope(), |conn| {
        Ok(diesel::sql_query("SELECT pg_backend_pid()::text AS state")
            .get_result::<State>(conn.pg())?
            .state)
    })
    .unwrap()
}

/// All kinds of dirt, in the session and not only in the transaction.
const DIRT: &[&str] = &[
    "SET search_path = control",
    "SET work_mem = '77MB'; SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'",
    "SELECT set_config('mandant.stray', 'x', false)",
    "SELECT set_config('statement_timeout', '1', false)",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "SELECT pg_advisory_lock(1, 2)",
    "LISTEN gossip",
];

#[test]
fn after_commit_error_and_panic_the_next_checkout_is_clean() {
    let (db, nord, sued) = single();
    let (clean, pid) = (state(&db, &sued), backend(&db, &sued));
    for dirt in DIRT {
        db.as_tenant(nord.scope(), |conn| Ok(conn.pg().batch_execute(dirt)?))
            .unwrap();
        assert_eq!(state(&db, &sued), clean, "after commit: {dirt}");
        let failed: Result<(), _> = db.as_tenant(nord.scope(), |conn| {
            conn.pg().batch_execute(dirt)?;
            Err(AppError::Conflict)
        });
        assert!(failed.is_err());
        assert_eq!(state(&db, &sued), clean, "after an error: {dirt}");
        // The transaction ended by hand, and the role taken for the whole session.
        let _ = db.as_tenant(nord.scope(), |conn| {
            let role = format!("m{}_t_{}", db.inst(), nord.id);
            Ok(conn
                .pg()
                .batch_execute(&format!("COMMIT; SET ROLE {role}; {dirt}"))?)
        });
        assert_eq!(state(&db, &sued), clean, "after a commit by hand: {dirt}");
    }
    assert_eq!(
        backend(&db, &sued),
        pid,
        "the connection was another, so nothing was tested"
    );
    for dirt in DIRT {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _: Result<(), _> = db.as_tenant(nord.scope(), |conn| {
                conn.pg().batch_execute(dirt).unwrap();
                panic!("on purpose")
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(state(&db, &sued), clean, "after a panic: {dirt}");
    }
}

#[test]
fn a_killed_or_timed_out_statement_leaves_nothing() {
    let (db, nord, sued) = single();
    let clean = state(&db, &sued);
    let timed_out: Result<(), _> = db.as_tenant(nord.scope(), |conn| {
        conn.limit_statements(20)?;
        Ok(conn
            .pg()
            .batch_execute("SET work_mem = '77MB'; SELECT pg_sleep(5)")?)
    });
    assert!(
        matches!(timed_out, Err(AppError::TimedOut)),
        "{timed_out:?}"
    );
    assert_eq!(state(&db, &sued), clean);
    let mut killer = db.as_app();
    let killed: Result<(), _> = db.as_tenant(nord.scope(), |conn| {
        run(conn.pg(), "SET work_mem = '77MB'");
        let pid = "SELECT pg_backend_pid()::text AS state";
        let pid = diesel::sql_query(pid).get_result::<State>(conn.pg())?.state;
        run(&mut killer, &format!("SELECT pg_terminate_backend({pid})"));
        Ok(conn.pg().batch_execute("SELECT pg_sleep(1)")?)
    });
    assert!(matches!(killed, Err(AppError::Unavailable)), "{killed:?}");
    assert_eq!(state(&db, &sued), clean);
}

/// A failed statement whose error is swallowed: PostgreSQL would answer COMMIT with ROLLBACK, and well.
#[test]
fn a_swallowed_error_is_no_success() {
    let (db, nord, _) = single();
    let outcome = db.as_tenant(nord.scope(), |conn| {
        run(conn.pg(), "INSERT INTO lists (name) VALUES ('lost')");
        let _ = conn.pg().batch_execute("SELECT 1 / 0");
        Ok(())
    });
    assert!(outcome.is_err(), "the list was lost and nobody told");
}

#[test]
fn looking_cannot_write_nor_stop_being_looking() {
    let (db, nord, _) = single();
    let look = |sql: &str| {
        let mut said = String::new();
        let _ = db.look_as(nord.scope(), |conn| {
            if let Err(error) = conn.pg().batch_execute(sql) {
                said = error.to_string();
                return Err(AppError::Conflict);
            }
            Ok(())
        });
        said
    };
    for write in [
        "INSERT INTO lists (name) VALUES ('x')",
        "SELECT create_recipient('{\"email\":\"a@x.example\"}', '{}')",
        "SELECT gate.record('x', 'y', '{}')",
        "SELECT gate.enqueue('x', '{}')",
        "SELECT stage_open(1, '{email}')",
    ] {
        assert!(
            look(write).contains("read-only transaction") || look(write) == "no such import",
            "{write}: {}",
            look(write)
        );
    }
    assert!(look("SET TRANSACTION READ WRITE").contains("must be set before any query"));
    assert!(look("SET transaction_read_only = off").contains("must be set before any query"));
    assert!(
        look("SELECT set_config('transaction_read_only', 'off', true)")
            .contains("must be set before any query")
    );
    let mut lists = 0;
    db.look_as(nord.scope(), |conn| {
        lists = crate::support::count(conn.pg(), "SELECT count(*) AS n FROM lists");
        Ok(())
    })
    .unwrap();
    assert_eq!(lists, 0);
}

/// A savepoint keeps the tenant, rolled back or not: nothing inside can name another.
#[test]
fn savepoints_keep_the_role() {
    let (db, nord, _) = single();
    let news = db.list(&nord, "News");
    let vip = db.inner("nord", "vip", by_lists(&[news]));
    db.as_tenant(vip.scope(), |conn| {
        let before = diesel::sql_query(STATE).get_result::<State>(conn.pg())?;
        conn.savepoint(|inside| {
            assert_eq!(inside.scope(), vip.scope());
            assert_eq!(
                diesel::sql_query(STATE).get_result::<State>(inside.pg())?,
                before
            );
            Ok(())
        })?;
        let failed: Result<(), _> =
            conn.savepoint(|inside| Ok(inside.pg().batch_execute("SELECT 1 / 0")?));
        assert!(failed.is_err());
        assert_eq!(
            diesel::sql_query(STATE).get_result::<State>(conn.pg())?,
            before
        );
        Ok(())
    })
    .unwrap();
}

/// No temporary table, whatever its name, comes before the tenant's own.
#[test]
fn temporary_tables_shadow_nothing() {
    let (db, nord, sued) = single();
    let clean = state(&db, &sued);
    db.recipient(&nord, "a@x.example", &[]);
    let said = db.as_tenant(nord.scope(), |conn| {
        Ok(conn
            .pg()
            .batch_execute("CREATE TEMP TABLE recipients (id bigint)")?)
    });
    assert!(said.is_err());
    // Even if the right is given back, by an administrator or because the database is somebody else's.
    run(
        &mut db.as_provisioner(),
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$",
    );
    db.as_tenant(nord.scope(), |conn| {
        run(conn.pg(), "CREATE TEMP TABLE recipients (id bigint)");
        assert_eq!(
            crate::support::count(conn.pg(), "SELECT count(*) AS n FROM recipients"),
            1
        );
        Ok(())
    })
    .unwrap();
    assert_eq!(state(&db, &sued), clean);
}
