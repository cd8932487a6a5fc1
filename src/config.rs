//! What the operator can set.

use crate::db::pool::PoolSizes;
use std::path::PathBuf;

/// Everything that is in force.
#[derive(Debug, Default)]
pub struct Config {
    /// Folder of uploads and error files.
    pub files: PathBuf,
}

impl Config {
    /// How many connections the serving log-ins may hold.
    pub fn pool_sizes(&self) -> PoolSizes {
        PoolSizes::default()
    }

    /// Folder of uploads and error files.
    pub fn files_dir(&self) -> PathBuf {
        self.files.clone()
    }
}
