//! What the numbers in `postmaster.pid` stand for, read from /proc. Where there is no /proc, nothing is
//! known here and PostgreSQL's own check decides.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Whether the process is the server of this cluster. After a crash its number may be anybody's; the command
/// line, which all may read, tells.
pub fn serves(pid: i32, cluster: &Path) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split(|byte| *byte == 0)
        .any(|argument| argument == cluster.as_os_str().as_encoded_bytes())
}

/// Whether there is such a process at all.
pub fn is_alive(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Waits until no process of a server that is gone works on the cluster any more. They notice by themselves,
/// unless one is deep in a query: it is killed, since the new server recovers from the log anyway.
pub fn clear_orphans(cluster: &Path) {
    let started = Instant::now();
    loop {
        let left = working_in(cluster);
        if left.is_empty() || started.elapsed() > Duration::from_secs(30) {
            return;
        }
        if started.elapsed() > Duration::from_secs(3) {
            for pid in left.into_iter().filter_map(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// All processes of PostgreSQL work in the folder of their cluster.
fn working_in(cluster: &Path) -> Vec<i32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == cluster)
                && fs::read_to_string(format!("/proc/{pid}/comm"))
                    .is_ok_and(|name| name.starts_with("postgres"))
        })
        .collect()
}
