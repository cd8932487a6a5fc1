//! A connection to the control tables: tenants, users, roles, sessions, jobs.

use super::pool::Pools;
use super::tenant::Mode;
use crate::error::{AppError, Result};
use diesel::prelude::*;
use std::marker::PhantomData;

/// A transaction on the control tables. `Read` is READ ONLY in PostgreSQL, too.
pub struct ControlConn<'c, M: Mode> {
    conn: &'c mut PgConnection,
    mode: PhantomData<M>,
}

impl<M: Mode> ControlConn<'_, M> {
    /// The connection, for queries of the query builder.
    pub fn pg(&mut self) -> &mut PgConnection {
        self.conn
    }
}

/// Runs `act` in one transaction on the control tables.
pub(crate) fn run<M: Mode, T>(
    pools: &Pools,
    act: impl FnOnce(&mut ControlConn<'_, M>) -> Result<T>,
) -> Result<T> {
    let mut pooled = pools.control()?;
    let conn: &mut PgConnection = &mut pooled;
    let act = |conn: &mut PgConnection| {
        act(&mut ControlConn {
            conn,
            mode: PhantomData,
        })
    };
    if M::READ_ONLY {
        conn.build_transaction().read_only().run(act)
    } else {
        conn.transaction(act)
    }
}

/// Runs `act` within the transaction under way and takes back what it did: for pages that show what a change
/// would do.
///
/// # Errors
/// Those of `act`.
pub(crate) fn taken_back<T>(
    conn: &mut PgConnection,
    act: impl FnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    let mut answer = None;
    let outcome = conn.transaction::<(), AppError, _>(|conn| {
        answer = Some(act(conn)?);
        Err(AppError::TakenBack)
    });
    match (answer, outcome) {
        (Some(answer), Err(AppError::TakenBack)) => Ok(answer),
        (_, Err(error)) => Err(error),
        (_, Ok(())) => Err(AppError::internal("a trial was kept")),
    }
}

/// Runs a single statement without a transaction of its own: one round trip instead of three, for
/// what every request does (its session, its context).
pub(crate) fn statement<T>(
    pools: &Pools,
    act: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
) -> Result<T> {
    Ok(act(&mut *pools.control()?)?)
}

/// As `statement`, for a few statements in a row that need no transaction.
pub(crate) fn statement_result<T>(
    pools: &Pools,
    act: impl FnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    act(&mut *pools.control()?)
}
