//! Whether a rule makes sense for this tenant: its fields exist, operators and values fit.

use super::catalog::{Catalog, FieldRef};
use super::literal::{Literal, typed};
use super::message::{Problem, RuleError};
use super::parse::{Condition, MAX_LENGTH, Rule, Spanned, too_long};
use super::tree::{Node, Op};
use crate::db::ids::FieldId;
use crate::tenant::fields::kind::Kind;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Nobody reads more, and a rule of 500 mistakes shall not cost much.
const MAX_ERRORS: usize = 50;

/// A rule that was checked against a tenant's fields. There is no other way to make one, and
/// nothing else becomes SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRule {
    node: Node<Checked>,
}

/// A condition whose field exists, whose operator fits the field and whose values fit both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) field: Arc<FieldRef>,
    pub(super) op: Op,
    pub(super) values: Vec<Literal>,
}

/// Checks `rule` against the tenant's fields; answers with everything that is wrong.
pub fn check(rule: &Rule, catalog: &Catalog) -> Result<CheckedRule, Vec<RuleError>> {
    let mut errors = Vec::new();
    let node = rule.node.convert(&mut |condition| {
        if errors.len() >= MAX_ERRORS {
            return None;
        }
        let known = catalog.by_key(&condition.field.it);
        if known.is_none() {
            errors.push(unknown(&condition.field, catalog));
        }
        check_condition(known?, condition, &mut errors)
    });
    let node = node.filter(|_| errors.is_empty()).ok_or(errors)?;
    let checked = CheckedRule { node };
    // What is shown must be readable again, and its quotes may have grown.
    if checked.show().chars().count() > MAX_LENGTH {
        return Err(vec![too_long()]);
    }
    Ok(checked)
}

impl CheckedRule {
    /// The fields it names: for "where used".
    pub fn fields(&self) -> BTreeSet<FieldId> {
        let mut ids = BTreeSet::new();
        self.node.each(&mut |condition| {
            ids.insert(condition.field.id);
        });
        ids
    }

    /// What must hold together: the parts that the outermost `and` joins, or the whole.
    pub fn conditions(&self) -> Vec<CheckedRule> {
        match &self.node {
            Node::All(parts) => parts
                .iter()
                .map(|node| CheckedRule { node: node.clone() })
                .collect(),
            _ => vec![self.clone()],
        }
    }

    pub(super) fn node(&self) -> &Node<Checked> {
        &self.node
    }

    /// Only for `stored`, which has checked every condition as this module does.
    pub(super) fn from_checked(node: Node<Checked>) -> Self {
        CheckedRule { node }
    }
}

fn unknown(field: &Spanned<String>, catalog: &Catalog) -> RuleError {
    let name = super::message::excerpt(&field.it);
    let problem = if catalog.is_masked(&field.it) {
        Problem::MaskedField { field: name }
    } else {
        Problem::UnknownField {
            field: name,
            nearest: catalog.nearest_key(&field.it),
        }
    };
    RuleError::new(field.at, field.len, problem)
}

/// A condition with its types, or `None` after recording why not.
pub(super) fn check_condition(
    field: &Arc<FieldRef>,
    condition: &Condition,
    errors: &mut Vec<RuleError>,
) -> Option<Checked> {
    let op = &condition.op;
    let fitting = operators(&field.kind);
    if !fitting.contains(&op.it) {
        let problem = Problem::OperatorDoesNotFit {
            operator: op.it.text(),
            field: field.key.clone(),
            kind: field.kind.name(),
            allowed: listed(fitting),
        };
        errors.push(RuleError::new(op.at, op.len, problem));
        return None;
    }
    let mut values = Vec::new();
    let before = errors.len();
    for value in &condition.values {
        match typed(field, &value.it, is_fragment(op.it)) {
            Ok(literal) if values.contains(&literal) => {}
            Ok(literal) => values.push(literal),
            Err(problem) => errors.push(RuleError::new(value.at, value.len, problem)),
        }
    }
    (errors.len() == before).then(|| Checked {
        field: Arc::clone(field),
        op: op.it,
        values,
    })
}

fn is_fragment(op: Op) -> bool {
    !matches!(op, Op::Equal | Op::NotEqual | Op::In | Op::NotIn)
}

fn operators(kind: &Kind) -> &'static [Op] {
    use Op::*;
    match kind {
        Kind::Text { .. } => &Op::ALL,
        Kind::Email | Kind::Phone | Kind::Url => &[
            Equal,
            NotEqual,
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
        ],
        Kind::Integer | Kind::Decimal { .. } | Kind::Date | Kind::DateTime => &[
            Equal, NotEqual, Less, AtMost, Greater, AtLeast, In, NotIn, Empty, NotEmpty,
        ],
        Kind::Choice { .. } => &[Equal, NotEqual, In, NotIn, Empty, NotEmpty],
        Kind::Boolean => &[Equal, NotEqual, Empty, NotEmpty],
    }
}

/// The operators for a message, without the negated words, which everybody can guess.
fn listed(ops: &[Op]) -> String {
    let texts = ops.iter().map(|op| op.text());
    let plain: Vec<_> = texts.filter(|text| !text.starts_with("not ")).collect();
    plain.join(", ")
}
