//! Many threads, few connections, random tenants: every row carries its tenant, so a foreign one shows.

use crate::support::{TestDb, by_lists, by_rule, count};
use diesel::prelude::*;
use mandant::config::Config;
use mandant::control::tenants::Tenant;
use mandant::error::AppError;
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
