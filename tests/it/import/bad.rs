//! Files that cannot be imported, sent to the page: each is refused with a word in the reader's language at
//! the field, and leaves nothing.

use super::broken::{Process, wait};
use crate::support::app::{PASSWORD, Person, TestApp, visitor_at};
use crate::support::workbook::{lying, workbook};
use crate::support::{TestDb, count};
use diesel::connection::SimpleConnection;
use mandant::config::Config;
use std::num::NonZeroU32;

/// The administrator of the main tenant, who reads German.
fn german(db: &TestDb, anna: &Person) {
    db.as_provisioner()
        .batch_execute("UPDATE control.users SET language = 'de'")
        .unwrap();
    anna.log_in("admin@example.org");
    anna.get("/t/main/imports/new");
}

fn garbage(bytes: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..bytes).map(|_| next()).collect()
}

fn files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let wide: Vec<String> = (0..5_000).map(|n| format!("c{n}")).collect();
    let book = workbook(&[("A", &[&["email"], &["a@example.org"]])]);
    let blank = " ".repeat(20 << 20);
    let bomb = workbook(&[("A", &[&["email"], &["a@example.org"], &[&blank]])]);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10".to_vec();
    png.extend(garbage(3_000));
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(garbage(4_001));
    let header = format!("{};b\na@example.org;b\n", "x".repeat(10 << 20));
    vec![
        ("leer.csv", Vec::new(), "Die Datei ist leer."),
        (
            "kopf.csv",
            b"email;name\n".to_vec(),
            "Die Datei hat keine Zeilen.",
        ),
        ("bild.csv", png, "Das ist weder eine Textdatei noch"),
        (
            "halb.xlsx",
            book[..book.len() / 2].to_vec(),
            "Die Arbeitsmappe kann nicht gelesen werden.",
        ),
        (
            "bombe.xlsx",
            bomb.clone(),
            "Die Arbeitsmappe ist entpackt zu groß",
        ),
        (
            "luege.xlsx",
            lying(bomb),
            "Die Arbeitsmappe kann nicht gelesen werden.",
        ),
        (
            "null.csv",
            b"email;name\na@example.org;A\0B\n".to_vec(),
            "Das ist weder eine Textdatei noch",
        ),
        (
            "breit.csv",
            (wide.join(";") + "\na@example.org\n").into_bytes(),
            "mehr als 2.000 Spalten",
        ),
        (
            "utf16.csv",
            utf16,
            "Die Datei ist beschädigt oder anders kodiert",
        ),
        ("zelle.csv", header.into_bytes(), "länger als 1 MB"),
        (
            "gross.csv",
            vec![b'a'; 12 << 20],
            "Die Datei ist größer als 11 MB.",
        ),
    ]
}

#[test]
fn what_cannot_be_read_is_refused_at_the_field_and_leaves_nothing() {
    let mut config = Config::default();
    config.limits.upload_mib = NonZeroU32::new(11).unwrap();
    let app = TestApp::with(config);
    app.db.set_up_with(Some(PASSWORD));
    let anna = app.visitor();
    german(&app.db, &anna);
    for (name, bytes, word) in files() {
        let answer = anna.upload_bytes("/t/main/imports", name, &bytes);
        assert_eq!(answer.status, 422, "{name}: {}", answer.body);
        let told = answer.texts("#file-error");
        assert!(
            told.len() == 1 && told[0].contains(word),
            "{name}: {told:?}"
        );
        assert_eq!(answer.texts("h1"), ["Empfänger importieren"]);
    }
    let uploads = app.db.files().join("t_1/uploads");
    assert_eq!(std::fs::read_dir(uploads).unwrap().count(), 0);
    let rows = "SELECT count(*) AS n FROM t_1.imports";
    assert_eq!(count(&mut app.db.as_provisioner(), rows), 0);
}

#[test]
fn a_huge_cell_and_a_repeated_header_are_no_reason_to_refuse_the_file() {
    let app = TestApp::new();
    let anna = app.visitor();
    german(&app.db, &anna);
    let text = format!(
        "email;Vorname;Vorname\na@example.org;{};A\nb@example.org;Bert;B\n",
        "x".repeat(10 << 20)
    );
    let begun = anna.upload_bytes("/t/main/imports", "k.csv", text.as_bytes());
    assert_eq!(begun.status, 303, "{}", begun.body);
    let page = anna.get(&begun.location);
    assert!(
        page.body
            .contains("Diese Spalten stehen doppelt da: Vorname."),
        "{}",
        page.body
    );
    assert!(page.texts("label").contains(&"Vorname (2)".to_owned()));
    assert_eq!(anna.send_form(&page, &[]).status, 303);
    wait("the dry run", || {
        anna.get("/t/main/imports").texts("tbody .badge") == ["geprüft"]
    });
    let page = anna.get("/t/main/imports/1");
    assert_eq!(page.texts("dl.pairs dd")[..2], ["2", "1"]);
    assert_eq!(
        page.texts("table.problems td")[2],
        "Eine Zelle ist länger als 1 MB."
    );
}

/// The server may write files of this many KiB, as if the disk had room for no more.
fn serve_with_little_room(db: &TestDb, kib: u32) -> (Process, String) {
    // Beyond its limit a process gets a signal first, and the error only if it does not care.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
    Process::serve_by(db, &["sh", "-c", &script])
}

#[test]
fn an_upload_for_which_there_is_no_room_is_refused_at_the_field() {
    let db = TestDb::bare();
    db.set_up_with(Some(PASSWORD));
    let (_server, address) = serve_with_little_room(&db, 100);
    let anna = visitor_at(&address);
    german(&db, &anna);
    let line = "a@example.org\n";
    let big = format!("email\n{}", line.repeat(20_000));
    let answer = anna.upload_bytes("/t/main/imports", "viele.csv", big.as_bytes());
    assert_eq!(answer.status, 422, "{}", answer.body);
    let told = answer.texts("#file-error");
    assert!(
        told[0].starts_with("Der Server hat dafür keinen Platz mehr."),
        "{told:?}"
    );
    let uploads = db.files().join("t_1/uploads");
    assert_eq!(std::fs::read_dir(uploads).unwrap().count(), 0);
    let small = anna.upload_bytes("/t/main/imports", "eine.csv", b"email\na@example.org\n");
    assert_eq!(small.status, 303, "{}", small.body);
}

/// `/dev/full` is a disk without room.
#[test]
fn an_error_file_for_which_there_is_no_room_is_written_the_next_time() {
    let app = TestApp::new();
    let anna = app.visitor();
    german(&app.db, &anna);
    let text = format!("email\na@example.org\n{}", "nobody\n".repeat(5_000));
    let begun = anna.upload_bytes("/t/main/imports", "k.csv", text.as_bytes());
    let page = anna.get(&begun.location);
    assert_eq!(anna.send_form(&page, &[]).status, 303);
    let state = |wanted: &str| {
        wait(wanted, || {
            anna.get("/t/main/imports").texts("tbody .badge") == [wanted]
        });
    };
    state("geprüft");
    let errors = app.db.files().join("t_1/errors");
    std::fs::create_dir_all(&errors).unwrap();
    std::os::unix::fs::symlink("/dev/full", errors.join("import-1.csv")).unwrap();
    assert_eq!(anna.post("/t/main/imports/1/run", &[]).status, 303);
    state("gescheitert");
    let page = anna.get("/t/main/imports/1");
    let told = page.texts(".alert-danger");
    assert!(
        told[0].starts_with("Alle Zeilen sind importiert, aber"),
        "{told:?}"
    );
    assert_eq!(
        page.texts("dl.pairs dd")[..2],
        ["5.001", "1"],
        "what was done is told"
    );

    // There is room again.
    let page = anna.get("/t/main/imports/1/mapping");
    assert_eq!(anna.send_form(&page, &[]).status, 303);
    state("geprüft");
    assert_eq!(anna.post("/t/main/imports/1/run", &[]).status, 303);
    state("fertig");
    let file = anna.get("/t/main/imports/1/errors").body;
    assert_eq!(file.lines().count(), 5_001);
}
