//! Backup and restore of a whole installation: its control tables, every tenant's schema, the inner
//! tenants' views, the roles with what each may, and the files.
//!
//! ```text
//! DIR/control.dump    schemas control and gate, for pg_restore
//! DIR/tenants.dump    schemas t_<id> and i_<id>, with their owners
//! DIR/files/          uploads and error files
//! DIR/manifest.json   written last: what must be there again after a restore
//! ```
//!
//! Roles belong to the server and are in no dump: their names follow from the manifest. pg_dump runs as the
//! provisioning log-in, which is a member of every owner and therefore sees all rows whatever policies
//! say; it runs with `row_security` off, so that a row that a policy would hide is an error and not a gap.

mod dump;
mod programs;
mod restore;

pub use dump::backup;
pub use restore::restore;

use crate::error::{AppError, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The form of the folder; another program may write another.
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// The installation's number, which role names carry.
    pub installation: i32,
    /// Version of the control schema.
    pub control_version: i32,
    /// Major version of the PostgreSQL that it was taken from.
    pub postgres: i32,
    /// All tenants, those in the trash too.
    pub tenants: Vec<TenantLine>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// How many files.
    pub files: u64,
}

/// What a tenant needs outside its schema.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TenantLine {
    id: i32,
    /// For an inner tenant the one whose data it narrows.
    parent: Option<i32>,
}

/// What a backup or restore answers.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Tenants of all kinds.
    pub tenants: usize,
    /// Rows of all tables.
    pub rows: i64,
    /// Files.
    pub files: u64,
}

impl Manifest {
    fn report(&self) -> Report {
        Report {
            tenants: self.tenants.len(),
            rows: self.rows.values().sum(),
            files: self.files,
        }
    }
}

fn failed(what: &str, path: &Path) -> impl Fn(std::io::Error) -> AppError {
    let place = format!("{what} {}", path.display());
    move |error| AppError::internal(format!("{place}: {error}"))
}

/// Copies a folder with everything in it; answers how many files. A folder that is not there holds none.
fn copy_files(from: &Path, to: &Path) -> Result<u64> {
    if !from.is_dir() {
        return Ok(0);
    }
    std::fs::create_dir_all(to).map_err(failed("cannot make", to))?;
    let mut copied = 0;
    for entry in std::fs::read_dir(from).map_err(failed("cannot read", from))? {
        let entry = entry.map_err(failed("cannot read", from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed("cannot read", &path))?;
        if kind.is_dir() {
            copied += copy_files(&path, &target)?;
        } else if kind.is_file() {
            match std::fs::copy(&path, &target) {
                Ok(_) => copied += 1,
                // An upload may end while it is copied.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("cannot copy", &path)(error)),
            }
        }
    }
    Ok(copied)
}
