//! Values as a program enters them: JSON by the fields' keys. Each becomes canonical text for its column,
//! or is refused with the reason; nothing is guessed.

use super::write::Assignment;
use crate::error::Result;
use crate::tenant::fields::Field;
use crate::web::form::{Errors, error_at};
use serde_json::{Map, Value};

/// The values, and all that is wrong with them by the fields' keys.
///
/// # Errors
/// When a field's row was damaged.
pub fn assignments(
    fields: &[Field],
    sent: &Map<String, Value>,
) -> Result<(Vec<Assignment>, Errors)> {
    let (mut values, mut errors) = (Vec::new(), Errors::new());
    for (key, value) in sent {
        match one(fields, key, value)? {
            Ok(value) => values.push(value),
            Err(fault) => errors.extend(error_at(key, &fault, &[("key", key.clone())])),
        }
    }
    Ok((values, errors))
}

/// One value; the inner error is the message's key.
///
/// # Errors
/// When a field's row was damaged.
pub fn one(
    fields: &[Field],
    key: &str,
    value: &Value,
) -> Result<std::result::Result<Assignment, String>> {
    let Some(field) = fields.iter().find(|field| field.key == key) else {
        return Ok(Err("api-field-unknown".into()));
    };
    if !field.is_editable() {
        return Ok(Err("api-field-fixed".into()));
    }
    let kind = field.kind()?;
    let text = match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) | Value::Object(_) => {
            return Ok(Err(format!("recipient-wrong-{}", kind.name())));
        }
    };
    let value = match text {
        None if field.required => return Ok(Err("recipient-required".into())),
        None => None,
        Some(text) => match kind.canonical(&text) {
            None => return Ok(Err(format!("recipient-wrong-{}", kind.name()))),
            some => some,
        },
    };
    Ok(Ok(Assignment::by_hand(field, value)?))
}

/// The keys of required fields that are not among those sent and have no default, which would be theirs then.
pub fn missing<'f>(
    fields: &'f [Field],
    sent: &'f Map<String, Value>,
) -> impl Iterator<Item = &'f str> {
    fields
        .iter()
        .filter(|field| field.required && field.is_editable() && field.default_value.is_none())
        .filter(|field| !sent.contains_key(&field.key))
        .map(|field| field.key.as_str())
}
