//! Where rules come from: the pack in the binary, or directories.

use std::fs;
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

/// The pack in the binary.
pub(crate) fn built_in() -> Vec<RuleFile> {
    PACK.iter().map(|(path, text)| RuleFile { path: (*path).to_owned(), text: (*text).to_owned() }).collect()
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
    let mut bytes = Vec::new();
    for directory in directories {
        let mut paths = Vec::new();
        find(directory, 0, &mut paths).with_context(|| directory.display().to_string())?;
        ensure!(!paths.is_empty(), "{}: holds no .yml or .yaml file", directory.display());
        // by their bytes: comparing paths part by part takes as long as reading the files
        paths.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
        for path in paths {
            let shown = path.to_string_lossy().into_owned();
            match read(&path, &mut bytes) {
                Ok(text) => all.files.push(RuleFile { path: shown, text }),
                Err(error) => all.refused.push(Refusal::of_file(shown, format!("{error:#}"))),
            }
        }
    }
    Ok(all)
}

fn find(path: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<()> {
    ensure!(depth <= DEPTH_MAX, "directories are nested more than {DEPTH_MAX} deep");
    ensure!(paths.len() < RULE_FILES_MAX, "more than {RULE_FILES_MAX} rule files");
    if !fs::metadata(path)?.is_dir() {
        paths.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_rule = Path::new(&name).extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        if entry.file_type()?.is_dir() {
            find(&entry.path(), depth + 1, paths)?;
        } else if is_rule {
            paths.push(entry.path());
        }
    }
    Ok(())
}

/// Reads a file through `bytes`, which is kept for the next one.
fn read(path: &Path, bytes: &mut Vec<u8>) -> Result<String> {
    bytes.clear();
    // a device states no length: what is read is bounded as well
    fs::File::open(path)?.take(RULE_FILE_BYTES_MAX + 1).read_to_end(bytes)?;
    ensure!(bytes.len() as u64 <= RULE_FILE_BYTES_MAX, "larger than {RULE_FILE_BYTES_MAX} bytes: not a rule");
    let text = str::from_utf8(bytes).map_err(|error| anyhow!("not UTF-8 text from byte {}", error.valid_up_to()))?;
    Ok(text.to_owned())
}
