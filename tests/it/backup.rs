//! Backup and restore of a whole installation: what comes back is compared, because a dump that policies
//! emptied looks like a good one.

use crate::isolation::provisioning::everything;
use crate::isolation::{World, rows};
use crate::support::server::Database;
use crate::support::{TestDb, by_rule};
use secrecy::ExposeSecret;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const MANDANT: &str = env!("CARGO_BIN_EXE_mandant");

fn mandant(arguments: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(MANDANT);
    command.args(arguments);
    for (option, path) in paths {
        command.arg(option).arg(path);
    }
    command
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn restore(database: &Database, files: &Path, from: &Path) -> Output {
    let url = database.url.expose_secret();
    let paths = [("--files-dir", files), ("--from", from)];
    mandant(&["restore", "--json", "--database-url", url], &paths)
}

/// Every row of every table that people or tenants filled.
fn contents(db: &TestDb) -> String {
    let mut conn = db.as_provisioner();
    let mut all = String::new();
    for table in [
        "tenants",
        "users",
        "memberships",
        "role_rights",
        "audit",
        "preferences",
        "jobs",
    ] {
        all += &rows(
            &mut conn,
            &format!("SELECT x FROM control.{table} x ORDER BY x::text"),
        )
        .unwrap();
    }
    for tenant in ["main", "nord", "sued"] {
        let id = db.tenant(tenant).id;
        for table in [
            "fields",
            "recipients",
            "recipient_changes",
            "lists",
            "subscriptions",
            "subscription_changes",
            "imports",
            "import_profiles",
            "admissions",
        ] {
            all += &rows(
                &mut conn,
                &format!("SELECT x FROM t_{id}.{table} x ORDER BY x::text"),
            )
            .unwrap();
        }
    }
    all
}

#[test]
fn an_installation_comes_back_as_it_was() {
    let mut w = World::new();
    w.attempt(
        &w.nord,
        "UPDATE recipients SET first_name = 'kept' WHERE last_name = 'Igel'",
    );
    w.ask_writing(
        &w.vip,
        r#"SELECT create_recipient('{"email":"out@nord.example"}', '{}') AS id"#,
    );
    fs::create_dir_all(w.db.files().join("t_2/uploads")).unwrap();
    fs::write(w.db.files().join("t_2/uploads/a"), "content").unwrap();
    let (before, catalogue) = (contents(&w.db), everything(&w.db));
    assert!(before.contains("kept") && before.contains("out@nord.example"));

    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    let url = w.db.database.url.expose_secret().to_owned();
    let save = || {
        let paths = [("--files-dir", w.db.files()), ("--to", to.as_path())];
        mandant(&["backup", "--json", "--database-url", &url], &paths)
    };
    let saved = save();
    assert!(saved.status.success(), "{}", said(&saved));
    let report: serde_json::Value = serde_json::from_slice(&saved.stdout).unwrap();
    assert_eq!(
        (&report["tenants"], &report["files"]),
        (&5.into(), &1.into())
    );
    let again = save();
    assert!(!again.status.success() && said(&again).contains("is not empty"));

    // Beside the first it would share its roles.
    let (second, files) = (Database::new(), tempfile::tempdir().unwrap());
    let beside = restore(&second, files.path(), &to);
    assert!(
        said(&beside).contains("another database of this server"),
        "{}",
        said(&beside)
    );
    let full = restore(&w.db.database, files.path(), &to);
    assert!(
        said(&full).contains("holds an installation already"),
        "{}",
        said(&full)
    );

    // On a server that has never seen it: no role is there.
    let aside = TestDb::bare();
    let (vip, nord) = (w.vip.clone(), w.nord.clone());
    drop(std::mem::replace(&mut w.db, aside));
    let done = restore(&second, files.path(), &to);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap(),
        report
    );

    w.db = TestDb::over(second, files);
    assert_eq!(contents(&w.db), before);
    assert_eq!(everything(&w.db), catalogue);
    assert_eq!(
        fs::read(w.db.files().join("t_2/uploads/a")).unwrap(),
        b"content"
    );
    // It works on: fences hold, numbers go on, the history is written, tenants are made.
    assert_eq!(
        w.ask(&vip, "SELECT email FROM recipients"),
        r#"[{"email":"in@nord.example"}]"#
    );
    assert_eq!(
        w.attempt(&vip, "UPDATE recipients SET title = 'Dr.'"),
        "ok 1"
    );
    assert!(
        w.ask(&vip, "SELECT changes FROM recipient_changes")
            .contains("Dr.")
    );
    w.db.recipient(&nord, "new@nord.example", &[]);
    w.db.inner("nord", "otter", by_rule("last_name = 'Otter'"));
    assert_ne!(w.db.separate("neu").id, w.db.tenant("nord/otter").id);
}

/// What arrives is counted; where a row lacks nothing stays, and the database can be used for another try.
#[test]
fn a_restore_that_lacks_a_row_is_taken_back() {
    let w = World::new();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    mandant::db::backup::backup(&w.db.database.url, w.db.files(), None, &to).unwrap();
    let path = to.join("manifest.json");
    let manifest = fs::read_to_string(&path).unwrap();
    let table = format!("\"t_{}.recipients\": 3", w.nord.id);
    assert!(manifest.contains(&table), "{manifest}");
    fs::write(&path, manifest.replace(&table, &table.replace('3', "4"))).unwrap();
    let inst = w.db.inst();
    drop(w);

    let (second, files) = (Database::new(), tempfile::tempdir().unwrap());
    let lacking = restore(&second, files.path(), &to);
    assert!(
        said(&lacking).contains("recipients has 3 rows instead of 4"),
        "{}",
        said(&lacking)
    );
    let left = format!(
        "SELECT rolname::text AS x FROM pg_roles WHERE rolname LIKE 'm{inst}\\_%' \
         UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|ext$|public$|information_schema$)'"
    );
    assert_eq!(rows(&mut second.connect(), &left).unwrap(), "[]");
    fs::write(&path, manifest).unwrap();
    let done = restore(&second, files.path(), &to);
    assert!(done.status.success(), "{}", said(&done));
    drop(TestDb::over(second, files));

    fs::remove_file(&path).unwrap();
    let third = Database::new();
    let unfinished = restore(&third, folder.path(), &to);
    assert!(
        said(&unfinished).contains("no finished backup"),
        "{}",
        said(&unfinished)
    );
}

/// The private PostgreSQL, from one data folder into another: its log-ins have passwords, its host is a folder.
#[test]
fn a_data_folder_is_saved_and_restored_into_another() {
    let folder = tempfile::Builder::new()
        .prefix("mb")
        .tempdir_in("/tmp")
        .unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (first, second, to) = (
        folder.path().join("a"),
        folder.path().join("b"),
        folder.path().join("saved"),
    );
    let tenant = [
        "tenant", "create", "--kind", "separate", "--slug", "nord", "--name", "Nord", "--json",
    ];
    let mut setup = Command::new(MANDANT)
        .args([
            "setup",
            "--name",
            "Haupt",
            "--email",
            "a@x.example",
            "--password-stdin",
            "--data-dir",
        ])
        .arg(&first)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    setup
        .stdin
        .take()
        .unwrap()
        .write_all(b"correct horse battery\n")
        .unwrap();
    assert!(setup.wait().unwrap().success());
    let made = mandant(&tenant, &[("--data-dir", &first)]);
    assert!(made.status.success(), "{}", said(&made));
    let saved = mandant(
        &["backup", "--json"],
        &[("--data-dir", &first), ("--to", &to)],
    );
    assert!(saved.status.success(), "{}", said(&saved));
    let done = mandant(
        &["restore", "--json"],
        &[("--data-dir", &second), ("--from", &to)],
    );
    assert!(done.status.success(), "{}", said(&done));
    let list = |folder: &Path| {
        let output = mandant(&["tenant", "list", "--json"], &[("--data-dir", folder)]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(list(&first), list(&second));
    assert!(list(&second).contains("nord"));
    let well = mandant(&["doctor"], &[("--data-dir", &second)]);
    let found = String::from_utf8_lossy(&well.stdout).into_owned();
    assert!(
        well.status.success() && found.lines().all(|line| line.starts_with("good")),
        "{found}"
    );
}
