use super::*;
use serde_json::json;

fn problem(json: &serde_json::Value, catalog: &Catalog) -> Problem {
    let errors = CheckedRule::from_stored(json, catalog).expect_err("closed");
    errors[0].problem.clone()
}

fn wrap(rule: &serde_json::Value) -> serde_json::Value {
    json!({ "version": 1, "rule": rule })
}

#[test]
fn a_stored_rule_names_fields_by_id() {
    let rule = checked(
        "age >= 18 and (not city in ('Bonn', 'Köln') or vip = yes) and created < 2026-01-31",
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&rule.to_stored()).unwrap());
}

#[test]
fn renaming_a_field_keeps_the_rule() {
    let stored = checked("age >= 18 and city is empty").to_stored();
    let mut fields = fields();
    fields.iter_mut().find(|f| f.key == "age").unwrap().key = "or".to_owned();
    let rule = CheckedRule::from_stored(&stored, &Catalog::new(fields)).unwrap();
    assert_eq!(rule.show(), "[or] >= 18 and city is empty");
    assert_eq!(rule.to_stored(), stored);
}

#[test]
fn what_no_longer_fits_is_an_error() {
    let stored = checked("age = 18 or language = 'de'").to_stored();
    let without = |key: &str| Catalog::new(fields().into_iter().filter(|f| f.key != key));
    assert_eq!(
        problem(&stored, &without("age")),
        Problem::FieldGone { id: FieldId(12) }
    );

    let with = |key: &str, kind: Kind| {
        let mut fields = fields();
        fields.iter_mut().find(|f| f.key == key).unwrap().kind = kind;
        Catalog::new(fields)
    };
    let text = with("age", Kind::Text { max: 9 });
    let (field, now) = ("age".to_owned(), "text");
    assert_eq!(problem(&stored, &text), Problem::TypeChanged { field, now });
    let fewer = with("language", choices(&["en"]));
    assert!(matches!(
        problem(&stored, &fewer),
        Problem::NoSuchChoice { .. }
    ));
    let other_case = with("language", choices(&["DE"]));
    assert_eq!(problem(&stored, &other_case), Problem::StoredUnreadable);
}

#[test]
fn damaged_json_is_an_error_and_never_everybody() {
    let is = |op: &str, values: serde_json::Value| {
        wrap(&json!({ "is": { "field": 12, "type": "integer", "op": op, "values": values } }))
    };
    assert!(CheckedRule::from_stored(&is("=", json!(["1"])), &catalog()).is_ok());
    let mut deep = json!({ "is": { "field": 12, "type": "integer", "op": "is empty" } });
    for _ in 0..200 {
        deep = json!({ "not": deep });
    }
    for json in [
        json!(null),
        json!({}),
        wrap(&json!({})),
        wrap(&json!({ "all": [] })),
        wrap(&json!({ "any": [] })),
        wrap(&json!({ "not": { "any": [] } })),
        is("=", json!([])),
        is("=", json!(["1", "2"])),
        is("in", json!([])),
        is("is empty", json!(["1"])),
        is("~", json!(["1"])),
        is("=", json!(["x"])),
        is("=", json!(["01"])),
        is("=", json!([1])),
        is("=", json!(["1; drop table recipients"])),
        wrap(&deep),
    ] {
        let problem = problem(&json, &catalog());
        assert_eq!(problem, Problem::StoredUnreadable);
    }
    let newer = json!({ "version": 2, "rule": {} });
    assert_eq!(
        problem(&newer, &catalog()),
        Problem::StoredVersion { version: 2 }
    );
}
