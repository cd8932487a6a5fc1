//! The only place where a rule becomes SQL.
//!
//! Literals stand in the text, because the text of a view takes no parameters; that is safe as
//! only the typed literals of a [`CheckedRule`] get here, each quoted by [`quoted`]. Every
//! operator and cast used is total: whatever the rows hold, it raises no error. (An error's text
//! could tell of rows outside a fence.) No column is ever cast, so that indexes and statistics
//! serve.
//!
//! What is emitted is true exactly where the rule holds; elsewhere it is false or null. Negation
//! therefore never stands before a column: it is carried down to the conditions, and there the
//! opposite operator or `IS NOT TRUE` takes its place. `WHERE` and `CHECK OPTION` treat null as
//! false; who needs the value itself asks [`CheckedRule::conditions_sql`].

use super::check::{Checked, CheckedRule};
use super::literal::{Literal, plain};
use super::tree::{Node, Op};
use crate::tenant::fields::kind::Kind;
use chrono::{Days, NaiveDate};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Nullable};
use std::fmt;

/// SQL that came from a checked rule; nothing else makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlText(String);

impl SqlText {
    /// The text, to stand inside a statement.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CheckedRule {
    /// A condition for `WHERE`, over the columns of the table or alias `table`: true where the
    /// rule holds, false or null elsewhere. It may stand beside `AND` without brackets.
    pub fn to_sql(&self, table: &'static str) -> SqlText {
        SqlText(Writer { table }.node(self.node(), Meaning::Plain, true))
    }

    /// Each of [`CheckedRule::conditions`] as people read it, and as an SQL expression that is
    /// true or false, never null.
    pub fn conditions_sql(&self, table: &'static str) -> Vec<(String, SqlText)> {
        let pair = |part: &CheckedRule| {
            let truth = format!("({}) IS TRUE", part.to_sql(table));
            (part.show(), SqlText(truth))
        };
        self.conditions().iter().map(pair).collect()
    }

    /// The rule as a filter for a diesel query that reads `table`.
    pub fn filter(&self, table: &'static str) -> RuleFilter {
        RuleFilter(self.to_sql(table))
    }
}

/// A rule as a boolean expression of diesel. Nullable, because null stands for false: filter by
/// it, and negate inside the rule only.
#[derive(Clone, Debug)]
pub struct RuleFilter(SqlText);

impl Expression for RuleFilter {
    type SqlType = Nullable<Bool>;
}

impl QueryFragment<Pg> for RuleFilter {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Every rule is another statement; they would fill the cache of prepared ones.
        out.unsafe_to_cache_prepared();
        out.push_sql("(");
        out.push_sql(self.0.as_str());
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for RuleFilter {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl ValidGrouping<()> for RuleFilter {
    type IsAggregate = diesel::expression::is_aggregate::No;
}

// The table is named by its alias, which no type knows: a wrong one fails in PostgreSQL.
impl<QS: ?Sized> AppearsOnTable<QS> for RuleFilter {}
impl<QS: ?Sized> SelectableExpression<QS> for RuleFilter {}

/// Whether a part is asked for as it is or negated.
#[derive(Clone, Copy, PartialEq)]
enum Meaning {
    Plain,
    Negated,
}

struct Writer {
    table: &'static str,
}

impl Writer {
    /// `in_and`: whether the text will stand beside `AND`, or else in brackets or beside `OR`.
    fn node(&self, node: &Node<Checked>, meaning: Meaning, in_and: bool) -> String {
        match (node, meaning) {
            (Node::Is(checked), _) => self.condition(checked, meaning),
            (Node::Not(part), Meaning::Plain) => self.node(part, Meaning::Negated, in_and),
            (Node::Not(part), Meaning::Negated) => self.node(part, Meaning::Plain, in_and),
            (Node::All(parts), Meaning::Plain) | (Node::Any(parts), Meaning::Negated) => {
                let joined = self.joined(parts, meaning, " AND ", true);
                if in_and {
                    joined
                } else {
                    format!("({joined})")
                }
            }
            (Node::Any(parts), Meaning::Plain) | (Node::All(parts), Meaning::Negated) => {
                let joined = self.joined(parts, meaning, " OR ", false);
                format!("({joined})")
            }
        }
    }

    fn joined(
        &self,
        parts: &[Node<Checked>],
        meaning: Meaning,
        joint: &str,
        in_and: bool,
    ) -> String {
        let parts = parts.iter().map(|part| self.node(part, meaning, in_and));
        parts.collect::<Vec<_>>().join(joint)
    }

    fn condition(&self, checked: &Checked, meaning: Meaning) -> String {
        let column = format!(
            "{}.{}",
            identifier(self.table),
            identifier(checked.field.column.as_str())
        );
        let opposite = match meaning {
            Meaning::Plain => Some(checked.op),
            Meaning::Negated => checked.op.opposite(),
        };
        let (op, negated) = opposite.map_or((checked.op, true), |op| (op, false));
        let sql = match &checked.field.kind {
            Kind::Boolean => truth(&column, op, &checked.values),
            Kind::DateTime => time(&column, op, &checked.values),
            Kind::Integer | Kind::Decimal { .. } | Kind::Date => {
                comparison(&column, op, &checked.values)
            }
            Kind::Text { .. } | Kind::Choice { .. } | Kind::Phone | Kind::Url => {
                text(&column, op, &checked.values, "ILIKE")
            }
            // Addresses are stored in lower case, and so are the literals.
            Kind::Email => text(&column, op, &checked.values, "LIKE"),
        };
        if negated { is_not_true(&sql) } else { sql }
    }
}

/// True where `sql` is false or null.
fn is_not_true(sql: &str) -> String {
    format!("({sql}) IS NOT TRUE")
}

/// Types with an order whose literals have one value.
fn comparison(column: &str, op: Op, values: &[Literal]) -> String {
    let one = || values.iter().map(literal).collect::<String>();
    let list = || values.iter().map(literal).collect::<Vec<_>>().join(", ");
    match op {
        Op::Empty => format!("{column} IS NULL"),
        Op::NotEmpty => format!("{column} IS NOT NULL"),
        Op::NotEqual => format!("{column} IS DISTINCT FROM {}", one()),
        Op::In => format!("{column} IN ({})", list()),
        Op::NotIn => is_not_true(&comparison(column, Op::In, values)),
        _ => format!("{column} {} {}", op.text(), one()),
    }
}

/// Text: missing and '' are both empty, and nothing that is empty is smaller than something.
fn text(column: &str, op: Op, values: &[Literal], like: &str) -> String {
    let matches = |before, after| {
        let pattern: String = values
            .iter()
            .map(|value| pattern(before, value, after))
            .collect();
        format!("{column} {like} {pattern}")
    };
    match op {
        Op::Empty => format!("({column} IS NULL OR {column} = '')"),
        Op::NotEmpty => format!("{column} <> ''"),
        Op::Less | Op::AtMost => {
            format!("({} AND {column} <> '')", comparison(column, op, values))
        }
        Op::Contains => matches("%", "%"),
        Op::StartsWith => matches("", "%"),
        Op::EndsWith => matches("%", ""),
        Op::NotContains | Op::NotStartsWith | Op::NotEndsWith => {
            let plain = op.opposite().unwrap_or(Op::Contains);
            is_not_true(&text(column, plain, values, like))
        }
        _ => comparison(column, op, values),
    }
}

fn truth(column: &str, op: Op, values: &[Literal]) -> String {
    let yes = values.contains(&Literal::Bool(true));
    match (op, yes) {
        (Op::Equal, true) => format!("{column} IS TRUE"),
        (Op::Equal, false) => format!("{column} IS FALSE"),
        (Op::NotEqual, true) => format!("{column} IS NOT TRUE"),
        (Op::NotEqual, false) => format!("{column} IS NOT FALSE"),
        _ => comparison(column, op, values),
    }
}

/// Moments, where a day stands for all its moments.
fn time(column: &str, op: Op, values: &[Literal]) -> String {
    let Some((first, last)) = values.iter().find_map(bounds) else {
        return comparison(column, op, values);
    };
    match op {
        Op::Less => format!("{column} < {first}"),
        Op::AtMost => format!("{column} < {last}"),
        Op::Greater => format!("{column} >= {last}"),
        Op::AtLeast => format!("{column} >= {first}"),
        Op::Equal | Op::In => {
            let ranges: Vec<_> = values.iter().map(|value| span(column, value)).collect();
            match ranges.as_slice() {
                [only] => only.clone(),
                _ => format!("({})", ranges.join(" OR ")),
            }
        }
        Op::NotEqual | Op::NotIn => is_not_true(&time(column, Op::In, values)),
        _ => comparison(column, op, values),
    }
}

fn span(column: &str, value: &Literal) -> String {
    match bounds(value) {
        Some((first, last)) => format!("({column} >= {first} AND {column} < {last})"),
        None => format!("{column} = {}", literal(value)),
    }
}

/// A day's first moment and that of the next.
fn bounds(value: &Literal) -> Option<(String, String)> {
    let Literal::Day(day) = value else {
        return None;
    };
    let next = day.checked_add_days(Days::new(1))?;
    Some((midnight(*day), midnight(next)))
}

fn midnight(day: NaiveDate) -> String {
    // `%Y` would write a plus sign before the year 10000, which the day after 9999-12-31 is in.
    let text = day.format("%m-%d 00:00:00+00");
    let year = chrono::Datelike::year(&day);
    format!("'{year:04}-{text}'::timestamptz")
}

fn literal(value: &Literal) -> String {
    match value {
        Literal::Text(text) => quoted(text),
        // In quotes, because `-9223372036854775808::bigint` negates a number that is too large.
        Literal::Integer(number) => format!("'{number}'::bigint"),
        Literal::Decimal(digits) => format!("'{digits}'::numeric"),
        Literal::Bool(yes) => yes.to_string(),
        Literal::Day(_) => format!("'{}'::date", plain(value)),
        Literal::Moment(at) => {
            let text = at.format("%Y-%m-%d %H:%M:%S%.f");
            format!("'{text}+00'::timestamptz")
        }
    }
}

/// A pattern that finds exactly this text; its own `%`, `_` and `\` are taken literally.
fn pattern(before: &str, value: &Literal, after: &str) -> String {
    let mut escaped = String::new();
    for c in plain(value).chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    quoted(&format!("{before}{escaped}{after}"))
}

/// Text as PostgreSQL reads it back. With a backslash it takes the form `E'…'`, which means the
/// same whatever `standard_conforming_strings` is.
pub(super) fn quoted(text: &str) -> String {
    debug_assert!(!text.contains('\0'), "literal refuses NUL");
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
