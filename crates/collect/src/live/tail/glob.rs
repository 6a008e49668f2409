//! Which files a pattern names: `*` and `?` within the parts of a path. A folder names the files in it.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Most files of one pattern.
pub(super) const FILES_MAX: usize = 1_024;
/// Most parts of a pattern.
const PARTS_MAX: usize = 64;

/// The files that a pattern names now, sorted, at most [`FILES_MAX`], and whether there are more.
///
/// # Errors
/// When a folder cannot be read; then nothing is known of its files, which is not the same as that they are gone.
pub(super) fn files(pattern: &Path) -> io::Result<(Vec<PathBuf>, bool)> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components().take(PARTS_MAX) {
        let part = part.as_os_str();
        let wild = part.to_str().filter(|part| part.contains(['*', '?']));
        found = match wild {
            None => found.into_iter().map(|path| path.join(part)).collect(),
            Some(wild) => matches(&found, wild)?,
        };
    }
    let mut all = Vec::new();
    for path in found {
        match fs::metadata(&path) {
            Ok(met) if met.is_dir() => all.extend(matches(&[path], "*")?),
            Ok(_) => all.push(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    all.retain(|path| path.is_file());
    all.sort();
    let more = all.len() > FILES_MAX;
    all.truncate(FILES_MAX);
    Ok((all, more))
}

/// What is in folders under names that a part with `*` or `?` fits.
fn matches(folders: &[PathBuf], wild: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_hidden = name.as_encoded_bytes().starts_with(b".") && !wild.starts_with('.');
            if !is_hidden && fits(wild.as_bytes(), name.as_encoded_bytes()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a name fits a part with `*` (any bytes) and `?` (one byte). Goes back to the last `*` only, so it takes at most the product of both lengths.
fn fits(wild: &[u8], name: &[u8]) -> bool {
    let (mut at, mut within) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(within) {
        match wild.get(at) {
            Some(b'*') => {
                last_star = Some((at + 1, within));
                at += 1;
            }
            Some(b'?') => (at, within) = (at + 1, within + 1),
            Some(expected) if expected == byte => (at, within) = (at + 1, within + 1),
            _ => {
                let Some((after, from)) = last_star else { return false };
                last_star = Some((after, from + 1));
                (at, within) = (after, from + 1);
            }
        }
    }
    wild.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_bytes_and_question_marks_for_one() {
        for (wild, name, expect) in [
            ("*", "a", true),
            ("*.log", "a.log", true),
            ("*.log", "a.log.1", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*", "a", true),
        ] {
            assert_eq!(fits(wild.as_bytes(), name.as_bytes()), expect, "{wild} {name}");
        }
    }

    #[test]
    fn patterns_cross_folders_and_a_folder_names_its_files() {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/x.log", "a/.hidden.log", "b/y.log", "b/z.txt", "b/deep/w.log"] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let (found, _) = files(&root.path().join(pattern)).unwrap();
            found.iter().map(|path| path.strip_prefix(root.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(names("*/*.log"), ["a/x.log", "b/y.log"]);
        assert_eq!(names("b"), ["b/y.log", "b/z.txt"]);
        assert_eq!(names("none/*.log"), Vec::<String>::new());
    }
}
