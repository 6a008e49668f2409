//! The options of every command.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use cordon_model::Level;

use crate::backup::{BackupArgs, RestoreArgs};
use crate::config::ConfigArgs;
use crate::doctor::DoctorArgs;
use crate::feed::{ImportArgs, ReplayArgs};
use crate::learn::LearnArgs;
use crate::privacy::PrivacyArgs;
use crate::query::QueryArgs;
use crate::rules::args::RulesArgs;
use crate::serve::ServeArgs;
use crate::sim::SimArgs;
use crate::token::{TokenArgs, UserArgs};
use crate::verify::VerifyArgs;

const EXAMPLES: &str = "\
Examples:
  cordon scan /var/log
  cordon scan --format html --output report.html evidence.zip
  cordon events --format record Security.evtx | head
  cordon rules install sigma_all_rules.zip --name sigma

`cordon COMMAND --help` has more, with the exit codes.";

/// Security for hospitals: from real logs to explained findings.
#[derive(Debug, Parser)]
#[command(name = "cordon", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan logs with rules and print findings that explain themselves
    Scan(ScanArgs),
    /// Print what was understood of the inputs, event by event
    Events(EventsArgs),
    /// Check, test, explain and install rules
    Rules(RulesArgs),
    /// Print an example of the settings of a node, or those in force and where each comes from
    Config(ConfigArgs),
    /// Say what is wrong with a node or its machine, in plain words
    Doctor(DoctorArgs),
    /// Run a node: receive, keep, judge and answer, until it is stopped
    Serve(ServeArgs),
    /// Load old logs into a running node, as history
    Import(ImportArgs),
    /// Send logs to a running node as if they were happening now
    Replay(ReplayArgs),
    /// Ask a running node for events
    Query(QueryArgs),
    /// Review who opened which record, and why
    Privacy(PrivacyArgs),
    /// Simulate a hospital whose truth is known, and score reviews with it
    Sim(SimArgs),
    /// Judge the models of learnt behaviour on labelled data, or have a node forget somebody
    Learn(LearnArgs),
    /// Prove that everything a node keeps is as it was written
    Verify(VerifyArgs),
    /// Copy everything that a node keeps to another folder, while it runs
    Backup(BackupArgs),
    /// Make a store again out of a backup
    Restore(RestoreArgs),
    /// Make tokens by which senders and programs prove themselves to a node
    Token(TokenArgs),
    /// Make a user of a node
    User(UserArgs),
}

const SCAN_EXAMPLES: &str = "\
Examples:
  cordon scan /var/log
  cordon scan --rules sigma/rules --format ndjson --output findings.ndjson evidence.zip
  cordon scan --from 2026-01-31 --level medium --mask ehr-export/

Exit code: 0 no findings at --fail-level or above, 1 such findings, 2 could not run (also when
no rule can be used), 3 some input could not be read, or no event was read at all (3 wins over 1;
the summary has both).";

/// Options of `cordon scan`.
#[derive(Debug, Args)]
#[command(after_help = SCAN_EXAMPLES)]
pub(crate) struct ScanArgs {
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// Rules to use instead of the built-in pack and installed sets; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// Where installed rule sets are kept [default: XDG_DATA_HOME/cordon]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Which of the rules to use: a built-in profile (`small-hospital`) or a file (docs/specs/profile.md)
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
    /// Where compiled rules are kept for the next start, or `none` [default: XDG_CACHE_HOME/cordon/rules]
    #[arg(long, value_name = "DIR")]
    pub(crate) rules_cache: Option<PathBuf>,
    /// Leave out findings below this level
    #[arg(long, default_value = "informational", value_parser = level())]
    pub(crate) level: Level,
    /// Exit with 1 when there are findings at this level or above
    #[arg(long, default_value = "high", value_parser = level())]
    pub(crate) fail_level: Level,
    /// How to print findings
    #[arg(long, value_enum, default_value_t = FindingsFormat::Table)]
    pub(crate) format: FindingsFormat,
    /// Hide everything that names a patient
    #[arg(long)]
    pub(crate) mask: bool,
    /// Print the original record with each finding
    #[arg(long)]
    pub(crate) with_raw: bool,
}

/// How `cordon scan` prints findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FindingsFormat {
    /// For people: the worst first, grouped by rule
    Table,
    /// One JSON object a line (docs/specs/finding.schema.json)
    Ndjson,
    /// One row a finding, for spreadsheets
    Csv,
    /// One file to read in a browser, without a network; holds the original records
    Html,
    /// One OCSF Detection Finding a line (docs/specs/ocsf.md)
    Ocsf,
}

fn level() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::name)).map(|name| Level::from_name(&name).unwrap_or_default())
}

const EVENTS_EXAMPLES: &str = "\
Examples:
  cordon events Security.evtx
  zcat firewall.log.gz | cordon events --format record --timezone Europe/Berlin - | head

Exit code: 0 read to the end, 2 could not run, 3 some input could not be read, or no event at all.";

/// Options of `cordon events`.
#[derive(Debug, Args)]
#[command(after_help = EVENTS_EXAMPLES)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// What to print of each event
    #[arg(long, value_enum, default_value_t = EventsFormat::Ocsf)]
    pub(crate) format: EventsFormat,
    /// Hide what names a patient in records of a known kind; OCSF events hide it always (limits: docs/gaps.md)
    #[arg(long)]
    pub(crate) mask: bool,
}

/// What `cordon events` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventsFormat {
    /// One OCSF event a line (docs/specs/ocsf.md)
    Ocsf,
    /// One JSON object a line, fields in the source's own names
    Record,
}

/// What is read and how, the same for every command that reads logs.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Files, directories (read recursively) or - for standard input; gzip, zstd, zip and tar are looked into
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
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

/// What a log does not say of itself.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// Zone of times that name none: an IANA name or an offset such as +02:00
    #[arg(long, default_value = "UTC", value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) timezone: String,
    /// What the columns of a table (CSV, TSV) mean (docs/specs/csv-mapping.md); may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) source_map: Vec<PathBuf>,
}
