//! The folder of a review: every file is written beside its final name, and all get their names at the end.
//!
//! Whoever reads the folder sees one review or the other. `summary.json` goes first and comes back last: while it is there, the files beside it are of one run.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cordon_node::record_index;
pub(super) use cordon_node::record_index::SUMMARY;

/// Every file that a review may write. What is written last says that the others are whole.
const NAMES: [&str; 8] = [
    record_index::EXPLANATIONS,
    record_index::WITHHELD,
    "cases.ndjson",
    "faults.csv",
    "templates.ndjson",
    "withdrawn.ndjson",
    record_index::FILE,
    SUMMARY,
];

/// A folder, and what is written into it but has no name yet.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    written: Vec<&'static str>,
}

impl Folder {
    /// Makes the folder when it is not there, and finds out at once whether anything can be written into it.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir)
            .and_then(|()| tempfile::tempfile_in(dir))
            .with_context(|| format!("--out {}: name a folder in which files may be written", dir.display()))?;
        Ok(Self { dir: dir.to_owned(), written: Vec::new() })
    }

    /// Where it is: temporary files without a name may be kept there.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a file is until it gets its name.
    pub(super) fn part(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.part"))
    }

    /// Begins a file.
    pub(super) fn begin(&mut self, name: &'static str) -> Result<BufWriter<File>> {
        self.written.push(name);
        let file = File::create(self.part(name)).with_context(|| self.what(name))?;
        Ok(BufWriter::with_capacity(1 << 20, file))
    }

    /// Ends a file: all of it is on the disk.
    pub(super) fn end(&self, name: &str, file: BufWriter<File>) -> Result<()> {
        let file = file.into_inner().map_err(io::IntoInnerError::into_error).with_context(|| self.what(name))?;
        file.sync_all().with_context(|| self.what(name))
    }

    /// Writes a file.
    pub(super) fn write(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<()> {
        let mut file = self.begin(name)?;
        write(&mut file).and_then(|()| file.flush()).with_context(|| self.what(name))?;
        self.end(name, file)
    }

    /// Takes away a file that was begun and is not to be there.
    pub(super) fn give_up(&mut self, name: &str) -> Result<()> {
        self.written.retain(|written| *written != name);
        remove(&self.part(name))
    }

    /// Gives every file its name, and takes away what an earlier review left and this one does not have.
    pub(super) fn publish(mut self) -> Result<()> {
        remove(&self.dir.join(SUMMARY))?;
        for name in NAMES {
            let path = self.dir.join(name);
            if self.written.contains(&name) {
                fs::rename(self.part(name), &path).with_context(|| self.what(name))?;
            } else {
                remove(&path)?;
                remove(&self.part(name))?;
            }
        }
        self.written.clear();
        // the names too have to be on the disk; some file systems cannot promise it
        let _ = File::open(&self.dir).and_then(|dir| dir.sync_all());
        Ok(())
    }

    fn what(&self, name: &str) -> String {
        format!("writing {}: what was there before is left as it was", self.dir.join(name).display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // a run that ended early leaves nothing; what cannot be removed is overwritten by the next
        for name in &self.written {
            let _ = fs::remove_file(self.part(name));
        }
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).with_context(|| format!("{}", path.display())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_get_their_names_together_and_those_of_an_earlier_run_go() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["withdrawn.ndjson", "cases.ndjson", "cases.ndjson.part", "of somebody else"] {
            fs::write(dir.path().join(name), "old").unwrap();
        }
        let mut folder = Folder::open(dir.path()).unwrap();
        folder.write("cases.ndjson", |out| out.write_all(b"new")).unwrap();
        folder.write(SUMMARY, |out| out.write_all(b"{}")).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("cases.ndjson")).unwrap(), "old");
        folder.publish().unwrap();
        assert_eq!(names(dir.path()), ["cases.ndjson", "of somebody else", "summary.json"]);
        assert_eq!(fs::read_to_string(dir.path().join("cases.ndjson")).unwrap(), "new");
    }

    #[test]
    fn a_run_that_ends_early_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(SUMMARY), "old").unwrap();
        let mut folder = Folder::open(dir.path()).unwrap();
        folder.write("cases.ndjson", |out| out.write_all(b"new")).unwrap();
        folder.write(SUMMARY, |_| Err(io::Error::other("full"))).unwrap_err();
        drop(folder);
        assert_eq!(names(dir.path()), [SUMMARY]);
        assert_eq!(fs::read_to_string(dir.path().join(SUMMARY)).unwrap(), "old");
    }
}
