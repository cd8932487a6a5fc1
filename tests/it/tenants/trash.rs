//! The trash: in, out, and gone for good after thirty days.

use super::World;
use crate::isolation::rows;
use crate::support::{TestDb, by_lists, count, until};
use chrono::{DateTime, Duration, Utc};
use mandant::access::system::provision;
use mandant::control::audit::Actor;
use mandant::control::tenants::provision::{Restore, Trash};
use mandant::control::tenants::{Tenant, purge};
use secrecy::ExposeSecret;
use std::fs;
use std::process::{Command, Stdio};

const ACTOR: Actor = Actor {
    user: None,
    source: mandant::db::tenant::Source::Cli,
};

fn trash(db: &TestDb, tenant: &Tenant) {
    let tenant = tenant.id();
    provision(
        &db.app,
        Trash {
            actor: ACTOR,
            tenant,
        },
    )
    .unwrap();
}

fn trashed_at(db: &TestDb, path: &str) -> DateTime<Utc> {
    db.tenant(path).trashed_at.unwrap()
}

#[test]
fn an_inner_tenant_goes_to_the_trash_and_comes_back() {
    let w = World::new();
    let ina = w.app.user("ina@nord.example", "nord/vip", "editor");
    assert_eq!(ina.get("/t/nord/vip").status, 200);
    let (id, mut conn) = (w.vip.id, w.app.db.as_provisioner());
    crate::isolation::run(
        &mut conn,
        &format!(
            "INSERT INTO jobs (tenant_id, kind, payload, run_at) VALUES ({id}, 'none', '{{}}', now() + interval '1 day')"
        ),
    );

    let page = w.vip_page("/delete");
    let wrong = w.anna.submit(&page, &[("slug", "vip")]);
    assert_eq!(wrong.status, 422, "only the whole address will do");
    assert_eq!(ina.get("/t/nord/vip").status, 200);
    let done = w.anna.submit(&page, &[("slug", "nord/vip")]);
    assert_eq!(done.location, "/t/nord/inner/trash");

    let list = w.anna.get("/t/nord/inner/trash");
    let goes = purge::goes_at(trashed_at(&w.app.db, "nord/vip"));
    // Anna reads English, in the time zone of Berlin.
    let day = goes
        .with_timezone(&chrono_tz::Europe::Berlin)
        .format("%-d %b %Y");
    assert!(
        list.texts("tbody tr")[0].contains(&day.to_string()),
        "{:?}",
        list.texts("tr")
    );
    assert!(!w.anna.get("/t/nord/inner").body.contains("nord/vip"));
    assert_eq!(ina.get("/t/nord/vip").status, 303, "her session ended");
    ina.log_in_to("ina@nord.example");
    assert_eq!(ina.get("/t/nord/vip").status, 404);
    let cancelled =
        format!("SELECT count(*) AS n FROM jobs WHERE tenant_id = {id} AND state = 'cancelled'");
    assert_eq!(count(&mut conn, &cancelled), 1);

    let back = w.anna.submit(&w.vip_page("/restore"), &[]);
    assert_eq!(back.status, 303);
    assert_eq!(ina.get("/t/nord/vip").status, 200);
    assert!(
        ina.get("/t/nord/vip/recipients")
            .body
            .contains("in@nord.example")
    );
}

#[test]
fn whoever_may_not_delete_gets_no_such_page() {
    let w = World::new();
    let editor = w.app.user("ed@nord.example", "nord", "editor");
    assert_eq!(editor.get(&w.vip_page("/delete")).status, 403);
    assert_eq!(editor.get("/t/nord/inner/trash").status, 403);
    // An inner tenant of somebody else's is none.
    let sued = w.app.db.separate("sued");
    let sara = w.app.user("sara@sued.example", &sued.slug, "administrator");
    for page in ["", "/delete", "/restore", "/settings", "/status", "/fence"] {
        let url = format!("/t/sued/inner/{}{page}", w.vip.id);
        assert_eq!(sara.get(&url).status, 404, "{url}");
    }
}

#[test]
fn children_come_first_and_parents_come_back_first() {
    let w = World::new();
    let main = w.app.visitor();
    main.log_in("admin@example.org");
    let page = format!("/t/main/tenants/{}/delete", w.nord.id);
    let refused = main.submit(&page, &[("slug", "nord")]);
    assert_eq!(refused.status, 422);
    assert!(refused.texts("[role=alert]")[0].contains("There is a tenant below"));

    trash(&w.app.db, &w.vip);
    assert_eq!(main.submit(&page, &[("slug", "nord")]).status, 303);
    let order = Restore {
        actor: ACTOR,
        tenant: w.vip.id(),
    };
    let said = provision(&w.app.db.app, order).unwrap_err().to_string();
    assert_eq!(said, "“NORD” above it is in the trash; restore that first.");
    let again = Trash {
        actor: ACTOR,
        tenant: w.vip.id(),
    };
    assert!(
        provision(&w.app.db.app, again).is_err(),
        "its days would begin anew"
    );
    assert_eq!(
        w.anna.get("/t/nord").status,
        303,
        "the session of whose home it is ended"
    );

    let restore = format!("/t/main/tenants/{}/restore", w.nord.id);
    assert_eq!(main.submit(&restore, &[]).status, 303);
    provision(
        &w.app.db.app,
        Restore {
            actor: ACTOR,
            tenant: w.vip.id(),
        },
    )
    .unwrap();
}

/// Everything of it: schema, roles, users, memberships, files; and nothing of others.
#[test]
fn after_thirty_days_a_tenant_is_gone() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let sued = db.separate("sued");
    let vip = db.inner("nord", "vip", by_lists(&[db.list(&nord, "News")]));
    let mut conn = db.as_provisioner();
    crate::isolation::run(
        &mut conn,
        &format!(
            "INSERT INTO users (home_tenant_id, email, name) VALUES ({0}, 'only@x.example', 'Only'), ({0}, 'both@x.example', 'Both');
             INSERT INTO memberships (user_id, tenant_id) SELECT id, {0} FROM users WHERE home_tenant_id = {0};
             INSERT INTO memberships (user_id, tenant_id) SELECT id, {1} FROM users WHERE email = 'both@x.example'",
            nord.id, sued.id
        ),
    );
    let files = |id: i32| db.files().join(format!("t_{id}"));
    for id in [nord.id, vip.id, sued.id, 9999] {
        fs::create_dir_all(files(id).join("uploads")).unwrap();
        fs::write(files(id).join("uploads/x"), "x").unwrap();
    }
    trash(&db, &vip);
    trash(&db, &nord);
    let first = trashed_at(&db, "nord/vip") + Duration::days(30);
    let due = trashed_at(&db, "nord") + Duration::days(30);
    let app = &db.app;
    assert_eq!(
        purge::all_due(app, first - Duration::seconds(1)).unwrap(),
        0
    );
    assert_eq!(purge::all_due(app, first).unwrap(), 1);
    assert!(!files(vip.id).exists() && files(nord.id).exists());
    assert_eq!(purge::all_due(app, due).unwrap(), 1);
    assert_eq!(purge::all_due(app, due).unwrap(), 0);

    let inst = db.inst();
    for (what, left) in [
        (
            format!(
                "pg_roles WHERE rolname ~ '^m{inst}_(own|t|i)_({}|{})$'",
                nord.id, vip.id
            ),
            0,
        ),
        (
            format!(
                "pg_namespace WHERE nspname IN ('t_{}', 'i_{}')",
                nord.id, vip.id
            ),
            0,
        ),
        (format!("tenants WHERE id IN ({}, {})", nord.id, vip.id), 0),
        ("users WHERE email = 'only@x.example'".to_owned(), 0),
        (
            "users WHERE email = 'both@x.example' AND home_tenant_id = 1".to_owned(),
            1,
        ),
        (format!("memberships WHERE tenant_id = {}", nord.id), 0),
        ("audit WHERE act = 'tenant.purge'".to_owned(), 2),
    ] {
        let found = count(&mut conn, &format!("SELECT count(*) AS n FROM {what}"));
        assert_eq!(found, left, "{what}");
    }
    assert!(!files(nord.id).exists());
    assert!(files(sued.id).join("uploads/x").exists());
    assert!(files(9999).exists(), "no entry says that it may go");
    db.recipient(&sued, "a@x.example", &[]);
}

/// The files go after the commit; if the program dies in between, the next round finds them.
#[test]
fn files_left_by_a_crash_go_in_the_next_round() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    trash(&db, &nord);
    let due = trashed_at(&db, "nord") + Duration::days(31);
    purge::all_due(&db.app, due).unwrap();
    let folder = db.files().join(format!("t_{}", nord.id));
    fs::create_dir_all(folder.join("uploads")).unwrap();
    purge::all_due(&db.app, due).unwrap();
    assert!(!folder.exists());
    // A tenant that has the number again keeps its files.
    crate::isolation::run(
        &mut db.as_provisioner(),
        &format!(
            "ALTER TABLE tenants ALTER COLUMN id RESTART WITH {}",
            nord.id
        ),
    );
    assert_eq!(db.separate("again").id, nord.id);
    fs::create_dir_all(&folder).unwrap();
    purge::all_due(&db.app, due).unwrap();
    assert!(folder.exists());
}

/// The program is killed while it removes a tenant: the tenant is as it was, and can be brought back, or
/// removed after all.
#[test]
fn a_purge_that_is_killed_in_the_middle_can_be_taken_back_or_gone_on_with() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    db.recipient(&nord, "a@x.example", &[]);
    let folder = db.files().join(format!("t_{}/uploads", nord.id));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("x"), "x").unwrap();
    trash(&db, &nord);
    let before = crate::isolation::provisioning::everything(&db);
    let verb = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mandant"));
        command
            .args(words)
            .args([
                "--database-url",
                db.database.url.expose_secret(),
                "--files-dir",
            ])
            .arg(db.files())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let purge = ["tenant", "delete", "nord", "--purge"];
    let mut conn = db.as_provisioner();
    // Somebody reads a table that is to go, so the removal has to wait in its middle.
    let mut reader = db.as_provisioner();
    crate::isolation::run(&mut reader, "BEGIN");
    let read = format!("LOCK TABLE t_{}.imports IN ACCESS SHARE MODE", nord.id);
    crate::isolation::run(&mut reader, &read);
    let mut killed = verb(&purge).arg("--yes").spawn().unwrap();
    let waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("it never comes to its middle", || {
        assert!(killed.try_wait().unwrap().is_none(), "it ended by itself");
        count(&mut conn, waits) > 0
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
    crate::isolation::run(&mut reader, "ROLLBACK");
    drop(reader);
    until("it waits on", || count(&mut conn, waits) == 0);
    until("something was removed", || {
        crate::isolation::provisioning::everything(&db) == before
    });
    assert!(folder.join("x").exists());
    assert!(
        verb(&["tenant", "restore", "nord"])
            .status()
            .unwrap()
            .success()
    );
    db.recipient(&db.tenant("nord"), "b@x.example", &[]);

    for words in [&purge[..3], &purge[..]] {
        let mut again = verb(words);
        assert!(again.arg("--yes").status().unwrap().success(), "{words:?}");
    }
    assert!(!folder.exists());
    let left = "SELECT count(*) AS n FROM pg_namespace WHERE nspname ~ '^t_' AND nspname <> 't_1'";
    assert_eq!(count(&mut conn, left), 0);
}

/// What an inner tenant has in its parent's tables goes along, and one that fails leaves the others alone.
#[test]
fn an_inner_tenant_leaves_nothing_in_its_parents_tables() {
    let db = TestDb::new();
    let nord = db.separate("nord");
    let news = db.list(&nord, "News");
    let vip = db.inner("nord", "vip", by_lists(&[news]));
    let out = db.recipient(&nord, "out@x.example", &[]);
    let t = format!("t_{}", nord.id);
    let mut conn = db.as_provisioner();
    crate::isolation::run(
        &mut conn,
        &format!(
            "INSERT INTO {t}.imports (inner_id, file_name) VALUES ({0}, 'a.csv'), (NULL, 'b.csv');
             INSERT INTO {t}.import_profiles (inner_id, name, settings) VALUES ({0}, 'p', '{{}}');
             INSERT INTO {t}.admissions (inner_id, recipient_id, data, source) VALUES ({0}, {1}, '{{}}', 'form')",
            vip.id, out.0
        ),
    );
    trash(&db, &vip);
    purge::one(&db.app, ACTOR, vip.id()).unwrap();
    let left = format!(
        "SELECT file_name FROM {t}.imports UNION ALL SELECT name FROM {t}.import_profiles \
         UNION ALL SELECT source FROM {t}.admissions"
    );
    assert_eq!(
        rows(&mut conn, &left).unwrap(),
        r#"[{"file_name":"b.csv"}]"#
    );
    let said = purge::one(&db.app, ACTOR, nord.id())
        .unwrap_err()
        .to_string();
    assert_eq!(said, "This tenant is not in the trash.");
}

#[test]
fn what_has_tenants_below_says_so_before_its_address_is_typed() {
    let w = World::new();
    let boss = w.app.visitor();
    boss.log_in("admin@example.org");
    let page = format!("/t/main/tenants/{}/delete", w.app.db.tenant("nord").id);
    let text = "There is a tenant below this one; remove it first.";
    assert!(boss.get(&page).body.contains(text));
    let refused = boss.submit(&page, &[("slug", "nord")]);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains(text));
    w.anna
        .submit(&w.vip_page("/delete"), &[("slug", "nord/vip")]);
    assert!(!boss.get(&page).body.contains(text));
    assert_eq!(boss.submit(&page, &[("slug", "nord")]).status, 303);
}
