//! `cordon privacy review`: every access explained, the rest made cases.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use cordon_privacy::{Review, Walk};

use super::folder::{Folder, SUMMARY};
use super::hands::Threads;
use super::indexing::Indexing;
use super::tables::{self, Faults};
use super::told;
use super::withdrawn::Previous;
use crate::Exit;
use crate::progress::Steps;
use crate::rules::print;

const EXAMPLES: &str = "\
Examples:
  cordon privacy review --accesses accesses.csv --context hospital/ --out review/
  cordon privacy review --accesses accesses.csv --context hospital/ --out review/ --budget 20
  cordon privacy review --accesses accesses.csv --context hospital/ --out review/ \\
      --settings windows.toml --previous last-night/ --format json

Writes explanations.csv (a line for each access), cases.ndjson (best first), withheld.csv
(accesses that cannot be judged yet, because a feed was silent), faults.csv (rows that could
not be used), with --previous withdrawn.ndjson, with --templates templates.ndjson,
records.index (with which cordon privacy record --review answers in a moment), and
summary.json last: while it is there, the files beside it are of one run. What each file of
--context holds, and the names of settings: docs/specs/access-review.md. No data at hand: cordon sim ehr --out hospital
Exit code: 0 no case, 1 cases, 2 could not run, 3 done, but some rows could not be used.";

/// Options of `cordon privacy review`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReviewArgs {
    /// The accesses: a CSV file with a line for each
    #[arg(long, value_name = "FILE")]
    accesses: PathBuf,
    /// The folder with staff.csv, patients.csv, encounters.csv and what else is known
    #[arg(long, value_name = "DIR")]
    context: PathBuf,
    /// Where to write; made when it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// So many cases a day for each 10,000 staff, rounded up, the best first [default: all from a score of .35 on]
    #[arg(long, value_name = "N", value_parser = budget, allow_hyphen_values = true)]
    budget: Option<f64>,
    /// Windows, limits and words of this hospital (TOML)
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The folder of an earlier review of the same accesses, also that of --out: says which of its cases are withdrawn, and why
    #[arg(long, value_name = "DIR")]
    previous: Option<PathBuf>,
    /// Look for patterns of work that explain accesses, and write them to templates.ndjson; what is approved goes into the settings
    #[arg(long)]
    templates: bool,
    /// Threads that review; what is found does not depend on them [default: one for each core, at most 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = ReviewFormat::Table)]
    format: ReviewFormat,
    /// Show no progress
    #[arg(long)]
    no_progress: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReviewFormat {
    /// For people
    Table,
    /// One JSON object: that of summary.json
    Json,
}

/// A budget: cases a day for each 10,000 staff.
fn budget(text: &str) -> Result<f64, String> {
    let budget = text.parse().ok().filter(|budget: &f64| budget.is_finite() && *budget > 0.0);
    budget.ok_or_else(|| "must be a number above 0: so many cases a day for each 10,000 staff, like 20".to_owned())
}

/// Runs the command.
pub(super) fn run(args: &ReviewArgs) -> Result<Exit> {
    // what can be wrong with the command is found before the long work
    let mut settings = tables::settings(args.settings.as_ref())?;
    settings.budget = args.budget.or(settings.budget);
    let previous = args.previous.as_deref().map(Previous::read).transpose()?;
    let file = tables::open_accesses(&args.accesses)?;
    tables::check(&args.context)?;
    let mut folder = Folder::open(&args.out)?;
    let mut indexing = Indexing::begin(&args.accesses, &args.context, &folder, file.next_at())?;
    let steps = Steps::new(args.no_progress);
    let mut faults = Faults::default();
    steps.begin("reading the context");
    let mut review = Review::new(tables::context(&args.context, settings, &mut faults)?);
    steps.begin("reading accesses");
    let gather = indexing.as_mut().map(|indexing| &mut indexing.gather);
    let (mut kept, count) =
        tables::accesses(file, folder.dir(), &mut review, (&mut faults, gather), |count| steps.at(count))?;
    if let Some(previous) = &previous {
        previous.check(count)?;
    }
    let mut walk = None;
    let hands = Threads::of(args.threads.map(usize::from));
    let found = review.run_with(&hands, kept.trail(), |at, count| {
        if walk.replace(at) != Some(at) {
            steps.begin(words(at));
        }
        steps.at(count);
    })?;
    let mined = args
        .templates
        .then(|| {
            steps.begin("looking for templates");
            review.templates(kept.trail(), |count| steps.at(count))
        })
        .transpose()?;
    steps.begin("writing");
    let cases = found.within_budget();
    let mut writing = indexing.map(|indexing| indexing.write(&mut folder)).transpose()?;
    let ends = told::explanations(&mut folder, kept, writing.as_mut().map(|writing| &mut writing.index))?;
    told::cases(&mut folder, cases)?;
    told::faults(&mut folder, &faults)?;
    mined.iter().try_for_each(|mined| told::templates(&mut folder, mined))?;
    let withdrawn = previous.map(|previous| previous.write(&mut folder, &found.cases)).transpose()?;
    let summary = told::summary(&found, cases.len(), &faults);
    folder.write(SUMMARY, |out| Ok(serde_json::to_writer_pretty(out, &summary)?))?;
    writing.map(|writing| writing.finish(&mut folder, &review, &found, (faults.count, ends))).transpose()?;
    folder.publish()?;
    steps.finish();
    tables::tell_refused(&review);
    tables::tell(&faults, "; all are in faults.csv");
    match args.format {
        ReviewFormat::Table => print(&told::table(&found, cases, &faults, (withdrawn, &args.out)))?,
        ReviewFormat::Json => print(&format!("{summary}\n"))?,
    }
    Ok(match (faults.count, cases.is_empty()) {
        (1.., _) => Exit::InputLost,
        (0, false) => Exit::Findings,
        (0, true) => Exit::Clean,
    })
}

const fn words(walk: Walk) -> &'static str {
    match walk {
        Walk::Together => "who treats together",
        Walk::Explaining => "explaining",
        Walk::Judging => "looking at what has no reason",
    }
}
