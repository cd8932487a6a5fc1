//! A `mandant serve` of its own, as users have it, and a small client that logs in and asks for pages.

use super::Result;
use crate::cli::Failure;
use crate::config::Loaded;
use crate::web::form::CSRF_FIELD;
use secrecy::{ExposeSecret, SecretString};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A running server; stopped when dropped.
pub(super) struct Served {
    child: Child,
    address: String,
}

fn failed(what: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("the benchmark's server: {what}"))
}

impl Served {
    /// Starts it on the database of this benchmark.
    pub(super) fn start(loaded: &Loaded) -> Result<Self> {
        let database = &loaded.config.database;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
        match &database.url {
            Some(url) => command.env("MANDANT_DATABASE_URL", url.expose_secret()),
            None => command.arg("--data-dir").arg(&database.data_dir),
        };
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.trim().trim_start_matches("http://").to_owned();
        let served = Self { child, address };
        if served.address.is_empty() {
            return Err(failed("it did not start"));
        }
        Ok(served)
    }

    /// Memory that the process holds, in MB; none where the system does not tell.
    pub(super) fn memory_mb(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some((kilobytes / 102.4).round() / 10.0)
    }

    /// A client with a session.
    pub(super) fn log_in(&self, email: &str, password: &SecretString) -> Result<Client> {
        let mut client = Client::connect(&self.address, String::new())?;
        let page = client.ask("GET", "/login", "")?;
        let token = page
            .split_once(&format!("name=\"{CSRF_FIELD}\" value=\""))
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(token, _)| token.to_owned())
            .ok_or_else(|| failed("the log-in page has no token"))?;
        let form = [
            (CSRF_FIELD, token.as_str()),
            ("email", email),
            ("password", password.expose_secret()),
        ];
        let form = serde_html_form::to_string(form).map_err(failed)?;
        client.ask("POST", "/login", &form)?;
        Ok(client)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

/// One connection that is kept open.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    address: String,
    cookie: String,
}

impl Client {
    fn connect(address: &str, cookie: String) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
            cookie,
        })
    }

    /// Another connection of the same session.
    pub(super) fn beside(&self) -> Result<Self> {
        Self::connect(&self.address, self.cookie.clone())
    }

    /// The page at `path`.
    pub(super) fn get(&mut self, path: &str) -> Result<String> {
        self.ask("GET", path, "")
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<String> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.cookie,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let first = self.line()?;
        if !first.contains(" 200 ") && !first.contains(" 303 ") {
            return Err(failed(format!("{path} answers {first}")));
        }
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(failed)?,
                "transfer-encoding" => chunked = true,
                "set-cookie" => self.take_cookie(value),
                _ => {}
            }
        }
        if chunked {
            self.chunks()
        } else {
            self.text(length)
        }
    }

    fn take_cookie(&mut self, value: &str) {
        if let Some((cookie, _)) = value.split_once(';')
            && cookie.contains("mandant=")
        {
            cookie.clone_into(&mut self.cookie);
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn text(&mut self, length: usize) -> Result<String> {
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        String::from_utf8(body).map_err(failed)
    }

    fn chunks(&mut self) -> Result<String> {
        let mut whole = String::new();
        loop {
            let length = usize::from_str_radix(&self.line()?, 16).map_err(failed)?;
            whole += &self.text(length)?;
            self.line()?;
            if length == 0 {
                return Ok(whole);
            }
        }
    }
}
