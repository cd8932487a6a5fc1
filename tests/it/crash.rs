//! What is killed in the middle of its work: PostgreSQL, the program, and the program politely. Nothing that
//! was acknowledged is lost, and the jobs at work come to their end with counts that are right.

use crate::embedded::{Folder, ask, kill, run, wait};
use crate::support::app::{PASSWORD, visitor_at};
use crate::support::program::{Program, Reply};
use mandant::db::embedded::Embedded;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const MANDANT: &str = env!("CARGO_BIN_EXE_mandant");
/// Recipients that the bulk act is about: several of its batches.
const OLD: i64 = 12_000;
/// Rows of the import: several of its batches.
const NEW: i64 = 60_000;

/// An installation on a private server, which this test uses as well.
struct House {
    server: Option<Child>,
    url: String,
    token: String,
    user: Embedded,
    folder: Folder,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let user = folder.join();
        let mut house = Self {
            server: None,
            url: String::new(),
            token: String::new(),
            user,
            folder,
        };
        let setup = "setup --name Main --email admin@example.org --password-stdin";
        house.verb(setup, PASSWORD);
        let token = "token create --email admin@example.org --tenant main --name test --json";
        let made: Value = serde_json::from_str(&house.verb(token, "")).unwrap();
        made["token"].as_str().unwrap().clone_into(&mut house.token);
        house.serve();
        house
    }

    fn verb(&self, words: &str, input: &str) -> String {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{words}");
        String::from_utf8(out.stdout).unwrap()
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(MANDANT);
        command
            .args(words.split(' '))
            .arg("--data-dir")
            .arg(&self.folder.1)
            .env_remove("MANDANT_DATABASE_URL")
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    fn serve(&mut self) {
        let mut child = self.command("serve --listen 127.0.0.1:0").spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert!(line.starts_with("http"), "serve said {line:?}");
        line.trim_end().clone_into(&mut self.url);
        self.server = Some(child);
    }

    fn program(&self) -> Program {
        Program::before(&self.url, &self.token, "main")
    }

    /// The program's database as the superuser, who sees all rows.
    fn database(&self) -> SecretString {
        let url = self.user.superuser_url();
        SecretString::from(url.expose_secret().replace("/postgres?", "/mandant?"))
    }

    fn number(&self, what: &str) -> i64 {
        ask(&self.database(), what).parse().unwrap()
    }

    /// Old recipients; and a hold at which an import and a bulk act wait in the middle of their second batches.
    /// Making a mailing list takes a while.
    fn fill(&self) {
        run(
            &self.database(),
            &format!(
                "INSERT INTO t_1.recipients (email, last_name)
                    SELECT 'old' || n || '@example.org', 'A' FROM generate_series(1, {OLD}) n;
                 CREATE TABLE t_1.held AS SELECT 1 AS held;
                 CREATE FUNCTION t_1.hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                    IF TG_OP = 'INSERT' AND (SELECT count(*) FROM t_1.recipients WHERE email LIKE 'new%') > 50000
                        OR TG_OP = 'UPDATE' AND (SELECT count(*) FROM t_1.recipients WHERE last_name = 'B') > 5000 THEN
                        WHILE EXISTS (SELECT FROM t_1.held) LOOP PERFORM pg_sleep(0.02); END LOOP;
                    END IF;
                    RETURN NULL;
                 END $$;
                 CREATE TRIGGER hold AFTER INSERT OR UPDATE ON t_1.recipients
                    FOR EACH STATEMENT EXECUTE FUNCTION t_1.hold();
                 CREATE FUNCTION t_1.slowly() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                    $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
                 CREATE TRIGGER slowly AFTER INSERT ON t_1.lists FOR EACH STATEMENT EXECUTE FUNCTION t_1.slowly()"
            ),
        );
    }

    /// Lets go what waits in its middle.
    fn let_go(&self) {
        run(&self.database(), "DELETE FROM t_1.held");
    }

    /// Starts an import and a bulk act that changes just the field by which it finds; answers when both are in
    /// the middle.
    fn jobs_in_the_middle(&self) -> Jobs {
        let mut file = "email\n".to_owned();
        for number in 0..NEW {
            file += &format!("new{number}@example.org\n");
        }
        let import = begin_import(&self.program(), &file);
        let person = visitor_at(&self.url);
        person.log_in("admin@example.org");
        let fields = self.program().get("/fields");
        let field = fields
            .items()
            .iter()
            .find(|field| field["key"] == "last_name")
            .unwrap();
        let field = field["id"].to_string();
        let order = [
            ("act", "set"),
            ("which", "all"),
            ("state", "rule=last_name+%3D+%27A%27"),
            ("field", &field),
            ("value", "B"),
        ];
        let begun = person.post("/t/main/recipients/bulk", &order);
        let bulk = begun.location.rsplit('/').next().unwrap();
        let bulk = bulk.split('?').next().unwrap();
        let bulk: i64 = bulk.parse().unwrap_or_else(|_| panic!("{begun:?}"));
        let jobs = Jobs { import, bulk };
        let middle = || {
            let done = format!(
                "SELECT count(*) FROM control.jobs WHERE state = 'running' AND done > 0 AND (id = {bulk} OR kind = 'recipients.import')"
            );
            self.number(&done) == 2
        };
        assert!(wait(middle), "the jobs do not get to work together");
        jobs
    }

    fn cut_off(&mut self) -> Child {
        self.server.take().unwrap()
    }

    /// Nothing is lost, nothing is done twice, and the counts say so.
    fn all_is_well(&self, jobs: &Jobs) {
        let state = format!("SELECT state FROM control.jobs WHERE id = {}", jobs.bulk);
        assert!(wait(|| ask(&self.database(), &state) == "done"));
        let counted = format!(
            "SELECT done || ' of ' || total FROM control.jobs WHERE id = {}",
            jobs.bulk
        );
        assert_eq!(ask(&self.database(), &counted), format!("{OLD} of {OLD}"));
        let program = self.program();
        let import = || program.get(&format!("/imports/{}", jobs.import)).json;
        assert!(wait(|| import()["state"] == "done"), "{}", import());
        let done = import();
        for (count, wanted) in [
            ("rows", NEW),
            ("created", NEW),
            ("updated", 0),
            ("unchanged", 0),
            ("refused", 0),
        ] {
            assert_eq!(done[count], wanted, "{count} of {done}");
        }
        for (whom, wanted) in [
            ("last_name = 'B'", OLD),
            ("last_name = 'A'", 0),
            ("email LIKE 'new%'", NEW),
        ] {
            let found = format!("SELECT count(*) FROM t_1.recipients WHERE {whom}");
            assert_eq!(self.number(&found), wanted, "{whom}");
        }
        let stages = "SELECT count(*) FROM pg_class WHERE relname LIKE 'stage\\_%'";
        assert_eq!(self.number(stages), 0, "a stage was left behind");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

struct Jobs {
    import: i64,
    bulk: i64,
}

fn begin_import(program: &Program, file: &str) -> i64 {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    let begun = program.run("POST", "/imports", "multipart/form-data; boundary=x", &body);
    assert_eq!(begun.status, 202, "{begun:?}");
    begun.json["id"].as_i64().unwrap()
}

fn make_list(program: &Program, name: &str) -> Reply {
    program.send("POST", "/lists", json!({ "name": name }))
}

fn has_list(program: &Program, name: &str) -> bool {
    let lists = program.get("/lists");
    lists.items().iter().any(|list| list["name"] == name)
}

#[test]
fn a_killed_database_is_started_again_and_the_work_goes_on() {
    let house = House::new();
    house.fill();
    let program = house.program();
    let jobs = house.jobs_in_the_middle();
    assert_eq!(make_list(&program, "Acknowledged").status, 201);
    kill(house.folder.server());
    let told = visitor_at(&house.url).get("/login");
    // Said to be gone, or back already.
    assert!(matches!(told.status, 200 | 503), "{told:?}");
    let ready = || visitor_at(&house.url).get("/readyz").status == 200;
    assert!(wait(ready), "the database does not come back");
    house.let_go();
    assert!(has_list(&program, "Acknowledged"));
    house.all_is_well(&jobs);
}

#[test]
fn a_killed_program_goes_on_with_its_work_at_the_next_start() {
    let mut house = House::new();
    house.fill();
    let jobs = house.jobs_in_the_middle();
    assert_eq!(make_list(&house.program(), "Acknowledged").status, 201);
    let mut server = house.cut_off();
    server.kill().unwrap();
    server.wait().unwrap();
    // What its connections were at is still there, and gives up only now.
    house.serve();
    house.let_go();
    assert!(has_list(&house.program(), "Acknowledged"));
    house.all_is_well(&jobs);
}

#[test]
fn a_program_told_to_stop_answers_who_asked_and_puts_its_jobs_back() {
    let mut house = House::new();
    house.fill();
    let jobs = house.jobs_in_the_middle();
    let program = house.program();
    let asked = std::thread::spawn(move || make_list(&program, "Asked before").status);
    let at_work = "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'INSERT INTO .lists.' AND state = 'active'";
    assert!(wait(|| house.number(at_work) == 1));
    let mut server = house.cut_off();
    let told = Instant::now();
    let term = Command::new("kill").arg(server.id().to_string()).status();
    assert!(term.unwrap().success());
    house.let_go();
    assert_eq!(asked.join().unwrap(), 201);
    assert!(server.wait().unwrap().success());
    assert!(told.elapsed() < Duration::from_secs(30), "{told:?}");
    let put_back = "SELECT count(*) FROM control.jobs WHERE state = 'queued' AND attempts = 0";
    assert_eq!(house.number(put_back), 2);
    house.serve();
    assert!(has_list(&house.program(), "Asked before"));
    house.all_is_well(&jobs);
}
