//! The options of every command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Security for hospitals: from real logs to explained findings.
#[derive(Debug, Parser)]
#[command(name = "cordon", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what was understood of the inputs, event by event
    Events(EventsArgs),
}

const EVENTS_EXAMPLES: &str = "\
Examples:
  cordon events --format record Security.evtx
  zcat firewall.log.gz | cordon events --format record --timezone Europe/Berlin - | head

Exit code: 0 read to the end, 2 could not run, 3 some input could not be read.";

/// Options of `cordon events`.
#[derive(Debug, Args)]
#[command(after_help = EVENTS_EXAMPLES)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// What to print of each event
    #[arg(long, value_enum, default_value_t = EventsFormat::Record)]
    pub(crate) format: EventsFormat,
}

/// What `cordon events` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventsFormat {
    /// One JSON object a line, fields in the source's own names
    Record,
}

/// What is read and how, the same for every command that reads logs.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Files, directories (read recursively) or - for standard input; gzip, zstd and zip are looked into
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Zone of times that name none: an IANA name or an offset such as +02:00
    #[arg(long, default_value = "UTC", value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) timezone: String,
    /// Leave out events before this time (RFC 3339, or a date or time in --timezone)
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Leave out events at or after this time
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Threads that decode [default: one per core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Longest record in bytes; a longer one is counted and left out
    #[arg(long, default_value_t = 16 << 20, value_name = "BYTES")]
    pub(crate) record_bytes_max: usize,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Count more on standard error: events by format and log source, time taken
    #[arg(long)]
    pub(crate) stats: bool,
    /// Show no progress bar
    #[arg(long)]
    pub(crate) no_progress: bool,
}
