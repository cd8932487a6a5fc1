use super::*;

/// Every rule with what it is shown as and the SQL it becomes.
fn table(rules: &[&str]) -> String {
    let line = |text: &&str| {
        let rule = checked(text);
        format!("{text}\n    {rule}\n    {}\n", rule.to_sql("r"))
    };
    rules.iter().map(line).collect()
}

#[test]
fn each_type_has_its_sql() {
    let sql = table(&[
        "city = 'Bonn'",
        "city != \"L'Aquila\"",
        "city <> 'Bonn'",
        "city == 'a\\b'",
        "city < 'M' or city <= 'm' or city > 'M' or city >= 'M'",
        "CITY IN ('Bonn','Köln', 'Bonn')",
        "city not in ('Bonn')",
        "city is empty",
        "city is not empty",
        "city contains '50%_\\'",
        "city not contains 'x'",
        "city starts_with 'Bad '",
        "city not ends_with 'heim'",
        "email = 'Anna@Müller.DE'",
        "email ends_with '@Example.org'",
        "email not in ('A@b.de', 'c')",
        "language = 'DE'",
        "language in ('fr', 'en')",
        "age = 18",
        "age != -9223372036854775808",
        "age >= 18.0",
        "age in (1, 2, 3)",
        "age is empty",
        "turnover > 0099.500",
        "turnover < -0.0",
        "turnover not in (1.5, 2)",
        "vip = yes",
        "vip = FALSE",
        "vip != true",
        "vip != no",
        "vip is not empty",
        "birthday = 2026-01-31",
        "birthday != '2024-02-29'",
        "birthday < 0001-01-01",
        "created = 2026-01-31",
        "created != 2026-01-31",
        "created < 2026-01-31",
        "created <= 9999-12-31",
        "created > 2026-01-31",
        "created >= 2026-01-31",
        "created in (2026-01-31, 2026-02-02T12:00)",
        "created = 2026-01-31T10:00:00.1234567+02:00",
        "created > '2026-01-31 10:00'",
        "created not in (2026-02-02T12:00Z)",
        "mobile starts_with '+49'",
        "homepage contains 'example'",
        "[not] = 1",
    ]);
    insta::assert_snapshot!(sql);
}

#[test]
fn joints_have_their_sql() {
    let sql = table(&[
        "age = 1 and vip = yes or city = 'a'",
        "age = 1 and (vip = yes or city = 'a')",
        "(age = 1 and (vip = yes)) and city = 'a'",
        "age = 1 or (age = 2 or (age = 3))",
        "not age > 3",
        "not not age > 3",
        "not (age > 3 and city = 'a')",
        "NOT (age = 3 OR NOT (city contains 'a' AND vip = no))",
        "not city in ('a')",
        "not (created < 2026-01-31 or turnover is empty)",
        "not vip = yes and not email starts_with 'a'",
        "not [not] = 1",
    ]);
    insta::assert_snapshot!(sql);
}

#[test]
fn conditions_are_the_parts_of_the_outermost_and() {
    let rule = checked("age > 3 and (city = 'a' or vip = yes) and not birthday is empty");
    let lines: Vec<_> = rule
        .conditions_sql("v")
        .into_iter()
        .map(|(shown, sql)| format!("{shown}\n    {sql}"))
        .collect();
    let lines = lines.join("\n");
    insta::assert_snapshot!(lines);
    assert_eq!(checked("age = 1 or age = 2").conditions().len(), 1);
}

#[test]
fn fields_are_listed_once() {
    let rule = checked("age > 3 and (city = 'a' or not AGE < 9)");
    let ids: Vec<_> = rule.fields().into_iter().map(|id| id.0).collect();
    assert_eq!(ids, [11, 12]);
}

#[test]
fn only_known_columns_exist() {
    assert!(Column::standard("password").is_none());
    assert!(Column::standard("email\"").is_none());
    assert!(Column::own(FieldId(0)).is_none());
    assert!(Column::own(FieldId(-1)).is_none());
    assert_eq!(Column::own(FieldId(12)).unwrap().as_str(), "f12");
}

#[test]
fn a_diesel_query_takes_a_rule_as_its_filter() {
    use diesel::prelude::*;
    diesel::table! { recipients (id) { id -> BigInt, vip -> Bool, } }
    let query = recipients::table
        .filter(recipients::vip)
        .filter(checked("age > 3 or age is empty").filter("recipients"))
        .select(recipients::id)
        .into_boxed();
    let sql = diesel::debug_query::<diesel::pg::Pg, _>(&query).to_string();
    insta::assert_snapshot!(sql);
}
