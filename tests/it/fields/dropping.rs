//! Fields that go, and those that are still in use.

use super::{add, field, key_of, number, raw, text};
use crate::support::{TestDb, by_rule};
use diesel::prelude::*;
use mandant::access::system::provision;
use mandant::control::audit::Actor;
use mandant::control::tenants::Tenant;
use mandant::db::ids::FieldId;
use mandant::error::{AppError, Result};
use mandant::tenant::fields::define::FieldInput;
use mandant::tenant::fields::orders::DropField;
use serde_json::json;

fn drop_field(db: &TestDb, tenant: &Tenant, id: FieldId) -> Result<()> {
    let order = DropField {
        actor: Actor::cli(),
        tenant: tenant.id(),
        id,
        version: field(db, tenant, id).version,
    };
    provision(&db.app, order)
}

fn seen(db: &TestDb, tenant: &Tenant) -> i64 {
    use mandant::db::schema::tenant::recipients;
    db.look_as(tenant.scope(), |conn| {
        Ok(recipients::table.count().get_result::<i64>(conn.pg())?)
    })
    .unwrap()
}

#[test]
fn a_field_goes_with_its_column_and_the_fences_stay() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let (city, other) = (
        add(&db, &nord, text("city")),
        add(&db, &nord, text("other")),
    );
    let person =
        json!({ "email": "a@example.org", format!("f{city}"): "Ulm", format!("f{other}"): "x" });
    db.person(&nord, person, &[]);
    db.recipient(&nord, "b@example.org", &[]);
    let inner = [
        db.inner("nord", "i1", by_rule("city = 'Ulm'")),
        db.inner("nord", "i2", by_rule("email = 'b@example.org'")),
        db.inner("nord", "i3", by_rule("city is empty")),
    ];
    drop_field(&db, &nord, other).unwrap();
    assert_eq!(inner.each_ref().map(|one| seen(&db, one)), [1, 1, 1]);
    let left = format!(
        "SELECT count(*) AS n FROM information_schema.columns WHERE column_name = 'f{other}'"
    );
    assert_eq!(number(&db, &nord, &left), 0);
    // The key is free again, and the new field is another column.
    assert_ne!(add(&db, &nord, text("other")), other);
    match drop_field(&db, &nord, city) {
        Err(AppError::Invalid {
            key: "field-in-use",
            params,
        }) => {
            assert_eq!(params[0].1, "«I1», «I3»");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        key_of(drop_field(&db, &nord, FieldId(3))),
        "field-standard-stays"
    );
}

#[test]
fn a_saved_profile_keeps_its_field() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let (city, other) = (
        add(&db, &nord, text("city")),
        add(&db, &nord, text("other")),
    );
    let settings = json!({ "mapping": [{ "column": "Ort", "field": city }], "key_field": 1 });
    raw(
        &db,
        &nord,
        &format!("INSERT INTO import_profiles (name, settings) VALUES ('Shop', '{settings}')"),
    )
    .unwrap();
    assert_eq!(key_of(drop_field(&db, &nord, city)), "field-in-use");
    drop_field(&db, &nord, other).unwrap();
    raw(&db, &nord, "DELETE FROM import_profiles").unwrap();
    drop_field(&db, &nord, city).unwrap();
}

#[test]
fn a_rule_whose_field_is_gone_closes_the_fence() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let city = add(&db, &nord, text("city"));
    db.recipient(&nord, "a@example.org", &[]);
    let vip = db.inner("nord", "vip", by_rule("city is empty"));
    let open = db.inner("nord", "open", by_rule("email contains 'a'"));
    assert_eq!(seen(&db, &vip), 1);
    // What no order does: the row goes while the fence still names the field.
    raw(&db, &nord, &format!("DELETE FROM fields WHERE id = {city}")).unwrap();
    add(&db, &nord, text("another"));
    assert_eq!((seen(&db, &vip), seen(&db, &open)), (0, 1));
}

#[test]
fn inner_tenants_may_not_set_unique_fields_themselves() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let id = add(&db, &nord, text("code"));
    let vip = db.inner("nord", "vip", by_rule("email contains 'a'"));
    let may = |db: &TestDb| {
        let sql = format!(
            "SELECT has_column_privilege('m{}_i_{}', 'i_{}.recipients', 'f{id}', 'UPDATE')::int::bigint AS n",
            db.inst(),
            vip.id,
            vip.id
        );
        number(db, &nord, &sql) == 1
    };
    assert!(may(&db));
    let unique = FieldInput {
        unique: true,
        ..text("code")
    };
    super::change(&db, &nord, id, unique).unwrap();
    assert!(!may(&db));
    super::change(&db, &nord, id, text("code")).unwrap();
    assert!(may(&db));
}
