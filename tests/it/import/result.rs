//! What the page of an import tells at its end: problems by kind, how long it took, who was changed, why it was
//! cancelled.

use super::broken::wait;
use super::wizard::{admin, at, run, upload};
use crate::support::app::{Answer, TestApp};
use crate::support::by_rule;
use serde_json::json;

/// A file with three kinds of problems, one of them a hundred and fifty times.
fn bad() -> String {
    let mut text = String::from("email;Born\n");
    for n in 0..150 {
        text += &format!("u{n}@example.org;{n}.13.1999\n");
    }
    for n in 0..60 {
        text += &format!("v{n}@example.org;24.12.1999\n");
    }
    text + "nobody;\nU1@example.org;1.2.1999\n"
}

fn kinds(page: &Answer) -> Vec<Vec<String>> {
    let cells = page.texts("table.kinds tbody td");
    cells.chunks(5).map(<[String]>::to_vec).collect()
}

#[test]
fn problems_are_told_by_kind_with_their_values() {
    let app = TestApp::new();
    let anna = admin(&app);
    let born = [("key", "born"), ("type", "date"), ("label_en", "Birthday")];
    assert_eq!(anna.submit("/t/main/fields/new", &born).status, 303);
    let page = upload(&anna, "main", "k.csv", bad().as_bytes());
    let checked = at(&anna, &anna.send_form(&page, &[]), "checked");
    let found = kinds(&checked);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0][0], "Born → Birthday");
    assert_eq!(found[0][2..4], ["value left out", "150"]);
    assert_eq!(
        checked.texts("table.kinds tr:first-child li"),
        [
            "Line 2: 0.13.1999",
            "Line 3: 1.13.1999",
            "Line 4: 2.13.1999"
        ]
    );
    let of = |found: &[Vec<String>], line: &str| {
        let one = found.iter().find(|kind| kind[4].starts_with(line));
        one.unwrap_or_else(|| panic!("{found:?}"))[4].clone()
    };
    assert_eq!(of(&found, "Line 212"), "Line 212: nobody");
    assert_eq!(of(&found, "Line 213"), "Line 213: U1@example.org");
    assert!(
        checked.body.find("table kinds") < checked.body.find("table problems"),
        "the kinds stand on top"
    );
    assert_eq!(checked.texts("table.problems tbody tr").len(), 100);

    let done = run(&anna, &checked);
    let found = kinds(&done);
    assert_eq!(found[0][3], "150");
    assert_eq!(
        done.texts("table.kinds tr:first-child li"),
        ["Line 2", "Line 3", "Line 4"],
        "the upload is gone, and values are kept nowhere"
    );
    assert_eq!(of(&found, "Line 212"), "Line 212: nobody");
    assert_eq!(of(&found, "Line 213"), "Line 213: U1@example.org");

    // A profile keeps settings, and nothing that was found.
    let action = done
        .attribute("form[action$='/profile']", "action")
        .unwrap();
    assert_eq!(anna.post(&action, &[("name", "Shop")]).status, 303);
    let kept = "SELECT count(*) AS n FROM t_1.import_profiles WHERE settings ? 'groups'";
    assert_eq!(crate::support::count(&mut app.db.as_provisioner(), kept), 0);
}

#[test]
fn the_result_tells_how_long_it_took_and_leads_to_whom_it_changed() {
    let app = TestApp::new();
    let anna = admin(&app);
    let main = app.db.tenant("main");
    app.db
        .person(&main, json!({ "email": "old@example.org" }), &[]);
    // Rules know whole seconds.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let page = upload(
        &anna,
        "main",
        "k.csv",
        b"email\na@example.org\nb@example.org\n",
    );
    let done = run(&anna, &at(&anna, &anna.send_form(&page, &[]), "checked"));
    let took = done.texts(".took");
    assert!(took[0].starts_with("Took "), "{took:?}");
    assert!(done.texts(".not-seen").is_empty());
    let link = done
        .attribute("a[href*='/recipients?rule=']", "href")
        .unwrap();
    let mut changed = anna.get(&link).texts("tbody td a");
    changed.sort();
    assert_eq!(changed, ["a@example.org", "b@example.org"]);

    let page = upload(&anna, "main", "k.csv", b"email\na@example.org\n");
    let done = run(&anna, &at(&anna, &anna.send_form(&page, &[]), "checked"));
    assert_eq!(done.attribute("a[href*='/recipients?rule=']", "href"), None);
}

#[test]
fn an_inner_tenant_reads_the_same_sentence_whoever_exists_outside() {
    let app = TestApp::new();
    let main = app.db.tenant("main");
    app.db
        .person(&main, json!({ "email": "hidden@example.org" }), &[]);
    app.db.inner("main", "vip", by_rule("last_name = 'A'"));
    let ida = app.user("ida@example.org", "main/vip", "administrator");
    let mut said = Vec::new();
    for address in ["hidden", "nobody"] {
        let text = format!("email;last name\n{address}@example.org;A\n");
        let page = upload(&ida, "main/vip", "k.csv", text.as_bytes());
        let done = run(&ida, &at(&ida, &ida.send_form(&page, &[]), "checked"));
        said.push((done.texts(".not-seen"), done.texts("dl.pairs dd")));
    }
    assert_eq!(said[0], said[1]);
    assert_eq!(
        said[0].0,
        ["Somebody whom this tenant does not see yet appears once the administrators have agreed."]
    );
}

#[test]
fn an_import_whose_file_named_a_deleted_recipient_says_so() {
    let app = TestApp::new();
    let anna = admin(&app);
    let main = app.db.tenant("main");
    for name in ["a", "b"] {
        let email = format!("{name}@example.org");
        app.db
            .person(&main, json!({ "email": email, "last_name": "A" }), &[]);
    }
    app.db.inner("main", "vip", by_rule("last_name = 'A'"));
    let ida = app.user("ida@example.org", "main/vip", "administrator");
    let text = b"email;last name\na@example.org;A\n";
    let waits = upload(&anna, "main", "waits.csv", text);
    let inner = upload(&ida, "main/vip", "inner.csv", text);
    let of = |page: &Answer| {
        let action = page.attribute("form.form", "action").unwrap();
        action.strip_suffix("/mapping").unwrap().to_owned()
    };
    let find = |name: &str| {
        let found = anna.get(&format!("/t/main/recipients?q={name}%40example.org"));
        found.attribute("tbody td a", "href").unwrap()
    };
    let other = anna.get(&format!("{}/delete", find("b")));
    assert!(!other.body.contains("waits.csv"), "{}", other.body);
    let page = anna.get(&format!("{}/delete", find("a")));
    assert!(
        page.texts("main")[0].contains(
            "Imports that wait and whose file names this recipient are cancelled: waits.csv"
        ),
        "{}",
        page.body
    );
    assert_eq!(anna.send_form(&page, &[]).status, 303);
    wait("the cancelling", || {
        anna.get(&of(&waits)).texts(".badge") == ["cancelled"]
            && ida.get(&of(&inner)).texts(".badge") == ["cancelled"]
    });
    assert_eq!(
        anna.get(&of(&waits)).texts(".alert-danger"),
        [
            "A recipient who stands in its file was deleted, so the file was removed and the import was cancelled. Upload the file again without him."
        ]
    );
    // Perhaps he was never to be seen there.
    let told = ida.get(&of(&inner)).texts(".alert-danger");
    assert!(told[0].starts_with("The file was removed"), "{told:?}");
}
