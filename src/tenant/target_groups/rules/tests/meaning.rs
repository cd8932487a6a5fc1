//! PostgreSQL and a plain reading of the rule in Rust must choose the same rows.
#![expect(
    clippy::disallowed_methods,
    reason = "the SQL of rules is what is tested here, as text and inside a view"
)]

use super::properties::rule;
use super::*;
use crate::tenant::target_groups::rules::check::Checked;
use crate::tenant::target_groups::rules::literal::Literal;
use crate::tenant::target_groups::rules::tree::{Node, Op};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::cmp::Ordering;

/// The values that the rows have, by column; `None` is missing.
const TEXTS: [Option<&str>; 12] = [
    None,
    Some(""),
    Some("a"),
    Some("A"),
    Some("aA"),
    Some("ö"),
    Some("Ö'a"),
    Some("%"),
    Some("_a"),
    Some("\\"),
    Some("a\\%"),
    Some("Bad 'Ort'"),
];
const EMAILS: [Option<&str>; 5] = [None, Some("a"), Some("a_a"), Some("ö%a"), Some("a\\a")];
const LANGUAGES: [Option<&str>; 4] = [None, Some("de"), Some("en"), Some("FR")];
const NUMBERS: [Option<i64>; 7] = [
    None,
    Some(i64::MIN),
    Some(-3),
    Some(0),
    Some(1),
    Some(3),
    Some(i64::MAX),
];
const DECIMALS: [Option<&str>; 7] = [
    None,
    Some("-1.5"),
    Some("0"),
    Some("0.1"),
    Some("1"),
    Some("3.25"),
    Some("333.999"),
];
const TRUTHS: [Option<bool>; 3] = [None, Some(true), Some(false)];
const DAYS: [Option<&str>; 6] = [
    None,
    Some("2025-01-01"),
    Some("2025-06-15"),
    Some("2026-02-28"),
    Some("2027-12-28"),
    Some("0001-01-01"),
];
const MOMENTS: [Option<&str>; 7] = [
    None,
    Some("2025-06-15T00:00:00Z"),
    Some("2025-06-14T23:59:59.999999Z"),
    Some("2026-02-28T12:30:00Z"),
    Some("2026-03-01T00:00:00Z"),
    Some("2027-12-28T23:59:59.999999Z"),
    Some("9999-12-31T23:00:00Z"),
];
const ROWS: usize = 400;

/// Which of `len` values row `row` has in `column`: scattered, and the same in every run.
fn pick(row: usize, column: usize, len: usize) -> usize {
    let mixed = (row * 64 + column + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 33) % len
}

/// The value of a row in a column, or `None` where it is missing.
fn cell(row: usize, column: &str) -> Option<String> {
    let text = |values: &[Option<&str>], n| values[pick(row, n, values.len())].map(str::to_owned);
    match column {
        "f11" => text(&TEXTS, 0),
        "last_name" => text(&TEXTS, 1),
        "f16" => text(&TEXTS, 2),
        "f17" => text(&TEXTS, 3),
        "email" => text(&EMAILS, 4),
        "language" => text(&LANGUAGES, 5),
        "f12" => NUMBERS[pick(row, 6, NUMBERS.len())].map(|n| n.to_string()),
        "f18" => NUMBERS[pick(row, 7, NUMBERS.len())].map(|n| n.to_string()),
        "f13" => text(&DECIMALS, 8),
        "f14" => TRUTHS[pick(row, 9, TRUTHS.len())].map(|yes| yes.to_string()),
        "f15" => text(&DAYS, 10),
        "created_at" => text(&MOMENTS, 11),
        other => panic!("no values for {other}"),
    }
}

fn holds(node: &Node<Checked>, row: usize) -> bool {
    match node {
        Node::All(parts) => parts.iter().all(|part| holds(part, row)),
        Node::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Node::Not(part) => !holds(part, row),
        Node::Is(checked) => condition_holds(checked, row),
    }
}

fn condition_holds(checked: &Checked, row: usize) -> bool {
    let cell = cell(row, checked.field.column.as_str()).filter(|text| !text.is_empty());
    let is = |op: Op| {
        let Some(cell) = &cell else { return false };
        checked
            .values
            .iter()
            .any(|value| value_holds(cell, op, value))
    };
    match checked.op {
        Op::Empty => cell.is_none(),
        Op::NotEmpty => cell.is_some(),
        Op::In => is(Op::Equal),
        Op::NotIn => !is(Op::Equal),
        Op::NotEqual | Op::NotContains | Op::NotStartsWith | Op::NotEndsWith => {
            !is(checked.op.opposite().unwrap())
        }
        op => is(op),
    }
}

fn value_holds(cell: &str, op: Op, value: &Literal) -> bool {
    if let Literal::Text(part) = value {
        let (cell, part) = (cell.to_lowercase(), part.to_lowercase());
        match op {
            Op::Contains => return cell.contains(&part),
            Op::StartsWith => return cell.starts_with(&part),
            Op::EndsWith => return cell.ends_with(&part),
            _ => {}
        }
    }
    let order = compare(cell, value);
    match op {
        Op::Equal => order == Ordering::Equal,
        Op::Less => order == Ordering::Less,
        Op::AtMost => order != Ordering::Greater,
        Op::Greater => order == Ordering::Greater,
        Op::AtLeast => order != Ordering::Less,
        other => panic!("{other:?}"),
    }
}

fn compare(cell: &str, value: &Literal) -> Ordering {
    let moment = || cell.parse::<DateTime<Utc>>().unwrap();
    match value {
        Literal::Text(text) => cell.cmp(text),
        Literal::Integer(number) => cell.parse::<i64>().unwrap().cmp(number),
        Literal::Decimal(digits) => thousandths(cell).cmp(&thousandths(digits)),
        Literal::Bool(yes) => cell.parse::<bool>().unwrap().cmp(yes),
        Literal::Day(day) if cell.len() == 10 => cell.parse::<NaiveDate>().unwrap().cmp(day),
        Literal::Day(day) => moment().date_naive().cmp(day),
        Literal::Moment(at) => moment().cmp(at),
    }
}

fn thousandths(digits: &str) -> i64 {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{whole}{fraction:0<3}").parse().unwrap()
}

#[derive(QueryableByName)]
struct Chosen {
    #[diesel(sql_type = Nullable<Text>)]
    ids: Option<String>,
}

#[derive(QueryableByName)]
struct Truths {
    #[diesel(sql_type = Nullable<Bool>)]
    known: Option<bool>,
}

/// A connection with the rows in a table of its own, gone with the connection.
fn rows() -> PgConnection {
    let url = std::env::var("MANDANT_TEST_DATABASE_URL").expect("MANDANT_TEST_DATABASE_URL");
    let mut conn = PgConnection::establish(&url).unwrap();
    let columns: Vec<_> = fields()
        .iter()
        .map(|field| (field.column.to_string(), field.kind.column_type()))
        .collect();
    let defined: Vec<_> = columns
        .iter()
        .map(|(name, kind)| format!("{name} {kind}"))
        .collect();
    let mut sql = format!(
        "CREATE TEMP TABLE people (id bigint, {});\n",
        defined.join(", ")
    );
    for row in 0..ROWS {
        let cells: Vec<_> = columns
            .iter()
            .map(|(name, _)| cell(row, name).map_or("NULL".to_owned(), |text| sql::quoted(&text)))
            .collect();
        sql += &format!("INSERT INTO people VALUES ({row}, {});\n", cells.join(", "));
    }
    conn.batch_execute(&sql).unwrap();
    conn
}

fn chosen(conn: &mut PgConnection, from: &str) -> String {
    let sql = format!("SELECT string_agg(id::text, ',' ORDER BY id) AS ids FROM {from}");
    let chosen: Chosen = diesel::sql_query(&sql).get_result(conn).expect(&sql);
    chosen.ids.unwrap_or_default()
}

#[test]
#[ignore = "needs a PostgreSQL in MANDANT_TEST_DATABASE_URL, with the locale C.UTF-8"]
fn postgresql_chooses_the_rows_that_the_rule_means() {
    let conn = &mut rows();
    let mut runner = TestRunner::deterministic();
    let mut neither_all_nor_none = 0;
    for round in 0..3_000 {
        // Neither the quotes nor the time zone nor the style of dates may change the meaning.
        let (strings, zone, style) =
            [("on", "UTC", "ISO"), ("off", "Asia/Tokyo", "SQL, DMY")][round % 2];
        conn.batch_execute(&format!(
            "SET standard_conforming_strings = {strings}; SET escape_string_warning = off;
             SET timezone = '{zone}'; SET datestyle = '{style}'"
        ))
        .unwrap();
        let text = rule().new_tree(&mut runner).unwrap().current();
        let rule = checked(&text);
        let expected: Vec<_> = (0..ROWS).filter(|row| holds(rule.node(), *row)).collect();
        neither_all_nor_none += usize::from(!expected.is_empty() && expected.len() < ROWS);
        let expected: Vec<_> = expected.iter().map(usize::to_string).collect();
        let sql = rule.to_sql("people");
        let got = chosen(conn, &format!("people WHERE {sql} AND true"));
        assert_eq!(got, expected.join(","), "{text}\n{sql}");
        if round % 10 == 0 {
            through_a_view(conn, &sql, &got);
            never_null(conn, &rule);
        }
    }
    assert!(
        neither_all_nor_none > 1_000,
        "{neither_all_nor_none} rules tell rows apart"
    );
}

fn through_a_view(conn: &mut PgConnection, sql: &SqlText, expected: &str) {
    let view = format!(
        "DROP VIEW IF EXISTS fenced; CREATE TEMP VIEW fenced AS
         SELECT id, email FROM people WHERE {sql} WITH CASCADED CHECK OPTION"
    );
    conn.batch_execute(&view).expect(&view);
    assert_eq!(chosen(conn, "fenced"), expected, "{view}");
}

fn never_null(conn: &mut PgConnection, rule: &CheckedRule) {
    for (shown, sql) in rule.conditions_sql("people") {
        let sql = format!("SELECT bool_and(({sql}) IS NOT NULL) AS known FROM people");
        let truths: Truths = diesel::sql_query(&sql).get_result(conn).expect(&sql);
        assert_eq!(truths.known, Some(true), "{shown}");
    }
}
