//! Many threads, few connections, random tenants: every row carries its tenant, so a foreign one shows.

use crate::support::{TestDb, by_lists, by_rule, count};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use mandant::config::Config;
use mandant::control::tenants::Tenant;
use mandant::error::AppError;
use secrecy::ExposeSecret;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

const TENANTS: usize = 6;
const ENTRIES: usize = 2_000;

/// A tenant and the recipients that it must see, and no others.
struct Member {
    tenant: Tenant,
    sees: &'static str,
    rows: i64,
}

fn members(db: &TestDb) -> Vec<Member> {
    let mut all = Vec::new();
    for number in 0..TENANTS {
        let slug = format!("t{number}");
        let tenant = db.separate(&slug);
        let list = db.list(&tenant, "List");
        for person in 0..6 {
            let data = serde_json::json!({ "email": format!("p{person}@x.example"), "first_name": slug, "last_name": if person < 2 { "Adler" } else { "Igel" } });
            let lists = if person == 5 { vec![list] } else { vec![] };
            db.person(&tenant, data, &lists);
        }
        let by_list = db.inner(&slug, "list", by_lists(&[list]));
        let by_rule = db.inner(&slug, "rule", by_rule("last_name = 'Adler'"));
        all.push(Member {
            tenant,
            sees: "true",
            rows: 6,
        });
        all.push(Member {
            tenant: by_list,
            sees: "email = 'p5@x.example'",
            rows: 1,
        });
        all.push(Member {
            tenant: by_rule,
            sees: "last_name = 'Adler'",
            rows: 2,
        });
    }
    all
}

/// One visit: counts its own and the foreign rows, writes, and now and then fails on purpose.
fn visit(db: &TestDb, member: &Member, number: usize) {
    let slug = format!(
        "t{}",
        (member.tenant.scope().schema_tenant().0 as usize - 2) / 3
    );
    let own = format!(
        "SELECT count(*) AS n FROM recipients WHERE first_name = '{slug}' AND {}",
        member.sees
    );
    let look = |conn: &mut PgConnection| {
        assert_eq!(count(conn, &own), member.rows, "{slug}");
        assert_eq!(
            count(conn, "SELECT count(*) AS n FROM recipients"),
            member.rows,
            "{slug}"
        );
    };
    if number.is_multiple_of(3) {
        db.look_as(member.tenant.scope(), |conn| {
            look(conn.pg());
            Ok(())
        })
        .unwrap();
        return;
    }
    let outcome: Result<(), AppError> = db.as_tenant(member.tenant.scope(), |conn| {
        look(conn.pg());
        diesel::sql_query("UPDATE recipients SET title = first_name").execute(conn.pg())?;
        match number % 7 {
            0 => Err(AppError::Conflict),
            1 => Ok(diesel::sql_query("SELECT 1 / 0")
                .execute(conn.pg())
                .map(|_| ())?),
            _ => {
                look(conn.pg());
                Ok(())
            }
        }
    });
    // Two may wait for each other's rows; PostgreSQL then ends one, and nothing of it stays.
    let deadlock = outcome.as_ref().is_err_and(AppError::is_transient);
    assert!(
        deadlock || outcome.is_ok() == (number % 7 > 1),
        "{outcome:?}"
    );
}

fn crowd(db: &TestDb, entries: usize) {
    let all = members(db);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= entries {
                        return;
                    }
                    // A walk over all members that looks random and is the same in every run.
                    visit(db, &all[number * 7_919 % 10_007 % all.len()], number);
                }
            });
        }
    });
    for member in &all {
        let foreign = "SELECT count(*) AS n FROM recipients WHERE title <> first_name";
        let found = db
            .look_as(member.tenant.scope(), |conn| Ok(count(conn.pg(), foreign)))
            .unwrap();
        assert_eq!(found, 0, "a foreign row was written");
    }
}

#[test]
fn two_connections_sixteen_threads_no_foreign_row() {
    let mut config = Config::default();
    config.database.pool_tenants = NonZeroU32::new(2).unwrap();
    let db = TestDb::with(config);
    db.set_up();
    crowd(&db, ENTRIES);
}

/// A PgBouncer of the test's own, with two connections to the server for everybody.
struct Bouncer {
    process: std::process::Child,
    folder: tempfile::TempDir,
}

impl Bouncer {
    fn start(db: &TestDb) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let user = std::env::var("MANDANT_TEST_PGBOUNCER_USER")
            .expect("this test needs PgBouncer: run script/test-pgbouncer");
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let server = crate::support::proxy::socket(db.database.url.expose_secret());
        let (login, password) = db.app_login();
        std::fs::write(path("users"), format!("\"{login}\" \"{password}\"\n")).unwrap();
        let settings = format!(
            "[databases]\n* = host={server}\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {here}\nlisten_port = 5432\n\
             auth_type = trust\nauth_file = {here}/users\npool_mode = transaction\ndefault_pool_size = 2\n\
             ignore_startup_parameters = options,extra_float_digits\n",
            server = server.parent().unwrap().display(),
            here = folder.path().display(),
        );
        std::fs::write(path("ini"), settings).unwrap();
        let mut command = std::process::Command::new("pgbouncer");
        if !user.is_empty() {
            command.args(["-u", &user]);
        }
        let process = command.arg("-q").arg(path("ini")).spawn().unwrap();
        let until = std::time::Instant::now() + crate::support::PATIENCE;
        while !path(".s.PGSQL.5432").exists() {
            assert!(
                std::time::Instant::now() < until,
                "PgBouncer does not start"
            );
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Self { process, folder }
    }

    fn connect(&self, db: &TestDb) -> PgConnection {
        use diesel::connection::CacheSize;
        let url = db.app_url().expose_secret().to_owned();
        let url = format!("{url}&host={}", self.folder.path().display());
        let mut conn = PgConnection::establish(&url).unwrap();
        // Prepared statements stay with one server's connection; before 1.21 PgBouncer knows none.
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        conn
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a transaction enters by holds where every transaction may get another connection, and one that
/// somebody else has just dirtied: role and path are set in the transaction's first trip, and end with it.
#[test]
#[ignore = "needs PgBouncer: script/test-pgbouncer"]
fn through_pgbouncer_no_foreign_row() {
    let db = TestDb::new();
    let (all, inst) = (members(&db), db.inst());
    let bouncer = Bouncer::start(&db);
    let next = AtomicUsize::new(0);
    let visit = |conn: &mut PgConnection, number: usize| {
        let member = &all[number * 7_919 % 10_007 % all.len()];
        let scope = member.tenant.scope();
        let (role, path) = match scope.parent {
            Some(parent) => (
                format!("m{inst}_i_{}", scope.id),
                format!("i_{}, t_{parent}", scope.id),
            ),
            None => (format!("m{inst}_t_{}", scope.id), format!("t_{}", scope.id)),
        };
        let enter =
            format!("BEGIN; SET LOCAL ROLE {role}; SET LOCAL search_path = {path}, pg_temp");
        AnsiTransactionManager::begin_transaction_sql(conn, &enter).unwrap();
        let slug = format!("t{}", (scope.schema_tenant().0 as usize - 2) / 3);
        let own = format!(
            "SELECT count(*) AS n FROM recipients WHERE first_name = '{slug}' AND {}",
            member.sees
        );
        assert_eq!(count(conn, &own), member.rows, "{slug}");
        assert_eq!(
            count(conn, "SELECT count(*) AS n FROM recipients"),
            member.rows,
            "{slug}"
        );
        if number.is_multiple_of(3) {
            AnsiTransactionManager::rollback_transaction(conn).unwrap();
        } else {
            AnsiTransactionManager::commit_transaction(conn).unwrap();
        }
        if number.is_multiple_of(5) {
            // Somebody careless: this stays on the server's connection for whoever comes next.
            conn.batch_execute(&format!("SET ROLE {role}; SET search_path = {path}"))
                .unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut conn = bouncer.connect(&db);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= ENTRIES {
                        return;
                    }
                    visit(&mut conn, number);
                }
            });
        }
    });
}
