//! Running and cancelling.

use super::Which;
use crate::access::Access;
use crate::access::rights::RunImports;
use crate::error::{AppError, Result};
use crate::tenant::recipients::import::acts;
use crate::web::form::{NoFields, Submitted};
use crate::web::{Frame, see_other, see_other_saying};
use actix_web::{HttpResponse, web};

pub(super) async fn run(
    access: Access<RunImports>,
    path: web::Path<Which>,
    _: Submitted<NoFields>,
) -> Result<HttpResponse> {
    let id = path.id;
    let url = format!("{}/imports/{id}", access.tenant().base());
    match access.run(move |conn| acts::run_checked(conn, id)).await {
        Ok(()) => Ok(see_other(&url)),
        Err(AppError::Invalid { key, params }) => {
            let t = Frame::new(access.context(), "nav-imports").t;
            let why = [("why", t.with_all(key, &params))];
            Ok(see_other_saying(&url, "danger", "said-refused", &why))
        }
        Err(other) => Err(other),
    }
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
