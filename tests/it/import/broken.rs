//! Programs that die in the middle of an import: what is left says so, or is gone on with.

use crate::support::app::{PASSWORD, Person, TestApp, visitor_at};
use crate::support::{PATIENCE, TestDb, count};
use diesel::connection::SimpleConnection;
use secrecy::ExposeSecret;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program, killed at the end of the test if not before.
pub struct Process(Child);

impl Process {
    /// Runs it on a test's database.
    pub fn start(db: &TestDb, arguments: &[&str]) -> Self {
        Self::start_by(db, &[], arguments)
    }

    fn start_by(db: &TestDb, by: &[&str], arguments: &[&str]) -> Self {
        let words = [by, &[env!("CARGO_BIN_EXE_mandant")], arguments].concat();
        let child = Command::new(words[0])
            .args(&words[1..])
            .arg("--database-url")
            .arg(db.database.url.expose_secret())
            .arg("--files-dir")
            .arg(db.files())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Runs a server; answers its address, too.
    pub fn serve(db: &TestDb) -> (Self, String) {
        Self::serve_by(db, &[])
    }

    /// Runs a server by another program.
    pub fn serve_by(db: &TestDb, by: &[&str]) -> (Self, String) {
        let mut process = Self::start_by(db, by, &["serve", "--listen", "127.0.0.1:0"]);
        let mut line = String::new();
        let out = process.0.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        (process, line.trim().to_owned())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn people(rows: usize) -> String {
    let mut text = String::from("email,first name\n");
    for n in 0..rows {
        text += &format!("p{n}@example.org,N{n}\n");
    }
    text
}

pub fn wait(what: &str, mut until: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !until() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ask(db: &TestDb, query: &str) -> i64 {
    count(&mut db.as_provisioner(), query)
}

/// A minute of silence passes.
fn fall_silent(db: &TestDb) {
    db.as_provisioner()
        .batch_execute("UPDATE control.jobs SET heard_at = now() - interval '2 minutes' WHERE state = 'running'")
        .unwrap();
}

const ROWS: &str = "SELECT COALESCE(max(rows), 0) AS n FROM t_1.imports WHERE state = 'running'";

fn import_by_command(db: &TestDb, file: &Path) -> Process {
    let file = file.to_str().unwrap();
    let arguments = ["recipients", "import", "--tenant", "main", "--file", file];
    Process::start(db, &[&arguments[..], &["--json"]].concat())
}

#[test]
fn a_killed_import_of_the_command_line_ends_as_broken_off() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let file = app.db.files().join("people.csv");
    std::fs::write(&file, people(200_000)).unwrap();
    let killed = import_by_command(&app.db, &file);
    wait("the first batch", || ask(&app.db, ROWS) > 0);
    killed.kill();

    // As long as it may still be alive it counts as running; then the server notices.
    let state = || anna.get("/t/main/imports").texts("tbody .badge");
    assert_eq!(state(), ["running"]);
    fall_silent(&app.db);
    wait("the end", || state() != ["running"]);
    assert_eq!(state(), ["broken off"]);
    let page = anna.get("/t/main/imports/1");
    assert!(
        page.texts(".alert-danger")[0].starts_with("It broke off"),
        "{}",
        page.body
    );
    let there = ask(&app.db, "SELECT count(*) AS n FROM t_1.recipients");
    assert!((50_000..200_000).contains(&there), "{there}");
    assert_eq!(
        page.texts("dl.pairs dd")[0].replace(',', ""),
        there.to_string(),
        "how far it got"
    );
    let stages = "SELECT count(*) AS n FROM pg_class WHERE relname LIKE 'stage\\_%'";
    assert_eq!(ask(&app.db, stages), 0);
    let told = anna.get("/t/main/audit?act=recipients.import");
    assert!(
        told.texts("tbody td").contains(&"people.csv".to_owned()),
        "{}",
        told.body
    );

    std::fs::write(&file, people(200)).unwrap();
    let mut next = import_by_command(&app.db, &file);
    assert!(next.0.wait().unwrap().success());
    assert_eq!(state(), ["done", "broken off"]);
}

#[test]
fn an_import_of_the_command_line_can_be_stopped_on_its_page() {
    let app = TestApp::new();
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let file = app.db.files().join("people.csv");
    std::fs::write(&file, people(300_000)).unwrap();
    let mut running = import_by_command(&app.db, &file);
    wait("the first batch", || ask(&app.db, ROWS) > 0);
    anna.get("/t/main/imports/1");
    assert_eq!(anna.post("/t/main/imports/1/cancel", &[]).status, 303);
    assert!(running.0.wait().unwrap().success());
    assert_eq!(
        anna.get("/t/main/imports").texts("tbody .badge"),
        ["cancelled"]
    );
    assert!(ask(&app.db, "SELECT count(*) AS n FROM t_1.recipients") < 300_000);
}

fn first_import(anna: &Person, text: &str) {
    anna.log_in("admin@example.org");
    anna.get("/t/main/imports/new");
    let begun = anna.upload("/t/main/imports", "people.csv", text);
    assert_eq!(begun.status, 303, "{}", begun.body);
    let page = anna.get(&begun.location);
    assert_eq!(anna.send_form(&page, &[]).status, 303);
    wait("the dry run", || {
        anna.get("/t/main/imports").texts("tbody .badge") == ["checked"]
    });
    assert_eq!(anna.post("/t/main/imports/1/run", &[]).status, 303);
}

#[test]
fn an_import_whose_server_was_killed_goes_on_with_the_next_server() {
    let db = TestDb::bare();
    db.set_up_with(Some(PASSWORD));
    let (killed, address) = Process::serve(&db);
    let text = people(150_000) + "nobody,N\np1@example.org,again\n";
    first_import(&visitor_at(&address), &text);
    wait("the first batch", || ask(&db, ROWS) > 0);
    killed.kill();
    let before = ask(&db, "SELECT count(*) AS n FROM t_1.recipients");
    assert!((50_000..150_000).contains(&before), "{before}");

    fall_silent(&db);
    let (_second, address) = Process::serve(&db);
    let anna = visitor_at(&address);
    anna.log_in("admin@example.org");
    let state = || anna.get("/t/main/imports").texts("tbody .badge");
    wait("the end", || state() != ["running"]);
    assert_eq!(state(), ["done"]);
    let counts = "SELECT count(*) AS n FROM t_1.imports WHERE (rows, created, updated, unchanged, refused) = (150002, 150000, 0, 0, 2)";
    assert_eq!(ask(&db, counts), 1);
    let errors = anna.get("/t/main/imports/1/errors").body;
    assert!(
        errors.contains("nobody,N,150002,") && errors.contains("again,150003,"),
        "{errors}"
    );
    let told = "SELECT count(*) AS n FROM control.audit WHERE act = 'recipients.import' AND data->>'created' = '150000'";
    assert_eq!(ask(&db, told), 1);
    let analysed = "SELECT count(*) AS n FROM pg_stat_user_tables WHERE schemaname = 't_1' \
        AND relname IN ('recipients', 'subscriptions') AND last_analyze IS NOT NULL";
    wait("the statistics", || ask(&db, analysed) == 2);
}
