//! `cordon sim score`: how a review did against the truth.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use cordon_sim::{Score, ScoreOptions};

use super::folder;
use crate::{Exit, terminal};

const EXAMPLES: &str = "\
Examples:
  cordon sim score --truth hospital --explanations out/explanations.csv --cases out/cases.ndjson
  cordon sim score --truth hospital --explanations out/explanations.csv --cases out/cases.ndjson --format json

A labelled case counts as found when a listed case names the same user and holds one of its rows.
Beside it stand two stricter counts: at least half of its rows, and its scenario named.
Intervals are the middle 95 % over cases drawn anew; more seeds of the hospital say more.

Exit code: 0 scored, 2 could not run.";

/// Options of `cordon sim score`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ScoreArgs {
    /// The folder of the simulated hospital, with accesses.csv and labels.csv
    #[arg(long, value_name = "DIR")]
    truth: PathBuf,
    /// The explanations of the review: row,explanation,proof in order of rows
    #[arg(long, value_name = "FILE")]
    explanations: PathBuf,
    /// The cases of the review, best first, one JSON object a line
    #[arg(long, value_name = "FILE")]
    cases: PathBuf,
    /// How many of the first cases are looked at
    #[arg(long, default_value_t = 600, value_name = "N")]
    top: usize,
    /// How to print the score
    #[arg(long, value_enum, default_value_t = ScoreFormat::Table)]
    format: ScoreFormat,
}

/// How `cordon sim score` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScoreFormat {
    /// For people
    Table,
    /// One JSON object
    Json,
}

/// Runs the command.
pub(crate) fn run(args: &ScoreArgs) -> Result<Exit> {
    let mut explanations = folder::open(&args.explanations).with_context(|| args.explanations.display().to_string())?;
    let mut cases = folder::open(&args.cases).with_context(|| args.cases.display().to_string())?;
    let options = ScoreOptions { top: args.top, ..ScoreOptions::default() };
    let score = cordon_sim::score(&mut folder::opener(&args.truth), &mut explanations, &mut cases, &options)?;
    let text = match args.format {
        ScoreFormat::Json => format!("{}\n", serde_json::to_string(&score)?),
        ScoreFormat::Table => table(&score)?,
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

fn table(score: &Score) -> Result<String> {
    let mut text = String::new();
    let explained = &score.explained;
    writeln!(text, "rows                {:>14}", terminal::thousands(explained.rows))?;
    for (name, rows, of, right) in [
        ("provable", explained.provable, explained.provable_explained, Some(explained.provable_right)),
        ("without proof", explained.unprovable, explained.unprovable_explained, None),
        ("without reason", explained.undocumented, explained.undocumented_explained, None),
        ("of cases", explained.labelled, explained.labelled_explained, None),
    ] {
        let right = right.map_or_else(String::new, |right| format!(", {:.4} with a right reason", right));
        writeln!(text, "  {name:<18}{:>14}  {of:.4} explained{right}", terminal::thousands(rows))?;
    }
    writeln!(text, "  look-alike rows with a right reason {:.4}", explained.lookalikes_right)?;
    writeln!(text, "\nscenario  cases  recall   95 % interval    half of rows  named")?;
    for line in &score.recall {
        let interval = format!("{:.2} to {:.2}", line.low, line.high);
        writeln!(
            text,
            "{:<8}  {:>5}  {:>6.3}   {interval:<15}  {:>12.3}  {:>5.3}",
            line.scenario, line.cases, line.recall, line.half_of_rows, line.scenario_named
        )?;
    }
    writeln!(text, "\nlooked at the first {} of {} cases", score.top, terminal::thousands(score.cases_listed))?;
    writeln!(text, "precision at 20     {:.3}", score.precision_at_20)?;
    writeln!(text, "precision at {:<6} {:.3}", score.top, score.precision_at_top)?;
    writeln!(text, "look-alikes accused {}", score.lookalikes_accused)?;
    writeln!(
        text,
        "users at random: precision {:.4}, recall {:.4}; labelled rows of all rows {:.6}",
        score.base_rate_users, score.recall_at_random, score.base_rate_rows
    )?;
    Ok(text)
}
