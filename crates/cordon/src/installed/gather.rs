//! The files of a rule set, from a directory or an archive (zip, tar), through the same bounded reading as logs.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use anyhow::{Result, bail, ensure};
use cordon_collect::anomaly::NO_FILES;
use cordon_collect::{Found, InputFault, Limits, Loss, Source, Sources};
use cordon_seal::digest;

use crate::inputs;

/// Largest file taken.
const FILE_BYTES_MAX: usize = 1 << 20;
/// Most bytes of a set.
const SET_BYTES_MAX: usize = 256 << 20;
/// Most files of a set.
const FILES_MAX: usize = 200_000;
/// Most names in the path of a file.
const DEPTH_MAX: usize = 30;

/// Longest name in the path of a file, in bytes, and longest path; what file systems take everywhere.
const NAME_BYTES_MAX: usize = 200;
const PATH_BYTES_MAX: usize = 1_000;

/// Text files that belong to a rule set, by their path below it: YAML, licences, the version.
pub(super) type Files = BTreeMap<String, String>;

/// What a directory or archive holds.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) files: Files,
    /// Files by name of a rule that are too large or no text.
    pub(super) unread: usize,
}

/// Reads the files of a directory or archive.
///
/// # Errors
/// Whatever makes the set unfit to be kept, in the operator's words.
pub(super) fn gather(path: &Path) -> Result<Gathered> {
    let limits = Limits { expanded_bytes_max: 4 << 30, members_max: FILES_MAX, ..Limits::default() };
    let is_directory = path.is_dir();
    let archive = format!("{}!", path.file_name().unwrap_or_default().to_string_lossy());
    let Gathered { mut files, mut unread } = Gathered::default();
    let mut bytes = 0;
    for found in Sources::new(&[path.to_owned()], limits, inputs::now()) {
        let source = match found {
            Found::Source(source) => source,
            Found::Fault(fault) => {
                refuse_fault(&fault, &archive)?;
                continue;
            }
        };
        let id = source.info.id.to_string();
        let name = match id.strip_prefix(&archive) {
            _ if is_directory => id.as_str(),
            Some(name) => name,
            None => bail!("neither a directory nor a zip or tar archive"),
        };
        if !is_wanted(name) {
            continue;
        }
        let Some(kept) = kept_path(name) else {
            bail!("it holds `{}`, a path that leads out of it or cannot be kept", shortened(name));
        };
        let Some(text) = read(source, name)? else {
            unread += 1;
            continue;
        };
        bytes += text.len();
        ensure!(
            bytes <= SET_BYTES_MAX && files.len() < FILES_MAX,
            "larger than {SET_BYTES_MAX} bytes or {FILES_MAX} files"
        );
        ensure!(files.insert(kept, text).is_none(), "it holds `{name}` twice");
    }
    ensure_apart(&files)?;
    Ok(Gathered { files, unread })
}

/// No path is a file and a directory at once: an archive can say so, a file system cannot keep it.
fn ensure_apart(files: &Files) -> Result<()> {
    for path in files.keys() {
        let mut above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        if let Some(directory) = above.find(|directory| files.contains_key(*directory)) {
            bail!("it holds `{directory}` as a file and as a directory");
        }
    }
    Ok(())
}

/// SHA-256 over path, length and bytes of each file, in the order of paths.
pub(super) fn hash(files: &Files) -> String {
    let mut all = Vec::new();
    for (path, text) in files {
        all.extend_from_slice(path.as_bytes());
        all.extend_from_slice(format!("\0{}\0", text.len()).as_bytes());
        all.extend_from_slice(text.as_bytes());
    }
    digest(&all).to_string()
}

/// A fault of the whole, or of a file that belongs to the set.
fn refuse_fault(fault: &InputFault, archive: &str) -> Result<()> {
    if fault.anomaly == NO_FILES {
        return Ok(()); // whoever asked says that there is no rule in it
    }
    let name = fault.source.strip_prefix(archive).unwrap_or(&fault.source);
    let is_whole = archive.strip_suffix('!') == Some(&*fault.source);
    if fault.loss == Loss::Input && (is_whole || is_wanted(name)) {
        bail!("{}: {} {}", fault.source, fault.anomaly.meaning(), fault.detail);
    }
    Ok(())
}

/// The path under which a file is kept: plain names on any system, none too long. `None` for one that leads elsewhere.
fn kept_path(name: &str) -> Option<String> {
    if name.len() > PATH_BYTES_MAX || name.contains(['\\', ':']) || name.contains(char::is_control) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) if part.len() <= NAME_BYTES_MAX => parts.push(part.to_str()?),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!parts.is_empty() && parts.len() <= DEPTH_MAX).then(|| parts.join("/"))
}

fn is_wanted(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let is_inner_archive = name.contains('!');
    let is_rule = file.ends_with(".yml") || file.ends_with(".yaml");
    !is_inner_archive && (is_rule || is_license(name) || file == "version.txt")
}

/// Whether a file states a licence, by its name.
pub(super) fn is_license(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    ["license", "licence", "copying"].iter().any(|word| file.starts_with(word)) && !file.ends_with(".yml")
}

/// The start of a name that may be of any length.
fn shortened(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    format!("{}…", name.get(..name.floor_char_boundary(NAME_BYTES_MAX)).unwrap_or_default())
}

/// The text of a file; `None` when it is larger than a rule or no text.
fn read(mut source: Source, name: &str) -> Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = match source.read(&mut piece) {
            Ok(0) => return Ok(String::from_utf8(bytes).ok()),
            Ok(read) => read,
            Err(fault) => bail!("{name}: {} {}", fault.anomaly.meaning(), fault.detail),
        };
        bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        if bytes.len() > FILE_BYTES_MAX {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_kept() {
        for (name, kept) in [("a.yml", "a.yml"), ("rules/a/b.yml", "rules/a/b.yml"), ("./a//./b.yml", "a/b.yml")] {
            assert_eq!(kept_path(name).as_deref(), Some(kept), "{name}");
        }
        let long = "x".repeat(300);
        for name in ["../a.yml", "/a.yml", "a/../../b.yml", r"..\a.yml", "c:a.yml", "", ".", "a\x1b.yml", &long] {
            assert_eq!(kept_path(name), None, "{name}");
        }
    }

    #[test]
    fn rules_licences_and_the_version_belong_to_a_set() {
        for name in ["a.yml", "x/B.YAML", "LICENSE", "x/LICENSE.Detection.Rules.md", "version.txt"] {
            assert!(is_wanted(name), "{name}");
        }
        for name in ["a.evtx", "README.md", "inner.zip!a.yml"] {
            assert!(!is_wanted(name), "{name}");
        }
    }
}
