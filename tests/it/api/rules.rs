//! What is wrong with a rule, told wherever one can be sent: in the caller's language, with the place.

use crate::support::app::TestApp;
use crate::support::by_rule;
use serde_json::json;

const WRONG: &str = "first_name = 'A' and town = 'B'";
const PLACE: usize = 22;

#[test]
fn faults_of_a_rule_come_in_the_readers_language_with_their_place() {
    let app = TestApp::new();
    let mut program = app.program("admin@example.org", "main", &[]);
    let vip = app.db.inner("main", "vip", by_rule("last_name = 'A'"));
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let encoded: String = url::form_urlencoded::byte_serialize(WRONG.as_bytes()).collect();
    let version = vip.version;
    for (language, place, word) in [
        ("de", format!("Zeichen {PLACE}"), "Feld"),
        ("en", format!("At character {PLACE}"), "field"),
    ] {
        program.language = language;
        let fence = json!({ "rule": WRONG });
        let made = json!({ "slug": "neu", "name": "Neu", "fence": fence.clone() });
        let changed = json!({ "version": version, "fence": fence, "moves_allowed": true });
        for (reply, field) in [
            (program.get(&format!("/recipients?rule={encoded}")), "rule"),
            (
                program.get(&format!("/recipients/count?rule={encoded}")),
                "rule",
            ),
            (program.send("POST", "/inner", made), "fence.rule"),
            (
                program.send("PUT", &format!("/inner/{}/fence", vip.id), changed),
                "fence.rule",
            ),
        ] {
            assert_eq!(reply.faults(), [(field, "rule-unknown-field")], "{reply:?}");
            let detail = reply.json["errors"][0]["detail"].as_str().unwrap();
            assert!(
                detail.contains(&place) && detail.contains(word) && detail.contains("town"),
                "{detail}"
            );
            assert_eq!(reply.json["detail"], detail);
        }

        let name = [
            ("name", "Admin"),
            ("language", language),
            ("time_zone", "UTC"),
        ];
        let saved = anna.submit("/profile", &name);
        assert!(matches!(saved.status, 200 | 303), "{}", saved.body);
        let state = format!("rule={encoded}");
        let order = [
            ("act", "delete"),
            ("which", "all"),
            ("state", state.as_str()),
        ];
        anna.get("/t/main/recipients");
        for answer in [
            anna.get(&format!("/t/main/recipients?{state}")),
            anna.get(&format!("/t/main/recipients/count?{state}")),
            anna.get(&format!("/t/main/recipients/export?{state}")),
            anna.get(&format!(
                "/t/main/recipients/bulk?act=delete&which=all&{state}"
            )),
            {
                anna.get("/t/main/lists/new");
                anna.post("/t/main/recipients/bulk/delete", &order)
            },
            anna.submit(
                &format!("/t/main/inner/{}/fence", vip.id),
                &[("rule", WRONG)],
            ),
        ] {
            assert_eq!(answer.status, 422, "{}", answer.body);
            assert!(
                answer.body.contains(&place) && answer.body.contains("town"),
                "{language}: {}",
                answer.body
            );
        }
    }
    let jobs = "SELECT count(*) AS n FROM jobs";
    assert_eq!(crate::support::count(&mut app.db.as_provisioner(), jobs), 0);
}
