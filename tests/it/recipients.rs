//! Finding recipients and acting on many: on a real database, as a separate and as an inner tenant.

use crate::support::{TestDb, by_lists, by_rule};
use mandant::control::tenants::Tenant;
use mandant::db::ids::{ListId, RecipientId};
use mandant::jobs::{queue, runner};
use mandant::tenant::fields::kind::Kind;
use mandant::tenant::recipients::bulk::{Act, KIND, Order, Whom};
use mandant::tenant::recipients::query::{self, Cursor, Filter, Sort};
use mandant::tenant::recipients::state::State;
use mandant::tenant::target_groups::rules::Column;
use serde_json::json;
use std::collections::BTreeSet;

/// Thirty people with ties and gaps in their names; every second one is on the list.
fn people(db: &TestDb, tenant: &Tenant) -> ListId {
    let list = db.list(tenant, "News");
    for n in 0..30 {
        let mut data = json!({ "email": format!("p{n:02}@example.org"), "first_name": "Änne_x" });
        if n % 3 != 0 {
            data["last_name"] = json!(["Ärger", "Zorn", "ärger", "Adler"][n % 4]);
        }
        let lists = if n % 2 == 0 { vec![list] } else { vec![] };
        db.person(tenant, data, &lists);
    }
    list
}

fn column(name: &str) -> Column {
    Column::standard(name).unwrap()
}

fn sorts() -> Vec<Sort> {
    let kinds = [
        None,
        Some((column("email"), Kind::Email)),
        Some((column("last_name"), Kind::Text { max: 200 })),
        Some((column("created_at"), Kind::DateTime)),
    ];
    let both = |by: Option<(Column, Kind)>| {
        [false, true].map(|descending| Sort {
            by: by.clone(),
            descending,
        })
    };
    kinds.into_iter().flat_map(both).collect()
}

/// All pages of `limit` rows, one after the other.
fn walk(
    db: &TestDb,
    tenant: &Tenant,
    filter: &Filter,
    sort: &Sort,
    limit: i64,
) -> Vec<(RecipientId, Option<String>)> {
    let (mut all, mut after): (Vec<_>, Option<Cursor>) = (Vec::new(), None);
    loop {
        let page = db
            .look_as(tenant.scope(), |conn| {
                let columns = [column("last_name")];
                query::page(conn, &columns, filter, sort, after.as_ref(), limit)
            })
            .unwrap();
        assert!(page.rows.len() as i64 <= limit);
        all.extend(
            page.rows
                .into_iter()
                .map(|row| (row.id, row.values[0].clone())),
        );
        match page.next {
            Some(next) => after = Some(Cursor::decode(&next.encode()).unwrap()),
            None => return all,
        }
        assert!(all.len() <= 100, "the pages never end");
    }
}

#[test]
fn pages_laid_end_to_end_are_the_whole_set_in_every_order() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let list = people(&db, &nord);
    let vip = db.inner("nord", "vip", by_lists(&[list]));
    let adler = db.inner("nord", "adler", by_rule("last_name = 'Adler'"));
    for (tenant, wanted) in [(&nord, 30), (&vip, 15), (&adler, 4)] {
        for sort in sorts() {
            let whole = walk(&db, tenant, &Filter::default(), &sort, 100);
            let ids: BTreeSet<_> = whole.iter().map(|(id, _)| *id).collect();
            assert_eq!((whole.len(), ids.len()), (wanted, wanted), "{sort:?}");
            for limit in [1, 4, 7] {
                let pages = walk(&db, tenant, &Filter::default(), &sort, limit);
                assert_eq!(pages, whole, "{sort:?} by {limit}");
            }
        }
    }
    // Who has no name stands at the end, either way.
    let by_name = Sort {
        by: Some((column("last_name"), Kind::Text { max: 200 })),
        descending: true,
    };
    let names = walk(&db, &nord, &Filter::default(), &by_name, 7);
    assert!(names[..20].iter().all(|(_, name)| name.is_some()));
    assert!(names[20..].iter().all(|(_, name)| name.is_none()));
}

#[test]
fn search_rule_list_and_count_agree() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let list = people(&db, &nord);
    let states = [
        (
            State {
                q: "p0".into(),
                ..State::default()
            },
            10,
        ),
        (
            State {
                q: "ÄNNE_X".into(),
                ..State::default()
            },
            30,
        ),
        (
            State {
                q: "annexx".into(),
                ..State::default()
            },
            0,
        ),
        (
            State {
                q: "p1 adler".into(),
                ..State::default()
            },
            2,
        ),
        (
            State {
                q: "100%".into(),
                ..State::default()
            },
            0,
        ),
        (
            State {
                rule: "last_name is empty".into(),
                ..State::default()
            },
            10,
        ),
        (
            State {
                list: list.to_string(),
                ..State::default()
            },
            15,
        ),
        (
            State {
                list: list.to_string(),
                status: "blocked".into(),
                ..State::default()
            },
            0,
        ),
        (
            State {
                rule: "last_name = 'Adler'".into(),
                list: list.to_string(),
                ..State::default()
            },
            0,
        ),
    ];
    for (state, wanted) in states {
        let (counted, quick, within) = db
            .look_as(nord.scope(), |conn| {
                let all = mandant::tenant::fields::all(conn.pg())?;
                let filter = state.strict_filter(&all)?;
                Ok((
                    query::exact_count(conn, &filter)?,
                    query::quick_count(conn, &filter)?,
                    query::count_within(conn, &filter, 5_000)?,
                ))
            })
            .unwrap();
        assert_eq!(counted.count, wanted, "{state:?}");
        assert_eq!((quick, within), (counted, counted), "{state:?}");
    }
}

fn run_bulk(db: &TestDb, tenant: &Tenant, order: &Order) -> String {
    let job = db
        .as_tenant(tenant.scope(), |conn| {
            queue::enqueue(conn, KIND.name, &json!(order))
        })
        .unwrap();
    runner::run_due(&db.app, &[KIND]).unwrap();
    let state = db
        .look_as(tenant.scope(), |conn| queue::state(conn, job))
        .unwrap();
    state.unwrap().state
}

fn matching(db: &TestDb, tenant: &Tenant, rule: &str) -> Whom {
    db.look_as(tenant.scope(), |conn| {
        let state = State {
            rule: rule.into(),
            ..State::default()
        };
        let all = mandant::tenant::fields::all(conn.pg())?;
        Whom::matching(conn, &state.strict_filter(&all)?)
    })
    .unwrap()
}

fn how_many(db: &TestDb, tenant: &Tenant, rule: &str) -> i64 {
    db.look_as(tenant.scope(), |conn| {
        let state = State {
            rule: rule.into(),
            ..State::default()
        };
        let all = mandant::tenant::fields::all(conn.pg())?;
        query::exact_count(conn, &state.strict_filter(&all)?)
    })
    .unwrap()
    .count
}

#[test]
fn a_bulk_act_reaches_those_who_match_and_nobody_else() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let list = people(&db, &nord);
    let vip = db.inner("nord", "vip", by_lists(&[list]));
    let title = mandant::db::ids::FieldId(3);
    let set = |value: &str| Act::Set {
        field: title,
        value: Some(value.into()),
    };

    // The set act changes what the rule asks for: every one is reached all the same.
    let whom = matching(&db, &nord, "title is empty and last_name is not empty");
    let act = set("Dr.");
    assert_eq!(run_bulk(&db, &nord, &Order { act, whom }), "done");
    assert_eq!(how_many(&db, &nord, "title = 'Dr.'"), 20);

    // An inner tenant reaches its own only, also when it names others.
    let everybody: Vec<_> = walk(&db, &nord, &Filter::default(), &Sort::default(), 100)
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    let act = set("Prof.");
    let whom = Whom::Chosen(everybody.clone());
    assert_eq!(run_bulk(&db, &vip, &Order { act, whom }), "done");
    assert_eq!(how_many(&db, &nord, "title = 'Prof.'"), 15);

    let act = Act::Delete { only_lists: true };
    let whom = Whom::Chosen(everybody);
    assert_eq!(run_bulk(&db, &vip, &Order { act, whom }), "done");
    assert_eq!((how_many(&db, &vip, ""), how_many(&db, &nord, "")), (0, 30));

    let whom = matching(&db, &nord, "title = 'Prof.'");
    let act = Act::Delete { only_lists: false };
    assert_eq!(run_bulk(&db, &nord, &Order { act, whom }), "done");
    assert_eq!(how_many(&db, &nord, ""), 15);
}
