//! The passwords of the private server's two log-ins, in a file that only we read.

use super::error::{EmbeddedError, Result, at};
use crate::secrets::random_hex;
use secrecy::SecretString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Both passwords.
#[derive(Debug)]
pub struct Passwords {
    /// The superuser's.
    pub superuser: SecretString,
    /// The program's log-in's.
    pub login: SecretString,
}

impl Passwords {
    /// Read, or made if there is no cluster yet that they would have to fit.
    pub fn of(data_dir: &Path, cluster_exists: bool) -> Result<Self> {
        let path = data_dir.join("postgres.secret");
        if !path.exists() && !cluster_exists {
            // Whole or not at all: renamed when written.
            let draft = data_dir.join("postgres.secret.new");
            write(&draft, &format!("{}\n{}\n", random_hex(24), random_hex(24)))?;
            fs::rename(&draft, &path).map_err(at(&path))?;
        }
        let text = fs::read_to_string(&path).map_err(at(&path))?;
        let mut lines = text.lines().map(|line| SecretString::from(line.to_owned()));
        match (lines.next(), lines.next()) {
            (Some(superuser), Some(login)) => Ok(Self { superuser, login }),
            _ => Err(EmbeddedError::File(
                path,
                std::io::Error::other("two lines with passwords are expected"),
            )),
        }
    }
}

/// Writes a file that only its owner reads.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(at(path))
}
