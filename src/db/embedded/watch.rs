//! A watch over the private server: a program that serves for weeks would else answer "the database is gone"
//! until somebody runs another verb on the folder. Who stops the server on purpose stops `serve` first.

use super::cluster::Cluster;
use super::error::{Result, at};
use super::lock_file;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between two looks, which read one file and ask the kernel for one process.
const PAUSE: Duration = Duration::from_millis(500);
/// Before the next try to start a server that would not start.
const LONG_PAUSE: Duration = Duration::from_secs(10);

/// Dropping it ends it.
#[derive(Debug)]
pub struct Watch {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    pub(super) fn begin(cluster: Arc<Cluster>, data_dir: PathBuf) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = thread::Builder::new()
            .name("postgres-watch".into())
            .spawn(move || watch(&cluster, &data_dir, &seen))
            .inspect_err(|error| tracing::error!(%error, "nobody watches the private PostgreSQL"));
        Self {
            over,
            thread: thread.ok(),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn watch(cluster: &Cluster, data_dir: &Path, over: &AtomicBool) {
    if !Path::new("/proc/self").exists() {
        // Without it a server that runs cannot be told from one that is gone.
        return;
    }
    let mut pause = PAUSE;
    loop {
        thread::park_timeout(pause);
        if over.load(Ordering::Relaxed) {
            return;
        }
        pause = PAUSE;
        if cluster.runs() {
            continue;
        }
        tracing::error!("the private PostgreSQL is gone; starting it again");
        match start(cluster, data_dir) {
            Ok(()) => tracing::info!("the private PostgreSQL is back"),
            Err(error) => {
                tracing::error!(%error, "the private PostgreSQL does not start");
                pause = LONG_PAUSE;
            }
        }
    }
}

fn start(cluster: &Cluster, data_dir: &Path) -> Result<()> {
    let lock = lock_file(data_dir, "start.lock")?;
    lock.lock().map_err(at(data_dir))?;
    cluster.ensure_running()
}
