//! Separate tenants: this one, and those below it.

mod make;
mod state;

pub(super) use make::{Checked, Language, NewAdministrator, NewTenant, refused};
pub(super) use state::{NewStatus, restore_one, set_status_of, trash_one};

use super::body::Params;
use super::{Answer, Items, Paging, Which, ok};
use crate::access::rights::{Right, ViewDashboard, ViewTenants};
use crate::access::{ControlAccess, Routes};
use crate::control::tenants::queries::{self, Below};
use crate::control::tenants::{self, Tenant};
use crate::db::ids::TenantId;
use crate::db::{ControlConn, Mode};
use crate::error::Result;
use actix_web::web;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}", here);
    r.get("/api/v1/t/{tenant}/tenants", list);
    r.post("/api/v1/t/{tenant}/tenants", make::create);
    r.get("/api/v1/t/{tenant}/tenants/{id}", show);
    r.put("/api/v1/t/{tenant}/tenants/{id}/status", state::set_status);
    r.delete("/api/v1/t/{tenant}/tenants/{id}", state::trash);
    r.post("/api/v1/t/{tenant}/tenants/{id}/restore", state::restore);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "tenants";
    d.get("/api/v1/t/{tenant}", tag, "The tenant of the URL")
        .answers::<Shown>();
    d.get(
        "/api/v1/t/{tenant}/tenants",
        tag,
        "The separate tenants below, at any depth",
    )
    .query::<Paging>()
    .answers_items::<Shown>();
    d.post(
        "/api/v1/t/{tenant}/tenants",
        tag,
        "Create a separate tenant below",
    )
    .takes::<NewTenant>()
    .makes::<Shown>();
    d.get(
        "/api/v1/t/{tenant}/tenants/{id}",
        tag,
        "A separate tenant below",
    )
    .answers::<Shown>();
    d.put(
        "/api/v1/t/{tenant}/tenants/{id}/status",
        tag,
        "Lock a tenant, or unlock it",
    )
    .takes::<NewStatus>()
    .answers::<Shown>();
    d.delete(
        "/api/v1/t/{tenant}/tenants/{id}",
        tag,
        "Move a tenant to the trash",
    )
    .more("It goes for good after 30 days.")
    .answers_nothing();
    d.post(
        "/api/v1/t/{tenant}/tenants/{id}/restore",
        tag,
        "Take a tenant out of the trash",
    )
    .answers::<Shown>();
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct Shown {
    id: i32,
    /// Its own short name.
    slug: String,
    /// Its address: `nord`, or `nord/vip` for an inner tenant.
    path: String,
    /// `main`, `separate` or `inner`.
    kind: String,
    name: String,
    /// Its own status: `active`, `no_sending`, `no_login`, `locked`, or `trashed`.
    status: String,
    colour: String,
    /// Language of what it sends: `en` or `de`.
    language: String,
    time_zone: String,
    created_at: DateTime<Utc>,
    /// Since when it is in the trash.
    trashed_at: Option<DateTime<Utc>>,
    /// Counts changes.
    version: i32,
}

impl Shown {
    fn of(tenant: Tenant, path: String) -> Self {
        Self {
            id: tenant.id,
            path,
            status: match tenant.trashed_at {
                Some(_) => "trashed".into(),
                None => tenant.status,
            },
            slug: tenant.slug,
            kind: tenant.kind,
            name: tenant.name,
            colour: tenant.colour,
            language: tenant.locale,
            time_zone: tenant.time_zone,
            created_at: tenant.created_at,
            trashed_at: tenant.trashed_at,
            version: tenant.version,
        }
    }

    pub(super) fn id(&self) -> i32 {
        self.id
    }
}

/// A tenant as the API shows it.
pub(super) fn shown<M: Mode>(conn: &mut ControlConn<'_, M>, tenant: Tenant) -> Result<Shown> {
    let path = tenants::path_of(conn.pg(), &tenant)?;
    Ok(Shown::of(tenant, path))
}

/// A tenant that lies below the one of the URL.
pub(super) async fn below<R: Right>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
) -> Result<Shown> {
    let top = access.tenant().id;
    access
        .run(move |conn| {
            queries::one_below(conn.pg(), top, which, TenantId(id))?;
            let tenant = tenants::by_id(conn.pg(), TenantId(id))?;
            shown(conn, tenant)
        })
        .await
}

/// Those that lie below, page by page in the order of their ids.
pub(super) async fn page<R: Right>(
    access: &ControlAccess<R>,
    which: Below,
    paging: Paging,
) -> Answer {
    let (top, limit) = (access.tenant().id, paging.limit()?);
    let found: Vec<Shown> = access
        .run(move |conn| {
            let after = TenantId(paging.after.unwrap_or(0));
            let found = queries::page_below(conn.pg(), top, which, &paging.q, after, limit + 1)?;
            tenants::whole(conn.pg(), found)
        })
        .await?
        .into_iter()
        .map(|(tenant, listed)| Shown::of(tenant, listed.path))
        .collect();
    ok(&Items::of(found, limit, |tenant| tenant.id.to_string()))
}

async fn here(access: ControlAccess<ViewDashboard>) -> Answer {
    let id = access.tenant().id;
    let found = access
        .run(move |conn| {
            let tenant = tenants::by_id(conn.pg(), id)?;
            shown(conn, tenant)
        })
        .await?;
    ok(&found)
}

async fn list(access: ControlAccess<ViewTenants>, paging: Params<Paging>) -> Answer {
    page(&access, Below::Separate, paging.0).await
}

async fn show(access: ControlAccess<ViewTenants>, which: web::Path<Which>) -> Answer {
    ok(&below(&access, Below::Separate, which.id).await?)
}
