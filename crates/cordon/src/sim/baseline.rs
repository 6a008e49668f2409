//! `cordon sim baseline`: a plain review, to compare others with.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use cordon_sim::Baseline;

use super::folder;
use crate::progress::Steps;
use crate::{Exit, terminal};

const EXAMPLES: &str = "\
Examples:
  cordon sim baseline --data hospital --kind rules --out rules
  cordon sim score --truth hospital --explanations rules/explanations.csv --cases rules/cases.ndjson

Reads the ten files and writes explanations.csv and cases.ndjson. Each kind is one plain idea by
itself; none is meant for use in a hospital.

Exit code: 0 written, 2 could not run.";

/// Options of `cordon sim baseline`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BaselineArgs {
    /// The folder with accesses.csv and its context; the truth in labels.csv is not read
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Which plain review
    #[arg(long, value_enum)]
    kind: Kind,
    /// The folder to write into; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Show no progress
    #[arg(long)]
    no_progress: bool,
}

/// The plain reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Fixed rules over each access, without asking for a reason
    Rules,
    /// Accesses that participants, orders, appointments and shifts do not explain
    Explanation,
    /// Patients from other units than users of alike work see
    Collaborative,
    /// Days of users that random cuts set apart
    IsolationForest,
}

/// Runs the command.
pub(crate) fn run(args: &BaselineArgs) -> Result<Exit> {
    let kind = match args.kind {
        Kind::Rules => Baseline::Rules,
        Kind::Explanation => Baseline::Explanation,
        Kind::Collaborative => Baseline::Collaborative,
        Kind::IsolationForest => Baseline::IsolationForest,
    };
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let steps = Steps::new(args.no_progress);
    steps.begin("accesses");
    let mut create = folder::creator(&args.out);
    let made = cordon_sim::baseline(kind, &mut folder::opener(&args.data), &mut create, &mut |rows| steps.at(rows));
    steps.finish();
    let made = made.with_context(|| args.data.display().to_string())?;
    let (rows, unusable) = (terminal::thousands(made.rows), terminal::thousands(made.unusable));
    writeln!(
        io::stderr(),
        "{rows} accesses, {unusable} of them not usable, {} cases",
        terminal::thousands(made.cases)
    )?;
    Ok(Exit::Clean)
}
