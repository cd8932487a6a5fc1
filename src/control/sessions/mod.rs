//! A user's sessions: listed, and ended one by one or all at once. The store is `access::session`.

pub mod device;
pub mod pages;

use crate::access::session::CSRF;
use crate::db::ids::UserId;
use crate::db::schema::control::sessions;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

/// A session as its user, or who looks after him, sees it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// What the browser said of itself.
    pub agent: String,
    /// The network address it was begun from.
    pub address: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to a minute.
    pub last_seen_at: DateTime<Utc>,
    /// Whether the token is this session's.
    pub own: bool,
}

/// A session's values are kept as JSON texts.
fn value(state: &Value, key: &str) -> String {
    let text = state.get(key).and_then(Value::as_str).unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

/// The sessions of a user that are still good, the latest first; `token` marks his own.
///
/// # Errors
/// When the database does not answer.
pub fn of_user(conn: &mut PgConnection, user: UserId, token: &str) -> Result<Vec<Session>> {
    type Row = (i64, Value, DateTime<Utc>, DateTime<Utc>, i32);
    let now = crate::clock::now();
    let rows: Vec<Row> = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::ends_at.gt(now))
        .order(sessions::last_seen_at.desc())
        .limit(200)
        .select((
            sessions::id,
            sessions::state,
            sessions::created_at,
            sessions::last_seen_at,
            sessions::idle_seconds,
        ))
        .load(conn)?;
    let good = |row: &Row| row.3 + chrono::Duration::seconds(row.4.into()) > now;
    let session = |(id, state, created_at, last_seen_at, _): Row| Session {
        id,
        agent: value(&state, "agent"),
        address: value(&state, "address"),
        own: !token.is_empty() && value(&state, CSRF) == token,
        created_at,
        last_seen_at,
    };
    Ok(rows.into_iter().filter(good).map(session).collect())
}

/// Ends one session of a user; whether there was one.
///
/// # Errors
/// When the database does not answer.
pub fn end(conn: &mut PgConnection, user: UserId, id: i64) -> Result<bool> {
    let gone = sessions::table
        .filter(sessions::id.eq(id))
        .filter(sessions::user_id.eq(user.0));
    Ok(diesel::delete(gone).execute(conn)? == 1)
}

/// Ends all sessions of a user but the one with this token; how many.
///
/// # Errors
/// When the database does not answer.
pub fn end_all(conn: &mut PgConnection, user: UserId, but: Option<&str>) -> Result<usize> {
    let all: Vec<(i64, Value)> = sessions::table
        .filter(sessions::user_id.eq(user.0))
        .select((sessions::id, sessions::state))
        .load(conn)?;
    let gone: Vec<i64> = all
        .into_iter()
        .filter(|(_, state)| but.is_none_or(|token| value(state, CSRF) != token))
        .map(|(id, _)| id)
        .collect();
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq_any(gone))).execute(conn)?)
}
