//! The keeper: a detached process of this program that outlives all users of the private server and stops
//! it when the kernel says that the last one is gone.

use super::cluster::Cluster;
use super::error::{EmbeddedError, Result, at};
use super::{lock_file, prepare_folder};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a keeper says when it waits.
const READY: &str = "keeping";

/// The body of the hidden verb `keep-postgres`: waits until nobody uses the server, then stops it.
///
/// # Errors
/// When the server cannot be stopped.
pub fn keep(data_dir: &Path, bin_dir: Option<&Path>) -> Result<()> {
    let data_dir = prepare_folder(data_dir)?;
    let Some(keeper) = keeper_lock(&data_dir)? else {
        // Another keeper is at work.
        return Ok(());
    };
    let users = lock_file(&data_dir, "users.lock")?;
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{READY}").and_then(|()| out.flush());
    users.lock().map_err(at(&data_dir))?;
    // New users wait for their shared lock until the server has stopped, and then start it again.
    let outcome = Cluster::open(&data_dir, bin_dir).and_then(|cluster| cluster.stop());
    // In this order: who gets in next must see that there is no keeper any more.
    keeper.unlock().map_err(at(&data_dir))?;
    drop(users);
    outcome
}

/// The lock that the starter handed down as standard input, or one taken now; none if another has it.
fn keeper_lock(data_dir: &Path) -> Result<Option<File>> {
    let own = lock_file(data_dir, "keeper.lock")?;
    let input = std::io::stdin().as_fd().try_clone_to_owned();
    let handed = File::from(input.map_err(at(data_dir))?);
    let same = match (own.metadata(), handed.metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    };
    let file = if same { handed } else { own };
    Ok(file.try_lock().is_ok().then_some(file))
}

/// Starts a keeper unless there is one. It inherits the lock that says so, so there is never a second one
/// and never a moment between having none and having one.
pub fn ensure(data_dir: &Path, bin_dir: Option<&Path>, exe: &Path) -> Result<()> {
    let lock = lock_file(data_dir, "keeper.lock")?;
    if lock.try_lock().is_err() {
        return Ok(());
    }
    // A keeper at work prints nothing; this is for one that fails at once.
    let messages = data_dir.join("keeper.out");
    super::passwords::write(&messages, "")?;
    let errors = File::options()
        .append(true)
        .open(&messages)
        .map_err(at(&messages))?;
    let mut child = detached(exe)
        .arg("keep-postgres")
        .arg("--data-dir")
        .arg(data_dir)
        .args(
            bin_dir
                .map(|dir| [Path::new("--postgres-bin-dir"), dir])
                .into_iter()
                .flatten(),
        )
        .current_dir("/")
        .stdin(Stdio::from(lock))
        .stdout(Stdio::piped())
        .stderr(Stdio::from(errors))
        .spawn()
        .map_err(at(exe))?;
    let mut said = String::new();
    if let Some(out) = child.stdout.take() {
        let _ = BufReader::new(out).read_line(&mut said);
    }
    if said.trim() == READY {
        return Ok(());
    }
    let _ = child.wait();
    let said = std::fs::read_to_string(&messages).unwrap_or_default();
    Err(EmbeddedError::Keeper(said.trim().to_owned()))
}

/// Away from the terminal, whose Ctrl-C and closing are not meant for the keeper.
fn detached(exe: &Path) -> Command {
    let setsid = Command::new("setsid")
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if setsid.is_ok_and(|status| status.success()) {
        let mut command = Command::new("setsid");
        command.arg(exe);
        return command;
    }
    let mut command = Command::new(exe);
    command.process_group(0);
    command
}
