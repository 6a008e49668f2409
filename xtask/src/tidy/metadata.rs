//! What `cargo metadata` says: the packages and what they depend on. Knows no rule of the house.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The packages of the workspace and everything below them, on every platform.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Metadata {
    /// Every package.
    pub(super) packages: Vec<Package>,
    /// Ids of the packages that are ours.
    pub(super) workspace_members: Vec<String>,
    /// Folder of the workspace.
    pub(super) workspace_root: String,
}

/// One package.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Package {
    /// Cargo's id.
    pub(super) id: String,
    /// Name.
    pub(super) name: String,
    /// Version.
    pub(super) version: String,
    /// SPDX expression.
    pub(super) license: Option<String>,
    /// Where it comes from; `None` for a path.
    pub(super) source: Option<String>,
    /// Absolute path of its manifest.
    pub(super) manifest_path: String,
    /// What its manifest asks for.
    pub(super) dependencies: Vec<Dependency>,
}

/// One dependency of a manifest.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Dependency {
    /// Name of the package.
    pub(super) name: String,
    /// `dev`, `build`, or `None` for a usual one.
    pub(super) kind: Option<String>,
}

impl Metadata {
    /// Asks cargo.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let answer = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(root)
            .output()
            .context("cargo metadata could not be started")?;
        if !answer.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&answer.stderr).trim());
        }
        serde_json::from_slice(&answer.stdout).context("cargo metadata was not understood")
    }

    /// The packages of the workspace.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }

    /// Path of a package's manifest from the root of the repository.
    pub(super) fn manifest<'a>(&self, package: &'a Package) -> &'a str {
        let path = package.manifest_path.strip_prefix(&self.workspace_root);
        path.map_or(package.manifest_path.as_str(), |path| path.trim_start_matches('/'))
    }
}
