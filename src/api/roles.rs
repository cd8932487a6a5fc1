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
    /// Keys of the rights that it holds.
    rights: Vec<String>,
}

async fn list(access: ControlAccess<ViewUsers>) -> Answer {
    let found = access.run(|conn| roles::with_rights(conn.pg())).await?;
    let found = found.into_iter();
    ok(&Items::whole(
        found.map(|(key, rights)| Role { key, rights }).collect(),
    ))
}
