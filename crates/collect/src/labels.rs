//! What the sources of each PATH are called.
//!
//! In: the PATHs as given. Out: for each the start of its source ids, decided by the PATHs alone, never by what lies below them: ids stay the same when files
//! come and go. One folder needs no name, so its ids do not depend on where it lies. Of several PATHs each goes by its own name, and where two names are
//! equal, or one would lie within the other, by as many folders above as tell them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The start of the source ids of each PATH, in their order: all of the id for a file, the first names of it for a folder. Empty for a folder alone.
pub(crate) fn labels(paths: &[PathBuf]) -> Vec<String> {
    let names: Vec<Vec<String>> = paths.iter().map(|path| names(path)).collect();
    if let ([path], [names]) = (paths, names.as_slice()) {
        let own = if path.is_dir() { None } else { names.last() };
        return vec![own.cloned().unwrap_or_default()];
    }
    let shown = told_apart(&names);
    names.iter().map(|names| last(names, shown.get(names).copied().unwrap_or(1)).join("/")).collect()
}

/// How many of its last names each path needs.
fn told_apart(paths: &[Vec<String>]) -> BTreeMap<&Vec<String>, usize> {
    let mut shown: BTreeMap<&Vec<String>, usize> = paths.iter().map(|names| (names, 1)).collect();
    // Bounded by the deepest path: every turn but the last shows one name more of some.
    loop {
        let mut clashing: BTreeSet<&Vec<String>> = BTreeSet::new();
        let mut sorted: Vec<(&[String], &Vec<String>)> =
            shown.iter().map(|(names, count)| (last(names, *count), *names)).collect();
        sorted.sort_unstable();
        let mut first: Option<(&[String], &Vec<String>)> = None;
        // What starts like another follows directly behind it.
        for (label, names) in sorted {
            match first {
                Some((start, whose)) if label.starts_with(start) => clashing.extend([whose, names]),
                _ => first = Some((label, names)),
            }
        }
        let mut grew = false;
        for names in clashing {
            let Some(count) = shown.get_mut(names).filter(|count| **count < names.len()) else { continue };
            *count += 1;
            grew = true;
        }
        if !grew {
            return shown;
        }
    }
}

fn last(names: &[String], count: usize) -> &[String] {
    names.get(names.len().saturating_sub(count)..).unwrap_or_default()
}

/// The names of a path from the root on, as given; through links only where `..` or `.` leave no other name.
fn names(path: &Path) -> Vec<String> {
    if path.as_os_str() == "-" {
        return vec!["-".to_owned()];
    }
    let given = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let climbs = given.components().any(|part| part == Component::ParentDir);
    let named = if climbs { fs::canonicalize(path).unwrap_or(given) } else { given };
    let plain =
        named.components().filter_map(|part| if let Component::Normal(name) = part { Some(name) } else { None });
    plain.map(name_text).collect()
}

/// A name as text. Bytes that are no UTF-8 are written `\xFF`: two such names stay two.
pub(crate) fn name_text(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str], expect: &[&str]) {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        assert_eq!(labels(&paths), expect);
    }

    #[test]
    fn a_path_goes_by_its_name_and_by_as_many_folders_above_as_tell_it_apart() {
        check(&["/no/a.log"], &["a.log"]);
        check(&["/"], &[""]);
        check(&["/no/a.log", "/no/b.log", "-"], &["a.log", "b.log", "-"]);
        check(&["/no/x/a.log", "/no/y/a.log", "/no/y/b.log"], &["x/a.log", "y/a.log", "b.log"]);
        check(&["/n/x/logs/a", "/n/y/logs/a", "/m/y/logs/a"], &["x/logs/a", "n/y/logs/a", "m/y/logs/a"]);
        check(&["/no/a", "/no/a"], &["a", "a"]);
        check(&["/no/./a", "/no/a/"], &["a", "a"]);
        check(&["-", "/no/-", "-"], &["-", "no/-", "-"]);
    }

    #[test]
    fn no_label_lies_within_another_as_far_as_paths_allow() {
        check(&["/x/p", "/x/p/a.log"], &["p", "a.log"]);
        check(&["/y/p", "/x/p/a", "/z/q/a"], &["y/p", "x/p/a", "q/a"]);
        check(&["/a", "/a/a"], &["a", "a/a"]);
    }

    #[test]
    fn names_that_are_no_text_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(name_text(OsStr::from_bytes(b"Gr\xFC\xDFe.log")), r"Gr\xFC\xDFe.log");
        assert_eq!(name_text(OsStr::new("Grüße.log")), "Grüße.log");
    }
}
