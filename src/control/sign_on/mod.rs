//! Single sign-on by OpenID Connect: a provider for each tenant that has one. Somebody is known by issuer and
//! subject, never by his address; his roles in the tenant follow the provider's claims at each log-in.
//!
//! A provider logs in those who are at home in its tenant or below it: its tenant's administrators could set
//! their passwords, too. For anybody else it only shows, within a session of his own, that he may enter the
//! tenant; so nobody's provider opens what is elsewhere.

pub mod entry;
pub mod links;
pub mod outgoing;
pub mod pages;
pub mod provider;
pub mod requests;
pub mod settings;

use crate::db::ids::TenantId;
use crate::db::schema::control::{sign_ons, tenants};
use crate::error::{AppError, Result};
use crate::secrets::sealing;
use diesel::prelude::*;
use secrecy::SecretString;

/// A tenant's provider as its row has it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sign_ons)]
pub struct SignOn {
    /// Whose.
    pub tenant_id: i32,
    /// `off`, `on` or `only`.
    pub state: String,
    /// Its address, to the letter.
    pub issuer: String,
    /// What the provider calls this installation.
    pub client_id: String,
    /// Sealed.
    pub client_secret: Option<Vec<u8>>,
    /// What is asked for, beside `openid`.
    pub scopes: String,
    /// What the button says.
    pub label: String,
    /// Of addresses for which log-in points here.
    pub domains: Vec<String>,
    /// Whether somebody new becomes a user.
    pub creates: bool,
    /// Who gets in with his password, too.
    pub emergency_user_id: Option<i32>,
    /// Counts providers.
    pub epoch: i32,
    /// Counts changes.
    pub version: i32,
}

impl SignOn {
    /// Whose.
    pub fn tenant(&self) -> TenantId {
        TenantId(self.tenant_id)
    }

    /// What a session that was begun by it carries; `control.sign_on_asked` spells it alike.
    pub fn mark(&self) -> String {
        format!("{}:{}", self.tenant_id, self.epoch)
    }

    /// Whether anybody can log in by it.
    pub fn is_on(&self) -> bool {
        self.state != "off"
    }

    /// The secret in the clear; none for a public client.
    ///
    /// # Errors
    /// Where it was sealed with another secret.
    pub fn secret(&self, installation: &SecretString) -> Result<Option<SecretString>> {
        let open = |sealed: &Vec<u8>| {
            sealing::open(installation, &purpose(self.tenant()), sealed)
                .map(SecretString::from)
                .ok_or_else(|| AppError::internal("a provider was sealed with another secret"))
        };
        self.client_secret.as_ref().map(open).transpose()
    }
}

/// What a tenant's client secret is sealed for.
fn purpose(tenant: TenantId) -> String {
    format!("sign-on:{tenant}")
}

/// A tenant's own provider, whatever its state.
///
/// # Errors
/// When the database does not answer.
pub fn own(conn: &mut PgConnection, tenant: TenantId) -> Result<Option<SignOn>> {
    Ok(sign_ons::table
        .find(tenant.0)
        .select(SignOn::as_select())
        .first(conn)
        .optional()?)
}

/// A tenant and all above it, itself first.
///
/// # Errors
/// When the database does not answer.
pub fn line(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<TenantId>> {
    let mut line = vec![tenant];
    let mut next = tenant.0;
    // The tree has no circles; the limit keeps a broken one from being walked for ever.
    while line.len() < 100 {
        let parent: Option<i32> = tenants::table
            .find(next)
            .select(tenants::parent_id)
            .first(conn)?;
        let Some(parent) = parent else { break };
        line.push(TenantId(parent));
        next = parent;
    }
    Ok(line)
}

/// The provider that holds for a tenant: its own, or that of the nearest one above that has one.
///
/// # Errors
/// When the database does not answer.
pub fn nearest(conn: &mut PgConnection, tenant: TenantId) -> Result<Option<SignOn>> {
    for one in line(conn, tenant)? {
        if let Some(found) = own(conn, one)?.filter(SignOn::is_on) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The provider that holds for the tenant at `nord` or `nord/vip`; none also where there is no such tenant, or
/// it is in the trash.
///
/// # Errors
/// When the database does not answer.
pub fn at(conn: &mut PgConnection, path: &str) -> Result<Option<SignOn>> {
    let found = match crate::control::tenants::by_path(conn, path) {
        Ok(tenant) => tenant,
        Err(AppError::NotFound | AppError::Invalid { .. }) => return Ok(None),
        Err(other) => return Err(other),
    };
    let trashed: i64 = {
        let line: Vec<i32> = line(conn, found.id())?.iter().map(|one| one.0).collect();
        tenants::table
            .filter(tenants::id.eq_any(line))
            .filter(tenants::trashed_at.is_not_null())
            .count()
            .get_result(conn)?
    };
    if trashed > 0 {
        return Ok(None);
    }
    nearest(conn, found.id())
}

/// The providers that log-in points to for an address, with the names of their tenants.
///
/// # Errors
/// When the database does not answer.
pub fn for_address(conn: &mut PgConnection, email: &str) -> Result<Vec<(SignOn, String, String)>> {
    let Some((_, domain)) = email.rsplit_once('@') else {
        return Ok(Vec::new());
    };
    Ok(sign_ons::table
        .inner_join(tenants::table)
        .filter(sign_ons::state.ne("off"))
        .filter(sign_ons::domains.contains(vec![domain.to_lowercase()]))
        .filter(tenants::trashed_at.is_null())
        .order(tenants::name)
        .limit(20)
        .select((SignOn::as_select(), tenants::name, tenants::slug))
        .load(conn)?)
}

/// Whether any tenant has a provider that is on.
///
/// # Errors
/// When the database does not answer.
pub fn exists(conn: &mut PgConnection) -> Result<bool> {
    let any = sign_ons::table.filter(sign_ons::state.ne("off"));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(conn)?)
}
