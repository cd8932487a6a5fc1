//! The fields of the recipient: standard ones and those a tenant defines.

pub mod build;
mod ddl;
pub mod define;
mod form;
mod index;
pub mod kind;
pub mod orders;
mod pages;
pub mod rights;
pub mod seen;
pub mod show;
mod table;
pub mod usage;
pub mod value;

use crate::access::rights::{ChangeFields, CreateFields, DropFields, Right};
use crate::access::{Routes, TenantHere};
use crate::db::ids::FieldId;
use crate::db::schema::tenant::{field_rights, fields};
use crate::db::{Mode, TenantConn, Viewer};
use crate::error::{AppError, Result};
use crate::tenant::target_groups::rules::{Catalog, CheckedRule, Column, FieldRef};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use kind::Kind;
use seen::ByRole;

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
    rights::routes(r);
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
    /// What it is to whoever loaded it; read it by `mode()` and the like.
    #[diesel(column_name = mode, deserialize_as = String)]
    access: seen::Access,
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

/// All fields as they are defined, in the order of pages: for what concerns the fields themselves, and for what
/// the program does of itself (fences). Values are read and asked by those of `all` and `askable`.
///
/// # Errors
/// When the database does not answer.
pub fn every(conn: &mut PgConnection) -> Result<Vec<Field>> {
    Ok(fields::table
        .order((fields::position, fields::id))
        .select(Field::as_select())
        .load(conn)?)
}

/// The fields that whoever looks may see, in the order of pages, each with what it is to him. The operator
/// gets all, also those that are hidden from everybody.
///
/// # Errors
/// When the database does not answer.
pub fn all<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Vec<Field>> {
    let mut all = askable(conn)?;
    if *conn.viewer() != Viewer::Operator {
        all.retain(Field::is_seen);
    }
    Ok(all)
}

/// As `all`, and beside them those that he does not see but may ask by, in rules and orders.
///
/// # Errors
/// When the database does not answer.
pub fn askable<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Vec<Field>> {
    let viewer = conn.viewer().clone();
    seen_by(conn.pg(), &viewer)
}

/// The fields that somebody sees or may ask by.
///
/// # Errors
/// When the database does not answer.
pub fn seen_by(conn: &mut PgConnection, viewer: &Viewer) -> Result<Vec<Field>> {
    let mut all = every_for(conn, viewer)?;
    all.retain(|field| field.is_seen() || field.is_askable());
    Ok(all)
}

/// All fields, each with what it is to somebody: also those that he does not see.
///
/// # Errors
/// When the database does not answer.
pub fn every_for(conn: &mut PgConnection, viewer: &Viewer) -> Result<Vec<Field>> {
    let (roles, any) = (viewer.roles(), viewer.has_no_role());
    let of_roles = field_rights::table.on(field_rights::field_id.eq(fields::id).and(
        field_rights::role_id
            .eq_any(roles)
            .or(any.into_sql::<Bool>()),
    ));
    // One query: a field stands in it once for each of the roles that say something of it.
    let found: Vec<(Field, Option<(i32, String)>)> = fields::table
        .left_join(of_roles)
        .order((fields::position, fields::id))
        .select((
            Field::as_select(),
            (field_rights::role_id, field_rights::mode).nullable(),
        ))
        .load(conn)?;
    let mut all = Vec::new();
    for same in found.chunk_by(|(one, _), (next, _)| one.id == next.id) {
        let said: ByRole = same
            .iter()
            .filter_map(|(_, said)| said.as_ref())
            .filter_map(|(role, mode)| Some((*role, seen::Mode::of(mode)?)))
            .collect();
        if let Some((field, _)) = same.first() {
            let access = field.access.of(viewer, &said);
            all.push(Field {
                access,
                ..field.clone()
            });
        }
    }
    Ok(all)
}

/// The address, as whoever looks may see it: what recipients are told apart by.
///
/// # Errors
/// When the database does not answer.
pub fn address<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Option<Field>> {
    let mut all = all(conn)?.into_iter();
    Ok(all.find(|field| field.standard_column.as_deref() == Some("email")))
}

/// Whether the user has to do with the fields themselves: then he sees that they exist, whatever he sees of
/// their values.
pub fn defines(here: &TenantHere) -> bool {
    let rights = [
        CreateFields::INFO.key,
        ChangeFields::INFO.key,
        DropFields::INFO.key,
    ];
    rights.iter().any(|right| here.may(right))
}

/// The field of an id, as it is defined.
///
/// # Errors
/// `NotFound`.
pub fn by_id(conn: &mut PgConnection, id: FieldId) -> Result<Field> {
    Ok(fields::table
        .find(id)
        .select(Field::as_select())
        .first(conn)?)
}

/// Whether a rule names only fields among these that may be asked by.
pub fn may_ask(all: &[Field], rule: &CheckedRule) -> bool {
    let askable = |id| all.iter().any(|field| field.id == id && field.is_askable());
    rule.fields().into_iter().all(askable)
}

/// What rules may name: of these fields those that may be asked by. Of the others that are seen it can say so.
///
/// # Errors
/// When a field's row was damaged.
pub fn catalog(all: &[Field]) -> Result<Catalog> {
    let askable = all.iter().filter(|field| field.is_askable());
    let refs = askable
        .map(|field| {
            Ok(FieldRef {
                id: field.id,
                key: field.key.clone(),
                column: field.column()?,
                kind: field.kind()?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let masked = all.iter().filter(|field| field.is_masked());
    Ok(Catalog::new(refs).with_masked(masked.map(|field| field.key.clone())))
}
