//! If somebody found a way to write SQL: what he could do from one inner tenant's page. One query here pastes
//! its input on purpose; what each attempt gives is recorded, so that none newly succeeds unnoticed.
//!
//! Read the snapshot as the price of a fault in the query builder. A plain view is no security barrier, the
//! catalogue is open to every role, and `set_config` can change the role to any other that the log-in may
//! become: on a server that the program hardens (see `db::embedded`) the last is closed.

use super::{World, run};
use diesel::prelude::*;
use mandant::error::AppError;
use std::fmt::Write;

/// A condition closed by hand, or a query appended to the one of the page.
const INPUTS: &[(&str, &str)] = &[
    ("all rows it sees", "' OR true --"),
    ("base table", "' UNION SELECT email FROM {t}.recipients --"),
    (
        "base table through RLS of another",
        "' UNION SELECT email FROM {other}.recipients --",
    ),
    (
        "another inner tenant",
        "' UNION SELECT email FROM {adler}.recipients --",
    ),
    (
        "admissions",
        "' UNION SELECT data::text FROM {t}.admissions --",
    ),
    (
        "control tables",
        "' UNION SELECT email FROM control.users --",
    ),
    (
        "secrets of the installation",
        "' UNION SELECT secret FROM control.installation --",
    ),
    ("several statements", "'; DELETE FROM recipients; --"),
    (
        "statements by dollar",
        "'; DO $$ BEGIN RAISE 'x'; END $$; --",
    ),
    ("reset role", "'; RESET ROLE; --"),
    (
        "set_config of the role to the parent",
        "' UNION SELECT set_config('role', '{t_role}', false) --",
    ),
    (
        "set_config of the role to the owner",
        "' UNION SELECT set_config('role', '{own_role}', false) --",
    ),
    (
        "set_config of the role to the control log-in",
        "' UNION SELECT set_config('role', '{control_role}', false) --",
    ),
    (
        "leaving READ ONLY",
        "' OR set_config('transaction_read_only', 'off', false) = '' --",
    ),
    (
        "query_to_xml of the base table",
        "' UNION SELECT query_to_xml('SELECT * FROM {t}.recipients', true, true, '')::text --",
    ),
    (
        "query_to_xml that writes",
        "' UNION SELECT query_to_xml('DELETE FROM recipients', true, true, '')::text --",
    ),
    (
        "database_to_xml",
        "' UNION SELECT table_to_xml('{t}.recipients', true, true, '')::text --",
    ),
    (
        "hidden rows by a condition that raises errors",
        "' OR 1 / (CASE WHEN r.email = 'out@nord.example' THEN 0 ELSE 1 END) = 2 --",
    ),
    (
        "hidden rows by a cast in an error",
        "' OR r.email::integer = 1 --",
    ),
    (
        "size of the base table",
        "' UNION SELECT (pg_relation_size('{t}.recipients') > 0)::text --",
    ),
    (
        "estimate of the base table",
        "' UNION SELECT 'readable' FROM pg_class WHERE relname = 'recipients' AND relkind = 'r' AND reltuples IS NOT NULL --",
    ),
    (
        "statistics",
        "' UNION SELECT most_common_vals::text FROM pg_stats WHERE schemaname = '{t}' --",
    ),
    (
        "extended statistics",
        "' UNION SELECT most_common_vals::text FROM pg_stats_ext --",
    ),
    (
        "fence of another inner tenant by its view",
        "' UNION SELECT substring(definition FROM 'Adler') FROM pg_views WHERE schemaname = '{adler}' AND definition LIKE '%Adler%' --",
    ),
    (
        "fence of another inner tenant by its function",
        "' UNION SELECT prosrc FROM pg_proc WHERE proname = 'fits' AND prosrc LIKE '%Adler%' --",
    ),
    (
        "names of other tenants' roles",
        "' UNION SELECT rolname FROM pg_roles WHERE rolname = '{t_role}' --",
    ),
    (
        "policies",
        "' UNION SELECT policyname FROM pg_policies WHERE schemaname = '{t}' LIMIT 1 --",
    ),
    (
        "queries of others",
        "' UNION SELECT query FROM pg_stat_activity WHERE query LIKE '%secret-of-nord%' AND pid <> pg_backend_pid() --",
    ),
    ("waiting", "' OR pg_sleep(0)::text = 'x' --"),
    ("files", "' UNION SELECT pg_read_file('/etc/passwd') --"),
    ("folders", "' UNION SELECT pg_ls_dir('/') --"),
    (
        "large objects from files",
        "' UNION SELECT lo_import('/etc/passwd')::text --",
    ),
    (
        "dblink",
        "' UNION SELECT dblink('dbname=postgres', 'SELECT 1')::text --",
    ),
    ("ending others", "' OR pg_terminate_backend(1) --"),
    ("reloading", "' OR pg_reload_conf() --"),
    (
        "sequence",
        "' UNION SELECT nextval('{t}.recipients_id_seq')::text --",
    ),
    (
        "writing by a function",
        "' UNION SELECT create_recipient('{\"email\":\"x@x.example\"}', '{}')::text --",
    ),
    (
        "writing an audit entry",
        "' UNION SELECT gate.record('x', 'y', '{}')::text --",
    ),
    ("notifying", "' UNION SELECT pg_notify('x', 'y')::text --"),
    (
        "advisory lock",
        "' OR pg_try_advisory_lock(7401, 2) IS NULL --",
    ),
];

#[derive(QueryableByName)]
struct Email {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    email: Option<String>,
}

/// The page with the hole: everything else about it is as it should be.
fn page(w: &World, input: &str) -> String {
    let mut said = String::new();
    let _ = w.db.look_as(w.vip.scope(), |conn| {
        let query = format!("SELECT email FROM recipients r WHERE email = '{input}");
        match diesel::sql_query(query).load::<Email>(conn.pg()) {
            Ok(rows) => {
                let found: Vec<_> = rows
                    .into_iter()
                    .map(|row| row.email.unwrap_or_default())
                    .collect();
                said = if found.is_empty() {
                    "nothing".into()
                } else {
                    format!("GIVES {}", found.join(", "))
                };
            }
            Err(error) => {
                said = format!("denied: {error}");
                return Err(AppError::Conflict);
            }
        }
        Ok(())
    });
    said
}

#[test]
fn what_an_injected_query_could_do() {
    let w = World::new();
    let inst = w.db.inst();
    // Somebody else's query, which stands in the list of activity.
    let mut other = w.db.as_app();
    run(
        &mut other,
        &format!("SET ROLE m{inst}_t_{}; SELECT 'secret-of-nord'", w.nord.id),
    );
    let fill = |text: &str| {
        text.replace("{t}", &format!("t_{}", w.nord.id))
            .replace("{other}", &format!("t_{}", w.sued.id))
            .replace("{adler}", &format!("i_{}", w.adler.id))
            .replace("{t_role}", &format!("m{inst}_t_{}", w.nord.id))
            .replace("{own_role}", &format!("m{inst}_own_{}", w.nord.id))
            .replace("{control_role}", &format!("m{inst}_control"))
    };
    let mut record = String::new();
    for (what, input) in INPUTS {
        let said = page(&w, &fill(input)).replace(&format!("m{inst}"), "m0");
        let brief: String = said
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(160)
            .collect();
        writeln!(record, "{what}: {brief}").unwrap();
    }
    insta::assert_snapshot!(record);
    // Since 16 a READ ONLY transaction makes no large object; before, only the hardening takes the function.
    let object = page(&w, "' UNION SELECT (lo_create(0) > 0)::text --");
    assert!(
        object == "GIVES true" || object.starts_with("denied"),
        "{object}"
    );
    assert_eq!(
        w.ask(&w.nord, "SELECT count(*) AS n FROM recipients"),
        r#"[{"n":3}]"#
    );
    assert_eq!(
        w.ask(&w.vip, "SELECT current_setting('role') = 'x' AS x"),
        r#"[{"x":false}]"#
    );
}
