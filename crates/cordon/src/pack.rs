//! Where rules come from: the pack in the binary, or directories.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use cordon_rules::parse::Refusal;

/// Largest file taken for a rule; SigmaHQ's largest has 40 kB.
const RULE_FILE_BYTES_MAX: u64 = 1 << 20;
/// Most rule files of one directory.
const RULE_FILES_MAX: usize = 200_000;
/// Deepest directory below `--rules`.
const DEPTH_MAX: usize = 32;

/// The default pack: path below `rules/` and text of every rule.
const PACK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pack.rs"));

/// A file of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The pack in the binary: path and text of each file.
pub(crate) const fn built_in() -> &'static [(&'static str, &'static str)] {
    PACK
}

/// Files of rules, and those that are no text to read rules from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) files: Vec<RuleFile>,
    /// Refused alone, the others are used: too large, not UTF-8, not to be read.
    pub(crate) refused: Vec<Refusal>,
}

/// All `.yml` and `.yaml` files of directories, in the order of their paths. A file can be given as well.
///
/// # Errors
/// A directory that cannot be read or holds no such file, named.
pub(crate) fn from_directories(directories: &[PathBuf]) -> Result<Read> {
    let mut all = Read::default();
    find(directories)?.read_each(|path, text| match text {
        Ok(text) => all.files.push(RuleFile { path, text: text.to_owned() }),
        Err(refusal) => all.refused.push(*refusal),
    });
    Ok(all)
}

/// Rule files that were found, not read yet.
#[derive(Debug, Default)]
pub(crate) struct Found {
    paths: Vec<PathBuf>,
    refused: Vec<Refusal>,
}

/// The files that [`from_directories`] reads, in its order.
///
/// # Errors
/// A directory that cannot be read or holds no such file, named.
pub(crate) fn find(directories: &[PathBuf]) -> Result<Found> {
    let mut all = Found::default();
    for directory in directories {
        let Find { mut paths, refused, .. } =
            Find::below(directory).with_context(|| directory.display().to_string())?;
        ensure!(!paths.is_empty() || !refused.is_empty(), "{}: holds no .yml or .yaml file", directory.display());
        all.refused.extend(refused);
        // by their bytes: comparing paths part by part takes as long as reading the files
        paths.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        all.paths.append(&mut paths);
    }
    Ok(all)
}

impl Found {
    /// Shows each file with its text, or why it is refused.
    pub(crate) fn read_each(self, mut take: impl FnMut(String, Result<&str, Box<Refusal>>)) {
        let mut refused = self.refused;
        // a directory names its entries in any order
        refused.sort_by(|a, b| a.path.cmp(&b.path));
        refused.into_iter().for_each(|refusal| take(refusal.path.clone(), Err(Box::new(refusal))));
        let mut bytes = Vec::new();
        for path in self.paths {
            let shown = path.to_string_lossy().into_owned();
            let text = read(&path, &mut bytes);
            let text = text.map_err(|error| Box::new(Refusal::of_file(shown.clone(), format!("{error:#}"))));
            take(shown, text);
        }
    }
}

/// The files below one directory.
struct Find {
    /// The directory, without links.
    root: PathBuf,
    /// Where links to directories led.
    seen: BTreeSet<PathBuf>,
    paths: Vec<PathBuf>,
    refused: Vec<Refusal>,
}

impl Find {
    fn below(path: &Path) -> Result<Self> {
        let mut find = Self { root: path.to_owned(), seen: BTreeSet::new(), paths: Vec::new(), refused: Vec::new() };
        if fs::metadata(path)?.is_dir() {
            find.root = path.canonicalize()?;
            find.directory(path, 0)?;
        } else {
            find.paths.push(path.to_owned());
        }
        Ok(find)
    }

    fn directory(&mut self, path: &Path, depth: usize) -> Result<()> {
        ensure!(depth <= DEPTH_MAX, "directories are nested more than {DEPTH_MAX} deep");
        for entry in fs::read_dir(path)? {
            ensure!(self.paths.len() < RULE_FILES_MAX, "more than {RULE_FILES_MAX} rule files");
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                self.link(&entry.path(), depth)?;
            } else if kind.is_dir() {
                self.directory(&entry.path(), depth + 1)?;
            } else {
                self.file(entry.path(), kind);
            }
        }
        Ok(())
    }

    /// A link to a directory is followed once, and not to where files are found anyway.
    fn link(&mut self, path: &Path, depth: usize) -> Result<()> {
        let Ok(target) = fs::metadata(path) else {
            self.refuse(path, "a link that leads nowhere");
            return Ok(());
        };
        if !target.is_dir() {
            self.file(path.to_owned(), target.file_type());
            return Ok(());
        }
        let place = path.canonicalize()?;
        if place.starts_with(&self.root) || self.root.starts_with(&place) || !self.seen.insert(place) {
            return Ok(());
        }
        self.directory(path, depth + 1)
    }

    fn file(&mut self, path: PathBuf, kind: FileType) {
        if kind.is_file() && is_rule(&path) {
            self.paths.push(path);
        } else {
            self.refuse(&path, "a pipe, socket or device");
        }
    }

    fn refuse(&mut self, path: &Path, reason: &str) {
        if is_rule(path) {
            self.refused.push(Refusal::of_file(path.to_string_lossy().into_owned(), reason.to_owned()));
        }
    }
}

fn is_rule(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml")
}

/// Reads a file through `bytes`, which is kept for the next one.
fn read<'b>(path: &Path, bytes: &'b mut Vec<u8>) -> Result<&'b str> {
    bytes.clear();
    // a device states no length: what is read is bounded as well
    fs::File::open(path)?.take(RULE_FILE_BYTES_MAX + 1).read_to_end(bytes)?;
    ensure!(bytes.len() as u64 <= RULE_FILE_BYTES_MAX, "larger than {RULE_FILE_BYTES_MAX} bytes: not a rule");
    str::from_utf8(bytes).map_err(|error| anyhow!("not UTF-8 text from byte {}", error.valid_up_to()))
}
