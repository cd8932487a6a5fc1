//! Changing a fence in the browser: first shown, then done, and only what was shown.

use super::World;
use crate::support::app::{Answer, Person};

fn sent(page: &Answer, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs = page.form("form.form");
    pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    pairs.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    pairs
}

fn post(who: &Person, url: &str, pairs: &[(String, String)]) -> Answer {
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    who.post_bare(url, &pairs)
}

const RULE: &str = "last_name = 'Otter' or last_name = 'Neu'";

/// Asks for the rule alone instead of the list.
fn preview(w: &World) -> Answer {
    let page = w.anna.get(&w.vip_page("/fence"));
    let mut pairs = sent(&page, &[("rule", RULE)]);
    pairs.retain(|(name, _)| name != "lists");
    post(&w.anna, &w.vip_page("/fence"), &pairs)
}

#[test]
fn what_changes_is_shown_first_and_only_that_is_done() {
    let w = World::new();
    let shown = preview(&w);
    assert_eq!(shown.status, 200);
    assert_eq!(shown.texts(".form-fixed"), ["Gains 1, loses 1 recipients."]);
    let first = shown.texts("form.form .field");
    assert!(
        first[0].contains("Gains 1"),
        "the counts stand first: {first:?}"
    );

    // Without a yes it is only shown again.
    assert_eq!(
        post(&w.anna, &w.vip_page("/fence"), &sent(&shown, &[])).status,
        200
    );
    // Somebody new fits the rule after the counts were shown.
    let data = serde_json::json!({ "email": "neu@nord.example", "last_name": "Neu" });
    w.app.db.person(&w.nord, data, &[]);
    let confirm = sent(&shown, &[("sure", "on")]);
    let changed = post(&w.anna, &w.vip_page("/fence"), &confirm);
    assert_eq!(changed.status, 422);
    assert_eq!(changed.texts("[role=alert] li").len(), 1);
    assert_eq!(
        w.app.db.tenant("nord/vip").fence,
        w.vip.fence,
        "nothing was done"
    );

    let done = post(
        &w.anna,
        &w.vip_page("/fence"),
        &sent(&changed, &[("sure", "on")]),
    );
    assert_eq!(done.status, 303);
    let ina = w.app.user("ina@nord.example", "nord/vip", "viewer");
    let seen = ina.get("/t/nord/vip/recipients").body;
    assert!(seen.contains("out@nord.example") && !seen.contains("in@nord.example"));
}

#[test]
fn a_confirmation_of_another_fence_is_none() {
    let w = World::new();
    let shown = preview(&w);
    let other = sent(&shown, &[("sure", "on"), ("rule", "last_name is empty")]);
    let again = post(&w.anna, &w.vip_page("/fence"), &other);
    assert_eq!(again.status, 422);
    assert_eq!(again.texts(".form-fixed"), ["Gains 0, loses 1 recipients."]);
    assert_eq!(w.app.db.tenant("nord/vip").fence, w.vip.fence);
}

#[test]
fn the_second_of_two_administrators_is_told_and_keeps_what_he_typed() {
    let w = World::new();
    let (page, shown) = (w.anna.get(&w.vip_page("/fence")), preview(&w));
    assert_eq!(
        post(
            &w.anna,
            &w.vip_page("/fence"),
            &sent(&shown, &[("sure", "on")])
        )
        .status,
        303
    );
    let late = sent(&page, &[("rule", "last_name = 'Zorn'")]);
    let told = post(&w.anna, &w.vip_page("/fence"), &late);
    assert_eq!(told.status, 422);
    assert!(
        told.texts("[role=alert]")[0].contains("where last_name = 'Otter'"),
        "{:?}",
        told.texts("[role=alert]")
    );
    assert_eq!(told.texts("textarea"), ["last_name = 'Zorn'"]);
    // From there he goes on as usual.
    let shown = post(&w.anna, &w.vip_page("/fence"), &sent(&told, &[]));
    assert_eq!(shown.status, 200);
    assert_eq!(
        post(
            &w.anna,
            &w.vip_page("/fence"),
            &sent(&shown, &[("sure", "on")])
        )
        .status,
        303
    );
}

#[test]
fn a_faulty_rule_is_explained_in_the_readers_language() {
    let w = World::new();
    let profile = w
        .anna
        .submit("/profile", &[("language", "de"), ("theme", "auto")]);
    assert_eq!(profile.status, 303);
    let german = w
        .anna
        .submit(&w.vip_page("/fence"), &[("rule", "nachname = 'x'")]);
    assert_eq!(german.status, 422);
    assert_eq!(
        german.texts("#rule-error"),
        ["Zeichen 1: Es gibt kein Feld «nachname»."]
    );
    let new = w.anna.submit(
        "/t/nord/inner/new",
        &[("name", "Neu"), ("rule", "last_name >")],
    );
    assert_eq!(new.status, 422);
    assert!(
        !new.texts("#rule-error")[0].contains("expected"),
        "{:?}",
        new.texts("#rule-error")
    );
}

/// A rule whose field is gone closes the fence; the page says so, and mends it.
#[test]
fn a_broken_rule_is_repaired_in_the_browser() {
    let w = World::new();
    let ina = w.app.user("ina@nord.example", "nord/vip", "viewer");
    let broken = r#"{"lists": [], "rule": {"version": 1, "rule": {"is": {"field": 4711, "type": "text", "op": "=", "values": ["x"]}}}}"#;
    crate::isolation::run(
        &mut w.app.db.as_provisioner(),
        &format!(
            "UPDATE tenants SET fence = '{broken}' WHERE id = {}",
            w.vip.id
        ),
    );
    let page = w.anna.get(&w.vip_page("/fence"));
    assert_eq!(page.status, 200);
    assert!(
        page.texts("[role=alert]")[0].contains("sees nobody"),
        "{:?}",
        page.texts("[role=alert]")
    );
    assert!(w.anna.get("/t/nord/inner").body.contains("no longer fits"));
    assert_eq!(w.anna.get(&w.vip_page("")).status, 200);
    let shown = post(
        &w.anna,
        &w.vip_page("/fence"),
        &sent(&page, &[("rule", RULE)]),
    );
    assert_eq!(shown.texts(".form-fixed"), ["Gains 1, loses 0 recipients."]);
    assert_eq!(
        post(
            &w.anna,
            &w.vip_page("/fence"),
            &sent(&shown, &[("sure", "on")])
        )
        .status,
        303
    );
    assert!(
        ina.get("/t/nord/vip/recipients")
            .body
            .contains("out@nord.example")
    );
}
