//! The roles that users can have.

use super::{Answer, Items, ok};
use crate::access::rights::ViewUsers;
use crate::access::{ControlAccess, Routes};
use crate::control::roles;
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn routes(r: &mut Routes) {
    r.get("/api/v1/t/{tenant}/roles", list);
}

pub(super) fn describe(d: &mut super::Document) {
    d.get(
        "/api/v1/t/{tenant}/roles",
        "roles",
        "The roles that users can have here",
    )
    .answers_items::<Role>();
}

/// A named set of rights.
#[derive(Debug, Serialize, ToSchema)]
struct Role {
    key: String,
    /// What it is called; blank for the built-in roles.
    name: String,
    description: String,
    /// Whether the program keeps it.
    built_in: bool,
    /// Keys of the rights that it holds, those of the roles it includes with them.
    rights: Vec<String>,
    /// Keys of the roles that it includes.
    includes: Vec<String>,
}

async fn list(access: ControlAccess<ViewUsers>) -> Answer {
    let tenant = access.tenant().id;
    let found = access
        .run(move |conn| roles::usable_whole(conn.pg(), tenant))
        .await?;
    let shown = found.into_iter().map(|whole| Role {
        key: whole.role.key,
        name: whole.role.name,
        description: whole.role.description,
        built_in: whole.role.built_in,
        rights: whole.all.into_iter().collect(),
        includes: whole.includes,
    });
    ok(&Items::whole(shown.collect()))
}
