//! `cordon rules`: what can be asked of rules without a log to scan.

pub(crate) mod args;
mod backfill;
mod check;
mod explain;
mod left_off;
mod sets;
mod test;
mod why_text;

use std::io;

use anyhow::Result;
use cordon_decode::DecodeOptions;
use cordon_detect::DetectOptions;
use cordon_node::StreetOptions;
use cordon_seal::SiteKey;
use serde_json::Value;

use crate::rules::args::{RulesArgs, RulesCommand};
use crate::{Exit, output};

/// Runs the command.
pub(crate) fn run(args: &RulesArgs) -> Result<Exit> {
    match &args.command {
        RulesCommand::Check(args) => check::run(args),
        RulesCommand::Test(args) => test::run(args),
        RulesCommand::Explain(args) => explain::run(args),
        RulesCommand::Install(args) => sets::install(args),
        RulesCommand::Backfill(args) => backfill::run(args),
        RulesCommand::List(args) => {
            args.profile.as_deref().map_or_else(|| sets::list(args), |name| left_off::list(args, name))
        }
    }
}

/// The street as `cordon scan` walks it, on one thread.
fn street(decode: DecodeOptions) -> StreetOptions {
    StreetOptions { decode, threads: 1, from: None, to: None, count_times: false }
}

/// All levels, nothing masked, no records kept.
fn detect(street: &StreetOptions) -> DetectOptions {
    DetectOptions { mask: false, ..DetectOptions::new(&street.decode, SiteKey::of_scan()) }
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> Result<()> {
    let (mut out, _) = output::open(None, &[])?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    output::quiet_pipe(written)
}

/// Prints JSON to standard output, indented, with a line end.
fn print_json(value: &Value) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    text.push('\n');
    print(&text)
}
