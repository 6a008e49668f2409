//! The files of a rule set, from a directory or a zip archive, through the same bounded reading as logs.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use anyhow::{Result, bail, ensure};
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

/// Text files that belong to a rule set, by their path below it: YAML, licences, the version.
pub(super) type Files = BTreeMap<String, String>;

/// Reads the files of a directory or archive.
///
/// # Errors
/// Whatever makes the set unfit to be kept, in the operator's words.
pub(super) fn gather(path: &Path) -> Result<Files> {
    let limits = Limits { expanded_bytes_max: 4 << 30, zip_members_max: FILES_MAX, ..Limits::default() };
    let is_directory = path.is_dir();
    let archive = format!("{}!", path.file_name().unwrap_or_default().to_string_lossy());
    let mut files = Files::new();
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
            None => bail!("neither a directory nor a zip archive"),
        };
        ensure!(stays_inside(name), "it holds `{name}`, a path that leads out of it");
        if !is_wanted(name) {
            continue;
        }
        let text = read(source, name)?;
        bytes += text.len();
        ensure!(
            bytes <= SET_BYTES_MAX && files.len() < FILES_MAX,
            "larger than {SET_BYTES_MAX} bytes or {FILES_MAX} files"
        );
        files.insert(name.to_owned(), text);
    }
    Ok(files)
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
    let name = fault.source.strip_prefix(archive).unwrap_or(&fault.source);
    let is_whole = archive.strip_suffix('!') == Some(&*fault.source);
    if fault.loss == Loss::Input && (is_whole || is_wanted(name)) {
        bail!("{}: {} {}", fault.source, fault.anomaly.meaning(), fault.detail);
    }
    Ok(())
}

/// Whether a path has only plain names in it, on any system. An archive within the archive is no path.
fn stays_inside(name: &str) -> bool {
    let parts: Vec<Component<'_>> = Path::new(name).components().collect();
    let plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    plain && parts.len() <= DEPTH_MAX && !name.contains(['\\', '\0', ':']) && !name.is_empty()
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

fn read(mut source: Source, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = match source.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(fault) => bail!("{name}: {} {}", fault.anomaly.meaning(), fault.detail),
        };
        bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
        ensure!(bytes.len() <= FILE_BYTES_MAX, "{name}: larger than {FILE_BYTES_MAX} bytes");
    }
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{name}: not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_stay_inside() {
        for name in ["a.yml", "rules/a/b.yml"] {
            assert!(stays_inside(name), "{name}");
        }
        for name in ["../a.yml", "/a.yml", "a/../../b.yml", r"..\a.yml", "c:a.yml", "", "./a.yml"] {
            assert!(!stays_inside(name), "{name}");
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
