//! Which column of the file goes into which column of the recipients.

use crate::db::ids::FieldId;
use crate::error::{AppError, Result};
use crate::tenant::fields::Field;
use crate::tenant::fields::kind::Kind;
use crate::tenant::recipients::import::settings::{Mapped, Settings};
use crate::tenant::recipients::import::source::{CellRef, Source};

/// A mapped column, ready to be read.
pub(super) struct Target {
    pub(super) cell: CellRef,
    pub(super) field: FieldId,
    pub(super) kind: Kind,
    pub(super) column: String,
}

/// The database half: which columns are staged, in which order.
pub(super) struct Plan {
    pub(super) targets: Vec<Target>,
    pub(super) columns: Vec<String>,
    pub(super) key: usize,
}

impl Plan {
    pub(super) fn make(source: &Source, all: &[Field], settings: &Settings) -> Result<Self> {
        let mut plan = Self {
            targets: Vec::new(),
            columns: Vec::new(),
            key: usize::MAX,
        };
        let email = all
            .iter()
            .find(|field| field.standard_column.as_deref() == Some("email"))
            .map(|field| field.id);
        let key = settings.key.or(email).ok_or(AppError::NotFound)?;
        for Mapped { column, field } in &settings.mapping {
            let known = all
                .iter()
                .find(|known| known.id == *field)
                .ok_or_else(|| unfit("import-field-gone", column))?;
            let cell = source
                .find(column)
                .ok_or_else(|| unfit("import-column-gone", column))?;
            let name = known.column()?.to_string();
            if matches!(name.as_str(), "created_at" | "changed_at" | "source") {
                return Err(unfit("import-field-fixed", column));
            }
            if !known.is_importable() {
                return Err(unfit("import-field-not-yours", column));
            }
            if plan.columns.contains(&name) {
                return Err(unfit("import-field-twice", column));
            }
            if known.id == key {
                plan.key = plan.columns.len();
            }
            plan.columns.push(name.clone());
            plan.targets.push(Target {
                cell,
                field: known.id,
                kind: known.kind()?,
                column: name,
            });
        }
        let key_field = all.iter().find(|field| field.id == key);
        if plan.key == usize::MAX {
            return Err(unfit(
                "import-no-key",
                key_field.map_or("", |field| field.key.as_str()),
            ));
        }
        if !key_field.is_some_and(|field| field.is_unique) {
            return Err(unfit(
                "import-key-not-unique",
                key_field.map_or("", |field| field.key.as_str()),
            ));
        }
        Ok(plan)
    }
}

/// Why a mapping cannot be used.
pub(super) fn unfit(key: &'static str, column: &str) -> AppError {
    AppError::Invalid {
        key,
        params: vec![("column", column.to_owned())],
    }
}
