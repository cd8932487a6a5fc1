//! Background work: a queue in PostgreSQL (`control.jobs`, taken with SKIP LOCKED) and a runner of a few
//! threads. A job acts as its tenant: the runner knows the tenant from the queue, the payload names none.
//!
//! A job says it lives every few seconds. One whose worker died (kill -9) is taken up again after
//! `SILENT_SECONDS`; jobs therefore are idempotent or go on from what they have committed. A worker that was
//! merely cut off may still come back then: what it says of the job no longer counts, because each taking has
//! its number (`attempts`).

pub mod queue;
pub mod runner;

use crate::app::App;
use crate::db::TenantScope;
use crate::db::ids::{JobId, UserId};
use crate::error::{AppError, Result};
use std::sync::atomic::{AtomicBool, Ordering};

/// A job taken from the queue.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its id.
    pub id: JobId,
    /// Which tenant's.
    pub scope: TenantScope,
    /// The tenant's status, with what lies above it.
    pub kind: String,
    /// What to do, as the kind defines it.
    pub payload: serde_json::Value,
    /// Who asked for it.
    pub user: Option<UserId>,
    /// How often it was taken, this time included.
    pub attempts: i32,
}

/// A job in the hands of one worker: with the number of this taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its id.
    pub id: JobId,
    /// How often it was taken, this time included.
    pub attempts: i32,
}

impl Taken {
    /// The job as this worker holds it.
    pub fn held(&self) -> Held {
        Held {
            id: self.id,
            attempts: self.attempts,
        }
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is done.
    Done,
    /// It was told to stop and did, at a good place.
    Cancelled,
}

/// What does the jobs of one kind.
pub type Work = fn(&App, &Taken, &Reporter<'_>) -> Result<Outcome>;

/// A kind of job and what does it; the list is handed in by `app`, so that this module knows no slice.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// As in the queue.
    pub name: &'static str,
    /// What does it.
    pub work: Work,
}

/// How a job reports progress and hears that it should stop.
#[derive(Debug)]
pub struct Reporter<'a> {
    app: &'a App,
    job: Held,
    stop: &'a AtomicBool,
}

impl<'a> Reporter<'a> {
    /// For the job at work; `stop` says that the program ends.
    pub fn new(app: &'a App, job: Held, stop: &'a AtomicBool) -> Self {
        Self { app, job, stop }
    }

    /// Says how far it is, and asks whether to go on.
    ///
    /// # Errors
    /// When the database does not answer; `Interrupted` when the program ends: to be handed on, and the job is
    /// gone on with after the next start.
    pub fn report(&self, done: i64, total: Option<i64>) -> Result<Go> {
        self.go(queue::report(&self.app.pools, self.job, done, total, None)?)
    }

    /// The same, and keeps `payload`, with which the job is taken up again if it is cut off.
    ///
    /// # Errors
    /// As `report`.
    pub fn report_at(&self, done: i64, total: i64, payload: &serde_json::Value) -> Result<Go> {
        self.go(queue::report(
            &self.app.pools,
            self.job,
            done,
            Some(total),
            Some(payload),
        )?)
    }

    fn go(&self, go: Go) -> Result<Go> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(AppError::Interrupted);
        }
        Ok(go)
    }
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Yes.
    On,
    /// Somebody wants it to stop.
    Stop,
}
