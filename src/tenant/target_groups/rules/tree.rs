//! The shape that typed, checked and stored rules share; what a condition is differs.

use serde::{Deserialize, Serialize};

/// Conditions joined by and, or, not. Made by [`Node::all`] and [`Node::any`], it has no list
/// with fewer than two parts and no list directly inside one of the same kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Node<C> {
    All(Vec<Node<C>>),
    Any(Vec<Node<C>>),
    Not(Box<Node<C>>),
    Is(C),
}

impl<C> Node<C> {
    /// `and`; expects at least one part.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Node::All(inner) => inner,
            other => vec![other],
        });
        single_or(flat.collect(), Node::All)
    }

    /// `or`; expects at least one part.
    pub(super) fn any(parts: Vec<Self>) -> Self {
        let flat = parts.into_iter().flat_map(|part| match part {
            Node::Any(inner) => inner,
            other => vec![other],
        });
        single_or(flat.collect(), Node::Any)
    }

    pub(super) fn not(part: Self) -> Self {
        Node::Not(Box::new(part))
    }

    /// Converts every condition. It goes on after a `None`, so that `convert` can collect all
    /// errors, and answers `None` in the end.
    pub(super) fn convert<D>(&self, convert: &mut impl FnMut(&C) -> Option<D>) -> Option<Node<D>> {
        match self {
            Node::All(parts) => convert_parts(parts, convert).map(Node::all),
            Node::Any(parts) => convert_parts(parts, convert).map(Node::any),
            Node::Not(part) => part.convert(convert).map(Node::not),
            Node::Is(condition) => convert(condition).map(Node::Is),
        }
    }

    /// Calls `visit` for every condition, in the order in which they are written.
    pub(super) fn each<'a>(&'a self, visit: &mut impl FnMut(&'a C)) {
        match self {
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
            Node::Not(part) => part.each(visit),
            Node::Is(condition) => visit(condition),
        }
    }

    /// Whether no list is empty and the tree is at most `depth` deep. "All of nothing" would be
    /// true for everybody, so a tree that was not parsed must pass this before it is used.
    pub(super) fn is_sound(&self, depth: usize) -> bool {
        match self {
            Node::All(parts) | Node::Any(parts) => {
                depth > 0 && !parts.is_empty() && parts.iter().all(|part| part.is_sound(depth - 1))
            }
            Node::Not(part) => depth > 0 && part.is_sound(depth - 1),
            Node::Is(_) => true,
        }
    }
}

fn single_or<C>(mut parts: Vec<Node<C>>, list: impl Fn(Vec<Node<C>>) -> Node<C>) -> Node<C> {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            list(parts)
        }
        None => list(parts),
    }
}

fn convert_parts<C, D>(
    parts: &[Node<C>],
    convert: &mut impl FnMut(&C) -> Option<D>,
) -> Option<Vec<Node<D>>> {
    let converted: Vec<_> = parts.iter().map(|part| part.convert(convert)).collect();
    converted.into_iter().collect()
}

/// What a condition asks of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
    NotIn,
    Empty,
    NotEmpty,
    Contains,
    NotContains,
    StartsWith,
    NotStartsWith,
    EndsWith,
    NotEndsWith,
}

impl Op {
    pub(super) const ALL: [Op; 16] = [
        Op::Equal,
        Op::NotEqual,
        Op::Less,
        Op::AtMost,
        Op::Greater,
        Op::AtLeast,
        Op::In,
        Op::NotIn,
        Op::Empty,
        Op::NotEmpty,
        Op::Contains,
        Op::NotContains,
        Op::StartsWith,
        Op::NotStartsWith,
        Op::EndsWith,
        Op::NotEndsWith,
    ];

    /// How it is written; also its name in stored rules.
    pub(super) fn text(self) -> &'static str {
        match self {
            Op::Equal => "=",
            Op::NotEqual => "!=",
            Op::Less => "<",
            Op::AtMost => "<=",
            Op::Greater => ">",
            Op::AtLeast => ">=",
            Op::In => "in",
            Op::NotIn => "not in",
            Op::Empty => "is empty",
            Op::NotEmpty => "is not empty",
            Op::Contains => "contains",
            Op::NotContains => "not contains",
            Op::StartsWith => "starts_with",
            Op::NotStartsWith => "not starts_with",
            Op::EndsWith => "ends_with",
            Op::NotEndsWith => "not ends_with",
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Op> {
        Op::ALL.into_iter().find(|op| op.text() == text)
    }

    /// How many values may follow, as (least, most).
    pub(super) fn arity(self) -> (usize, usize) {
        match self {
            Op::Empty | Op::NotEmpty => (0, 0),
            Op::In | Op::NotIn => (1, usize::MAX),
            _ => (1, 1),
        }
    }

    /// The operator that is true exactly where this one is false. The orders have none: "not
    /// less" holds for empty values too, "at least" does not.
    pub(super) fn opposite(self) -> Option<Op> {
        match self {
            Op::Equal => Some(Op::NotEqual),
            Op::NotEqual => Some(Op::Equal),
            Op::In => Some(Op::NotIn),
            Op::NotIn => Some(Op::In),
            Op::Empty => Some(Op::NotEmpty),
            Op::NotEmpty => Some(Op::Empty),
            Op::Contains => Some(Op::NotContains),
            Op::NotContains => Some(Op::Contains),
            Op::StartsWith => Some(Op::NotStartsWith),
            Op::NotStartsWith => Some(Op::StartsWith),
            Op::EndsWith => Some(Op::NotEndsWith),
            Op::NotEndsWith => Some(Op::EndsWith),
            Op::Less | Op::AtMost | Op::Greater | Op::AtLeast => None,
        }
    }
}
