//! The queue's queries, on the control tables.

#![expect(
    clippy::disallowed_methods,
    reason = "SKIP LOCKED inside an UPDATE is not in the query builder"
)]

use super::{Go, Held, Outcome, Taken};
use crate::clock;
use crate::db::control;
use crate::db::ids::{JobId, TenantId, UserId};
use crate::db::pool::Pools;
use crate::db::schema::control::jobs;
use crate::db::{ControlConn, TenantConn, TenantScope, Write};
use crate::error::{AppError, Result};
use chrono::DateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Jsonb, Nullable, Text};
use serde_json::Value;

/// Seconds of silence after which a running job is thought dead.
pub const SILENT_SECONDS: i32 = 60;
/// How often a job is tried.
pub const MOST_ATTEMPTS: i32 = 5;

diesel::define_sql_function! {
    /// Asks for a job in the tenant whose role is in force.
    #[sql_name = "gate.enqueue"]
    fn gate_enqueue(kind: Text, payload: Jsonb) -> BigInt;
}
diesel::define_sql_function! {
    /// Asks a job of the tenant whose role is in force to stop.
    #[sql_name = "gate.cancel_job"]
    fn gate_cancel(job: BigInt) -> Bool;
}

/// Asks for a job, in the transaction of the act that needs it.
///
/// # Errors
/// When the database refuses.
pub fn enqueue(conn: &mut TenantConn<'_, Write>, kind: &str, payload: &Value) -> Result<JobId> {
    let id: i64 = diesel::select(gate_enqueue(kind, payload)).get_result(conn.pg())?;
    Ok(JobId(id))
}

/// Asks for a job from the control tables (work above the tenants' data).
///
/// # Errors
/// When the database refuses.
pub fn enqueue_for(
    conn: &mut ControlConn<'_, Write>,
    tenant: TenantId,
    kind: &str,
    payload: &Value,
    user: Option<UserId>,
) -> Result<JobId> {
    Ok(diesel::insert_into(jobs::table)
        .values((
            jobs::tenant_id.eq(tenant.0),
            jobs::kind.eq(kind),
            jobs::payload.eq(payload),
            jobs::created_by.eq(user.map(|user| user.0)),
        ))
        .returning(jobs::id)
        .get_result(conn.pg())
        .map(JobId)?)
}

/// Notes work that this process does itself at once, outside of the runner. If it dies, its job falls silent
/// and is taken as any other: its kind then says what becomes of what was left.
///
/// # Errors
/// When the database refuses.
pub fn work_here(pools: &Pools, tenant: TenantId, kind: &str) -> Result<Held> {
    control::statement(pools, |conn| {
        diesel::insert_into(jobs::table)
            .values((
                jobs::tenant_id.eq(tenant.0),
                jobs::kind.eq(kind),
                jobs::payload.eq(Value::Null),
                jobs::state.eq("running"),
                jobs::heard_at.eq(clock::now()),
                jobs::attempts.eq(1),
            ))
            .returning(jobs::id)
            .get_result(conn)
    })
    .map(|id: i64| Held {
        id: JobId(id),
        attempts: 1,
    })
}

/// Asks a job to stop; one that has not begun ends at once. False where it is over already.
///
/// # Errors
/// When the database refuses.
pub fn cancel(conn: &mut TenantConn<'_, Write>, job: JobId) -> Result<bool> {
    Ok(diesel::select(gate_cancel(job.0)).get_result(conn.pg())?)
}

/// How a job stands.
#[derive(Clone, Debug, QueryableByName)]
pub struct State {
    /// `queued`, `running`, `done`, `failed`, `cancelled`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Steps done.
    #[diesel(sql_type = BigInt)]
    pub done: i64,
    /// Steps in all, if known.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub total: Option<i64>,
    /// Why it failed.
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
    /// Whether it was asked to stop.
    #[diesel(sql_type = Bool)]
    pub cancel: bool,
}

impl State {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "done" | "failed" | "cancelled")
    }

    /// Hundredths done, if the total is known.
    pub fn percent(&self) -> Option<i64> {
        self.total
            .filter(|total| *total > 0)
            .map(|total| (self.done * 100 / total).clamp(0, 100))
    }
}

/// How a job of this tenant stands; none where there is no such job.
///
/// # Errors
/// When the database does not answer.
pub fn state<M: crate::db::Mode>(
    conn: &mut TenantConn<'_, M>,
    job: JobId,
) -> Result<Option<State>> {
    Ok(
        diesel::sql_query("SELECT state, done, total, error, cancel FROM gate.job($1)")
            .bind::<BigInt, _>(job.0)
            .get_result(conn.pg())
            .optional()?,
    )
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    tenant_id: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    parent: Option<i32>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Jsonb)]
    payload: Value,
    #[diesel(sql_type = Nullable<Integer>)]
    created_by: Option<i32>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

/// Takes the next job that is due, or that a dead worker left; tenants in the trash have none.
///
/// # Errors
/// When the database does not answer.
pub fn take(pools: &Pools) -> Result<Option<Taken>> {
    let row: Option<Row> = control::statement(pools, |conn| {
        diesel::sql_query(
            "WITH next AS (SELECT j.id FROM control.jobs j JOIN control.tenants t ON t.id = j.tenant_id \
                 WHERE t.trashed_at IS NULL AND j.run_at <= now() AND (j.state = 'queued' \
                     OR (j.state = 'running' AND j.heard_at < now() - make_interval(secs => $1))) \
                 ORDER BY j.run_at, j.id LIMIT 1 FOR UPDATE OF j SKIP LOCKED) \
             UPDATE control.jobs j SET state = 'running', heard_at = now(), attempts = j.attempts + 1 \
             FROM next, control.tenants t WHERE j.id = next.id AND t.id = j.tenant_id \
             RETURNING j.id, j.tenant_id, CASE t.kind WHEN 'inner' THEN t.parent_id END AS parent, j.kind, j.payload, j.created_by, j.attempts",
        )
        .bind::<Integer, _>(SILENT_SECONDS)
        .get_result(conn)
        .optional()
    })?;
    Ok(row.map(|row| Taken {
        id: JobId(row.id),
        scope: TenantScope {
            id: TenantId(row.tenant_id),
            parent: row.parent.map(TenantId),
        },
        kind: row.kind,
        payload: row.payload,
        user: row.created_by.map(UserId),
        attempts: row.attempts,
    }))
}

/// A running job, as long as it is this worker's.
macro_rules! held {
    ($job:expr) => {
        jobs::table.find($job.id.0).filter(
            jobs::state
                .eq("running")
                .and(jobs::attempts.eq($job.attempts)),
        )
    };
}

/// Notes progress and that the worker lives, and what to go on from, if that is told; answers whether to go
/// on.
///
/// # Errors
/// When the database does not answer; `Interrupted` where another worker has the job by now.
pub fn report(
    pools: &Pools,
    job: Held,
    done: i64,
    total: Option<i64>,
    payload: Option<&Value>,
) -> Result<Go> {
    let cancel: Option<bool> = control::statement(pools, |conn| {
        diesel::update(held!(job))
            .set((
                jobs::done.eq(done),
                jobs::total.eq(total),
                jobs::heard_at.eq(clock::now()),
                payload.map(|payload| jobs::payload.eq(payload)),
            ))
            .returning(jobs::cancel)
            .get_result(conn)
            .optional()
    })?;
    match cancel {
        Some(true) => Ok(Go::Stop),
        Some(false) => Ok(Go::On),
        None => Err(AppError::Interrupted),
    }
}

/// Notes that the worker lives.
///
/// # Errors
/// When the database does not answer.
pub fn still_alive(pools: &Pools, job: Held) -> Result<()> {
    control::statement(pools, |conn| {
        diesel::update(held!(job))
            .set(jobs::heard_at.eq(clock::now()))
            .execute(conn)
    })?;
    Ok(())
}

/// Ends a job.
///
/// # Errors
/// When the database does not answer.
pub fn finish(pools: &Pools, job: Held, outcome: Outcome) -> Result<()> {
    let state = match outcome {
        Outcome::Done => "done",
        Outcome::Cancelled => "cancelled",
    };
    control::statement(pools, |conn| {
        diesel::update(held!(job))
            .set((
                jobs::state.eq(state),
                jobs::finished_at.eq(clock::now()),
                jobs::error.eq(None::<String>),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Puts a failed job back for another try after a while, or ends it as failed.
///
/// # Errors
/// When the database does not answer.
pub fn fail(pools: &Pools, job: Held, why: &str, again: bool) -> Result<()> {
    let retry = again && job.attempts < MOST_ATTEMPTS;
    let later = clock::now() + chrono::Duration::seconds(2i64.pow(job.attempts.clamp(0, 8) as u32));
    control::statement(pools, |conn| {
        if retry {
            diesel::update(held!(job))
                .set((
                    jobs::state.eq("queued"),
                    jobs::run_at.eq(later),
                    jobs::error.eq(why),
                ))
                .execute(conn)
        } else {
            diesel::update(held!(job))
                .set((
                    jobs::state.eq("failed"),
                    jobs::finished_at.eq(clock::now()),
                    jobs::error.eq(why),
                ))
                .execute(conn)
        }
    })?;
    Ok(())
}

/// Puts a job back that the program's end interrupts; that was no try.
///
/// # Errors
/// When the database does not answer.
pub fn put_back(pools: &Pools, job: Held) -> Result<()> {
    control::statement(pools, |conn| {
        diesel::update(held!(job))
            .set((
                jobs::state.eq("queued"),
                jobs::attempts.eq(job.attempts - 1),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Has running jobs taken up at once, instead of waiting until they have been silent for long: only for who
/// knows that no other runner works on this queue. Jobs of the kind `here` other programs do themselves.
///
/// # Errors
/// When the database does not answer.
pub fn take_over(pools: &Pools, here: &str) -> Result<()> {
    control::statement(pools, |conn| {
        let left = jobs::state.eq("running").and(jobs::kind.ne(here));
        diesel::update(jobs::table.filter(left))
            .set(jobs::heard_at.eq(DateTime::UNIX_EPOCH))
            .execute(conn)
    })?;
    Ok(())
}

/// Asks for the same job once more, after a while: something is in its way now.
///
/// # Errors
/// When the database does not answer.
pub fn again_later(pools: &Pools, job: &Taken, seconds: i64) -> Result<()> {
    control::statement(pools, |conn| {
        diesel::insert_into(jobs::table)
            .values((
                jobs::tenant_id.eq(job.scope.id.0),
                jobs::kind.eq(&job.kind),
                jobs::payload.eq(&job.payload),
                jobs::created_by.eq(job.user.map(|user| user.0)),
                jobs::run_at.eq(clock::now() + chrono::Duration::seconds(seconds)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

/// Forgets what a job was about, once it is done: some payloads should not outlive their work.
///
/// # Errors
/// When the database does not answer.
pub fn forget(pools: &Pools, job: JobId) -> Result<()> {
    control::statement(pools, |conn| {
        diesel::update(jobs::table.find(job.0))
            .set(jobs::payload.eq(Value::Null))
            .execute(conn)
    })?;
    Ok(())
}
