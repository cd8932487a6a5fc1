//! The pages of fields, through HTTP.

use super::{field, number};
use crate::support::app::TestApp;
use crate::support::by_rule;
use mandant::tenant::fields::{Field, show};

fn own(app: &TestApp) -> Field {
    let id = show::list(&app.db.app, "main").unwrap();
    let id = id.iter().find(|field| !field.standard).unwrap().id;
    field(
        &app.db,
        &app.db.tenant("main"),
        mandant::db::ids::FieldId(id),
    )
}

#[test]
fn an_administrator_makes_changes_and_drops_a_field() {
    let app = TestApp::new();
    let anna = app.user("anna@example.org", "main", "administrator");
    let refused = anna.submit(
        "/t/main/fields/new",
        &[("key", "Nicht so"), ("type", "choice")],
    );
    assert_eq!(refused.status, 422);
    assert_eq!(refused.texts("#key-error").len(), 1);
    assert_eq!(refused.attribute("#key", "value").unwrap(), "Nicht so");
    let values = [
        ("key", "colour"),
        ("type", "choice"),
        ("label_en", "Colour"),
        ("choices", "red | Red | Rot\nblue"),
        ("default", "red"),
    ];
    let made = anna.submit("/t/main/fields/new", &values);
    assert_eq!(
        (made.status, made.location.as_str()),
        (303, "/t/main/fields"),
        "{:?}",
        made.texts(".invalid-feedback")
    );
    let index = anna.get("/t/main/fields");
    assert!(index.texts("td a").contains(&"Colour".to_owned()));

    let colour = own(&app);
    assert!(colour.historised && colour.default_value.as_deref() == Some("red"));
    let edit = format!("/t/main/fields/{}/edit", colour.id);
    let page = anna.get(&edit);
    assert_eq!(page.texts("textarea"), ["red | Red | Rot blue"]);
    let saved = anna.submit(
        &edit,
        &[
            ("label_de", "Farbe"),
            ("key", "shade"),
            ("mode", "editable"),
        ],
    );
    assert_eq!(saved.status, 303, "{:?}", saved.texts(".invalid-feedback"));
    assert_eq!(
        (own(&app).key.as_str(), own(&app).label_de.as_str()),
        ("shade", "Farbe")
    );

    // A page that was opened before that tells so, and keeps what was typed.
    let stale = anna.submit(
        &edit,
        &[("version", "1"), ("label_en", "Mine"), ("mode", "editable")],
    );
    assert_eq!(stale.status, 422);
    assert_eq!(stale.attribute("#label_en", "value").unwrap(), "Mine");
    assert_eq!(own(&app).label_en, "Colour");

    let delete = format!("/t/main/fields/{}/delete", colour.id);
    let vip = app.db.inner("main", "vip", by_rule("shade = 'red'"));
    let used = anna.get(&delete);
    assert!(
        used.texts("td").contains(&vip.name),
        "{:?}",
        used.texts("td")
    );
    let version = own(&app).version.to_string();
    assert_eq!(anna.post(&delete, &[("version", &version)]).status, 200);
    assert!(own(&app).id == colour.id);
    let everybody = by_rule("email is not empty");
    let change = mandant::control::tenants::provision::ChangeFence {
        actor: mandant::control::audit::Actor::cli(),
        inner: vip.id(),
        version: vip.version,
        fence: everybody,
        moves_allowed: false,
    };
    mandant::access::system::provision(&app.db.app, change).unwrap();
    assert_eq!(anna.submit(&delete, &[]).status, 303);
    let left = "SELECT count(*) AS n FROM fields WHERE standard_column IS NULL";
    assert_eq!(number(&app.db, &app.db.tenant("main"), left), 0);
}

#[test]
fn standard_fields_show_what_may_change_and_viewers_only_look() {
    let app = TestApp::new();
    let anna = app.user("anna@example.org", "main", "administrator");
    let page = anna.get("/t/main/fields/1/edit");
    assert_eq!(page.status, 200);
    assert_eq!(page.attribute("#required", "name"), None);
    let saved = anna.submit(
        "/t/main/fields/1/edit",
        &[("label_en", "Address"), ("key", "x")],
    );
    assert_eq!(saved.status, 303, "{:?}", saved.texts(".invalid-feedback"));
    let shown = show::list(&app.db.app, "main").unwrap();
    assert_eq!(
        (shown[0].key.as_str(), shown[0].label.as_str()),
        ("email", "Address")
    );

    let vera = app.user("vera@example.org", "main", "viewer");
    assert_eq!(vera.get("/t/main/fields").status, 200);
    assert!(vera.get("/t/main/fields").texts("td a").is_empty());
    for path in [
        "/t/main/fields/new",
        "/t/main/fields/1/edit",
        "/t/main/fields/1/delete",
    ] {
        assert_eq!(vera.get(path).status, 403, "{path}");
        assert_eq!(vera.post(path, &[("version", "1")]).status, 403, "{path}");
    }
    app.db.inner("main", "vip", by_rule("email is not empty"));
    let ina = app.user("ina@example.org", "main/vip", "administrator");
    assert_eq!(ina.get("/t/main/vip/fields").status, 200);
    assert_eq!(ina.get("/t/main/vip/fields/new").status, 404);
}

#[test]
fn bars_part_a_value_from_its_labels_with_and_without_spaces() {
    let app = TestApp::new();
    let anna = app.user("anna@example.org", "main", "administrator");
    let values = [
        ("key", "status"),
        ("type", "choice"),
        ("label_en", "Status"),
        ("choices", "gold|Gold|Golden\nsilver |Silver"),
        ("default", "gold"),
    ];
    let made = anna.submit("/t/main/fields/new", &values);
    assert_eq!(made.status, 303, "{:?}", made.texts(".invalid-feedback"));
    let edit = format!("/t/main/fields/{}/edit", own(&app).id);
    let typed = anna.get(&edit).texts("textarea");
    assert_eq!(typed, ["gold | Gold | Golden silver | Silver | Silver"]);
    let refused = anna.submit(&edit, &[("choices", "gold|Gold|Golden|more")]);
    assert_eq!(refused.status, 422);
    let told = refused.texts("#choices-error");
    assert!(told[0].contains("a bar: “Golden|more”"), "{told:?}");
}
