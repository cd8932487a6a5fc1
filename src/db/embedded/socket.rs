//! Where the private server's socket is: in the data folder, if its path is short and plain enough.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The longest path a Unix socket's address takes, less PostgreSQL's `/.s.PGSQL.5432`.
const LONGEST: usize = 85;

/// The folder of the socket. The one below /tmp depends on the data folder alone, not on TMPDIR: all
/// processes must find the same.
pub fn folder(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("run");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if near.to_str().is_some_and(|name| name.chars().all(plain))
        && near.as_os_str().len() <= LONGEST
    {
        return near;
    }
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let name: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Path::new("/tmp").join(format!("mandant-{name}"))
}

/// As the `host` of a connection URL.
pub fn encoded(folder: &Path) -> String {
    url::form_urlencoded::byte_serialize(folder.as_os_str().as_encoded_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_plain_paths_keep_the_socket_near() {
        assert_eq!(
            folder(Path::new("/srv/mandant")),
            Path::new("/srv/mandant/run")
        );
    }

    #[test]
    fn long_or_odd_paths_get_a_folder_of_their_own() {
        let long = folder(Path::new(&format!("/srv/{}", "x".repeat(100))));
        let odd = folder(Path::new("/srv/my data"));
        for found in [&long, &odd] {
            assert!(found.starts_with("/tmp"), "{}", found.display());
            assert!(found.as_os_str().len() <= LONGEST);
        }
        assert_ne!(long, odd);
    }
}
