//! Users: people who log in. Each has a home tenant; only its administrators, or its parents', change
//! his e-mail, password, second factor and state.

pub mod acts;
pub mod admit;
pub mod anonymise;
pub mod invite;
pub mod pages;
pub mod query;
pub mod several;

use super::audit::{self, Actor};
use super::passwords;
use crate::db::ids::{TenantId, UserId};
use crate::db::schema::control::users;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use secrecy::SecretString;
use serde_json::json;

/// Somebody to be made a user.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Normalised by `normalise_email`.
    pub email: String,
    /// As shown.
    pub name: String,
    /// Already hashed, because hashing takes long and a transaction should not.
    pub password_hash: Option<String>,
    /// `en` or `de`.
    pub language: String,
}

impl NewUser {
    /// Checks what was entered and hashes the password (slow).
    ///
    /// # Errors
    /// `Invalid` with the message's key.
    pub fn check(
        email: &str,
        name: &str,
        password: Option<&SecretString>,
        language: &str,
    ) -> Result<Self> {
        let name = check_name(name)?;
        let email = normalise_email(email)?;
        let password_hash = match password {
            Some(password) => {
                passwords::check(password, &[&email, &name])?;
                Some(passwords::hash(password)?)
            }
            None => None,
        };
        Ok(Self {
            email,
            name,
            password_hash,
            language: if language == "de" { "de" } else { "en" }.to_owned(),
        })
    }
}

/// A name as it is kept.
///
/// # Errors
/// `Invalid` where it is blank or too long.
pub fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(misleads) {
        return Err(AppError::invalid("user-name-length"));
    }
    Ok(name.to_owned())
}

/// Whether a character is not seen, but changes how what stands around it is read.
fn misleads(c: char) -> bool {
    let turns = [
        '\u{202a}'..='\u{202e}',
        '\u{2066}'..='\u{2069}',
        '\u{200b}'..='\u{200f}',
    ];
    c.is_control() || turns.iter().any(|range| range.contains(&c)) || c == '\u{feff}'
}

/// The home tenant of a user.
///
/// # Errors
/// `NotFound` where there is no such user.
pub fn home_of(conn: &mut PgConnection, user: UserId) -> Result<TenantId> {
    Ok(users::table
        .find(user.0)
        .select(users::home_tenant_id)
        .first(conn)
        .map(TenantId)?)
}

/// An address as users log in with it: trimmed, lower case.
///
/// # Errors
/// `Invalid` where it is no address.
pub fn normalise_email(email: &str) -> Result<String> {
    use validator::ValidateEmail;
    let email = email.trim().to_lowercase();
    if email.len() <= 254
        && email.validate_email()
        && email.rsplit('@').next().is_some_and(|d| d.contains('.'))
    {
        Ok(email)
    } else {
        Err(AppError::invalid("email-invalid"))
    }
}

/// A user as found by his address.
///
/// # Errors
/// When the database does not answer.
pub fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<UserId>> {
    Ok(users::table
        .filter(users::email.eq(email))
        .select(users::id)
        .first(conn)
        .optional()?
        .map(UserId))
}

/// Makes a user with `home` as his home tenant.
///
/// # Errors
/// `Constraint("users_email_key")` where the address is taken.
pub fn create(
    conn: &mut PgConnection,
    actor: Actor,
    home: TenantId,
    new: &NewUser,
) -> Result<UserId> {
    let id = diesel::insert_into(users::table)
        .values((
            users::home_tenant_id.eq(home.0),
            users::email.eq(&new.email),
            users::name.eq(&new.name),
            users::password_hash.eq(&new.password_hash),
            users::language.eq(&new.language),
        ))
        .returning(users::id)
        .get_result(conn)
        .map(UserId)?;
    audit::record(
        conn,
        actor,
        home,
        "user.create",
        &id.to_string(),
        &json!({}),
    )?;
    Ok(id)
}

/// Makes the user, or takes the one who has the address: his name and password stay.
///
/// # Errors
/// When the database refuses.
pub fn create_or_find(
    conn: &mut PgConnection,
    actor: Actor,
    home: TenantId,
    new: &NewUser,
) -> Result<UserId> {
    match by_email(conn, &new.email)? {
        Some(id) => Ok(id),
        None => create(conn, actor, home, new),
    }
}
