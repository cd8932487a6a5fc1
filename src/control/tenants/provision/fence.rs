//! Changing fences.

use super::super::fence::{Fence, WantedFence};
use super::super::{Tenant, same_version};
use super::locked;
use crate::control::audit::{self, Actor};
use crate::db::ids::TenantId;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use crate::tenant::fields;
use diesel::prelude::*;
use serde_json::json;

/// Changes the fence of an inner tenant, in force at once.
#[derive(Debug)]
pub struct ChangeFence {
    /// Who orders it.
    pub actor: Actor,
    /// The inner tenant.
    pub inner: TenantId,
    /// The version that the editor saw.
    pub version: i32,
    /// What narrows it from now on.
    pub fence: WantedFence,
    /// Whether an edit may move a recipient out.
    pub moves_allowed: bool,
}

impl Order for ChangeFence {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let inner = locked(conn, self.inner)?;
        let parent = inner.scope().parent.ok_or(AppError::NotFound)?;
        same_version(inner.version, self.version)?;
        let wanted = self.fence;
        let (fence, catalog) = conn.as_owner(parent, |conn, _| {
            Ok((
                Fence::check(conn, &wanted)?,
                fields::catalog(&fields::every(conn)?)?,
            ))
        })?;
        diesel::update(tenants::table.find(self.inner.0))
            .set((
                tenants::fence.eq(fence.to_stored()),
                tenants::moves_allowed.eq(self.moves_allowed),
                tenants::version.eq(tenants::version + 1),
            ))
            .execute(conn.pg())?;
        conn.build_inner(
            self.inner,
            parent,
            &fence.to_sql(&catalog, self.moves_allowed),
        )?;
        audit::record(
            conn.pg(),
            self.actor,
            self.inner,
            "tenant.fence",
            "",
            &json!({ "old": inner.fence, "new": fence }),
        )
    }
}

/// Remakes the views of all inner tenants of a tenant: after its fields changed.
///
/// # Errors
/// When PostgreSQL refuses.
pub fn rebuild_inner(conn: &mut ProvisionConn<'_>, parent: TenantId) -> Result<usize> {
    let all: Vec<Tenant> = tenants::table
        .filter(tenants::parent_id.eq(parent.0))
        .filter(tenants::kind.eq("inner"))
        .order(tenants::id)
        .select(Tenant::as_select())
        .load(conn.pg())?;
    if all.is_empty() {
        return Ok(0);
    }
    let catalog = conn.as_owner(parent, |conn, _| fields::catalog(&fields::every(conn)?))?;
    for inner in &all {
        let fence = Fence::from_stored(inner.fence.as_ref().unwrap_or(&serde_json::Value::Null))?;
        conn.build_inner(
            inner.id(),
            parent,
            &fence.to_sql(&catalog, inner.moves_allowed),
        )?;
    }
    Ok(all.len())
}
