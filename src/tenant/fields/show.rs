//! Fields as the command line prints and makes them.

use super::define::NewField;
use super::kind::{Choice, Kind};
use super::orders::AddField;
use super::{Field, all};
use crate::access::rights::{ViewFields, ViewTenants};
use crate::access::system::{SystemAccess, control, provision};
use crate::app::App;
use crate::control::audit::Actor;
use crate::control::tenants::{self, Tenant};
use crate::db::tenant::Source;
use crate::error::{AppError, Result};
use serde::Serialize;
use utoipa::ToSchema;

/// A field as scripts and programs see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FieldShown)]
pub struct Shown {
    /// Its id.
    pub id: i32,
    /// Name in rules and files.
    pub key: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Label; the English one where there are two.
    pub label: String,
    /// Label for German readers.
    pub label_de: String,
    /// Whether every tenant has it.
    pub standard: bool,
    /// Whether a new recipient must have it.
    pub required: bool,
    /// Whether no two recipients may share a value.
    pub unique: bool,
    /// Whether the list can sort by it quickly.
    pub indexed: bool,
    /// Whether changes are kept.
    pub historised: bool,
    /// What a new recipient gets.
    pub default: Option<String>,
    /// `editable`, `read_only` or `hidden`.
    pub mode: String,
    /// Heading on pages.
    pub group: String,
    /// Text: most characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// Decimal: digits in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<u8>,
    /// Decimal: digits after the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<u8>,
    /// Choice: the allowed values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Choice>>,
    /// `working` or `failed`, where a job builds something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
}

/// A field as the command line prints it.
///
/// # Errors
/// When its row was damaged.
pub fn shown(field: &Field) -> Result<Shown> {
    let kind = field.kind()?;
    let (max, precision, scale, choices) = match &kind {
        Kind::Text { max } => (Some(*max), None, None, None),
        Kind::Decimal { precision, scale } => (None, Some(*precision), Some(*scale), None),
        Kind::Choice { choices } => (None, None, None, Some(choices.clone())),
        _ => (None, None, None, None),
    };
    Ok(Shown {
        id: field.id.0,
        key: field.key.clone(),
        kind: kind.name(),
        label: field.label_en.clone(),
        label_de: field.label_de.clone(),
        standard: field.is_standard(),
        required: field.required,
        unique: field.is_unique,
        indexed: field.indexed,
        historised: field.historised,
        default: field.default_value.clone(),
        mode: field.own_mode().key().to_owned(),
        group: field.field_group.clone(),
        max,
        precision,
        scale,
        choices,
        pending: field.pending.clone(),
    })
}

fn tenant(app: &App, path: &str) -> Result<Tenant> {
    let found = control::<ViewTenants, _>(app, |conn| tenants::by_path(conn.pg(), path))?;
    match found.trashed_at {
        Some(_) => Err(AppError::NotFound),
        None => Ok(found),
    }
}

/// The fields of the tenant at `path`; an inner tenant has its parent's.
///
/// # Errors
/// `NotFound`, or when the database does not answer.
pub fn list(app: &App, path: &str) -> Result<Vec<Shown>> {
    let tenant = tenant(app, path)?;
    SystemAccess::<ViewFields>::new(tenant.scope(), None, Source::Cli)
        .run(app, |conn| all(conn)?.iter().map(shown).collect())
}

/// Adds a field to the tenant at `path`.
///
/// # Errors
/// `Invalid` where it cannot be, `NotFound`.
pub fn create(app: &App, path: &str, field: NewField) -> Result<Shown> {
    let id = tenant(app, path)?.id();
    let order = AddField {
        actor: Actor::cli(),
        tenant: id,
        field,
    };
    let made = provision(app, order)?;
    list(app, path)?
        .into_iter()
        .find(|field| field.id == made.0)
        .ok_or(AppError::NotFound)
}
