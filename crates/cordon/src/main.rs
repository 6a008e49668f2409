//! The binary: the command line over the street. It turns options into values, chooses an output, and says on stderr what was done; what is found is
//! decided in the rooms below.

mod backup;
mod cli;
mod client;
mod config;
mod coverage;
mod doctor;
mod events;
mod feed;
mod inputs;
mod installed;
mod learn;
mod local_node;
mod output;
mod own_memory;
mod pack;
mod privacy;
mod profile;
mod progress;
mod query;
mod rule_cache;
mod rule_set;
mod rule_sources;
mod rules;
mod scan;
mod serve;
mod serve_rules;
mod settings;
mod sim;
mod summary;
mod terminal;
mod token;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// Memory is given back, whichever thread took it and whichever is done with it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Scan(args) => scan::run(&args),
        Command::Events(args) => events::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Import(args) => feed::import(&args),
        Command::Replay(args) => feed::replay(&args),
        Command::Token(args) => token::token(&args),
        Command::User(args) => token::user(&args),
        Command::Query(args) => query::run(&args),
        Command::Privacy(args) => privacy::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Learn(args) => learn::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Backup(args) => backup::backup(&args),
        Command::Restore(args) => backup::restore(&args),
    };
    outcome
        .unwrap_or_else(|error| {
            // Standard error may be closed; there is nowhere else to say it.
            let _ = writeln!(io::stderr(), "cordon: {error:#}");
            Exit::CouldNotRun
        })
        .into()
}

/// How a command ended, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Ran, nothing to report.
    Clean,
    /// Findings at or above the level asked for.
    Findings,
    /// Rules are refused or their tests fail.
    RulesFail,
    /// Could not run.
    CouldNotRun,
    /// Ran, but some input could not be read.
    InputLost,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings | Exit::RulesFail => 1,
            Exit::CouldNotRun => 2,
            Exit::InputLost => 3,
        })
    }
}
