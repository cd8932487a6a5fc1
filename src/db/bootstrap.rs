//! From the one database URL given to a ready installation: schemas, log-ins, control tables.

#![expect(
    clippy::disallowed_methods,
    reason = "making roles and schemas is DDL; names come from the installation's number"
)]

use super::grants;
use super::migrate;
use super::names::Names;
use super::pool::login_url;
use crate::error::{AppError, Result};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Nullable, Text};
use secrecy::SecretString;

/// Key of the advisory lock under which an installation is set up or migrated.
const BOOTSTRAP_LOCK: i64 = 0x6d61_6e64;

/// What the program needs to know to serve: names and the serving log-ins.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Names of roles and schemas.
    pub names: Names,
    /// URL of the control log-in.
    pub control_url: SecretString,
    /// URL of the log-in that enters tenants.
    pub app_url: SecretString,
    /// Key for what is signed or sealed: ids in URLs, links.
    pub secret: SecretString,
    /// Version of the control schema found (after migrating, if that was asked).
    pub control_version: i32,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    inst: i32,
    #[diesel(sql_type = Integer)]
    control_version: i32,
    #[diesel(sql_type = Text)]
    control_password: String,
    #[diesel(sql_type = Text)]
    app_password: String,
    #[diesel(sql_type = Text)]
    secret: String,
}

/// Makes or completes the installation behind `url` and migrates the control schema. Safe to run by
/// several processes at once.
///
/// # Errors
/// When the log-in lacks a privilege (said in plain words) or the database refuses.
pub fn prepare(url: &SecretString, conn: &mut PgConnection) -> Result<Installation> {
    check_server(conn)?;
    conn.transaction(|conn| {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(BOOTSTRAP_LOCK)
            .execute(conn)?;
        if !schema_exists(conn, "control")? {
            check_privileges(conn)?;
            create(conn)?;
        }
        let row = row(conn)?;
        let names = Names::new(row.inst as u32);
        logins(conn, names, &row)?;
        let target = migrate::control_version();
        if row.control_version > target {
            return Err(AppError::internal(format!(
                "the database was made by a newer program: control schema {} against {target}",
                row.control_version
            )));
        }
        if row.control_version < target {
            migrate::migrate_control(conn, names, row.control_version, target)?;
            diesel::sql_query("UPDATE control.installation SET control_version = $1")
                .bind::<Integer, _>(target)
                .execute(conn)?;
        }
        conn.batch_execute(&grants::control_sql(names))?;
        Ok(installation(url, names, &row, target))
    })
}

fn installation(url: &SecretString, names: Names, row: &Row, version: i32) -> Installation {
    let login =
        |user: &str, password: &str| login_url(url, user, &SecretString::from(password.to_owned()));
    Installation {
        names,
        control_url: login(&names.control(), &row.control_password),
        app_url: login(&names.app(), &row.app_password),
        secret: SecretString::from(row.secret.clone()),
        control_version: version,
    }
}

fn row(conn: &mut PgConnection) -> Result<Row> {
    Ok(diesel::sql_query(
        "SELECT inst, control_version, control_password, app_password, secret FROM control.installation",
    )
    .get_result(conn)?)
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

fn schema_exists(conn: &mut PgConnection, name: &str) -> Result<bool> {
    let flag: Flag =
        diesel::sql_query("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1) AS yes")
            .bind::<Text, _>(name)
            .get_result(conn)?;
    Ok(flag.yes)
}

fn check_server(conn: &mut PgConnection) -> Result<()> {
    let flag: Flag =
        diesel::sql_query("SELECT current_setting('server_version_num')::int >= 150000 AS yes")
            .get_result(conn)?;
    if flag.yes {
        Ok(())
    } else {
        Err(AppError::internal("PostgreSQL 15 or newer is needed"))
    }
}

#[derive(QueryableByName)]
struct Privileges {
    #[diesel(sql_type = Text)]
    login: String,
    #[diesel(sql_type = Text)]
    database: String,
    #[diesel(sql_type = Bool)]
    create_role: bool,
    #[diesel(sql_type = Bool)]
    create: bool,
    #[diesel(sql_type = Nullable<Text>)]
    trgm_schema: Option<String>,
}

fn check_privileges(conn: &mut PgConnection) -> Result<()> {
    let has: Privileges = diesel::sql_query(
        "SELECT current_user::text AS login, current_database()::text AS database, \
         (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) AS create_role, \
         has_database_privilege(current_database(), 'CREATE') AS \"create\", \
         (SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm') AS trgm_schema",
    )
    .get_result(conn)?;
    if !has.create_role {
        return Err(AppError::internal(format!(
            "the database log-in {0} may not create roles; as an administrator of PostgreSQL run: ALTER ROLE {0} CREATEROLE",
            has.login
        )));
    }
    if !has.create {
        return Err(AppError::internal(format!(
            "the database log-in {1} may not create schemas; as an administrator of PostgreSQL run: GRANT CREATE ON DATABASE {0} TO {1}",
            has.database, has.login
        )));
    }
    match has.trgm_schema.as_deref() {
        None | Some("ext") => Ok(()),
        Some(other) => Err(AppError::internal(format!(
            "the extension pg_trgm stands in schema {other}; run: CREATE SCHEMA ext; ALTER EXTENSION pg_trgm SET SCHEMA ext"
        ))),
    }
}

/// Whether this server and this log-in will do, said in plain words.
pub(super) fn check(conn: &mut PgConnection) -> Result<()> {
    check_server(conn)?;
    check_privileges(conn)
}

/// What all schemas use: trigrams, and how names sort.
pub(super) fn extensions(conn: &mut PgConnection) -> Result<()> {
    conn.batch_execute(
        "CREATE SCHEMA IF NOT EXISTS ext; CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA ext;",
    )?;
    collation(conn)
}

/// The first start: schemas, the installation's number and secrets, the roles that everything needs.
fn create(conn: &mut PgConnection) -> Result<()> {
    extensions(conn)?;
    conn.batch_execute(
        "CREATE SCHEMA control; \
         CREATE TABLE control.installation (one boolean PRIMARY KEY DEFAULT true CHECK (one), inst integer NOT NULL, \
             control_version integer NOT NULL DEFAULT 0, control_password text NOT NULL, app_password text NOT NULL, \
             secret text NOT NULL, setup_token text, made_at timestamptz NOT NULL DEFAULT now());",
    )?;
    diesel::sql_query(
        "INSERT INTO control.installation (inst, control_password, app_password, secret) VALUES ($1, $2, $3, $4)",
    )
    .bind::<Integer, _>(free_number(conn)?)
    .bind::<Text, _>(crate::secrets::random_hex(24))
    .bind::<Text, _>(crate::secrets::random_hex(24))
    .bind::<Text, _>(crate::secrets::random_hex(32))
    .execute(conn)?;
    Ok(())
}

/// How names sort: by language where the server has ICU, by bytes elsewhere. The columns name `ext.names`
/// either way, so that all installations have the same schema.
fn collation(conn: &mut PgConnection) -> Result<()> {
    conn.batch_execute(
        "DO $$ BEGIN \
           IF EXISTS (SELECT 1 FROM pg_collation WHERE collname = 'names' AND collnamespace = 'ext'::regnamespace) THEN RETURN; END IF; \
           BEGIN CREATE COLLATION ext.names (provider = icu, locale = 'und'); \
           EXCEPTION WHEN OTHERS THEN CREATE COLLATION ext.names FROM \"C\"; END; \
         END $$;",
    )?;
    Ok(())
}

/// A number whose role names are free in this cluster.
fn free_number(conn: &mut PgConnection) -> Result<i32> {
    for _ in 0..100 {
        let number = (crate::secrets::random_u32() % 900_000_000 + 100_000_000) as i32;
        let flag: Flag = diesel::sql_query(
            "SELECT NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname LIKE $1) AS yes",
        )
        .bind::<Text, _>(format!("m{number}\\_%"))
        .get_result(conn)?;
        if flag.yes {
            return Ok(number);
        }
    }
    Err(AppError::internal("no free installation number found"))
}

/// The roles that are there once: made at the first start, and again where they were lost.
fn logins(conn: &mut PgConnection, names: Names, row: &Row) -> Result<()> {
    if login_roles(conn, names)? {
        passwords(conn, names, row)?;
    }
    // Owners' functions use temporary tables; nobody else may, as far as the log-in can forbid it: a
    // database that belongs to somebody else keeps PUBLIC's right, and `REVOKE` then only warns or errs.
    conn.batch_execute(&format!(
        "DO $$ BEGIN BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); \
         EXCEPTION WHEN insufficient_privilege THEN NULL; END; \
         EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO {}', current_database()); \
         EXECUTE format('GRANT CONNECT ON DATABASE %I TO {}, {}', current_database()); END $$",
        names.owners(),
        names.control(),
        names.app()
    ))?;
    assert_no_inheritance(conn, names)
}

/// Makes those of the roles that lack; whether any did.
pub(super) fn login_roles(conn: &mut PgConnection, names: Names) -> Result<bool> {
    let mut made = false;
    for (role, login) in [
        (names.control(), "LOGIN"),
        (names.app(), "LOGIN"),
        (names.tenants(), "NOLOGIN"),
        (names.owners(), "NOLOGIN"),
    ] {
        let flag: Flag =
            diesel::sql_query("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS yes")
                .bind::<Text, _>(&role)
                .get_result(conn)?;
        if !flag.yes {
            conn.batch_execute(&format!(
                "CREATE ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOBYPASSRLS {login}"
            ))?;
            made = true;
        }
    }
    Ok(made)
}

/// Gives the serving log-ins the passwords that the installation knows.
pub(super) fn set_passwords(conn: &mut PgConnection, names: Names) -> Result<()> {
    let row = row(conn)?;
    passwords(conn, names, &row)
}

/// They are our own hexadecimal digits.
fn passwords(conn: &mut PgConnection, names: Names, row: &Row) -> Result<()> {
    Ok(conn.batch_execute(&format!(
        "ALTER ROLE {} PASSWORD '{}'; ALTER ROLE {} PASSWORD '{}'",
        names.control(),
        row.control_password,
        names.app(),
        row.app_password
    ))?)
}

/// Lets the serving log-in become `role`, without ever inheriting from it.
pub(super) fn let_app_become(conn: &mut PgConnection, names: Names, role: &str) -> Result<()> {
    let flag: Flag =
        diesel::sql_query("SELECT current_setting('server_version_num')::int >= 160000 AS yes")
            .get_result(conn)?;
    let options = if flag.yes {
        " WITH INHERIT FALSE, SET TRUE"
    } else {
        ""
    };
    Ok(conn.batch_execute(&format!("GRANT {role} TO {}{options}", names.app()))?)
}

/// A serving log-in that inherits reads every tenant, and one that can become an owner or the other one
/// reaches what it must not: the program does not start with such log-ins.
fn assert_no_inheritance(conn: &mut PgConnection, names: Names) -> Result<()> {
    let attributes: Flag = diesel::sql_query(
        "SELECT bool_and(NOT rolinherit AND NOT rolsuper AND NOT rolbypassrls AND NOT rolcreaterole) AS yes \
         FROM pg_roles WHERE rolname IN ($1, $2)",
    )
    .bind::<Text, _>(names.control())
    .bind::<Text, _>(names.app())
    .get_result(conn)?;
    // Since 16 each membership says for itself whether it is inherited; before, there is no such column.
    let memberships: Flag = diesel::sql_query(
        "SELECT count(*) = 0 AS yes FROM pg_auth_members m JOIN pg_roles member ON member.oid = m.member \
         JOIN pg_roles role ON role.oid = m.roleid \
         WHERE member.rolname IN ($1, $2) AND (member.rolname = $1 OR m.admin_option \
             OR role.rolname !~ $3 OR COALESCE((to_jsonb(m) ->> 'inherit_option')::boolean, false))",
    )
    .bind::<Text, _>(names.control())
    .bind::<Text, _>(names.app())
    .bind::<Text, _>(format!("^m{}_[ti]_[0-9]+$", names.inst()))
    .get_result(conn)?;
    if attributes.yes && memberships.yes {
        Ok(())
    } else {
        Err(AppError::internal(format!(
            "the log-ins {} and {} must be NOINHERIT, NOSUPERUSER, NOCREATEROLE and NOBYPASSRLS, \
             and the second a member of tenants' roles only, the first of none",
            names.control(),
            names.app()
        )))
    }
}
