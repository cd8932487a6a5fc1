//! The form of a recipient, built from the fields: new and changed.
//!
//! Only what differs from what was shown is written. Of two who change the same recipient the second is
//! told: the form carries a mark of the values it was filled with.

mod change;
mod inputs;
mod new;
mod values;

pub use change::{change, edit};
pub use new::{create, new};

use super::super::write;
use crate::access::Access;
use crate::access::rights::Right;
use crate::db::ids::ListId;
use crate::error::{AppError, Result};
use crate::tenant::fields::Field;
use crate::web::form::{Errors, error_at};
use chrono_tz::Tz;
use serde::Deserialize;
use validator::{Validate, ValidationErrors};

/// What was sent: the fields are the tenant's, so their names are known at run time only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Typed(Vec<(String, String)>);

impl Validate for Typed {
    fn validate(&self) -> std::result::Result<(), ValidationErrors> {
        // Each value is checked against its field, which asks the database.
        Ok(())
    }
}

impl Typed {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn lists(&self) -> Vec<ListId> {
        self.0
            .iter()
            .filter(|(key, _)| key == "lists")
            .filter_map(|(_, value)| value.parse().ok())
            .collect()
    }
}

fn name(field: &Field) -> String {
    format!("f{}", field.id)
}

fn zone<R: Right>(access: &Access<R>) -> Tz {
    access.user().time_zone.parse().unwrap_or(Tz::UTC)
}

/// Turns a refusal of the database into an error of the form.
fn refusal(fields: &[Field], error: AppError, unmet: &[String]) -> Result<Errors> {
    match error {
        AppError::Constraint(_) => {
            let (field, key) = write::blamed(fields, error)?;
            Ok(error_at(&name(field), key, &[]))
        }
        AppError::OutsideFence if unmet.is_empty() => {
            Ok(error_at("", "recipient-outside-fence", &[]))
        }
        AppError::OutsideFence => Ok(error_at(
            "",
            "recipient-outside-fence-by",
            &[("conditions", unmet.join("; "))],
        )),
        AppError::Invalid {
            key: key @ "recipient-cannot-be-whole",
            params,
        } => Ok(error_at("", key, &params)),
        AppError::Invalid { key, params } => Ok(error_at("lists", key, &params)),
        other => Err(other),
    }
}

/// The fields that a form shows.
fn shown(mut all: Vec<Field>) -> Vec<Field> {
    all.retain(Field::is_seen);
    all
}
