//! Making tenants.

use super::super::by_id;
use super::super::fence::{Fence, WantedFence};
use super::{Basics, FirstUser};
use crate::access::rights::{self, ADMINISTRATOR};
use crate::control::audit::{self, Actor};
use crate::control::memberships::{self, Granter, Place};
use crate::control::{roles, users};
use crate::db::ids::TenantId;
use crate::db::migrate::tenant_version;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use crate::tenant::fields;
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

/// Makes a separate tenant: row, schema, roles, first administrator.
#[derive(Debug)]
pub struct CreateSeparate {
    /// Who orders it.
    pub actor: Actor,
    /// What he may hand on where he stands; none for the command line, which nothing measures.
    pub granter: Option<Granter>,
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
        let by = (self.actor, self.granter.as_ref());
        finish(conn, by, id, &self.basics, self.admin.as_ref())?;
        Ok(id)
    }
}

/// Makes an inner tenant: row, role, views, first user.
#[derive(Debug)]
pub struct CreateInner {
    /// Who orders it.
    pub actor: Actor,
    /// What he may hand on where he stands; none for the command line, which nothing measures.
    pub granter: Option<Granter>,
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
                fields::catalog(&fields::every(conn)?)?,
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
        let by = (self.actor, self.granter.as_ref());
        finish(conn, by, id, &self.basics, self.admin.as_ref())?;
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

/// A place for the creator, the first user his; the audit entry. Nobody gets more by it than the creator holds
/// above: a fence around everybody would else be a way to all.
fn finish(
    conn: &mut ProvisionConn<'_>,
    (actor, granter): (Actor, Option<&Granter>),
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
    if let Some(granter) = granter.filter(|granter| !granter.visits()) {
        place_of_creator(conn.pg(), actor, granter, id)?;
    }
    if let Some(first) = first {
        if let Some(granter) = granter {
            let coming = rights_in(conn.pg(), id, &first.roles)?;
            granter.demand(conn.pg(), &coming)?;
            // An inner tenant has its parent's fields.
            if by_id(conn.pg(), id)?.is_inner() {
                let place = Place::with_roles(&first.roles);
                granter.demand_sight(conn.pg(), &Place::default(), &place)?;
            }
        }
        let user = users::create_or_find(conn.pg(), actor, id, &first.user)?;
        memberships::grant(conn.pg(), actor, user, id, &first.roles)?;
    }
    Ok(())
}

/// What roles come to in a tenant: rights that its kind does not know count for nothing.
fn rights_in(
    conn: &mut PgConnection,
    tenant: TenantId,
    roles: &[String],
) -> Result<BTreeSet<String>> {
    let inner = by_id(conn, tenant)?.is_inner();
    let ids = roles::by_keys(conn, tenant, roles)?;
    let mut rights = roles::rights_of(conn, &ids)?;
    rights.retain(|key| rights::by_key(key).is_some_and(|right| right.inner || !inner));
    Ok(rights)
}

/// An administrator's place for who holds above all that it gives, else what he holds of it. It is the
/// person's, also where a program acts for him: the program's token is for the tenant above alone.
fn place_of_creator(
    conn: &mut PgConnection,
    actor: Actor,
    granter: &Granter,
    id: TenantId,
) -> Result<()> {
    let administrator = [ADMINISTRATOR.to_owned()];
    let mut rights = rights_in(conn, id, &administrator)?;
    let lacking = granter.as_person(conn)?.lacks(conn, &rights)?;
    let inner = by_id(conn, id)?.is_inner();
    let all = Place::with_roles(&administrator);
    // An inner tenant has its parent's fields, and its administrator sees all of them.
    let sees = !inner || granter.demand_sight(conn, &Place::default(), &all).is_ok();
    if lacking.is_empty() && sees {
        memberships::grant(conn, actor, granter.user, id, &administrator)?;
        return Ok(());
    }
    rights.retain(|key| !lacking.contains(key));
    if rights.is_empty() {
        return Ok(());
    }
    memberships::grant(conn, actor, granter.user, id, &[])?;
    let (_, version, place) =
        memberships::place_of(conn, granter.user, id)?.ok_or(AppError::NotFound)?;
    let which = memberships::Which {
        user: granter.user,
        tenant: id,
        version,
    };
    let rights = rights.into_iter().collect();
    let operator = Granter::operator(actor, id);
    memberships::set(conn, &operator, which, Place { rights, ..place })
}
