//! Requests per second on the list page, by a real server over keep-alive connections, beside the same
//! request's statements on as many bare connections: no pool, no HTTP, no page.

#![expect(
    clippy::disallowed_methods,
    reason = "the comparison is bare SQL; every text is fixed but for ids"
)]

use super::fill::{EDITOR, fill};
use super::served::{Client, Served};
use super::{Result, timed};
use crate::cli::database::Opened;
use crate::cli::output::{Format, message, table};
use crate::config::Loaded;
use crate::db::ids::TenantId;
use crate::db::names;
use crate::error::{AppError, Result as AppResult};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::time::{Duration, Instant};

/// What came of a load.
#[derive(Debug, Serialize)]
pub(super) struct Rate {
    what: String,
    connections: usize,
    pub(super) per_second: f64,
    median_ms: f64,
    p99_ms: f64,
    /// Memory of the serving process afterwards.
    memory_mb: Option<f64>,
}

/// The two, and what they say together.
#[derive(Debug, Serialize)]
struct Outcome {
    pages: Rate,
    bare: Rate,
    /// How many times as long a page takes as its statements alone.
    times_as_long: f64,
    /// The share of a page's time that its statements take, in per cent.
    postgresql_percent: f64,
}

pub(super) fn run(
    opened: &Opened,
    loaded: &Loaded,
    rows: i64,
    (connections, seconds): (usize, u64),
    format: Format,
) -> Result {
    message(&format!("filling a tenant with {rows} recipients"));
    let password = SecretString::from(crate::secrets::random_hex(12));
    let (tenant, _) = fill(opened, rows, Some(&password))?;
    let served = Served::start(loaded)?;
    let client = served.log_in(EDITOR, &password)?;
    let time = Duration::from_secs(seconds);
    let clients = (0..connections)
        .map(|_| client.beside())
        .collect::<Result<Vec<_>>>()?;
    message("list pages");
    let mut pages = load("list page by HTTP", time, clients, &ask)?;
    pages.memory_mb = served.memory_mb();
    message("the same statements");
    let lines = (0..connections)
        .map(|_| Line::open(opened, tenant))
        .collect::<AppResult<Vec<_>>>()?;
    let bare = load("its statements alone", time, lines, &Line::speak)?;
    let outcome = Outcome {
        times_as_long: ratio(bare.per_second, pages.per_second),
        postgresql_percent: (100.0 * ratio(pages.per_second, bare.per_second)).round(),
        pages,
        bare,
    };
    format.print(&outcome, |outcome| {
        let mut rows = vec![outcome.pages.cells(), outcome.bare.cells()];
        rows.push(vec![
            "a page takes".into(),
            format!("{} times its statements", outcome.times_as_long),
            format!("{} % is PostgreSQL's", outcome.postgresql_percent),
        ]);
        table(&rows)
    })
}

pub(super) fn ratio(a: f64, b: f64) -> f64 {
    (a / b.max(0.001) * 100.0).round() / 100.0
}

fn ask(client: &mut Client) -> AppResult<()> {
    client
        .get("/t/large/recipients")
        .map(|_| ())
        .map_err(|error| AppError::internal(format!("{error:?}")))
}

/// Each of `all` does it again and again until the time is over.
pub(super) fn load<C: Send>(
    what: &str,
    time: Duration,
    mut all: Vec<C>,
    act: &(impl Fn(&mut C) -> AppResult<()> + Sync),
) -> Result<Rate> {
    // The first rounds open connections and warm the caches.
    for one in &mut all {
        act(one)?;
    }
    let connections = all.len();
    let begin = Instant::now();
    let taken: AppResult<Vec<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .iter_mut()
            .map(|one| {
                scope.spawn(move || {
                    let mut taken = Vec::new();
                    while begin.elapsed() < time {
                        taken.push(timed(|| act(one))?.1);
                    }
                    Ok(taken)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .map_err(|_| AppError::internal("a thread of the benchmark panicked"))?
            })
            .collect()
    });
    let elapsed = begin.elapsed().as_secs_f64();
    let taken: Vec<Duration> = taken?.into_iter().flatten().collect();
    let per_second = (taken.len() as f64 / elapsed * 10.0).round() / 10.0;
    let times = super::Times::of(what, taken);
    Ok(Rate {
        what: times.what,
        connections,
        per_second,
        median_ms: times.median_ms,
        p99_ms: times.p99_ms,
        memory_mb: None,
    })
}

impl Rate {
    pub(super) fn cells(&self) -> Vec<String> {
        let memory = self
            .memory_mb
            .map_or_else(String::new, |mb| format!("the process holds {mb} MB"));
        vec![
            format!("{}, {} connections", self.what, self.connections),
            format!("{} a second", self.per_second),
            format!("median {:.2} ms, p99 {:.2} ms", self.median_ms, self.p99_ms),
            memory,
        ]
    }
}

/// A connection to the control tables and one to the tenant's.
struct Line {
    control: PgConnection,
    app: PgConnection,
    to_control: Vec<String>,
    to_tenant: Vec<String>,
}

impl Line {
    fn open(opened: &Opened, tenant: TenantId) -> AppResult<Self> {
        let installation = opened.app.provisioner.installation();
        let connect = |url: &SecretString| {
            PgConnection::establish(url.expose_secret()).map_err(|_| AppError::Unavailable)
        };
        Ok(Self {
            control: connect(&installation.control_url)?,
            app: connect(&installation.app_url)?,
            to_control: to_control(),
            to_tenant: to_tenant(&installation.names.t(tenant), &names::schema(tenant)),
        })
    }

    fn speak(&mut self) -> AppResult<()> {
        for statement in &self.to_control {
            self.control.batch_execute(statement)?;
        }
        for statement in &self.to_tenant {
            self.app.batch_execute(statement)?;
        }
        Ok(())
    }
}

/// Session, context, preference.
fn to_control() -> Vec<String> {
    let user = format!("(SELECT id FROM control.users WHERE email = '{EDITOR}')");
    vec![
        format!(
            "SELECT control.load_session((SELECT key_hash FROM control.sessions WHERE user_id = {user} LIMIT 1))"
        ),
        format!(
            "SELECT u.name, u.language, u.theme, u.time_zone, c.* FROM control.users u \
             LEFT JOIN control.context(u.id, 'large', NULL) c ON true WHERE u.email = '{EDITOR}' AND u.state = 'active'"
        ),
        format!(
            "SELECT value FROM control.preferences WHERE user_id = {user} AND key = 'recipients.columns'"
        ),
    ]
}

/// Entry, fields, lists, rows, count, estimate, end.
fn to_tenant(role: &str, schema: &str) -> Vec<String> {
    vec![
        format!(
            "BEGIN READ ONLY; SET LOCAL ROLE {role}; SET LOCAL search_path = {schema}, pg_temp; SET LOCAL jit = off; SELECT 1"
        ),
        "SELECT * FROM fields ORDER BY position, id".into(),
        "SELECT id, name, description, created_at, version FROM lists ORDER BY name".into(),
        "SELECT r.id, ARRAY[NULL::text, r.email::text, r.first_name::text, r.last_name::text, r.created_at::text] \
         FROM recipients r WHERE true ORDER BY r.id DESC LIMIT 51"
            .into(),
        "SELECT count(*) FROM (SELECT 1 FROM recipients r WHERE true LIMIT 1001) limited".into(),
        "EXPLAIN (FORMAT JSON) SELECT 1 FROM recipients r WHERE true".into(),
        "COMMIT".into(),
    ]
}
