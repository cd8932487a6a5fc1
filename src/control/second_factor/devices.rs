//! Devices on which log-in does not ask for the second factor, for thirty days: a signed cookie, of which a hash is
//! kept. Another password, and the end of the second factor, end them all.

use crate::app::App;
use crate::clock;
use crate::db::ids::UserId;
use crate::db::schema::control::trusted_devices as devices;
use crate::error::Result;
use crate::secrets::signed;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieDuration};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;

/// For how long.
pub const DAYS: i64 = 30;
const PURPOSE: &str = "device";

/// A trusted device as its user sees it.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its number.
    pub id: i32,
    /// What the browser said of itself.
    pub agent: String,
    /// The network address it was trusted from.
    pub address: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.cookie_secure() {
        "__Host-mandant-device"
    } else {
        "mandant-device"
    }
}

/// The token that a request brings, if this installation made it.
pub fn token(req: &HttpRequest, app: &App) -> Option<String> {
    let cookie = req.cookie(cookie_name(app))?;
    signed::is_signed(&app.secret, PURPOSE, cookie.value()).then(|| cookie.value().to_owned())
}

/// Whether this user trusts the device of the token.
///
/// # Errors
/// When the database does not answer.
pub fn is_trusted(conn: &mut PgConnection, user: UserId, token: &str) -> Result<bool> {
    let good = devices::table
        .filter(devices::key_hash.eq(signed::hash(token)))
        .filter(devices::user_id.eq(user.0))
        .filter(devices::expires_at.gt(clock::now()));
    Ok(diesel::select(diesel::dsl::exists(good)).get_result(conn)?)
}

/// Trusts a device; answers its cookie.
///
/// # Errors
/// When the database refuses.
pub fn trust(
    conn: &mut PgConnection,
    app: &App,
    user: UserId,
    agent: &str,
    address: &str,
) -> Result<Cookie<'static>> {
    let token = signed::make(&app.secret, PURPOSE);
    diesel::insert_into(devices::table)
        .values((
            devices::user_id.eq(user.0),
            devices::key_hash.eq(signed::hash(&token)),
            devices::agent.eq(agent),
            devices::address.eq(address),
            devices::expires_at.eq(clock::now() + Duration::days(DAYS)),
        ))
        .execute(conn)?;
    Ok(Cookie::build(cookie_name(app), token)
        .path("/")
        .http_only(true)
        .secure(app.config.cookie_secure())
        .same_site(SameSite::Lax)
        .max_age(CookieDuration::days(DAYS))
        .finish())
}

/// The devices that a user trusts, the latest first.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId) -> Result<Vec<Device>> {
    type Row = (i32, String, String, DateTime<Utc>, DateTime<Utc>);
    let rows: Vec<Row> = devices::table
        .filter(devices::user_id.eq(user.0))
        .filter(devices::expires_at.gt(clock::now()))
        .order(devices::id.desc())
        .limit(100)
        .select((
            devices::id,
            devices::agent,
            devices::address,
            devices::created_at,
            devices::expires_at,
        ))
        .load(conn)?;
    let device = |(id, agent, address, since, until)| Device {
        id,
        agent,
        address,
        since,
        until,
    };
    Ok(rows.into_iter().map(device).collect())
}

/// Trusts a user's device no longer; whether it was his.
///
/// # Errors
/// When the database refuses.
pub fn end(conn: &mut PgConnection, user: UserId, id: i32) -> Result<bool> {
    let gone = devices::table.find(id).filter(devices::user_id.eq(user.0));
    Ok(diesel::delete(gone).execute(conn)? == 1)
}

/// Trusts none of a user's devices any longer.
///
/// # Errors
/// When the database refuses.
pub fn end_all(conn: &mut PgConnection, user: UserId) -> Result<usize> {
    let all = devices::table.filter(devices::user_id.eq(user.0));
    Ok(diesel::delete(all).execute(conn)?)
}
