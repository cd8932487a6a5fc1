//! One cluster on disk: made, started, checked, stopped.

#![expect(
    clippy::disallowed_methods,
    reason = "making the private database and its log-in is fixed SQL"
)]

use super::{EmbeddedError, Result, at, binaries};
use crate::secrets::random_hex;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// May do everything in the private server; used to make the other one and for hardening.
pub const SUPERUSER: &str = "postgres";
/// What the program works with.
pub const LOGIN: &str = "mandant";
/// The program's database.
pub const DATABASE: &str = "mandant";

/// The longest path a Unix socket's address takes, less PostgreSQL's `/.s.PGSQL.5432`.
const LONGEST_SOCKET_FOLDER: usize = 85;

/// Why each: 256 MB of buffers serve a million recipients from memory and are little on a server;
/// 2 GB of WAL let an import run without a checkpoint every few seconds; pg_dump of 1,000 tenants needs
/// more locks than the default 64; no statement and no value is ever logged.
const SETTINGS: &str = "
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
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
";

/// The cluster of a data folder.
#[derive(Debug)]
pub struct Cluster {
    data_dir: PathBuf,
    bin: PathBuf,
    socket: PathBuf,
    superuser_password: String,
    password: String,
}

impl Cluster {
    /// Finds programs, socket folder and passwords; makes the passwords if there are none yet.
    pub fn open(data_dir: &Path, bin_dir: Option<&Path>) -> Result<Self> {
        let (superuser_password, password) = passwords(data_dir)?;
        Ok(Self {
            bin: binaries::find(bin_dir)?,
            socket: socket_folder(data_dir),
            data_dir: data_dir.to_owned(),
            superuser_password,
            password,
        })
    }

    fn postgres(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    /// A URL of one of the log-ins.
    pub fn url(&self, user: &str, database: &str) -> SecretString {
        let password = if user == SUPERUSER {
            &self.superuser_password
        } else {
            &self.password
        };
        let host: String =
            url::form_urlencoded::byte_serialize(self.socket.to_string_lossy().as_bytes())
                .collect();
        // byte_serialize writes a space as +, which libpq does not read so.
        let host = host.replace('+', "%20");
        SecretString::from(format!(
            "postgresql://{user}:{password}@/{database}?host={host}"
        ))
    }

    /// Makes the cluster if there is none, and starts the server unless it answers.
    pub fn ensure_running(&self) -> Result<()> {
        if !self.postgres().join("PG_VERSION").exists() {
            self.init()?;
        }
        if PgConnection::establish(self.url(SUPERUSER, "postgres").expose_secret()).is_ok() {
            return Ok(());
        }
        self.start()
    }

    fn init(&self) -> Result<()> {
        let target = self.postgres();
        // What is left of an attempt that was cut off.
        if target.exists() {
            fs::remove_dir_all(&target).map_err(at(&target))?;
        }
        fs::create_dir(&target).map_err(at(&target))?;
        self.own(&target, 0o700)?;
        let password_file = self.data_dir.join("initdb.pw");
        write_private(&password_file, &self.superuser_password)?;
        self.own(&password_file, 0o600)?;
        let outcome = self.run(
            "initdb",
            &[
                "-D",
                &target.to_string_lossy(),
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
        if outcome.is_err() {
            // A half-made cluster must not be taken for one at the next start.
            let _ = fs::remove_dir_all(&target);
        }
        outcome?;
        let settings = target.join("postgresql.auto.conf");
        let mut file = OpenOptions::new()
            .append(true)
            .open(&settings)
            .map_err(at(&settings))?;
        file.write_all(SETTINGS.as_bytes()).map_err(at(&settings))
    }

    fn start(&self) -> Result<()> {
        if !self.socket.exists() {
            fs::create_dir_all(&self.socket).map_err(at(&self.socket))?;
            self.own(&self.socket, 0o700)?;
        }
        self.forget_dead_server();
        let log = self.data_dir.join("postgres.log");
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&log)
            .map_err(at(&log))?;
        self.own(&log, 0o600)?;
        let options = format!(
            "-c unix_socket_directories='{}' -c listen_addresses=''",
            self.socket.display()
        );
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.postgres().to_string_lossy(),
                "-l",
                &log.to_string_lossy(),
                "-w",
                "-t",
                "120",
                "-s",
                "-o",
                &options,
                "start",
            ],
        )
    }

    /// After kill -9 `postmaster.pid` stays behind. PostgreSQL itself copes, unless the number now belongs
    /// to another process of its user; then it would refuse to start.
    fn forget_dead_server(&self) {
        let pid_file = self.postgres().join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&pid_file) else {
            return;
        };
        let pid = text.lines().next().unwrap_or_default().trim().to_owned();
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if !name.trim().starts_with("postgres") {
            let _ = fs::remove_file(&pid_file);
        }
    }

    /// Stops the server, if it runs.
    pub fn stop(&self) -> Result<()> {
        if !self.postgres().join("postmaster.pid").exists() {
            return Ok(());
        }
        self.run(
            "pg_ctl",
            &[
                "-D",
                &self.postgres().to_string_lossy(),
                "-m",
                "fast",
                "-w",
                "-t",
                "120",
                "-s",
                "stop",
            ],
        )
    }

    /// The program's log-in and database, and what a superuser can do to harden them.
    pub fn ensure_database(&self) -> Result<()> {
        let mut conn = self.connect(SUPERUSER, "postgres")?;
        let sql = |conn: &mut PgConnection, text: &str| {
            conn.batch_execute(text)
                .map_err(|error| EmbeddedError::Program {
                    program: "preparing the database",
                    said: error.to_string(),
                })
        };
        let exists = diesel::sql_query("SELECT 1 FROM pg_database WHERE datname = 'mandant'")
            .execute(&mut conn)
            .unwrap_or_default();
        if exists == 1 {
            return Ok(());
        }
        sql(
            &mut conn,
            &format!(
                "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{LOGIN}') THEN \
                 CREATE ROLE {LOGIN} LOGIN NOSUPERUSER CREATEROLE; END IF; END $$; \
                 ALTER ROLE {LOGIN} PASSWORD '{}'",
                self.password
            ),
        )?;
        sql(
            &mut conn,
            &format!("CREATE DATABASE {DATABASE} OWNER {LOGIN} ENCODING 'UTF8' TEMPLATE template0"),
        )?;
        let mut conn = self.connect(SUPERUSER, DATABASE)?;
        sql(&mut conn, HARDENING)
    }

    fn connect(&self, user: &str, database: &str) -> Result<PgConnection> {
        PgConnection::establish(self.url(user, database).expose_secret()).map_err(|error| {
            EmbeddedError::Program {
                program: "connecting to the private PostgreSQL",
                said: error.to_string(),
            }
        })
    }

    /// Runs one of PostgreSQL's programs, as an unprivileged user if we are root: PostgreSQL refuses root.
    fn run(&self, program: &'static str, arguments: &[&str]) -> Result<()> {
        let path = self.bin.join(program);
        let mut command = match server_user() {
            None => Command::new(&path),
            Some(user) => {
                // The data folder may lie below folders that the user may not enter (mkdtemp makes such):
                // this one capability lets it pass, and nothing else.
                let mut command = Command::new("setpriv");
                command
                    .args([
                        format!("--reuid={}", user.uid),
                        format!("--regid={}", user.gid),
                    ])
                    .args([
                        "--clear-groups",
                        "--inh-caps=+dac_read_search",
                        "--ambient-caps=+dac_read_search",
                    ])
                    .arg(&path);
                command
            }
        };
        // Not pipes: the server inherits them from pg_ctl and would keep them open for ever.
        let out = self.data_dir.join(format!("{program}.out"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&out)
            .map_err(at(&out))?;
        let copy = file.try_clone().map_err(at(&out))?;
        let status = command
            .args(arguments)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::from(file))
            .stderr(Stdio::from(copy))
            .status()
            .map_err(at(&path))?;
        if status.success() {
            let _ = fs::remove_file(&out);
            return Ok(());
        }
        let said = fs::read_to_string(&out).unwrap_or_default();
        let log = fs::read_to_string(self.data_dir.join("postgres.log")).unwrap_or_default();
        Err(EmbeddedError::Program {
            program,
            said: format!("{}; its log ends: {}", tail(&said), tail(&log)),
        })
    }

    fn own(&self, path: &Path, mode: u32) -> Result<()> {
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path))?;
        if let Some(user) = server_user() {
            std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid)).map_err(at(path))?;
        }
        Ok(())
    }
}

/// Nobody but the program's log-in connects; functions that dump whole tables as XML, read large objects or
/// sleep are not for tenants' roles. `set_config` stays with the program's log-in, pg_dump needs it.
const HARDENING: &str = "
REVOKE ALL ON DATABASE mandant FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'pg_catalog' AND (p.proname IN ('query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema',
            'table_to_xml', 'table_to_xmlschema', 'table_to_xml_and_xmlschema', 'schema_to_xml', 'schema_to_xmlschema',
            'schema_to_xml_and_xmlschema', 'database_to_xml', 'database_to_xmlschema', 'database_to_xml_and_xmlschema',
            'cursor_to_xml', 'cursor_to_xmlschema', 'pg_sleep', 'pg_sleep_for', 'pg_sleep_until', 'set_config')
            OR p.proname LIKE 'lo\\_%' OR p.proname IN ('loread', 'lowrite'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO mandant', f);
    END LOOP;
END $$;
";

struct ServerUser {
    uid: u32,
    gid: u32,
}

/// Whom the server runs as: ourselves, or, if we are root, `postgres`, else `nobody`.
fn server_user() -> Option<ServerUser> {
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if !root {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = passwd
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut parts = line.split(':').skip(2);
        Some(ServerUser {
            uid: parts.next()?.parse().ok()?,
            gid: parts.next()?.parse().ok()?,
        })
    })
}

fn socket_folder(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("run");
    let plain = near
        .to_string_lossy()
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if plain && near.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
        return near;
    }
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let name: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    std::env::temp_dir().join(format!("mandant-{name}"))
}

/// Superuser's and log-in's passwords, made at the first start.
fn passwords(data_dir: &Path) -> Result<(String, String)> {
    let path = data_dir.join("postgres.secret");
    if !path.exists() {
        write_private(&path, &format!("{}\n{}\n", random_hex(24), random_hex(24)))?;
    }
    let text = fs::read_to_string(&path).map_err(at(&path))?;
    let mut lines = text.lines().map(str::to_owned);
    match (lines.next(), lines.next()) {
        (Some(superuser), Some(login)) => Ok((superuser, login)),
        _ => Err(EmbeddedError::File(
            path,
            std::io::Error::other("two lines with passwords are expected"),
        )),
    }
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(at(path))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(at(path))
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(4).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
