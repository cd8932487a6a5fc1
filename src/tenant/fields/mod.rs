//! The fields of the recipient: standard ones and those a tenant defines.

pub mod build;
mod ddl;
pub mod define;
mod form;
mod index;
pub mod kind;
pub mod orders;
mod pages;
pub mod show;
mod table;
pub mod usage;
pub mod value;

use crate::access::Routes;
use crate::db::ids::FieldId;
use crate::db::schema::tenant::fields;
use crate::error::{AppError, Result};
use crate::tenant::target_groups::rules::{Catalog, Column, FieldRef};
use diesel::prelude::*;
use kind::Kind;

/// The pages.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/fields", index::index);
    r.get("/t/{tenant}/fields/export", index::export);
    r.get("/t/{tenant}/fields/new", pages::new);
    r.post("/t/{tenant}/fields/new", pages::create);
    r.get("/t/{tenant}/fields/{id}/edit", pages::edit);
    r.post("/t/{tenant}/fields/{id}/edit", pages::change);
    r.get("/t/{tenant}/fields/{id}/delete", pages::confirm_delete);
    r.post("/t/{tenant}/fields/{id}/delete", pages::delete);
}

/// A field as its row has it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = fields)]
pub struct Field {
    /// Its id; the tenant's own fields start at 101.
    pub id: FieldId,
    /// The name in rules, files and URLs; may change.
    pub key: String,
    /// A standard field's column.
    pub standard_column: Option<String>,
    /// `Kind` as JSON; read it by `kind()`.
    kind: serde_json::Value,
    /// Label for English readers.
    pub label_en: String,
    /// Label for German readers.
    pub label_de: String,
    /// Help for English readers.
    pub help_en: String,
    /// Help for German readers.
    pub help_de: String,
    /// Heading under which pages show it; empty for none.
    pub field_group: String,
    /// Order on pages.
    pub position: i32,
    /// `editable`, `read_only` or `hidden`.
    pub mode: String,
    /// Whether a new recipient must have it.
    pub required: bool,
    /// Whether no two recipients may share a value.
    pub is_unique: bool,
    /// Whether the list can sort by it quickly.
    pub indexed: bool,
    /// Whether changes are kept in the history.
    pub historised: bool,
    /// What a new recipient gets, as canonical text.
    pub default_value: Option<String>,
    /// `working` while a job builds an index or constraint, `failed` if it could not.
    pub pending: Option<String>,
    /// Why it could not: a message's key and a number; read it by `problem()`.
    pub pending_error: Option<String>,
    /// Counts changes.
    pub version: i32,
}

impl Field {
    /// The type of its values.
    ///
    /// # Errors
    /// When the row was damaged.
    pub fn kind(&self) -> Result<Kind> {
        serde_json::from_value(self.kind.clone())
            .map_err(|error| AppError::internal(format!("field {}: {error}", self.id)))
    }

    /// Its column in the recipients' table.
    ///
    /// # Errors
    /// When the row was damaged.
    pub fn column(&self) -> Result<Column> {
        match &self.standard_column {
            Some(name) => Column::standard(name),
            None => Column::own(self.id),
        }
        .ok_or_else(|| AppError::internal(format!("field {} has no column", self.id)))
    }

    /// Why a job could not do what was asked, as an error that can be shown in the reader's language.
    pub fn problem(&self) -> Option<AppError> {
        let told = self.pending_error.as_deref()?;
        let (key, count) = told.split_once(' ').unwrap_or((told, "0"));
        Some(match key {
            "field-unique-doubles" => AppError::Invalid {
                key: "field-unique-doubles",
                params: vec![("count", count.to_owned())],
            },
            _ => AppError::invalid("field-required-needs-default"),
        })
    }

    /// Whether it is one of the fields that every tenant has.
    pub fn is_standard(&self) -> bool {
        self.standard_column.is_some()
    }

    /// Its label for a reader of `language`.
    pub fn label(&self, language: &str) -> &str {
        if language == "de" {
            &self.label_de
        } else {
            &self.label_en
        }
    }

    /// Its help for a reader of `language`.
    pub fn help(&self, language: &str) -> &str {
        if language == "de" {
            &self.help_de
        } else {
            &self.help_en
        }
    }
}

/// All fields in the order of pages.
///
/// # Errors
/// When the database does not answer.
pub fn all(conn: &mut PgConnection) -> Result<Vec<Field>> {
    Ok(fields::table
        .order((fields::position, fields::id))
        .select(Field::as_select())
        .load(conn)?)
}

/// The fields that somebody may ask by, in rules and orders: hidden ones only who defines fields, because
/// answers tell bit by bit what stands in them.
///
/// # Errors
/// When the database does not answer.
pub fn askable(conn: &mut PgConnection, hidden_too: bool) -> Result<Vec<Field>> {
    let mut all = all(conn)?;
    all.retain(|field| hidden_too || field.mode != "hidden");
    Ok(all)
}

/// The field of an id.
///
/// # Errors
/// `NotFound`.
pub fn by_id(conn: &mut PgConnection, id: FieldId) -> Result<Field> {
    Ok(fields::table
        .find(id)
        .select(Field::as_select())
        .first(conn)?)
}

/// What rules may name.
///
/// # Errors
/// When a field's row was damaged.
pub fn catalog(all: &[Field]) -> Result<Catalog> {
    let refs = all
        .iter()
        .map(|field| {
            Ok(FieldRef {
                id: field.id,
                key: field.key.clone(),
                column: field.column()?,
                kind: field.kind()?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Catalog::new(refs))
}
