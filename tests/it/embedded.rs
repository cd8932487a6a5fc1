//! The private PostgreSQL: joined, left, killed and recovered. Each test makes a real cluster of its own, in
//! a folder that only its owner may enter.

#![expect(
    clippy::disallowed_methods,
    reason = "asks the private server plain questions"
)]

use crate::support::PATIENCE;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use mandant::db::embedded::{Embedded, EmbeddedError, ServeLock};
use secrecy::{ExposeSecret, SecretString};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const MANDANT: &str = env!("CARGO_BIN_EXE_mandant");

/// A data folder; its server has stopped before it is removed.
pub(crate) struct Folder(
    #[expect(dead_code, reason = "held, not read: dropping it removes the folder")] TempDir,
    pub(crate) PathBuf,
);

impl Folder {
    pub(crate) fn new() -> Self {
        Self::below("data")
    }

    fn below(path: &str) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join(path);
        Self(parent, data)
    }

    pub(crate) fn join(&self) -> Embedded {
        Embedded::join_with_keeper(&self.1, None, Path::new(MANDANT)).unwrap()
    }

    pub(crate) fn server(&self) -> i32 {
        self.server_if_any().expect("the server runs")
    }

    fn server_if_any(&self) -> Option<i32> {
        let text = fs::read_to_string(self.1.join("postgres/postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }

    fn keeper(&self) -> i32 {
        let wanted = self.1.canonicalize().unwrap();
        let found = |pid: &i32| {
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words: Vec<_> = line.split(|byte| *byte == 0).collect();
            words.contains(&b"keep-postgres".as_slice())
                && words.contains(&wanted.as_os_str().as_encoded_bytes())
        };
        let mut all = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        all.find(found).expect("a keeper is at work")
    }

    fn wait_until_stopped(&self) {
        let gone = || self.server_if_any().is_none() && keeper_is_free(&self.1);
        assert!(wait(gone), "the server still runs");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        wait(|| keeper_is_free(&self.1));
    }
}

fn keeper_is_free(data_dir: &Path) -> bool {
    fs::File::open(data_dir.join("keeper.lock")).map_or(true, |file| file.try_lock().is_ok())
}

pub(crate) fn wait(until: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if until() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    false
}

pub(crate) fn kill(pid: i32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.unwrap().success());
}

pub(crate) fn connect(url: &SecretString) -> PgConnection {
    PgConnection::establish(url.expose_secret()).unwrap()
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The one value of `SELECT …`, as text.
pub(crate) fn ask(url: &SecretString, what: &str) -> String {
    let mut conn = connect(url);
    let answer: Answer = diesel::sql_query(format!("SELECT ({what})::text AS text"))
        .get_result(&mut conn)
        .unwrap();
    answer.text
}

pub(crate) fn run(url: &SecretString, sql: &str) {
    connect(url).batch_execute(sql).unwrap();
}

/// `mandant serve` on the folder, once it tells its address.
fn serve(folder: &Folder) -> Child {
    let mut child = Command::new(MANDANT)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&folder.1)
        .env_remove("MANDANT_DATABASE_URL")
        .env_remove("DATABASE_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("http"), "serve said {line:?}");
    child
}

#[test]
fn users_share_the_server_and_the_last_one_stops_it() {
    let folder = Folder::new();
    let first = folder.join();
    let server = folder.server();
    let second = folder.join();
    assert_eq!(folder.server(), server);
    assert_eq!(
        ask(&second.database_url(), "current_user || current_database()"),
        "mandantmandant"
    );
    first.leave();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(ask(&second.superuser_url(), "1"), "1");
    second.leave();
    folder.wait_until_stopped();
    let again = folder.join();
    assert_ne!(folder.server(), server);
    drop(again);
    folder.wait_until_stopped();
}

#[test]
fn many_users_that_come_and_go_at_once_all_get_a_server() {
    let folder = Folder::new();
    folder.join().leave();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let folder = &folder;
            scope.spawn(move || {
                for _ in 0..4 {
                    let user = folder.join();
                    assert_eq!(ask(&user.database_url(), "1"), "1", "user {number}");
                }
            });
        }
    });
    folder.wait_until_stopped();
}

#[test]
fn the_next_user_recovers_a_killed_server_with_its_data() {
    let folder = Folder::new();
    let user = folder.join();
    run(&user.database_url(), "CREATE TABLE kept AS SELECT 7 AS n");
    // A process of the server is deep in a query when the server is killed.
    let busy = user.superuser_url();
    let mut orphan = connect(&busy);
    let _ = std::thread::spawn(move || {
        let _ = orphan.batch_execute("SELECT count(*) FROM generate_series(1, 2000000000)");
    });
    std::thread::sleep(Duration::from_millis(200));
    kill(folder.server());
    let next = folder.join();
    assert_eq!(ask(&next.database_url(), "SELECT n FROM kept"), "7");
    assert_eq!(ask(&user.database_url(), "SELECT n FROM kept"), "7");
    drop((user, next));
    folder.wait_until_stopped();
}

#[test]
fn a_number_that_belongs_to_another_process_by_now_is_no_server() {
    let folder = Folder::new();
    let user = folder.join();
    run(&user.database_url(), "CREATE TABLE kept AS SELECT 7 AS n");
    let server = folder.server();
    kill(server);
    drop(user);
    assert!(wait(|| keeper_is_free(&folder.1)));
    // PostgreSQL takes a living process of its own user for a server, whatever it is.
    let mut other = another_process_of_the_servers_user(&folder);
    let path = folder.1.join("postgres/postmaster.pid");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replacen(&server.to_string(), &other.id().to_string(), 1);
    fs::write(&path, text).unwrap();
    let path = folder.1.join("run/.s.PGSQL.5432.lock");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replacen(&server.to_string(), &other.id().to_string(), 1);
    fs::write(&path, text).unwrap();
    let next = folder.join();
    assert_eq!(ask(&next.database_url(), "SELECT n FROM kept"), "7");
    assert!(
        other.try_wait().unwrap().is_none(),
        "the other lives untouched"
    );
    other.kill().unwrap();
    other.wait().unwrap();
    drop(next);
    folder.wait_until_stopped();
}

fn another_process_of_the_servers_user(folder: &Folder) -> Child {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let owner = fs::metadata(folder.1.join("postgres")).unwrap();
    let mut command = Command::new("sleep");
    command
        .arg("60")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if owner.uid() != fs::metadata("/proc/self").unwrap().uid() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.spawn().unwrap()
}

#[test]
fn a_killed_keeper_is_replaced() {
    let folder = Folder::new();
    let first = folder.join();
    kill(folder.keeper());
    assert!(wait(|| keeper_is_free(&folder.1)));
    // By who joins …
    let second = folder.join();
    kill(folder.keeper());
    assert!(wait(|| keeper_is_free(&folder.1)));
    // … and by who leaves.
    drop((first, second));
    folder.wait_until_stopped();
}

#[test]
fn a_killed_serve_leaves_no_server_behind_and_there_is_one_serve_only() {
    let folder = Folder::new();
    let mut first = serve(&folder);
    let refused = ServeLock::take(&folder.1).unwrap_err();
    assert!(
        matches!(refused, EmbeddedError::AlreadyServing(_)),
        "{refused}"
    );
    // Other verbs join.
    assert_eq!(ask(&folder.join().database_url(), "1"), "1");
    first.kill().unwrap();
    first.wait().unwrap();
    folder.wait_until_stopped();
    drop(ServeLock::take(&folder.1).unwrap());
}

#[test]
fn a_long_and_odd_path_works() {
    let folder = Folder::below(&format!("Müllers Daten/{}/data", "long".repeat(30)));
    let user = folder.join();
    assert_eq!(ask(&user.database_url(), "1"), "1");
    drop(user);
    folder.wait_until_stopped();
}

#[test]
fn a_keeper_that_fails_is_told() {
    let folder = Folder::new();
    let error = Embedded::join_with_keeper(&folder.1, None, Path::new("/bin/false")).unwrap_err();
    assert!(matches!(error, EmbeddedError::Keeper(_)), "{error}");
}

#[test]
fn an_attempt_that_was_cut_off_does_not_count() {
    let folder = Folder::new();
    fs::create_dir_all(folder.1.join("postgres.new")).unwrap();
    fs::write(folder.1.join("postgres.new/PG_VERSION"), "15\n").unwrap();
    let user = folder.join();
    run(
        &user.superuser_url(),
        "ALTER DATABASE mandant RENAME TO mandant_new",
    );
    drop(user);
    let user = folder.join();
    assert_eq!(ask(&user.database_url(), "current_database()"), "mandant");
    drop(user);
    folder.wait_until_stopped();
}

#[test]
fn the_database_is_hardened_and_its_files_are_closed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let user = folder.join();
    let url = user.superuser_url();
    run(&url, "CREATE ROLE stranger");
    let url = SecretString::from(url.expose_secret().replace("/postgres?", "/mandant?"));
    for denied in [
        "has_database_privilege('stranger', 'mandant', 'CONNECT')",
        "has_database_privilege('stranger', 'mandant', 'TEMP')",
        "has_database_privilege('stranger', 'postgres', 'CONNECT')",
        "has_schema_privilege('stranger', 'public', 'CREATE')",
        "has_function_privilege('stranger', 'pg_sleep(float8)', 'EXECUTE')",
        "has_function_privilege('stranger', 'set_config(text, text, boolean)', 'EXECUTE')",
        "has_function_privilege('stranger', 'lo_get(oid)', 'EXECUTE')",
        "has_function_privilege('stranger', 'query_to_xml(text, boolean, boolean, text)', 'EXECUTE')",
        "SELECT rolsuper FROM pg_roles WHERE rolname = 'mandant'",
    ] {
        assert_eq!(ask(&url, denied), "false", "{denied}");
    }
    for (setting, value) in [
        ("listen_addresses", ""),
        ("data_checksums", "on"),
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("max_locks_per_transaction", "256"),
        ("TimeZone", "UTC"),
    ] {
        assert_eq!(ask(&url, &format!("current_setting('{setting}')")), value);
    }
    let mut conn = connect(&user.database_url());
    let trgm: Has = diesel::sql_query(
        "SELECT count(*) = 1 AS yes FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace \
         WHERE extname = 'pg_trgm' AND nspname = 'ext'",
    )
    .get_result(&mut conn)
    .unwrap();
    assert!(trgm.yes);
    for (file, mode) in [
        ("postgres", 0o700),
        ("postgres.secret", 0o600),
        ("postgres.log", 0o600),
    ] {
        let found = fs::metadata(folder.1.join(file)).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, mode, "{file}");
    }
    let wrong = user
        .database_url()
        .expose_secret()
        .replace("mandant:", "mandant:x");
    assert!(PgConnection::establish(&wrong).is_err());
    drop(conn);
    drop(user);
    folder.wait_until_stopped();
}

#[derive(QueryableByName)]
struct Has {
    #[diesel(sql_type = Bool)]
    yes: bool,
}
