//! The lists of tenants as files: all that lie below, those in the trash left out.

use super::super::queries::{self, Listed, Size};
use super::place::{INNER, Place, SEPARATE, status_text};
use crate::access::rights::{Right, ViewInner, ViewTenants};
use crate::access::{ControlAccess, Routes};
use crate::db::ids::TenantId;
use crate::error::Result;
use crate::web::{Frame, csv};
use actix_web::HttpResponse;
use std::rc::Rc;

/// Tenants read at a time.
const PART: usize = 500;

/// The routes; they come before the page of one tenant.
pub(super) fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/tenants/export", separate);
    r.get("/t/{tenant}/inner/export", inner);
}

async fn separate(access: ControlAccess<ViewTenants>) -> Result<HttpResponse> {
    access
        .record_look("export.tenants", "", serde_json::json!({}))
        .await?;
    Ok(export(access, SEPARATE))
}

async fn inner(access: ControlAccess<ViewInner>) -> Result<HttpResponse> {
    access
        .record_look("export.inner", "", serde_json::json!({}))
        .await?;
    Ok(export(access, INNER))
}

fn export<R: Right>(access: ControlAccess<R>, place: Place) -> HttpResponse {
    let p = Frame::new(access.context(), "nav-tenants");
    let name = csv::file_name(&access.tenant().path, place.section);
    let headings = [
        "tenants-name",
        "tenants-trail",
        "tenants-address",
        "tenants-status",
        "nav-users",
        "tenants-about-recipients",
        "tenants-about-storage",
        "tenants-active-at",
    ]
    .map(|key| p.t(key));
    let access = Rc::new(access);
    let start = Some(TenantId(0));
    csv::download(&name, headings.to_vec(), start, move |from| {
        let (access, p) = (Rc::clone(&access), p.clone());
        async move {
            let Some(after) = from else {
                return Ok(None);
            };
            let top = access.tenant().id;
            let (found, sizes) = access
                .run(move |conn| {
                    let most = PART as i64;
                    let found = queries::page_below(conn.pg(), top, place.below, "", after, most)?;
                    let sizes = queries::sizes(conn.pg(), &found)?;
                    Ok((found, sizes))
                })
                .await?;
            let last = found.last().map(|tenant| TenantId(tenant.id));
            let rest = last.filter(|_| found.len() == PART);
            let size = |tenant: &Listed| sizes.get(&tenant.id).copied().unwrap_or_default();
            let here = found.iter().filter(|tenant| !tenant.trashed());
            let lines = here.map(|tenant| line(&p, tenant, size(tenant)));
            Ok(Some((lines.collect(), rest)))
        }
    })
}

fn line(p: &Frame, tenant: &Listed, size: Size) -> Vec<String> {
    vec![
        tenant.name.clone(),
        tenant.trail.clone(),
        tenant.path.clone(),
        status_text(p, tenant).1,
        size.members.to_string(),
        // An inner tenant's are not in the statistics.
        size.recipients.map(|n| n.to_string()).unwrap_or_default(),
        size.storage.map(|n| p.t.megabytes(n)).unwrap_or_default(),
        size.active_at
            .map(|at| p.t.sortable(&at))
            .unwrap_or_default(),
    ]
}
