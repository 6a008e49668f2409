//! `cordon doctor`: what is wrong, in plain words.

use anyhow::Result;
use clap::Args;
use cordon_node::doctor::{Check, Verdict, checks, look};

use crate::Exit;
use crate::rules::print;
use crate::settings::{SettingsArgs, data_dir};
use crate::terminal::plain;

/// Options of `cordon doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 nothing needs a person now, 1 something does, 2 could not look.")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// Runs `cordon doctor`.
pub(crate) fn run(args: &DoctorArgs) -> Result<Exit> {
    let config = args.settings.load()?;
    let found = checks(&look(&config, &data_dir(&config)?, None));
    print(&found.iter().map(line).collect::<String>())?;
    let must_act = found.iter().any(|check| check.verdict == Verdict::Act);
    Ok(if must_act { Exit::Findings } else { Exit::Clean })
}

fn line(check: &Check) -> String {
    let word = match check.verdict {
        Verdict::Well => "well",
        Verdict::Look => "look",
        Verdict::Act => "ACT",
    };
    let advice = if check.advice.is_empty() { String::new() } else { format!("\n      {}", plain(&check.advice)) };
    format!("{word:<5} {}: {}{advice}\n", check.name, plain(&check.says))
}
