//! `cordon privacy`: who opened which record, and why. Works on files; nothing leaves them.

mod folder;
mod hands;
mod indexing;
mod page;
mod record;
mod review;
mod spill;
mod tables;
mod told;
mod withdrawn;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::Exit;

/// Options of `cordon privacy`.
#[derive(Debug, Args)]
pub(crate) struct PrivacyArgs {
    #[command(subcommand)]
    command: PrivacyCommand,
}

#[derive(Debug, Subcommand)]
enum PrivacyCommand {
    /// Explain every access to records, and make cases of those for which no reason is found
    Review(review::ReviewArgs),
    /// Tell who opened one patient's record, and why
    Record(record::RecordArgs),
}

/// Runs the command.
pub(crate) fn run(args: &PrivacyArgs) -> Result<Exit> {
    match &args.command {
        PrivacyCommand::Review(args) => review::run(args),
        PrivacyCommand::Record(args) => record::run(args),
    }
}
