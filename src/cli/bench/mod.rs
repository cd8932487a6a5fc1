//! `mandant bench`: the figures of docs/benchmarks.md, each with its comparison in the same run. Works on
//! a data folder or database of its own, which it fills; never on one that is in use.

mod fill;
mod imports;
mod lists;
mod requests;
mod rights;
mod served;
mod tenants;

use super::database::{Opened, open};
use super::output::Format;
use super::{Failure, Result, Verb};
use crate::config::Loaded;
use crate::control::audit::Actor;
use crate::control::setup::{self, SetUp};
use crate::control::users::NewUser;
use clap::{Args, Subcommand};
use secrecy::SecretString;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Measure what docs/benchmarks.md states; fills the database it is given
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make many separate tenants, one after the other; and the memory of a server that knows them
    Tenants {
        /// How many
        #[arg(long, default_value_t = 1000)]
        count: usize,
        #[command(flatten)]
        format: Format,
    },
    /// Pages, searches and counts of the recipient list: open, fenced by rule 30 %, by list 30 % and 0.1 %
    Lists {
        /// How many recipients
        #[arg(long, default_value_t = 1_000_000)]
        rows: i64,
        /// How often each query runs
        #[arg(long, default_value_t = 200)]
        times: usize,
        #[command(flatten)]
        format: Format,
    },
    /// Import a file of 10 fields, again unchanged and with 10 % changed, beside plain COPY of the same rows
    Import {
        /// How many recipients
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        #[command(flatten)]
        format: Format,
    },
    /// Requests per second on the list page, beside its statements on bare connections
    Requests {
        /// How many recipients
        #[arg(long, default_value_t = 1_000_000)]
        rows: i64,
        /// How many connections ask at the same time
        #[arg(long, default_value_t = 16)]
        connections: usize,
        /// How long each of the two is asked
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        #[command(flatten)]
        format: Format,
    },
    /// Rights in a large installation: what requests and changes cost; log-ins beside their hashes
    Rights {
        /// How many separate tenants
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(i32).range(1..))]
        tenants: i32,
        /// How many users
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(i32).range(1..))]
        users: i32,
        /// How many roles
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(i32).range(1..))]
        roles: i32,
        /// How often each query runs
        #[arg(long, default_value_t = 200)]
        times: usize,
        /// How long log-ins and hashes are asked for
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        #[command(flatten)]
        format: Format,
    },
}

impl Verb for Arguments {
    fn run(self, loaded: &Loaded) -> Result {
        let opened = open(loaded)?;
        if setup::is_done(&opened.app)? {
            return Err(Failure::Failed(
                "this installation is in use; give the benchmark an empty data folder".into(),
            ));
        }
        prepare(&opened)?;
        match self.what {
            What::Tenants { count, format } => tenants::run(&opened, loaded, count, format),
            What::Lists {
                rows,
                times,
                format,
            } => lists::run(&opened, rows, times, format),
            What::Import { rows, format } => imports::run(&opened, rows, format),
            What::Requests {
                rows,
                connections,
                seconds,
                format,
            } => requests::run(&opened, loaded, rows, (connections, seconds), format),
            What::Rights {
                tenants,
                users,
                roles,
                times,
                seconds,
                format,
            } => {
                let size = rights::Size {
                    tenants,
                    users,
                    roles,
                };
                rights::run(&opened, loaded, size, (times, seconds), format)
            }
        }
    }
}

fn prepare(opened: &Opened) -> Result {
    let password = SecretString::from(crate::secrets::random_hex(12));
    opened.app.provisioner.carry_out(SetUp {
        actor: Actor::cli(),
        name: "Bench".into(),
        admin: NewUser::check("bench@example.com", "Bench", Some(&password), "en")?,
        locale: "en".into(),
    })?;
    Ok(())
}

/// Times of one thing that was done often, in milliseconds.
#[derive(Clone, Debug, Serialize)]
struct Times {
    what: String,
    times: usize,
    median_ms: f64,
    p99_ms: f64,
}

impl Times {
    fn of(what: impl Into<String>, mut all: Vec<Duration>) -> Self {
        all.sort();
        let at = |share: f64| {
            let index = ((all.len() as f64 - 1.0) * share).round() as usize;
            all.get(index)
                .map_or(0.0, |time| (time.as_secs_f64() * 100_000.0).round() / 100.0)
        };
        Self {
            what: what.into(),
            times: all.len(),
            median_ms: at(0.5),
            p99_ms: at(0.99),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.what.clone(),
            format!("{} times", self.times),
            format!("median {:.2} ms", self.median_ms),
            format!("p99 {:.2} ms", self.p99_ms),
        ]
    }
}

fn timed<T>(act: impl FnOnce() -> crate::error::Result<T>) -> crate::error::Result<(T, Duration)> {
    let begin = Instant::now();
    let value = act()?;
    Ok((value, begin.elapsed()))
}
