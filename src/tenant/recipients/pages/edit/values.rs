//! What was typed, as values to be written.

use super::super::super::typed::{canonical, typed};
use super::super::super::write::Assignment;
use super::{Typed, name};
use crate::error::Result;
use crate::tenant::fields::Field;
use crate::web::form::{Errors, FieldError, error_at};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

/// What is to be written, or what is wrong with it. `now` are the values that stand there.
pub(super) fn assignments(
    fields: &[Field],
    now: &[Option<String>],
    sent: &Typed,
    zone: Tz,
) -> Result<(Vec<Assignment>, Errors)> {
    let (mut wanted, mut errors) = (Vec::new(), Errors::new());
    for (field, now) in fields.iter().zip(now) {
        let kind = field.kind()?;
        let Some(text) = sent.get(&name(field)).filter(|_| field.is_editable()) else {
            continue;
        };
        if text.trim() == typed(&kind, now.as_deref(), zone).trim() && !text.trim().is_empty() {
            continue;
        }
        let key = match canonical(&kind, text, zone) {
            Some(None) if field.required => "recipient-required".to_owned(),
            Some(value) if value == *now => continue,
            Some(value) => {
                wanted.push(Assignment::by_hand(field, value)?);
                continue;
            }
            None => format!("recipient-wrong-{}", kind.name()),
        };
        let params = Vec::new();
        errors
            .entry(name(field))
            .or_default()
            .push(FieldError { key, params });
    }
    Ok((wanted, errors))
}

/// All values as they would be: those that stand there, and what was typed over them.
pub(super) fn as_assigned(
    fields: &[Field],
    now: &[Option<String>],
    sent: &Typed,
    zone: Tz,
) -> Result<Vec<Assignment>> {
    let mut all = Vec::new();
    for (field, value) in fields
        .iter()
        .zip(now)
        .filter(|(field, _)| !field.is_masked())
    {
        all.push(Assignment::as_it_is(field, value.clone())?);
    }
    all.extend(assignments(fields, now, sent, zone)?.0);
    Ok(all)
}

/// Required fields that were not sent at all.
pub(super) fn missing(fields: &[Field], sent: &Typed, mut errors: Errors) -> Errors {
    for field in fields {
        let blank = sent
            .get(&name(field))
            .is_none_or(|text| text.trim().is_empty());
        if field.required && blank {
            errors.entry(name(field)).or_default().clear();
            errors.extend(error_at(&name(field), "recipient-required", &[]));
        }
    }
    errors
}

/// The values that the form can change.
pub(super) fn entered(fields: &[Field], now: &[Option<String>]) -> Vec<Option<String>> {
    fields
        .iter()
        .zip(now)
        .filter(|(field, _)| field.is_editable())
        .map(|(_, value)| value.clone())
        .collect()
}

/// A mark of the values that a form was filled with.
pub(super) fn mark(values: &[Option<String>]) -> String {
    let mut hash = Sha256::new();
    for value in values {
        match value {
            Some(text) => {
                hash.update((text.len() as u64 + 1).to_be_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update(0u64.to_be_bytes()),
        }
    }
    hash.finalize()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
