//! `cordon sim`: a simulated hospital with the truth about every access, plain reviews to compare with, and the score of a review.

mod baseline;
mod ehr;
mod folder;
mod score;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::Exit;

/// Options of `cordon sim`.
#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    #[command(subcommand)]
    command: SimCommand,
}

#[derive(Debug, Subcommand)]
enum SimCommand {
    /// Simulate a hospital's record accesses, with all that surrounds them and the truth about each
    Ehr(ehr::EhrArgs),
    /// Compare what a review found with the truth of a simulated hospital
    Score(score::ScoreArgs),
    /// Run a plain review, to compare others with
    Baseline(baseline::BaselineArgs),
}

/// Runs the command.
pub(crate) fn run(args: &SimArgs) -> Result<Exit> {
    match &args.command {
        SimCommand::Ehr(args) => ehr::run(args),
        SimCommand::Score(args) => score::run(args),
        SimCommand::Baseline(args) => baseline::run(args),
    }
}
