//! Somebody who may fill less runs an import that another checked.

use super::*;
use crate::support::until;

#[test]
fn who_may_not_fill_a_field_leaves_anothers_checked_import_as_it_is() {
    let w = World::new();
    w.nora.get("/t/nord/imports/new");
    let file = "mail,points\nnew@example.org,zqscore of the file\n";
    let begun = w.nora.upload("/t/nord/imports", "people.csv", file);
    assert_eq!(begun.status, 303, "{}", begun.body);
    let mapping = w.nora.get(&begun.location);
    let score = w.score.to_string();
    let values = [
        ("column_0", "1"),
        ("column_1", score.as_str()),
        ("mode", "upsert"),
    ];
    let sent = w.nora.send_form(&mapping, &values);
    assert_eq!(sent.status, 303, "{sent:?}");
    let import = sent.location;
    let state = |who: &Person| who.get(&import).texts(".badge");
    until("the dry run", || state(&w.nora) == ["checked"]);

    let run = format!("{import}/run");
    for mode in ["hidden", "masked", "read_only"] {
        w.set(w.score, "editor", mode);
        w.edda.get("/t/nord/imports");
        let refused = w.edda.post(&run, &[]);
        assert_eq!(refused.location, import, "{mode}");
        let page = w.edda.get(&import);
        let said = page.texts(".said").join("");
        assert!(
            said.contains("“points” is mapped to a field that you may not fill"),
            "{said}"
        );
        tells_nothing(&page);
    }
    let program = w.app.program("edda@example.org", "nord", &[]);
    let path = run.trim_start_matches("/t/nord");
    let refused = program.run("POST", path, "", "");
    assert_eq!(
        refused.faults(),
        [("", "import-field-not-yours")],
        "{refused:?}"
    );
    assert_eq!(state(&w.nora), ["checked"]);

    assert_eq!(w.nora.post(&run, &[]).status, 303);
    until("the import", || state(&w.nora) == ["done"]);
    let made = w.nora.get("/t/nord/recipients?q=new@example.org");
    assert!(made.body.contains("new@example.org"));
}
