//! The import's functions in separate and inner tenants: every mode, and every hostile argument.

use super::{World, denied};
use diesel::prelude::*;
use mandant::control::tenants::Tenant;
use mandant::db::copy::copy_into_stage;
use mandant::db::ids::ImportId;

/// One batch: what is staged and how it is applied.
#[derive(Clone)]
struct Batch {
    mode: &'static str,
    key: &'static str,
    cols: &'static [&'static str],
    clear: bool,
    lists: &'static str,
    rows: Vec<&'static str>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            mode: "upsert",
            key: "email",
            cols: &["email", "last_name"],
            clear: false,
            lists: "{}",
            rows: vec![],
        }
    }
}

impl World {
    fn import(&self, tenant: &Tenant) -> ImportId {
        let said = self.ask_writing_ids(
            tenant,
            "INSERT INTO imports (file_name) VALUES ('x.csv') RETURNING id",
        );
        ImportId(said)
    }

    fn ask_writing_ids(&self, tenant: &Tenant, sql: &str) -> i32 {
        #[derive(QueryableByName)]
        struct Id {
            #[diesel(sql_type = diesel::sql_types::Integer)]
            id: i32,
        }
        self.db
            .as_tenant(tenant.scope(), |conn| {
                Ok(diesel::sql_query(sql).get_result::<Id>(conn.pg())?.id)
            })
            .unwrap()
    }

    /// Stages and applies a batch as one import; the counts `created updated unchanged refused`.
    fn apply(&self, tenant: &Tenant, batch: &Batch) -> String {
        let import = self.import(tenant);
        let names: Vec<String> = batch.cols.iter().map(ToString::to_string).collect();
        let opened = self.attempt(
            tenant,
            &format!("SELECT stage_open({import}, '{{{}}}')", names.join(",")),
        );
        assert_eq!(opened, "ok 1");
        let text: String = batch
            .rows
            .iter()
            .enumerate()
            .map(|(n, row)| format!("{}\t\\N\t{row}\n", n + 1))
            .collect();
        let copied = self.db.as_tenant(tenant.scope(), |conn| {
            copy_into_stage(conn, import, &names, text.as_bytes())
        });
        if let Err(error) = copied {
            return format!("copy: {error}");
        }
        let said = self.ask_writing(
            tenant,
            &format!(
                "SELECT created || ' ' || updated || ' ' || unchanged || ' ' || refused AS n FROM \
             stage_apply({import}, '{}', '{}', '{{{}}}', {}, '{}', NULL)",
                batch.mode,
                batch.key,
                names.join(","),
                batch.clear,
                batch.lists
            ),
        );
        assert_eq!(
            self.attempt(tenant, &format!("SELECT stage_close({import})")),
            "ok 1"
        );
        said.trim_start_matches(r#"[{"n":""#)
            .trim_end_matches(r#""}]"#)
            .to_owned()
    }

    fn people(&self) -> String {
        let query = "SELECT string_agg(email || ' ' || COALESCE(last_name, '-') || COALESCE((SELECT string_agg(' ' || list_id || ':' || status, '' ORDER BY list_id) \
            FROM subscriptions s WHERE s.recipient_id = r.id), ''), '; ' ORDER BY email) AS all FROM recipients r";
        let said = self.ask(&self.nord, query);
        said.trim_start_matches(r#"[{"all":""#)
            .trim_end_matches(r#""}]"#)
            .replace("@nord.example", "")
    }
}

fn batch(mode: &'static str, lists: &'static str, rows: &[&'static str]) -> Batch {
    Batch {
        mode,
        lists,
        rows: rows.to_vec(),
        ..Batch::default()
    }
}

const TWO: [&str; 3] = [
    "in@nord.example\tIltis",
    "new@nord.example\tNeu",
    "out@nord.example\tOtter",
];

#[test]
fn every_mode_in_a_separate_tenant() {
    let start = "adler Adler 2:active; in Igel 1:active; out Otter 2:active";
    for (mode, lists, counts, after) in [
        (
            "add",
            "{}",
            "1 0 2 0",
            "adler Adler 2:active; in Igel 1:active; new Neu; out Otter 2:active",
        ),
        (
            "add",
            "{2}",
            "1 0 2 0",
            "adler Adler 2:active; in Igel 1:active; new Neu 2:active; out Otter 2:active",
        ),
        (
            "upsert",
            "{}",
            "1 1 1 0",
            "adler Adler 2:active; in Iltis 1:active; new Neu; out Otter 2:active",
        ),
        (
            "upsert",
            "{1}",
            "1 2 0 0",
            "adler Adler 2:active; in Iltis 1:active; new Neu 1:active; out Otter 1:active 2:active",
        ),
        (
            "update",
            "{}",
            "0 1 1 1",
            "adler Adler 2:active; in Iltis 1:active; out Otter 2:active",
        ),
        (
            "unsubscribe",
            "{}",
            "0 2 0 1",
            "adler Adler 2:active; in Igel 1:unsubscribed_admin; out Otter 2:unsubscribed_admin",
        ),
        (
            "unsubscribe",
            "{1}",
            "0 1 1 1",
            "adler Adler 2:active; in Igel 1:unsubscribed_admin; out Otter 2:active",
        ),
        (
            "block",
            "{1}",
            "0 2 0 1",
            "adler Adler 2:active; in Igel 1:blocked; out Otter 1:blocked 2:active",
        ),
    ] {
        let w = World::new();
        assert_eq!(w.people(), start);
        let counted = w
            .apply(&w.nord, &batch(mode, lists, &TWO))
            .replace("null", "0");
        assert_eq!(
            (counted.as_str(), w.people().as_str()),
            (counts, after),
            "{mode} {lists}"
        );
    }
}

#[test]
fn clear_and_keep_and_who_left_stays_off() {
    let w = World::new();
    w.attempt(
        &w.nord,
        "UPDATE subscriptions SET status = 'unsubscribed_user' WHERE recipient_id = 1",
    );
    let empty = batch("upsert", "{1}", &["in@nord.example\t\\N"]);
    assert_eq!(w.apply(&w.nord, &empty), "0 0 1 0");
    assert_eq!(
        w.people(),
        "adler Adler 2:active; in Igel 1:unsubscribed_user; out Otter 2:active"
    );
    assert_eq!(
        w.apply(
            &w.nord,
            &Batch {
                clear: true,
                ..empty
            }
        ),
        "0 1 0 0"
    );
    assert_eq!(
        w.people(),
        "adler Adler 2:active; in - 1:unsubscribed_user; out Otter 2:active"
    );
    let history = w.ask(&w.nord, "SELECT changes FROM recipient_changes");
    assert_eq!(history, r#"[{"changes":{"5": ["Igel", null]}}]"#);
}

#[test]
fn other_unique_fields_refuse_their_rows() {
    let w = World::new();
    let taken = Batch {
        cols: &["email", "f101"],
        rows: vec![
            "a@nord.example\t1",
            "b@nord.example\t8",
            "c@nord.example\t8",
            "in@nord.example\t1",
            "d@nord.example\t\\N",
        ],
        ..Batch::default()
    };
    assert_eq!(w.apply(&w.nord, &taken), "2 0 1 2");
    let problems = w.ask(
        &w.nord,
        "SELECT line, code, field_id FROM import_problems ORDER BY line",
    );
    assert_eq!(
        problems,
        "[{\"line\":1,\"code\":\"taken\",\"field_id\":101}, \n {\"line\":3,\"code\":\"taken\",\"field_id\":101}]"
    );
    // By the other unique field as the key.
    let by_number = Batch {
        key: "f101",
        cols: &["f101", "last_name"],
        mode: "update",
        rows: vec!["3\tAar", "9\tNie"],
        ..Batch::default()
    };
    assert_eq!(w.apply(&w.nord, &by_number), "0 1 0 1");
}

#[test]
fn an_inner_import_stays_inside_and_tells_nothing() {
    for mode in ["add", "upsert"] {
        let w = World::new();
        // A hidden person counts as created, as the new one does, and is not touched.
        let rows = ["out@nord.example\tX", "new@nord.example\tY"];
        assert_eq!(w.apply(&w.vip, &batch(mode, "{}", &rows)), "2 0 0 0");
        assert_eq!(
            w.people(),
            "adler Adler 2:active; in Igel 1:active; new Y 1:active; out Otter 2:active"
        );
        assert_eq!(
            w.ask(&w.nord, "SELECT recipient_id, list_ids FROM admissions"),
            r#"[{"recipient_id":2,"list_ids":[1]}]"#
        );
        assert_eq!(w.ask(&w.vip, "SELECT 1 FROM import_problems"), "[]");
    }
    for mode in ["update", "unsubscribe", "block"] {
        let w = World::new();
        let before = w.people();
        for email in ["out@nord.example\tX", "nobody@nord.example\tX"] {
            assert!(
                w.apply(&w.vip, &batch(mode, "{}", &[email]))
                    .ends_with(" 1"),
                "{mode}"
            );
            assert_eq!(
                w.apply(&w.vip, &batch(mode, "{2}", &[email])),
                "list outside the fence",
                "{mode}"
            );
        }
        assert_eq!(w.people(), before);
    }
}

#[test]
fn an_inner_import_changes_only_what_it_sees() {
    let w = World::new();
    assert_eq!(
        w.apply(&w.vip, &batch("update", "{1}", &["in@nord.example\tIltis"])),
        "0 1 0 0"
    );
    assert_eq!(
        w.apply(&w.vip, &batch("update", "{2}", &["in@nord.example\tX"])),
        "list outside the fence"
    );
    assert_eq!(
        w.apply(&w.vip, &batch("upsert", "{2}", &["in@nord.example\tX"])),
        "list outside the fence"
    );
    assert_eq!(
        w.apply(
            &w.adler,
            &batch("update", "{}", &["adler@nord.example\tBraun"])
        ),
        "0 0 0 1"
    );
    assert_eq!(
        w.apply(
            &w.adler,
            &batch(
                "upsert",
                "{}",
                &[
                    "n@nord.example\tBraun",
                    "m@nord.example\tAdler",
                    "out@nord.example\tBraun"
                ]
            )
        ),
        "1 0 0 2"
    );
    let problems = w.ask(&w.adler, "SELECT DISTINCT code FROM import_problems");
    assert_eq!(problems, r#"[{"code":"outside_fence"}]"#);
    assert_eq!(
        w.people(),
        "adler Adler 2:active; in Iltis 1:active; m Adler; out Otter 2:active"
    );
    // Unsubscribing and blocking without naming lists: the fence's own only.
    w.ask_writing(&w.nord, "SELECT subscribe('{1}', 2, 'active', true, NULL)");
    assert_eq!(
        w.apply(&w.vip, &batch("unsubscribe", "{}", &["in@nord.example\tX"])),
        "0 1 0 0"
    );
    assert!(
        w.people()
            .contains("in Iltis 1:unsubscribed_admin 2:active")
    );
    assert_eq!(
        w.apply(&w.vip, &batch("block", "{1}", &["in@nord.example\tX"])),
        "0 1 0 0"
    );
    assert!(w.people().contains("in Iltis 1:blocked 2:active"));
}

/// Pairs of batches that differ only in whether the address exists outside.
#[test]
fn no_row_tells_whether_an_address_exists_outside() {
    let cases: [(&'static [&str], [&'static str; 2]); 4] = [
        (&["email", "f101"], ["@\t1", "x@nord.example\t50"]),
        (&["email", "f101"], ["@\t60", "x@nord.example\t60"]),
        (&["email", "gender"], ["@\trobot", "x@nord.example\tmale"]),
        (&["email", "last_name"], ["@\tA", "@\tB"]),
    ];
    for (cols, rows) in cases {
        let said = ["out@nord.example", "none@nord.example"].map(|email| {
            let w = World::new();
            let rows = rows.map(|row| {
                &*row
                    .replace('@', email)
                    .replace(&format!("x{email}nord.example"), "x@nord.example")
                    .leak()
            });
            let counts = w.apply(
                &w.vip,
                &Batch {
                    cols,
                    rows: rows.to_vec(),
                    ..Batch::default()
                },
            );
            (
                counts,
                w.ask(
                    &w.vip,
                    "SELECT line, code, field_id FROM import_problems ORDER BY line",
                ),
            )
        });
        assert_eq!(said[0], said[1], "{rows:?}");
    }
}

#[test]
fn nobody_touches_the_stage_of_another() {
    let w = World::new();
    let (parents, theirs, own) = (w.import(&w.nord), w.import(&w.adler), w.import(&w.vip));
    for (tenant, import) in [(&w.nord, parents), (&w.adler, theirs)] {
        w.attempt(tenant, &format!("SELECT stage_open({import}, '{{email}}')"));
    }
    for import in [parents, theirs, ImportId(99)] {
        for call in [
            format!("stage_open({import}, '{{email}}')"),
            format!("stage_close({import})"),
            format!("stage_apply({import}, 'upsert', 'email', '{{email}}', false, '{{}}', NULL)"),
        ] {
            assert_eq!(
                w.attempt(&w.vip, &format!("SELECT {call}")),
                "no such import",
                "{call}"
            );
        }
    }
    for import in [theirs, parents] {
        denied(&w.attempt(
            &w.vip,
            &format!(
                "INSERT INTO t_{}.stage_{import} (line) VALUES (1)",
                w.nord.id
            ),
        ));
        denied(&w.ask(
            &w.vip,
            &format!("SELECT * FROM t_{}.stage_{import}", w.nord.id),
        ));
    }
    // The parent does not act in an inner tenant's import either, nor without a tenant's role at all.
    assert_eq!(
        w.attempt(&w.nord, &format!("SELECT stage_close({own})")),
        "no such import"
    );
    for cols in [
        "{id}",
        "{email,created_by}",
        "{source}",
        "{\"email\\\" text); DROP TABLE lists; --\"}",
        "{tableoid}",
        "{email,email}",
    ] {
        let said = w.attempt(&w.vip, &format!("SELECT stage_open({own}, '{cols}')"));
        assert_eq!(said, "a column that cannot be imported", "{cols}");
    }
    assert!(
        w.attempt(&w.vip, "SELECT stage_open(NULL, '{email}')")
            .starts_with("no such import")
    );
}

/// Only a unique field is a key: another would meet many, and the counts would tell of the hidden ones.
#[test]
fn hostile_arguments_of_an_import() {
    let w = World::new();
    let own = w.import(&w.vip);
    w.attempt(
        &w.vip,
        &format!("SELECT stage_open({own}, '{{email,last_name}}')"),
    );
    let apply = |mode: &str, key: &str, cols: &str| {
        w.attempt(
            &w.vip,
            &format!("SELECT stage_apply({own}, {mode}, {key}, '{cols}', false, '{{}}', NULL)"),
        )
    };
    for key in [
        "'last_name'",
        "'id'",
        "'email\" OR true --'",
        "NULL",
        "'changed_at'",
    ] {
        assert_eq!(
            apply("'upsert'", key, "{email}"),
            "not a unique field",
            "{key}"
        );
    }
    assert_eq!(apply("'drop'", "'email'", "{email}"), "no such mode");
    assert_eq!(apply("NULL", "'email'", "{email}"), "no such mode");
    for helper in [
        "stage_stop(1, 'block', 'email', '{}')",
        "own_import(1)",
        "scope()",
        "inner_id()",
        "ask_admission(2, '{}', '{}')",
        "hidden_twin('i_1', '{}', 1)",
        "lists_within_fence('{}')",
        "acting_user()",
    ] {
        denied(&w.attempt(&w.vip, &format!("SELECT t_{}.{helper}", w.nord.id)));
    }
    for helper in ["fence_lists()", "moves_allowed()", "fits(NULL)"] {
        denied(&w.attempt(&w.vip, &format!("SELECT i_{}.{helper}", w.adler.id)));
    }
}

/// Two imports at once bring the same people: each person is made once, and every row is accounted for.
#[test]
fn imports_at_the_same_time_do_not_meet() {
    let w = World::new();
    let rows: Vec<&'static str> = (0..300)
        .map(|n| &*format!("p{n}@both.example\tSame").leak())
        .collect();
    let batch = Batch {
        rows,
        ..Batch::default()
    };
    let counts: Vec<Vec<i64>> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| w.apply(&w.nord, &batch)))
            .collect();
        runs.into_iter()
            .map(|run| {
                run.join()
                    .unwrap()
                    .split(' ')
                    .map(|n| n.parse().unwrap())
                    .collect()
            })
            .collect()
    });
    let sum = |column: usize| counts.iter().map(|count| count[column]).sum::<i64>();
    assert_eq!(
        (sum(0), sum(1), sum(2), sum(3)),
        (300, 0, 900, 0),
        "{counts:?}"
    );
    let people = "SELECT count(*) AS n FROM recipients WHERE email LIKE '%@both.example'";
    assert_eq!(w.ask(&w.nord, people), r#"[{"n":300}]"#);
}
