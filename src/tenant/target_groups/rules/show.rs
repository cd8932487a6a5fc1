//! A checked rule as text, with the fields' current keys. Parsing it gives the same rule again.

use super::check::{Checked, CheckedRule};
use super::literal::{Literal, plain};
use super::parse::is_keyword;
use super::tree::{Node, Op};
use std::fmt;

impl CheckedRule {
    /// The rule as people read and write it.
    pub fn show(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for CheckedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        node(f, self.node(), Place::Outside)
    }
}

/// What surrounds a part; decides whether it needs brackets.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Outside,
    All,
    Not,
}

/// Brackets stand only where the meaning needs them, so that the nesting never grows beyond what
/// was typed.
fn node(f: &mut fmt::Formatter<'_>, part: &Node<Checked>, place: Place) -> fmt::Result {
    match part {
        Node::All(parts) if place == Place::Not => {
            bracketed(f, |f| joined(f, parts, " and ", Place::All))
        }
        Node::All(parts) => joined(f, parts, " and ", Place::All),
        Node::Any(parts) if place != Place::Outside => {
            bracketed(f, |f| joined(f, parts, " or ", Place::Outside))
        }
        Node::Any(parts) => joined(f, parts, " or ", Place::Outside),
        Node::Not(part) => {
            f.write_str("not ")?;
            node(f, part, Place::Not)
        }
        Node::Is(checked) => condition(f, checked),
    }
}

fn bracketed(
    f: &mut fmt::Formatter<'_>,
    inner: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_str("(")?;
    inner(f)?;
    f.write_str(")")
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Node<Checked>],
    joint: &str,
    place: Place,
) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { joint })?;
        node(f, part, place)?;
    }
    Ok(())
}

fn condition(f: &mut fmt::Formatter<'_>, checked: &Checked) -> fmt::Result {
    let key = &checked.field.key;
    if is_keyword(key) {
        write!(f, "[{key}]")?;
    } else {
        f.write_str(key)?;
    }
    write!(f, " {}", checked.op.text())?;
    let values: Vec<String> = checked.values.iter().map(literal).collect();
    match checked.op {
        Op::Empty | Op::NotEmpty => Ok(()),
        Op::In | Op::NotIn => write!(f, " ({})", values.join(", ")),
        _ => write!(f, " {}", values.join(", ")),
    }
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => quoted(text),
        other => plain(other),
    }
}

/// Text in the quotes of the rule language (not of SQL).
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
