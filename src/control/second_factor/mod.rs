//! The second factor of log-in: codes of an authenticator app, codes for when it is gone, and devices on which it
//! is not asked. Not the steps of log-in, which are `login`'s.

pub mod devices;
pub mod pages;
pub mod totp;

use crate::app::App;
use crate::clock;
use crate::control::audit::{self, Actor};
use crate::control::login::throttle;
use crate::control::mail::{Letter, Post};
use crate::control::users::home_of;
use crate::db::ids::UserId;
use crate::db::schema::control::{recovery_codes, second_factors};
use crate::db::{Write, control};
use crate::error::{AppError, Result};
use crate::secrets::{random_hex, sealing};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

/// How many codes there are for when the device is gone.
const CODES: usize = 10;
/// What the secrets are sealed for.
const PURPOSE: &str = "second-factor";

/// How the second factor of a user stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// He has none.
    Off,
    /// He is about to switch it on: the secret.
    Begun(Vec<u8>),
    /// It is on.
    On {
        /// Since when.
        since: DateTime<Utc>,
        /// How many of the codes for when the device is gone are left.
        codes: i64,
    },
}

fn open(secret: &SecretString, sealed: &[u8]) -> Result<Vec<u8>> {
    let text = sealing::open(secret, PURPOSE, sealed).and_then(|hex| {
        (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok())
            .collect()
    });
    text.ok_or_else(|| AppError::internal("a second factor was sealed with another secret"))
}

/// How a user's second factor stands.
///
/// # Errors
/// When the database does not answer.
pub fn standing(conn: &mut PgConnection, secret: &SecretString, user: UserId) -> Result<Standing> {
    let found: Option<(Vec<u8>, Option<DateTime<Utc>>)> = second_factors::table
        .find(user.0)
        .select((second_factors::sealed, second_factors::confirmed_at))
        .first(conn)
        .optional()?;
    Ok(match found {
        None => Standing::Off,
        Some((sealed, None)) => Standing::Begun(open(secret, &sealed)?),
        Some((_, Some(since))) => Standing::On {
            since,
            codes: recovery_codes::table
                .filter(recovery_codes::user_id.eq(user.0))
                .filter(recovery_codes::used_at.is_null())
                .count()
                .get_result(conn)?,
        },
    })
}

/// Whether log-in asks a user for it.
///
/// # Errors
/// When the database does not answer.
pub fn is_on(conn: &mut PgConnection, user: UserId) -> Result<bool> {
    let on = second_factors::table
        .find(user.0)
        .filter(second_factors::confirmed_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(on)).get_result(conn)?)
}

/// Begins: makes a secret, which counts once it is confirmed.
///
/// # Errors
/// `Invalid` where it is on already.
pub fn begin(conn: &mut PgConnection, secret: &SecretString, user: UserId) -> Result<()> {
    if is_on(conn, user)? {
        return Err(AppError::invalid("second-factor-is-on"));
    }
    let sealed = sealing::seal(secret, PURPOSE, &random_hex(totp::SECRET));
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(user.0),
            second_factors::sealed.eq(&sealed),
        ))
        .on_conflict(second_factors::user_id)
        .do_update()
        .set(second_factors::sealed.eq(&sealed))
        .execute(conn)?;
    Ok(())
}

/// What is kept of a code for when the device is gone: keyed, because it is short.
fn hash(secret: &SecretString, user: UserId, code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let key = sealing::key_for(secret, &format!("recovery:{user}"));
    Sha256::digest([&key[..], plain.to_ascii_lowercase().as_bytes()].concat()).to_vec()
}

/// Switches it on, with a code that shows that the app has the secret; answers the codes for when it is gone.
///
/// # Errors
/// `Invalid("second-factor-wrong")` where the code is not the app's.
pub fn confirm(
    conn: &mut PgConnection,
    post: &Post,
    user: UserId,
    code: &str,
) -> Result<Vec<String>> {
    if !take_totp(conn, post.secret(), user, code)? {
        return Err(AppError::invalid("second-factor-wrong"));
    }
    diesel::update(second_factors::table.find(user.0))
        .set(second_factors::confirmed_at.eq(clock::now()))
        .execute(conn)?;
    record(conn, Actor::form(user), user, "factor.begin")?;
    tell(conn, post, user, "mail-second-factor-on")?;
    renew_codes(conn, post.secret(), user)
}

/// Other codes for when the device is gone; those before open nothing any more.
///
/// # Errors
/// When the database refuses.
pub fn renew_codes(
    conn: &mut PgConnection,
    secret: &SecretString,
    user: UserId,
) -> Result<Vec<String>> {
    let old = recovery_codes::table.filter(recovery_codes::user_id.eq(user.0));
    diesel::delete(old).execute(conn)?;
    let codes: Vec<String> = (0..CODES)
        .map(|_| {
            let digits = random_hex(6);
            format!("{}-{}-{}", &digits[..4], &digits[4..8], &digits[8..])
        })
        .collect();
    let rows: Vec<_> = codes
        .iter()
        .map(|code| {
            (
                recovery_codes::user_id.eq(user.0),
                recovery_codes::code_hash.eq(hash(secret, user, code)),
            )
        })
        .collect();
    diesel::insert_into(recovery_codes::table)
        .values(rows)
        .execute(conn)?;
    Ok(codes)
}

/// Takes a code of the app: once, and none that is older than one that was taken.
fn take_totp(
    conn: &mut PgConnection,
    secret: &SecretString,
    user: UserId,
    code: &str,
) -> Result<bool> {
    let found: Option<(Vec<u8>, i64)> = second_factors::table
        .find(user.0)
        .select((second_factors::sealed, second_factors::last_step))
        .for_update()
        .first(conn)
        .optional()?;
    let Some((sealed, last)) = found else {
        return Ok(false);
    };
    let key = open(secret, &sealed)?;
    let Some(step) = totp::step_of(&key, code, clock::now().timestamp(), last) else {
        return Ok(false);
    };
    diesel::update(second_factors::table.find(user.0))
        .set(second_factors::last_step.eq(step))
        .execute(conn)?;
    Ok(true)
}

/// Takes a code for when the device is gone, once.
fn take_recovery(
    conn: &mut PgConnection,
    secret: &SecretString,
    user: UserId,
    code: &str,
) -> Result<bool> {
    let unused = recovery_codes::table
        .find((user.0, hash(secret, user, code)))
        .filter(recovery_codes::used_at.is_null());
    let used = diesel::update(unused)
        .set(recovery_codes::used_at.eq(clock::now()))
        .execute(conn)?;
    Ok(used == 1)
}

/// Whether the code is good now; it is used up then. Of the app or, with `recovery`, also one of those for when it
/// is gone. Guessing is slowed down, per user and per network address.
///
/// # Errors
/// `TooMany` with the seconds to wait.
pub fn check(app: &App, user: UserId, code: &str, address: &str, recovery: bool) -> Result<bool> {
    let keys = [
        throttle::key("code-account", &user.to_string()),
        throttle::key("code-address", address),
    ];
    throttle::begin(&app.pools, &keys)?;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let good = control::run::<Write, _>(&app.pools, |conn| {
        if !is_on(conn.pg(), user)? {
            return Ok(false);
        }
        if take_totp(conn.pg(), &app.secret, user, &code)? {
            return Ok(true);
        }
        if !recovery || !take_recovery(conn.pg(), &app.secret, user, &code)? {
            return Ok(false);
        }
        record(conn.pg(), Actor::form(user), user, "factor.recovery")?;
        Ok(true)
    })?;
    if good {
        throttle::passed(&app.pools, &keys)?;
    }
    Ok(good)
}

/// Switches it off; the codes and the trusted devices go with it. False where there was none.
///
/// # Errors
/// When the database refuses.
pub fn end(conn: &mut PgConnection, post: &Post, user: UserId) -> Result<bool> {
    let gone = diesel::delete(second_factors::table.find(user.0)).execute(conn)? == 1;
    if gone {
        tell(conn, post, user, "mail-second-factor-off")?;
    }
    Ok(gone)
}

fn tell(conn: &mut PgConnection, post: &Post, user: UserId, kind: &'static str) -> Result<()> {
    let letter = Letter {
        to: user,
        kind,
        params: &[],
    };
    post.write(conn, &letter)
}

/// Records an act of the user about himself, at his home.
fn record(conn: &mut PgConnection, actor: Actor, user: UserId, act: &str) -> Result<()> {
    let home = home_of(conn, user)?;
    audit::record(conn, actor, home, act, &user.to_string(), &json!({}))
}
