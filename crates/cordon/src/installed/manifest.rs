//! What is known of an installed set: `manifest.json`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Largest manifest; it grows with the number of authors.
const BYTES_MAX: u64 = 4 << 20;
/// The form of this version.
pub(super) const SCHEMA_VERSION: &str = "1";

/// What is known of an installed set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(super) schema_version: String,
    /// By which it is listed and replaced.
    pub(crate) name: String,
    pub(crate) version: String,
    /// Name of the directory or archive that it came from.
    pub(crate) source: String,
    /// Over the paths and bytes of its files.
    pub(crate) sha256: String,
    /// Of the rules that state none; empty when nobody said.
    pub(crate) license: String,
    /// Where the set can be read; empty when nobody said.
    pub(crate) link: String,
    /// As the rules state them, sorted.
    pub(crate) authors: Vec<String>,
    /// Rules, correlations and filters that load.
    pub(crate) rules: usize,
    pub(crate) files: usize,
    /// RFC 3339.
    pub(crate) installed: String,
}

impl Manifest {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let named = || path.display().to_string();
        let bytes = fs::metadata(path).with_context(named)?.len();
        ensure!(bytes <= BYTES_MAX, "{}: larger than {BYTES_MAX} bytes", path.display());
        let text = fs::read_to_string(path).with_context(named)?;
        let manifest: Self = serde_json::from_str(&text).with_context(named)?;
        let version = &manifest.schema_version;
        ensure!(version == SCHEMA_VERSION, "{}: written in form {version}, which is not known here", path.display());
        Ok(manifest)
    }
}
