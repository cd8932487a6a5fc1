//! Slows down guessing: per account and per network address, kept in the database so that a restart does
//! not forget. After five failures an account waits, then twice as long each time; an address may fail
//! twenty times. An hour without failures forgets them.

use crate::clock;
use crate::db::control;
use crate::db::pool::Pools;
use crate::db::schema::control::login_attempts as attempts;
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

/// Whether a try is allowed now.
///
/// # Errors
/// `TooMany` with the seconds to wait.
pub fn may_try(pools: &Pools, keys: &[Vec<u8>; 2]) -> Result<()> {
    let until: Option<DateTime<Utc>> = control::statement(pools, |conn| {
        attempts::table
            .filter(attempts::key_hash.eq_any(keys))
            .filter(attempts::blocked_until.gt(clock::now()))
            .select(diesel::dsl::max(attempts::blocked_until))
            .first(conn)
    })?;
    match until {
        Some(until) => Err(AppError::TooMany {
            wait_seconds: (until - clock::now()).num_seconds().max(1) as u64,
        }),
        None => Ok(()),
    }
}

/// Notes a failure of both.
///
/// # Errors
/// When the database does not answer.
pub fn failed(pools: &Pools, keys: &[Vec<u8>; 2]) -> Result<()> {
    for (key, free) in keys.iter().zip(FREE) {
        let failures: i32 = control::statement(pools, |conn| {
            // What is older than an hour no longer counts.
            diesel::delete(
                attempts::table
                    .filter(attempts::key_hash.eq(key))
                    .filter(attempts::last_at.lt(clock::now() - Duration::hours(1))),
            )
            .execute(conn)?;
            diesel::insert_into(attempts::table)
                .values((
                    attempts::key_hash.eq(key),
                    attempts::failures.eq(1),
                    attempts::last_at.eq(clock::now()),
                ))
                .on_conflict(attempts::key_hash)
                .do_update()
                .set((
                    attempts::failures.eq(attempts::failures + 1),
                    attempts::last_at.eq(clock::now()),
                ))
                .returning(attempts::failures)
                .get_result(conn)
        })?;
        if failures >= free {
            let seconds = (1i64 << (failures - free).clamp(0, 10))
                .saturating_mul(2)
                .min(LONGEST);
            control::statement(pools, |conn| {
                diesel::update(attempts::table.find(key))
                    .set(attempts::blocked_until.eq(clock::now() + Duration::seconds(seconds)))
                    .execute(conn)
            })?;
        }
    }
    Ok(())
}

/// Forgets an account's failures after a good log-in.
///
/// # Errors
/// When the database does not answer.
pub fn forget(pools: &Pools, key: &[u8]) -> Result<()> {
    control::statement(pools, |conn| {
        diesel::delete(attempts::table.find(key)).execute(conn)
    })?;
    Ok(())
}
