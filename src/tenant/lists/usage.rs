//! Where a list is used, which keeps it from being deleted.

use super::LIVE;
use crate::control::tenants::fence::Fence;
use crate::db::ids::{ListId, TenantId};
use crate::db::schema::control::tenants;
use crate::db::schema::tenant::{import_profiles, subscriptions};
use crate::db::{ControlConn, Mode, TenantConn};
use crate::error::Result;
use diesel::prelude::*;

/// Where a list is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Subscriptions that are active or wait for confirmation.
    pub living: i64,
    /// Names of import profiles that subscribe to it.
    pub profiles: Vec<String>,
    /// Names of inner tenants that it fences.
    pub fences: Vec<String>,
}

impl Usage {
    /// Whether nothing keeps the list.
    pub fn is_free(&self) -> bool {
        self.living == 0 && self.profiles.is_empty() && self.fences.is_empty()
    }
}

/// Active and waiting subscriptions.
pub(super) fn living<M: Mode>(conn: &mut TenantConn<'_, M>, id: ListId) -> Result<i64> {
    Ok(subscriptions::table
        .filter(subscriptions::list_id.eq(id.0))
        .filter(subscriptions::status.eq_any(LIVE))
        .count()
        .get_result(conn.pg())?)
}

/// Names of import profiles whose settings subscribe to it.
pub(super) fn profiles<M: Mode>(conn: &mut TenantConn<'_, M>, id: ListId) -> Result<Vec<String>> {
    let all: Vec<(String, serde_json::Value)> = import_profiles::table
        .select((import_profiles::name, import_profiles::settings))
        .order(import_profiles::name)
        .load(conn.pg())?;
    let names = |settings: &serde_json::Value| {
        settings["lists"]
            .as_array()
            .is_some_and(|lists| lists.iter().any(|list| list.as_i64() == Some(id.0.into())))
    };
    Ok(all
        .into_iter()
        .filter(|(_, settings)| names(settings))
        .map(|(name, _)| name)
        .collect())
}

/// Names of the inner tenants of `parent` that the list fences, those in the trash included.
pub fn fences<M: Mode>(
    conn: &mut ControlConn<'_, M>,
    parent: TenantId,
    id: ListId,
) -> Result<Vec<String>> {
    let all: Vec<(String, Option<serde_json::Value>)> = tenants::table
        .filter(tenants::parent_id.eq(parent.0))
        .filter(tenants::kind.eq("inner"))
        .order(tenants::name)
        .select((tenants::name, tenants::fence))
        .load(conn.pg())?;
    let mut found = Vec::new();
    for (name, fence) in all {
        let fence = fence.as_ref().map(Fence::from_stored).transpose()?;
        if fence.is_some_and(|fence| fence.lists.contains(&id)) {
            found.push(name);
        }
    }
    Ok(found)
}
