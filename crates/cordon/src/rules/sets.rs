//! `cordon rules install` and `cordon rules list`: rule sets of others, kept beside the pack.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::args::{Format, InstallArgs, ListArgs};
use crate::Exit;
use crate::installed::{self, Given, Installed, Manifest, Outcome};
use crate::terminal::{counted_of, plain};

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
    let mut text = format!("installed {} {}: {}", manifest.name, manifest.version, held(&manifest));
    if let Some(replaced) = replaced {
        text.push_str(&format!("; replaces {replaced}"));
    }
    if left_out > 0 {
        let left_out = counted_of(left_out, "YAML file", "YAML files");
        text.push_str(&format!("; {left_out} left out: no rule in them loads and is in use"));
    }
    super::print(&format!("{}\n", plain(&text)))?;
    Ok(Exit::Clean)
}

/// Runs `cordon rules list`.
pub(crate) fn list(args: &ListArgs) -> Result<Exit> {
    let home = installed::home(args.data_dir.as_deref()).context(NO_HOME)?;
    let with_damage = |set: Installed| {
        let damage = damage(&set);
        (set, damage)
    };
    let sets: Vec<(Installed, Option<String>)> = installed::list(&home)?.into_iter().map(with_damage).collect();
    match args.format {
        Format::Text if sets.is_empty() => super::print("no rule sets are installed\n")?,
        Format::Text => super::print(
            &sets.iter().map(|(set, damage)| format!("{}\n", plain(&text(set, damage.as_deref())))).collect::<String>(),
        )?,
        Format::Json => super::print_json(&json!({
            "schema_version": "1",
            "sets": sets.iter().map(|(set, damage)| json(set, damage.as_deref())).collect::<Vec<Value>>(),
        }))?,
    }
    Ok(if sets.iter().any(|(_, damage)| damage.is_some()) { Exit::RulesFail } else { Exit::Clean })
}

fn text(set: &Installed, damage: Option<&str>) -> String {
    match (damage, &set.manifest) {
        (None, Ok(found)) => format!(
            "{} {}: {}, installed {}, sha256 {}",
            found.name,
            found.version,
            held(found),
            found.installed,
            found.sha256
        ),
        (damage, _) => format!("{}: damaged: {}", set.directory.display(), damage.unwrap_or_default()),
    }
}

fn json(set: &Installed, damage: Option<&str>) -> Value {
    json!({
        "directory": set.directory.to_string_lossy(),
        "manifest": set.manifest.as_ref().ok(),
        "damaged": damage,
    })
}

fn damage(set: &Installed) -> Option<String> {
    let error = set.manifest.as_ref().err().map(|error| format!("{error:#}"));
    error.or_else(|| set.verify().err().map(|error| format!("{error:#}")))
}

/// `1 rule of 1 author, licence MIT`.
fn held(found: &Manifest) -> String {
    let license = if found.license.is_empty() { "not stated" } else { &found.license };
    let rules = counted_of(found.rules, "rule", "rules");
    format!("{rules} of {}, licence {license}", counted_of(found.authors.len(), "author", "authors"))
}
