//! The policies of a node: those in the binary and those of the site, from the folder that the settings name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cordon_policy::{Policies, Universe};

use super::node::Parts;
use crate::config::Config;

/// Most files of the folder.
const FILES_MAX: usize = 100;
/// Longest file, bytes.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// What policies are asked about: every site that the node has or once had a source of, and every class of event.
pub(super) fn universe(parts: &Parts, config: &Config, sites: &BTreeSet<String>) -> Universe {
    let sources = parts.registry.all();
    let live = sources.iter().map(|source| source.declaration.site.to_string());
    let declared = config.sources.iter().map(|source| source.site.to_string());
    Universe {
        sites: sites.iter().cloned().chain(live).chain(declared).chain([config.site.clone()]).collect(),
        classes: parts.classes.iter().copied().chain([0]).collect(),
    }
}

/// Reads and validates all policies. Blocks.
///
/// # Errors
/// Every fault with file and line; none of the site's policies is to be in force then.
pub(super) fn load(universe: Universe, folder: Option<&Path>) -> Result<Policies, String> {
    let texts = folder.map(texts).transpose()?.unwrap_or_default();
    Policies::load(universe, &texts).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        said.join("\n")
    })
}

/// Path and text of each `.cedar` file, in the order of their names.
fn texts(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let fault = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| fault(folder, error))? {
        let path = entry.map_err(|error| fault(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(format!("{}: more than {FILES_MAX} files with policies", folder.display()));
        }
    }
    paths.sort();
    let read = |path: &Path| {
        if fs::metadata(path).map_err(|error| fault(path, error))?.len() > FILE_BYTES_MAX {
            return Err(format!("{}: longer than {FILE_BYTES_MAX} bytes", path.display()));
        }
        let text = fs::read_to_string(path).map_err(|error| fault(path, error))?;
        Ok((path.display().to_string(), text))
    };
    paths.iter().map(|path| read(path)).collect()
}
