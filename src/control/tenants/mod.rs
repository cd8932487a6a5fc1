//! Tenants: the tree of separate tenants, and the inner tenants below each.

pub mod fence;
pub mod migrate;
pub mod pages;
pub mod preview;
pub mod provision;
pub mod purge;
pub mod queries;
pub mod slug;

use crate::db::TenantScope;
use crate::db::ids::TenantId;
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use std::collections::HashMap;

/// A tenant as its row has it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tenants)]
pub struct Tenant {
    /// Its id.
    pub id: i32,
    /// Parent in the tree; none for the main tenant.
    pub parent_id: Option<i32>,
    /// `main`, `separate` or `inner`.
    pub kind: String,
    /// Unique among separate tenants, or below its parent for an inner one.
    pub slug: String,
    /// As shown.
    pub name: String,
    /// `#rrggbb`.
    pub colour: String,
    /// `en` or `de`.
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
    /// Its own status; the ones above may be more severe.
    pub status: String,
    /// Inner tenants: the stored fence.
    pub fence: Option<serde_json::Value>,
    /// Inner tenants: whether an edit may move a recipient out.
    pub moves_allowed: bool,
    /// Version of its own schema; 0 for inner tenants.
    pub schema_version: i32,
    /// Whether it asks its users for a second factor; those above may, too.
    pub second_factor: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is in the trash.
    pub trashed_at: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i32,
}

impl Tenant {
    /// Its typed id.
    pub fn id(&self) -> TenantId {
        TenantId(self.id)
    }

    /// Whether this is an inner tenant.
    pub fn is_inner(&self) -> bool {
        self.kind == "inner"
    }

    /// Which role and schema its transactions enter.
    pub fn scope(&self) -> TenantScope {
        TenantScope {
            id: self.id(),
            parent: if self.is_inner() {
                self.parent_id.map(TenantId)
            } else {
                None
            },
        }
    }
}

/// What `tenant create` and `tenant show` print.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// Its id.
    pub id: i32,
    /// Its own slug.
    pub slug: String,
    /// `nord` or `nord/vip`.
    pub path: String,
    /// `main`, `separate` or `inner`.
    pub kind: String,
    /// As shown to people.
    pub name: String,
    /// Its own status, or `trashed`.
    pub status: String,
    /// Schema that its queries see first.
    pub schema: String,
    /// Database role that its requests act as.
    pub role: String,
}

/// The tenant at `nord` or `nord/vip`.
///
/// # Errors
/// `NotFound`.
pub fn by_path(conn: &mut PgConnection, path: &str) -> Result<Tenant> {
    let (slug, inner) = match path.split_once('/') {
        Some((slug, inner)) => (slug, Some(inner)),
        None => (path, None),
    };
    let outer: Tenant = tenants::table
        .filter(tenants::slug.eq(slug))
        .filter(tenants::kind.ne("inner"))
        .select(Tenant::as_select())
        .first(conn)?;
    match inner {
        None => Ok(outer),
        Some(inner) => Ok(tenants::table
            .filter(tenants::slug.eq(inner))
            .filter(tenants::parent_id.eq(outer.id))
            .filter(tenants::kind.eq("inner"))
            .select(Tenant::as_select())
            .first(conn)?),
    }
}

/// The tenant with this id.
///
/// # Errors
/// `NotFound`.
pub fn by_id(conn: &mut PgConnection, id: TenantId) -> Result<Tenant> {
    Ok(tenants::table
        .find(id.0)
        .select(Tenant::as_select())
        .first(conn)?)
}

/// Each listed tenant with its whole row, in the list's order: one query for all.
///
/// # Errors
/// When the database does not answer.
pub fn whole(
    conn: &mut PgConnection,
    listed: Vec<queries::Listed>,
) -> Result<Vec<(Tenant, queries::Listed)>> {
    let ids = listed.iter().map(|one| one.id);
    let rows: Vec<Tenant> = tenants::table
        .filter(tenants::id.eq_any(ids))
        .select(Tenant::as_select())
        .load(conn)?;
    let mut rows: HashMap<i32, Tenant> = rows.into_iter().map(|row| (row.id, row)).collect();
    let whole = |one: queries::Listed| rows.remove(&one.id).map(|row| (row, one));
    Ok(listed.into_iter().filter_map(whole).collect())
}

/// The main tenant, if the installation has been set up.
///
/// # Errors
/// When the database does not answer.
pub fn main(conn: &mut PgConnection) -> Result<Option<Tenant>> {
    Ok(tenants::table
        .filter(tenants::kind.eq("main"))
        .select(Tenant::as_select())
        .first(conn)
        .optional()?)
}

/// The address of a tenant: `nord` or `nord/vip`.
///
/// # Errors
/// When the database does not answer.
pub fn path_of(conn: &mut PgConnection, tenant: &Tenant) -> Result<String> {
    match (tenant.is_inner(), tenant.parent_id) {
        (true, Some(parent)) => Ok(format!(
            "{}/{}",
            by_id(conn, TenantId(parent))?.slug,
            tenant.slug
        )),
        _ => Ok(tenant.slug.clone()),
    }
}

/// A tenant as the command line prints it.
///
/// # Errors
/// When the database does not answer.
pub fn shown(
    conn: &mut PgConnection,
    names: crate::db::names::Names,
    tenant: &Tenant,
) -> Result<Shown> {
    let path = path_of(conn, tenant)?;
    Ok(show(names, tenant, path))
}

fn show(names: crate::db::names::Names, tenant: &Tenant, path: String) -> Shown {
    let id = tenant.id();
    let (schema, role) = if tenant.is_inner() {
        (crate::db::names::projection(id), names.i(id))
    } else {
        (crate::db::names::schema(id), names.t(id))
    };
    Shown {
        id: tenant.id,
        slug: tenant.slug.clone(),
        path,
        kind: tenant.kind.clone(),
        name: tenant.name.clone(),
        status: if tenant.trashed_at.is_some() {
            "trashed".into()
        } else {
            tenant.status.clone()
        },
        schema,
        role,
    }
}

/// All tenants as the command line prints them, in the order of their paths: two queries, whatever their
/// number.
///
/// # Errors
/// When the database does not answer.
pub fn all_shown(conn: &mut PgConnection, names: crate::db::names::Names) -> Result<Vec<Shown>> {
    let all: Vec<Tenant> = tenants::table
        .order(tenants::id)
        .select(Tenant::as_select())
        .load(conn)?;
    let slugs: HashMap<i32, String> = all.iter().map(|t| (t.id, t.slug.clone())).collect();
    let mut shown: Vec<Shown> = all
        .iter()
        .map(|tenant| {
            let parent = tenant
                .parent_id
                .filter(|_| tenant.is_inner())
                .and_then(|id| slugs.get(&id));
            let path = parent.map_or_else(
                || tenant.slug.clone(),
                |parent| format!("{parent}/{}", tenant.slug),
            );
            show(names, tenant, path)
        })
        .collect();
    shown.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(shown)
}

/// Refuses a change that was made to another version than the one there is now.
///
/// # Errors
/// `Conflict`.
pub fn same_version(found: i32, seen: i32) -> Result<()> {
    if found == seen {
        Ok(())
    } else {
        Err(AppError::Conflict)
    }
}
