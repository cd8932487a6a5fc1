//! How a rule is kept: as JSON with field ids, so that renaming a field changes nothing.
//!
//! What comes back is checked again against the fields of now. A rule that no longer fits is an
//! error, never a wider rule: the caller closes the fence.

use super::catalog::Catalog;
use super::check::{Checked, CheckedRule, check_condition};
use super::literal::{plain, value_of};
use super::message::{Problem, RuleError};
use super::parse::{Condition, MAX_DEPTH, Spanned, Value};
use super::tree::{Node, Op};
use crate::db::ids::FieldId;
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    rule: Node<StoredCondition>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCondition {
    field: FieldId,
    #[serde(rename = "type")]
    kind: String,
    op: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

impl CheckedRule {
    /// The rule as it is kept in the database.
    pub fn to_stored(&self) -> serde_json::Value {
        let rule = self.node().convert(&mut |checked| Some(stored(checked)));
        serde_json::json!({ "version": VERSION, "rule": rule })
    }

    /// Reads a kept rule, and checks it against the fields as they are now.
    pub fn from_stored(
        json: &serde_json::Value,
        catalog: &Catalog,
    ) -> Result<Self, Vec<RuleError>> {
        let rule = read(json).map_err(|problem| vec![error(problem)])?;
        let mut errors = Vec::new();
        let node = rule.convert(&mut |condition| match restore(condition, catalog) {
            Ok(checked) => Some(checked),
            Err(error) => {
                errors.push(error);
                None
            }
        });
        node.map(CheckedRule::from_checked).ok_or(errors)
    }
}

fn stored(checked: &Checked) -> StoredCondition {
    StoredCondition {
        field: checked.field.id,
        kind: checked.field.kind.name().to_owned(),
        op: checked.op.text().to_owned(),
        values: checked.values.iter().map(plain).collect(),
    }
}

fn read(json: &serde_json::Value) -> Result<Node<StoredCondition>, Problem> {
    let version = json.get("version").and_then(serde_json::Value::as_u64);
    match version {
        Some(version) if version != u64::from(VERSION) => {
            return Err(Problem::StoredVersion { version });
        }
        Some(_) => {}
        None => return Err(Problem::StoredUnreadable),
    }
    let stored = Stored::deserialize(json).map_err(|_| Problem::StoredUnreadable)?;
    // `not (a and b)` is two brackets in text and two levels here, so the same limit fits.
    if stored.rule.is_sound(2 * MAX_DEPTH + 2) {
        Ok(stored.rule)
    } else {
        Err(Problem::StoredUnreadable)
    }
}

fn restore(stored: &StoredCondition, catalog: &Catalog) -> Result<Checked, RuleError> {
    let gone = || error(Problem::FieldGone { id: stored.field });
    let unreadable = || error(Problem::StoredUnreadable);
    let field = catalog.by_id(stored.field).ok_or_else(gone)?;
    if field.kind.name() != stored.kind {
        return Err(error(Problem::TypeChanged {
            field: field.key.clone(),
            now: field.kind.name(),
        }));
    }
    let op = Op::from_text(&stored.op).ok_or_else(unreadable)?;
    let (least, most) = op.arity();
    if !(least..=most).contains(&stored.values.len()) {
        return Err(unreadable());
    }
    let values: Option<Vec<Value>> = stored
        .values
        .iter()
        .map(|text| value_of(&field.kind, text))
        .collect();
    let condition = Condition {
        field: unplaced(field.key.clone()),
        op: unplaced(op),
        values: values
            .ok_or_else(unreadable)?
            .into_iter()
            .map(unplaced)
            .collect(),
    };
    let mut errors = Vec::new();
    let checked = check_condition(field, &condition, &mut errors);
    let checked = checked.ok_or_else(|| errors.pop().unwrap_or_else(unreadable))?;
    // The same text must still mean the same value.
    let same = checked
        .values
        .iter()
        .map(plain)
        .eq(stored.values.iter().cloned());
    same.then_some(checked).ok_or_else(unreadable)
}

fn unplaced<T>(it: T) -> Spanned<T> {
    Spanned { it, at: 0, len: 0 }
}

fn error(problem: Problem) -> RuleError {
    RuleError::new(0, 0, problem)
}
