//! Slows down guessing: per account and per network address, kept in the database so that a restart does
//! not forget. After five failures an account waits, then twice as long each time; an address may fail
//! twenty times. An hour without failures forgets them.

use crate::clock;
use crate::db::pool::Pools;
use crate::db::schema::control::login_attempts as attempts;
use crate::db::{Write, control};
use crate::error::{AppError, Result};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

/// Failures that cost nothing yet.
const FREE: [i32; 2] = [5, 20];
/// Longest wait, in seconds.
const LONGEST: i64 = 15 * 60;

/// What is kept of an account or address.
pub fn key(kind: &str, of: &str) -> Vec<u8> {
    Sha256::digest(format!("{kind}:{of}").as_bytes()).to_vec()
}

/// Begins a try: it counts as a failure until `passed` takes that back, so that of many at the same moment
/// none finds the count as it was before the others.
///
/// # Errors
/// `TooMany` with the seconds to wait; nothing is counted then.
pub fn begin(pools: &Pools, keys: &[Vec<u8>; 2]) -> Result<()> {
    control::run::<Write, _>(pools, |conn| {
        for (key, free) in keys.iter().zip(FREE) {
            count(conn.pg(), key, free)?;
        }
        Ok(())
    })
}

fn count(conn: &mut PgConnection, key: &[u8], free: i32) -> Result<()> {
    let now = clock::now();
    diesel::insert_into(attempts::table)
        .values((
            attempts::key_hash.eq(key),
            attempts::failures.eq(0),
            attempts::last_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let (failures, last, until): (i32, DateTime<Utc>, Option<DateTime<Utc>>) = attempts::table
        .find(key)
        .select((
            attempts::failures,
            attempts::last_at,
            attempts::blocked_until,
        ))
        .for_update()
        .first(conn)?;
    if let Some(until) = until.filter(|until| *until > now) {
        return Err(AppError::TooMany {
            wait_seconds: (until - now).num_seconds().max(1) as u64,
        });
    }
    // What is older than an hour no longer counts.
    let before = if last < now - Duration::hours(1) {
        0
    } else {
        failures
    };
    let failures = before.saturating_add(1);
    let wait = (failures >= free).then(|| {
        let doubled = 2i64 << (failures - free).clamp(0, 10);
        now + Duration::seconds(doubled.min(LONGEST))
    });
    diesel::update(attempts::table.find(key))
        .set((
            attempts::failures.eq(failures),
            attempts::last_at.eq(now),
            attempts::blocked_until.eq(wait),
        ))
        .execute(conn)?;
    Ok(())
}

/// After a good log-in: the account's failures are forgotten, and the address has failed once less.
///
/// # Errors
/// When the database does not answer.
pub fn passed(pools: &Pools, [account, address]: &[Vec<u8>; 2]) -> Result<()> {
    control::run::<Write, _>(pools, |conn| {
        diesel::delete(attempts::table.find(account)).execute(conn.pg())?;
        diesel::update(attempts::table.find(address))
            .set((
                attempts::failures.eq(attempts::failures - 1),
                attempts::blocked_until.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn.pg())?;
        Ok(())
    })
}

/// Forgets an account's failures.
///
/// # Errors
/// When the database does not answer.
pub fn forget(pools: &Pools, key: &[u8]) -> Result<()> {
    control::statement(pools, |conn| {
        diesel::delete(attempts::table.find(key)).execute(conn)
    })?;
    Ok(())
}
