//! Imports of real files through the engine, in separate and inner tenants.

mod bad;
mod broken;
mod result;
mod sheets;
mod wizard;

use crate::support::{TestDb, by_lists, by_rule, count};
use diesel::prelude::*;
use mandant::access::rights::RunImports;
use mandant::access::system::SystemAccess;
use mandant::control::tenants::Tenant;
use mandant::db::ids::{ImportId, ListId};
use mandant::db::schema::tenant::imports;
use mandant::db::tenant::Source as Through;
use mandant::error::Result;
use mandant::tenant::fields;
use mandant::tenant::recipients::import::engine::{self, Outcome};
use mandant::tenant::recipients::import::settings::{Duplicates, Mode, Settings};
use mandant::tenant::recipients::import::source::Source;
use mandant::tenant::recipients::import::{guess, report};
use std::path::{Path, PathBuf};

fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/recipients")
        .join(name)
}

fn truth(file: &str, what: &str) -> i64 {
    let text = std::fs::read_to_string(shared("truth.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_str(&text).unwrap();
    truth[file][what].as_i64().unwrap()
}

struct Done {
    outcome: Outcome,
    errors: Option<String>,
}

/// Imports as the command line does: mapped by name, changed by `choose`.
fn import(
    db: &TestDb,
    tenant: &Tenant,
    file: &Path,
    choose: impl FnOnce(&mut Settings),
) -> Result<Done> {
    let access = SystemAccess::<RunImports>::new(tenant.scope(), None, Through::Import);
    let all = access.run(&db.app, fields::all)?;
    let source =
        Source::look(file, &Default::default()).map_err(|fault| engine::file_error(&fault))?;
    let mut settings = Settings {
        mapping: guess::mapping(&source, &all),
        formats: guess::formats(&source, "Europe/Berlin"),
        reading: source.reading.clone(),
        ..Settings::default()
    };
    choose(&mut settings);
    let id = access.run(&db.app, |conn| {
        Ok(diesel::insert_into(imports::table)
            .values((
                imports::state.eq("running"),
                imports::file_name.eq("test.csv"),
            ))
            .returning(imports::id)
            .get_result::<i32>(conn.pg())?)
    })?;
    let outcome = engine::run(
        &db.app,
        &access,
        ImportId(id),
        file,
        &settings,
        false,
        &mut |_| Ok(true),
    )?;
    let path = report::write(
        &db.app,
        &access,
        ImportId(id),
        file,
        &settings.reading,
        "en",
    )?;
    let counts = outcome.counts;
    assert_eq!(
        counts.created + counts.updated + counts.unchanged + counts.refused,
        outcome.rows
    );
    Ok(Done {
        outcome,
        errors: path.map(|path| std::fs::read_to_string(path).unwrap()),
    })
}

fn four(done: &Done) -> (i64, i64, i64, i64) {
    let counts = done.outcome.counts;
    (
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.refused,
    )
}

fn file(db: &TestDb, text: &str) -> PathBuf {
    let path = db.files().join("rows.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_german_file_has_the_counts_of_its_truth() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let name = "kunden-excel.csv";
    let refused = truth(name, "invalid_email") + truth(name, "duplicate_email_case_insensitive");
    let done = import(&db, &nord, &shared(name), |_| ()).unwrap();
    assert_eq!(done.outcome.rows, truth(name, "rows"));
    assert_eq!(four(&done), (2946, 0, 0, refused));
    let errors = done.errors.unwrap();
    assert_eq!(
        errors.matches("The same recipient as in line").count() as i64,
        truth(name, "duplicate_email_case_insensitive")
    );
    assert_eq!(
        (errors.matches("not a valid e-mail address").count()
            + errors.matches("must not be empty").count()) as i64,
        truth(name, "invalid_email")
    );

    let again = import(&db, &nord, &shared(name), |_| ()).unwrap();
    assert_eq!(four(&again), (0, 0, 2946, refused));
    let umlauts = format!(
        "SELECT count(*) AS n FROM t_{}.recipients WHERE last_name = 'Krüger'",
        nord.id
    );
    assert!(count(&mut db.as_provisioner(), &umlauts) > 10);
}

#[test]
fn every_other_file_is_read() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    for name in [
        "mailchimp-export.csv",
        "listmonk-export.csv",
        "unicode-text.txt",
    ] {
        let done = import(&db, &nord, &shared(name), |_| ()).unwrap();
        assert_eq!(
            (done.outcome.rows, done.outcome.counts.refused),
            (truth(name, "rows"), 0),
            "{name}"
        );
    }
    let genders = format!(
        "SELECT count(DISTINCT gender) AS n FROM t_{}.recipients",
        nord.id
    );
    assert_eq!(count(&mut db.as_provisioner(), &genders), 3);
}

#[test]
fn a_key_inside_json_can_be_mapped() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let source = Source::look(&shared("listmonk-export.csv"), &Default::default()).unwrap();
    assert!(source.columns.contains(&"attributes.city".to_owned()));
    let done = import(&db, &nord, &shared("listmonk-export.csv"), |settings| {
        settings
            .mapping
            .push(mandant::tenant::recipients::import::settings::Mapped {
                column: "attributes.city".into(),
                field: mandant::db::ids::FieldId(3),
            });
    })
    .unwrap();
    assert_eq!(done.outcome.counts.created, 3000);
    let cities = format!(
        "SELECT count(*) AS n FROM t_{}.recipients WHERE title = 'München'",
        nord.id
    );
    assert!(count(&mut db.as_provisioner(), &cities) > 100);
}

#[test]
fn duplicates_by_rule() {
    let db = TestDb::new();
    let text = "email,first name\na@example.org,One\nA@example.org,Two\nb@example.org,B\n";
    for (slug, rule, counts, name) in [
        ("r", Duplicates::Refuse, (2, 0, 0, 1), "One"),
        ("f", Duplicates::First, (2, 0, 1, 0), "One"),
        ("l", Duplicates::Last, (2, 0, 1, 0), "Two"),
    ] {
        let tenant = db.separate(slug);
        let done = import(&db, &tenant, &file(&db, text), |settings| {
            settings.duplicates = rule;
        })
        .unwrap();
        assert_eq!(four(&done), counts, "{slug}");
        let query = format!(
            "SELECT count(*) AS n FROM t_{}.recipients WHERE email = 'a@example.org' AND first_name = '{name}'",
            tenant.id
        );
        assert_eq!(count(&mut db.as_provisioner(), &query), 1, "{slug}");
    }
}

#[test]
fn modes() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let news = db.list(&nord, "News");
    db.recipient(&nord, "a@example.org", &[news]);
    let text = "email,first name\na@example.org,Anna\nb@example.org,Bert\n";
    let run = |mode| {
        four(
            &import(&db, &nord, &file(&db, text), |settings| {
                settings.mode = mode;
            })
            .unwrap(),
        )
    };
    assert_eq!(run(Mode::Update), (0, 1, 0, 1));
    assert_eq!(run(Mode::Add), (1, 0, 1, 0));
    assert_eq!(run(Mode::Upsert), (0, 0, 2, 0));
    assert_eq!(run(Mode::Unsubscribe), (0, 1, 1, 0));
    assert_eq!(run(Mode::Unsubscribe), (0, 0, 2, 0));
    assert_eq!(run(Mode::Block), (0, 1, 1, 0));
    let subscribed = import(&db, &nord, &file(&db, text), |settings| {
        settings.lists = vec![news];
    })
    .unwrap();
    assert_eq!(four(&subscribed), (0, 1, 1, 0), "b joins, a stays blocked");
    let active = format!(
        "SELECT count(*) AS n FROM t_{}.subscriptions WHERE status = 'active'",
        nord.id
    );
    assert_eq!(count(&mut db.as_provisioner(), &active), 1);
}

#[test]
fn an_inner_tenant_cannot_tell_who_exists_outside() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let (news, other) = (db.list(&nord, "News"), db.list(&nord, "Other"));
    db.recipient(&nord, "outside@example.org", &[other]);
    db.recipient(&nord, "inside@example.org", &[news]);
    let vip = db.inner("nord", "vip", by_lists(&[news]));
    let text = |who: &str| format!("email,first name\n{who}@example.org,Eve\n");
    let known = import(&db, &vip, &file(&db, &text("outside")), |_| ()).unwrap();
    let unknown = import(&db, &vip, &file(&db, &text("nobody")), |_| ()).unwrap();
    assert_eq!(four(&known), four(&unknown));
    assert_eq!(four(&known), (1, 0, 0, 0));
    let mut conn = db.as_provisioner();
    let outside = format!(
        "SELECT count(*) AS n FROM t_{}.recipients WHERE email = 'outside@example.org' AND first_name IS NULL",
        nord.id
    );
    assert_eq!(
        count(&mut conn, &outside),
        1,
        "the outside person stays unchanged"
    );
    assert_eq!(
        count(
            &mut conn,
            &format!(
                "SELECT count(*) AS n FROM t_{}.admissions WHERE state = 'open'",
                nord.id
            )
        ),
        1
    );
    assert_eq!(
        count(
            &mut conn,
            &format!("SELECT count(*) AS n FROM i_{}.recipients", vip.id)
        ),
        2
    );
    let outside_list: ListId = other;
    assert!(
        import(&db, &vip, &file(&db, &text("x")), |settings| settings
            .lists =
            vec![outside_list])
        .is_err()
    );
}

#[test]
fn rows_outside_a_rules_fence_are_refused() {
    let db = TestDb::new();
    db.separate("nord");
    let de = db.inner("nord", "de", by_rule("language = 'de'"));
    let text = "email,language\na@example.org,de\nb@example.org,fr\n";
    let done = import(&db, &de, &file(&db, text), |_| ()).unwrap();
    assert_eq!(four(&done), (1, 0, 0, 1));
    assert!(
        done.errors
            .unwrap()
            .contains("would not belong to this tenant")
    );
    let out = import(
        &db,
        &de,
        &file(&db, "email,language\na@example.org,fr\n"),
        |_| (),
    )
    .unwrap();
    assert_eq!(four(&out), (0, 0, 0, 1));
}

#[test]
fn bad_files_are_refused_with_a_word() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let mut wide = vec!["email".to_owned()];
    wide.extend((0..5000).map(|n| format!("c{n}")));
    for (bytes, key) in [
        (Vec::new(), "file-empty"),
        (b"email,name\n".to_vec(), "file-no-rows"),
        (b"\x7fELF\0\0\0\x01\x02\x00".repeat(100), "file-binary"),
        (b"PK\x03\x04 no archive".to_vec(), "file-workbook"),
        (
            (wide.join(",") + "\na@example.org\n").into_bytes(),
            "file-too-many-columns",
        ),
    ] {
        let path = db.files().join("bad.csv");
        std::fs::write(&path, bytes).unwrap();
        match import(&db, &nord, &path, |_| ()) {
            Err(mandant::error::AppError::Invalid { key: found, .. }) => assert_eq!(found, key),
            other => panic!("{key}: {:?}", other.map(|done| done.outcome)),
        }
    }
}

#[test]
fn a_huge_cell_refuses_its_row_only() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let text = format!(
        "email,first name\na@example.org,{}\nb@example.org,Bert\nc@example.org,x\0y\n",
        "x".repeat(10 * 1024 * 1024)
    );
    let done = import(&db, &nord, &file(&db, &text), |settings| {
        settings.refuse_bad_values = true;
    })
    .unwrap();
    assert_eq!(four(&done), (1, 0, 0, 2));
}

#[test]
fn a_cut_off_import_goes_on_behind_its_last_batch() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let access = SystemAccess::<RunImports>::new(nord.scope(), None, Through::Import);
    let mut text = String::from("email,first name\n");
    for n in 0..120_000 {
        text += &format!("p{}@example.org,N{n}\n", n % 110_000);
    }
    let path = file(&db, &text);
    let all = access.run(&db.app, fields::all).unwrap();
    let source = Source::look(&path, &Default::default()).unwrap();
    let settings = Settings {
        mapping: guess::mapping(&source, &all),
        ..Settings::default()
    };
    let id = access
        .run(&db.app, |conn| {
            Ok(diesel::insert_into(imports::table)
                .values((
                    imports::state.eq("running"),
                    imports::file_name.eq("test.csv"),
                ))
                .returning(imports::id)
                .get_result::<i32>(conn.pg())?)
        })
        .unwrap();
    let run = |go_on: &mut dyn FnMut(i64) -> Result<bool>| {
        engine::run(
            &db.app,
            &access,
            ImportId(id),
            &path,
            &settings,
            false,
            go_on,
        )
    };
    let first = run(&mut |_| Ok(false)).unwrap();
    assert_eq!((first.rows, first.cancelled), (50_000, true));
    let rest = run(&mut |_| Ok(true)).unwrap();
    assert_eq!(
        (rest.rows, rest.counts.created, rest.counts.refused),
        (120_000, 110_000, 10_000)
    );
    let there = format!("SELECT count(*) AS n FROM t_{}.recipients", nord.id);
    assert_eq!(count(&mut db.as_provisioner(), &there), 110_000);
}

#[test]
fn every_ragged_row_is_accounted_for() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let text = "email,first name,last name\na@example.org\nb@example.org,Bea,Ba,\nc@example.org,Cea,Ca,more\n";
    let done = import(&db, &nord, &file(&db, text), |_| ()).unwrap();
    assert_eq!(done.outcome.rows, 3);
    assert_eq!(four(&done), (2, 0, 0, 1));
}

#[test]
fn formats_are_guessed_from_more_than_the_preview() {
    let db = TestDb::new();
    let mut text = String::from("email;day;amount\n");
    for n in 0..200 {
        let (day, amount) = if n < 100 {
            ("03/04/2026", "5")
        } else {
            ("03/14/2026", "5,5")
        };
        text += &format!("p{n}@example.org;{day};{amount}\n");
    }
    let source = Source::look(&file(&db, &text), &Default::default()).unwrap();
    let formats = guess::formats(&source, "UTC");
    assert!(formats.month_first && formats.decimal_comma, "{formats:?}");
}
