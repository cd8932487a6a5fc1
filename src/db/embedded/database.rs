//! What stands in the private server: the program's log-in and its hardened database.

#![expect(
    clippy::disallowed_methods,
    reason = "making the private database and its log-in is fixed SQL"
)]

use super::cluster::{Cluster, LOGIN, SUPERUSER};
use super::error::{EmbeddedError, Result};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;

/// The program's database.
pub const DATABASE: &str = "mandant";

/// Makes log-in and database unless they are there. The database is made under another name and renamed
/// when hardened, so that what has the right name is complete.
pub fn ensure(cluster: &Cluster) -> Result<()> {
    let mut conn = cluster.connect(SUPERUSER, "postgres")?;
    let found = diesel::sql_query("SELECT 1 FROM pg_database WHERE datname = 'mandant'")
        .execute(&mut conn)
        .map_err(failure)?;
    if found == 1 {
        return Ok(());
    }
    run(
        &mut conn,
        &format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{LOGIN}') THEN \
             CREATE ROLE {LOGIN}; END IF; END $$; \
             ALTER ROLE {LOGIN} LOGIN NOSUPERUSER CREATEROLE PASSWORD '{}'",
            cluster.password(LOGIN)
        ),
    )?;
    run(&mut conn, "DROP DATABASE IF EXISTS mandant_new")?;
    run(
        &mut conn,
        &format!("CREATE DATABASE mandant_new OWNER {LOGIN} ENCODING 'UTF8' TEMPLATE template0"),
    )?;
    let mut inside = cluster.connect(SUPERUSER, "mandant_new")?;
    run(&mut inside, HARDENING)?;
    drop(inside);
    run(&mut conn, OTHER_DATABASES)?;
    run(
        &mut conn,
        &format!("ALTER DATABASE mandant_new RENAME TO {DATABASE}"),
    )
}

fn run(conn: &mut PgConnection, sql: &str) -> Result<()> {
    conn.batch_execute(sql).map_err(failure)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "map_err passes the error by value"
)]
fn failure(error: diesel::result::Error) -> EmbeddedError {
    EmbeddedError::Program {
        program: "preparing the private database",
        said: error.to_string(),
    }
}

/// Tenants' log-ins have no business in the databases that each cluster has.
const OTHER_DATABASES: &str = "
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
";

/// Nobody but the program's log-ins connects; functions that dump whole tables as XML, read large objects or
/// sleep are not for tenants' roles. `set_config` stays with the program's log-in, pg_dump needs it.
const HARDENING: &str = "
REVOKE ALL ON DATABASE mandant_new FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'pg_catalog' AND (p.proname IN ('query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema',
            'table_to_xml', 'table_to_xmlschema', 'table_to_xml_and_xmlschema', 'schema_to_xml', 'schema_to_xmlschema',
            'schema_to_xml_and_xmlschema', 'database_to_xml', 'database_to_xmlschema', 'database_to_xml_and_xmlschema',
            'cursor_to_xml', 'cursor_to_xmlschema', 'pg_sleep', 'pg_sleep_for', 'pg_sleep_until', 'set_config')
            OR p.proname LIKE 'lo\\_%' OR p.proname IN ('loread', 'lowrite'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO mandant', f);
    END LOOP;
END $$;
SET ROLE mandant;
CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
RESET ROLE;
";
