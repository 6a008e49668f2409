//! Dependencies: where packages come from, under which licence, and which exist in two versions.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::licence;
use super::metadata::{Dependency, Metadata, Package};
use super::tree::File;

/// The only place that packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Packages that may exist in two versions, each looked at: small, or used by build tools only, or held back by datafusion, deltalake or cedar.
const DUPLICATES_REVIEWED: [&str; 40] = [
    "alloc-no-stdlib",
    "alloc-stdlib",
    "arrayvec",
    "base64",
    "bit-vec",
    "bitflags",
    "blake2",
    "block-buffer",
    "brotli-decompressor",
    "core-foundation",
    "cpufeatures",
    "crypto-common",
    "darling",
    "darling_core",
    "darling_macro",
    "digest",
    "foldhash",
    "getrandom",
    "hashbrown",
    "indexmap",
    "itertools",
    "md-5",
    "nom",
    "num-bigint",
    "petgraph",
    "phf_shared",
    "quick-xml",
    "r-efi",
    "rand",
    "rand_core",
    "reqwest",
    "schemars",
    "sha2",
    "syn",
    "synstructure",
    "thiserror",
    "thiserror-impl",
    "unicode-width",
    "zstd",
    "zstd-safe",
];

/// Trees that must exist once: two of them do not understand each other's types and double the build.
const SINGLE_TREES: [&str; 3] = ["arrow", "datafusion", "parquet"];

/// Where each dependency that a manifest of ours names has its line.
const TABLE: &str = "docs/adr/0005-dependencies.md";

/// Licence, source and number of versions of every package.
pub(super) fn check(metadata: &Metadata, files: &[File]) -> Vec<Problem> {
    let lock = files.iter().find(|file| file.path == "Cargo.lock").map_or("", |file| &file.text);
    let outside = metadata.packages.iter().filter(|package| !metadata.workspace_members.contains(&package.id));
    let mut problems: Vec<Problem> = outside
        .flat_map(faults)
        .map(|(name, sentence)| Problem::new("Cargo.lock", line_of(lock, name), sentence))
        .collect();
    for (name, versions) in duplicates(metadata) {
        if let Some(sentence) = duplicate_fault(name, &versions) {
            problems.push(Problem::new("Cargo.lock", line_of(lock, name), sentence));
        }
    }
    problems.extend(unexplained(metadata, files));
    problems
}

/// Dependencies of our manifests that the table does not name.
fn unexplained(metadata: &Metadata, files: &[File]) -> Vec<Problem> {
    let table = files.iter().find(|file| file.path == TABLE).map_or("", |file| &file.text);
    let cells = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let explained: BTreeSet<&str> = cells.flat_map(|cell| cell.split([',', ' ', '(', ')'])).collect();
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let mut problems = Vec::new();
    for package in metadata.members() {
        for Dependency { name, .. } in &package.dependencies {
            if !ours.contains(name.as_str()) && !explained.contains(name.as_str()) {
                let sentence = format!("{name} has no line in {TABLE}: say why it is there and what was not chosen");
                problems.push(Problem::new(metadata.manifest(package), 1, sentence));
            }
        }
    }
    problems
}

/// One sentence for each reviewed package that exists in several versions.
pub(super) fn reviewed_duplicates(metadata: &Metadata) -> Vec<String> {
    let reviewed = duplicates(metadata).into_iter().filter(|(name, _)| DUPLICATES_REVIEWED.contains(name));
    reviewed.map(|(name, versions)| format!("{name} exists in versions {}", versions.join(" and "))).collect()
}

fn faults(package: &Package) -> Vec<(&str, String)> {
    let Package { name, version, .. } = package;
    let mut found = Vec::new();
    if package.source.as_deref() != Some(REGISTRY) {
        let source = package.source.as_deref().unwrap_or("a path outside the workspace");
        found.push(format!("{name} {version} comes from {source}: only crates.io is a source"));
    }
    match package.license.as_deref() {
        None => found.push(format!("{name} {version} states no licence")),
        Some(licence) if !licence::is_accepted(licence) => {
            found.push(format!("{name} {version} is under {licence}, which is not accepted"));
        }
        Some(_) => {}
    }
    found.into_iter().map(|sentence| (name.as_str(), sentence)).collect()
}

fn duplicates(metadata: &Metadata) -> BTreeMap<&str, Vec<&str>> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &metadata.packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

fn duplicate_fault(name: &str, versions: &[&str]) -> Option<String> {
    let versions = versions.join(" and ");
    let in_tree = |tree: &&str| name == *tree || name.strip_prefix(*tree).is_some_and(|rest| rest.starts_with('-'));
    if SINGLE_TREES.iter().any(in_tree) {
        return Some(format!("{name} exists in versions {versions}: its tree must exist once"));
    }
    if DUPLICATES_REVIEWED.contains(&name) || is_platform_part(name) {
        return None;
    }
    Some(format!(
        "{name} exists in versions {versions}: unify them, or review and list it in xtask/src/tidy/dependencies.rs"
    ))
}

/// The bindings of Windows come in many versions and are built on no other system.
fn is_platform_part(name: &str) -> bool {
    name.starts_with("windows-") || name.starts_with("windows_")
}

fn line_of(lock: &str, name: &str) -> usize {
    let wanted = format!("name = \"{name}\"");
    lock.lines().position(|line| line == wanted).map_or(1, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, license: Option<&str>, source: Option<&str>) -> Package {
        Package {
            id: format!("{name}@{version}"),
            name: name.to_owned(),
            version: version.to_owned(),
            license: license.map(str::to_owned),
            source: source.map(str::to_owned),
            ..Package::default()
        }
    }

    fn check(packages: Vec<Package>, expect: &[&str]) {
        let ours = Package { id: "ours".to_owned(), name: "cordon".to_owned(), ..Package::default() };
        let packages = packages.into_iter().chain([ours]).collect();
        let metadata = Metadata { packages, workspace_members: vec!["ours".to_owned()], workspace_root: String::new() };
        let lock = File::new("Cargo.lock", "version = 4\nname = \"memchr\"\n");
        let seen: Vec<String> = super::check(&metadata, &[lock]).iter().map(ToString::to_string).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn a_free_package_of_the_registry_passes() {
        check(vec![package("memchr", "2.0.0", Some("Unlicense OR MIT"), Some(REGISTRY))], &[]);
    }

    #[test]
    fn licence_and_source_are_checked() {
        check(
            vec![package("memchr", "2.0.0", Some("GPL-3.0-only"), Some(REGISTRY))],
            &["Cargo.lock:2: memchr 2.0.0 is under GPL-3.0-only, which is not accepted"],
        );
        check(
            vec![package("memchr", "2.0.0", None, Some(REGISTRY))],
            &["Cargo.lock:2: memchr 2.0.0 states no licence"],
        );
        check(
            vec![package("memchr", "2.0.0", Some("MIT"), Some("git+https://example.org/memchr"))],
            &["Cargo.lock:2: memchr 2.0.0 comes from git+https://example.org/memchr: only crates.io is a source"],
        );
        check(
            vec![package("memchr", "2.0.0", Some("MIT"), None)],
            &["Cargo.lock:2: memchr 2.0.0 comes from a path outside the workspace: only crates.io is a source"],
        );
    }

    #[test]
    fn a_dependency_has_a_line_that_explains_it() {
        let one = |name: &str| Dependency { name: name.to_owned(), kind: None };
        let package = Package {
            id: "ours".to_owned(),
            name: "cordon".to_owned(),
            manifest_path: "/r/crates/cordon/Cargo.toml".to_owned(),
            dependencies: ["cordon", "sha2", "flate2", "left-pad"].map(one).to_vec(),
            ..Package::default()
        };
        let metadata = Metadata {
            packages: vec![package],
            workspace_members: vec!["ours".to_owned()],
            workspace_root: "/r".to_owned(),
        };
        let table =
            File::new(TABLE, "left-pad is one line\n| sha2, hmac | why | not |\n| flate2 (zlib-rs) | why | not |\n");
        let seen: Vec<String> = super::check(&metadata, &[table]).iter().map(ToString::to_string).collect();
        let expect = "crates/cordon/Cargo.toml:1: left-pad has no line in docs/adr/0005-dependencies.md: say why it is there and what was not chosen";
        assert_eq!(seen, [expect]);
    }

    #[test]
    fn two_versions_need_a_review_and_arrow_never_gets_one() {
        let pair =
            |name| ["1.0.0", "2.0.0"].map(|version| package(name, version, Some("MIT"), Some(REGISTRY))).to_vec();
        check(pair("syn"), &[]);
        check(pair("windows-sys"), &[]);
        check(
            pair("memchr"),
            &[
                "Cargo.lock:2: memchr exists in versions 1.0.0 and 2.0.0: unify them, or review and list it in xtask/src/tidy/dependencies.rs",
            ],
        );
        check(
            pair("arrow-array"),
            &["Cargo.lock:1: arrow-array exists in versions 1.0.0 and 2.0.0: its tree must exist once"],
        );
        check(
            pair("arrowhead"),
            &[
                "Cargo.lock:1: arrowhead exists in versions 1.0.0 and 2.0.0: unify them, or review and list it in xtask/src/tidy/dependencies.rs",
            ],
        );
    }
}
