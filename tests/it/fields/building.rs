//! Indexes, uniqueness and NOT NULL: within the order on small tables, by a job on large ones.

use super::{add, change, field, key_of, number, raw, text};
use crate::support::{TestDb, by_rule};
use mandant::control::tenants::Tenant;
use mandant::db::ids::FieldId;
use mandant::jobs::runner::run_due;
use mandant::tenant::fields::define::FieldInput;

fn fill(db: &TestDb, tenant: &Tenant, rows: usize) {
    let sql = format!(
        "INSERT INTO recipients (email) SELECT 'p' || n || '@example.org' FROM generate_series(1, {rows}) n"
    );
    raw(db, tenant, &sql).unwrap();
}

fn unique() -> FieldInput {
    FieldInput {
        unique: true,
        ..text("code")
    }
}

/// Valid indexes over the column, unique or not, and whether it refuses gaps.
fn built(db: &TestDb, tenant: &Tenant, id: FieldId) -> (i64, i64, i64) {
    let index = |name: &str, unique: bool| {
        let sql = format!(
            "SELECT count(*) AS n FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE i.indrelid = 'recipients'::regclass AND c.relname = 'recipients_f{id}_{name}' \
             AND i.indisvalid AND i.indisunique = {unique}"
        );
        number(db, tenant, &sql)
    };
    let gaps = format!(
        "SELECT count(*) AS n FROM pg_attribute WHERE attrelid = 'recipients'::regclass AND attname = 'f{id}' AND attnotnull"
    );
    (
        index("idx", false),
        index("key", true),
        number(db, tenant, &gaps),
    )
}

fn jobs(db: &TestDb) -> usize {
    run_due(&db.app, mandant::work::KINDS).unwrap()
}

#[test]
fn small_tables_get_everything_at_once() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    fill(&db, &nord, 10);
    let indexed = FieldInput {
        indexed: true,
        ..text("code")
    };
    let id = add(&db, &nord, indexed.clone());
    assert_eq!(built(&db, &nord, id), (1, 0, 0));
    raw(
        &db,
        &nord,
        &format!("UPDATE recipients SET f{id} = 'x' || id % 8"),
    )
    .unwrap();
    assert_eq!(
        key_of(change(&db, &nord, id, unique())),
        "field-unique-doubles"
    );
    assert_eq!(built(&db, &nord, id), (1, 0, 0));
    raw(
        &db,
        &nord,
        &format!("UPDATE recipients SET f{id} = 'x' || id"),
    )
    .unwrap();
    let all = FieldInput {
        required: true,
        indexed: true,
        ..unique()
    };
    change(&db, &nord, id, all).unwrap();
    assert_eq!(built(&db, &nord, id), (0, 1, 1));
    change(&db, &nord, id, indexed).unwrap();
    assert_eq!(built(&db, &nord, id), (1, 0, 0));
    assert_eq!((field(&db, &nord, id).pending, jobs(&db)), (None, 0));
}

#[test]
fn large_tables_get_theirs_by_a_job() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    fill(&db, &nord, 10_000);
    db.inner("nord", "vip", by_rule("email contains 'p1'"));
    let id = add(
        &db,
        &nord,
        FieldInput {
            indexed: true,
            ..text("code")
        },
    );
    assert_eq!(field(&db, &nord, id).pending.as_deref(), Some("working"));
    assert_eq!(built(&db, &nord, id), (0, 0, 0));
    assert_eq!(jobs(&db), 1);
    assert_eq!(built(&db, &nord, id), (1, 0, 0));
    let full = FieldInput {
        required: true,
        default: "none".into(),
        indexed: true,
        ..text("code")
    };
    change(&db, &nord, id, full).unwrap();
    assert_eq!(jobs(&db), 1);
    assert_eq!(built(&db, &nord, id), (1, 0, 1));
    let gaps = format!("SELECT count(*) AS n FROM recipients WHERE f{id} = 'none'");
    assert_eq!(number(&db, &nord, &gaps), 10_000);

    raw(
        &db,
        &nord,
        &format!("UPDATE recipients SET f{id} = 'x' || id"),
    )
    .unwrap();
    change(
        &db,
        &nord,
        id,
        FieldInput {
            required: true,
            ..unique()
        },
    )
    .unwrap();
    assert_eq!(jobs(&db), 1);
    assert_eq!(built(&db, &nord, id), (0, 1, 1));
    let now = field(&db, &nord, id);
    assert_eq!((now.pending, now.pending_error), (None, None));
}

#[test]
fn a_job_that_meets_doubles_says_so_and_takes_the_promise_back() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    fill(&db, &nord, 10_000);
    let id = add(&db, &nord, text("code"));
    raw(
        &db,
        &nord,
        &format!("UPDATE recipients SET f{id} = least(id, 9998)"),
    )
    .unwrap();
    change(&db, &nord, id, unique()).unwrap();
    assert!(field(&db, &nord, id).is_unique);
    assert_eq!(jobs(&db), 1);
    let now = field(&db, &nord, id);
    assert_eq!(now.pending.as_deref(), Some("failed"));
    assert!(!now.is_unique);
    let problem = now.problem().unwrap();
    assert!(
        problem.to_string().starts_with("One value stands at more"),
        "{problem}"
    );
    let leftovers = "SELECT count(*) AS n FROM pg_class WHERE relname LIKE 'recipients_f%_new'";
    assert_eq!(number(&db, &nord, leftovers), 0);
    // Made clean, it works.
    raw(&db, &nord, &format!("UPDATE recipients SET f{id} = id")).unwrap();
    change(&db, &nord, id, unique()).unwrap();
    assert_eq!(jobs(&db), 1);
    assert_eq!(built(&db, &nord, id), (0, 1, 0));
    assert_eq!(field(&db, &nord, id).pending, None);
}
