//! Critical rights that their holder has already, and that wait again: because he may log in again, or because
//! somebody else decided how he does. That one could act as him, so for some days the two are one pair of eyes.

use super::DAYS;
use crate::clock;
use crate::control::audit::Actor;
use crate::control::roles;
use crate::db::ids::UserId;
use crate::db::schema::control::users;
use crate::error::{AppError, Result};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Timestamptz};
use std::collections::BTreeSet;

diesel::define_sql_function! {
    /// All that a user holds of critical rights waits again; at which of his places it did not before.
    #[sql_name = "control.ask_again"]
    fn ask_again(of_user: Integer, by: Nullable<Integer>) -> Array<Integer>;
}
diesel::define_sql_function! {
    /// Those of these places at which nobody could confirm what waits.
    #[sql_name = "control.unconfirmable"]
    fn unconfirmable(places: Array<Integer>, by: Integer, since: Timestamptz) -> Array<Integer>;
}

/// Since when it counts that somebody decided how another logs in.
fn since() -> DateTime<Utc> {
    clock::now() - Duration::days(DAYS)
}

/// Somebody may log in again: what he holds of critical rights is as if it were given now.
///
/// # Errors
/// When the database refuses.
pub fn let_in_again(conn: &mut PgConnection, actor: Actor, user: UserId) -> Result<()> {
    roles::lock(conn)?;
    let by = actor.user.map(|user| user.0);
    diesel::select(ask_again(user.0, by)).get_result::<Vec<i32>>(conn)?;
    Ok(())
}

/// Somebody decides how another logs in, and could do so himself from now on: what that one holds of critical
/// rights, wherever it is, waits until a third confirms it. The operator may; nobody entrusts himself.
///
/// # Errors
/// `Invalid("users-nobody-confirms")` where there is no third: he would be left without them for good.
pub fn entrust(conn: &mut PgConnection, actor: Actor, user: UserId) -> Result<()> {
    let Some(by) = actor.user.filter(|by| *by != user) else {
        return Ok(());
    };
    roles::lock(conn)?;
    let places: Vec<i32> = diesel::select(ask_again(user.0, Some(by.0))).get_result(conn)?;
    let stuck: Vec<i32> = diesel::select(unconfirmable(places, by.0, since())).get_result(conn)?;
    if !stuck.is_empty() {
        return Err(AppError::invalid("users-nobody-confirms"));
    }
    diesel::update(users::table.find(user.0))
        .set((
            users::entrusted_by.eq(by.0),
            users::entrusted_at.eq(clock::now()),
        ))
        .execute(conn)?;
    Ok(())
}

/// A third confirmed rights of somebody: whoever of these let him in counts as another person again.
///
/// # Errors
/// When the database refuses.
pub(super) fn settle(conn: &mut PgConnection, user: UserId, by: &BTreeSet<i32>) -> Result<()> {
    let entrusted = users::table
        .find(user.0)
        .filter(users::entrusted_by.eq_any(by));
    diesel::update(entrusted)
        .set(users::entrusted_by.eq(None::<i32>))
        .execute(conn)?;
    Ok(())
}

/// Who counts as the same person as a user: himself, who let him in lately, and whom he let in.
///
/// # Errors
/// When the database does not answer.
pub(super) fn same_eyes(conn: &mut PgConnection, user: UserId) -> Result<BTreeSet<i32>> {
    let pairs: Vec<(i32, Option<i32>)> = users::table
        .filter(users::id.eq(user.0).or(users::entrusted_by.eq(user.0)))
        .filter(users::entrusted_at.gt(since()))
        .select((users::id, users::entrusted_by))
        .load(conn)?;
    let others = pairs.into_iter().flat_map(|(id, by)| [Some(id), by]);
    Ok(others.flatten().chain([user.0]).collect())
}
