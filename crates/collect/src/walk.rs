//! The walk over the PATHs: which files they stand for, in a fixed order, and which they do not.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::anomaly;
use crate::fault::{InputFault, Loss};
use crate::labels::{labels, name_text};

/// Deepest directory below a PATH.
const DEPTH_MAX: usize = 128;
/// Most files below one PATH.
const FILES_MAX: usize = 4_000_000;
/// Most links in a row, as on Linux.
const LINK_HOPS_MAX: usize = 40;

/// Something a PATH stands for.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Standard input.
    Stdin,
    /// A file to read.
    File(FoundFile),
    /// Something that is not read.
    Fault(InputFault),
}

/// A file to read.
#[derive(Debug)]
pub(crate) struct FoundFile {
    pub(crate) id: Arc<str>,
    pub(crate) path: PathBuf,
    /// Size when it was found; 0 for pipes and devices.
    pub(crate) bytes: u64,
}

/// Everything that `paths` stand for, in their order, directories in the order of their names. What several of them stand for is read once.
pub(crate) fn walk(paths: &[PathBuf]) -> Vec<Entry> {
    let taken = (paths.len() > 1).then(HashSet::new);
    let mut walk = Walk { root: PathBuf::new(), seen: HashSet::new(), taken, found: Vec::new() };
    for (path, label) in paths.iter().zip(labels(paths)) {
        walk.path(path, &label);
    }
    walk.found
}

struct Walk {
    /// Canonical path of the PATH being walked.
    root: PathBuf,
    /// Canonical paths of its directories and link targets already taken.
    seen: HashSet<PathBuf>,
    /// Canonical paths of the files of all PATHs, where there are several; standard input as `-`.
    taken: Option<HashSet<PathBuf>>,
    found: Vec<Entry>,
}

impl Walk {
    fn path(&mut self, path: &Path, label: &str) {
        let id: Arc<str> = Arc::from(label);
        if path.as_os_str() == "-" {
            return if self.is_first(path) {
                self.found.push(Entry::Stdin);
            } else {
                self.fault(&id, anomaly::REPEATED, Loss::Nothing);
            };
        }
        match (fs::metadata(path), fs::canonicalize(path)) {
            (Ok(metadata), Ok(root)) if metadata.is_dir() => {
                let before = self.found.len();
                self.root.clone_from(&root);
                self.seen.clear();
                self.directory(path, root, label, 0);
                self.say_if_empty(path, before);
            }
            (Ok(_), Ok(canonical)) if !self.is_first(&canonical) => self.fault(&id, anomaly::REPEATED, Loss::Nothing),
            (Ok(metadata), _) => {
                self.found.push(Entry::File(FoundFile { id, path: path.to_owned(), bytes: metadata.len() }));
            }
            (Err(error), _) => self.unreadable(path, &id, &error),
        }
    }

    /// Whether no PATH before gave this file.
    fn is_first(&mut self, canonical: &Path) -> bool {
        self.taken.as_mut().is_none_or(|taken| taken.insert(canonical.to_owned()))
    }

    fn directory(&mut self, path: &Path, canonical: PathBuf, id: &str, depth: usize) {
        let named: Arc<str> = Arc::from(if id.is_empty() { "." } else { id });
        if depth > DEPTH_MAX {
            return self.fault(&named, anomaly::TOO_DEEP, Loss::Input);
        }
        let mut names = match fs::read_dir(path).and_then(|list| list.map(|entry| Ok(entry?.file_name())).collect()) {
            Ok::<Vec<_>, _>(names) => names,
            Err(error) => return self.unreadable(path, &named, &error),
        };
        if !self.seen.insert(canonical.clone()) {
            return self.fault(&named, anomaly::LINK_INSIDE, Loss::Nothing);
        }
        names.sort_unstable();
        for name in names {
            if self.found.len() >= FILES_MAX {
                return self.fault(&named, anomaly::TOO_MANY_FILES, Loss::Input);
            }
            let below = name_text(&name);
            let id = if id.is_empty() { below } else { format!("{id}/{below}") };
            self.entry(&path.join(&name), &canonical, &id, depth);
        }
    }

    fn entry(&mut self, path: &Path, parent: &Path, id: &str, depth: usize) {
        let named: Arc<str> = Arc::from(id);
        let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return self.unreadable(path, &named, &error),
        };
        let canonical = match (is_link, path.file_name()) {
            (false, Some(name)) => Ok(parent.join(name)),
            _ => fs::canonicalize(path),
        };
        let canonical = match canonical {
            Ok(canonical) => canonical,
            Err(error) => return self.unreadable(path, &named, &error),
        };
        if is_link && parent.starts_with(&canonical) {
            return self.fault(&named, anomaly::LINK_LOOP, Loss::Nothing);
        }
        if is_link && (canonical.starts_with(&self.root) || self.seen.contains(&canonical)) {
            return self.fault(&named, anomaly::LINK_INSIDE, Loss::Nothing);
        }
        if metadata.is_dir() {
            return self.directory(path, canonical, id, depth + 1);
        }
        if !metadata.is_file() {
            return self.fault(&named, anomaly::NOT_A_FILE, Loss::Nothing);
        }
        if !self.is_first(&canonical) {
            return self.fault(&named, anomaly::REPEATED, Loss::Nothing);
        }
        if is_link {
            self.seen.insert(canonical);
        }
        self.found.push(Entry::File(FoundFile { id: named, path: path.to_owned(), bytes: metadata.len() }));
    }

    /// A folder was asked for, so finding nothing to read in it is a loss; not when it was read already or something worse was said of it.
    fn say_if_empty(&mut self, path: &Path, before: usize) {
        let says_nothing = |entry: &Entry| match entry {
            Entry::Fault(fault) => fault.loss == Loss::Nothing && fault.anomaly != anomaly::REPEATED,
            Entry::Stdin | Entry::File(_) => false,
        };
        if self.found.iter().skip(before).all(says_nothing) {
            self.fault(&Arc::from(path.to_string_lossy()), anomaly::NO_FILES, Loss::Input);
        }
    }

    fn fault(&mut self, named: &Arc<str>, anomaly: cordon_model::Anomaly, loss: Loss) {
        self.found.push(Entry::Fault(InputFault::new(named, anomaly, loss)));
    }

    fn unreadable(&mut self, path: &Path, named: &Arc<str>, error: &std::io::Error) {
        let fault = if is_link_circle(path) {
            InputFault::new(named, anomaly::LINK_LOOP, Loss::Nothing)
        } else {
            InputFault::from_io(named, error)
        };
        self.found.push(Entry::Fault(fault));
    }
}

/// Whether links lead only to links, as far as the system would follow them.
fn is_link_circle(path: &Path) -> bool {
    let mut at = path.to_owned();
    for _ in 0..LINK_HOPS_MAX {
        let Ok(target) = fs::read_link(&at) else { return false };
        at = at.parent().map_or_else(|| target.clone(), |parent| parent.join(&target));
    }
    true
}
