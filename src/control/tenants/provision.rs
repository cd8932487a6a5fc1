//! Making, changing and removing tenants: orders that the provisioner carries out whole or not at all.

use super::fence::{Fence, WantedFence};
use super::slug::Slug;
use super::{Tenant, by_id};
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::{memberships, users};
use crate::db::ids::{TenantId, UserId};
use crate::db::migrate::tenant_version;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::{jobs, sessions, tenants};
use crate::error::{AppError, Result};
use crate::tenant::fields;
use diesel::prelude::*;
use serde_json::json;

/// What every kind of tenant is made with.
#[derive(Clone, Debug)]
pub struct Basics {
    /// Checked.
    pub slug: Slug,
    /// As shown; checked by the database, too.
    pub name: String,
    /// `#rrggbb`.
    pub colour: String,
    /// `en` or `de`.
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
}

impl Basics {
    /// Checks the parts.
    ///
    /// # Errors
    /// `Invalid` with the message's key.
    pub fn check(
        slug: Slug,
        name: &str,
        colour: &str,
        locale: &str,
        time_zone: &str,
    ) -> Result<Self> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(AppError::invalid("tenant-name-length"));
        }
        let colour = colour.to_ascii_lowercase();
        let digits = colour.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(AppError::invalid("tenant-colour-invalid"));
        }
        if time_zone.parse::<chrono_tz::Tz>().is_err() {
            return Err(AppError::invalid("time-zone-unknown"));
        }
        Ok(Self {
            slug,
            name: name.to_owned(),
            colour,
            locale: if locale == "de" { "de" } else { "en" }.to_owned(),
            time_zone: time_zone.to_owned(),
        })
    }
}

/// A first user for a new tenant: made, or found by his address and given the roles.
#[derive(Clone, Debug)]
pub struct FirstUser {
    /// Who.
    pub user: users::NewUser,
    /// Keys of roles.
    pub roles: Vec<String>,
}

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
        super::same_version(inner.version, self.version)?;
        let wanted = self.fence;
        let (fence, catalog) = conn.as_owner(parent, |conn, _| {
            Ok((
                Fence::check(conn, &wanted)?,
                fields::catalog(&fields::all(conn)?)?,
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
    let catalog = conn.as_owner(parent, |conn, _| fields::catalog(&fields::all(conn)?))?;
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

/// Sets a tenant's own status.
#[derive(Debug)]
pub struct SetStatus {
    /// Who orders it.
    pub actor: Actor,
    /// Which tenant.
    pub tenant: TenantId,
    /// `active`, `no_sending`, `no_login` or `locked`.
    pub status: String,
}

impl Order for SetStatus {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let tenant = locked(conn, self.tenant)?;
        if tenant.kind == "main" && self.status != "active" {
            return Err(AppError::invalid("tenant-main-stays"));
        }
        diesel::update(tenants::table.find(self.tenant.0))
            .set((
                tenants::status.eq(&self.status),
                tenants::version.eq(tenants::version + 1),
            ))
            .execute(conn.pg())?;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "tenant.status",
            "",
            &json!({ "old": tenant.status, "new": self.status }),
        )
    }
}

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
        let children: i64 = tenants::table
            .filter(tenants::parent_id.eq(self.tenant.0))
            .filter(tenants::trashed_at.is_null())
            .count()
            .get_result(conn.pg())?;
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
    use crate::db::schema::control::users as users_table;
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
    let at_home = users_table::table
        .filter(users_table::home_tenant_id.eq(tenant.0))
        .select(users_table::id.nullable());
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

/// Removes a trashed tenant for good: views or schema, roles, memberships, users at home there. Files go
/// by the caller, after this is committed.
#[derive(Debug)]
pub struct Purge {
    /// Who orders it.
    pub actor: Actor,
    /// Which tenant.
    pub tenant: TenantId,
}

impl Order for Purge {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        use crate::db::schema::control::users as users_table;
        let tenant = locked(conn, self.tenant)?;
        if tenant.trashed_at.is_none() {
            return Err(AppError::Conflict);
        }
        // Children that lie in the trash themselves go first.
        let children: Vec<i32> = tenants::table
            .filter(tenants::parent_id.eq(self.tenant.0))
            .select(tenants::id)
            .load(conn.pg())?;
        for child in children {
            Self {
                actor: self.actor,
                tenant: TenantId(child),
            }
            .carry_out(conn)?;
        }
        match tenant.scope().parent {
            Some(parent) => conn.drop_inner(self.tenant, parent)?,
            None => conn.drop_separate(self.tenant)?,
        }
        // A user at home here who works elsewhere, too, moves to the parent; the others go.
        let parent = tenant.parent_id.ok_or(AppError::NotFound)?;
        let elsewhere = crate::db::schema::control::memberships::table
            .filter(crate::db::schema::control::memberships::tenant_id.ne(self.tenant.0))
            .select(crate::db::schema::control::memberships::user_id);
        diesel::update(
            users_table::table
                .filter(users_table::home_tenant_id.eq(self.tenant.0))
                .filter(users_table::id.eq_any(elsewhere)),
        )
        .set(users_table::home_tenant_id.eq(parent))
        .execute(conn.pg())?;
        diesel::delete(users_table::table.filter(users_table::home_tenant_id.eq(self.tenant.0)))
            .execute(conn.pg())?;
        diesel::delete(tenants::table.find(self.tenant.0)).execute(conn.pg())?;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "tenant.purge",
            &tenant.slug,
            &json!({}),
        )
    }
}

fn locked(conn: &mut ProvisionConn<'_>, id: TenantId) -> Result<Tenant> {
    Ok(tenants::table
        .find(id.0)
        .select(Tenant::as_select())
        .for_update()
        .first(conn.pg())?)
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
