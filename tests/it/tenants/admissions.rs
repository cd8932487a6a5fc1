//! An inner tenant wants somebody who exists outside its fence: it never learns, and the parent decides.

use super::World;
use crate::support::app::Answer;
use crate::support::{by_rule, count};

fn create(who: &crate::support::app::Person, email: &str) -> Answer {
    who.submit(
        "/t/nord/vip/recipients/new",
        &[("f1", email), ("f5", "Entered")],
    )
}

#[test]
fn the_parent_admits_and_the_inner_tenant_never_learned() {
    let w = World::new();
    let ina = w.app.user("ina@nord.example", "nord/vip", "editor");
    assert!(!w.anna.get("/t/nord").body.contains("/admissions"));
    let outcome = |email: &str| {
        let answer = create(&ina, email);
        let said = ina.get(&answer.location);
        (
            answer.status,
            answer.location,
            said.texts("div[role=status] .alert"),
        )
    };
    let (new, hidden) = (outcome("new@nord.example"), outcome("out@nord.example"));
    assert_eq!(new, hidden);
    assert_eq!(new.0, 303);
    assert!(
        !ina.get("/t/nord/vip/recipients")
            .body
            .contains("out@nord.example")
    );
    for page in ["/t/nord/vip/admissions", "/t/nord/vip/admissions/1"] {
        assert_eq!(ina.get(page).status, 404, "not for inner tenants");
    }
    assert!(!ina.get("/t/nord/vip").body.contains("admissions"));

    assert!(w.anna.get("/t/nord").body.contains("One request to admit"));
    assert_eq!(
        w.anna
            .get("/t/nord/fields")
            .texts(".sections > ul > li > a .waits"),
        ["1"]
    );
    assert!(ina.get("/t/nord/vip").texts(".waits").is_empty());
    let list = w.anna.get("/t/nord/admissions");
    let row = &list.texts("tbody tr")[0];
    assert!(
        row.contains("out@nord.example") && row.contains("VIP") && row.contains("ina@nord.example"),
        "{row}"
    );
    let page = w.anna.get("/t/nord/admissions/1");
    let entered = page.texts("tbody tr");
    assert!(
        entered
            .iter()
            .any(|row| row.contains("Entered") && row.contains("Otter")),
        "{entered:?}"
    );

    let news = w.news.to_string();
    let none = w.anna.submit("/t/nord/admissions/1", &[("list", "")]);
    assert_eq!((none.status, none.texts("#list-error").len()), (422, 1));
    let done = w.anna.submit(
        "/t/nord/admissions/1",
        &[
            ("list", &news),
            ("status", "active"),
            ("consent", "At the counter, 3 May"),
        ],
    );
    assert_eq!(done.status, 303);
    assert!(w.anna.get("/t/nord").texts(".waits").is_empty());
    let seen = ina.get("/t/nord/vip/recipients").body;
    assert!(
        seen.contains("out@nord.example") && seen.contains("Otter"),
        "admitted as he is"
    );
    assert_eq!(w.anna.get("/t/nord/admissions").texts("tbody tr").len(), 0);
    assert_eq!(
        w.anna
            .get("/t/nord/admissions?state=admitted")
            .texts("tbody tr")
            .len(),
        1
    );
    let mut conn = w.app.db.as_provisioner();
    let kept = format!(
        "SELECT count(*) AS n FROM t_{}.subscriptions WHERE list_id = {news} AND consent_text LIKE 'At the counter%' AND status = 'active'",
        w.nord.id
    );
    assert_eq!(count(&mut conn, &kept), 1);
    let acts =
        "SELECT count(*) AS n FROM audit WHERE act = 'admission.admit' AND user_id IS NOT NULL";
    assert_eq!(count(&mut conn, acts), 1);
    // Decided is decided.
    assert_eq!(w.anna.post("/t/nord/admissions/1/decline", &[]).status, 409);
}

#[test]
fn declined_he_stays_outside_until_asked_for_again() {
    let w = World::new();
    let ina = w.app.user("ina@nord.example", "nord/vip", "editor");
    create(&ina, "out@nord.example");
    w.anna.get("/t/nord/admissions/1");
    assert_eq!(w.anna.post("/t/nord/admissions/1/decline", &[]).status, 303);
    assert!(
        !ina.get("/t/nord/vip/recipients")
            .body
            .contains("out@nord.example")
    );
    create(&ina, "out@nord.example");
    assert_eq!(w.anna.get("/t/nord/admissions").texts("tbody tr").len(), 1);
}

/// Where a rule fences nothing can be subscribed to: the page says what has to change, and where.
#[test]
fn a_rule_says_what_must_change_before_he_comes_in() {
    let w = World::new();
    w.app
        .db
        .inner("nord", "adler", by_rule("last_name = 'Adler'"));
    let ina = w.app.user("ina@nord.example", "nord/adler", "editor");
    ina.submit(
        "/t/nord/adler/recipients/new",
        &[("f1", "out@nord.example"), ("f5", "Adler")],
    );
    let page = w.anna.get("/t/nord/admissions/1");
    assert!(
        page.body.contains("last_name = &#39;Adler&#39;"),
        "{:?}",
        page.texts("li")
    );
    assert!(
        page.attribute("form[action$=admit]", "action").is_none(),
        "nothing to admit yet"
    );
    // Forced, it is refused with the reason.
    let forced = w.anna.post("/t/nord/admissions/1/admit", &[]);
    assert_eq!(forced.status, 422);
    assert!(
        !ina.get("/t/nord/adler/recipients")
            .body
            .contains("out@nord.example")
    );

    crate::isolation::run(
        &mut w.app.db.as_provisioner(),
        &format!(
            "UPDATE t_{}.recipients SET last_name = 'Adler' WHERE email = 'out@nord.example'",
            w.nord.id
        ),
    );
    w.anna.get("/t/nord/admissions/1");
    assert_eq!(w.anna.post("/t/nord/admissions/1/admit", &[]).status, 303);
    assert!(
        ina.get("/t/nord/adler/recipients")
            .body
            .contains("out@nord.example")
    );
}

#[test]
fn only_those_who_may_decide_see_the_requests() {
    let w = World::new();
    let ina = w.app.user("ina@nord.example", "nord/vip", "editor");
    create(&ina, "out@nord.example");
    let editor = w.app.user("ed@nord.example", "nord", "editor");
    assert_eq!(editor.get("/t/nord/admissions").status, 403);
    assert!(!editor.get("/t/nord").body.contains("request to admit"));
    w.app.db.separate("sued");
    let sara = w.app.user("sara@sued.example", "sued", "administrator");
    assert_eq!(sara.get("/t/sued/admissions/1").status, 404);
    assert_eq!(sara.get("/t/nord/admissions").status, 404);
    sara.get("/t/sued");
    assert_eq!(
        sara.post("/t/sued/admissions/1/admit", &[("list", "1")])
            .status,
        404
    );
}

/// How long an answer takes must not tell either whether somebody exists: alternating, so that a busy machine
/// slows both; the bounds are wide, a hidden person's request differs by single queries.
#[test]
fn the_time_to_answer_is_of_the_same_class() {
    let w = World::new();
    let ina = w.app.user("ina@nord.example", "nord/vip", "editor");
    let form = ina.get("/t/nord/vip/recipients/new").form("form.form");
    let took = |email: &str| {
        let mut pairs: Vec<(&str, &str)> = form
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .filter(|(name, _)| *name != "f1")
            .collect();
        pairs.push(("f1", email));
        let begun = std::time::Instant::now();
        assert_eq!(
            ina.post_bare("/t/nord/vip/recipients/new", &pairs).status,
            303
        );
        begun.elapsed()
    };
    let (mut new, mut hidden) = (Vec::new(), Vec::new());
    for n in 0..15 {
        new.push(took(&format!("n{n}@nord.example")));
        hidden.push(took("out@nord.example"));
    }
    new.sort();
    hidden.sort();
    let ratio = hidden[7].as_secs_f64() / new[7].as_secs_f64();
    assert!(
        (0.33..3.0).contains(&ratio),
        "{:?} against {:?}",
        hidden[7],
        new[7]
    );
}
