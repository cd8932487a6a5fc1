//! The pages of separate and of inner tenants, for whoever administers the tenant above.

mod fence;
mod form;
mod inner;
mod status;
mod tenants;
mod trash;

use super::queries::{self, Listed};
use crate::access::{ControlAccess, Routes};
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, error_at};
use crate::web::{Cell, Frame};
use serde::Deserialize;

/// The routes of both kinds.
pub fn routes(r: &mut Routes) {
    tenants::routes(r);
    status::routes(r);
    trash::routes(r);
    inner::routes(r);
    fence::routes(r);
}

/// The thing that the URL names.
#[derive(Debug, Deserialize)]
struct Which {
    id: i32,
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

fn badge(p: &Frame, tenant: &Listed) -> Cell {
    let (kind, key) = match (tenant.trashed, tenant.status.as_str()) {
        (true, _) => ("danger", "tenant-status-trashed"),
        (_, "active") => ("success", "tenant-status-active"),
        (_, "no_sending") => ("warning", "tenant-status-no-sending"),
        (_, "no_login") => ("warning", "tenant-status-no-login"),
        _ => ("danger", "tenant-status-locked"),
    };
    Cell::Badge(kind, p.t(key))
}

fn name_cell(tenant: &Listed) -> Cell {
    Cell::Swatch(
        tenant.colour.trim_start_matches('#').to_owned(),
        tenant.trail.clone(),
    )
}

/// An error of an act at the field it belongs to; any other is handed on.
fn field_errors(field: &'static str, error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(field, key, &params)),
        AppError::Constraint(name) if name.starts_with("tenants_") => {
            Ok(error_at("slug", "slug-taken", &[]))
        }
        other => Err(other),
    }
}

/// The tenant of a page below this one.
async fn found<R: crate::access::rights::Right>(
    access: &ControlAccess<R>,
    inner: bool,
    id: i32,
) -> Result<Listed> {
    let top = access.tenant().id;
    access
        .run(move |conn| queries::one_below(conn.pg(), top, inner, TenantId(id)))
        .await
}
