//! Roles: those that can be used in the tenant, and making, changing, copying and deleting those made there.

use super::body::{Body, Params};
use super::{Answer, Items, Seen, Which, created, nothing, ok, url};
use crate::access::rights::{ChangeRoles, CreateRoles, DeleteRoles, Right, ViewRoles, ViewUsers};
use crate::access::{ControlAccess, Routes};
use crate::control::memberships::Granter;
use crate::control::roles::acts::{self, Draft, input_of};
use crate::control::roles::{self, Whole};
use crate::db::ids::RoleId;
use crate::error::{AppError, Result};
use crate::web::problem::Fault;
use actix_web::web;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

const ALL: &str = "/api/v1/t/{tenant}/roles";
const ONE: &str = "/api/v1/t/{tenant}/roles/{id}";
const COPY: &str = "/api/v1/t/{tenant}/roles/{id}/copy";

pub(super) fn routes(r: &mut Routes) {
    r.get(ALL, list);
    r.post(ALL, create);
    r.get(ONE, show);
    r.put(ONE, change);
    r.delete(ONE, remove);
    r.post(COPY, copy);
}

pub(super) fn describe(d: &mut super::Document) {
    let tag = "roles";
    d.get(ALL, tag, "The roles that users can have here")
        .answers_items::<Role>();
    d.post(ALL, tag, "Make a role")
        .more("In the main tenant for all tenants, else for the tenant and its inner ones. Nobody puts in what he does not hold himself.")
        .takes::<NewRole>()
        .makes::<Role>();
    d.get(ONE, tag, "A role").answers::<Role>();
    d.put(ONE, tag, "Change a role")
        .more("The whole of it, in force at once for everybody who holds it. Only where it was made; nobody changes what he holds himself by it.")
        .takes::<ChangedRole>()
        .answers::<Role>();
    d.delete(ONE, tag, "Delete a role")
        .more("Refused while somebody holds it or another role includes it.")
        .query::<Seen>()
        .answers_nothing();
    d.post(COPY, tag, "Make a role like another one")
        .more("With the same rights and the same roles in it; what fields say for the other one they do not say for the copy.")
        .takes::<RoleCopy>()
        .makes::<Role>();
}

/// Where a role was made.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Origin {
    /// The program keeps it.
    BuiltIn,
    /// In this tenant: it can be changed here.
    Here,
    /// In a tenant above, for those below.
    Above,
}

/// A named set of rights.
#[derive(Debug, Serialize, ToSchema)]
struct Role {
    id: i32,
    key: String,
    /// What it is called; blank for the built-in roles.
    name: String,
    description: String,
    /// Whether the program keeps it.
    built_in: bool,
    origin: Origin,
    /// Keys of the rights that it holds, those of the roles it includes with them.
    rights: Vec<String>,
    /// Keys of the rights that it holds itself.
    own_rights: Vec<String>,
    /// Keys of the roles that it includes.
    includes: Vec<String>,
    /// Counts changes.
    version: i32,
}

fn shown(whole: Whole, here: i32) -> Role {
    Role {
        id: whole.role.id,
        key: whole.role.key,
        name: whole.role.name,
        description: whole.role.description,
        built_in: whole.role.built_in,
        origin: match whole.role.tenant_id {
            None => Origin::BuiltIn,
            Some(id) if id == here => Origin::Here,
            Some(_) => Origin::Above,
        },
        rights: whole.all.into_iter().collect(),
        own_rights: whole.own.into_iter().collect(),
        includes: whole.includes,
        version: whole.role.version,
    }
}

async fn list(access: ControlAccess<ViewUsers>) -> Answer {
    let tenant = access.tenant().id;
    let found = access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await?;
    let found = found.into_iter().map(|whole| shown(whole, tenant.0));
    ok(&Items::whole(found.collect()))
}

async fn one<R: Right>(access: &ControlAccess<R>, id: RoleId) -> Result<Whole> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| roles::one(conn.pg(), tenant, id))
        .await
}

async fn show(access: ControlAccess<ViewRoles>, which: web::Path<Which>) -> Answer {
    let whole = one(&access, RoleId(which.id)).await?;
    ok(&shown(whole, access.tenant().id.0))
}

/// A role to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    /// What programs call it: a letter a to z, then letters, digits and hyphens; made of the name if left out.
    key: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: String,
    /// Keys of rights.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    rights: BTreeSet<String>,
    /// Keys of roles whose rights it holds, too, now and later.
    #[serde(default)]
    includes: Vec<String>,
}

/// What a role is to be from now on, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedRole {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: String,
    /// Keys of rights.
    #[schema(value_type = Vec<String>)]
    rights: BTreeSet<String>,
    /// Keys of roles whose rights it holds, too.
    includes: Vec<String>,
    /// The `version` that was seen.
    version: i32,
}

/// A role like another one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleCopy {
    /// As of a new role.
    key: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

fn refused(error: AppError) -> Fault {
    Fault::of(error, |key| input_of(key).to_owned())
}

async fn create(access: ControlAccess<CreateRoles>, body: Body<NewRole>) -> Answer {
    let body = body.0;
    let draft = Draft {
        name: body.name,
        description: body.description,
        rights: body.rights,
        includes: body.includes,
    };
    make(&access, body.key, draft).await
}

async fn copy(
    access: ControlAccess<CreateRoles>,
    which: web::Path<Which>,
    body: Body<RoleCopy>,
) -> Answer {
    let like = one(&access, RoleId(which.id)).await?;
    let draft = Draft {
        name: body.0.name,
        ..Draft::of(&like)
    };
    make(&access, body.0.key, draft).await
}

async fn make(access: &ControlAccess<CreateRoles>, key: Option<String>, draft: Draft) -> Answer {
    let granter = Granter::of(access).await?;
    let key = key.unwrap_or_else(|| acts::key_of(&draft.name));
    let id = access
        .run(move |conn| acts::create(conn.pg(), &granter, &key, draft))
        .await
        .map_err(refused)?;
    let made = shown(one(access, id).await?, access.tenant().id.0);
    created(&url(access.tenant(), &format!("/roles/{id}")), &made)
}

async fn change(
    access: ControlAccess<ChangeRoles>,
    which: web::Path<Which>,
    body: Body<ChangedRole>,
) -> Answer {
    let (id, body) = (RoleId(which.id), body.0);
    let draft = Draft {
        name: body.name,
        description: body.description,
        rights: body.rights,
        includes: body.includes,
    };
    let granter = Granter::of(&access).await?;
    access
        .run(move |conn| acts::change(conn.pg(), &granter, (id, body.version), draft))
        .await
        .map_err(refused)?;
    ok(&shown(one(&access, id).await?, access.tenant().id.0))
}

async fn remove(
    access: ControlAccess<DeleteRoles>,
    which: web::Path<Which>,
    seen: Params<Seen>,
) -> Answer {
    let (id, version) = (RoleId(which.id), seen.0.version);
    let granter = Granter::of(&access).await?;
    access
        .run(move |conn| acts::delete(conn.pg(), &granter, (id, version)))
        .await
        .map_err(refused)?;
    nothing()
}
