//! One cluster on disk: made, started, recovered, stopped. What stands in it is `database`'s business.

use super::binaries;
use super::error::{EmbeddedError, Result, at};
use super::passwords::Passwords;
use super::process;
use super::programs::Programs;
use super::socket;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// May do everything in the private server; used to make the other one and for hardening.
pub const SUPERUSER: &str = "postgres";
/// What the program works with.
pub const LOGIN: &str = "mandant";

/// Recovery after a crash reads at most some GB of log; a slow disk takes minutes for that.
const PATIENCE: Duration = Duration::from_secs(600);

/// Why each: 256 MB of buffers serve a million recipients from memory and are little on a server;
/// 2 GB of WAL let an import run without a checkpoint every few seconds; pg_dump of 1,000 tenants needs
/// more locks than the default 64; no statement and no value is ever logged.
const SETTINGS: &str = "\
# Written anew at each start. Your own settings: ALTER SYSTEM, as the superuser.
listen_addresses = ''
max_connections = 200
max_locks_per_transaction = 256
shared_buffers = 256MB
max_wal_size = 2GB
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_statement = none
log_min_error_statement = panic
log_min_messages = warning
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
";
const SETTINGS_FILE: &str = "mandant.conf";

/// The cluster of a data folder.
#[derive(Debug)]
pub struct Cluster {
    data_dir: PathBuf,
    folder: PathBuf,
    programs: Programs,
    socket: PathBuf,
    passwords: Passwords,
}

impl Cluster {
    /// Finds programs, socket folder and passwords; makes the passwords if there are none yet.
    pub fn open(data_dir: &Path, bin_dir: Option<&Path>) -> Result<Self> {
        let name = data_dir.to_string_lossy();
        if name.contains(['"', '$', '`', '\\', '\n']) {
            return Err(EmbeddedError::FolderName(data_dir.to_owned()));
        }
        let folder = data_dir.join("postgres");
        let release = fs::read_to_string(folder.join("PG_VERSION"))
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let bin = binaries::find(data_dir, bin_dir, release)?;
        Ok(Self {
            passwords: Passwords::of(data_dir, release.is_some())?,
            programs: Programs::new(data_dir, bin),
            socket: socket::folder(data_dir),
            data_dir: data_dir.to_owned(),
            folder,
        })
    }

    /// A URL of one of the log-ins.
    pub fn url(&self, user: &str, database: &str) -> SecretString {
        let password = self.password(user);
        let host = socket::encoded(&self.socket);
        SecretString::from(format!(
            "postgresql://{user}:{password}@/{database}?host={host}"
        ))
    }

    /// The password of one of the log-ins.
    pub fn password(&self, user: &str) -> &str {
        if user == SUPERUSER {
            self.passwords.superuser.expose_secret()
        } else {
            self.passwords.login.expose_secret()
        }
    }

    /// Connects as one of the log-ins.
    pub fn connect(&self, user: &str, database: &str) -> Result<PgConnection> {
        PgConnection::establish(self.url(user, database).expose_secret()).map_err(|error| {
            EmbeddedError::Program {
                program: "connecting to the private PostgreSQL",
                said: error.to_string(),
            }
        })
    }

    /// Makes the cluster if there is none, and starts the server unless it answers.
    pub fn ensure_running(&self) -> Result<()> {
        if !self.folder.exists() {
            self.init()?;
        }
        if self.runs() {
            return self.wait_until_it_answers();
        }
        self.start()
    }

    /// Whether there is a server; it may be busy starting.
    pub fn runs(&self) -> bool {
        self.pid().is_some_and(|pid| self.is_server(pid))
    }

    /// A server that runs may be busy recovering, for instance after one of its processes was killed.
    fn wait_until_it_answers(&self) -> Result<()> {
        let started = Instant::now();
        loop {
            let error = match self.connect(SUPERUSER, "postgres") {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if !self.runs() {
                return self.start();
            }
            let hopeless = error.to_string().contains("authentication failed");
            if hopeless || started.elapsed() > PATIENCE {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Made under another name and renamed when complete: a half-made cluster is never taken for one.
    fn init(&self) -> Result<()> {
        let draft = self.data_dir.join("postgres.new");
        if draft.exists() {
            fs::remove_dir_all(&draft).map_err(at(&draft))?;
        }
        fs::create_dir(&draft).map_err(at(&draft))?;
        self.programs.own(&draft, 0o700)?;
        let password_file = self.data_dir.join("initdb.pw");
        super::passwords::write(&password_file, self.password(SUPERUSER))?;
        self.programs.own(&password_file, 0o600)?;
        let outcome = self.programs.run(
            "initdb",
            &[
                "-D",
                &draft.to_string_lossy(),
                "-U",
                SUPERUSER,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums",
                "--pwfile",
                &password_file.to_string_lossy(),
            ],
        );
        let _ = fs::remove_file(&password_file);
        outcome?;
        let main = draft.join("postgresql.conf");
        let mut text = fs::read_to_string(&main).map_err(at(&main))?;
        text.push_str(&format!("\ninclude_if_exists = '{SETTINGS_FILE}'\n"));
        fs::write(&main, text).map_err(at(&main))?;
        fs::rename(&draft, &self.folder).map_err(at(&self.folder))
    }

    fn start(&self) -> Result<()> {
        self.prepare_socket_folder()?;
        self.forget_dead_server();
        let settings = self.folder.join(SETTINGS_FILE);
        fs::write(&settings, SETTINGS).map_err(at(&settings))?;
        self.programs.own(&settings, 0o600)?;
        let log = self.data_dir.join("postgres.log");
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&log)
            .map_err(at(&log))?;
        self.programs.own(&log, 0o600)?;
        let options = format!(
            "-c unix_socket_directories='{}' -c unix_socket_permissions=0700 -c listen_addresses='' -c port=5432",
            self.socket.display()
        );
        self.pg_ctl(&["-l", &log.to_string_lossy(), "-o", &options, "start"])
    }

    fn prepare_socket_folder(&self) -> Result<()> {
        if fs::create_dir(&self.socket).is_ok() {
            self.programs.own(&self.socket, 0o700)?;
        }
        // The name below /tmp can be guessed: somebody else's folder there would be somebody else's server.
        if self.programs.owns(&self.socket) {
            Ok(())
        } else {
            Err(EmbeddedError::ForeignSocketFolder(self.socket.clone()))
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("postmaster.pid")
    }

    fn pid(&self) -> Option<i32> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    fn is_server(&self, pid: i32) -> bool {
        process::serves(pid, &self.folder)
    }

    /// After kill -9 `postmaster.pid` and the socket's lock stay behind. PostgreSQL copes with the former, and
    /// needs it to notice processes that are left, unless the number now belongs to another process: then it
    /// refuses to start. The latter guards a folder that nobody else uses.
    fn forget_dead_server(&self) {
        process::clear_orphans(&self.folder);
        for left in [".s.PGSQL.5432", ".s.PGSQL.5432.lock"] {
            let _ = fs::remove_file(self.socket.join(left));
        }
        if self
            .pid()
            .is_some_and(|pid| process::is_alive(pid) && !self.is_server(pid))
        {
            let _ = fs::remove_file(self.pid_file());
        }
    }

    /// Stops the server, if it runs. Never by the number alone, which may be another's by now.
    pub fn stop(&self) -> Result<()> {
        if !self.runs() {
            return Ok(());
        }
        self.pg_ctl(&["-m", "fast", "stop"])
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Result<()> {
        let folder = self.folder.to_string_lossy();
        let patience = PATIENCE.as_secs().to_string();
        let mut all = vec!["-D", &*folder, "-w", "-t", &patience, "-s"];
        all.extend(arguments);
        self.programs.run("pg_ctl", &all)
    }
}
