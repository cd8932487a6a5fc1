//! Imports by the API: a file in one request, the job's result, the error file.

use crate::support::PATIENCE;
use crate::support::app::TestApp;
use crate::support::by_rule;
use crate::support::program::{Program, Reply};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn send(shop: &Program, settings: Option<Value>, file: &str) -> Reply {
    let mut body = String::new();
    if let Some(settings) = settings {
        body += &format!(
            "--x\r\nContent-Disposition: form-data; name=\"settings\"\r\n\r\n{settings}\r\n"
        );
    }
    body += &format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    shop.run("POST", "/imports", "multipart/form-data; boundary=x", &body)
}

/// Waits for the job.
fn at_rest(shop: &Program, begun: &Reply) -> Reply {
    assert_eq!(begun.status, 202, "{begun:?}");
    let begin = Instant::now();
    loop {
        let now = shop.run("GET", &begun.headers["location"], "", "");
        let state = now.json["state"]
            .as_str()
            .unwrap_or_else(|| panic!("{now:?}"));
        if !["checking", "queued", "running"].contains(&state) {
            return now;
        }
        assert!(begin.elapsed() < PATIENCE, "{now:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_file_is_imported_tried_before_and_refused_rows_come_back() {
    let app = TestApp::new();
    let main = app.program("admin@example.org", "main", &[]);
    let list = main.send("POST", "/lists", json!({ "name": "News" })).json["id"].clone();
    let file = "E-Mail;Vorname\nanna@example.org;Anna\nnobody;Nobody\nbert@example.org;Bert\n";
    let tried = at_rest(
        &main,
        &send(
            &main,
            Some(json!({ "dry_run": true, "lists": [list] })),
            file,
        ),
    );
    assert_eq!(
        (&tried.json["state"], &tried.json["created"]),
        (&json!("checked"), &json!(2)),
        "{tried:?}"
    );
    assert_eq!(main.get("/recipients").items().len(), 0);
    let problem = &tried.json["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["refused"], &problem["code"]),
        (&json!(3), &json!(true), &json!("email"))
    );

    let here = format!("/imports/{}", tried.json["id"]);
    let done = at_rest(&main, &main.run("POST", &format!("{here}/run"), "", ""));
    assert_eq!(
        (
            &done.json["state"],
            &done.json["created"],
            &done.json["refused"]
        ),
        (&json!("done"), &json!(2), &json!(1))
    );
    assert_eq!(main.run("POST", &format!("{here}/run"), "", "").status, 409);
    assert_eq!(main.get(&format!("/lists/{list}")).json["active"], 2);
    let errors = main.get(&format!("{here}/errors"));
    assert!(errors.headers["content-type"].starts_with("text/csv"));
    assert!(errors.text.contains("nobody;Nobody;3;"), "{}", errors.text);

    let other = "mail;town\nanna@example.org;Anna-Lena\n";
    let mapping = json!({ "mapping": { "mail": "email", "town": "first_name" }, "mode": "update" });
    let done = at_rest(&main, &send(&main, Some(mapping), other));
    assert_eq!(done.json["updated"], 1, "{done:?}");
    assert_eq!(
        main.get("/recipients?q=anna").items()[0]["first_name"],
        "Anna-Lena"
    );
    assert_eq!(
        main.get(&format!("/imports/{}/errors", done.json["id"]))
            .status,
        404
    );
    let ids: Vec<_> = main
        .get("/imports")
        .items()
        .iter()
        .map(|i| i["id"].as_i64().unwrap())
        .collect();
    assert!(ids.len() == 2 && ids[0] > ids[1]);
    assert_eq!(
        main.get(&format!("/imports?after={}", ids[0]))
            .items()
            .len(),
        1
    );
    assert_eq!(
        main.run("POST", &format!("/imports/{}/cancel", ids[0]), "", "")
            .status,
        204
    );
}

#[test]
fn what_cannot_be_imported_is_told_and_leaves_nothing() {
    let app = TestApp::new();
    let main = app.program("admin@example.org", "main", &[]);
    let file = "mail\nanna@example.org\n";
    for (settings, field, code) in [
        (
            json!({ "mapping": { "post": "email" } }),
            "settings.mapping",
            "import-column-gone",
        ),
        (
            json!({ "mapping": { "mail": "town" } }),
            "settings.mapping",
            "api-field-unknown",
        ),
        (
            json!({ "key": "last_name" }),
            "settings.key",
            "import-key-unmapped",
        ),
    ] {
        assert_eq!(send(&main, Some(settings), file).faults(), [(field, code)]);
    }
    assert_eq!(
        send(&main, Some(json!({ "modus": "add" })), file).status,
        400
    );
    assert_eq!(send(&main, None, "").faults(), [("file", "file-empty")]);
    assert_eq!(main.send("POST", "/imports", json!({})).status, 400);
    assert_eq!(main.get("/imports").items().len(), 0);
    let uploads = app.db.files().join("t_1/uploads");
    assert_eq!(
        std::fs::read_dir(uploads).unwrap().count(),
        0,
        "a file was left behind"
    );
}

#[test]
fn an_inner_tenants_imports_are_its_own() {
    let app = TestApp::new();
    let main = app.program("admin@example.org", "main", &[]);
    app.db.inner("main", "a", by_rule("last_name = 'A'"));
    app.member("eva@example.org", "main/a", "editor");
    let inner = app.program("eva@example.org", "main/a", &[]);
    let file = "email;last name\nx@example.org;A\ny@example.org;B\n";
    let done = at_rest(&inner, &send(&inner, None, file));
    assert_eq!(
        (&done.json["created"], &done.json["refused"]),
        (&json!(1), &json!(1)),
        "{done:?}"
    );
    let mine = at_rest(&main, &send(&main, None, file));
    let id = &mine.json["id"];
    for path in [format!("/imports/{id}"), format!("/imports/{id}/errors")] {
        assert_eq!(inner.get(&path).status, 404, "{path}");
    }
    for act in ["run", "cancel"] {
        assert_eq!(
            inner
                .run("POST", &format!("/imports/{id}/{act}"), "", "")
                .status,
            404
        );
    }
}
