//! The second factor of log-in: codes of an authenticator app, passkeys, codes for when both are gone, and devices
//! on which it is not asked. Not the steps of log-in, which are `login`'s.

pub mod devices;
pub mod pages;
pub mod passkeys;
pub mod totp;
pub(in crate::control) mod view;

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
pub struct Standing {
    /// Since when log-in asks for it; none where it is off.
    pub since: Option<DateTime<Utc>>,
    /// His authenticator app.
    pub app: Authenticator,
    /// How many of the codes for when everything else is gone are left.
    pub codes: i64,
}

/// How the authenticator app of a user stands.
#[derive(Clone, Debug)]
pub enum Authenticator {
    /// He has none.
    Off,
    /// He is about to set it up: the secret.
    Begun(Vec<u8>),
    /// Its codes count.
    On,
}

/// With what somebody shows that he has his second factor: a code, or what a passkey answered.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Of the app, or a recovery code.
    pub code: String,
    /// The passkey's answer as the browser gives it; empty for none.
    pub passkey: String,
    /// The token of the session that is to be answered.
    pub browser: String,
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
    type Row = (
        Option<Vec<u8>>,
        Option<DateTime<Utc>>,
        Option<DateTime<Utc>>,
    );
    let found: Option<Row> = second_factors::table
        .find(user.0)
        .select((
            second_factors::sealed,
            second_factors::confirmed_at,
            second_factors::app_since,
        ))
        .first(conn)
        .optional()?;
    let (sealed, since, app_since) = found.unwrap_or_default();
    let app = match (sealed, app_since) {
        (None, _) => Authenticator::Off,
        (Some(sealed), None) => Authenticator::Begun(open(secret, &sealed)?),
        (Some(_), Some(_)) => Authenticator::On,
    };
    let codes = recovery_codes::table
        .filter(recovery_codes::user_id.eq(user.0))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(conn)?;
    Ok(Standing { since, app, codes })
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

/// Whether codes of an app are among what a user can show.
///
/// # Errors
/// When the database does not answer.
pub fn has_app(conn: &mut PgConnection, user: UserId) -> Result<bool> {
    let app = second_factors::table
        .find(user.0)
        .filter(second_factors::app_since.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(app)).get_result(conn)?)
}

/// Begins with an app: makes a secret, which counts once it is confirmed.
///
/// # Errors
/// `Invalid` where it is on already.
pub fn begin(conn: &mut PgConnection, secret: &SecretString, user: UserId) -> Result<()> {
    if has_app(conn, user)? {
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

/// Switches the second factor on, whatever the first one is; whether it was off.
fn switch_on(conn: &mut PgConnection, user: UserId) -> Result<bool> {
    diesel::insert_into(second_factors::table)
        .values(second_factors::user_id.eq(user.0))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let since: Option<DateTime<Utc>> = second_factors::table
        .find(user.0)
        .select(second_factors::confirmed_at)
        .for_update()
        .first(conn)?;
    if since.is_some() {
        return Ok(false);
    }
    diesel::update(second_factors::table.find(user.0))
        .set(second_factors::confirmed_at.eq(clock::now()))
        .execute(conn)?;
    record(conn, Actor::form(user), user, "factor.begin")?;
    Ok(true)
}

/// What is kept of a code for when the device is gone: keyed, because it is short.
fn hash(secret: &SecretString, user: UserId, code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let key = sealing::key_for(secret, &format!("recovery:{user}"));
    Sha256::digest([&key[..], plain.to_ascii_lowercase().as_bytes()].concat()).to_vec()
}

/// Takes an app for good, with a code that shows that it has the secret; answers the codes for when everything is
/// gone if it is the first second factor.
///
/// # Errors
/// `Invalid("second-factor-wrong")` where the code is not the app's.
pub fn confirm(
    conn: &mut PgConnection,
    post: &Post,
    user: UserId,
    code: &str,
) -> Result<Option<Vec<String>>> {
    if !take_totp(conn, post.secret(), user, code)? {
        return Err(AppError::invalid("second-factor-wrong"));
    }
    let first = switch_on(conn, user)?;
    diesel::update(second_factors::table.find(user.0))
        .set(second_factors::app_since.eq(clock::now()))
        .execute(conn)?;
    if !first {
        record(conn, Actor::form(user), user, "factor.app_add")?;
        return Ok(None);
    }
    tell(conn, post, user, "mail-second-factor-on")?;
    renew_codes(conn, post.secret(), user).map(Some)
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
    let found: Option<(Option<Vec<u8>>, i64)> = second_factors::table
        .find(user.0)
        .select((second_factors::sealed, second_factors::last_step))
        .for_update()
        .first(conn)
        .optional()?;
    let Some((Some(sealed), last)) = found else {
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

/// Demands that what is shown is good now; it is used up then. A code of the app, an answer of a passkey or, with
/// `recovery`, also one of the codes for when both are gone. Guessing is slowed down, per user and per network
/// address.
///
/// # Errors
/// `Invalid` with `second-factor-wrong`, or of a passkey as `passkeys::demand`; `TooMany` with the seconds to wait.
pub fn check(app: &App, user: UserId, shown: &Shown, address: &str, recovery: bool) -> Result<()> {
    let keys = [
        throttle::key("code-account", &user.to_string()),
        throttle::key("code-address", address),
    ];
    throttle::begin(&app.pools, &keys)?;
    if shown.passkey.is_empty() {
        let code: String = shown.code.chars().filter(|c| !c.is_whitespace()).collect();
        if !take(app, user, &code, recovery)? {
            return Err(AppError::invalid("second-factor-wrong"));
        }
    } else {
        passkeys::demand(app, user, &shown.browser, &shown.passkey)?;
    }
    throttle::passed(&app.pools, &keys)
}

fn take(app: &App, user: UserId, code: &str, recovery: bool) -> Result<bool> {
    control::run::<Write, _>(&app.pools, |conn| {
        if !is_on(conn.pg(), user)? {
            return Ok(false);
        }
        if has_app(conn.pg(), user)? && take_totp(conn.pg(), &app.secret, user, code)? {
            return Ok(true);
        }
        if !recovery || !take_recovery(conn.pg(), &app.secret, user, code)? {
            return Ok(false);
        }
        record(conn.pg(), Actor::form(user), user, "factor.recovery")?;
        Ok(true)
    })
}

/// Switches it off; app, passkeys, codes and trusted devices go with it. False where there was none.
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
