//! Rights at the size of a large installation: what a request costs to know them, and a change to compute
//! them anew, each beside plain statements on as many rows; and log-ins beside their password hashes alone.

#![expect(
    clippy::disallowed_methods,
    reason = "the comparisons are bare SQL; every text is fixed but for ids and names of rights"
)]

use super::requests::{Rate, load, ratio};
use super::served::Served;
use super::{Result, Times, timed};
use crate::access::rights;
use crate::app::App;
use crate::cli::database::Opened;
use crate::cli::output::{Format, message, table};
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::users::query::{self, Wanted};
use crate::control::users::{self, NewUser};
use crate::control::{memberships, passwords};
use crate::db::ids::TenantId;
use crate::db::provisioner::{Order, ProvisionConn};
use crate::db::{Read, control};
use crate::error::{AppError, Result as AppResult};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use secrecy::SecretString;
use serde::Serialize;
use std::time::Duration;

/// How large it is made.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Size {
    /// Separate tenants, in a tree of three levels.
    pub(super) tenants: i32,
    /// Users, each with three places of two roles.
    pub(super) users: i32,
    /// Roles, half of which include another one.
    pub(super) roles: i32,
}

#[derive(Debug, Serialize)]
struct Outcome {
    size: Size,
    /// Places in tenants.
    memberships: i64,
    /// Those that the changed role reaches.
    held_by: i64,
    times: Vec<Times>,
    log_ins: Rate,
    hashes: Rate,
    /// How many times as long a log-in takes as its password hash alone.
    times_as_long: f64,
}

pub(super) fn run(
    opened: &Opened,
    loaded: &Loaded,
    size: Size,
    (times, seconds): (usize, u64),
    format: Format,
) -> Result {
    let app = &opened.app;
    // Before the tenants come, which have no schemas that a server could open.
    message("log-ins");
    let (log_ins, hashes) = log_ins(opened, loaded, Duration::from_secs(seconds))?;
    message(&format!(
        "filling {} tenants, {} users, {} roles",
        size.tenants, size.users, size.roles
    ));
    app.provisioner.carry_out(Fill(size))?;
    let outcome = Outcome {
        memberships: number(app, "SELECT count(*) FROM control.memberships")?,
        held_by: number(
            app,
            &format!(
                "SELECT count(DISTINCT membership_id) FROM control.membership_roles WHERE role_id IN ({HOLDING})"
            ),
        )?,
        times: measure(app, size, times)?,
        times_as_long: ratio(hashes.per_second, log_ins.per_second),
        size,
        log_ins,
        hashes,
    };
    format.print(&outcome, |outcome| {
        let mut rows: Vec<_> = outcome.times.iter().map(Times::cells).collect();
        rows.push(outcome.log_ins.cells());
        rows.push(outcome.hashes.cells());
        rows.push(vec![
            "places".into(),
            outcome.memberships.to_string(),
            format!("the role is held in {}", outcome.held_by),
            format!("a log-in takes {} times its hash", outcome.times_as_long),
        ]);
        table(&rows)
    })
}

/// The role that most others include in the end, and those.
const HOLDING: &str = "WITH RECURSIVE h AS (SELECT 100001 AS id UNION SELECT i.role_id FROM control.role_includes i JOIN h ON h.id = i.included_id) SELECT id FROM h";

struct Fill(Size);

impl Order for Fill {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> AppResult<()> {
        let Size {
            tenants,
            users,
            roles,
        } = self.0;
        let keys: Vec<String> = rights::ALL
            .iter()
            .map(|right| format!("'{}'", right.key))
            .collect();
        let (keys, many) = (keys.join(","), keys.len());
        let (top, middle) = (tenants.min(10), tenants.min(100));
        // A parent's ceiling is there before its children: level by level.
        let level = |from: i32, to: i32, parent: &str| {
            format!(
                "INSERT INTO control.tenants (id, parent_id, kind, slug, name)
                 SELECT 100000 + n, {parent}, 'separate', 'large-' || n, 'Large ' || n FROM generate_series({from}, {to}) n;"
            )
        };
        let levels = [
            level(1, top, "1"),
            level(top + 1, middle, "100001 + n % 10"),
            level(middle + 1, tenants, "100001 + n % 100"),
        ];
        conn.raw(&levels.concat())?;
        conn.raw(&format!(
            "INSERT INTO control.users (id, home_tenant_id, email, name)
                SELECT 100000 + n, 100001 + n % {tenants}, 'person' || n || '@example.com', 'Person ' || n FROM generate_series(1, {users}) n;
             INSERT INTO control.roles (id, key, tenant_id, name)
                SELECT 100000 + n, 'role-' || n, 1, 'Role ' || n FROM generate_series(1, {roles}) n;
             INSERT INTO control.role_rights (role_id, right_key)
                SELECT DISTINCT 100000 + n, (ARRAY[{keys}])[1 + (n * 7 + k * 5) % {many}] FROM generate_series(1, {roles}) n, generate_series(1, 10) k;
             INSERT INTO control.role_includes (role_id, included_id)
                SELECT 100000 + n, 100000 + n / 2 FROM generate_series(2, {roles}, 2) n;
             INSERT INTO control.memberships (id, user_id, tenant_id)
                SELECT 100000 + 3 * n + k, 100000 + n, 100001 + (n + k * 37) % {tenants} FROM generate_series(1, {users}) n, generate_series(0, 2) k
                ON CONFLICT DO NOTHING;
             INSERT INTO control.membership_roles (membership_id, role_id)
                SELECT DISTINCT m.id, 100001 + (m.id * 13 + k) % {roles} FROM control.memberships m, generate_series(0, 1) k WHERE m.id > 100000;
             ANALYZE"
        ))
    }
}

fn number(app: &App, sql: &str) -> Result<i64> {
    let sql = format!("SELECT ({sql}) AS n");
    let found: Number =
        control::statement(&app.pools, |conn| diesel::sql_query(sql).get_result(conn))?;
    Ok(found.n)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// Runs what `act` says, so often; the first run warms the caches and is not counted.
fn often(app: &App, times: usize, act: impl Fn(usize) -> String) -> AppResult<Vec<Duration>> {
    let once = |n| {
        let sql = act(n);
        let done = timed(|| control::statement(&app.pools, |conn| conn.batch_execute(&sql)))?;
        Ok(done.1)
    };
    once(0)?;
    (1..=times).map(once).collect()
}

fn measure(app: &App, size: Size, times: usize) -> Result<Vec<Times>> {
    let user = |n: usize| 100_001 + n as i32 * 37 % size.users;
    let tenant = |n: usize| 1 + (user(n) - 100_000) % size.tenants;
    let few = times.min(20);
    let turns =
        |n: usize, one: String, other: String| if n.is_multiple_of(2) { one } else { other };
    let large = TenantId(100_001);
    let users = |wanted: Wanted| {
        (0..few)
            .map(|_| {
                let look = |conn: &mut control::ControlConn<'_, Read>| {
                    let page = query::page(conn.pg(), TenantId(1), &wanted, None, query::ROWS + 1)?;
                    let ids: Vec<i32> = page.iter().map(|person| person.id).collect();
                    memberships::versions(conn.pg(), large, &ids)?;
                    query::count(conn.pg(), TenantId(1), &wanted)
                };
                timed(|| control::run(&app.pools, look)).map(|done| done.1)
            })
            .collect::<AppResult<Vec<_>>>()
    };
    let below = Wanted {
        at: query::Where::Below,
        ..Wanted::default()
    };
    Ok(vec![
        Times::of(
            "a request learns its rights",
            often(app, times, |n| {
                format!(
                    "SELECT * FROM control.context({}, 'large-{}', NULL)",
                    user(n),
                    tenant(n)
                )
            })?,
        ),
        Times::of(
            "one row by its key",
            often(app, times, |n| {
                format!(
                    "SELECT in_force FROM control.memberships WHERE user_id = {}",
                    user(n)
                )
            })?,
        ),
        Times::of(
            "one user gets or loses a role",
            often(app, times, |n| {
                let (id, role) = (100_000 + 3 * (1 + n / 2 % size.users as usize), 100_001);
                turns(
                    n,
                    format!(
                        "DELETE FROM control.membership_roles WHERE membership_id = {id} AND role_id = {role}"
                    ),
                    format!(
                        "INSERT INTO control.membership_roles (membership_id, role_id) VALUES ({id}, {role}) ON CONFLICT DO NOTHING"
                    ),
                )
            })?,
        ),
        Times::of(
            "a role of many gets or loses a right",
            often(app, few, |n| {
                turns(
                    n,
                    "DELETE FROM control.role_rights WHERE role_id = 100001 AND right_key = 'audit.view'".into(),
                    "INSERT INTO control.role_rights (role_id, right_key) VALUES (100001, 'audit.view') ON CONFLICT DO NOTHING".into(),
                )
            })?,
        ),
        Times::of(
            "as many rows updated",
            often(app, few, |n| {
                format!(
                    "UPDATE control.memberships SET version = {n} WHERE id IN (SELECT membership_id FROM control.membership_roles WHERE role_id IN ({HOLDING}))"
                )
            })?,
        ),
        Times::of(
            "the topmost ceiling is set or lifted",
            often(app, few, |n| {
                turns(
                    n,
                    "UPDATE control.tenants SET ceiling = NULL WHERE id = 1".into(),
                    "UPDATE control.tenants SET ceiling = '{dashboard.view,lists.view,users.view}' WHERE id = 1".into(),
                )
            })?,
        ),
        Times::of(
            "all places and tenants updated",
            often(app, few, |n| {
                format!(
                    "UPDATE control.memberships SET version = {n}; UPDATE control.tenants SET version = {n}"
                )
            })?,
        ),
        Times::of("first page and count of all users below", users(below)?),
    ])
}

/// Log-ins by HTTP, each with a page for its token, and as many threads that only hash.
fn log_ins(opened: &Opened, loaded: &Loaded, time: Duration) -> Result<(Rate, Rate)> {
    let password = SecretString::from(crate::secrets::random_hex(12));
    let emails: Vec<String> = (0..4).map(|n| format!("login{n}@example.com")).collect();
    opened.app.provisioner.carry_out(People {
        all: emails
            .iter()
            .map(|email| NewUser::check(email, "Somebody", Some(&password), "en"))
            .collect::<AppResult<_>>()?,
    })?;
    let served = Served::start(loaded)?;
    let log_in = |email: &mut String| {
        let done = served.log_in(email, &password);
        done.map(|_| ())
            .map_err(|error| AppError::internal(format!("{error:?}")))
    };
    let by_http = load("log-ins by HTTP", time, emails.clone(), &log_in)?;
    let hash = passwords::hash(&password)?;
    let alone = load(
        "their hashes alone",
        time,
        emails,
        &|_| match passwords::verify(&password, Some(&hash)) {
            true => Ok(()),
            false => Err(AppError::internal("a password does not match its hash")),
        },
    )?;
    Ok((by_http, alone))
}

/// Users without a place anywhere.
struct People {
    all: Vec<NewUser>,
}

impl Order for People {
    type Answer = ();

    fn carry_out(self, conn: &mut ProvisionConn<'_>) -> AppResult<()> {
        for new in &self.all {
            users::create(conn.pg(), Actor::cli(), TenantId(1), new)?;
        }
        Ok(())
    }
}
