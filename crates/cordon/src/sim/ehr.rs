//! `cordon sim ehr`: writes a simulated hospital into a folder.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use cordon_sim::{CasePlan, EhrOptions, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;

use super::folder;
use crate::{Exit, terminal};

const EXAMPLES: &str = "\
Examples:
  cordon sim ehr --out hospital
  cordon sim ehr --staff 10000 --patients 300000 --days 30 --accesses-per-staff-day 208 --seed 7 --out big
  cordon sim ehr --scenarios plan.toml --out hospital

Writes accesses.csv, staff.csv, shifts.csv, patients.csv, contacts.csv, encounters.csv, participants.csv,
appointments.csv, orders.csv, messages.csv, and the truth in labels.csv (docs/specs/cordon-ehr.md).
The same options give the same bytes. Nobody in it is real. It is good for plumbing and regression;
it is no proof of how accurate a review is in a hospital.

The default of 40 accesses per member of staff and day is light; 208 gives 60 million rows for
10,000 staff and 30 days, about 8 GB.

Exit code: 0 written, 2 could not run.";

/// Options of `cordon sim ehr`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EhrArgs {
    /// Members of staff, 150 to 200,000
    #[arg(long, default_value_t = 1000, value_name = "N")]
    staff: u32,
    /// Patients, at least five times the staff [default: thirty times the staff]
    #[arg(long, value_name = "N")]
    patients: Option<u32>,
    /// Days, 2 to 400
    #[arg(long, default_value_t = 30, value_name = "N")]
    days: i64,
    /// The first day
    #[arg(long, default_value = "2026-03-02", value_name = "DATE")]
    start: Date,
    /// The same seed gives the same hospital
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Accesses to aim at, per member of staff and day, free days counted in
    #[arg(long, default_value_t = 40.0, value_name = "N")]
    accesses_per_staff_day: f64,
    /// How many cases and look-alikes of each scenario, as TOML [default: 15 cases a scenario for 10,000 staff and 30 days, 10 look-alikes a case]
    #[arg(long, value_name = "FILE")]
    scenarios: Option<PathBuf>,
    /// The folder to write into; files of the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
}

/// Runs the command.
pub(crate) fn run(args: &EhrArgs) -> Result<Exit> {
    let plan = match &args.scenarios {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
            CasePlan::from_toml(&text).with_context(|| path.display().to_string())?
        }
        None => CasePlan::default(),
    };
    let options = EhrOptions {
        staff: args.staff,
        patients: args.patients.unwrap_or(args.staff.saturating_mul(30)),
        days: args.days,
        seed: args.seed,
        start: args.start,
        accesses_per_staff_day: args.accesses_per_staff_day,
        plan,
    };
    fs::create_dir_all(&args.out).with_context(|| args.out.display().to_string())?;
    let bar = bar(args.no_progress);
    let made = cordon_sim::simulate(&options, &mut folder::creator(&args.out), &mut |progress| show(&bar, progress));
    bar.finish_and_clear();
    let made = made.with_context(|| args.out.display().to_string())?;
    let rows = terminal::thousands(made.rows);
    writeln!(
        io::stderr(),
        "{rows} accesses, {} cases, {} look-alikes in {}",
        made.cases,
        made.lookalikes,
        args.out.display()
    )?;
    Ok(Exit::Clean)
}

fn bar(hidden: bool) -> ProgressBar {
    let target = if hidden || !terminal::stderr_is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(10)
    };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} days  {msg}") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar.set_message("making people, roster and encounters");
    bar.tick();
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(u64::try_from(progress.days).unwrap_or(0));
    bar.set_position(u64::try_from(progress.day).unwrap_or(0));
    bar.set_message(format!("{} accesses", terminal::thousands(progress.rows)));
}
