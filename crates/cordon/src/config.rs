//! `cordon config`: an example file, or the settings that are in force and where each comes from.

use anyhow::Result;
use clap::Args;
use cordon_node::config::{Origin, example};

use crate::Exit;
use crate::rules::print;
use crate::settings::SettingsArgs;

const EXAMPLES: &str = "\
Examples:
  cordon config --example > cordon.toml
  cordon config --config cordon.toml
  CORDON_API__ADDRESS=0.0.0.0:8480 cordon config --changed

Exit code: 0 the settings can be used, 2 they cannot; each fault is named with its line.";

/// Options of `cordon config`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConfigArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Print an example file with every setting, its words and its default
    #[arg(long)]
    pub(crate) example: bool,
    /// Leave out settings that are at their default
    #[arg(long)]
    pub(crate) changed: bool,
}

/// Runs `cordon config`.
pub(crate) fn run(args: &ConfigArgs) -> Result<Exit> {
    if args.example {
        print(&example())?;
        return Ok(Exit::Clean);
    }
    let config = args.settings.load()?;
    let shown = config.values.iter().filter(|(_, _, origin)| !args.changed || *origin != Origin::Default);
    let lines: String = shown.map(|(key, value, origin)| format!("{key} = {value} # {origin}\n")).collect();
    print(&lines)?;
    Ok(Exit::Clean)
}
