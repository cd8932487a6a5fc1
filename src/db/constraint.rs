//! Named constraints turned into errors of a form's fields: the database decides, the form tells.

use crate::error::{AppError, Result};

/// Which field of a form a violated constraint belongs to, and the message's Fluent key.
pub type Blame = (&'static str, &'static str, &'static str);

/// Looks for the violated constraint in `table` (constraint, field, message key).
///
/// # Errors
/// Any other error is handed on.
pub fn blame<T>(
    outcome: Result<T>,
    table: &[Blame],
) -> Result<Result<T, (&'static str, &'static str)>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(AppError::Constraint(name)) => {
            match table.iter().find(|(constraint, ..)| *constraint == name) {
                Some((_, field, key)) => Ok(Err((*field, *key))),
                None => Err(AppError::Constraint(name)),
            }
        }
        Err(other) => Err(other),
    }
}
