//! A user's whole place in the tenant: roles, single rights, and from when until when.

use super::body::Body;
use super::users::{another, refused};
use super::{Answer, Which, ok};
use crate::access::rights::{ChangeUsers, Right, ViewUsers};
use crate::access::{ControlAccess, Routes};
use crate::control::memberships::{self, Granter, Place};
use crate::db::ids::UserId;
use crate::error::{AppError, Result};
use actix_web::web;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const PATH: &str = "/api/v1/t/{tenant}/users/{id}/place";

pub(super) fn routes(r: &mut Routes) {
    r.get(PATH, show);
    r.put(PATH, set);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "users";
    d.get(PATH, tag, "A user's place in the tenant")
        .answers::<Shown>();
    d.put(PATH, tag, "Set a user's place in the tenant")
        .more("The whole of it. Nobody gives or takes more than he holds himself, and nobody changes his own place.")
        .takes::<NewPlace>()
        .answers::<Shown>();
}

/// What a place in a tenant gives.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Place)]
struct Shown {
    /// Keys of roles.
    roles: Vec<String>,
    /// Keys of single rights beside the roles.
    rights: Vec<String>,
    /// From when on; null for at once.
    from: Option<DateTime<Utc>>,
    /// Until when; null for no end.
    until: Option<DateTime<Utc>>,
    /// Counts changes.
    version: i32,
}

/// What a place is to give from now on, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPlace {
    /// Keys of roles.
    roles: Vec<String>,
    /// Keys of single rights beside the roles.
    rights: Vec<String>,
    /// From when on; at once if left out.
    from: Option<DateTime<Utc>>,
    /// Until when; no end if left out.
    until: Option<DateTime<Utc>>,
    /// The `version` that was seen.
    version: i32,
}

async fn now<R: Right>(access: &ControlAccess<R>, user: UserId) -> Result<Shown> {
    let tenant = access.tenant().id;
    let found = access
        .run(move |conn| memberships::place_of(conn.pg(), user, tenant))
        .await?;
    let (_, version, place) = found.ok_or(AppError::NotFound)?;
    Ok(Shown {
        roles: place.roles,
        rights: place.rights,
        from: place.from,
        until: place.until,
        version,
    })
}

async fn show(access: ControlAccess<ViewUsers>, which: web::Path<Which>) -> Answer {
    ok(&now(&access, UserId(which.id)).await?)
}

async fn set(
    access: ControlAccess<ChangeUsers>,
    which: web::Path<Which>,
    body: Body<NewPlace>,
) -> Answer {
    let (user, body) = (another(&access, which.id)?, body.0);
    let wanted = Place {
        roles: body.roles,
        rights: body.rights,
        from: body.from,
        until: body.until,
    };
    if wanted.roles.is_empty() && wanted.rights.is_empty() {
        return Err(refused(AppError::invalid("users-roles-missing")));
    }
    let granter = Granter::of(&access).await?;
    let which = memberships::Which {
        user,
        tenant: granter.tenant,
        version: body.version,
    };
    access
        .run(move |conn| memberships::set(conn.pg(), &granter, which, wanted))
        .await
        .map_err(refused)?;
    ok(&now(&access, user).await?)
}
