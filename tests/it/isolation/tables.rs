//! Every role against every table, view and sequence that is not its own: asked of the catalogue, and tried.

use super::{World, denied, rows};
use diesel::prelude::*;
use serde_json::Value;

fn list(conn: &mut PgConnection, query: &str) -> Vec<Value> {
    serde_json::from_str(&rows(conn, query).unwrap()).unwrap()
}

/// Relations of all tenants and of the control schema: schema, name, kind.
const RELATIONS: &str = "SELECT n.nspname AS s, c.relname AS r, c.relkind AS k FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE (n.nspname ~ '^[ti]_[0-9]+$' OR n.nspname IN ('control', 'gate')) AND c.relkind IN ('r', 'v', 'S') ORDER BY 1, 2";

/// A role that tries everything in every schema that is not its own gets "permission denied" each time.
#[test]
fn no_role_reads_or_writes_anything_of_another() {
    let w = World::new();
    let all = list(&mut w.db.as_provisioner(), RELATIONS);
    assert!(all.len() > 70, "{}", all.len());
    let mut tried = 0;
    for tenant in [&w.nord, &w.sued, &w.vip, &w.adler] {
        let own = if tenant.is_inner() {
            format!("i_{}", tenant.id)
        } else {
            format!("t_{}", tenant.id)
        };
        for relation in &all {
            let (schema, name) = (
                relation["s"].as_str().unwrap(),
                relation["r"].as_str().unwrap(),
            );
            // Inner tenants share their parent's fields, and what these say for roles.
            let shared = tenant.is_inner()
                && matches!(name, "fields" | "field_rights")
                && schema == format!("t_{}", w.nord.id);
            if schema == own || shared {
                continue;
            }
            if relation["k"] == "S" {
                denied(&w.ask(tenant, &format!("SELECT last_value FROM {schema}.{name}")));
                denied(&w.attempt(tenant, &format!("SELECT nextval('{schema}.{name}')")));
            } else {
                denied(&w.ask(tenant, &format!("SELECT count(*) FROM {schema}.{name}")));
                denied(&w.attempt(tenant, &format!("DELETE FROM {schema}.{name}")));
                denied(&w.attempt(
                    tenant,
                    &format!("INSERT INTO {schema}.{name} DEFAULT VALUES"),
                ));
                denied(&w.attempt(tenant, &format!("TRUNCATE {schema}.{name}")));
                denied(&w.attempt(tenant, &format!("COPY {schema}.{name} TO STDOUT")));
            }
            tried += 1;
        }
    }
    assert!(tried > 250, "{tried}");
}

/// Its own sequences are no business of a tenant's either: only inserting moves them.
#[test]
fn sequences_belong_to_the_owner_alone() {
    let w = World::new();
    for sequence in ["recipients_id_seq", "lists_id_seq", "imports_id_seq"] {
        for tenant in [&w.nord, &w.vip] {
            let name = format!("t_{}.{sequence}", w.nord.id);
            denied(&w.ask(tenant, &format!("SELECT last_value FROM {name}")));
            denied(&w.attempt(tenant, &format!("SELECT setval('{name}', 1)")));
            denied(&w.attempt(tenant, &format!("SELECT nextval('{name}')")));
        }
    }
}

/// Which roles each log-in can become, and what it may do as itself.
#[test]
fn each_login_reaches_its_own_and_no_other() {
    let w = World::new();
    let inst = w.db.inst();
    let all = list(&mut w.db.as_provisioner(), RELATIONS);
    let (mut app, mut control) = (w.db.as_app(), w.db.as_control());
    let set = |conn: &mut PgConnection, role: &str| {
        let said = diesel::sql_query(format!("SET ROLE {role}")).execute(conn);
        if said.is_ok() {
            super::run(conn, "RESET ROLE");
        }
        said.map(|_| ()).map_err(|error| error.to_string())
    };
    let may = [&w.nord, &w.sued].map(|t| format!("m{inst}_t_{}", t.id));
    let inner = [&w.vip, &w.adler].map(|t| format!("m{inst}_i_{}", t.id));
    for role in may.iter().chain(&inner) {
        set(&mut app, role).unwrap();
        assert!(
            set(&mut control, role)
                .unwrap_err()
                .starts_with("permission denied")
        );
    }
    for role in [
        format!("m{inst}_own_{}", w.nord.id),
        format!("m{inst}_own_{}", w.sued.id),
        format!("m{inst}_owners"),
        "mandant_test".into(),
        "pg_read_all_data".into(),
        "pg_execute_server_program".into(),
    ] {
        assert!(
            set(&mut app, &role)
                .unwrap_err()
                .starts_with("permission denied"),
            "{role}"
        );
        assert!(
            set(&mut control, &role)
                .unwrap_err()
                .starts_with("permission denied"),
            "{role}"
        );
    }
    assert!(
        set(&mut app, &format!("m{inst}_control"))
            .unwrap_err()
            .starts_with("permission denied")
    );
    assert!(
        set(&mut control, &format!("m{inst}_app"))
            .unwrap_err()
            .starts_with("permission denied")
    );
    for relation in &all {
        let name = format!(
            "{}.{}",
            relation["s"].as_str().unwrap(),
            relation["r"].as_str().unwrap()
        );
        let query = format!("SELECT 1 AS x FROM {name} LIMIT 1");
        denied(&rows(&mut app, &query).unwrap_err().to_string());
        if relation["s"] != "control" {
            denied(&rows(&mut control, &query).unwrap_err().to_string());
        }
    }
    denied(
        &rows(&mut control, "SELECT * FROM control.installation")
            .unwrap_err()
            .to_string(),
    );
    // What all tenants' roles share can be become, too, through them: it may do nothing without a tenant.
    super::run(&mut app, &format!("SET ROLE m{inst}_tenants"));
    let job = "SELECT gate.enqueue('import', '{}')";
    assert!(
        rows(&mut app, job)
            .unwrap_err()
            .to_string()
            .contains("not-null")
    );
    assert_eq!(rows(&mut app, "SELECT * FROM gate.job(1)").unwrap(), "[]");
}
