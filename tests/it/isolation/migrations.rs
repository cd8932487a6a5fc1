//! Migrations forward, back and forward again; and all tenants alike afterwards.

use super::{Provision, World, rows};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use mandant::access::system::provision;
use mandant::db::migrate::{self, control_version, tenant_version};
use mandant::db::provisioner::ProvisionConn;
use std::collections::BTreeMap;

/// Columns, types, defaults and constraints of a tenant's tables, without its number and its own fields.
fn shape(w: &World, tenant: i32) -> String {
    let query = format!(
        "SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, a.attidentity, a.attcollation::regcollation::text, \
            replace(pg_get_expr(d.adbin, d.adrelid), 't_{tenant}.', '') AS def \
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
         WHERE c.relnamespace = 't_{tenant}'::regnamespace AND c.relkind IN ('r', 'S') AND a.attname <> 'f101' \
         ORDER BY c.relname, a.attname"
    );
    let more = format!(
        "SELECT k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid) AS def FROM pg_constraint k \
         WHERE k.connamespace = 't_{tenant}'::regnamespace AND k.conname !~ 'f101' \
         UNION ALL SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index \
         WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 't_{tenant}'::regnamespace) AND indexrelid::regclass::text !~ 'f101' \
         UNION ALL SELECT 'function', p.oid::regprocedure::text, md5(replace(replace(p.prosrc, 't_{tenant}', 't'), '{{{tenant}}}', '')) || p.prosecdef FROM pg_proc p \
         WHERE p.pronamespace = 't_{tenant}'::regnamespace \
         UNION ALL SELECT 'trigger', g.tgrelid::regclass::text, g.tgname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid \
         WHERE c.relnamespace = 't_{tenant}'::regnamespace AND NOT g.tgisinternal ORDER BY 1, 2, 3"
    );
    let mut conn = w.db.as_provisioner();
    let text = rows(&mut conn, &query).unwrap() + &rows(&mut conn, &more).unwrap();
    text.replace(&format!("t_{tenant}."), "t.")
        .replace(&format!("7401, {tenant}"), "")
}

#[test]
fn all_tenants_have_the_same_tables() {
    let w = World::new();
    let (main, nord, sued) = (shape(&w, 1), shape(&w, w.nord.id), shape(&w, w.sued.id));
    assert!(main.len() > 5_000);
    // The advisory lock's key is the one thing in a function that is a tenant's own.
    let functions_apart = |text: &str| {
        text.split("}, \n")
            .filter(|line| !line.contains("stage_apply"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(functions_apart(&main), functions_apart(&nord));
    assert_eq!(functions_apart(&main), functions_apart(&sued));
}

/// What every version keeps: the tables of the first migration.
const DATA: &str = "SELECT (SELECT json_agg(r ORDER BY id) FROM recipients r) AS r, (SELECT json_agg(s ORDER BY recipient_id) FROM subscriptions s) AS s, \
    (SELECT json_agg(f ORDER BY id) FROM fields f) AS f, (SELECT json_agg(c ORDER BY id) FROM recipient_changes c) AS c";

#[test]
fn a_tenants_migrations_go_back_and_forth() {
    let w = World::new();
    w.attempt(&w.nord, "UPDATE recipients SET first_name = 'kept'");
    let id = w.nord.id();
    let (before, like) = (w.ask(&w.nord, DATA), shape(&w, w.nord.id));
    assert!(before.contains("kept"));
    let newest = tenant_version();
    // Back to the first, which holds the data, one step at a time and all at once.
    for way in [
        (1..=newest).rev().chain(2..=newest).collect::<Vec<_>>(),
        vec![newest, 1, newest],
    ] {
        let order = Provision(move |conn: &mut ProvisionConn<'_>| {
            let names = conn.names();
            for step in way.windows(2) {
                migrate::migrate_tenant(conn.pg(), names, id, step[0], step[1])?;
            }
            conn.ddl(id, &mandant::db::grants::tenant_sql(names, id))
        });
        provision(&w.db.app, order).unwrap();
        assert_eq!(w.ask(&w.nord, DATA), before);
        assert_eq!(shape(&w, w.nord.id), like);
    }
    // The history goes on.
    assert_eq!(
        w.attempt(&w.nord, "UPDATE recipients SET first_name = 'again'"),
        "ok 3"
    );
    assert_eq!(
        w.ask(&w.nord, "SELECT count(*) AS n FROM recipient_changes"),
        r#"[{"n":6}]"#
    );
}

/// All the way down nothing is left; up again the tenant is as new.
#[test]
fn a_tenant_without_inner_tenants_goes_down_to_nothing() {
    let w = World::new();
    let id = w.sued.id();
    let like = shape(&w, w.sued.id);
    let order = Provision(move |conn: &mut ProvisionConn<'_>| {
        let names = conn.names();
        migrate::migrate_tenant(conn.pg(), names, id, tenant_version(), 0)?;
        let left = rows(
            conn.pg(),
            &format!(
                "SELECT relname FROM pg_class WHERE relnamespace = 't_{id}'::regnamespace \
            UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 't_{id}'::regnamespace"
            ),
        )?;
        migrate::migrate_tenant(conn.pg(), names, id, 0, tenant_version())?;
        conn.ddl(id, &mandant::db::grants::tenant_sql(names, id))?;
        Ok(left)
    });
    assert_eq!(provision(&w.db.app, order).unwrap(), "[]");
    assert_eq!(shape(&w, w.sued.id), like);
    assert_eq!(w.ask(&w.sued, "SELECT 1 FROM recipients"), "[]");
}

#[test]
fn the_control_schemas_migrations_go_back_and_forth() {
    let db = crate::support::TestDb::bare();
    let shape = "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS t FROM pg_class c \
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
        WHERE c.relnamespace IN ('control'::regnamespace) AND c.relkind IN ('r', 'i') ORDER BY 1, 2";
    let before = rows(&mut db.as_provisioner(), shape).unwrap();
    let order = Provision(move |conn: &mut ProvisionConn<'_>| {
        let names = conn.names();
        for version in (0..control_version()).rev() {
            migrate::migrate_control(conn.pg(), names, version + 1, version)?;
        }
        let left = rows(
            conn.pg(),
            "SELECT relname FROM pg_class WHERE relnamespace = 'control'::regnamespace AND relkind = 'r'",
        )?;
        migrate::migrate_control(conn.pg(), names, 0, control_version())?;
        conn.pg()
            .batch_execute(&mandant::db::grants::control_sql(names))?;
        Ok(left)
    });
    assert_eq!(
        provision(&db.app, order).unwrap(),
        r#"[{"relname":"installation"}]"#
    );
    assert_eq!(rows(&mut db.as_provisioner(), shape).unwrap(), before);
    provision(&db.app, mandant::control::roles::SyncBuiltIn).unwrap();
    db.set_up();
}

/// Rows of a migration's sample, if it has one: `migrations/samples/tenant/0001_base.sql`.
fn sample(kind: &str, name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/samples");
    std::fs::read_to_string(folder.join(kind).join(format!("{name}.sql"))).unwrap_or_default()
}

/// Every row of every table of a schema.
fn all_rows(conn: &mut PgConnection, schema: &str) -> QueryResult<BTreeMap<String, String>> {
    let tables: Vec<Table> = diesel::sql_query(format!(
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r'"
    ))
    .load(conn)?;
    let mut all = BTreeMap::new();
    for Table { name } in tables
        .into_iter()
        .filter(|table| table.name != "installation")
    {
        let found = rows(
            conn,
            &format!("SELECT * FROM {schema}.{name} x ORDER BY x::text"),
        )?;
        all.insert(name, found);
    }
    Ok(all)
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Every row is still there with all its values; what a migration adds, tables, columns, rows, is its own
/// business.
#[track_caller]
fn kept(step: &str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) {
    let parsed = |rows: &str| -> Vec<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_str(rows).unwrap()
    };
    for (table, rows) in before {
        let now = parsed(
            after
                .get(table)
                .unwrap_or_else(|| panic!("{step}: {table} is gone")),
        );
        for row in parsed(rows) {
            let there = now.iter().any(|new| {
                row.iter()
                    .all(|(column, value)| new.get(column) == Some(value))
            });
            assert!(there, "{step}: {table} lost {row:?}");
        }
    }
}

/// Each of a tenant's migrations on rows that were there before it: up, down, up; nothing is lost. A sample
/// fills every table, so that no migration is tried on an empty one.
#[test]
fn tenant_migrations_keep_sample_rows() {
    let w = World::new();
    let id = w.sued.id();
    let order = Provision(move |conn: &mut ProvisionConn<'_>| {
        let (names, schema) = (conn.names(), format!("t_{id}"));
        migrate::migrate_tenant(conn.pg(), names, id, tenant_version(), 0)?;
        for step in migrate::TENANT.iter() {
            let (to, from) = (step.version, step.version - 1);
            let before = all_rows(conn.pg(), &schema)?;
            migrate::migrate_tenant(conn.pg(), names, id, from, to)?;
            kept(&step.name, &before, &all_rows(conn.pg(), &schema)?);
            if from > 0 {
                migrate::migrate_tenant(conn.pg(), names, id, to, from)?;
                kept(&step.name, &before, &all_rows(conn.pg(), &schema)?);
                migrate::migrate_tenant(conn.pg(), names, id, from, to)?;
                kept(&step.name, &before, &all_rows(conn.pg(), &schema)?);
            }
            conn.ddl(id, &sample("tenant", &step.name))?;
        }
        Ok(all_rows(conn.pg(), &schema)?)
    });
    let filled = provision(&w.db.app, order).unwrap();
    let empty: Vec<_> = filled.iter().filter(|(_, rows)| *rows == "[]").collect();
    assert!(empty.is_empty(), "no sample fills {empty:?}");
    assert!(filled["recipients"].contains("9007199254740993"));
}

/// The same of the control schema.
#[test]
fn control_migrations_keep_sample_rows() {
    let db = crate::support::TestDb::bare();
    let order = Provision(move |conn: &mut ProvisionConn<'_>| {
        let names = conn.names();
        for version in (0..control_version()).rev() {
            migrate::migrate_control(conn.pg(), names, version + 1, version)?;
        }
        for step in migrate::CONTROL.iter() {
            let (to, from) = (step.version, step.version - 1);
            let before = all_rows(conn.pg(), "control")?;
            let ways: &[(i32, i32)] = if from > 0 {
                &[(from, to), (to, from), (from, to)]
            } else {
                &[(from, to)]
            };
            for (from, to) in ways {
                migrate::migrate_control(conn.pg(), names, *from, *to)?;
                let after = all_rows(conn.pg(), "control")?;
                kept(&step.name, &before, &after);
            }
            conn.pg()
                .batch_execute("SET LOCAL search_path = control, pg_temp")?;
            conn.pg()
                .batch_execute(&format!("SELECT 1; {}", sample("control", &step.name)))?;
        }
        Ok(all_rows(conn.pg(), "control")?)
    });
    let filled = provision(&db.app, order).unwrap();
    assert!(filled["users"].contains("Anna Ä") && filled["tenants"].contains("O'Nord"));
}
