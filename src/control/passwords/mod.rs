//! Passwords: argon2id, and what a password must be. Slow on purpose: callers run these on a thread
//! that may wait.

pub mod proof;
pub mod strength;

use super::links;
use super::mail::{Letter, Post};
use super::second_factor::devices;
use crate::clock;
use crate::db::ids::UserId;
use crate::db::schema::control::users;
use crate::error::{AppError, Result};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use std::sync::LazyLock;

/// Shortest password, in characters.
pub const MIN_LENGTH: usize = 10;
/// Longest password, in bytes: more would only cost time.
pub const MAX_BYTES: usize = 1024;

/// OWASP's recommendation for argon2id: 19 MiB, 2 passes, 1 lane.
fn argon() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A hash that no password has: what an unknown user's password is compared with, so that the answer
/// takes as long as for a known one.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash(&SecretString::from(crate::secrets::random_hex(16))).unwrap_or_default());

/// Checks that a password may be used; `about` is what a guesser knows of its owner (address, name).
///
/// # Errors
/// `Invalid` with the message's key.
pub fn check(password: &SecretString, about: &[&str]) -> Result<()> {
    let text = password.expose_secret();
    if text.chars().count() < MIN_LENGTH {
        return Err(AppError::Invalid {
            key: "password-too-short",
            params: vec![("min", MIN_LENGTH.to_string())],
        });
    }
    if text.len() > MAX_BYTES {
        return Err(AppError::invalid("password-too-long"));
    }
    if strength::is_weak(text, about) {
        return Err(AppError::invalid("password-weak"));
    }
    Ok(())
}

/// Hashes a password with a fresh salt.
///
/// # Errors
/// When the parameters are refused, which would be a fault of this program.
pub fn hash(password: &SecretString) -> Result<String> {
    argon()
        .hash_password(password.expose_secret().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| AppError::internal(format!("argon2: {error}")))
}

/// Whether `password` is the one behind `hash`; without a hash the same work is done for nothing.
pub fn verify(password: &SecretString, hash: Option<&str>) -> bool {
    let against = hash.unwrap_or(&NOBODY);
    let matches = PasswordHash::new(against).is_ok_and(|parsed| {
        let compared = argon().verify_password(password.expose_secret().as_bytes(), &parsed);
        // A test counts these: each try costs one, whether there is such a user or not.
        tracing::trace!("a password was compared");
        compared.is_ok()
    });
    matches && hash.is_some()
}

/// Sets a user's password. Links that would set another end; where he had one (`tells`), a mail tells him.
/// Devices are trusted no longer. His sessions are the caller's business.
///
/// # Errors
/// When the database refuses.
pub fn set(
    conn: &mut PgConnection,
    post: &Post,
    user: UserId,
    hash: &str,
    tells: bool,
) -> Result<()> {
    diesel::update(users::table.find(user.0))
        .set((
            users::password_hash.eq(hash),
            users::password_set_at.eq(clock::now()),
            users::version.eq(users::version + 1),
        ))
        .execute(conn)?;
    links::end(conn, user, None)?;
    devices::end_all(conn, user)?;
    if tells {
        tell(conn, post, user)
    } else {
        Ok(())
    }
}

/// Tells a user by mail that his password is another now.
///
/// # Errors
/// When the database refuses.
pub fn tell(conn: &mut PgConnection, post: &Post, user: UserId) -> Result<()> {
    let letter = Letter {
        to: user,
        kind: "mail-password-changed",
        params: &[],
    };
    post.write(conn, &letter)
}

/// Makes the comparison hash ahead of time, so that the first unknown user is not told by the delay.
pub fn warm_up() {
    LazyLock::force(&NOBODY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_opens_and_nobody_never() {
        let secret = SecretString::from("correct horse battery");
        let hashed = hash(&secret).unwrap();
        assert!(hashed.starts_with("$argon2id$"));
        assert!(verify(&secret, Some(&hashed)));
        assert!(!verify(
            &SecretString::from("wrong horse battery"),
            Some(&hashed)
        ));
        assert!(!verify(&secret, None));
        assert!(!verify(&secret, Some("no hash")));
    }

    #[test]
    fn short_passwords_are_refused() {
        assert!(check(&SecretString::from("short"), &[]).is_err());
        assert!(check(&SecretString::from("äöü grün über"), &[]).is_ok());
    }
}
