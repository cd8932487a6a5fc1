//! Tenants whose schema has another version than the program: refused with a page that says so, while the
//! others are served; brought up by `mandant migrate`, which goes on where it stopped.

use super::World;
use super::cli::{json, mandant};
use crate::isolation::{Provision, run};
use mandant::access::system::provision;
use mandant::control::tenants::Tenant;
use mandant::db::migrate::{self, tenant_version};
use mandant::db::provisioner::ProvisionConn;
use mandant::error::Result;

/// Takes a tenant's schema one version back, as a program of before left it.
fn take_back(w: &World, tenant: &Tenant) {
    let (id, newest) = (tenant.id(), tenant_version());
    let order = Provision(move |conn: &mut ProvisionConn<'_>| -> Result<()> {
        let names = conn.names();
        migrate::migrate_tenant(conn.pg(), names, id, newest, newest - 1)
    });
    provision(&w.app.db.app, order).unwrap();
    set_version(w, tenant, newest - 1);
}

fn set_version(w: &World, tenant: &Tenant, version: i32) {
    let sql = format!(
        "UPDATE tenants SET schema_version = {version} WHERE id = {}",
        tenant.id
    );
    run(&mut w.app.db.as_provisioner(), &sql);
}

#[test]
fn a_tenant_of_another_version_is_refused_and_the_others_are_served() {
    let w = World::new();
    let sued = w.app.db.separate("sued");
    let sara = w.app.user("sara@sued.example", "sued", "administrator");
    let ina = w.app.user("ina@nord.example", "nord/vip", "viewer");
    take_back(&w, &w.nord);
    for (who, page) in [
        (&w.anna, "/t/nord"),
        (&w.anna, "/t/nord/recipients"),
        (&ina, "/t/nord/vip/recipients"),
    ] {
        let refused = who.get(page);
        assert_eq!(refused.status, 503, "{page}");
        assert!(refused.texts("h1")[0].contains("maintenance"));
        assert!(!refused.body.contains("in@nord.example"));
    }
    assert_eq!(sara.get("/t/sued/recipients").status, 200);
    // Whoever has no business there learns nothing of it either.
    assert_eq!(sara.get("/t/nord").status, 404);
    // A newer program's tenant is refused as well.
    set_version(&w, &sued, tenant_version() + 1);
    assert_eq!(sara.get("/t/sued").status, 503);
    set_version(&w, &sued, tenant_version());

    let status = json(&mandant(&w, &["migrate", "--status", "--json"]));
    let line = |slug: &str| {
        let all = status.as_array().unwrap();
        let one = all.iter().find(|one| one["tenant"] == slug).unwrap();
        (
            one["version"].as_i64().unwrap(),
            one["expected"].as_i64().unwrap(),
        )
    };
    let newest = i64::from(tenant_version());
    assert_eq!(
        (line("nord"), line("sued")),
        ((newest - 1, newest), (newest, newest))
    );
    assert_eq!(w.anna.get("/t/nord").status, 503, "asking changed nothing");

    let done = json(&mandant(&w, &["migrate", "--json"]));
    assert_eq!(done.as_array().unwrap().len(), 1);
    assert_eq!(w.anna.get("/t/nord/recipients").status, 200);
    assert!(
        ina.get("/t/nord/vip/recipients")
            .body
            .contains("in@nord.example")
    );
}

#[test]
fn one_that_fails_is_passed_over_and_comes_later() {
    let w = World::new();
    let all: Vec<_> = ["a", "b", "c"].map(|slug| w.app.db.separate(slug)).into();
    for tenant in &all {
        take_back(&w, tenant);
    }
    let b = format!("t_{}", all[1].id);
    let mut conn = w.app.db.as_provisioner();
    run(
        &mut conn,
        &format!("ALTER TABLE {b}.imports RENAME TO away"),
    );
    let failed = mandant(&w, &["migrate", "--json"]);
    assert_eq!(failed.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&failed.stdout).unwrap();
    let outcome: Vec<(&str, bool)> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["tenant"].as_str().unwrap(), one["error"].is_null()))
        .collect();
    assert_eq!(outcome, [("a", true), ("b", false), ("c", true)]);
    assert!(String::from_utf8_lossy(&failed.stderr).contains("stays behind"));
    w.app.db.recipient(&all[2], "works@x.example", &[]);

    run(
        &mut conn,
        &format!("ALTER TABLE {b}.away RENAME TO imports"),
    );
    let done = json(&mandant(&w, &["migrate", "--json"]));
    assert_eq!(
        done.as_array().unwrap().len(),
        1,
        "only the one that is behind: {done}"
    );
    w.app.db.recipient(&all[1], "works@x.example", &[]);
    assert_eq!(
        json(&mandant(&w, &["migrate", "--json"])),
        serde_json::json!([])
    );
}
