//! The wizard: what it proposes, what can be changed, and who may create fields in it.

use super::broken::wait;
use crate::support::app::{Answer, Person, TestApp};
use crate::support::workbook::workbook;
use crate::support::{by_rule, count};

const FILE: &str = "E-Mail;Umsatz 2026;Geburtstag;PLZ\n\
    a@example.org;1.234,50;24.12.99;01067\n\
    b@example.org;0,99;1.2.1970;20095\n";

/// Uploads a file and opens its mapping.
pub(super) fn upload(anna: &Person, tenant: &str, name: &str, bytes: &[u8]) -> Answer {
    anna.get(&format!("/t/{tenant}/imports"));
    let begun = anna.upload_bytes(&format!("/t/{tenant}/imports"), name, bytes);
    assert_eq!(begun.status, 303, "{}", begun.body);
    anna.get(&begun.location)
}

/// Waits until an import is in this state, and answers its page.
pub(super) fn at(anna: &Person, sent: &Answer, state: &str) -> Answer {
    assert_eq!(sent.status, 303, "{}", sent.body);
    wait(state, || {
        anna.get(&sent.location).texts(".badge") == [state]
    });
    anna.get(&sent.location)
}

pub(super) fn run(anna: &Person, checked: &Answer) -> Answer {
    let action = checked.attribute("form[action$='/run']", "action").unwrap();
    let sent = anna.post(&action, &[]);
    at(anna, &sent, "done")
}

pub(super) fn admin(app: &TestApp) -> Person {
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    anna
}

fn own_fields(app: &TestApp) -> i64 {
    let fields = "SELECT count(*) AS n FROM t_1.fields WHERE standard_column IS NULL";
    count(&mut app.db.as_provisioner(), fields)
}

#[test]
fn columns_become_new_fields_in_the_wizard() {
    let app = TestApp::new();
    let anna = admin(&app);
    let page = upload(&anna, "main", "k.csv", FILE.as_bytes());
    assert_eq!(
        page.texts("table thead th"),
        ["E-Mail", "Umsatz 2026", "Geburtstag", "PLZ"]
    );
    assert_eq!(page.texts("table tbody tr").len(), 2);
    let proposed = |index: usize| {
        (
            page.attribute(&format!("#new_key_{index}"), "value")
                .unwrap(),
            page.attribute(&format!("#new_type_{index} option[selected]"), "value")
                .unwrap(),
        )
    };
    assert_eq!(proposed(1), ("umsatz_2026".into(), "decimal".into()));
    assert_eq!(proposed(2), ("geburtstag".into(), "date".into()));
    assert_eq!(proposed(3), ("plz".into(), "text".into()));

    // A key that there is already is told before anything is made.
    let new = [
        ("column_1", "new"),
        ("column_2", "new"),
        ("new_label_2", "Born"),
        ("new_key_2", "email"),
    ];
    let again = anna.send_form(&page, &new);
    assert_eq!(again.status, 422);
    assert_eq!(
        again.texts("#new_key_2-error"),
        ["There is a field with the key “email” already."]
    );
    assert_eq!(again.attribute("#new_label_2", "value").unwrap(), "Born");
    assert_eq!(
        again
            .attribute("#column_1 option[selected]", "value")
            .unwrap(),
        "new"
    );
    assert_eq!(own_fields(&app), 0);

    let sent = anna.send_form(&again, &[("new_key_2", "born")]);
    let checked = at(&anna, &sent, "checked");
    assert_eq!(own_fields(&app), 2);
    assert_eq!(
        checked.texts("table.examples tbody td"),
        [
            "Umsatz 2026",
            "1.234,50",
            "1234.5",
            "Born",
            "24.12.99",
            "24 Dec 1999"
        ]
    );
    assert!(
        checked.body.contains("Years of two digits lie between"),
        "{}",
        checked.body
    );
    run(&anna, &checked);
    let program = app.program("admin@example.org", "main", &[]);
    let found = program.get("/recipients?q=b@");
    let b = &found.items()[0];
    assert_eq!(
        (&b["umsatz_2026"], &b["born"]),
        (&"0.99".into(), &"1970-02-01".into())
    );
    let told = anna.get("/t/main/audit?act=field.create");
    assert_eq!(told.texts("tbody tr").len(), 2);
}

#[test]
fn who_may_not_create_fields_is_not_asked_and_cannot() {
    let app = TestApp::new();
    let eva = app.user("eva@example.org", "main", "editor");
    let page = upload(&eva, "main", "k.csv", FILE.as_bytes());
    assert!(page.texts("option").contains(&"— left out —".to_owned()));
    assert!(page.attribute("#new_key_1", "value").is_none());
    assert!(
        !page
            .texts("option")
            .contains(&"— as a new field —".to_owned())
    );
    assert_eq!(eva.send_form(&page, &[("column_1", "new")]).status, 403);

    app.db.inner("main", "vip", by_rule("last_name = 'A'"));
    let ida = app.user("ida@example.org", "main/vip", "administrator");
    let page = upload(&ida, "main/vip", "k.csv", FILE.as_bytes());
    assert!(page.attribute("#new_key_1", "value").is_none());
    assert_eq!(ida.send_form(&page, &[("column_1", "new")]).status, 404);
    assert_eq!(own_fields(&app), 0);
}

#[test]
fn a_profile_is_chosen_for_a_file_with_its_columns() {
    let app = TestApp::new();
    let anna = admin(&app);
    let text = "mail;vor;nach\na@example.org;A;B\n";
    let page = upload(&anna, "main", "1.csv", text.as_bytes());
    assert!(page.texts(".alert-info").is_empty());
    let values = [
        ("column_0", "1"),
        ("column_1", "4"),
        ("mode", "add"),
        ("consent", "Yes"),
    ];
    let done = run(
        &anna,
        &at(&anna, &anna.send_form(&page, &values), "checked"),
    );
    let action = done
        .attribute("form[action$='/profile']", "action")
        .unwrap();
    assert_eq!(anna.post(&action, &[("name", "Shop")]).status, 303);

    let again = upload(
        &anna,
        "main",
        "2.csv",
        "nach,mail,vor\nD,c@example.org,C\n".as_bytes(),
    );
    assert!(
        again.texts(".alert-info")[0].contains("“Shop”"),
        "{}",
        again.body
    );
    let chosen = |id: &str| {
        again
            .attribute(&format!("#{id} option[selected]"), "value")
            .unwrap()
    };
    assert_eq!(
        [
            chosen("column_0"),
            chosen("column_1"),
            chosen("column_2"),
            chosen("mode"),
            chosen("separator")
        ],
        ["", "1", "4", "add", ","]
    );
    assert_eq!(again.texts("#profile option[selected]"), ["Shop"]);
    let checked = at(&anna, &anna.send_form(&again, &[]), "checked");
    assert_eq!(checked.texts("dl.pairs dd")[..2], ["1", "1"]);

    // Other columns: offered, not chosen; chosen by hand it is shown first.
    let other = upload(
        &anna,
        "main",
        "3.csv",
        "mail;vor;ort\ne@example.org;E;F\n".as_bytes(),
    );
    assert!(other.texts(".alert-info").is_empty());
    let id = other
        .attribute("#profile option:not([value=''])", "value")
        .unwrap();
    let shown = anna.send_form(&other, &[("profile", &id)]);
    assert!(shown.location.ends_with("/mapping"), "{}", shown.location);
    let shown = anna.get(&shown.location);
    assert_eq!(
        shown.attribute("#mode option[selected]", "value").unwrap(),
        "add"
    );
    at(&anna, &anna.send_form(&shown, &[]), "checked");
}

#[test]
fn another_sheet_and_another_encoding_are_read_anew() {
    let app = TestApp::new();
    let anna = admin(&app);
    let book = workbook(&[
        ("Notes", &[&["remark", "by"], &["hello", "me"]]),
        (
            "People",
            &[&["Vorname", "E-Mail"], &["Anna", "a@example.org"]],
        ),
    ]);
    let page = upload(&anna, "main", "k.xlsx", &book);
    assert_eq!(page.texts("#sheet option"), ["Notes", "People"]);
    assert_eq!(page.texts("table thead th"), ["remark", "by"]);
    let page = anna.send_form(&page, &[("sheet", "People"), ("mode", "add")]);
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.texts("table tbody td"), ["Anna", "a@example.org"]);
    let chosen =
        |page: &Answer, id: &str| page.attribute(&format!("#{id} option[selected]"), "value");
    assert_eq!(
        [
            chosen(&page, "column_0"),
            chosen(&page, "column_1"),
            chosen(&page, "mode")
        ],
        [Some("4".into()), Some("1".into()), Some("add".into())]
    );
    let checked = at(&anna, &anna.send_form(&page, &[]), "checked");
    assert_eq!(checked.texts("dl.pairs dd")[..2], ["1", "1"]);

    let page = upload(&anna, "main", "k.csv", b"email\na@example.org\n");
    let wrong = anna.send_form(&page, &[("encoding", "UTF-16LE"), ("mode", "update")]);
    assert_eq!(
        (wrong.status, wrong.texts("#encoding-error").len()),
        (422, 1),
        "{}",
        wrong.body
    );
    assert_eq!(chosen(&wrong, "mode"), Some("update".into()));
    assert_eq!(wrong.texts("table tbody td"), ["a@example.org"]);
    at(
        &anna,
        &anna.send_form(&wrong, &[("encoding", "UTF-8")]),
        "checked",
    );
}

#[test]
fn short_rows_are_taken_and_told_and_empty_nothing() {
    let app = TestApp::new();
    let anna = admin(&app);
    let main = app.db.tenant("main");
    app.db.person(
        &main,
        serde_json::json!({ "email": "b@example.org", "last_name": "Stays" }),
        &[],
    );
    let text = "email;first name;last name;\na@example.org;A;A\nb@example.org;B\nc@example.org;;\n";
    let page = upload(&anna, "main", "k.csv", text.as_bytes());
    let done = run(
        &anna,
        &at(
            &anna,
            &anna.send_form(&page, &[("empty", "clear")]),
            "checked",
        ),
    );
    let why =
        "The row has fewer cells than the header; the fields of the missing ones stay as they are.";
    assert_eq!(done.texts("table.problems tbody td"), ["3", "taken", why]);
    assert_eq!(done.texts("dl.pairs dd"), ["3", "2", "1", "0", "0", "1"]);
    let stays =
        "SELECT count(*) AS n FROM t_1.recipients WHERE last_name = 'Stays' AND first_name = 'B'";
    assert_eq!(count(&mut app.db.as_provisioner(), stays), 1);
}

#[test]
fn a_file_of_refused_rows_whose_time_is_over_is_gone_with_a_word() {
    let app = TestApp::new();
    let anna = admin(&app);
    let page = upload(&anna, "main", "k.csv", b"email\na@example.org\nnobody\n");
    let done = run(&anna, &at(&anna, &anna.send_form(&page, &[]), "checked"));
    let link = done.attribute("a[href$='/errors']", "href").unwrap();
    let file = anna.get(&link);
    assert_eq!(file.body.lines().count(), 2);
    assert!(
        file.headers
            .contains("content-disposition: attachment; filename=\"errors-1.csv\"")
    );

    std::fs::remove_file(app.db.files().join("t_1/errors/import-1.csv")).unwrap();
    let later = anna.get("/t/main/imports/1");
    assert!(later.attribute("a[href$='/errors']", "href").is_none());
    assert!(
        later.texts(".errors-gone")[0].contains("are kept for 90 days"),
        "{}",
        later.body
    );
    let back = anna.get(&link);
    assert_eq!(
        (back.status, back.location.as_str()),
        (303, "/t/main/imports/1")
    );
    let program = app.program("admin@example.org", "main", &[]);
    assert_eq!(program.get("/imports/1").json["has_errors_file"], false);
    assert_eq!(program.get("/imports/1/errors").status, 404);
}

/// The refused rows of a real file, mended in the file that came back, are imported as anybody expects.
#[test]
fn mended_refused_rows_are_imported_again() {
    let app = TestApp::new();
    let anna = admin(&app);
    let bytes = std::fs::read(super::shared("kunden-excel.csv")).unwrap();
    let page = upload(&anna, "main", "kunden-excel.csv", &bytes);
    let done = run(&anna, &at(&anna, &anna.send_form(&page, &[]), "checked"));
    assert_eq!(done.texts("dl.pairs dd")[..2], ["3,000", "2,946"]);
    let file = anna.get("/t/main/imports/1/errors").body;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        .from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().unwrap().clone();
    let mail = header
        .iter()
        .position(|name| name.to_lowercase().contains("mail"))
        .unwrap();
    let mut out = csv::WriterBuilder::new()
        .delimiter(b';')
        .from_writer(Vec::new());
    out.write_record(&header).unwrap();
    for (n, row) in reader.records().enumerate() {
        // Each gets an address that can be, and nothing else is touched.
        let row = row.unwrap();
        let cells = row.iter().enumerate().map(|(index, cell)| {
            if index == mail {
                format!("mended{n}@example.org")
            } else {
                cell.to_owned()
            }
        });
        out.write_record(cells).unwrap();
    }
    let mended = String::from_utf8(out.into_inner().unwrap()).unwrap();
    let page = upload(&anna, "main", "mended.csv", mended.as_bytes());
    let done = run(&anna, &at(&anna, &anna.send_form(&page, &[]), "checked"));
    assert_eq!(done.texts("dl.pairs dd")[..5], ["54", "54", "0", "0", "0"]);
    let named = "SELECT count(*) AS n FROM t_1.recipients WHERE email LIKE 'mended%' AND last_name IS NOT NULL";
    assert!(count(&mut app.db.as_provisioner(), named) > 40);
}

const WINDOWS: &[u8] = b"mail;Stra\xdfe;vor;Wert\na@example.org;'x;y';A;1.234,50\n";

#[test]
fn reading_again_keeps_what_was_chosen() {
    let app = TestApp::new();
    let anna = admin(&app);
    let page = upload(&anna, "main", "k.csv", WINDOWS);
    let place = |id: &str| page.body.find(&format!("id=\"{id}\"")).unwrap();
    for reading in ["encoding", "separator", "quote", "header"] {
        assert!(place(reading) < place("column_0"), "{reading}");
    }
    assert_eq!(page.texts("button[name=again]"), ["Read again"]);
    let before = |page: &Answer| page.texts("table tbody td").len();
    assert_eq!(before(&page), 4, "as many columns as the header has");
    let typed = [
        ("again", "on"),
        ("quote", "single"),
        ("column_2", "5"),
        ("column_3", "new"),
        ("new_label_3", "Turnover"),
        ("new_label_1", "Address"),
        ("mode", "update"),
        ("dates", "month"),
        ("consent", "They said yes"),
    ];
    let again = anna.send_form(&page, &typed);
    assert_eq!(again.status, 200, "{}", again.body);
    assert_eq!(
        again.texts("table tbody td"),
        ["a@example.org", "x;y", "A", "1.234,50"]
    );
    let chosen = |id: &str| again.attribute(&format!("#{id} option[selected]"), "value");
    let value = |id: &str| again.attribute(&format!("#{id}"), "value").unwrap();
    assert_eq!(
        [
            chosen("quote"),
            chosen("column_0"),
            chosen("column_2"),
            chosen("column_3"),
            chosen("mode"),
            chosen("dates"),
        ],
        ["single", "1", "5", "new", "update", "month"].map(|value| Some(value.to_owned()))
    );
    assert_eq!(value("new_label_3"), "Turnover");
    assert_eq!(value("new_label_1"), "Address");
    assert_eq!(again.texts("textarea#consent"), ["They said yes"]);
    assert_eq!(own_fields(&app), 0);

    // Read in another encoding the street has another name, and is proposed anew.
    let again = anna.send_form(&again, &[("again", "on"), ("encoding", "ISO-8859-15")]);
    assert_eq!(again.texts("table thead th")[1], "Straße");
    let garbled = anna.send_form(&again, &[("again", "on"), ("separator", ",")]);
    assert_eq!(garbled.texts("table thead th").len(), 1);
    let back = anna.send_form(&garbled, &[("again", "on"), ("separator", ";")]);
    assert_eq!(back.texts("table thead th").len(), 4);
    assert_eq!(
        back.attribute("#column_0 option[selected]", "value")
            .unwrap(),
        "1"
    );
}

#[test]
fn a_new_field_that_was_described_is_not_lost() {
    let app = TestApp::new();
    let anna = admin(&app);
    let page = upload(&anna, "main", "k.csv", FILE.as_bytes());
    let again = anna.send_form(&page, &[("new_label_1", "Turnover")]);
    assert_eq!(again.status, 422);
    let told = again.texts("#column_1-error");
    assert!(told[0].contains("clear the label"), "{told:?}");
    let chosen = again.attribute("#column_1 option[selected]", "value");
    assert_eq!(chosen.unwrap(), "new");
    assert_eq!(own_fields(&app), 0);
    let cleared = [("column_1", ""), ("new_label_1", "")];
    at(&anna, &anna.send_form(&again, &cleared), "checked");
    assert_eq!(own_fields(&app), 0);
    at(&anna, &anna.send_form(&again, &[]), "checked");
    assert_eq!(own_fields(&app), 1);
    let page = upload(&anna, "main", "k.csv", FILE.as_bytes());
    let other_key = anna.send_form(&page, &[("new_key_3", "postcode")]);
    assert_eq!(other_key.texts("#column_3-error").len(), 1);
}

#[test]
fn a_name_counts_only_where_the_values_fit() {
    let app = TestApp::new();
    let anna = admin(&app);
    for values in [
        &[
            ("key", "status"),
            ("type", "choice"),
            ("label_en", "Status"),
            ("choices", "gold\nsilver"),
        ][..],
        &[
            ("key", "birth_date"),
            ("type", "date"),
            ("label_en", "Born"),
        ],
        &[
            ("key", "customer_number"),
            ("type", "text"),
            ("label_en", "Customer number"),
            ("max", "20"),
        ],
    ] {
        let made = anna.submit("/t/main/fields/new", values);
        assert_eq!(made.status, 303, "{:?}", made.texts(".invalid-feedback"));
    }
    let becomes = |head: &str, row: &str| {
        let page = upload(
            &anna,
            "main",
            "k.csv",
            format!("{head}\n{row}\n").as_bytes(),
        );
        let columns = page.texts("table thead th").len();
        (0..columns)
            .map(|index| page.texts(&format!("#column_{index} option[selected]")))
            .map(|chosen| chosen.concat())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        becomes(
            "email;status;birthdate;Kundennr.",
            "a@example.org;enabled;24.12.1999;0815"
        ),
        ["E-mail", "— left out —", "Born", "Customer number"]
    );
    assert_eq!(
        becomes(
            "email;Status;Date of birth;Kunden-Nr",
            "a@example.org;Gold;24.12.1999;0815"
        ),
        ["E-mail", "Status", "Born", "Customer number"]
    );
    assert_eq!(
        becomes(
            "email;geburtstag;customer no",
            "a@example.org;nobody knows;0815"
        ),
        ["E-mail", "— left out —", "Customer number"]
    );
}
