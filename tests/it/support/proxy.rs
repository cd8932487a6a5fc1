//! A door before the server that can be shut after so many round trips, so that work is cut off at each of
//! its statements in turn.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Passes everything on until it has been told to stop.
pub struct Proxy {
    folder: tempfile::TempDir,
    left: Arc<AtomicI64>,
}

/// The server's socket, its folder from the URL's parameter `host` or its percent-encoded host.
pub fn socket(url: &str) -> PathBuf {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let by_parameter = parameters.split('&').find_map(|p| p.strip_prefix("host="));
    let by_address = || {
        let after_user = address.split_once('@').map_or("", |(_, rest)| rest);
        after_user.split('/').next().unwrap_or_default()
    };
    let folder = by_parameter.unwrap_or_else(by_address).replace("%2F", "/");
    assert!(
        folder.starts_with('/'),
        "this test needs a server that listens on a Unix socket"
    );
    PathBuf::from(folder).join(".s.PGSQL.5432")
}

impl Proxy {
    /// Before the server of `url`; open.
    pub fn new(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let (server, remaining) = (socket(url), left.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (server, remaining) = (server.clone(), remaining.clone());
                std::thread::spawn(move || carry(client, &server, &remaining));
            }
        });
        Self { folder, left }
    }

    /// `url` through the door.
    pub fn url(&self, url: &str) -> String {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}host={}", self.folder.path().display())
    }

    /// Lets so many round trips pass and cuts the connection at the next.
    pub fn allow(&self, round_trips: i64) {
        self.left.store(round_trips, Ordering::SeqCst);
    }
}

fn carry(mut client: UnixStream, server: &std::path::Path, left: &AtomicI64) {
    let mut server = UnixStream::connect(server).unwrap();
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let back = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let _ = forward(&mut client, &mut server, left);
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
}

/// Message by message; a query or a Sync begins a round trip. None when the end has come.
fn forward(
    client: &mut UnixStream,
    server: &mut UnixStream,
    left: &AtomicI64,
) -> std::io::Result<()> {
    // The first message has no kind.
    let mut kind = Vec::new();
    loop {
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        client.read_exact(&mut body)?;
        let trip = matches!(kind.first(), Some(b'Q' | b'S'));
        if trip && left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Ok(());
        }
        server.write_all(&[kind.as_slice(), &length, &body].concat())?;
        kind = vec![0];
        client.read_exact(&mut kind)?;
    }
}
