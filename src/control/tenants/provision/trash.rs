//! The trash, and what goes for good.

use super::super::{by_id, queries};
use super::locked;
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::users::anonymise::erase_personal;
use crate::db::ids::TenantId;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::{jobs, memberships, sessions, tenants, users};
use crate::db::schema::tenant::{admissions, import_profiles, imports};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;

/// How long a tenant stays in the trash, in days.
pub const TRASH_DAYS: i64 = 30;

/// Moves a tenant without children to the trash: jobs end, sessions find it gone.
#[derive(Debug)]
pub struct Trash {
    /// Who orders it.
    pub actor: Actor,
    /// Which tenant.
    pub tenant: TenantId,
}

impl Order for Trash {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let tenant = locked(conn, self.tenant)?;
        if tenant.kind == "main" {
            return Err(AppError::invalid("tenant-main-stays"));
        }
        // Twice would begin its days anew.
        if tenant.trashed_at.is_some() {
            return Err(AppError::invalid("tenant-trashed-already"));
        }
        let children = queries::children(conn.pg(), self.tenant)?;
        if children > 0 {
            return Err(AppError::Invalid {
                key: "tenant-has-children",
                params: vec![("count", children.to_string())],
            });
        }
        diesel::update(tenants::table.find(self.tenant.0))
            .set((
                tenants::trashed_at.eq(clock::now()),
                tenants::trashed_by.eq(self.actor.user.map(|user| user.0)),
                tenants::version.eq(tenants::version + 1),
            ))
            .execute(conn.pg())?;
        end_work(conn.pg(), self.tenant)?;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "tenant.trash",
            &tenant.slug,
            &json!({}),
        )
    }
}

/// Queued jobs end, running ones are told to; users whose home it is are logged out.
fn end_work(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    diesel::update(
        jobs::table
            .filter(jobs::tenant_id.eq(tenant.0))
            .filter(jobs::state.eq("queued")),
    )
    .set((
        jobs::state.eq("cancelled"),
        jobs::finished_at.eq(clock::now()),
    ))
    .execute(conn)?;
    diesel::update(
        jobs::table
            .filter(jobs::tenant_id.eq(tenant.0))
            .filter(jobs::state.eq("running")),
    )
    .set(jobs::cancel.eq(true))
    .execute(conn)?;
    let at_home = users::table
        .filter(users::home_tenant_id.eq(tenant.0))
        .select(users::id.nullable());
    diesel::delete(sessions::table.filter(sessions::user_id.eq_any(at_home))).execute(conn)?;
    Ok(())
}

/// Takes a tenant out of the trash.
#[derive(Debug)]
pub struct Restore {
    /// Who orders it.
    pub actor: Actor,
    /// Which tenant.
    pub tenant: TenantId,
}

impl Order for Restore {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let tenant = locked(conn, self.tenant)?;
        let above = match tenant.parent_id {
            Some(parent) => Some(by_id(conn.pg(), TenantId(parent))?),
            None => None,
        };
        if let Some(parent) = above.filter(|parent| parent.trashed_at.is_some()) {
            return Err(AppError::Invalid {
                key: "tenant-parent-trashed",
                params: vec![("name", parent.name)],
            });
        }
        diesel::update(tenants::table.find(self.tenant.0))
            .set((
                tenants::trashed_at.eq(None::<chrono::DateTime<chrono::Utc>>),
                tenants::trashed_by.eq(None::<i32>),
                tenants::version.eq(tenants::version + 1),
            ))
            .execute(conn.pg())?;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "tenant.restore",
            &tenant.slug,
            &json!({}),
        )
    }
}

/// Removes a trashed tenant for good: views or schema, roles, memberships, users at home there.
#[derive(Debug)]
pub struct Purge {
    /// Who orders it.
    pub actor: Actor,
    /// Which tenant.
    pub tenant: TenantId,
}

impl Order for Purge {
    /// It and all below it that went along. Their files go after this is committed: see `purge`.
    type Answer = Vec<TenantId>;

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<Vec<TenantId>> {
        let tenant = locked(conn, self.tenant)?;
        if tenant.trashed_at.is_none() {
            return Err(AppError::invalid("tenant-not-trashed"));
        }
        // Children lie in the trash themselves, and go first.
        let children: Vec<i32> = tenants::table
            .filter(tenants::parent_id.eq(self.tenant.0))
            .order(tenants::id)
            .select(tenants::id)
            .load(conn.pg())?;
        let mut gone = Vec::new();
        for child in children {
            let order = Self {
                actor: self.actor,
                tenant: TenantId(child),
            };
            gone.extend(order.carry_out(conn)?);
        }
        match tenant.scope().parent {
            Some(parent) => {
                forget_inner(conn, self.tenant, parent)?;
                conn.drop_inner(self.tenant, parent)?;
            }
            None => conn.drop_separate(self.tenant)?,
        }
        let parent = tenant.parent_id.ok_or(AppError::NotFound)?;
        forget_users(conn.pg(), self.tenant, TenantId(parent))?;
        diesel::delete(tenants::table.find(self.tenant.0)).execute(conn.pg())?;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "tenant.purge",
            &tenant.slug,
            &json!({}),
        )?;
        gone.push(self.tenant);
        Ok(gone)
    }
}

/// What an inner tenant has in its parent's tables: imports, profiles, wishes to admit.
fn forget_inner(conn: &mut ProvisionConn<'_>, inner: TenantId, parent: TenantId) -> Result<()> {
    conn.as_owner(parent, |conn, _| {
        diesel::delete(imports::table.filter(imports::inner_id.eq(inner.0))).execute(conn)?;
        diesel::delete(import_profiles::table.filter(import_profiles::inner_id.eq(inner.0)))
            .execute(conn)?;
        diesel::delete(admissions::table.filter(admissions::inner_id.eq(inner.0))).execute(conn)?;
        Ok(())
    })
}

/// A user at home here who works elsewhere, too, moves to the parent; the others go.
fn forget_users(conn: &mut PgConnection, tenant: TenantId, parent: TenantId) -> Result<()> {
    let elsewhere = memberships::table
        .filter(memberships::tenant_id.ne(tenant.0))
        .select(memberships::user_id);
    diesel::update(
        users::table
            .filter(users::home_tenant_id.eq(tenant.0))
            .filter(users::id.eq_any(elsewhere)),
    )
    .set(users::home_tenant_id.eq(parent.0))
    .execute(conn)?;
    let gone: Vec<i32> = diesel::delete(users::table.filter(users::home_tenant_id.eq(tenant.0)))
        .returning(users::id)
        .get_results(conn)?;
    for user in gone {
        diesel::select(erase_personal(user)).execute(conn)?;
    }
    Ok(())
}
