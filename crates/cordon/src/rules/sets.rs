//! `cordon rules install` and `cordon rules list`: rule sets of others, kept beside the pack.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::args::{Format, InstallArgs, ListArgs};
use crate::Exit;
use crate::installed::{self, Given, Installed, Outcome};
use crate::terminal::plain;

/// What to do when no data directory is known.
const NO_HOME: &str = "neither XDG_DATA_HOME nor HOME is set: say with --data-dir where rule sets are kept";

/// Runs `cordon rules install`.
pub(crate) fn install(args: &InstallArgs) -> Result<Exit> {
    ensure!(args.path.exists(), "{}: no such file or directory", args.path.display());
    let home = installed::home(args.data_dir.as_deref()).context(NO_HOME)?;
    let given = Given {
        path: &args.path,
        name: args.name.as_deref(),
        version: args.version.as_deref(),
        license: args.license.as_deref(),
        link: args.link.as_deref(),
    };
    let Outcome { manifest, left_out, replaced } = installed::install(&home, &given)?;
    let mut text = format!("installed {} {}: {} rules", manifest.name, manifest.version, manifest.rules);
    text.push_str(&format!(" of {} authors, licence {}", manifest.authors.len(), or_unstated(&manifest.license)));
    if let Some(replaced) = replaced {
        text.push_str(&format!("; replaces {replaced}"));
    }
    if left_out > 0 {
        text.push_str(&format!("; {left_out} YAML files left out: no rule in them loads and is in use"));
    }
    super::print(&format!("{}\n", plain(&text)))?;
    Ok(Exit::Clean)
}

/// Runs `cordon rules list`.
pub(crate) fn list(args: &ListArgs) -> Result<Exit> {
    let home = installed::home(args.data_dir.as_deref()).context(NO_HOME)?;
    let sets = installed::list(&home)?;
    match args.format {
        Format::Text if sets.is_empty() => super::print("no rule sets are installed\n")?,
        Format::Text => super::print(&sets.iter().map(|set| format!("{}\n", plain(&text(set)))).collect::<String>())?,
        Format::Json => super::print_json(&json!({
            "schema_version": "1",
            "sets": sets.iter().map(json).collect::<Vec<Value>>(),
        }))?,
    }
    Ok(Exit::Clean)
}

fn text(set: &Installed) -> String {
    match (damage(set), &set.manifest) {
        (None, Ok(found)) => format!(
            "{} {}: {} rules of {} authors, licence {}, installed {}, sha256 {}",
            found.name,
            found.version,
            found.rules,
            found.authors.len(),
            or_unstated(&found.license),
            found.installed,
            found.sha256
        ),
        (damage, _) => format!("{}: damaged: {}", set.directory.display(), damage.unwrap_or_default()),
    }
}

fn json(set: &Installed) -> Value {
    json!({
        "directory": set.directory.to_string_lossy(),
        "manifest": set.manifest.as_ref().ok(),
        "damaged": damage(set),
    })
}

fn damage(set: &Installed) -> Option<String> {
    let error = set.manifest.as_ref().err().map(|error| format!("{error:#}"));
    error.or_else(|| set.verify().err().map(|error| format!("{error:#}")))
}

fn or_unstated(license: &str) -> &str {
    if license.is_empty() { "not stated" } else { license }
}
