//! Packages of rights.

use crate::access::rights::{ChangeCeilings, Right};
use crate::access::{ControlAccess, Routes};
use crate::api::body::Body;
use crate::api::{Answer, Document, Items, Which, actor, created, nothing, ok, url};
use crate::control::ceilings::packages::{self, Package};
use crate::error::{AppError, Result};
use crate::web::problem::Fault;
use actix_web::web;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

const ALL: &str = "/api/v1/t/{tenant}/ceilings/packages";
const ONE: &str = "/api/v1/t/{tenant}/ceilings/packages/{id}";

pub(super) fn routes(r: &mut Routes) {
    r.get(ALL, list);
    r.post(ALL, create);
    r.get(ONE, show);
    r.put(ONE, change);
    r.delete(ONE, remove);
}

pub(super) fn describe(d: &mut Document) {
    let tag = "tenant's rights";
    d.get(ALL, tag, "The packages of rights made here")
        .answers_items::<Shown>();
    d.post(ALL, tag, "Make a package of rights")
        .takes::<NewPackage>()
        .makes::<Shown>();
    d.get(ONE, tag, "A package of rights").answers::<Shown>();
    d.put(ONE, tag, "Change a package of rights")
        .more("Tenants keep what they were given.")
        .takes::<ChangedPackage>()
        .answers::<Shown>();
    d.delete(ONE, tag, "Delete a package of rights")
        .more("Tenants keep what they were given.")
        .answers_nothing();
}

/// A named list of rights to give to tenants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RightPackage)]
struct Shown {
    id: i32,
    name: String,
    /// Keys of rights.
    rights: Vec<String>,
    /// Counts changes.
    version: i32,
}

fn shown(package: Package) -> Shown {
    Shown {
        id: package.id,
        name: package.name,
        rights: package.rights,
        version: package.version,
    }
}

/// A package to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPackage {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Keys of rights.
    #[schema(value_type = Vec<String>)]
    rights: BTreeSet<String>,
}

/// What a package is to be from now on, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedPackage {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Keys of rights.
    #[schema(value_type = Vec<String>)]
    rights: BTreeSet<String>,
    /// The `version` that was seen.
    version: i32,
}

/// One of the tenant's packages.
pub(super) async fn one<R: Right>(access: &ControlAccess<R>, id: i32) -> Result<Package> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| packages::one(conn.pg(), tenant, id))
        .await
}

async fn list(access: ControlAccess<ChangeCeilings>) -> Answer {
    let tenant = access.tenant().id;
    let all = access
        .run(move |conn| packages::all(conn.pg(), tenant))
        .await?;
    ok(&Items::whole(all.into_iter().map(shown).collect()))
}

async fn show(access: ControlAccess<ChangeCeilings>, which: web::Path<Which>) -> Answer {
    ok(&shown(one(&access, which.id).await?))
}

async fn save(
    access: &ControlAccess<ChangeCeilings>,
    which: Option<(i32, i32)>,
    name: String,
    rights: BTreeSet<String>,
) -> Result<Shown, Fault> {
    let (tenant, actor) = (access.tenant().id, actor(access));
    let id = access
        .run(move |conn| packages::save(conn.pg(), actor, tenant, which, &name, &rights))
        .await
        .map_err(refused)?;
    Ok(shown(one(access, id).await?))
}

fn refused(error: AppError) -> Fault {
    match error {
        AppError::Constraint(name) if name == "right_packages_name_key" => {
            Fault::at("name", "packages-name-taken", &[])
        }
        other => Fault::of(other, |key| match key {
            "roles-name-length" => "name".to_owned(),
            "rights-unknown" => "rights".to_owned(),
            _ => String::new(),
        }),
    }
}

async fn create(access: ControlAccess<ChangeCeilings>, body: Body<NewPackage>) -> Answer {
    let made = save(&access, None, body.0.name, body.0.rights).await?;
    let here = format!("/ceilings/packages/{}", made.id);
    created(&url(access.tenant(), &here), &made)
}

async fn change(
    access: ControlAccess<ChangeCeilings>,
    which: web::Path<Which>,
    body: Body<ChangedPackage>,
) -> Answer {
    let seen = Some((which.id, body.0.version));
    ok(&save(&access, seen, body.0.name, body.0.rights).await?)
}

async fn remove(access: ControlAccess<ChangeCeilings>, which: web::Path<Which>) -> Answer {
    let (id, tenant, actor) = (which.id, access.tenant().id, actor(&access));
    access
        .run(move |conn| packages::delete(conn.pg(), actor, tenant, id))
        .await?;
    nothing()
}
