//! Running and cancelling.

use super::check::start;
use super::{Which, by_id};
use crate::access::Access;
use crate::access::rights::RunImports;
use crate::db::ids::JobId;
use crate::db::schema::tenant::imports;
use crate::error::{AppError, Result};
use crate::jobs::queue;
use crate::web::form::Submitted;
use crate::web::see_other;
use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use serde::Deserialize;
use validator::Validate;

/// A form without fields of its own.
#[derive(Debug, Deserialize, Validate)]
pub(super) struct NothingElse {}

pub(super) async fn run(
    access: Access<RunImports>,
    path: web::Path<Which>,
    _: Submitted<NothingElse>,
) -> Result<HttpResponse> {
    let id = path.id;
    access
        .run(move |conn| {
            // Locked: of two clicks one starts the import.
            let state: String = imports::table
                .find(id)
                .select(imports::state)
                .for_update()
                .first(conn.pg())?;
            if state != "checked" {
                return Err(AppError::Conflict);
            }
            start(conn, id, false)
        })
        .await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}

pub(super) async fn cancel(
    access: Access<RunImports>,
    path: web::Path<Which>,
    _: Submitted<NothingElse>,
) -> Result<HttpResponse> {
    let id = path.id;
    access
        .run(move |conn| {
            let import = by_id(conn.pg(), id)?;
            if let Some(job) = import.job_id {
                queue::cancel(conn, JobId(job))?;
            }
            if import.state == "queued" {
                diesel::update(imports::table.find(id))
                    .set(imports::state.eq("cancelled"))
                    .execute(conn.pg())?;
            }
            Ok(())
        })
        .await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}
