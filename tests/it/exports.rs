//! Lists as CSV files: what the page shows, for whoever may see the page, and nothing a spreadsheet computes.

use crate::support::app::{Person, TestApp};

/// The file's cells, line by line, without the byte order mark that it must begin with.
fn file(who: &Person, url: &str) -> Vec<Vec<String>> {
    let answer = who.get(url);
    assert_eq!(answer.status, 200, "{url}");
    assert!(
        answer.headers.contains("content-type: text/csv"),
        "{}",
        answer.headers
    );
    assert!(answer.headers.contains(".csv\""), "{}", answer.headers);
    let text = answer.body.strip_prefix('\u{feff}').unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let lines = reader.records().map(|line| line.unwrap());
    lines
        .map(|line| line.iter().map(str::to_owned).collect())
        .collect()
}

fn column(lines: &[Vec<String>], index: usize) -> Vec<&str> {
    lines[1..].iter().map(|line| line[index].as_str()).collect()
}

#[test]
fn users_are_exported_as_filtered_and_through_all_pages() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    for n in 0..60 {
        app.member(&format!("user{n:02}@example.org"), "nord", "viewer");
    }
    let edit = |name: &str| {
        let found = nora.get("/t/nord/users?q=user07");
        let page = found.attribute("tbody a", "href").unwrap();
        nora.submit(&format!("{page}/edit"), &[("name", name)])
    };
    assert_eq!(edit("=HYPERLINK(1)").status, 303);
    let all = file(&nora, "/t/nord/users/export");
    assert_eq!(all[0][..3], ["Name", "E-mail", "Roles"]);
    assert_eq!(all.len(), 62);
    assert!(column(&all, 0).contains(&"'=HYPERLINK(1)"));
    let some = file(&nora, "/t/nord/users/export?role=administrator");
    assert_eq!(column(&some, 1), ["nora@example.org"]);
    let page = nora.get("/t/nord/users?q=user1");
    let link = page.texts(".heading-acts a");
    assert_eq!(link.first().unwrap(), "Add user");
    assert_eq!(link.last().unwrap(), "Export as CSV");
    assert_eq!(file(&nora, "/t/nord/users/export?q=user1").len(), 11);
}

#[test]
fn lists_and_fields_are_exported() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let list = [("name", "@News"), ("description", "Once, a month")];
    nora.submit("/t/nord/lists/new", &list);
    nora.submit(
        "/t/nord/recipients/new",
        &[("f1", "a@nord.example"), ("lists", "1")],
    );
    assert_eq!(
        file(&nora, "/t/nord/lists/export")[1],
        ["'@News", "Once, a month", "1"]
    );
    let field = [
        ("key", "city"),
        ("type", "text"),
        ("label_en", "-City"),
        ("group", "Address"),
        ("indexed", "on"),
    ];
    assert_eq!(nora.submit("/t/nord/fields/new", &field).status, 303);
    let fields = file(&nora, "/t/nord/fields/export");
    assert_eq!(fields[1][0], "email");
    let city = fields.last().unwrap();
    assert_eq!(city[..2], ["city", "'-City"]);
    assert_eq!(city[3..], ["Text", "Address", "Indexed"]);
}

#[test]
fn tenants_are_exported_as_far_as_they_lie_below_and_live() {
    let app = TestApp::new();
    for slug in ["nord", "sued"] {
        app.db.separate(slug);
    }
    let above = app.visitor();
    above.log_in("admin@example.org");
    let made = above.submit(
        "/t/main/tenants/new",
        &[("name", "+West"), ("slug", "west")],
    );
    assert_eq!(made.status, 303);
    let west = format!("/t/main/tenants/{}", app.db.tenant("west").id);
    let paths = |lines: &[Vec<String>]| -> Vec<String> {
        lines[1..].iter().map(|line| line[2].clone()).collect()
    };
    let all = file(&above, "/t/main/tenants/export");
    assert_eq!(paths(&all), ["nord", "sued", "west"]);
    assert_eq!(all[3][0], "'+West");
    above.submit(&format!("{west}/delete"), &[("slug", "west")]);
    assert_eq!(
        paths(&file(&above, "/t/main/tenants/export")),
        ["nord", "sued"]
    );

    let nora = app.user("nora@example.org", "nord", "administrator");
    assert_eq!(file(&nora, "/t/nord/tenants/export").len(), 1);
    nora.submit(
        "/t/nord/inner/new",
        &[
            ("name", "VIP"),
            ("slug", "vip"),
            ("rule", "language = 'de'"),
        ],
    );
    assert_eq!(paths(&file(&nora, "/t/nord/inner/export")), ["nord/vip"]);
}

#[test]
fn a_file_needs_what_its_page_needs() {
    let app = TestApp::new();
    app.db.separate("nord");
    let people = ["administrator", "editor", "viewer"]
        .map(|role| app.user(&format!("{role}@example.org"), "nord", role));
    let mut refused = 0;
    for who in &people {
        for list in ["users", "lists", "fields", "tenants", "inner"] {
            let (page, export) = (
                who.get(&format!("/t/nord/{list}")).status,
                who.get(&format!("/t/nord/{list}/export")).status,
            );
            assert_eq!(page, export, "{list}");
            refused += usize::from(export == 403);
        }
    }
    assert!(refused > 0);
    assert_eq!(app.visitor().get("/t/nord/users/export").status, 303);
}

#[test]
fn fields_stand_below_their_groups_and_are_found_by_typing() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    for (key, group) in [
        ("city", "Address"),
        ("shoe", "Customer"),
        ("street", "Address"),
    ] {
        nora.submit(
            "/t/nord/fields/new",
            &[("key", key), ("type", "text"), ("group", group)],
        );
    }
    let page = nora.get("/t/nord/fields");
    assert_eq!(page.texts("th.group"), ["Address", "Customer"]);
    let own: Vec<String> = page.texts("tbody td:nth-child(2)");
    assert_eq!(own[own.len() - 3..], ["city", "street", "shoe"]);
    let found = nora.get("/t/nord/fields?q=ADDR");
    assert_eq!(found.texts("tbody td:nth-child(2)"), ["city", "street"]);
    assert_eq!(found.texts(".count"), ["2 fields"]);
    let none = nora.get("/t/nord/fields?q=nothing");
    assert_eq!(none.texts(".empty a"), ["Show all fields"]);
    let form = nora.get("/t/nord/recipients/new");
    assert_eq!(form.texts(".form-heading")[..2], ["Address", "Customer"]);
    let chooser = nora.get("/t/nord/recipients/columns");
    assert_eq!(
        chooser.texts(".options-name"),
        ["Shown now", "Further fields", "Address", "Customer"]
    );
}

#[test]
fn recipients_are_exported_as_excel_and_the_list_have_them() {
    let app = TestApp::new();
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    let turnover = [
        ("key", "turnover"),
        ("type", "decimal"),
        ("label_en", "Turnover"),
        ("precision", "10"),
        ("scale", "2"),
    ];
    assert_eq!(nora.submit("/t/nord/fields/new", &turnover).status, 303);
    let turnover = crate::support::count(
        &mut app.db.as_provisioner(),
        &format!(
            "SELECT id::bigint AS n FROM t_{}.fields WHERE key = 'turnover'",
            app.db.tenant("nord").id
        ),
    );
    let turnover = format!("f{turnover}");
    let values = [
        ("f1", "a@nord.example"),
        ("f5", "Müller"),
        (&turnover, "1234.5"),
    ];
    let made = nora.submit("/t/nord/recipients/new", &values);
    assert_eq!(made.status, 303, "{:?}", made.texts(".invalid-feedback"));

    let list = nora.get("/t/nord/recipients?q=nord");
    let form = "form[action$='/recipients/export']";
    assert!(list.attribute(form, "action").is_some());
    assert!(list.form(form).contains(&("q".into(), "nord".into())));
    let plain = nora.get("/t/nord/recipients/export?q=nord").body;
    assert!(plain.starts_with("email,"), "{plain}");
    assert!(plain.contains(",1234.5\n"), "{plain}");
    let mut cells = plain.lines().nth(1).unwrap().split(',');
    let moment = cells.find(|cell| cell.ends_with('Z')).unwrap();
    assert_eq!(moment.len(), "2026-01-31T12:00:00Z".len(), "{moment}");

    let shown = nora.get("/t/nord/recipients/export?columns=shown").body;
    assert_eq!(
        shown.lines().next().unwrap(),
        "email,first_name,last_name,created"
    );
    let excel = nora
        .get("/t/nord/recipients/export?excel=on&columns=all")
        .body;
    assert!(excel.starts_with("\u{feff}email;"), "{excel}");
    assert!(excel.contains(";1234.5\n"), "the reader's sign: {excel}");
    assert_eq!(nora.submit("/profile", &[("language", "de")]).status, 303);
    let excel = nora.get("/t/nord/recipients/export?excel=on").body;
    assert!(excel.contains(";1234,5\n"), "{excel}");
    assert!(excel.contains(";Müller;"), "{excel}");
}
