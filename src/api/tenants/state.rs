//! Locking and unlocking tenants, the trash and the way back.

use super::{below, refused};
use crate::access::ControlAccess;
use crate::access::rights::{ChangeTenants, DeleteTenants, Right};
use crate::api::body::Body;
use crate::api::{Answer, Which, actor, nothing, ok};
use crate::control::tenants::provision::{Restore, SetStatus, Trash};
use crate::control::tenants::queries::Below;
use crate::db::Write;
use crate::db::ids::TenantId;
use actix_web::web;
use serde::Deserialize;
use utoipa::ToSchema;

/// A status of a tenant.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Active,
    NoSending,
    NoLogin,
    Locked,
}

/// The status that a tenant is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewStatus {
    status: Status,
}

pub(in crate::api) async fn set_status_of<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
    to: &NewStatus,
) -> Answer {
    let tenant = below(access, which, id).await?;
    let status = match to.status {
        Status::Active => "active",
        Status::NoSending => "no_sending",
        Status::NoLogin => "no_login",
        Status::Locked => "locked",
    };
    let order = SetStatus {
        actor: actor(access),
        tenant: TenantId(tenant.id),
        status: status.into(),
    };
    access.provision(order).await.map_err(refused)?;
    ok(&below(access, which, id).await?)
}

pub(in crate::api) async fn trash_one<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
) -> Answer {
    let tenant = below(access, which, id).await?;
    // Again does no harm, and does not begin the days anew.
    if tenant.trashed_at.is_none() {
        let order = Trash {
            actor: actor(access),
            tenant: TenantId(tenant.id),
        };
        access.provision(order).await.map_err(refused)?;
    }
    nothing()
}

pub(in crate::api) async fn restore_one<R: Right<Mode = Write>>(
    access: &ControlAccess<R>,
    which: Below,
    id: i32,
) -> Answer {
    let tenant = below(access, which, id).await?;
    if tenant.trashed_at.is_some() {
        let order = Restore {
            actor: actor(access),
            tenant: TenantId(tenant.id),
        };
        access.provision(order).await.map_err(refused)?;
    }
    ok(&below(access, which, id).await?)
}

pub(super) async fn set_status(
    access: ControlAccess<ChangeTenants>,
    which: web::Path<Which>,
    body: Body<NewStatus>,
) -> Answer {
    set_status_of(&access, Below::Separate, which.id, &body.0).await
}

pub(super) async fn trash(access: ControlAccess<DeleteTenants>, which: web::Path<Which>) -> Answer {
    trash_one(&access, Below::Separate, which.id).await
}

pub(super) async fn restore(
    access: ControlAccess<DeleteTenants>,
    which: web::Path<Which>,
) -> Answer {
    restore_one(&access, Below::Separate, which.id).await
}
