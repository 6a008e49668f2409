//! `cargo xtask tidy`: the rules of the house that a machine can check.
//!
//! In: the files of the repository and `cargo metadata`. Out: one line per problem, `path:line: sentence`, and a failure when there is one.
//! Each check is a pure function of texts, so that its tests need no disk; it knows nothing of the other checks.

mod dependencies;
mod layers;
mod licence;
mod links;
mod metadata;
mod named;
mod purity;
mod rule_folders;
mod rust;
mod shape;
mod tree;
mod use_paths;
mod words;

use std::fmt;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};

use metadata::Metadata;
use tree::File;

/// What to type.
pub(crate) const USAGE: &str = "cargo xtask tidy";

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    /// Path from the root of the repository.
    path: String,
    /// Line, from 1.
    line: usize,
    /// What is wrong and what is wanted instead.
    sentence: String,
}

impl Problem {
    fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, sentence: sentence.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.sentence)
    }
}

/// Checks the whole repository.
///
/// # Errors
/// When the tree or the metadata cannot be read, and when anything was found.
pub(crate) fn run(out: &mut impl Write) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no parent folder")?;
    let metadata = Metadata::read(root)?;
    let files = tree::read(root)?;
    for note in dependencies::reviewed_duplicates(&metadata) {
        writeln!(out, "note: {note}")?;
    }
    let mut problems = check(&files, &metadata);
    problems.sort();
    problems.dedup();
    for problem in &problems {
        writeln!(out, "{problem}")?;
    }
    if problems.is_empty() {
        writeln!(out, "tidy: {} files and {} packages, nothing found", files.len(), metadata.packages.len())?;
        return Ok(());
    }
    bail!("tidy: {} problems", problems.len())
}

/// Every check, in the order of the story: the house, its files, their words, what they rest on, the rules.
fn check(files: &[File], metadata: &Metadata) -> Vec<Problem> {
    let mut problems = layers::check(metadata, files);
    problems.extend(shape::check(files));
    problems.extend(purity::check(files));
    problems.extend(words::check(files));
    problems.extend(dependencies::check(metadata, files));
    problems.extend(rule_folders::check(files));
    problems.extend(links::check(files));
    problems.extend(named::check(files));
    problems
}
