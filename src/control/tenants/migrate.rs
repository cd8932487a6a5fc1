//! Bringing tenants' schemas to the program's version: each in a transaction of its own, under a lock of its
//! own, several side by side. What failed is recorded and passed over; running again goes on with the rest.

use super::provision::rebuild_inner;
use crate::app::App;
use crate::db::ids::TenantId;
use crate::db::migrate::{migrate_tenant, tenant_version};
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::tenants;
use crate::db::{control, grants};
use crate::error::Result;
use diesel::prelude::*;
use serde::Serialize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many tenants migrate side by side.
const SIDE_BY_SIDE: usize = 2;
/// How often one is tried when a lock was not to be had.
const TRIES: usize = 3;

/// Where a tenant's schema stands.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The tenant's slug.
    pub tenant: String,
    /// Its schema's version.
    pub version: i32,
    /// The version that this program expects.
    pub expected: i32,
    /// Why it could not be brought there.
    pub error: Option<String>,
}

/// Where all separate tenants' schemas stand.
///
/// # Errors
/// When the database does not answer.
pub fn status(app: &App) -> Result<Vec<Standing>> {
    Ok(rows(app)?
        .into_iter()
        .map(|(_, tenant, version)| Standing {
            tenant,
            version,
            expected: tenant_version(),
            error: None,
        })
        .collect())
}

fn rows(app: &App) -> Result<Vec<(i32, String, i32)>> {
    control::statement(&app.pools, |conn| {
        tenants::table
            .filter(tenants::kind.ne("inner"))
            .order(tenants::id)
            .select((tenants::id, tenants::slug, tenants::schema_version))
            .load(conn)
    })
}

/// Brings all that are behind to the program's version; answers those and how it went.
///
/// # Errors
/// When the list of tenants cannot be read; a tenant's own failure stands in its answer.
pub fn all(app: &App) -> Result<Vec<Standing>> {
    let behind: Vec<_> = rows(app)?
        .into_iter()
        .filter(|(.., version)| *version != tenant_version())
        .collect();
    let (next, answers) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some((id, slug, from)) = behind.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let answer = one(app, TenantId(*id), slug, *from);
                    answers
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(answer);
                }
            });
        }
    });
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_by(|a, b| a.tenant.cmp(&b.tenant));
    Ok(answers)
}

fn one(app: &App, id: TenantId, slug: &str, from: i32) -> Standing {
    let mut outcome = app.provisioner.carry_out(MigrateTenant(id));
    for _ in 1..TRIES {
        if !outcome
            .as_ref()
            .is_err_and(crate::error::AppError::is_transient)
        {
            break;
        }
        outcome = app.provisioner.carry_out(MigrateTenant(id));
    }
    if let Err(error) = &outcome {
        tracing::error!(tenant = slug, %error, "the tenant's schema stays behind");
    }
    Standing {
        tenant: slug.to_owned(),
        version: if outcome.is_ok() {
            tenant_version()
        } else {
            from
        },
        expected: tenant_version(),
        error: outcome.err().map(|error| error.to_string()),
    }
}

/// Brings one tenant's schema to the program's version, its grants and inner tenants' views with it.
#[derive(Debug)]
pub struct MigrateTenant(pub TenantId);

impl Order for MigrateTenant {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let Self(id) = self;
        // The row is the lock: two programs that start at once migrate a tenant one after the other.
        let from: i32 = tenants::table
            .find(id.0)
            .select(tenants::schema_version)
            .for_update()
            .first(conn.pg())?;
        if from == tenant_version() {
            return Ok(());
        }
        let names = conn.names();
        migrate_tenant(conn.pg(), names, id, from, tenant_version())?;
        conn.ddl(id, &grants::tenant_sql(names, id))?;
        diesel::update(tenants::table.find(id.0))
            .set(tenants::schema_version.eq(tenant_version()))
            .execute(conn.pg())?;
        rebuild_inner(conn, id)?;
        Ok(())
    }
}
