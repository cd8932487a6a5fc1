//! Running and cancelling.

use super::Which;
use crate::access::Access;
use crate::access::rights::RunImports;
use crate::error::Result;
use crate::tenant::recipients::import::acts;
use crate::web::form::{NoFields, Submitted};
use crate::web::see_other;
use actix_web::{HttpResponse, web};

pub(super) async fn run(
    access: Access<RunImports>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let id = path.id;
    access.run(move |conn| acts::run_checked(conn, id)).await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}

pub(super) async fn cancel(
    access: Access<RunImports>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let id = path.id;
    access.run(move |conn| acts::cancel(conn, id)).await?;
    Ok(see_other(&format!(
        "{}/imports/{id}",
        access.tenant().base()
    )))
}
