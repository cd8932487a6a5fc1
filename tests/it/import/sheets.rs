//! Workbooks that begin with a cover, and what the command line says of the file that it reads.

use super::wizard::{admin, at, upload};
use crate::support::app::TestApp;
use crate::support::workbook::workbook;
use crate::support::{TestDb, count};
use secrecy::ExposeSecret;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Imports by the command line.
fn import(db: &TestDb, file: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mandant"))
        .args(["recipients", "import", "--tenant", "main", "--file"])
        .arg(file)
        .args(more)
        .arg("--database-url")
        .arg(db.database.url.expose_secret())
        .arg("--files-dir")
        .arg(db.files())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn with_cover() -> Vec<u8> {
    workbook(&[
        ("Cover", &[&["Customers of 2026"]]),
        ("Empty", &[]),
        ("People", &[&["E-Mail"], &["a@example.org"]]),
        (
            "Others",
            &[&["E-Mail"], &["b@example.org"], &["c@example.org"]],
        ),
    ])
}

#[test]
fn a_cover_is_passed_over_and_the_other_sheets_can_be_chosen() {
    let app = TestApp::new();
    let anna = admin(&app);
    let page = upload(&anna, "main", "k.xlsx", &with_cover());
    assert_eq!(
        page.texts("#sheet option"),
        ["Cover", "Empty", "People", "Others"]
    );
    assert_eq!(page.texts("#sheet option[selected]"), ["People"]);
    assert_eq!(page.texts("table tbody td"), ["a@example.org"]);
    let wrong = anna.send_form(&page, &[("sheet", "Cover")]);
    assert_eq!(wrong.status, 422);
    assert_eq!(
        wrong.texts("#sheet-error"),
        ["This sheet has no header with a row below it. Choose another."]
    );
    let checked = at(&anna, &anna.send_form(&page, &[]), "checked");
    assert_eq!(checked.texts("dl.pairs dd")[..2], ["1", "1"]);
}

#[test]
fn only_a_workbook_without_any_rows_is_refused() {
    let app = TestApp::new();
    let anna = admin(&app);
    let book = workbook(&[("Cover", &[&["Customers"]]), ("Empty", &[])]);
    anna.get("/t/main/imports");
    let refused = anna.upload_bytes("/t/main/imports", "k.xlsx", &book);
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.texts("#file-error"),
        ["No sheet of the workbook has a header with a row below it."]
    );
}

#[test]
fn the_command_line_takes_the_first_sheet_with_rows_or_the_one_that_is_named() {
    let db = TestDb::new();
    let file = db.files().join("k.xlsx");
    std::fs::write(&file, with_cover()).unwrap();
    let people = "SELECT count(*) AS n FROM t_1.recipients";
    let done = import(&db, &file, &[]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains(
            "sheet \"People\" is read; --sheet chooses another: \"Cover\", \"Empty\", \"Others\""
        ),
        "{}",
        said(&done)
    );
    assert_eq!(count(&mut db.as_provisioner(), people), 1);
    let done = import(&db, &file, &["--sheet", "Others"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(count(&mut db.as_provisioner(), people), 3);
    for (sheet, why) in [
        ("Cover", "This sheet has no header with a row below it."),
        ("Nothing", "There is no such sheet."),
    ] {
        let refused = import(&db, &file, &["--sheet", sheet]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains(why), "{}", said(&refused));
    }
}

#[test]
fn the_command_line_says_what_is_left_out_and_why_a_file_cannot_be_read() {
    let db = TestDb::new();
    let file = db.files().join("k.csv");
    std::fs::write(&file, "mail;vorname;stadt\na@example.org;A;Bonn\n").unwrap();
    let done = import(&db, &file, &["--map", "mail=email", "--dry-run"]);
    let left: Vec<String> = said(&done)
        .lines()
        .filter(|line| line.contains("left out"))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        left,
        [
            "column \"vorname\" is left out",
            "column \"stadt\" is left out"
        ]
    );
    let gone = db.files().join("nowhere.csv");
    let refused = import(&db, &gone, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let told = format!("{}: No such file or directory", gone.display());
    assert!(said(&refused).contains(&told), "{}", said(&refused));
    let folder = import(&db, db.files(), &[]);
    assert!(
        said(&folder).contains("Is a directory"),
        "{}",
        said(&folder)
    );
    let sheet = import(&db, &file, &["--sheet", "People"]);
    let told = format!("{}: The file is no workbook", file.display());
    assert!(said(&sheet).contains(&told), "{}", said(&sheet));
}
