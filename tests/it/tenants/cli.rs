//! `mandant tenant …`, as scripts call it: separate tenants by slug, inner ones as `nord/vip`.

use super::World;
use secrecy::ExposeSecret;
use serde_json::{Value, json as j};
use std::process::{Command, Output, Stdio};

/// Runs the program on the world's database.
pub fn mandant(w: &World, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mandant"))
        .args(arguments)
        .arg("--database-url")
        .arg(w.app.db.database.url.expose_secret())
        .arg("--files-dir")
        .arg(w.app.db.files())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The one value that it printed.
pub fn json(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(w: &World, arguments: &[&str], code: i32, word: &str) {
    let output = mandant(w, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(word), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn tenants_are_shown_locked_deleted_restored_and_purged() {
    let w = World::new();
    let ina = w.app.user("ina@nord.example", "nord/vip", "viewer");
    let act = |what: &str, path: &str, more: &[&str]| {
        json(&mandant(
            &w,
            &[&["tenant", what, path, "--json"], more].concat(),
        ))
    };
    let inst = w.app.db.inst();
    let shown = act("show", "nord/vip", &[]);
    let whole = j!({
        "id": w.vip.id, "slug": "vip", "path": "nord/vip", "kind": "inner", "name": "VIP", "status": "active",
        "schema": format!("i_{}", w.vip.id), "role": format!("m{inst}_i_{}", w.vip.id),
    });
    assert_eq!(shown, whole);
    assert_eq!(act("lock", "nord/vip", &[])["status"], "locked");
    assert_eq!(ina.get("/t/nord/vip").status, 403);
    assert_eq!(act("unlock", "nord/vip", &[])["status"], "active");
    assert_eq!(act("lock", "nord", &[])["path"], "nord");
    assert_eq!(ina.get("/t/nord/vip").status, 403, "locked with its parent");
    act("unlock", "nord", &[]);

    refused(&w, &["tenant", "delete", "nord/vip"], 2, "--yes");
    refused(
        &w,
        &["tenant", "delete", "nord", "--yes"],
        1,
        "There is a tenant below",
    );
    refused(
        &w,
        &["tenant", "delete", "nord/vip", "--yes", "--purge"],
        1,
        "delete it first",
    );
    refused(
        &w,
        &["tenant", "restore", "nord/vip"],
        1,
        "not in the trash",
    );
    assert_eq!(act("delete", "nord/vip", &["--yes"])["status"], "trashed");
    assert_eq!(act("show", "nord/vip", &[])["status"], "trashed");
    for again in [
        &["tenant", "lock", "nord/vip"][..],
        &["tenant", "delete", "nord/vip", "--yes"],
    ] {
        refused(&w, again, 1, "in the trash until 20");
    }
    assert_eq!(act("restore", "nord/vip", &[])["status"], "active");
    assert_eq!(ina.get("/t/nord/vip").status, 303, "her session ended");
    ina.log_in_to("ina@nord.example");
    assert_eq!(ina.get("/t/nord/vip").status, 200);
    act("delete", "nord/vip", &["--yes"]);
    act("delete", "nord", &["--yes"]);
    refused(
        &w,
        &["tenant", "restore", "nord/vip"],
        1,
        "restore that first",
    );
    assert_eq!(
        act("delete", "nord", &["--yes", "--purge"])["status"],
        "purged"
    );
    for gone in ["nord", "nord/vip", "nord/vip/x", "'; --"] {
        refused(&w, &["tenant", "show", gone], 1, "there is no tenant");
    }
    refused(&w, &["tenant", "lock", "main"], 1, "main tenant stays");
    refused(
        &w,
        &["tenant", "delete", "main", "--yes"],
        1,
        "main tenant stays",
    );
}

#[test]
fn slugs_are_checked_and_words_of_sql_are_slugs() {
    let w = World::new();
    let create = |slug: &str| {
        let base = [
            "tenant", "create", "--kind", "separate", "--name", "X", "--json", "--slug",
        ];
        mandant(&w, &[&base[..], &[slug]].concat())
    };
    let long = "a".repeat(200);
    for bad in [
        "recipients",
        "new",
        "tenants",
        long.as_str(),
        "Nord",
        "1a",
        "a'; drop schema control cascade; --",
        "",
        "süd",
    ] {
        assert_eq!(create(bad).status.code(), Some(1), "{bad}");
    }
    assert!(String::from_utf8_lossy(&create("nord").stderr).contains("already"));
    for good in ["select", "user", "public", "pg-catalog", &long[..40]] {
        assert_eq!(json(&create(good))["path"], good);
        w.app
            .db
            .recipient(&w.app.db.tenant(good), "a@x.example", &[]);
    }
    // An inner tenant may be called like a separate one, not like a section.
    let inner = |slug: &str| {
        let base = [
            "tenant",
            "create",
            "--kind",
            "inner",
            "--parent",
            "nord",
            "--fence-list",
            "News",
            "--name",
            "X",
            "--json",
            "--slug",
        ];
        mandant(&w, &[&base[..], &[slug]].concat())
    };
    assert_eq!(json(&inner("select"))["path"], "nord/select");
    assert_eq!(inner("lists").status.code(), Some(1));
    assert_eq!(inner("vip").status.code(), Some(1), "taken");
}

/// What lacks is said with its remedy, which helps; what is needed decides the exit code.
#[test]
fn the_doctor_finds_what_lacks() {
    let w = World::new();
    let find = |findings: &Value, key: &str| {
        let all = findings.as_array().unwrap();
        all.iter().find(|one| one["key"] == key).unwrap().clone()
    };
    let first = json(&mandant(&w, &["doctor", "--json"]));
    for key in [
        "release",
        "encoding",
        "serving-log-ins",
        "orphans",
        "memberships",
        "temporary-tables",
    ] {
        assert_eq!(find(&first, key)["ok"], true, "{key}: {first}");
    }
    // The server of the tests is not hardened.
    let set_config = find(&first, "set-config");
    assert_eq!(
        (&set_config["ok"], &set_config["needed"]),
        (&false.into(), &false.into())
    );
    assert!(
        set_config["remedy"]
            .as_str()
            .unwrap()
            .contains("REVOKE EXECUTE")
    );
    let text = mandant(&w, &["doctor"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("as a superuser of PostgreSQL: "));

    crate::isolation::run(
        &mut w.app.db.as_provisioner(),
        "CREATE SCHEMA t_4711; GRANT USAGE ON SCHEMA public TO PUBLIC",
    );
    let output = mandant(&w, &["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let orphans = find(&findings, "orphans");
    assert_eq!(orphans["ok"], false);
    assert!(orphans["what"].as_str().unwrap().contains("t_4711"));
    assert_eq!(find(&findings, "public-schema")["ok"], false);
}

#[test]
fn a_first_administrator_without_a_password_gets_a_link() {
    let w = World::new();
    let arguments = [
        "tenant",
        "create",
        "--kind",
        "separate",
        "--slug",
        "ost",
        "--name",
        "Ost",
        "--admin-email",
        "olga@ost.example",
        "--admin-name",
        "Olga",
        "--json",
    ];
    let output = mandant(&w, &arguments);
    let link = json(&output)["invitation"].as_str().unwrap().to_owned();
    assert!(String::from_utf8_lossy(&output.stderr).contains(&link));
    let path = &link[link.find("/invitation/").unwrap()..];
    let olga = w.app.visitor();
    assert_eq!(olga.get(path).status, 200);
    let set = olga.submit(path, &[("password", crate::support::app::PASSWORD)]);
    assert_eq!(set.location, "/login");
    olga.log_in("olga@ost.example");
    assert_eq!(olga.get("/t/ost").status, 200);
    // Who has a password needs none.
    let again = [&arguments[..4], &["--slug", "west"], &arguments[6..]].concat();
    let again: Vec<&str> = again
        .into_iter()
        .map(|word| if word == "ost" { "west" } else { word })
        .collect();
    assert_eq!(json(&mandant(&w, &again))["invitation"], Value::Null);
}
