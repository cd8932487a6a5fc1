//! What a tenant is called and looks like, and its status.

use super::super::same_version;
use super::{Basics, locked};
use crate::control::audit::{self, Actor};
use crate::db::ids::TenantId;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use serde_json::json;

/// Changes name, address and look of a tenant. Its data, roles and schema keep their number, so nothing
/// in the database moves.
#[derive(Debug)]
pub struct ChangeSettings {
    /// Who orders it.
    pub actor: Actor,
    /// Which tenant.
    pub tenant: TenantId,
    /// The version that the editor saw.
    pub version: i32,
    /// All of it as it shall be.
    pub basics: Basics,
    /// Whether it asks its users for a second factor; none to leave that as it is.
    pub second_factor: Option<bool>,
}

impl Order for ChangeSettings {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> Result<()> {
        let tenant = locked(conn, self.tenant)?;
        same_version(tenant.version, self.version)?;
        let new = self.basics;
        if tenant.kind == "main" && tenant.slug != new.slug.as_str() {
            return Err(AppError::invalid("tenant-main-slug"));
        }
        let asks = self.second_factor.unwrap_or(tenant.second_factor);
        diesel::update(tenants::table.find(self.tenant.0))
            .set((
                tenants::second_factor.eq(asks),
                tenants::slug.eq(new.slug.as_str()),
                tenants::name.eq(&new.name),
                tenants::colour.eq(&new.colour),
                tenants::locale.eq(&new.locale),
                tenants::time_zone.eq(&new.time_zone),
                tenants::version.eq(tenants::version + 1),
            ))
            .execute(conn.pg())?;
        audit::record(
            conn.pg(),
            self.actor,
            self.tenant,
            "tenant.settings",
            new.slug.as_str(),
            &json!({
                "old": {
                    "slug": tenant.slug, "name": tenant.name, "colour": tenant.colour, "locale": tenant.locale,
                    "time_zone": tenant.time_zone, "second_factor": tenant.second_factor,
                },
                "new": {
                    "slug": new.slug.as_str(), "name": new.name, "colour": new.colour, "locale": new.locale,
                    "time_zone": new.time_zone, "second_factor": asks,
                },
            }),
        )
    }
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
