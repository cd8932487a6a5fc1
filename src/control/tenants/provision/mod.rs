//! Making, changing and removing tenants: orders that the provisioner carries out whole or not at all.

mod create;
mod fence;
mod settings;
mod trash;

pub use create::{CreateInner, CreateSeparate};
pub use fence::{ChangeFence, rebuild_inner};
pub use settings::{ChangeSettings, SetStatus};
pub use trash::{Purge, Restore, TRASH_DAYS, Trash};

use super::Tenant;
use super::slug::Slug;
use crate::control::users;
use crate::db::ids::TenantId;
use crate::db::provisioner::ProvisionConn;
use crate::db::schema::control::tenants;
use crate::error::{AppError, Result};
use diesel::prelude::*;

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

fn locked(conn: &mut ProvisionConn<'_>, id: TenantId) -> Result<Tenant> {
    Ok(tenants::table
        .find(id.0)
        .select(Tenant::as_select())
        .for_update()
        .first(conn.pg())?)
}
