//! pg_dump and pg_restore: found, and run with the password in their environment, where only we can read it.

use crate::db::embedded::client_programs;
use crate::error::{AppError, Result};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program of PostgreSQL at least as new as the server.
pub fn find(name: &str, server: i32, named: Option<&Path>) -> Result<PathBuf> {
    client_programs(name, server.unsigned_abs(), named).ok_or_else(|| {
        AppError::internal(format!(
            "{name} of PostgreSQL {server} or newer was not found; install PostgreSQL's client programs (Debian: \
             postgresql-client) or name their folder by MANDANT_POSTGRES_BIN. The private PostgreSQL can also be \
             saved by copying the data folder while nothing uses it: see docs/backup.md"
        ))
    })
}

/// Runs one against a database; its complaints become the error.
pub fn run(program: &Path, url: &SecretString, arguments: &[&str]) -> Result<()> {
    let (url, password) = without_password(url.expose_secret())?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg(format!("--dbname={url}"))
        .arg("--no-password")
        .env("PGAPPNAME", "mandant backup")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let output = command
        .output()
        .map_err(|error| AppError::internal(format!("{}: {error}", program.display())))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(6).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    Err(AppError::internal(format!(
        "{} failed: {}",
        program.display(),
        last.join(" / ")
    )))
}

/// A URL without its password, and the password. Read as libpq reads it, which allows an empty host; of the
/// parameters, later ones count.
fn without_password(url: &str) -> Result<(String, Option<String>)> {
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| AppError::internal("a backup needs the database as a URL: postgres://…"))?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let (account, host) = match authority.rsplit_once('@') {
        Some((account, host)) => (Some(account), host),
        None => (None, authority),
    };
    let (user, mut password) =
        match account.map(|account| account.split_once(':').unwrap_or((account, ""))) {
            Some((user, "")) => (format!("{user}@"), None),
            Some((user, password)) => (format!("{user}@"), Some(decoded(password))),
            None => (String::new(), None),
        };
    let mut kept = Vec::new();
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("password", value)) => password = Some(decoded(value)),
            _ if parameter.is_empty() => {}
            _ => kept.push(parameter),
        }
    }
    let mark = if kept.is_empty() { "" } else { "?" };
    let query = kept.join("&");
    Ok((
        format!("{scheme}://{user}{host}{path}{mark}{query}"),
        password,
    ))
}

/// `%40` as `@`.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_goes_another_way_than_the_url() {
        for (url, bare, password) in [
            (
                "postgres://anna:s%40crÄt@db.example:5433/m?sslmode=require",
                "postgres://anna@db.example:5433/m?sslmode=require",
                Some("s@crÄt"),
            ),
            (
                "postgres:///m?host=%2Frun%2Fpg&user=anna&password=a&password=b",
                "postgres:///m?host=%2Frun%2Fpg&user=anna",
                Some("b"),
            ),
            ("postgres://db.example/m", "postgres://db.example/m", None),
            (
                "postgresql://mandant:abc@/mandant?host=/data/run&port=5432",
                "postgresql://mandant@/mandant?host=/data/run&port=5432",
                Some("abc"),
            ),
            ("postgres://anna@%2Frun", "postgres://anna@%2Frun", None),
        ] {
            let (shown, found) = without_password(url).unwrap();
            assert_eq!(
                (shown.as_str(), found.as_deref()),
                (bare, password),
                "{url}"
            );
        }
        assert!(without_password("host=x password=y").is_err());
    }
}
