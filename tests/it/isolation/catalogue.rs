//! Every privilege in the database against the matrix in `db::grants`: what is granted and not listed fails,
//! and so does what is listed and not granted.

use super::World;
use diesel::prelude::*;
use mandant::db::grants;
use std::collections::BTreeSet;

#[derive(QueryableByName)]
struct Granted {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// `role privilege object`, for all tables, views, sequences, columns, functions and schemas of the program.
const GRANTED: &str = "
    WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname ~ '^[ti]_[0-9]+$' OR nspname IN ('control', 'gate')),
    all_of AS (
        SELECT n.nspname || '.' || c.relname AS object, c.relowner AS owner, a.grantee, a.privilege_type AS what
        FROM pg_class c JOIN ours n ON n.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(c.relacl) a
        UNION ALL
        SELECT n.nspname || '.' || c.relname, c.relowner, a.grantee, a.privilege_type || '(' || t.attname || ')'
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN ours n ON n.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(t.attacl) a
        UNION ALL
        SELECT n.nspname || '.' || p.proname || '(' || array_to_string(array(SELECT format_type(x, NULL) FROM unnest(p.proargtypes) x), ', ') || ')',
            p.proowner, a.grantee, a.privilege_type
        FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a
        UNION ALL
        SELECT n.nspname, s.nspowner, a.grantee, a.privilege_type
        FROM ours n JOIN pg_namespace s ON s.oid = n.oid CROSS JOIN LATERAL aclexplode(s.nspacl) a
    )
    SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END || ' ' || what || ' ' || object AS line
    FROM all_of WHERE grantee <> owner";

/// `SELECT, UPDATE (a, b)` as the lines that the catalogue gives.
fn lines(role: &str, privileges: &str, object: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut columns = false;
    let mut privilege = String::new();
    for word in privileges.split([',', ' ']).filter(|word| !word.is_empty()) {
        let opens = word.starts_with('(');
        columns |= opens;
        if columns {
            if opens {
                all.pop();
            }
            let column = word.trim_matches(['(', ')']);
            all.push(format!("{role} {privilege}({column}) {object}"));
        } else {
            privilege = word.to_owned();
            all.push(format!("{role} {word} {object}"));
        }
        columns &= !word.ends_with(')');
    }
    all
}

fn expected(w: &World) -> BTreeSet<String> {
    let inst = w.db.inst();
    let mut all = BTreeSet::new();
    let mut add = |role: &str, schema: &str, tables: &[(&str, &str)], functions: &[&str]| {
        all.insert(format!("{role} USAGE {schema}"));
        for (table, privileges) in tables {
            all.extend(lines(role, privileges, &format!("{schema}.{table}")));
        }
        for function in functions {
            all.insert(format!("{role} EXECUTE {schema}.{function}"));
        }
    };
    for id in [1, w.nord.id, w.sued.id] {
        add(
            &format!("m{inst}_t_{id}"),
            &format!("t_{id}"),
            grants::TENANT_TABLES,
            grants::TENANT_FUNCTIONS,
        );
    }
    let columns = "email f101 id created_at created_by import_id";
    let editable =
        "salutation, gender, title, first_name, last_name, language, format, source, changed_at";
    for (inner, by_lists) in [(&w.vip, true), (&w.adler, false)] {
        let role = format!("m{inst}_i_{}", inner.id);
        add(
            &role,
            &format!("t_{}", w.nord.id),
            grants::INNER_BASE_TABLES,
            grants::TENANT_FUNCTIONS,
        );
        add(
            &role,
            &format!("i_{}", inner.id),
            grants::INNER_VIEWS,
            grants::INNER_FUNCTIONS,
        );
        let more = format!(
            "UPDATE ({editable}){}",
            if by_lists { "" } else { ", DELETE" }
        );
        assert!(
            columns
                .split(' ')
                .all(|c| !editable.split(", ").any(|e| e == c))
        );
        add(
            &role,
            &format!("i_{}", inner.id),
            &[("recipients", more.as_str())],
            &[],
        );
    }
    add(
        &format!("m{inst}_control"),
        "control",
        grants::CONTROL_TABLES,
        grants::CONTROL_FUNCTIONS,
    );
    add(
        &format!("m{inst}_tenants"),
        "gate",
        &[],
        grants::GATE_FUNCTIONS,
    );
    all
}

#[test]
fn every_privilege_is_listed_and_every_listed_one_granted() {
    let w = World::new();
    let found: BTreeSet<String> = diesel::sql_query(GRANTED)
        .load::<Granted>(&mut w.db.as_provisioner())
        .unwrap()
        .into_iter()
        .map(|granted| granted.line)
        .collect();
    let expected = expected(&w);
    let unlisted: Vec<_> = found.difference(&expected).collect();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(
        unlisted.is_empty(),
        "granted, but not in db::grants: {unlisted:#?}"
    );
    assert!(
        missing.is_empty(),
        "in db::grants, but not granted: {missing:#?}"
    );
}

/// A definer's function runs with its owner's rights: each has a fixed path and is nobody's but its owner's.
#[test]
fn functions_with_their_owners_rights_have_a_fixed_path() {
    let w = World::new();
    let loose = "SELECT p.oid::regprocedure::text AS f FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
        WHERE n.nspname ~ '^([ti]_[0-9]+|control|gate)$' AND p.prosecdef \
        AND NOT COALESCE(array_to_string(p.proconfig, ';') ~ 'search_path=.*pg_temp$', false)";
    assert_eq!(
        super::rows(&mut w.db.as_provisioner(), loose).unwrap(),
        "[]"
    );
}

/// Row-level security is on wherever an inner tenant has a view, and only the tenant itself has a policy.
#[test]
fn the_net_below_the_views_is_whole() {
    let w = World::new();
    let mut conn = w.db.as_provisioner();
    let open = format!(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 't_{}'::regnamespace AND c.relkind = 'r' \
         AND NOT c.relrowsecurity AND c.relname NOT IN ('fields', 'field_rights')",
        w.nord.id
    );
    assert_eq!(super::rows(&mut conn, &open).unwrap(), "[]");
    let policies = format!(
        "SELECT DISTINCT polroles::regrole[]::text AS r FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid \
         WHERE c.relnamespace = 't_{}'::regnamespace",
        w.nord.id
    );
    let role = format!("m{}_t_{}", w.db.inst(), w.nord.id);
    assert_eq!(
        super::rows(&mut conn, &policies).unwrap(),
        format!(r#"[{{"r":"{{{role}}}"}}]"#)
    );
    // A base table granted by mistake still shows an inner tenant nothing.
    let role = format!("m{}_i_{}", w.db.inst(), w.vip.id);
    super::run(
        &mut conn,
        &format!(
            "GRANT ALL ON ALL TABLES IN SCHEMA t_{} TO {role}",
            w.nord.id
        ),
    );
    let base = format!("t_{}.recipients", w.nord.id);
    assert_eq!(w.ask(&w.vip, &format!("SELECT * FROM {base}")), "[]");
    assert_eq!(w.attempt(&w.vip, &format!("DELETE FROM {base}")), "ok 0");
    let insert = format!("INSERT INTO {base} (email) VALUES ('x@x.example')");
    assert!(w.attempt(&w.vip, &insert).contains("row-level security"));
}
