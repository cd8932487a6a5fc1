//! Background work: a queue in PostgreSQL (`control.jobs`, taken with SKIP LOCKED) and a runner of a few
//! threads. A job acts as its tenant: the runner knows the tenant from the queue, the payload names none.
//!
//! A job says it lives every few seconds. One whose worker died (kill -9) is taken up again after
//! `SILENT_SECONDS`; jobs therefore are idempotent or go on from what they have committed.

pub mod queue;
pub mod runner;

use crate::app::App;
use crate::db::TenantScope;
use crate::db::ids::{JobId, UserId};
use crate::error::Result;

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
    job: JobId,
}

impl<'a> Reporter<'a> {
    /// For the job at work.
    pub fn new(app: &'a App, job: JobId) -> Self {
        Self { app, job }
    }

    /// Says how far it is, and asks whether to go on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn report(&self, done: i64, total: Option<i64>) -> Result<Go> {
        queue::report(&self.app.pools, self.job, done, total)
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
