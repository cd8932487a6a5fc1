//! Fields as a tenant defines them: columns, constraints, views of inner tenants, two editors, large tables.

mod building;
mod dropping;
mod pages;

use crate::support::{TestDb, by_rule, count};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::access::rights::ViewFields;
use mandant::access::system::{SystemAccess, provision};
use mandant::control::audit::Actor;
use mandant::control::tenants::Tenant;
use mandant::db::ids::FieldId;
use mandant::db::tenant::Source;
use mandant::error::{AppError, Result};
use mandant::tenant::fields::define::{Definition, FieldInput};
use mandant::tenant::fields::kind::Choice;
use mandant::tenant::fields::orders::{AddField, ChangeField};
use mandant::tenant::fields::{Field, all, show};
use serde_json::json;

pub(crate) fn input(key: &str, kind: &str) -> FieldInput {
    FieldInput {
        key: key.into(),
        kind: kind.into(),
        historised: true,
        ..FieldInput::default()
    }
}

fn text(key: &str) -> FieldInput {
    input(key, "text")
}

fn choices(values: &[&str]) -> Vec<Choice> {
    let one = |value: &&str| Choice {
        value: (*value).into(),
        label_en: String::new(),
        label_de: String::new(),
    };
    values.iter().map(one).collect()
}

fn try_add(db: &TestDb, tenant: &Tenant, input: FieldInput) -> Result<FieldId> {
    let order = AddField {
        actor: Actor::cli(),
        tenant: tenant.id(),
        field: Definition::check(input)?,
    };
    provision(&db.app, order)
}

pub(crate) fn add(db: &TestDb, tenant: &Tenant, input: FieldInput) -> FieldId {
    try_add(db, tenant, input).unwrap()
}

pub(crate) fn field(db: &TestDb, tenant: &Tenant, id: FieldId) -> Field {
    SystemAccess::<ViewFields>::new(tenant.scope(), None, Source::System)
        .run(&db.app, all)
        .unwrap()
        .into_iter()
        .find(|field| field.id == id)
        .unwrap()
}

/// Changes a field that is at `version`.
fn change_at(
    db: &TestDb,
    tenant: &Tenant,
    id: FieldId,
    version: i32,
    input: FieldInput,
) -> Result<()> {
    let order = ChangeField {
        actor: Actor::cli(),
        tenant: tenant.id(),
        id,
        version,
        change: Definition::check(input)?,
    };
    provision(&db.app, order)
}

fn change(db: &TestDb, tenant: &Tenant, id: FieldId, input: FieldInput) -> Result<()> {
    change_at(db, tenant, id, field(db, tenant, id).version, input)
}

fn key_of<T: std::fmt::Debug>(outcome: Result<T>) -> &'static str {
    match outcome {
        Err(AppError::Invalid { key, .. }) => key,
        other => panic!("{other:?}"),
    }
}

/// Runs SQL as the log-in that owns the installation, in the tenant's schema.
fn raw(db: &TestDb, tenant: &Tenant, sql: &str) -> std::result::Result<(), String> {
    let mut conn = db.as_provisioner();
    conn.batch_execute(&format!("SET search_path = t_{}; {sql}", tenant.id))
        .map_err(|error| error.to_string())
}

fn number(db: &TestDb, tenant: &Tenant, sql: &str) -> i64 {
    let mut conn = db.as_provisioner();
    conn.batch_execute(&format!("SET search_path = t_{}", tenant.id))
        .unwrap();
    count(&mut conn, sql)
}

#[test]
fn every_kind_is_a_typed_column_that_checks_its_values() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    db.recipient(&nord, "a@example.org", &[]);
    let choice = FieldInput {
        choices: choices(&["it's", "back\\slash", "ß"]),
        ..input("colour", "choice")
    };
    let decimal = FieldInput {
        precision: Some(5),
        scale: Some(2),
        ..input("amount", "decimal")
    };
    let short = FieldInput {
        max: Some(3),
        ..text("select")
    };
    for (input, column, good, bad) in [
        (short, "text", vec!["'äöü'"], vec!["'äöüß'"]),
        (
            input("user", "integer"),
            "bigint",
            vec!["9223372036854775807"],
            vec!["1.5::text"],
        ),
        (
            decimal,
            "numeric",
            vec!["999.99", "-1.50"],
            vec!["1000", "0.001", "'NaN'", "'Infinity'"],
        ),
        (
            input("from", "boolean"),
            "boolean",
            vec!["true"],
            vec!["'maybe'"],
        ),
        (
            input("order", "date"),
            "date",
            vec!["'2028-02-29'"],
            vec!["'infinity'", "'10000-01-01'", "'2026-02-29'"],
        ),
        (
            input("table", "datetime"),
            "timestamp with time zone",
            vec!["'2026-01-31T10:00:00Z'"],
            vec!["'infinity'"],
        ),
        (
            choice,
            "text",
            vec!["'it''s'", "'ß'", r"E'back\\slash'"],
            vec!["'red'", "''"],
        ),
        (
            input("mail2", "email"),
            "text",
            vec!["'a@example.org'"],
            vec!["'A@EXAMPLE.ORG'"],
        ),
        (
            input("null", "phone"),
            "text",
            vec!["'+49 30 1'"],
            vec!["repeat('1', 51)"],
        ),
        (
            input("and", "url"),
            "text",
            vec!["'https://example.org'"],
            vec!["repeat('a', 2001)"],
        ),
    ] {
        let key = input.key.clone();
        let id = add(&db, &nord, input);
        let typed = format!(
            "SELECT count(*) AS n FROM pg_attribute WHERE attrelid = 'recipients'::regclass AND attname = 'f{id}' \
             AND format_type(atttypid, atttypmod) = '{column}'"
        );
        assert_eq!(number(&db, &nord, &typed), 1, "{key}");
        let set = |value: &str| {
            raw(
                &db,
                &nord,
                &format!("UPDATE recipients SET f{id} = {value}"),
            )
        };
        for value in good {
            assert_eq!(set(value), Ok(()), "{key} {value}");
        }
        for value in bad {
            assert!(set(value).is_err(), "{key} takes {value}");
        }
    }
}

#[test]
fn keys_and_numbers_of_fields_have_limits() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let first = add(&db, &nord, text("city"));
    assert_eq!(key_of(try_add(&db, &nord, text("city"))), "field-key-taken");
    assert_eq!(
        key_of(try_add(&db, &nord, text("email"))),
        "field-key-taken"
    );
    assert_eq!(
        key_of(try_add(&db, &nord, text(&"k".repeat(200)))),
        "field-key-long"
    );
    for n in 1..500 {
        add(&db, &nord, text(&format!("k{n}")));
    }
    assert_eq!(
        key_of(try_add(&db, &nord, text("one_more"))),
        "field-too-many"
    );
    let person = json!({ "email": "a@example.org", format!("f{first}"): "Wien" });
    db.person(&nord, person, &[]);
    let vip = db.inner("nord", "vip", by_rule("city = 'Wien'"));
    assert_eq!(show::list(&db.app, "nord/vip").unwrap().len(), 511);
    assert!(key_of(try_add(&db, &vip, text("x"))) == "field-inner-has-none");
}

#[test]
fn defaults_are_for_new_recipients_and_required_fields_fill_old_ones() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    db.recipient(&nord, "old@example.org", &[]);
    let defaulted = |key: &str, required: bool| FieldInput {
        default: "it's \\ here".into(),
        required,
        ..text(key)
    };
    let optional = add(&db, &nord, defaulted("optional", false));
    let required = add(&db, &nord, defaulted("required", true));
    let bare = FieldInput {
        required: true,
        ..text("bare")
    };
    assert_eq!(
        key_of(try_add(&db, &nord, bare.clone())),
        "field-required-needs-default"
    );
    db.recipient(&nord, "new@example.org", &[]);
    let with = |id: FieldId| {
        let sql = format!(r"SELECT count(*) AS n FROM recipients WHERE f{id} = E'it''s \\ here'");
        number(&db, &nord, &sql)
    };
    assert_eq!((with(optional), with(required)), (1, 2));

    // Turned on later: the gaps are filled; turned off, a gap is possible again.
    change(&db, &nord, optional, defaulted("optional", true)).unwrap();
    assert_eq!(with(optional), 2);
    let empty = format!("UPDATE recipients SET f{optional} = NULL");
    assert!(raw(&db, &nord, &empty).is_err());
    change(&db, &nord, optional, text("optional")).unwrap();
    assert_eq!(raw(&db, &nord, &empty), Ok(()));
    let late = FieldInput {
        required: true,
        ..text("optional")
    };
    assert_eq!(
        key_of(change(&db, &nord, optional, late)),
        "field-required-needs-default"
    );

    let ost = db.separate("ost");
    let id = add(&db, &ost, bare);
    let refused = db.as_tenant(ost.scope(), |conn| {
        mandant::tenant::recipients::write::create(conn, &email("x@example.org"), &[], None)
    });
    match refused {
        Err(AppError::Constraint(name)) => assert_eq!(name, format!("recipients_f{id}_required")),
        other => panic!("{other:?}"),
    }
}

fn email(address: &str) -> Vec<mandant::tenant::recipients::write::Assignment> {
    use mandant::tenant::fields::kind::Kind;
    use mandant::tenant::target_groups::rules::Column;
    vec![mandant::tenant::recipients::write::Assignment {
        column: Column::standard("email").unwrap(),
        kind: Kind::Email,
        value: Some(address.into()),
        unique: true,
    }]
}

#[test]
fn fields_widen_and_never_narrow() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    db.recipient(&nord, "a@example.org", &[]);
    let sized = |max: u32| FieldInput {
        max: Some(max),
        ..text("city")
    };
    let digits = |precision: u8, scale: u8| FieldInput {
        precision: Some(precision),
        scale: Some(scale),
        ..input("amount", "decimal")
    };
    let of = |values: &[&str]| FieldInput {
        choices: choices(values),
        ..input("colour", "choice")
    };
    let (city, amount) = (add(&db, &nord, sized(3)), add(&db, &nord, digits(5, 2)));
    let colour = add(&db, &nord, of(&["red", "blue"]));
    let inner = [
        db.inner("nord", "i1", by_rule("colour = 'blue'")),
        db.inner("nord", "i2", by_rule("city = 'Ulm' or amount > 5")),
        db.inner("nord", "i3", by_rule("email contains 'example'")),
    ];
    let set = |sql: &str| raw(&db, &nord, &format!("UPDATE recipients SET {sql}"));
    assert!(set(&format!("f{city} = 'Wien'")).is_err());
    let node = "SELECT relfilenode::bigint AS n FROM pg_class WHERE oid = 'recipients'::regclass";
    let before = number(&db, &nord, node);
    change(&db, &nord, city, sized(10_000)).unwrap();
    change(&db, &nord, amount, digits(9, 4)).unwrap();
    assert_eq!(
        set(&format!("f{city} = 'Wien', f{amount} = 12345.6789")),
        Ok(())
    );
    assert_eq!(number(&db, &nord, node), before, "the table was rewritten");
    assert_eq!(
        key_of(change(&db, &nord, city, sized(9))),
        "field-max-smaller"
    );
    for (precision, scale) in [(9, 3), (8, 4), (9, 5)] {
        let narrower = change(&db, &nord, amount, digits(precision, scale));
        assert_eq!(key_of(narrower), "field-precision-smaller");
    }
    assert_eq!(
        key_of(change(&db, &nord, city, input("city", "integer"))),
        "field-type-fixed"
    );

    set(&format!("f{colour} = 'red'")).unwrap();
    assert_eq!(
        key_of(change(&db, &nord, colour, of(&["blue"]))),
        "field-choices-used"
    );
    assert_eq!(
        key_of(change(&db, &nord, colour, of(&["red"]))),
        "field-in-use"
    );
    change(&db, &nord, colour, of(&["red", "blue", "green"])).unwrap();
    set(&format!("f{colour} = 'green'")).unwrap();
    change(&db, &nord, colour, of(&["green", "blue"])).unwrap();
    assert!(set(&format!("f{colour} = 'red'")).is_err());

    // A renamed field is the same column, and the fences over it hold.
    let renamed = FieldInput {
        key: "town".into(),
        label_de: "Ort".into(),
        ..sized(10_000)
    };
    change(&db, &nord, city, renamed).unwrap();
    let seen = |tenant: &Tenant| {
        use mandant::db::schema::tenant::recipients;
        db.look_as(tenant.scope(), |conn| {
            Ok(recipients::table.count().get_result::<i64>(conn.pg())?)
        })
        .unwrap()
    };
    assert_eq!(inner.each_ref().map(seen), [0, 1, 1]);
    let shown = show::list(&db.app, "nord/i2").unwrap();
    let town = shown.iter().find(|field| field.key == "town").unwrap();
    assert_eq!((town.label.as_str(), town.max), ("Ort", Some(10_000)));
}

#[test]
fn the_second_of_two_editors_is_told() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let id = add(&db, &nord, text("city"));
    let version = field(&db, &nord, id).version;
    let labelled = |label: &str| FieldInput {
        label_en: label.into(),
        ..text("city")
    };
    change_at(&db, &nord, id, version, labelled("First")).unwrap();
    let second = change_at(&db, &nord, id, version, labelled("Second"));
    assert!(matches!(second, Err(AppError::Conflict)), "{second:?}");
    assert_eq!(field(&db, &nord, id).label_en, "First");
}

#[test]
fn standard_fields_change_their_words_only() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let name = FieldId(4);
    let good = FieldInput {
        max: Some(200),
        label_en: "Given name".into(),
        required: true,
        position: Some(15),
        ..text("first_name")
    };
    change(&db, &nord, name, good.clone()).unwrap();
    let now = field(&db, &nord, name);
    assert!(now.required && now.label_en == "Given name" && now.position == 15);
    for (other, key) in [
        (
            FieldInput {
                key: "given".into(),
                ..good.clone()
            },
            "field-key-standard",
        ),
        (
            FieldInput {
                max: Some(300),
                ..good.clone()
            },
            "field-type-fixed",
        ),
        (
            FieldInput {
                unique: true,
                ..good.clone()
            },
            "field-unique-standard",
        ),
        (
            FieldInput {
                default: "x".into(),
                ..good
            },
            "field-default-standard",
        ),
    ] {
        assert_eq!(key_of(change(&db, &nord, name, other)), key);
    }
    let email = FieldInput {
        unique: true,
        indexed: true,
        ..input("email", "email")
    };
    assert_eq!(
        key_of(change(&db, &nord, FieldId(1), email)),
        "field-required-email"
    );
    let created = FieldInput {
        historised: false,
        ..input("created", "datetime")
    };
    assert_eq!(
        key_of(change(&db, &nord, FieldId(8), created)),
        "field-mode-set-by-program"
    );
}

#[test]
fn a_table_in_use_is_waited_for_and_then_left_alone() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let mut holder = db.as_provisioner();
    let hold = format!(
        "BEGIN; LOCK TABLE t_{}.recipients IN ROW EXCLUSIVE MODE",
        nord.id
    );
    holder.batch_execute(&hold).unwrap();
    std::thread::scope(|scope| {
        let adding = scope.spawn(|| try_add(&db, &nord, text("city")));
        // Longer than one try waits, shorter than all of them.
        std::thread::sleep(std::time::Duration::from_millis(3000));
        holder.batch_execute("COMMIT").unwrap();
        adding.join().unwrap().unwrap();
    });
    assert_eq!(
        number(
            &db,
            &nord,
            "SELECT count(*) AS n FROM fields WHERE key = 'city'"
        ),
        1
    );
}
