//! Finding recipients and acting on many: on a real database, as a separate and as an inner tenant.

use crate::fields;
use crate::support::{TestDb, by_lists, by_rule};
use diesel::prelude::*;
use mandant::control::tenants::Tenant;
use mandant::db::ids::{ListId, RecipientId};
use mandant::error::AppError;
use mandant::jobs::{queue, runner};
use mandant::tenant::fields::Field;
use mandant::tenant::fields::define::FieldInput;
use mandant::tenant::fields::kind::Kind;
use mandant::tenant::fields::seen::Shown;
use mandant::tenant::recipients::bulk::{Act, KIND, Order, Whom};
use mandant::tenant::recipients::query::{self, Cursor, Filter, Search, Sort};
use mandant::tenant::recipients::state::State;
use mandant::tenant::target_groups::rules::Column;
use mandant::web::sealed::Seal;
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

/// The tenant's fields, as the operator has them.
fn fields_of(db: &TestDb, tenant: &Tenant) -> Vec<Field> {
    db.look_as(tenant.scope(), mandant::tenant::fields::all)
        .unwrap()
}

/// A standard field's column, to be read.
fn shown(db: &TestDb, tenant: &Tenant, name: &str) -> Shown {
    let all = fields_of(db, tenant);
    let field = all
        .iter()
        .find(|field| field.standard_column.as_deref() == Some(name));
    field.unwrap().shown().unwrap()
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
    let seal = Seal::new(&db.app.secret, tenant.id());
    let columns = [shown(db, tenant, "last_name")];
    loop {
        let page = db
            .look_as(tenant.scope(), |conn| {
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
            Some(next) => after = Some(Cursor::decode(&next.encode(&seal), &seal).unwrap()),
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

/// What no tenant's role may do.
fn as_owner(db: &TestDb, tenant: &Tenant, sql: &str) {
    let mut conn = db.as_provisioner();
    let role = format!("SET ROLE m{}_own_{}", db.inst(), tenant.id());
    diesel::sql_query(role).execute(&mut conn).unwrap();
    diesel::sql_query(sql).execute(&mut conn).unwrap();
}

/// An indexed field of every type that has an order; three people of four have values, many the same.
fn all_types(db: &TestDb, tenant: &Tenant) -> Vec<Sort> {
    let wanted = [
        ("integer", ["-9", "0", "10"]),
        ("decimal", ["-1.5", "0.10", "12"]),
        ("boolean", ["false", "true", "true"]),
        ("date", ["0001-01-01", "1999-12-31", "9999-12-31"]),
        (
            "datetime",
            [
                "1970-01-01T00:00:00Z",
                "2026-03-29T01:30:00.123456Z",
                "2026-03-29T01:30:00.123457Z",
            ],
        ),
        ("text", ["Zoë", "a'b%", "ähnlich"]),
        ("phone", ["+49 1", "0301", "(0)30 1"]),
        ("url", ["https://a.example", "http://b", "https://z"]),
    ];
    let fields = wanted.map(|(kind, _)| {
        let input = FieldInput {
            indexed: true,
            max: Some(20),
            precision: Some(6),
            scale: Some(2),
            ..fields::input(&format!("own_{kind}"), kind)
        };
        fields::field(db, tenant, fields::add(db, tenant, input))
    });
    for n in 0..24 {
        let mut data = json!({ "email": format!("all{n}@example.org") });
        if n % 4 != 0 {
            for (field, (_, values)) in fields.iter().zip(&wanted) {
                data[format!("f{}", field.id)] = json!(values[n % 3]);
            }
        }
        db.person(tenant, data, &[]);
    }
    let both = |field: &Field| {
        [false, true].map(|descending| Sort {
            by: Some((field.column().unwrap(), field.kind().unwrap())),
            descending,
        })
    };
    fields.iter().flat_map(both).collect()
}

#[test]
fn every_type_sorts_with_ties_gaps_and_a_cursor_of_its_own() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let sorts = all_types(&db, &nord);
    let search = Filter {
        search: Search::by("exam", &fields_of(&db, &nord)),
        ..Filter::default()
    };
    let page = |sort: &Sort, after: Option<&Cursor>| {
        db.look_as(nord.scope(), |conn| {
            query::page(conn, &[], &Filter::default(), sort, after, 5)
        })
    };
    for sort in &sorts {
        let whole = walk(&db, &nord, &Filter::default(), sort, 100);
        assert_eq!(whole.len(), 24);
        for filter in [&Filter::default(), &search] {
            assert_eq!(walk(&db, &nord, filter, sort, 5), whole, "{sort:?}");
        }
        let next = page(sort, None).unwrap().next.unwrap();
        for other in &sorts {
            let same = sort.by.as_ref().unwrap().0 == other.by.as_ref().unwrap().0;
            let answer = page(other, Some(&next));
            assert_eq!(answer.is_ok(), same, "{sort:?} {other:?}");
        }
        assert!(page(&Sort::default(), Some(&next)).is_err());
    }
    // Ordered as the type is, not as its text: -9 before 10.
    let first = |sort: &Sort| page(sort, None).unwrap().rows[0].id;
    let (up, down) = (first(&sorts[0]), first(&sorts[1]));
    assert!(up.0 % 3 != down.0 % 3, "{up:?} {down:?}");
}

#[test]
fn a_cursor_that_somebody_wrote_by_hand_is_refused_and_nothing_breaks() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let sorts = all_types(&db, &nord);
    let encode = |text: &str| {
        use base64::Engine;
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text)
    };
    let seal = Seal::new(&db.app.secret, nord.id());
    for sort in &sorts {
        let (column, kind) = sort.by.as_ref().unwrap();
        for value in [
            "x",
            "1e9",
            "NaN",
            "99999999999999999999",
            "2026-02-30",
            "\\u0000",
        ] {
            let id = seal.recipient(RecipientId(1));
            let text = format!(r#"{{"id":"{id}","by":"{column}","value":"{value}"}}"#);
            let cursor = Cursor::decode(&encode(&text), &seal).unwrap();
            let found = db.look_as(nord.scope(), |conn| {
                query::page(conn, &[], &Filter::default(), sort, Some(&cursor), 5)
            });
            // Either it is refused, or it is a value of the type.
            if let Err(error) = found {
                assert!(
                    matches!(error, AppError::Invalid { .. }),
                    "{kind:?} {value}: {error}"
                );
            }
        }
    }
}

#[test]
fn a_page_behind_rows_that_went_or_moved_goes_on_from_where_they_stood() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    people(&db, &nord);
    let sort = Sort {
        by: Some((column("email"), Kind::Email)),
        descending: false,
    };
    let page = |after: Option<&Cursor>, limit| {
        db.look_as(nord.scope(), |conn| {
            query::page(
                conn,
                &[shown(&db, &nord, "email")],
                &Filter::default(),
                &sort,
                after,
                limit,
            )
        })
        .unwrap()
    };
    let first = page(None, 10);
    let last = first.rows.last().unwrap().id.0;
    let delete = format!("DELETE FROM t_{}.recipients WHERE id = {last}", nord.id());
    as_owner(&db, &nord, &delete);
    let second = page(first.next.as_ref(), 10);
    assert_eq!(second.rows[0].values[0].as_deref(), Some("p10@example.org"));
    // Behind the last row there is nothing, and that is no error.
    let all = page(None, 100);
    assert!(all.next.is_none());
    let at_the_end = page(page(second.next.as_ref(), 9).next.as_ref(), 1);
    assert!(at_the_end.next.is_none());
    assert_eq!(
        at_the_end.rows[0].values[0].as_deref(),
        Some("p29@example.org")
    );
}

#[test]
fn a_search_finds_the_rare_and_the_common_and_takes_signs_as_they_are() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let list = db.list(&nord, "News");
    // More than a walk looks at, so that the rare ones are found by the index alone.
    as_owner(
        &db,
        &nord,
        &format!(
            "INSERT INTO t_{}.recipients (email, first_name, last_name) SELECT 'common' || n || '@example.org', 'Änne', \
             CASE n WHEN 5 THEN 'Ng' WHEN 6 THEN 'Ngata' WHEN 7 THEN '50%_off' WHEN 8 THEN 'O''Neill' WHEN 9 THEN 'back\\slash' \
             ELSE 'Müller' END FROM generate_series(1, 4000) n",
            nord.id()
        ),
    );
    db.person(
        &nord,
        json!({ "email": "ng@example.org", "last_name": "Seltén" }),
        &[list],
    );
    let vip = db.inner("nord", "vip", by_lists(&[list]));
    let sorts = [
        Sort::default(),
        sorts().pop().unwrap(),
        Sort {
            by: Some((column("last_name"), Kind::Text { max: 200 })),
            descending: false,
        },
    ];
    let known = fields_of(&db, &nord);
    for (words, wanted, inside) in [
        ("müller", 3995, 0),
        ("ÄNNE müll", 3995, 0),
        ("common123@", 1, 0),
        ("SELTÉN", 1, 1),
        ("selten", 0, 0),
        ("ng", 2, 1),
        ("50%", 0, 0),
        ("50%_off", 1, 0),
        ("%_o", 0, 0),
        ("___", 0, 0),
        ("o'ne", 1, 0),
        ("k\\sl", 1, 0),
        ("co", 4000, 0),
        ("example nobody", 0, 0),
    ] {
        let filter = Filter {
            search: Search::by(words, &known),
            ..Filter::default()
        };
        for (tenant, wanted) in [(&nord, wanted), (&vip, inside)] {
            let look = |sort: &Sort| {
                db.look_as(tenant.scope(), |conn| {
                    let page = query::page(conn, &[], &filter, sort, None, 50)?;
                    Ok((
                        page.rows.len() as i64,
                        query::exact_count(conn, &filter)?.count,
                    ))
                })
                .unwrap()
            };
            for sort in &sorts {
                assert_eq!(look(sort), (wanted.min(50), wanted), "{words} {sort:?}");
            }
        }
    }
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
                let all = mandant::tenant::fields::all(conn)?;
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
        let all = mandant::tenant::fields::all(conn)?;
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
        let all = mandant::tenant::fields::all(conn)?;
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
