//! What a field is to roles.

use crate::access::rights::ChangeFields;
use crate::access::{ControlAccess, Routes};
use crate::api::body::Body;
use crate::api::{Answer, Document, Which, actor, ok};
use crate::control::roles::{self, Role};
use crate::db::ids::FieldId;
use crate::error::Result;
use crate::tenant::fields;
use crate::tenant::fields::rights::{SetRights, of_field};
use crate::tenant::fields::seen::Mode;
use crate::web::problem::Fault;
use actix_web::web;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const PATH: &str = "/api/v1/t/{tenant}/fields/{id}/rights";

pub(super) fn routes(r: &mut Routes) {
    r.get(PATH, show);
    r.put(PATH, set);
}

pub(super) fn describe(d: &mut Document) {
    let tag = "fields";
    d.get(PATH, tag, "What a field is to roles")
        .answers::<FieldRights>();
    d.put(PATH, tag, "Set what a field is to roles")
        .more("Whole: a role that is left out gets what the field says for all. A role only ever narrows that, and of several roles the most permissive counts. Administrators see all; nobody but they sets it for a role of his own.")
        .takes::<NewFieldRights>()
        .answers::<FieldRights>();
}

/// What a field is to roles.
#[derive(Debug, Serialize, ToSchema)]
struct FieldRights {
    /// By the roles' keys; the others get what the field says for all.
    roles: BTreeMap<String, Mode>,
    /// Counts changes of the field.
    version: i32,
}

/// What a field is to be to roles from now on, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFieldRights {
    /// By the roles' keys.
    #[schema(example = json!({ "viewer": "masked" }))]
    roles: BTreeMap<String, Mode>,
    /// The `version` that was seen.
    version: i32,
}

async fn usable(access: &ControlAccess<ChangeFields>) -> Result<Vec<Role>> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| roles::usable(conn.pg(), tenant))
        .await
}

async fn now(access: &ControlAccess<ChangeFields>, id: FieldId) -> Result<FieldRights> {
    let (version, said) = access
        .look(move |conn| {
            let field = fields::by_id(conn.pg(), id)?;
            Ok((field.version, of_field(conn.pg(), id)?))
        })
        .await?;
    let usable = usable(access).await?;
    let of_role = |role: Role| Some((role.key, *said.get(&role.id)?));
    Ok(FieldRights {
        roles: usable.into_iter().filter_map(of_role).collect(),
        version,
    })
}

async fn show(access: ControlAccess<ChangeFields>, which: web::Path<Which>) -> Answer {
    ok(&now(&access, FieldId(which.id)).await?)
}

async fn set(
    access: ControlAccess<ChangeFields>,
    which: web::Path<Which>,
    body: Body<NewFieldRights>,
) -> Answer {
    let (id, mut wanted) = (FieldId(which.id), body.0);
    let mut rights = BTreeMap::new();
    for role in usable(&access).await? {
        rights.insert(role.id, wanted.roles.remove(&role.key));
    }
    if let Some((role, _)) = wanted.roles.pop_first() {
        return Err(Fault::at("roles", "role-unknown", &[("role", role)]));
    }
    let order = SetRights {
        actor: actor(&access),
        viewer: access.tenant().viewer.clone(),
        tenant: access.tenant().id,
        id,
        version: wanted.version,
        rights,
    };
    access
        .provision(order)
        .await
        .map_err(|error| Fault::of(error, |_| "roles".to_owned()))?;
    ok(&now(&access, id).await?)
}
