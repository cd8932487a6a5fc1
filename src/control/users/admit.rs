//! Giving somebody a place in a tenant: who is new becomes a user, who has an account keeps it.

use super::{NewUser, by_email, create, normalise_email};
use crate::access::{TenantHere, rights};
use crate::control::audit::Actor;
use crate::control::memberships;
use crate::db::ids::{TenantId, UserId};
use crate::error::{AppError, Result};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};

/// Somebody, as he was entered.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// His address; it decides whether he is new.
    pub email: String,
    /// Only for somebody new.
    pub name: String,
    /// Only for somebody new.
    pub password: SecretString,
    /// Only for somebody new: `en` or `de`.
    pub language: String,
    /// Keys of roles.
    pub roles: Vec<String>,
}

/// Grant only what you hold: every right of the roles must be the granter's own here.
///
/// # Errors
/// `Invalid` for no role at all, or one that goes beyond.
pub fn may_grant(here: &TenantHere, roles: &[String]) -> Result<()> {
    if roles.is_empty() {
        return Err(AppError::invalid("users-roles-missing"));
    }
    let known = roles
        .iter()
        .all(|role| rights::ROLES.contains(&role.as_str()));
    let held = roles
        .iter()
        .flat_map(|role| rights::keys_of_role(role))
        .all(|key| here.may(key));
    if known && held {
        Ok(())
    } else {
        Err(AppError::invalid("users-roles-beyond"))
    }
}

/// Whether the granter may turn the roles `before` into `after`: what is taken away is measured like what
/// is given, so that nobody puts out who holds more than he does.
///
/// # Errors
/// As `may_grant`.
pub fn may_change(here: &TenantHere, before: &[String], after: &[String]) -> Result<()> {
    let missing = |from: &[String], of: &[String]| -> Vec<String> {
        let lacks = |role: &&String| !from.contains(*role);
        of.iter().filter(lacks).cloned().collect()
    };
    let different = [missing(before, after), missing(after, before)].concat();
    if different.is_empty() {
        return Ok(());
    }
    may_grant(here, &different)
}

/// Makes the user if need be, and gives him the roles. Whether the granter may give them is asked before.
///
/// # Errors
/// `Invalid` with the message's key; nobody grants anything to himself.
pub fn admit(
    conn: &mut PgConnection,
    actor: Actor,
    tenant: TenantId,
    wanted: &Wanted,
) -> Result<(UserId, String)> {
    let email = normalise_email(&wanted.email)?;
    let user = match by_email(conn, &email)? {
        Some(user) if Some(user) == actor.user => {
            return Err(AppError::invalid("users-own-roles"));
        }
        Some(user) => user,
        None => {
            let password = Some(&wanted.password).filter(|p| !p.expose_secret().is_empty());
            let password = password.ok_or(AppError::invalid("password-missing"))?;
            let new = NewUser::check(&email, &wanted.name, Some(password), &wanted.language)?;
            create(conn, actor, tenant, &new)?
        }
    };
    memberships::grant(conn, actor, user, tenant, &wanted.roles)?;
    Ok((user, email))
}

/// The input of a form, or the field of a request, that a message belongs to; empty for the whole.
pub fn input_of(message: &str) -> &'static str {
    match message {
        "email-invalid" => "email",
        "user-name-length" => "name",
        "users-roles-missing" | "users-roles-beyond" | "role-unknown" | "last-administrator" => {
            "roles"
        }
        key if key.starts_with("password") => "password",
        _ => "",
    }
}
