//! The runner: a few threads that take jobs and do them.

use super::{Held, Kind, Reporter, Taken, queue};
use crate::app::App;
use crate::error::AppError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long an idle thread waits before it looks again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a busy one says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Running threads; `stop` lets each finish its job's current step.
#[derive(Debug)]
pub struct Runner {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Runner {
    /// Starts `threads` threads for these kinds of job.
    pub fn start(app: &Arc<App>, kinds: &'static [Kind], threads: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..threads)
            .filter_map(|number| {
                let (app, stop) = (Arc::clone(app), Arc::clone(&stop));
                thread::Builder::new()
                    .name(format!("job-{number}"))
                    .spawn(move || work_until(&app, kinds, &stop))
                    .ok()
            })
            .collect();
        Self { stop, threads }
    }

    /// Set to have the jobs at work come to their place to stop, before `stop` waits for that.
    pub fn told_to_stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Waits until the jobs at work have come to a place where they can be gone on with; that, and what is left
    /// in the queue, is done after the next start.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            // An idle one need not sleep to the end of its pause.
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn work_until(app: &App, kinds: &[Kind], stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match queue::take(&app.pools) {
            Ok(Some(job)) => run(app, kinds, &job, stop),
            Ok(None) => thread::park_timeout(PAUSE),
            Err(error) => {
                tracing::warn!(%error, "no jobs to be had");
                thread::park_timeout(PAUSE * 4);
            }
        }
    }
}

/// Does the jobs that are due now, one after the other: for the command line and for tests.
///
/// # Errors
/// When the queue cannot be read.
pub fn run_due(app: &App, kinds: &[Kind]) -> Result<usize, AppError> {
    let (mut done, never) = (0, AtomicBool::new(false));
    while let Some(job) = queue::take(&app.pools)? {
        run(app, kinds, &job, &never);
        done += 1;
    }
    Ok(done)
}

fn run(app: &App, kinds: &[Kind], job: &Taken, stop: &AtomicBool) {
    tracing::info!(
        job = job.id.0,
        kind = job.kind,
        tenant = job.scope.id.0,
        "job begins"
    );
    let outcome = match kinds.iter().find(|kind| kind.name == job.kind) {
        Some(kind) => alive(app, job.held(), || {
            guarded(|| (kind.work)(app, job, &Reporter::new(app, job.held(), stop)))
        }),
        None => Err(AppError::internal(format!(
            "no such kind of job: {}",
            job.kind
        ))),
    };
    if let Err(error) = &outcome {
        tracing::warn!(job = job.id.0, kind = job.kind, %error, "job failed");
    }
    let noted = patiently(stop, || match &outcome {
        Ok(outcome) => queue::finish(&app.pools, job.held(), *outcome),
        Err(AppError::Interrupted) => queue::put_back(&app.pools, job.held()),
        Err(error) => queue::fail(
            &app.pools,
            job.held(),
            &error.to_string(),
            error.is_transient(),
        ),
    });
    if let Err(error) = noted {
        tracing::error!(job = job.id.0, %error, "the job's end could not be noted");
    }
}

/// Tries until the database is back: a job fails because it is gone, and that must be noted, too. Not longer
/// than others would wait for this worker, nor than the program runs.
fn patiently(stop: &AtomicBool, note: impl Fn() -> Result<(), AppError>) -> Result<(), AppError> {
    let begun = Instant::now();
    loop {
        match note() {
            Err(AppError::Unavailable)
                if !stop.load(Ordering::Relaxed)
                    && begun.elapsed().as_secs() < queue::SILENT_SECONDS as u64 =>
            {
                thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

/// Runs `work`; a panic is a failure like another.
///
/// # Errors
/// Those of `work`.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, AppError>) -> Result<T, AppError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(AppError::internal("the job panicked")))
}

/// Runs `work`, saying every few seconds that its job's worker lives.
pub fn alive<T>(app: &App, job: Held, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let beat = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                thread::park_timeout(HEARTBEAT);
                if !over.load(Ordering::Relaxed) {
                    let _ = queue::still_alive(&app.pools, job);
                }
            }
        });
        // The beat ends also when `work` panics: the scope waits for it.
        let end = End {
            over: &over,
            beat: beat.thread(),
        };
        let outcome = work();
        drop(end);
        outcome
    })
}

/// Ends a heartbeat when it is dropped.
struct End<'e> {
    over: &'e AtomicBool,
    beat: &'e thread::Thread,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.beat.unpark();
    }
}
