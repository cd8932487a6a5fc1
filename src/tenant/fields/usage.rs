//! Where a field is used: what is asked before it goes. Rules and profiles keep ids, never keys, so a
//! renamed field stays used.

use super::Field;
use crate::control::tenants::Tenant;
use crate::control::tenants::fence::Fence;
use crate::db::ids::{FieldId, TenantId};
use crate::db::schema::control::tenants;
use crate::db::schema::tenant::{import_profiles, imports};
use crate::error::{AppError, Result};
use crate::tenant::target_groups::rules::Catalog;
use diesel::prelude::*;
use serde_json::Value;

/// One thing that uses a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// `inner`, `profile` or `import`.
    pub kind: &'static str,
    /// The thing's name.
    pub name: String,
}

/// The inner tenants of a tenant, those in the trash too: they can come back.
///
/// # Errors
/// When the database does not answer.
pub fn inner_of(control: &mut PgConnection, tenant: TenantId) -> Result<Vec<Tenant>> {
    Ok(tenants::table
        .filter(tenants::parent_id.eq(tenant.0))
        .filter(tenants::kind.eq("inner"))
        .order(tenants::id)
        .select(Tenant::as_select())
        .load(control)?)
}

/// The fences whose rule names the field.
pub fn in_fences(inner: &[Tenant], catalog: &Catalog, field: FieldId) -> Vec<Use> {
    let names = |tenant: &&Tenant| {
        fence_of(tenant).is_some_and(|fence| fence.fields(catalog).contains(&field))
    };
    uses("inner", inner.iter().filter(names).map(|t| t.name.clone()))
}

/// The fences that hold with `before` and would be closed with `after`.
pub(super) fn fences_closed(inner: &[Tenant], before: &Catalog, after: &Catalog) -> Vec<Use> {
    let closes = |tenant: &&Tenant| {
        fence_of(tenant).is_some_and(|fence| {
            fence.checked_rule(before).is_ok() && fence.checked_rule(after).is_err()
        })
    };
    uses("inner", inner.iter().filter(closes).map(|t| t.name.clone()))
}

fn fence_of(tenant: &Tenant) -> Option<Fence> {
    Fence::from_stored(tenant.fence.as_ref()?).ok()
}

/// Saved import profiles that map a column to the field, and imports that are not over.
///
/// # Errors
/// When the database does not answer.
pub fn in_imports(conn: &mut PgConnection, field: &Field) -> Result<Vec<Use>> {
    let profiles: Vec<(String, Value)> = import_profiles::table
        .order(import_profiles::name)
        .select((import_profiles::name, import_profiles::settings))
        .load(conn)?;
    let open: Vec<(String, Value)> = imports::table
        .filter(imports::state.eq_any(["checking", "queued", "running"]))
        .order(imports::id)
        .select((imports::file_name, imports::settings))
        .load(conn)?;
    let hit = |found: Vec<(String, Value)>| {
        found
            .into_iter()
            .filter(|(_, settings)| names(settings, field, false))
            .map(|(name, _)| name)
    };
    let mut all = uses("profile", hit(profiles));
    all.extend(uses("import", hit(open)));
    Ok(all)
}

fn uses(kind: &'static str, names: impl Iterator<Item = String>) -> Vec<Use> {
    names.map(|name| Use { kind, name }).collect()
}

/// Whether settings name the field: its id or key below a key that speaks of fields or of the mapping.
/// Rather one too many than a profile that maps to nothing.
fn names(settings: &Value, field: &Field, about_fields: bool) -> bool {
    match settings {
        Value::Number(number) => about_fields && number.as_i64() == Some(i64::from(field.id.0)),
        Value::String(text) => about_fields && *text == field.key,
        Value::Array(all) => all.iter().any(|one| names(one, field, about_fields)),
        Value::Object(all) => all.iter().any(|(key, one)| {
            let about = ["field", "map", "key", "target"]
                .iter()
                .any(|word| key.contains(word));
            names(one, field, about_fields || about)
        }),
        Value::Null | Value::Bool(_) => false,
    }
}

/// Refuses while something uses the field.
pub(super) fn refuse(uses: &[Use]) -> Result<()> {
    if uses.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = uses.iter().map(|one| format!("«{}»", one.name)).collect();
    Err(AppError::Invalid {
        key: "field-in-use",
        params: vec![("where", names.join(", "))],
    })
}
