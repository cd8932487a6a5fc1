//! Taking a backup: one snapshot for both dumps and for the counts that a restore is compared with.

#![expect(
    clippy::disallowed_methods,
    reason = "the catalogue is read, and tables are counted that no query builder knows"
)]

use super::programs;
use super::{FORMAT, Manifest, Report, TenantLine, copy_files, failed};
use crate::db::ids::TenantId;
use crate::db::names;
use crate::error::{AppError, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = Text)]
    snapshot: String,
    #[diesel(sql_type = Integer)]
    installation: i32,
    #[diesel(sql_type = Integer)]
    control_version: i32,
    #[diesel(sql_type = Integer)]
    postgres: i32,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    parent: Option<i32>,
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Writes a backup into `to`, which is made or empty; `url` is the provisioning log-in's, `files` the
/// program's folder of files, `bin` where to look for pg_dump first. The program may serve meanwhile.
///
/// # Errors
/// When the folder holds something, pg_dump is not found, or anything cannot be read or written.
pub fn backup(url: &SecretString, files: &Path, bin: Option<&Path>, to: &Path) -> Result<Report> {
    prepare_folder(to)?;
    let mut conn =
        PgConnection::establish(url.expose_secret()).map_err(|_| AppError::Unavailable)?;
    // The snapshot lives as long as this transaction.
    conn.batch_execute(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off",
    )?;
    let head: Head = diesel::sql_query(
        "SELECT pg_export_snapshot() AS snapshot, inst AS installation, control_version, \
            current_setting('server_version_num')::int / 10000 AS postgres FROM control.installation",
    )
    .get_result(&mut conn)?;
    let tenants: Vec<Line> = diesel::sql_query(
        "SELECT id, CASE kind WHEN 'inner' THEN parent_id END AS parent FROM control.tenants ORDER BY id",
    )
    .load(&mut conn)?;
    let tenants: Vec<TenantLine> = tenants
        .into_iter()
        .map(|Line { id, parent }| TenantLine { id, parent })
        .collect();
    let pg_dump = programs::find("pg_dump", head.postgres, bin)?;
    let dump = |name: &str, schemas: &[&str]| {
        let file = format!("--file={}", to.join(name).display());
        let snapshot = format!("--snapshot={}", head.snapshot);
        let mut arguments = vec![
            "--format=custom",
            "--no-unlogged-table-data",
            &file,
            &snapshot,
        ];
        arguments.extend(schemas);
        programs::run(&pg_dump, url, &arguments)
    };
    dump("control.dump", &["--schema=control", "--schema=gate"])?;
    if !tenants.is_empty() {
        dump("tenants.dump", &["--schema=t_[0-9]+", "--schema=i_[0-9]+"])?;
    }
    let rows = rows(&mut conn, &tenants)?;
    conn.batch_execute("COMMIT")?;
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        installation: head.installation,
        control_version: head.control_version,
        postgres: head.postgres,
        rows,
        tenants,
        files: copy_files(files, &to.join("files"))?,
    };
    write(&manifest, to)?;
    Ok(manifest.report())
}

/// Ours alone: a backup holds passwords' hashes, and the log-ins' passwords themselves.
fn prepare_folder(to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(failed("cannot make", to))?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o700))
        .map_err(failed("cannot close", to))?;
    let mut entries = fs::read_dir(to).map_err(failed("cannot read", to))?;
    if entries.next().is_some() {
        return Err(AppError::internal(format!("{} is not empty", to.display())));
    }
    Ok(())
}

/// Whole or not at all: a folder without it is no backup.
fn write(manifest: &Manifest, to: &Path) -> Result<()> {
    let (draft, path) = (to.join("manifest.new"), to.join("manifest.json"));
    let text = serde_json::to_string_pretty(manifest)
        .map_err(|error| AppError::internal(error.to_string()))?;
    fs::write(&draft, text).map_err(failed("cannot write", &draft))?;
    fs::rename(&draft, &path).map_err(failed("cannot write", &path))
}

/// How many rows each table has, all of them: a policy that would hide some is an error here, too.
pub(super) fn rows(
    conn: &mut PgConnection,
    tenants: &[TenantLine],
) -> Result<BTreeMap<String, i64>> {
    let mut all = BTreeMap::new();
    let own = tenants
        .iter()
        .filter(|tenant| tenant.parent.is_none())
        .map(|tenant| names::schema(TenantId(tenant.id)));
    for schema in own.chain(["control".to_owned()]) {
        // Staging tables of imports come and go, and are emptied by a crash anyway.
        let tables: Vec<Rows> = diesel::sql_query(format!(
            "SELECT c.oid::regclass::text AS name, 0::bigint AS n FROM pg_class c \
             WHERE c.relnamespace = '{schema}'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'"
        ))
        .load(conn)?;
        let counts: Vec<String> = tables
            .iter()
            .map(|Rows { name, .. }| format!("SELECT '{name}' AS name, count(*) AS n FROM {name}"))
            .collect();
        let found: Vec<Rows> = diesel::sql_query(counts.join(" UNION ALL ")).load(conn)?;
        all.extend(found.into_iter().map(|Rows { name, n }| (name, n)));
    }
    Ok(all)
}
