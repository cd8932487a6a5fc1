//! Files that have had their time: found by their age, so that also those go which no row names any more.

use crate::app::App;
use crate::error::{AppError, Result};
use chrono::{DateTime, Duration, Utc};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Days after which an error file goes.
pub const ERROR_FILE_DAYS: i64 = 90;
/// Days after which an upload goes that was never imported, or whose import failed.
pub const UPLOAD_DAYS: i64 = 7;

/// Removes every tenant's error files and uploads whose days are over at `now`; answers how many went.
///
/// # Errors
/// When the storage folder cannot be read.
pub fn remove(app: &App, now: DateTime<Utc>) -> Result<usize> {
    let folders = match fs::read_dir(&app.files) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(AppError::internal(format!("files: {error}"))),
    };
    let mut gone = 0;
    for folder in folders.flatten() {
        let name = folder.file_name();
        let tenants = name
            .to_str()
            .and_then(|name| name.strip_prefix("t_"))
            .is_some_and(|id| id.parse::<i32>().is_ok());
        if tenants {
            gone += before(&folder.path().join("errors"), now, ERROR_FILE_DAYS);
            gone += before(&folder.path().join("uploads"), now, UPLOAD_DAYS);
        }
    }
    Ok(gone)
}

/// Best effort: what stays is found by the next round.
fn before(folder: &Path, now: DateTime<Utc>, days: i64) -> usize {
    let Ok(files) = fs::read_dir(folder) else {
        return 0;
    };
    let old = |file: &fs::DirEntry| {
        let modified = file.metadata().and_then(|data| data.modified());
        modified.is_ok_and(|at| DateTime::<Utc>::from(at) < now - Duration::days(days))
    };
    files
        .flatten()
        .filter(old)
        .filter(|file| fs::remove_file(file.path()).is_ok())
        .count()
}
