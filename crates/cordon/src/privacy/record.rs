//! `cordon privacy record`: who opened one patient's record, and why.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use cordon_node::record_index::RecordIndex;
use cordon_privacy::{Moment, Record, Review};

use super::{page, tables};
use crate::Exit;
use crate::progress::Steps;
use crate::rules::print;
use crate::terminal::thousands;

/// Accesses from which on it is said how a record is told without reading all of them.
const MANY: u64 = 1_000_000;

const EXAMPLES: &str = "\
Examples:
  cordon privacy record 4711023 --accesses accesses.csv --context hospital/
  cordon privacy record 4711023 --accesses accesses.csv --context hospital/ --review review/
  cordon privacy record 4711023 --from 2026-01-01T00:00:00+01:00 --to 2026-04-01T00:00:00+02:00 \\
      --accesses accesses.csv --context hospital/ --format html > record.html
  cordon privacy record 4711023 --disclosures --format csv \\
      --accesses accesses.csv --context hospital/

Every access to the record, with its reason or that none is found in the data, over all ids
that are the patient's. Reasons depend on what others did, so all accesses are read and
explained, which takes as long as a review. --review names the folder of a review of the same
files (cordon privacy review --out): what it found is looked up, in a moment. --disclosures
accounts for what was given to others (45 CFR 164.528): without treatment, payment and
operations, repeats in one line. html is a page to print.
Exit code: 0 done, 2 could not run, 3 done, but some rows could not be used.";

/// Options of `cordon privacy record`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RecordArgs {
    /// The patient's id, as it stands in the files
    #[arg(value_name = "PATIENT")]
    patient: String,
    /// From when, with offset from UTC, like 2026-03-18T00:00:00+01:00 [default: the first access]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<i64>,
    /// Until when, likewise [default: the last access]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<i64>,
    /// The accesses: a CSV file with a line for each
    #[arg(long, value_name = "FILE")]
    accesses: PathBuf,
    /// The folder with staff.csv, patients.csv, encounters.csv and what else is known
    #[arg(long, value_name = "DIR")]
    context: PathBuf,
    /// The folder of a review of the same files: says what it found, in a moment
    #[arg(long, value_name = "DIR", conflicts_with = "settings")]
    review: Option<PathBuf>,
    /// Account for disclosures instead
    #[arg(long)]
    disclosures: bool,
    /// Windows, limits and words of this hospital (TOML)
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = RecordFormat::Table)]
    format: RecordFormat,
    /// Show no progress
    #[arg(long)]
    no_progress: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RecordFormat {
    /// Lines for people
    Table,
    /// One JSON object
    Json,
    /// A line for each access or disclosure
    Csv,
    /// A page to print
    Html,
}

fn moment(text: &str) -> Result<i64, String> {
    Moment::parse(text).map(|moment| moment.at).map_err(str::to_owned)
}

/// Runs the command.
pub(super) fn run(args: &RecordArgs) -> Result<Exit> {
    let (from, until) = (args.from.unwrap_or(i64::MIN), args.to.unwrap_or(i64::MAX));
    if until < from {
        bail!("--to is before --from");
    }
    let period = (from, until);
    let (record, rows_not_used) = match &args.review {
        Some(review) => looked_up(args, review, period)?,
        None => found(args, period)?,
    };
    let record = record.with_context(|| {
        format!(
            "no access and no row of the context names patient \"{}\": write the id as it stands in the files",
            args.patient
        )
    })?;
    print(&told(args, &record)?)?;
    Ok(if rows_not_used > 0 { Exit::InputLost } else { Exit::Clean })
}

/// Explains all accesses. The record, and how many rows could not be used.
fn found(args: &RecordArgs, (from, until): (i64, i64)) -> Result<(Option<Record>, u64)> {
    let settings = tables::settings(args.settings.as_ref())?;
    let file = tables::open_accesses(&args.accesses)?;
    tables::check(&args.context)?;
    let steps = Steps::new(args.no_progress);
    let mut faults = tables::Faults::default();
    steps.begin("reading the context");
    let mut review = Review::new(tables::context(&args.context, settings, &mut faults)?);
    steps.begin("reading accesses");
    let (mut kept, count) =
        tables::accesses(file, &temporary(&args.accesses), &mut review, (&mut faults, None), |count| steps.at(count))?;
    steps.begin("explaining");
    let record = review.record(kept.trail(), &args.patient, from, until, |_, count| steps.at(count))?;
    steps.finish();
    tables::tell_refused(&review);
    tables::tell(&faults, "");
    if count >= MANY {
        tables::note(&format!(
            "read {} accesses for one record; after cordon privacy review --out DIR it takes a moment: --review DIR",
            thousands(count)
        ));
    }
    Ok((record, faults.count))
}

/// Looks up what a review found. The record, and how many rows the review could not use.
fn looked_up(args: &RecordArgs, review: &Path, period: (i64, i64)) -> Result<(Option<Record>, u64)> {
    let steps = Steps::new(args.no_progress);
    steps.begin("looking up");
    let index = RecordIndex::open(review)?;
    index.check(&args.accesses, &args.context)?;
    let record = index.record(&args.accesses, &args.patient, period)?;
    steps.finish();
    let about = index.about();
    if about.rows_not_used > 0 {
        let rows = thousands(about.rows_not_used);
        tables::note(&format!(
            "{rows} rows could not be used in the review; {} says why",
            review.join("faults.csv").display()
        ));
    }
    if record.is_none() && about.ids_left_out > 0 {
        let ids = thousands(about.ids_left_out);
        tables::note(&format!("the review had no room for {ids} accesses to further ids: they share one name"));
    }
    Ok((record, about.rows_not_used))
}

/// Where accesses that do not fit into memory may be kept: beside their file, or where temporary files are when that may only be read.
fn temporary(accesses: &Path) -> PathBuf {
    let beside = accesses.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if tempfile::tempfile_in(beside).is_ok() { beside.to_owned() } else { std::env::temp_dir() }
}

fn told(args: &RecordArgs, record: &Record) -> Result<String> {
    let disclosures = args.disclosures.then(|| record.disclosures());
    Ok(match (args.format, &disclosures) {
        (RecordFormat::Json, None) => format!("{}\n", serde_json::to_string_pretty(record)?),
        (RecordFormat::Json, Some(disclosures)) => format!("{}\n", serde_json::to_string_pretty(disclosures)?),
        (RecordFormat::Table, None) => page::lines(record),
        (RecordFormat::Table, Some(disclosures)) => page::disclosure_lines(disclosures),
        (RecordFormat::Csv, None) => page::csv(page::ACCESS_COLUMNS, &page::access_cells(record)),
        (RecordFormat::Csv, Some(disclosures)) => {
            page::csv(page::DISCLOSURE_COLUMNS, &page::disclosure_cells(disclosures))
        }
        (RecordFormat::Html, None) => page::access_page(record),
        (RecordFormat::Html, Some(disclosures)) => page::disclosure_page(record, disclosures),
    })
}
