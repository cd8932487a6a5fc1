//! What becomes of the trash: after its days a tenant goes for good, the database first, its files then.
//!
//! Both steps can be cut off and are taken up again by the next round. Which folders are due for removal is
//! read from the audit, in the transaction that removed the tenant; a folder that no entry names is never
//! touched, whatever it is called.

use super::provision::{Purge, TRASH_DAYS};
use crate::app::App;
use crate::control::audit::Actor;
use crate::db::control;
use crate::db::ids::TenantId;
use crate::db::schema::control::{audit, tenants};
use crate::error::{AppError, Result};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use std::io::ErrorKind;

/// The day on which a tenant goes that was trashed then.
pub fn goes_at(trashed: DateTime<Utc>) -> DateTime<Utc> {
    trashed + Duration::days(TRASH_DAYS)
}

/// Purges every tenant whose days in the trash are over at `now`; answers how many went. What fails is
/// logged, and tried again in the next round.
///
/// # Errors
/// When the list of tenants cannot be read.
pub fn all_due(app: &App, now: DateTime<Utc>) -> Result<usize> {
    let due: Vec<i32> = control::statement(&app.pools, |conn| {
        tenants::table
            .filter(tenants::trashed_at.le(now - Duration::days(TRASH_DAYS)))
            // A tenant takes along what lies below it; the deepest first keeps transactions short.
            .order(tenants::id.desc())
            .select(tenants::id)
            .load(conn)
    })?;
    let mut gone = 0;
    for tenant in due {
        match one(app, Actor::system(), TenantId(tenant)) {
            Ok(()) => gone += 1,
            // It went along with the one above it.
            Err(AppError::NotFound) => {}
            Err(error) => tracing::warn!(tenant, %error, "a tenant stays in the trash"),
        }
    }
    sweep(app)?;
    Ok(gone)
}

/// Removes one trashed tenant for good, with its files.
///
/// # Errors
/// Where it is not in the trash or the database refuses; nothing is removed then.
pub fn one(app: &App, actor: Actor, tenant: TenantId) -> Result<()> {
    let gone = app.provisioner.carry_out(Purge { actor, tenant })?;
    for tenant in gone {
        remove_files(app, tenant);
    }
    Ok(())
}

/// Removes the files of tenants that went while the program was cut off.
fn sweep(app: &App) -> Result<()> {
    let folders = match std::fs::read_dir(&app.files) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(AppError::internal(format!("files: {error}"))),
    };
    let ids: Vec<i32> = folders
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("t_")?.parse().ok())
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let purged: Vec<i32> = control::statement(&app.pools, |conn| {
        audit::table
            .filter(audit::act.eq("tenant.purge"))
            .filter(audit::tenant_id.eq_any(ids))
            // A number could be used again.
            .filter(diesel::dsl::not(diesel::dsl::exists(
                tenants::table.filter(tenants::id.eq(audit::tenant_id)),
            )))
            .select(audit::tenant_id)
            .distinct()
            .load(conn)
    })?;
    for tenant in purged {
        remove_files(app, TenantId(tenant));
    }
    Ok(())
}

/// Best effort: what stays is found by the next round.
fn remove_files(app: &App, tenant: TenantId) {
    match std::fs::remove_dir_all(app.files.join(format!("t_{tenant}"))) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(tenant = tenant.0, %error, "a tenant's files stay for now");
        }
        _ => {}
    }
}
