//! The private PostgreSQL of an installation that was given no database: started when first needed,
//! shared by all processes on the same data folder, stopped with its last user.
//!
//! Each user holds a shared lock on `users.lock`. A keeper, a detached process of this program, waits for
//! the exclusive lock: the kernel gives it when the last user is gone, even by kill -9, and the keeper
//! stops the server. Starting happens under `start.lock`. A server that dies is started again by whoever joins
//! next, and by the watch of a `serve`.
//!
//! ```text
//! data/postgres        the cluster
//! data/run             its socket (or a private folder below the temporary one, if the path is too long)
//! data/postgres.secret passwords of its two log-ins
//! data/postgres.log
//! ```

mod binaries;
mod cluster;
mod database;
mod error;
mod keeper;
mod npm;
mod passwords;
mod process;
mod programs;
mod socket;
mod watch;

pub(crate) use binaries::client_programs;
pub use error::EmbeddedError;
pub use keeper::keep;
pub use watch::Watch;

use cluster::Cluster;
use error::{Result, at};
use fs::{File, OpenOptions};
use secrecy::SecretString;
use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One user of the private server. Dropping it leaves.
#[derive(Debug)]
pub struct Embedded {
    cluster: Arc<Cluster>,
    data_dir: PathBuf,
    bin_dir: Option<PathBuf>,
    keeper: PathBuf,
    /// Held shared as long as this user uses the server.
    _users: File,
}

impl Embedded {
    /// Joins the running private server of `data_dir`, or starts it. The keeper is this program's own
    /// executable.
    ///
    /// # Errors
    /// See `EmbeddedError`.
    pub fn join(data_dir: &Path, bin_dir: Option<&Path>) -> Result<Self> {
        let exe = std::env::current_exe().map_err(at(data_dir))?;
        Self::join_with_keeper(data_dir, bin_dir, &exe)
    }

    /// As `join`, with the executable that has the verb `keep-postgres`.
    ///
    /// # Errors
    /// See `EmbeddedError`.
    pub fn join_with_keeper(
        data_dir: &Path,
        bin_dir: Option<&Path>,
        keeper: &Path,
    ) -> Result<Self> {
        let data_dir = prepare_folder(data_dir)?;
        let start = lock_file(&data_dir, "start.lock")?;
        start.lock().map_err(at(&data_dir))?;
        // Waits while a keeper is stopping the server for a user that has gone.
        let users = lock_file(&data_dir, "users.lock")?;
        users.lock_shared().map_err(at(&data_dir))?;
        let cluster = Cluster::open(&data_dir, bin_dir)?;
        // First: if this fails half-way, the keeper cleans up.
        keeper::ensure(&data_dir, bin_dir, keeper)?;
        cluster.ensure_running()?;
        database::ensure(&cluster)?;
        Ok(Self {
            cluster: Arc::new(cluster),
            data_dir,
            bin_dir: bin_dir.map(Path::to_owned),
            keeper: keeper.to_owned(),
            _users: users,
        })
    }

    /// URL of the log-in that may do everything in this private server.
    pub fn superuser_url(&self) -> SecretString {
        self.cluster.url(cluster::SUPERUSER, "postgres")
    }

    /// URL of the log-in the program works with: no superuser, owner of the database `mandant`.
    pub fn database_url(&self) -> SecretString {
        self.cluster.url(cluster::LOGIN, database::DATABASE)
    }

    /// Starts the server again whenever it is found dead, until the watch is dropped: for a user that stays.
    pub fn watch(&self) -> Watch {
        Watch::begin(Arc::clone(&self.cluster), self.data_dir.clone())
    }

    /// Stops using the server; whoever is last stops it.
    pub fn leave(self) {
        drop(self);
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // If somebody killed the keeper, the server would run on after its last user. The folder itself may
        // be gone, which is no fault of who leaves.
        if self.data_dir.exists() {
            let _ = keeper::ensure(&self.data_dir, self.bin_dir.as_deref(), &self.keeper);
        }
    }
}

/// Held by the one `serve` of a data folder.
#[derive(Debug)]
pub struct ServeLock(
    #[expect(
        dead_code,
        reason = "held, not read: the lock lives as long as the file is open"
    )]
    File,
);

impl ServeLock {
    /// Takes it.
    ///
    /// # Errors
    /// `AlreadyServing` where another process holds it.
    pub fn take(data_dir: &Path) -> Result<Self> {
        let data_dir = prepare_folder(data_dir)?;
        let file = lock_file(&data_dir, "serve.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(fs::TryLockError::WouldBlock) => Err(EmbeddedError::AlreadyServing(data_dir)),
            Err(fs::TryLockError::Error(error)) => Err(EmbeddedError::File(data_dir, error)),
        }
    }
}

/// Makes the data folder, ours alone, and its real path.
fn prepare_folder(data_dir: &Path) -> Result<PathBuf> {
    let made = !data_dir.exists();
    fs::create_dir_all(data_dir).map_err(at(data_dir))?;
    if made {
        // Where the server runs as another user, that one passes through to its own folder, but lists nothing.
        let mode = if programs::is_root() { 0o711 } else { 0o700 };
        fs::set_permissions(data_dir, fs::Permissions::from_mode(mode)).map_err(at(data_dir))?;
    }
    data_dir.canonicalize().map_err(at(data_dir))
}

fn lock_file(data_dir: &Path, name: &str) -> Result<File> {
    let path = data_dir.join(name);
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(at(&path))
}
