//! Mailing lists: what a recipient subscribes to. Names are unique within a tenant; an inner tenant sees
//! the lists of its fence (all, where none fences it) and changes none.
//!
//! Not here: who is on a list (`tenant::recipients`), and what narrows an inner tenant (`control::tenants::fence`).

mod pages;
mod usage;

use crate::access::Routes;
use crate::control::audit;
use crate::db::constraint::Blame;
use crate::db::ids::ListId;
use crate::db::schema::tenant::{lists, subscriptions};
use crate::db::{Mode, TenantConn, Write};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

pub use usage::{Usage, fences};

/// Which field of a form or request a refusal of the database belongs to.
pub const BLAME: &[Blame] = &[("lists_name_key", "name", "list-name-taken")];
/// The statuses in which somebody is on a list, or about to be.
pub const LIVE: [&str; 2] = ["active", "waiting"];

/// The pages.
pub fn routes(r: &mut Routes) {
    r.get("/t/{tenant}/lists", pages::index);
    r.get("/t/{tenant}/lists/export", pages::export);
    r.get("/t/{tenant}/lists/new", pages::new);
    r.post("/t/{tenant}/lists/new", pages::create);
    r.get("/t/{tenant}/lists/{id}/edit", pages::edit);
    r.post("/t/{tenant}/lists/{id}/edit", pages::change);
    r.get("/t/{tenant}/lists/{id}/delete", pages::confirm_delete);
    r.post("/t/{tenant}/lists/{id}/delete", pages::delete);
}

/// A mailing list.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = lists)]
pub struct List {
    /// Its id.
    pub id: ListId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Counts changes.
    pub version: i32,
}

/// All lists by name.
///
/// # Errors
/// When the database does not answer.
pub fn all<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<Vec<List>> {
    Ok(lists::table
        .order(lists::name)
        .select(List::as_select())
        .load(conn.pg())?)
}

/// The list of an id.
///
/// # Errors
/// `NotFound` where there is none, or none for this tenant.
pub fn by_id<M: Mode>(conn: &mut TenantConn<'_, M>, id: ListId) -> Result<List> {
    Ok(lists::table
        .filter(lists::id.eq(id.0))
        .select(List::as_select())
        .first(conn.pg())?)
}

/// The list of a name, or else of an id written as a number, as the command line names them.
///
/// # Errors
/// `NotFound` where there is none, or none for this tenant.
pub fn by_name<M: Mode>(conn: &mut TenantConn<'_, M>, name: &str) -> Result<List> {
    let found = lists::table
        .filter(lists::name.eq(name))
        .select(List::as_select())
        .first(conn.pg())
        .optional()?;
    match (found, name.parse()) {
        (Some(list), _) => Ok(list),
        (None, Ok(id)) => by_id(conn, id),
        (None, Err(_)) => Err(AppError::NotFound),
    }
}

/// How many active subscriptions each list has; lists without any are left out.
///
/// # Errors
/// When the database does not answer.
pub fn active<M: Mode>(conn: &mut TenantConn<'_, M>) -> Result<BTreeMap<ListId, i64>> {
    let counted: Vec<(ListId, i64)> = subscriptions::table
        .filter(subscriptions::status.eq("active"))
        .group_by(subscriptions::list_id)
        .select((subscriptions::list_id, diesel::dsl::count_star()))
        .load(conn.pg())?;
    Ok(counted.into_iter().collect())
}

/// Makes a list.
///
/// # Errors
/// `Invalid` for a name or description that is empty or too long, `Constraint("lists_name_key")` for a
/// name that is taken.
pub fn create(conn: &mut TenantConn<'_, Write>, name: &str, description: &str) -> Result<List> {
    let (name, description) = checked(name, description)?;
    let list: List = diesel::insert_into(lists::table)
        .values((lists::name.eq(name), lists::description.eq(description)))
        .returning(List::as_returning())
        .get_result(conn.pg())?;
    audit::record_in_tenant(
        conn,
        "list.create",
        &list.id.to_string(),
        &json!({ "name": list.name }),
    )?;
    Ok(list)
}

/// Renames or describes a list that is still at `version`.
///
/// # Errors
/// `Conflict` where somebody changed it meanwhile; those of `create`.
pub fn change(
    conn: &mut TenantConn<'_, Write>,
    id: ListId,
    version: i32,
    name: &str,
    description: &str,
) -> Result<()> {
    let (name, description) = checked(name, description)?;
    let before = by_id(conn, id)?;
    let hit = diesel::update(
        lists::table
            .filter(lists::id.eq(id.0))
            .filter(lists::version.eq(version)),
    )
    .set((
        lists::name.eq(name),
        lists::description.eq(description),
        lists::version.eq(lists::version + 1),
    ))
    .execute(conn.pg())?;
    if hit == 0 {
        return Err(AppError::Conflict);
    }
    audit::record_in_tenant(
        conn,
        "list.change",
        &id.to_string(),
        &json!({ "name": [before.name, name] }),
    )
}

/// Deletes a list with the marks of those who left it. Whether a fence uses it stands in the control
/// tables, which this role cannot read: the caller asks `usage` before.
///
/// # Errors
/// `Conflict` where somebody is on it.
pub fn delete(conn: &mut TenantConn<'_, Write>, id: ListId) -> Result<()> {
    let list = by_id(conn, id)?;
    // Locked, so that nobody subscribes between the question and the deletion.
    lists::table
        .filter(lists::id.eq(id.0))
        .select(lists::id)
        .for_update()
        .first::<ListId>(conn.pg())?;
    if usage::living(conn, id)? > 0 || !usage::profiles(conn, id)?.is_empty() {
        return Err(AppError::Conflict);
    }
    diesel::delete(subscriptions::table.filter(subscriptions::list_id.eq(id.0)))
        .execute(conn.pg())?;
    diesel::delete(lists::table.filter(lists::id.eq(id.0))).execute(conn.pg())?;
    audit::record_in_tenant(
        conn,
        "list.delete",
        &id.to_string(),
        &json!({ "name": list.name }),
    )
}

fn checked<'t>(name: &'t str, description: &'t str) -> Result<(&'t str, &'t str)> {
    let (name, description) = (name.trim(), description.trim());
    if name.is_empty() || name.chars().count() > 100 || name.contains('\0') {
        return Err(AppError::invalid("list-name-length"));
    }
    if description.chars().count() > 1000 || description.contains('\0') {
        return Err(AppError::invalid("list-description-length"));
    }
    Ok((name, description))
}
