//! Values with the type of their field: what `check` makes of what was written.

use super::catalog::{FieldRef, nearest};
use super::lex::is_number;
use super::message::{Problem, excerpt};
use super::parse::Value;
use crate::tenant::fields::kind::{Choice, Kind};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SubsecRound, Timelike, Utc};

/// A value in the form in which it is compared. The text never has a NUL character and is never
/// without characters; a decimal is `-?[0-9]+(\.[0-9]+)?` without needless zeros; years are 1 to
/// 9999.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    Integer(i64),
    Decimal(String),
    Bool(bool),
    Day(NaiveDate),
    Moment(DateTime<Utc>),
}

/// More digits than any field holds, before or after the point.
const MAX_DIGITS: usize = 38;

/// Gives `value` the type of `field`. A `fragment` is part of a text, not a whole one.
pub(super) fn typed(field: &FieldRef, value: &Value, fragment: bool) -> Result<Literal, Problem> {
    let wrong = || wrong_value(field, value);
    match (&field.kind, value) {
        (Kind::Choice { choices }, Value::Text(text)) => choice(field, choices, text),
        (Kind::Email, Value::Text(text)) => {
            let text = non_empty(field, text)?;
            Ok(Literal::Text(if fragment {
                text.to_lowercase()
            } else {
                address(text)
            }))
        }
        (Kind::Text { .. } | Kind::Phone | Kind::Url, Value::Text(text)) => {
            Ok(Literal::Text(non_empty(field, text)?.to_owned()))
        }
        (Kind::Integer, Value::Number(digits)) => integer(digits).ok_or_else(wrong)?,
        (Kind::Decimal { .. }, Value::Number(digits)) => decimal(digits),
        (Kind::Boolean, Value::Bool(yes)) => Ok(Literal::Bool(*yes)),
        (Kind::Date, Value::Text(text) | Value::Moment(text)) => {
            day(text).map(Literal::Day).ok_or_else(wrong)
        }
        (Kind::DateTime, Value::Text(text) | Value::Moment(text)) => {
            let whole_day = day(text).map(Literal::Day);
            whole_day
                .or_else(|| moment(text).map(Literal::Moment))
                .ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// Without quotes, as it is kept in stored rules.
pub(super) fn plain(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => text.clone(),
        Literal::Integer(number) => number.to_string(),
        Literal::Decimal(digits) => digits.clone(),
        Literal::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Literal::Day(day) => day.format("%Y-%m-%d").to_string(),
        Literal::Moment(at) => at.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string(),
    }
}

/// The value that, written for a field of this kind, means `plain`.
pub(super) fn value_of(kind: &Kind, plain: &str) -> Option<Value> {
    Some(match kind {
        Kind::Integer | Kind::Decimal { .. } if !is_number(plain) => return None,
        Kind::Integer | Kind::Decimal { .. } => Value::Number(plain.to_owned()),
        Kind::Boolean => Value::Bool(match plain {
            "yes" => true,
            "no" => false,
            _ => return None,
        }),
        Kind::Date | Kind::DateTime => Value::Moment(plain.to_owned()),
        Kind::Text { .. } | Kind::Choice { .. } | Kind::Email | Kind::Phone | Kind::Url => {
            Value::Text(plain.to_owned())
        }
    })
}

fn wrong_value(field: &FieldRef, value: &Value) -> Problem {
    let is_time = matches!(field.kind, Kind::Date | Kind::DateTime);
    let found = match value {
        // Where quotes are what is wrong, they are shown.
        Value::Text(text) if !is_time => super::show::quoted(&excerpt(text)),
        Value::Text(text) | Value::Number(text) | Value::Moment(text) => excerpt(text),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
    };
    Problem::WrongValue {
        field: field.key.clone(),
        kind: field.kind.name(),
        found,
    }
}

/// Recipients without text are asked for with `is empty`, which finds missing text as well.
fn non_empty<'a>(field: &FieldRef, text: &'a str) -> Result<&'a str, Problem> {
    let field = field.key.clone();
    match text {
        "" => Err(Problem::EmptyText { field }),
        _ if text.contains('\0') => Err(Problem::NulCharacter),
        _ => Ok(text),
    }
}

/// Addresses are stored in lower case, international domains as punycode.
fn address(text: &str) -> String {
    let lower = text.to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, domain)) => {
            let domain = idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned());
            format!("{local}@{domain}")
        }
        None => lower,
    }
}

fn choice(field: &FieldRef, choices: &[Choice], text: &str) -> Result<Literal, Problem> {
    let text = non_empty(field, text)?;
    let values = || choices.iter().map(|choice| choice.value.as_str());
    let lower = text.to_lowercase();
    let mut similar = values().filter(|value| value.to_lowercase() == lower);
    let exact = values().find(|value| *value == text);
    let only = similar.next().filter(|_| similar.next().is_none());
    match exact.or(only) {
        Some(value) => Ok(Literal::Text(value.to_owned())),
        None => Err(Problem::NoSuchChoice {
            field: field.key.clone(),
            found: excerpt(text),
            nearest: nearest(text, values()),
            allowed: first_few(values()),
        }),
    }
}

fn first_few<'a>(values: impl Iterator<Item = &'a str>) -> String {
    const FEW: usize = 8;
    let mut shown: Vec<String> = values.take(FEW + 1).map(super::show::quoted).collect();
    if shown.len() > FEW {
        shown[FEW] = "…".to_owned();
    }
    shown.join(", ")
}

/// `None` where it is no whole number.
fn integer(digits: &str) -> Option<Result<Literal, Problem>> {
    let whole = match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => digits,
    };
    Some(
        whole
            .parse()
            .map(Literal::Integer)
            .map_err(|_| Problem::NumberOutOfRange {
                found: excerpt(digits),
            }),
    )
}

fn decimal(digits: &str) -> Result<Literal, Problem> {
    let (sign, unsigned) = match digits.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", digits),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    if whole.len() > MAX_DIGITS || fraction.len() > MAX_DIGITS {
        let found = excerpt(digits);
        return Err(Problem::NumberOutOfRange { found });
    }
    let text = match (whole, fraction) {
        ("", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        ("", fraction) => format!("{sign}0.{fraction}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    };
    Ok(Literal::Decimal(text))
}

/// Exactly `YYYY-MM-DD`.
fn day(text: &str) -> Option<NaiveDate> {
    let shape = |(i, b): (usize, u8)| {
        if i == 4 || i == 7 {
            b == b'-'
        } else {
            b.is_ascii_digit()
        }
    };
    let shaped = text.len() == 10 && text.bytes().enumerate().all(shape);
    let day = NaiveDate::parse_from_str(shaped.then_some(text)?, "%Y-%m-%d").ok()?;
    (day.year() >= 1).then_some(day)
}

/// `YYYY-MM-DD`, `T` or a space, `HH:MM`, perhaps seconds and a fraction, perhaps `Z` or an offset.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let date = text.get(..10)?;
    day(date)?;
    let time = text.get(10..)?.strip_prefix(['T', 't', ' '])?;
    let text = format!("{date}T{time}").to_uppercase();
    let naive = text.strip_suffix('Z').unwrap_or(&text);
    let utc = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(naive, format).ok())
        .map(|naive| naive.and_utc());
    let offset = || {
        ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z"]
            .iter()
            .find_map(|format| DateTime::parse_from_str(&text, format).ok())
            .map(|at| at.to_utc())
    };
    // PostgreSQL keeps microseconds and knows no leap seconds.
    utc.or_else(offset)
        .filter(|at| at.nanosecond() < 1_000_000_000 && (1..=9999).contains(&at.year()))
        .map(|at| at.trunc_subsecs(6))
}
