//! A mail server on loopback that keeps what it receives: SMTP as far as a client speaks it, no encryption.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A mail as it came in.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Envelope sender.
    pub from: String,
    /// Envelope recipients.
    pub to: Vec<String>,
    /// Its headers, unfolded, a line each.
    pub headers: Vec<String>,
    /// Its text, decoded.
    pub text: String,
}

impl Mail {
    /// A header's value.
    pub fn header(&self, name: &str) -> String {
        let start = format!("{}:", name.to_lowercase());
        let line = self
            .headers
            .iter()
            .find(|line| line.to_lowercase().starts_with(&start));
        line.map(|line| line[start.len()..].trim().to_owned())
            .unwrap_or_default()
    }

    /// The path of the link in it that begins with `base`.
    pub fn link(&self, base: &str) -> String {
        let at = self.text.find(base).unwrap_or_else(|| {
            panic!("no link to {base} in {}", self.text);
        });
        let rest = &self.text[at + base.len()..];
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

#[derive(Default)]
struct Shared {
    mails: Mutex<Vec<Mail>>,
    /// How many recipients are refused first, and how.
    refuse: Mutex<(usize, String)>,
    sessions: AtomicUsize,
    log_ins: Mutex<Vec<String>>,
}

/// The server.
pub struct Mailbox {
    /// Its port.
    pub port: u16,
    shared: Arc<Shared>,
}

impl Mailbox {
    /// Listens.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, shared) = (stream.unwrap(), Arc::clone(&of_thread));
                thread::spawn(move || {
                    shared.sessions.fetch_add(1, Ordering::Relaxed);
                    let _ = talk(stream, &shared);
                });
            }
        });
        Self { port, shared }
    }

    /// Refuses the next `times` recipients with this answer.
    pub fn refuse(&self, times: usize, answer: &str) {
        *self.shared.refuse.lock().unwrap() = (times, answer.to_owned());
    }

    /// What was sent as log-ins, still encoded.
    pub fn log_ins(&self) -> Vec<String> {
        self.shared.log_ins.lock().unwrap().clone()
    }

    /// How many connections came.
    pub fn sessions(&self) -> usize {
        self.shared.sessions.load(Ordering::Relaxed)
    }

    /// Everything received by now.
    pub fn all(&self) -> Vec<Mail> {
        self.shared.mails.lock().unwrap().clone()
    }

    /// The newest mail to this address whose text holds `part`, once it is there.
    pub fn wait(&self, to: &str, part: &str) -> Mail {
        let begun = Instant::now();
        loop {
            let all = self.all();
            let hit = all
                .iter()
                .rev()
                .find(|mail| mail.to.iter().any(|one| one == to) && mail.text.contains(part));
            if let Some(mail) = hit {
                return mail.clone();
            }
            assert!(
                begun.elapsed() < super::PATIENCE,
                "no mail to {to} with {part:?} among {all:#?}"
            );
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn talk(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    let mut say = move |text: &str| out.write_all(format!("{text}\r\n").as_bytes());
    let (mut from, mut to) = (String::new(), Vec::new());
    say("220 mailbox")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let upper = line.to_uppercase();
        match upper.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => {
                say("250-mailbox")?;
                say("250-8BITMIME")?;
                say("250 AUTH PLAIN")?;
            }
            "AUTH" => {
                shared.log_ins.lock().unwrap().push(line.to_owned());
                say("235 welcome")?;
            }
            "MAIL" => {
                (from, to) = (address(line), Vec::new());
                say("250 ok")?;
            }
            "RCPT" => {
                let mut refuse = shared.refuse.lock().unwrap();
                if refuse.0 > 0 {
                    refuse.0 -= 1;
                    say(&refuse.1)?;
                } else {
                    to.push(address(line));
                    say("250 ok")?;
                }
            }
            "DATA" => {
                say("354 go on")?;
                let raw = data(&mut lines)?;
                let mail = read(&raw, from.clone(), to.clone());
                shared.mails.lock().unwrap().push(mail);
                say("250 kept")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
}

fn address(line: &str) -> String {
    let inner = line
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inner
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}

fn data(lines: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 || line == b".\r\n" {
            return Ok(all);
        }
        all.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn read(raw: &[u8], from: String, to: Vec<String>) -> Mail {
    let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut headers: Vec<String> = Vec::new();
    for line in head.lines() {
        match headers.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => *last += line,
            _ => headers.push(line.to_owned()),
        }
    }
    let encoding = headers
        .iter()
        .find(|line| line.to_lowercase().starts_with("content-transfer-encoding"))
        .map(|line| line.to_lowercase())
        .unwrap_or_default();
    let text = if encoding.contains("quoted-printable") {
        quoted_printable(body)
    } else if encoding.contains("base64") {
        panic!("a text in base64 is not readable as it is")
    } else {
        body.to_owned()
    };
    Mail {
        from,
        to,
        headers,
        text,
    }
}

fn quoted_printable(text: &str) -> String {
    let text = text.replace("=\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let code = tail
            .get(..2)
            .and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
