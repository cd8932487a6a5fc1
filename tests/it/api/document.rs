//! The OpenAPI document against the policy table, and the shape of errors.

use crate::support::app::TestApp;
use mandant::access::gate::Requires;
use mandant::api::openapi_document;
use mandant::routes::routes;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn every_route_of_the_api_is_in_the_document_and_nothing_else() {
    let document = openapi_document();
    let mut told = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            told.insert((method.to_uppercase(), path.clone()));
            let answers = operation["responses"].as_object().unwrap();
            assert!(
                answers.keys().any(|status| status.starts_with('2')),
                "{method} {path} never succeeds"
            );
        }
    }
    let mut wanted = BTreeSet::new();
    for route in routes().table().iter().filter(|route| route.is_api()) {
        let method = route.method.to_string();
        let twin = route.path.replacen("{tenant}", "{tenant}/{inner}", 1);
        if let Requires::Right(right) = route.requires {
            let operation = &document["paths"][&route.path][method.to_lowercase()];
            assert_eq!(operation["x-right"], right.key, "{method} {}", route.path);
            if right.inner {
                wanted.insert((method.clone(), twin));
            }
        }
        wanted.insert((method, route.path.clone()));
    }
    assert!(wanted.len() > 40);
    assert_eq!(told, wanted);
}

#[test]
fn the_document_is_openapi_whose_references_lead_somewhere() {
    let document = openapi_document();
    let text = document.to_string();
    let read: utoipa::openapi::OpenApi = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: …{}", &text[error.column() - 1500..error.column()])
    });
    assert_eq!(
        read.paths.paths.len(),
        document["paths"].as_object().unwrap().len()
    );
    fn references<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
        match value {
            Value::Object(all) => {
                found.extend(all.get("$ref").and_then(Value::as_str));
                all.values().for_each(|value| references(value, found));
            }
            Value::Array(all) => all.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let target = document.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference}");
    }
    let ids: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn errors_are_problems_in_the_callers_language() {
    let app = TestApp::new();
    let mut shop = app.program("admin@example.org", "main", &[]);
    let anybody = shop.run("GET", "/api/v1/openapi.json", "", "");
    assert_eq!(
        (anybody.status, &anybody.json["openapi"]),
        (200, &json!("3.1.0"))
    );

    let cases = [
        (shop.get("/nothing-there"), 404, "not-found"),
        (shop.run("GET", "/api/v2/x", "", ""), 404, "not-found"),
        (shop.get("/lists/99999999999"), 404, "not-found"),
        (shop.get("/recipients/aaaaaaaaaaaaa"), 404, "not-found"),
        (shop.delete("/roles"), 405, "wrong-method"),
        (shop.delete("/recipients/count"), 405, "wrong-method"),
        (
            shop.run("POST", "/lists", "text/plain", "{}"),
            415,
            "not-json",
        ),
        (
            shop.run("POST", "/lists", "application/json", "{"),
            400,
            "unreadable",
        ),
        (
            shop.send("POST", "/lists", json!({ "name": "a", "owner": 1 })),
            400,
            "unreadable",
        ),
        (
            shop.send("POST", "/lists", json!({ "name": "a\0" })),
            400,
            "unreadable",
        ),
        (shop.get("/recipients?role=x"), 400, "unreadable"),
        (shop.get("/recipients?limit=0"), 400, "unreadable"),
        (shop.get("/users?q=%00"), 400, "unreadable"),
        (shop.get("/users?after=-1"), 400, "unreadable"),
        (
            shop.send("POST", "/lists", json!({ "name": " " })),
            422,
            "invalid",
        ),
        (
            shop.send("POST", "/lists", json!({ "name": "x".repeat(5 << 20) })),
            413,
            "too-large",
        ),
    ];
    for (index, (reply, status, kind)) in cases.iter().enumerate() {
        assert_eq!(reply.status, *status, "case {index}: {reply:?}");
        assert_eq!(reply.headers["content-type"], "application/problem+json");
        assert_eq!(reply.json["type"], format!("urn:mandant:problem:{kind}"));
        assert_eq!(reply.json["status"], *status);
        assert!(!reply.json["title"].as_str().unwrap().is_empty());
        assert!(!reply.json["request_id"].as_str().unwrap().is_empty());
    }
    assert_eq!(cases[4].0.headers["allow"], "GET, POST");
    assert_eq!(cases[14].0.faults(), [("name", "list-name-length")]);

    shop.language = "de";
    let german = shop.get("/lists/77");
    assert_eq!(german.json["title"], "Nicht gefunden");
    assert_eq!(german.headers["content-language"], "de");
}
