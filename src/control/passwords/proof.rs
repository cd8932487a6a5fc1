//! A user shows within his session that it is he: by his password.

use super::verify;
use crate::app::App;
use crate::control::login::throttle;
use crate::db::control;
use crate::db::ids::UserId;
use crate::db::schema::control::users;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use secrecy::SecretString;

/// As `demand`, of somebody who has a password; who has none has shown otherwise who he is, before he came here.
///
/// # Errors
/// As `demand`.
pub fn demand_if_any(
    app: &App,
    user: UserId,
    password: &SecretString,
    address: &str,
) -> Result<()> {
    let any: bool = control::statement(&app.pools, |conn| {
        users::table
            .find(user.0)
            .select(users::password_hash.is_not_null())
            .first(conn)
    })?;
    if any {
        demand(app, user, password, address)
    } else {
        Ok(())
    }
}

/// Demands that the password is the user's. Slow on purpose; guessing is slowed down like that at log-in.
///
/// # Errors
/// `Invalid("profile-old-wrong")`; `TooMany`.
pub fn demand(app: &App, user: UserId, password: &SecretString, address: &str) -> Result<()> {
    let keys = [
        throttle::key("password-account", &user.to_string()),
        throttle::key("password-address", address),
    ];
    throttle::begin(&app.pools, &keys)?;
    let hash: Option<String> = control::statement(&app.pools, |conn| {
        users::table
            .find(user.0)
            .select(users::password_hash)
            .first(conn)
    })?;
    if verify(password, hash.as_deref()) {
        return throttle::passed(&app.pools, &keys);
    }
    Err(AppError::invalid("profile-old-wrong"))
}
