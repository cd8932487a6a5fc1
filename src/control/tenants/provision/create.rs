//! Making tenants.

use super::super::by_id;
use super::super::fence::{Fence, WantedFence};
use super::{Basics, FirstUser};
use crate::control::audit::{self, Actor};
use crate::control::{memberships, users};
use crate::db::ids::{TenantId, UserId};
use crate::db::migrate::tenant_version;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use crate::tenant::fields;
use diesel::prelude::*;
use serde_json::json;

/// Makes a separate tenant: row, schema, roles, first administrator.
#[derive(Debug)]
pub struct CreateSeparate {
    /// Who orders it.
    pub actor: Actor,
    /// Parent in the tree; none for the main tenant.
    pub parent: Option<TenantId>,
    /// Slug, name, look.
    pub basics: Basics,
    /// Its first administrator, if named.
    pub admin: Option<FirstUser>,
}

impl Order for CreateSeparate {
    type Answer = TenantId;

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<TenantId> {
        if let Some(parent) = self.parent {
            let parent = by_id(conn.pg(), parent)?;
            if parent.is_inner() || parent.trashed_at.is_some() {
                return Err(AppError::invalid("tenant-parent-unfit"));
            }
        }
        let id = insert(
            conn,
            &self.basics,
            self.parent,
            if self.parent.is_some() {
                "separate"
            } else {
                "main"
            },
            None,
        )?;
        conn.make_separate(id)?;
        diesel::update(tenants::table.find(id.0))
            .set(tenants::schema_version.eq(tenant_version()))
            .execute(conn.pg())?;
        finish(conn, self.actor, id, &self.basics, self.admin.as_ref())?;
        Ok(id)
    }
}

/// Makes an inner tenant: row, role, views, first user.
#[derive(Debug)]
pub struct CreateInner {
    /// Who orders it.
    pub actor: Actor,
    /// The separate or main tenant whose data it narrows.
    pub parent: TenantId,
    /// Slug, name, look.
    pub basics: Basics,
    /// What narrows it.
    pub fence: WantedFence,
    /// Whether an edit may move a recipient out.
    pub moves_allowed: bool,
    /// Its first administrator, if named.
    pub admin: Option<FirstUser>,
}

impl Order for CreateInner {
    type Answer = TenantId;

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<TenantId> {
        let parent = by_id(conn.pg(), self.parent)?;
        if parent.is_inner() || parent.trashed_at.is_some() {
            return Err(AppError::invalid("tenant-parent-unfit"));
        }
        let wanted = self.fence;
        let (fence, catalog) = conn.as_owner(self.parent, |conn, _| {
            Ok((
                Fence::check(conn, &wanted)?,
                fields::catalog(&fields::all(conn)?)?,
            ))
        })?;
        let id = insert(
            conn,
            &self.basics,
            Some(self.parent),
            "inner",
            Some(fence.to_stored()),
        )?;
        diesel::update(tenants::table.find(id.0))
            .set(tenants::moves_allowed.eq(self.moves_allowed))
            .execute(conn.pg())?;
        conn.make_inner(id, self.parent)?;
        conn.build_inner(id, self.parent, &fence.to_sql(&catalog, self.moves_allowed))?;
        finish(conn, self.actor, id, &self.basics, self.admin.as_ref())?;
        Ok(id)
    }
}

fn insert(
    conn: &mut ProvisionConn<'_>,
    basics: &Basics,
    parent: Option<TenantId>,
    kind: &str,
    fence: Option<serde_json::Value>,
) -> Result<TenantId> {
    Ok(diesel::insert_into(tenants::table)
        .values((
            tenants::parent_id.eq(parent.map(|parent| parent.0)),
            tenants::kind.eq(kind),
            tenants::slug.eq(basics.slug.as_str()),
            tenants::name.eq(&basics.name),
            tenants::colour.eq(&basics.colour),
            tenants::locale.eq(&basics.locale),
            tenants::time_zone.eq(&basics.time_zone),
            tenants::fence.eq(fence),
        ))
        .returning(tenants::id)
        .get_result(conn.pg())
        .map(TenantId)?)
}

/// The creator gets an administrator's place if he is a person, the first user his; the audit entry.
fn finish(
    conn: &mut ProvisionConn<'_>,
    actor: Actor,
    id: TenantId,
    basics: &Basics,
    first: Option<&FirstUser>,
) -> Result<()> {
    let data = json!({ "slug": basics.slug.as_str(), "name": basics.name });
    audit::record(
        conn.pg(),
        actor,
        id,
        "tenant.create",
        basics.slug.as_str(),
        &data,
    )?;
    let administrator = ["administrator".to_owned()];
    if let Some(UserId(creator)) = actor.user {
        memberships::grant(conn.pg(), actor, UserId(creator), id, &administrator)?;
    }
    if let Some(first) = first {
        let user = users::create_or_find(conn.pg(), actor, id, &first.user)?;
        memberships::grant(conn.pg(), actor, user, id, &first.roles)?;
    }
    Ok(())
}
