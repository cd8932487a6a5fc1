//! Tenant's rights: what the tenants below may at most, and packages of rights to give to many.

mod packages;

use super::body::{Body, Params};
use super::{Answer, Items, Which, ok};
use crate::access::rights::{ChangeCeilings, Right, ViewCeilings};
use crate::access::{ControlAccess, Routes};
use crate::control::ceilings::{self, Capped, Ceiling, Wanted};
use crate::control::memberships::Granter;
use crate::db::ids::TenantId;
use crate::error::{AppError, Result};
use crate::web::problem::Fault;
use actix_web::web;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

const ALL: &str = "/api/v1/t/{tenant}/ceilings";
const ONE: &str = "/api/v1/t/{tenant}/ceilings/{id}";
const GIVE: &str = "/api/v1/t/{tenant}/ceilings/give";

pub(super) fn routes(r: &mut Routes) {
    r.get(ALL, list);
    r.post(GIVE, give);
    packages::routes(r);
    r.get(ONE, show);
    r.put(ONE, set);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "tenant's rights";
    d.get(
        ALL,
        tag,
        "What the tenants below may at most, at any depth; the first 200",
    )
    .query::<Search>()
    .answers_items::<Shown>();
    d.post(GIVE, tag, "Give tenants below the same rights")
        .more("Those of a package, or no limit; all of the tenants, or none where one cannot be. A tenant keeps what it was given when the package changes.")
        .takes::<Gift>()
        .answers_items::<Shown>();
    packages::describe(d);
    d.get(ONE, tag, "What a tenant below may at most")
        .answers::<Shown>();
    d.put(ONE, tag, "Set what a tenant below may at most")
        .more("In force at once, there and below it. What is taken is gone for everybody there, and back for them when it is given back. Nobody gives or takes what he does not hold himself.")
        .takes::<NewCeiling>()
        .answers::<Shown>();
}

/// Which tenants below.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
struct Search {
    /// Part of their names or of those above them.
    q: String,
}

/// What a tenant may at most.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TenantRights)]
struct Shown {
    /// The tenant.
    id: i32,
    /// Names down to it.
    trail: String,
    /// `separate` or `inner`.
    kind: String,
    /// Keys of the rights that are set for it; null for all that its parent may, also what comes later.
    rights: Option<Vec<String>>,
    /// What comes of them below the tenants above; null for no limit.
    in_force: Option<Vec<String>>,
    /// Counts changes of the tenant.
    version: i32,
}

fn shown(capped: Capped) -> Shown {
    Shown {
        id: capped.id,
        trail: capped.trail,
        kind: capped.kind,
        rights: capped.ceiling,
        in_force: capped.in_force,
        version: capped.version,
    }
}

fn refused(error: AppError) -> Fault {
    Fault::of(error, |_| "rights".to_owned())
}

async fn list(access: ControlAccess<ViewCeilings>, search: Params<Search>) -> Answer {
    let top = access.tenant().id;
    let mut found = access
        .run(move |conn| ceilings::below(conn.pg(), top, &search.0.q))
        .await?;
    found.truncate(ceilings::MOST);
    ok(&Items::whole(found.into_iter().map(shown).collect()))
}

async fn one<R: Right>(access: &ControlAccess<R>, id: TenantId) -> Result<Shown> {
    let top = access.tenant().id;
    access
        .run(move |conn| ceilings::one(conn.pg(), top, id).map(shown))
        .await
}

async fn show(access: ControlAccess<ViewCeilings>, which: web::Path<Which>) -> Answer {
    ok(&one(&access, TenantId(which.id)).await?)
}

/// What a tenant is to have at most.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCeiling {
    /// Keys of rights; null for all that its parent may.
    #[schema(value_type = Option<Vec<String>>, required)]
    #[serde(deserialize_with = "stated")]
    rights: Ceiling,
    /// The `version` that was seen.
    version: i32,
}

/// Left out it must not mean null: that would lift every limit.
fn stated<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Ceiling, D::Error> {
    Option::<BTreeSet<String>>::deserialize(from)
}

async fn put(access: &ControlAccess<ChangeCeilings>, wanted: Vec<Wanted>) -> Result<(), Fault> {
    let granter = Granter::of(access).await?;
    access
        .run(move |conn| ceilings::set(conn.pg(), &granter, &wanted))
        .await
        .map_err(refused)
}

async fn set(
    access: ControlAccess<ChangeCeilings>,
    which: web::Path<Which>,
    body: Body<NewCeiling>,
) -> Answer {
    let tenant = TenantId(which.id);
    let wanted = Wanted {
        tenant,
        version: body.0.version,
        ceiling: body.0.rights,
    };
    put(&access, vec![wanted]).await?;
    ok(&one(&access, tenant).await?)
}

/// A tenant, as it was seen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeenTenant {
    id: i32,
    /// The `version` that was seen.
    version: i32,
}

/// The same rights for several tenants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Gift {
    /// The package's id; null for all that their parents may.
    #[schema(required)]
    #[serde(deserialize_with = "stated_id")]
    package: Option<i32>,
    #[schema(min_items = 1, max_items = 200)]
    tenants: Vec<SeenTenant>,
}

/// As `stated`.
fn stated_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<i32>, D::Error> {
    Option::<i32>::deserialize(from)
}

async fn give(access: ControlAccess<ChangeCeilings>, body: Body<Gift>) -> Answer {
    let (top, Gift { package, tenants }) = (access.tenant().id, body.0);
    let distinct: BTreeSet<i32> = tenants.iter().map(|tenant| tenant.id).collect();
    if tenants.is_empty() || distinct.len() != tenants.len() || tenants.len() > ceilings::MOST {
        return Err(Fault::at("tenants", "ceilings-choose", &[]));
    }
    let ceiling = match package {
        None => None,
        Some(id) => Some(packages::one(&access, id).await?.ceiling()),
    };
    let ids: Vec<TenantId> = tenants.iter().map(|tenant| TenantId(tenant.id)).collect();
    let wanted = tenants.iter().map(|tenant| Wanted {
        tenant: TenantId(tenant.id),
        version: tenant.version,
        ceiling: ceiling.clone(),
    });
    put(&access, wanted.collect()).await?;
    let given = access
        .run(move |conn| ceilings::some(conn.pg(), top, &ids))
        .await?;
    ok(&Items::whole(given.into_iter().map(shown).collect()))
}
