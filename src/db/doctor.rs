//! What of the hardening holds on this server, and what a superuser would run for the rest. On the private
//! PostgreSQL everything holds from the start; on one that somebody else runs the log-in may not be allowed to.

#![expect(
    clippy::disallowed_methods,
    reason = "the catalogue is read, which the query builder does not know"
)]

use super::names::Names;
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde::Serialize;

/// One thing looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Stable key, for scripts.
    pub key: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Whether the program is unsafe or breaks without it; else it is one wall more.
    pub needed: bool,
    /// What it is about, and how it stands.
    pub what: String,
    /// What to run as a superuser of PostgreSQL, where that helps.
    pub remedy: Option<String>,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    ok: bool,
    #[diesel(sql_type = Text)]
    seen: String,
}

/// Key, whether it is needed, what it is about, query (`ok`, `seen`), remedy.
type Check = (&'static str, bool, &'static str, String, String);

/// Functions that no tenant's role needs and an injected query would use.
const SHARP: &str = "p.proname ~ '^(query|table|schema|database|cursor)_to_xml' OR p.proname ~ '^pg_sleep' \
    OR p.proname ~ '^lo_' OR p.proname IN ('loread', 'lowrite')";

fn checks(names: Names) -> Vec<Check> {
    let (app, control) = (names.app(), names.control());
    let public = |which: &str| {
        format!(
            "SELECT count(*) = 0 AS ok, COALESCE(string_agg(DISTINCT p.proname::text, ', '), '') AS seen FROM pg_proc p \
             WHERE p.pronamespace = 'pg_catalog'::regnamespace AND ({which}) AND has_function_privilege('{app}', p.oid, 'EXECUTE')"
        )
    };
    let revoke = |which: &str| {
        format!(
            "DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = \
             'pg_catalog'::regnamespace AND ({which}) LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f); \
             EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {{login}}', f); END LOOP; END $$;"
        )
    };
    vec![
        (
            "release",
            true,
            "PostgreSQL is 15 or newer",
            "SELECT current_setting('server_version_num')::int >= 150000 AS ok, current_setting('server_version') AS seen".into(),
            String::new(),
        ),
        (
            "encoding",
            true,
            "the database is in UTF8",
            "SELECT current_setting('server_encoding') = 'UTF8' AS ok, current_setting('server_encoding') AS seen".into(),
            String::new(),
        ),
        (
            "no-superuser",
            false,
            "the given log-in is no superuser, which it need not be",
            "SELECT NOT rolsuper AS ok, rolname::text AS seen FROM pg_roles WHERE rolname = current_user".into(),
            "ALTER ROLE {login} NOSUPERUSER CREATEROLE;".into(),
        ),
        (
            "serving-log-ins",
            true,
            "the serving log-ins inherit nothing, own nothing and pass no policy by",
            format!(
                "SELECT bool_and(NOT rolinherit AND NOT rolsuper AND NOT rolcreaterole AND NOT rolbypassrls \
                    AND NOT EXISTS (SELECT 1 FROM pg_shdepend d WHERE d.refobjid = r.oid AND d.deptype = 'o')) AS ok, \
                 string_agg(rolname::text, ', ') AS seen FROM pg_roles r WHERE rolname IN ('{app}', '{control}')"
            ),
            format!("ALTER ROLE {app} NOINHERIT NOSUPERUSER NOCREATEROLE NOBYPASSRLS; ALTER ROLE {control} NOINHERIT NOSUPERUSER NOCREATEROLE NOBYPASSRLS;"),
        ),
        (
            "memberships",
            false,
            "the log-in that becomes tenants has at most 3,000 roles, so that becoming one stays fast",
            format!("SELECT count(*) <= 3000 AS ok, count(*)::text AS seen FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = '{app}'"),
            String::new(),
        ),
        (
            "temporary-tables",
            false,
            "tenants' roles make no temporary tables",
            format!("SELECT NOT has_database_privilege('{app}', current_database(), 'TEMPORARY') AS ok, current_database()::text AS seen"),
            "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;".into(),
        ),
        (
            "set-config",
            false,
            "tenants' roles cannot call set_config, which could take on another tenant's role",
            public("p.proname = 'set_config'"),
            revoke("p.proname = 'set_config'"),
        ),
        (
            "sharp-functions",
            false,
            "tenants' roles cannot dump tables as XML, read large objects, or sleep",
            public(SHARP),
            revoke(SHARP),
        ),
        (
            "public-schema",
            false,
            "tenants' roles do not reach the schema public",
            format!("SELECT NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'public') OR NOT has_schema_privilege('{app}', 'public', 'USAGE') AS ok, 'public' AS seen"),
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;".into(),
        ),
        (
            "locks",
            false,
            "max_locks_per_transaction is 256 or more, which a dump of 1,000 tenants needs",
            "SELECT current_setting('max_locks_per_transaction')::int >= 256 AS ok, current_setting('max_locks_per_transaction') AS seen".into(),
            "ALTER SYSTEM SET max_locks_per_transaction = 256; -- then restart PostgreSQL".into(),
        ),
        (
            "sorting",
            false,
            "names are sorted by language (ICU)",
            "SELECT count(*) > 0 AS ok, COALESCE(max(collprovider::text), '') AS seen FROM pg_collation \
             WHERE collname = 'names' AND collnamespace = 'ext'::regnamespace AND collprovider = 'i'".into(),
            String::new(),
        ),
        (
            "orphans",
            true,
            "every schema and role of a tenant belongs to one that there is",
            format!(
                "SELECT count(*) = 0 AS ok, COALESCE(string_agg(x, ', ' ORDER BY x), '') AS seen FROM ( \
                    SELECT nspname::text AS x FROM pg_namespace WHERE nspname ~ '^[ti]_[0-9]+$' \
                        AND substring(nspname FROM 3)::bigint NOT IN (SELECT id FROM control.tenants) \
                    UNION ALL SELECT rolname::text FROM pg_roles WHERE rolname ~ '^m{0}_(own|t|i)_[0-9]+$' \
                        AND substring(rolname FROM '[0-9]+$')::bigint NOT IN (SELECT id FROM control.tenants)) o",
                names.inst()
            ),
            String::new(),
        ),
    ]
}

/// Looks at everything; changes nothing.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn examine(conn: &mut PgConnection, names: Names) -> Result<Vec<Finding>> {
    #[derive(QueryableByName)]
    struct Here {
        #[diesel(sql_type = Text)]
        login: String,
        #[diesel(sql_type = Text)]
        database: String,
    }
    let here: Here = diesel::sql_query(
        "SELECT quote_ident(current_user) AS login, quote_ident(current_database()) AS database",
    )
    .get_result(conn)?;
    checks(names)
        .into_iter()
        .map(|(key, needed, what, query, remedy)| {
            let Answer { ok, seen } = diesel::sql_query(query).get_result(conn)?;
            let remedy = remedy
                .replace("{login}", &here.login)
                .replace("{database}", &here.database);
            Ok(Finding {
                key,
                ok,
                needed,
                what: if ok || seen.is_empty() {
                    what.to_owned()
                } else {
                    format!("{what} (found: {seen})")
                },
                remedy: Some(remedy).filter(|remedy| !ok && !remedy.is_empty()),
            })
        })
        .collect()
}
