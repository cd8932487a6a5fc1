//! Passkeys (WebAuthn) as second factor: those of a user, a new one, one that goes. What they sign is
//! `ceremony`'s, and what they are bound to is `site`'s.

mod ceremony;
pub mod pages;
mod site;

pub use ceremony::{add, ask, ask_for_new, demand, forget_old};
pub use site::Site;

use super::{renew_codes, switch_on, tell};
use crate::control::audit::{self, Actor};
use crate::control::mail::Post;
use crate::control::sessions;
use crate::control::users::home_of;
use crate::db::ids::UserId;
use crate::db::schema::control::{passkeys, second_factors};
use crate::error::{AppError, Result};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};

/// Most passkeys of a user.
const MOST: i64 = 20;

/// A passkey as its user sees it.
#[derive(Clone, Debug, Queryable)]
pub struct Shown {
    /// Its number.
    pub id: i32,
    /// What its user calls it.
    pub name: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was used last.
    pub used: Option<DateTime<Utc>>,
}

/// A passkey that was just made, as it is kept.
struct Passkey {
    credential: Vec<u8>,
    transports: i16,
    public_key: Vec<u8>,
    state: Vec<u8>,
    name: String,
}

/// A user's passkeys, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId) -> Result<Vec<Shown>> {
    Ok(passkeys::table
        .filter(passkeys::user_id.eq(user.0))
        .order(passkeys::id)
        .select((
            passkeys::id,
            passkeys::name,
            passkeys::created_at,
            passkeys::last_used_at,
        ))
        .load(conn)?)
}

/// How many passkeys a user has.
///
/// # Errors
/// When the database does not answer.
pub fn count(conn: &mut PgConnection, user: UserId) -> Result<i64> {
    Ok(passkeys::table
        .filter(passkeys::user_id.eq(user.0))
        .count()
        .get_result(conn)?)
}

/// Demands that a user may have one more.
///
/// # Errors
/// `Invalid("passkey-too-many")`.
pub fn demand_room(conn: &mut PgConnection, user: UserId) -> Result<()> {
    if count(conn, user)? < MOST {
        Ok(())
    } else {
        Err(AppError::invalid("passkey-too-many"))
    }
}

/// Keeps a passkey. If it is the user's first second factor, his other sessions end, which were begun without it,
/// and he gets recovery codes.
fn keep(
    conn: &mut PgConnection,
    post: &Post,
    (user, own): (UserId, &str),
    passkey: &Passkey,
) -> Result<Option<Vec<String>>> {
    let first = switch_on(conn, user)?;
    demand_room(conn, user)?;
    let added = diesel::insert_into(passkeys::table)
        .values((
            passkeys::user_id.eq(user.0),
            passkeys::credential_id.eq(&passkey.credential),
            passkeys::transports.eq(passkey.transports),
            passkeys::public_key.eq(&passkey.public_key),
            passkeys::state.eq(&passkey.state),
            passkeys::name.eq(&passkey.name),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if added == 0 {
        return Err(AppError::invalid("passkey-known"));
    }
    record(
        conn,
        user,
        "factor.passkey_add",
        &json!({ "name": passkey.name }),
    )?;
    if !first {
        tell(conn, post, user, "mail-passkey-added")?;
        return Ok(None);
    }
    tell(conn, post, user, "mail-second-factor-on")?;
    sessions::end_all(conn, user, Some(own))?;
    renew_codes(conn, post.secret(), user).map(Some)
}

/// Removes a user's passkey. If nothing else is left with which he could show himself, his second factor is off.
///
/// # Errors
/// `NotFound` where it is not his.
pub fn remove(conn: &mut PgConnection, post: &Post, user: UserId, id: i32) -> Result<bool> {
    // Locked: of two who remove the last two at once the second sees what the first did.
    let app: Option<Option<DateTime<Utc>>> = second_factors::table
        .find(user.0)
        .select(second_factors::app_since)
        .for_update()
        .first(conn)
        .optional()?;
    let his = passkeys::table
        .find(id)
        .filter(passkeys::user_id.eq(user.0));
    let name: Option<String> = diesel::delete(his)
        .returning(passkeys::name)
        .get_result(conn)
        .optional()?;
    let (Some(app), Some(name)) = (app, name) else {
        return Err(AppError::NotFound);
    };
    record(
        conn,
        user,
        "factor.passkey_remove",
        &json!({ "name": name }),
    )?;
    if app.is_some() || count(conn, user)? > 0 {
        tell(conn, post, user, "mail-passkey-removed")?;
        return Ok(false);
    }
    super::record(conn, Actor::form(user), user, "factor.end")?;
    super::end(conn, post, user)
}

/// Records an act of the user about himself, at his home. What he calls a passkey may name him.
fn record(conn: &mut PgConnection, user: UserId, act: &str, personal: &Value) -> Result<()> {
    let home = home_of(conn, user)?;
    let object = user.to_string();
    audit::record_personal(conn, Actor::form(user), home, (act, &object), personal)
}
