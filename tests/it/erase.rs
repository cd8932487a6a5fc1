//! A deleted recipient is nowhere any more: not in the history, not in the files of imports.

use crate::support::TestDb;
use crate::support::app::TestApp;
use crate::support::program::Program;
use crate::support::{by_rule, until};
use mandant::control::tenants::Tenant;
use mandant::db::ids::RecipientId;
use mandant::jobs::queue;
use mandant::tenant::recipients::bulk::{Act, KIND, Order, Whom};
use mandant::tenant::recipients::erase::old;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Everything below a folder that has the text in it.
fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).contains(text)
        {
            found.push(path);
        }
    }
    found
}

/// Tables of the tenant, and the queue, with the text in some row; the audit, too.
fn tables_with(db: &TestDb, tenant: &Tenant, text: &str) -> Vec<String> {
    let t = format!("t_{}", tenant.id);
    let tables = [
        format!("{t}.recipients"),
        format!("{t}.recipient_changes"),
        format!("{t}.subscription_changes"),
        format!("{t}.import_problems"),
        format!("{t}.imports"),
        format!("{t}.admissions"),
        "control.jobs".into(),
        "control.audit".into(),
    ];
    let mut conn = db.as_provisioner();
    tables
        .into_iter()
        .filter(|table| {
            let query = format!(
                "SELECT count(*) AS n FROM {table} x WHERE to_jsonb(x)::text LIKE '%{text}%'"
            );
            crate::support::count(&mut conn, &query) > 0
        })
        .collect()
}

fn import(shop: &Program, file: &str) -> Value {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\n{file}\r\n--x--\r\n"
    );
    let begun = shop.run("POST", "/imports", "multipart/form-data; boundary=x", &body);
    assert_eq!(begun.status, 202, "{begun:?}");
    let mut now = begun.json.clone();
    until("the import", || {
        now = shop.run("GET", &begun.headers["location"], "", "").json;
        !["checking", "queued", "running"].contains(&now["state"].as_str().unwrap())
    });
    assert_eq!(now["state"], "done", "{now}");
    now
}

fn id(shop: &Program, email: &str) -> String {
    let all = shop.get("/recipients");
    let one = all
        .items()
        .iter()
        .find(|row| row.to_string().contains(email));
    let id = &one.unwrap_or_else(|| panic!("{email}: {all:?}"))["id"];
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

const PEOPLE: &str = "E-Mail;Vorname\nanna@x.example;Anna\nAnna@X.example;Twice\nbert@x.example;Bert\n\
    bert@x.example;Twice\ncleo@x.example;Cleo\ncleo@x.example;Twice\nnobody;Stays\n";

#[test]
fn who_is_deleted_is_in_no_file_and_no_table_any_more() {
    let app = TestApp::new();
    let (db, main) = (&app.db, app.db.tenant("main"));
    let vip = db.inner("main", "vip", by_rule("title is empty"));
    let here = app.program("admin@example.org", "main", &[]);
    import(&here, PEOPLE);
    assert_eq!(
        files_with(&db.files().join(format!("t_{}/uploads", main.id)), "").len(),
        0,
        "an upload stays no longer than its import"
    );
    let ina = app.user("ina@example.org", "main/vip", "administrator");
    let inner = app.program("ina@example.org", "main/vip", &[]);
    import(&inner, PEOPLE);
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    anna.get("/t/main/imports/new");
    let waits = anna.upload("/t/main/imports", "p.csv", "E-Mail\nanna@x.example\n");
    assert_eq!(waits.status, 303);
    anna.get("/t/main/imports/new");
    let other = anna.upload("/t/main/imports", "p.csv", "E-Mail\ndora@x.example\n");
    let anna_id = id(&here, "anna@");
    let changed = here.run(
        "PATCH",
        &format!("/recipients/{anna_id}"),
        "application/json",
        &json!({ "fields": { "first_name": "anna@x.example" } }).to_string(),
    );
    assert!(changed.status < 300, "{changed:?}");
    assert_eq!(files_with(db.files(), "nna@").len(), 3);
    let clean = |text: &str| {
        until(
            &format!("{text}: {:?}", files_with(db.files(), text)),
            || files_with(db.files(), text).is_empty(),
        );
        let idle = "SELECT count(*) AS n FROM control.jobs WHERE state IN ('queued', 'running')";
        until("the jobs", || {
            crate::support::count(&mut db.as_provisioner(), idle) == 0
        });
        assert_eq!(tables_with(db, &main, text), Vec::<String>::new());
    };

    let page = anna.submit(&format!("/t/main/recipients/{anna_id}/delete"), &[]);
    assert_eq!(page.status, 303, "{}", page.body);
    clean("nna@");
    let gone = anna.get(&waits.location);
    assert!(gone.status < 500, "{}", gone.body);
    assert_eq!(
        anna.get(&other.location).status,
        200,
        "another's file waits on"
    );

    let bert = format!(
        "SELECT id AS n FROM t_{}.recipients WHERE email = 'bert@x.example'",
        main.id
    );
    let bert = crate::support::count(&mut db.as_provisioner(), &bert);
    let order = Order {
        act: Act::Delete { only_lists: false },
        whom: Whom::Chosen(vec![RecipientId(bert)]),
    };
    db.as_tenant(main.scope(), |conn| {
        queue::enqueue(conn, KIND.name, &json!(order))
    })
    .unwrap();
    clean("bert@");

    let sealed = id(&inner, "cleo@");
    let page = ina.submit(&format!("/t/main/vip/recipients/{sealed}/delete"), &[]);
    assert_eq!(page.status, 303, "{}", page.body);
    clean("cleo@");
    let rest = files_with(db.files(), "nobody;Stays");
    assert_eq!(rest.len(), 2, "other rows stay");
    assert!(
        rest.iter()
            .any(|path| path.starts_with(db.files().join(format!("t_{}", vip.id))))
    );

    let problems = format!("SELECT count(*) AS n FROM t_{}.import_problems", main.id);
    assert_eq!(
        crate::support::count(&mut db.as_provisioner(), &problems),
        2
    );
    assert_eq!(old::remove(&db.app, mandant::clock::now()).unwrap(), 0);
    let later = mandant::clock::now() + chrono::Duration::days(old::UPLOAD_DAYS + 1);
    assert_eq!(old::remove(&db.app, later).unwrap(), 1);
    let later = mandant::clock::now() + chrono::Duration::days(old::ERROR_FILE_DAYS + 1);
    assert_eq!(old::remove(&db.app, later).unwrap(), 2);
}

#[test]
fn who_is_deleted_by_a_program_is_in_no_wish_to_admit_either() {
    let app = TestApp::new();
    let (db, main) = (&app.db, app.db.tenant("main"));
    db.inner("main", "vip", by_rule("title = 'Dr'"));
    app.member("ina@example.org", "main/vip", "administrator");
    let here = app.program("admin@example.org", "main", &[]);
    let inner = app.program("ina@example.org", "main/vip", &[]);
    import(&here, PEOPLE);
    // He exists outside, so the inner tenant's wishes wait for the parent: by hand and by file.
    let wish = json!({ "fields": { "email": "anna@x.example", "first_name": "Inas Anna", "title": "Dr" } });
    assert_eq!(inner.send("POST", "/recipients", wish).status, 202);
    let wish = json!({ "fields": { "email": "bert@x.example", "title": "Dr" } });
    assert_eq!(inner.send("POST", "/recipients", wish).status, 202);
    import(
        &inner,
        "E-Mail;Titel\nanna@x.example;Dr\nAnna@X.example;Dr\nnobody;Dr\n",
    );
    let wishes = format!("SELECT count(*) AS n FROM t_{}.admissions", main.id);
    assert!(crate::support::count(&mut db.as_provisioner(), &wishes) >= 2);
    assert!(
        tables_with(db, &main, "nna")
            .iter()
            .any(|table| table.ends_with("admissions"))
    );
    assert_eq!(
        files_with(db.files(), "nna@").len(),
        2,
        "an error file each"
    );

    // The parent says no to one of them; that keeps nothing back when he goes.
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let page = anna.get("/t/main/admissions");
    let first = page.attribute("tbody a", "href").unwrap();
    anna.get(&first);
    assert_eq!(anna.post(&format!("{first}/decline"), &[]).status, 303);

    for (email, mark) in [("anna@", "nna@"), ("bert@", "bert@")] {
        let gone = here.delete(&format!("/recipients/{}", id(&here, email)));
        assert_eq!(gone.status, 204, "{gone:?}");
        until(mark, || files_with(db.files(), mark).is_empty());
        let idle = "SELECT count(*) AS n FROM control.jobs WHERE state IN ('queued', 'running')";
        until("the jobs", || {
            crate::support::count(&mut db.as_provisioner(), idle) == 0
        });
        assert_eq!(tables_with(db, &main, mark), Vec::<String>::new());
    }
    assert_eq!(tables_with(db, &main, "Inas"), Vec::<String>::new());
    assert!(
        !files_with(db.files(), "nobody;Dr").is_empty(),
        "other rows stay"
    );
}

#[test]
fn who_is_deleted_by_an_inner_tenants_program_is_gone_from_its_files() {
    let app = TestApp::new();
    let (db, main) = (&app.db, app.db.tenant("main"));
    db.inner("main", "vip", by_rule("title is empty"));
    app.member("ina@example.org", "main/vip", "administrator");
    let inner = app.program("ina@example.org", "main/vip", &[]);
    import(&inner, PEOPLE);
    assert_eq!(files_with(db.files(), "cleo@").len(), 1);
    let gone = inner.delete(&format!("/recipients/{}", id(&inner, "cleo@")));
    assert_eq!(gone.status, 204, "{gone:?}");
    until("cleo", || files_with(db.files(), "cleo@").is_empty());
    assert_eq!(tables_with(db, &main, "cleo@"), Vec::<String>::new());
}
