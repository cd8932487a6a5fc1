//! Putting a backup into a database that holds no installation: roles first, which no dump has, then the
//! schemas, then every table's rows counted, and the files last. What fails leaves nothing behind.

#![expect(
    clippy::disallowed_methods,
    reason = "roles and schemas are DDL; names come from numbers of the manifest"
)]

use super::dump::rows;
use super::{FORMAT, Manifest, Report, copy_files, failed, programs};
use crate::db::bootstrap;
use crate::db::ids::TenantId;
use crate::db::migrate;
use crate::db::names::{self, Names};
use crate::error::{AppError, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use secrecy::{ExposeSecret, SecretString};
use std::fs;
use std::path::Path;

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

#[derive(QueryableByName)]
struct Server {
    #[diesel(sql_type = Integer)]
    major: i32,
}

/// Restores the backup in `from` into the empty database behind `url`, and its files into `files`.
///
/// # Errors
/// When the folder is no backup or a newer program's, the database or the folder of files is not empty, roles
/// of that installation serve another database of the server, or what arrives is not what was saved.
pub fn restore(
    url: &SecretString,
    files: &Path,
    bin: Option<&Path>,
    from: &Path,
) -> Result<Report> {
    let manifest = read(from)?;
    let mut conn =
        PgConnection::establish(url.expose_secret()).map_err(|_| AppError::Unavailable)?;
    conn.batch_execute("SET client_min_messages = error; SET row_security = off")?;
    bootstrap::check(&mut conn)?;
    check_empty(&mut conn, files)?;
    let names = Names::new(manifest.installation.unsigned_abs());
    check_roles_free(&mut conn, names)?;
    let server: Server =
        diesel::sql_query("SELECT current_setting('server_version_num')::int / 10000 AS major")
            .get_result(&mut conn)?;
    let pg_restore = programs::find("pg_restore", server.major.max(manifest.postgres), bin)?;
    let done = fill(&mut conn, url, &pg_restore, from, &manifest, names)
        .and_then(|()| copy_files(&from.join("files"), files));
    match done {
        Ok(copied) if copied == manifest.files => Ok(manifest.report()),
        Ok(copied) => Err(AppError::internal(format!(
            "{copied} files instead of {} were in the backup; the database is restored",
            manifest.files
        ))),
        Err(error) => {
            clear(&mut conn, &manifest, names);
            Err(error)
        }
    }
}

fn read(from: &Path) -> Result<Manifest> {
    let path = from.join("manifest.json");
    let text = fs::read_to_string(&path).map_err(failed("this is no finished backup:", &path))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| AppError::internal(format!("{}: {error}", path.display())))?;
    if manifest.format != FORMAT || manifest.control_version > migrate::control_version() {
        return Err(AppError::internal(format!(
            "the backup was made by a newer program ({})",
            manifest.program
        )));
    }
    Ok(manifest)
}

fn flag(conn: &mut PgConnection, query: &str, name: &str) -> Result<bool> {
    let flag: Flag = diesel::sql_query(query)
        .bind::<Text, _>(name)
        .get_result(conn)?;
    Ok(flag.yes)
}

fn check_empty(conn: &mut PgConnection, files: &Path) -> Result<()> {
    let query = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname IN ('control', 'gate') OR nspname ~ $1) AS yes";
    if flag(conn, query, "^[ti]_[0-9]+$")? {
        return Err(AppError::internal(
            "the database holds an installation already; restore into an empty one",
        ));
    }
    let holds_something = fs::read_dir(files).is_ok_and(|mut entries| entries.next().is_some());
    if holds_something {
        return Err(AppError::internal(format!(
            "the folder of files {} is not empty",
            files.display()
        )));
    }
    Ok(())
}

/// Roles are the server's: two databases with the same ones would share passwords and places.
fn check_roles_free(conn: &mut PgConnection, names: Names) -> Result<()> {
    let query = "SELECT EXISTS (SELECT 1 FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid \
        WHERE s.refclassid = 'pg_authid'::regclass AND r.rolname LIKE $1 \
        AND s.dbid <> 0 AND s.dbid <> (SELECT oid FROM pg_database WHERE datname = current_database())) AS yes";
    if flag(conn, query, &format!("m{}\\_%", names.inst()))? {
        return Err(AppError::internal(
            "another database of this server holds the same installation; drop that one first, or restore on another server",
        ));
    }
    Ok(())
}

fn fill(
    conn: &mut PgConnection,
    url: &SecretString,
    pg_restore: &Path,
    from: &Path,
    manifest: &Manifest,
    names: Names,
) -> Result<()> {
    make_roles(conn, manifest, names)?;
    bootstrap::extensions(conn)?;
    let put = |file: &str, more: &[&str]| {
        let path = from.join(file).display().to_string();
        let mut arguments = vec!["--exit-on-error"];
        arguments.extend(more);
        arguments.push(&path);
        programs::run(pg_restore, url, &arguments)
    };
    // What the given log-in owned belongs to the given log-in of here, whatever its name; its grants are made
    // at every start.
    put("control.dump", &["--no-owner", "--no-privileges"])?;
    if !manifest.tenants.is_empty() {
        put("tenants.dump", &[])?;
    }
    bootstrap::set_passwords(conn, names)?;
    let found = rows(conn, &manifest.tenants)?;
    let lacking: Vec<String> = manifest
        .rows
        .iter()
        .filter(|(table, n)| found.get(*table) != Some(n))
        .map(|(table, n)| {
            let found = found.get(table).copied().unwrap_or_default();
            format!("{table} has {found} rows instead of {n}")
        })
        .collect();
    if !lacking.is_empty() {
        return Err(AppError::internal(lacking.join("; ")));
    }
    // Whoever was logged in when the backup was taken logs in anew.
    conn.batch_execute("DELETE FROM control.sessions; ANALYZE control.tenants")?;
    Ok(())
}

/// As provisioning makes them; those that a dropped database left are used again.
fn make_roles(conn: &mut PgConnection, manifest: &Manifest, names: Names) -> Result<()> {
    bootstrap::login_roles(conn, names)?;
    for tenant in &manifest.tenants {
        let id = TenantId(tenant.id);
        match tenant.parent {
            None => {
                let (own, t) = (names.own(id), names.t(id));
                role(conn, &own, &names.owners())?;
                role(conn, &t, &names.tenants())?;
                bootstrap::let_app_become(conn, names, &t)?;
            }
            Some(parent) => {
                let i = names.i(id);
                role(conn, &i, &names.tenants())?;
                bootstrap::let_app_become(conn, names, &i)?;
                let own = names.own(TenantId(parent));
                role(conn, &own, &names.owners())?;
                conn.batch_execute(&format!(
                    "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {own}', current_database()); END $$"
                ))?;
            }
        }
    }
    Ok(())
}

fn role(conn: &mut PgConnection, role: &str, group: &str) -> Result<()> {
    if !flag(
        conn,
        "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS yes",
        role,
    )? {
        conn.batch_execute(&format!("CREATE ROLE {role} NOLOGIN"))?;
    }
    conn.batch_execute(&format!(
        "GRANT {role} TO CURRENT_USER; GRANT {group} TO {role}"
    ))?;
    Ok(())
}

/// Takes back what a failed restore made, as far as it goes.
fn clear(conn: &mut PgConnection, manifest: &Manifest, names: Names) {
    let mut statements = Vec::new();
    for tenant in manifest.tenants.iter().rev() {
        let id = TenantId(tenant.id);
        let schema = match tenant.parent {
            Some(_) => names::projection(id),
            None => names::schema(id),
        };
        statements.push(format!("DROP SCHEMA IF EXISTS {schema} CASCADE"));
    }
    statements.push("DROP SCHEMA IF EXISTS gate, control CASCADE".to_owned());
    let mut roles = Vec::new();
    for tenant in &manifest.tenants {
        let id = TenantId(tenant.id);
        match tenant.parent {
            Some(_) => roles.push(names.i(id)),
            None => roles.extend([names.t(id), names.own(id)]),
        }
    }
    roles.extend([
        names.tenants(),
        names.owners(),
        names.app(),
        names.control(),
    ]);
    for role in roles {
        statements.push(format!("DROP OWNED BY {role}"));
        statements.push(format!("DROP ROLE {role}"));
    }
    for statement in statements {
        if let Err(error) = conn.batch_execute(&statement) {
            tracing::debug!(%error, "not taken back");
        }
    }
}
