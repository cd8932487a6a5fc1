//! The command line: global options, verbs, exit codes. Each verb's own work is in a file of its own.
//!
//! A verb is a `clap::Args` that is also a [`Verb`]; to add one, write its module below and one line in
//! `verbs!`. Exit codes are 0 done, 1 failed, 2 wrong usage. Results go to standard output, with `--json`
//! as exactly one object or array; messages and logs go to standard error.

mod audit;
mod backup;
mod bench;
mod config;
pub(crate) mod database;
mod demo;
mod doctor;
mod field;
mod keep;
mod list;
mod migrate;
mod options;
pub mod output;
mod recipients;
mod routes;
mod serve;
mod setup;
mod tenant;
mod token;
mod user;

use crate::config::{ConfigError, Flag, Loaded};
use crate::telemetry;
use clap::{Parser, Subcommand};
use options::GlobalOptions;
use std::fmt;
use std::process::ExitCode;

/// What every verb is.
pub(crate) trait Verb {
    /// Settings that options of this verb stand for, such as `serve --listen`.
    fn settings(&self) -> Vec<Flag> {
        Vec::new()
    }

    /// Does the work.
    fn run(self, loaded: &Loaded) -> Result;
}

/// Makes the enum of verbs and its dispatch.
macro_rules! verbs {
    ($($(#[$attribute:meta])* $name:ident($arguments:ty),)+) => {
        #[derive(Debug, Subcommand)]
        enum Verbs {
            $($(#[$attribute])* $name($arguments),)+
        }

        impl Verb for Verbs {
            fn settings(&self) -> Vec<Flag> {
                match self { $(Self::$name(verb) => verb.settings(),)+ }
            }

            fn run(self, loaded: &Loaded) -> Result {
                match self { $(Self::$name(verb) => verb.run(loaded),)+ }
            }
        }
    };
}

verbs! {
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Demo(demo::Arguments),
    Setup(setup::Arguments),
    Tenant(tenant::Arguments),
    User(user::Arguments),
    Token(token::Arguments),
    Recipients(recipients::Arguments),
    Audit(audit::Arguments),
    Doctor(doctor::Arguments),
    Backup(backup::Arguments),
    Restore(backup::Restore),
    Bench(bench::Arguments),
    List(list::Arguments),
    Field(field::Arguments),
    Routes(routes::Arguments),
    Config(config::Arguments),
    #[command(hide = true)]
    KeepPostgres(keep::Arguments),
}

/// Tenant administration for e-mail marketing
#[derive(Debug, Parser)]
#[command(name = "mandant", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    options: GlobalOptions,
    #[command(subcommand)]
    verb: Verbs,
}

/// What a verb answers.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

/// Why a verb did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was called wrongly: exit code 2.
    Usage(String),
    /// It tried and could not: exit code 1.
    Failed(String),
}

impl Failure {
    fn code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Failed(message) => f.write_str(message),
        }
    }
}

/// Any error is a failure; its causes are told too, unless the error says them itself.
impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self::Failed(message)
    }
}

/// Runs the program on the process's arguments.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version are no failures; clap knows which stream and code each has.
        Err(error) => error.exit(),
    };
    match carry_out(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::message(&format!("mandant: {failure}"));
            failure.code()
        }
    }
}

fn carry_out(cli: Cli) -> Result {
    let mut flags = cli.options.flags();
    flags.extend(cli.verb.settings());
    let loaded = cli
        .options
        .sources(flags)
        .load()
        .map_err(|error| match error {
            ConfigError::Usage(message) => Failure::Usage(message),
            ConfigError::Invalid(message) => Failure::Failed(message),
        })?;
    for warning in &loaded.warnings {
        output::message(&format!("mandant: {warning}"));
    }
    telemetry::start(&loaded.config.logs).map_err(Failure::Failed)?;
    cli.verb.run(&loaded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> clap::error::Result<Cli> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_verb() {
        for line in [
            "mandant --data-dir /x --log debug config check --json",
            "mandant config check --json --log debug --data-dir /x",
            "mandant config --data-dir /x check --log debug --json",
        ] {
            let flags = parse(line).unwrap().options.flags();
            let flags: Vec<_> = flags
                .iter()
                .map(|flag| (flag.key, flag.value.as_str()))
                .collect();
            assert_eq!(
                flags,
                [("database.data_dir", "/x"), ("logs.filter", "debug")],
                "{line}"
            );
        }
    }

    #[test]
    fn an_unknown_verb_is_wrong_usage() {
        for line in [
            "mandant",
            "mandant frobnicate",
            "mandant config",
            "mandant config check --nothing",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn a_failure_tells_its_causes_once() {
        let error = std::io::Error::other(std::io::Error::other("disk full"));
        assert_eq!(Failure::from(error).to_string(), "disk full");
    }
}
