//! The files of the repository. Comes before every check; knows only what to leave out.
//!
//! The tree is walked, not asked from git, so that a copy without history can be checked too. Left out are `.git` and what the rooted lines of
//! `.gitignore` name.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Most files that are read; a tree with more holds something that `.gitignore` does not name.
const FILES_MAX: usize = 50_000;

/// One file.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    /// Path from the root, with `/`.
    pub(super) path: String,
    /// Content; empty when it is not UTF-8.
    pub(super) text: String,
}

impl File {
    #[cfg(test)]
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether the name ends in `.` and `extension`.
    pub(super) fn is(&self, extension: &str) -> bool {
        self.name().rsplit_once('.').is_some_and(|(_, found)| found == extension)
    }
}

/// All files below `root`, sorted by path.
pub(super) fn read(root: &Path) -> Result<Vec<File>> {
    let ignore = fs::read_to_string(root.join(".gitignore")).context(".gitignore cannot be read")?;
    let ignored = ignored(&ignore)?;
    let (mut files, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).with_context(|| format!("{folder} cannot be listed"))? {
            let entry = entry?;
            let name =
                entry.file_name().into_string().map_err(|name| anyhow::anyhow!("not UTF-8: {}", name.display()))?;
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if path == ".git" || ignored.contains(&path.as_str()) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let text = String::from_utf8(fs::read(root.join(&path))?).unwrap_or_default();
                files.push(File { path, text });
            }
        }
        if files.len() > FILES_MAX {
            bail!("more than {FILES_MAX} files: name what does not belong to the repository in .gitignore");
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// The paths that `.gitignore` names.
fn ignored(text: &str) -> Result<Vec<&str>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let path = line.strip_prefix('/').filter(|path| !path.contains(['*', '?', '[']));
            path.map(|path| path.trim_end_matches('/'))
                .with_context(|| format!(".gitignore: write {line} as a plain path that starts with /"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooted_paths_are_ignored_and_patterns_refused() {
        assert_eq!(ignored("# built\n/target\n/fuzz/target/\n").unwrap(), ["target", "fuzz/target"]);
        assert!(ignored("*.log\n").is_err());
        assert!(ignored("/a/*.log\n").is_err());
    }

    #[test]
    fn names_and_endings_are_those_of_the_last_part() {
        let file = File::new("a.b/Makefile", "");
        assert_eq!(file.name(), "Makefile");
        assert!(!file.is("b/Makefile"));
        assert!(File::new("a/x.rs", "").is("rs"));
    }
}
