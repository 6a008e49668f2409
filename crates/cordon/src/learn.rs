//! `cordon learn`: what the models are worth, on data of ours or of the reader's own; and what a running node is to forget of somebody.

mod files;
mod forget;
mod npy;
mod runs;
mod series;
mod table;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};

use crate::Exit;

const EXAMPLES: &str = "\
Examples:
  cordon learn eval edges --input edges.csv
  cordon learn eval tabular --train train.csv --test test.csv --label label --categorical protocol,service
  cordon learn eval prequential --input smtp.npz --format json
  cordon learn eval sequences --train calls/train --normal calls/validation --attack calls/attack
  cordon learn eval series --input data/realTraffic --windows labels/combined_windows.json

Exit code: 0 judged, 2 could not run: the message names the row at fault.";

/// Options of `cordon learn`.
#[derive(Debug, Args)]
pub(crate) struct LearnArgs {
    #[command(subcommand)]
    command: LearnCommand,
}

#[derive(Debug, Subcommand)]
enum LearnCommand {
    /// Judge the models on labelled data, beside detectors that know nothing
    Eval(EvalArgs),
    /// Have a running node forget what it learnt of one account, machine or device
    Forget(forget::ForgetArgs),
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct EvalArgs {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// A list of edges (source, destination, time, label) in its order
    Edges(EdgesArgs),
    /// A table: learn the normal rows of one file, judge another; or learn and judge the same one
    Tabular(TabularArgs),
    /// A table as a stream: each row is scored before it is learnt
    Prequential(PrequentialArgs),
    /// Files of symbols: learn usual ones, judge others beside attacks
    Sequences(SequencesArgs),
    /// Series of numbers with windows of trouble
    Series(SeriesArgs),
}

/// What every bench takes.
#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    /// Runs, each with a seed of its own
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) seeds: u64,
    /// How to print the figures
    #[arg(long, value_enum, default_value_t = LearnFormat::Table)]
    pub(crate) format: LearnFormat,
}

/// How `cordon learn eval` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LearnFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: cordon learn eval edges --input darpa_original.zip --normal -")]
pub(crate) struct EdgesArgs {
    /// The list: src,dst,time,label with or without a header, separated by commas, tabs or blanks; gzip and zip are looked into
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The label of edges that are no attacks
    #[arg(long, default_value = "-", allow_hyphen_values = true, value_name = "LABEL")]
    pub(crate) normal: String,
    /// Alerts over the whole list [default: one in 1,000 edges, at least 10]
    #[arg(long, value_name = "N")]
    pub(crate) budget: Option<usize>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// How the columns of a table are to be read.
#[derive(Debug, Args)]
pub(crate) struct ColumnsArgs {
    /// The column of labels: its name, or its number from 1 [default: the last one]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) label: Option<String>,
    /// The label of rows that are no attacks [default: normal, benign, - or 0]
    #[arg(long, allow_hyphen_values = true, value_name = "LABEL")]
    pub(crate) normal: Option<String>,
    /// Columns of names, by name or by number from 1
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) categorical: Vec<String>,
    /// Columns to leave out, by name or by number from 1
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) ignore: Vec<String>,
    /// Alerts over the rows judged [default: as many as there are attacks]
    #[arg(long, value_name = "N")]
    pub(crate) budget: Option<usize>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example: cordon learn eval tabular --train KDDTrain+_20Percent.txt --test KDDTest+.txt --label 42 \\
  --categorical 2,3,4 --ignore 43 --part '43!=21'")]
pub(crate) struct TabularArgs {
    /// The table to learn from: comma, semicolon, tab or blank separated, with or without a header, or .npz with X and y
    #[arg(long, value_name = "FILE")]
    pub(crate) train: PathBuf,
    /// The table to judge; without it the training table is learnt as a whole and judged itself
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Option<PathBuf>,
    /// Percent of attacks among the rows learnt, 0 to 50: attacks of the training table are mixed into its normal rows, drawn anew for each seed. Without a
    /// table to judge, half of the rows is learnt from and the other half judged
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) contamination: Option<f64>,
    /// A part of the table judged that gets figures of its own: COLUMN=VALUE or COLUMN!=VALUE; may be repeated
    #[arg(long, value_name = "CONDITION")]
    pub(crate) part: Vec<String>,
    #[command(flatten)]
    pub(crate) columns: ColumnsArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: cordon learn eval prequential --input smtp.npz --shuffle")]
pub(crate) struct PrequentialArgs {
    /// The table: comma, semicolon, tab or blank separated, with or without a header, or .npz with X and y
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Draw the order of the rows anew for each seed: for files without an order of time
    #[arg(long)]
    pub(crate) shuffle: bool,
    #[command(flatten)]
    pub(crate) columns: ColumnsArgs,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example: cordon learn eval sequences --train adfa/train --normal adfa/validation --attack adfa/attack")]
pub(crate) struct SequencesArgs {
    /// Folder of usual sequences to learn: one file each, symbols between blanks
    #[arg(long, value_name = "DIR")]
    pub(crate) train: PathBuf,
    /// Folder of usual sequences to judge
    #[arg(long, value_name = "DIR")]
    pub(crate) normal: PathBuf,
    /// Folder of attacks to judge
    #[arg(long, value_name = "DIR")]
    pub(crate) attack: PathBuf,
    /// Symbols that may occur, seen or not
    #[arg(long, default_value_t = 350, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) alphabet: u32,
    /// Alerts over all sequences judged [default: one in 100, at least 10]
    #[arg(long, value_name = "N")]
    pub(crate) budget: Option<usize>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example: cordon learn eval series --input nab/data --windows nab/labels/combined_windows.json")]
pub(crate) struct SeriesArgs {
    /// A file `timestamp,value`, or a folder of such files
    #[arg(long, value_name = "PATH")]
    pub(crate) input: PathBuf,
    /// JSON: for each file, named by the end of its path, the pairs of times between which there was trouble
    #[arg(long, value_name = "FILE")]
    pub(crate) windows: PathBuf,
    /// Share of values that are to raise an alarm
    #[arg(long, default_value_t = 0.01, value_name = "SHARE")]
    pub(crate) rate: f64,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse::<f64>().ok().filter(|percent| (0.0..=50.0).contains(percent));
    percent.ok_or_else(|| "a number from 0 to 50 is expected".to_owned())
}

/// Runs the command.
///
/// # Errors
/// An input that cannot be read or judged, with the row at fault.
pub(crate) fn run(args: &LearnArgs) -> Result<Exit> {
    let EvalArgs { bench } = match &args.command {
        LearnCommand::Eval(args) => args,
        LearnCommand::Forget(args) => return forget::run(args),
    };
    match bench {
        Bench::Edges(args) => runs::edges(args),
        Bench::Tabular(args) => runs::tabular(args),
        Bench::Prequential(args) => runs::prequential(args),
        Bench::Sequences(args) => runs::sequences(args),
        Bench::Series(args) => series::run(args),
    }
}
