//! Running PostgreSQL's programs, as an unprivileged user where we are root: PostgreSQL refuses root.

use super::error::{EmbeddedError, Result, at};
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// PostgreSQL's programs and whom they run as.
#[derive(Debug)]
pub struct Programs {
    data_dir: PathBuf,
    bin: PathBuf,
    user: Option<ServerUser>,
}

impl Programs {
    /// Those of the folder `bin`.
    pub fn new(data_dir: &Path, bin: PathBuf) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            bin,
            user: server_user(),
        }
    }

    /// Runs one; its messages go into the error.
    pub fn run(&self, program: &'static str, arguments: &[&str]) -> Result<()> {
        let path = self.bin.join(program);
        // Not pipes: the server inherits them from pg_ctl and would keep them open for ever.
        let out = self.data_dir.join(format!("{program}.out"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&out)
            .map_err(at(&out))?;
        let copy = file.try_clone().map_err(at(&out))?;
        let status = self
            .command(&path)
            .args(arguments)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::from(file))
            .stderr(Stdio::from(copy))
            .status()
            .map_err(at(&path))?;
        if status.success() {
            let _ = fs::remove_file(&out);
            return Ok(());
        }
        Err(self.failure(program, &out))
    }

    fn failure(&self, program: &'static str, out: &Path) -> EmbeddedError {
        let said = fs::read_to_string(out).unwrap_or_default();
        let log = self.data_dir.join("postgres.log");
        let log = tail(&fs::read_to_string(log).unwrap_or_default());
        if said.contains("No space left on device") || log.contains("No space left on device") {
            return EmbeddedError::DiskFull(self.data_dir.clone());
        }
        let said = tail(&said);
        EmbeddedError::Program {
            program,
            said: if log.is_empty() {
                said
            } else {
                format!("{said}; its log ends: {log}")
            },
        }
    }

    fn command(&self, path: &Path) -> Command {
        let Some(user) = &self.user else {
            return Command::new(path);
        };
        if !has_setpriv() {
            let mut command = Command::new(path);
            command.uid(user.uid).gid(user.gid);
            return command;
        }
        let mut command = user.setpriv();
        // The data folder or the programs may lie below folders that the user may not enter (mkdtemp makes
        // such). Only then it gets this one capability, with which the server could read any file.
        if !user.reaches(path) || !user.reaches(&self.data_dir) {
            command.args([
                "--inh-caps=+dac_read_search",
                "--ambient-caps=+dac_read_search",
            ]);
        }
        command.arg(path);
        command
    }

    /// Gives a file or folder to whom the server runs as.
    pub fn own(&self, path: &Path, mode: u32) -> Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path))?;
        if let Some(user) = &self.user {
            std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid)).map_err(at(path))?;
        }
        Ok(())
    }

    /// Whether the folder is the server's own, closed to all others, and no link to somewhere else.
    pub fn owns(&self, folder: &Path) -> bool {
        let uid = self.user.as_ref().map_or_else(own_uid, |user| user.uid);
        fs::symlink_metadata(folder)
            .is_ok_and(|found| found.is_dir() && found.uid() == uid && found.mode() & 0o077 == 0)
    }
}

/// Whether this process is root.
pub fn is_root() -> bool {
    own_uid() == 0
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[derive(Debug)]
struct ServerUser {
    uid: u32,
    gid: u32,
}

impl ServerUser {
    fn setpriv(&self) -> Command {
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", self.uid))
            .arg(format!("--regid={}", self.gid))
            .arg("--clear-groups");
        command
    }

    fn reaches(&self, path: &Path) -> bool {
        self.setpriv()
            .args(["test", "-x"])
            .arg(path)
            .current_dir("/")
            .status()
            .is_ok_and(|status| status.success())
    }
}

fn has_setpriv() -> bool {
    Command::new("setpriv")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Ourselves, or, if we are root, `postgres`, else `nobody`.
fn server_user() -> Option<ServerUser> {
    if !is_root() {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = passwd
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut parts = line.split(':').skip(2);
        Some(ServerUser {
            uid: parts.next()?.parse().ok()?,
            gid: parts.next()?.parse().ok()?,
        })
    })
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(4).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
