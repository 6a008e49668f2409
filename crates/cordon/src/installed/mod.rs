//! Rule sets of others, kept on this machine beside the built-in pack: where they lie, what is known of them, and how they are read back.
//!
//! A set is a directory `rules/NAME` below the data directory, with `manifest.json` and the files below `files/`. It comes and goes as a whole.

mod gather;
mod install;
mod manifest;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

pub(crate) use install::{Given, Outcome, install};
pub(crate) use manifest::Manifest;

use crate::pack::{self, Found};

/// Most sets that are looked at.
const SETS_MAX: usize = 1_000;
/// Where the files of a set lie within it.
const FILES: &str = "files";
/// What is known of a set.
const MANIFEST: &str = "manifest.json";

/// A set found in the data directory.
pub(crate) struct Installed {
    pub(crate) directory: PathBuf,
    /// What is known of it; an error when the set is damaged.
    pub(crate) manifest: Result<Manifest>,
}

/// Where sets lie: below the directory given, or `XDG_DATA_HOME/cordon`, or `~/.local/share/cordon`. `None` when neither is known.
pub(crate) fn home(data_dir: Option<&Path>) -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_user =
        || set("XDG_DATA_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".local/share")));
    let data_dir = data_dir.map(Path::to_owned).or_else(|| Some(of_user()?.join("cordon")))?;
    let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
    Some(data_dir.join("rules"))
}

/// The sets in order of their names; none where nothing was ever installed.
///
/// # Errors
/// A data directory that is there and cannot be read.
pub(crate) fn list(home: &Path) -> Result<Vec<Installed>> {
    if !home.exists() {
        return Ok(Vec::new());
    }
    let mut directories = Vec::new();
    for entry in fs::read_dir(home).with_context(|| home.display().to_string())? {
        let entry = entry.with_context(|| home.display().to_string())?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden && entry.path().is_dir() {
            directories.push(entry.path());
        }
        ensure!(directories.len() <= SETS_MAX, "{}: more than {SETS_MAX} rule sets", home.display());
    }
    directories.sort();
    let read = |directory: PathBuf| Installed { manifest: Manifest::read(&directory.join(MANIFEST)), directory };
    Ok(directories.into_iter().map(read).collect())
}

impl Installed {
    /// The files of the set, with what is known of it.
    ///
    /// # Errors
    /// What is damaged.
    pub(crate) fn files(self) -> Result<(Manifest, Found)> {
        Ok((self.manifest?, pack::find(&[self.directory.join(FILES)])?))
    }

    /// Whether the files are those that were installed.
    ///
    /// # Errors
    /// What is damaged.
    pub(crate) fn verify(&self) -> Result<()> {
        let Ok(manifest) = &self.manifest else { return Ok(()) };
        let files = gather::gather(&self.directory.join(FILES))?.files;
        ensure!(gather::hash(&files) == manifest.sha256, "the files are not those that were installed");
        Ok(())
    }
}
