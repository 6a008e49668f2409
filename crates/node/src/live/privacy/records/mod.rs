//! Who opened each record: what the last review said of every access, kept by patient until the next review says it anew.
//!
//! Comes in: the accesses that a review gathered, each with what it found (`walk`). Goes out: all accesses to the record of one person, in milliseconds (`told`). One file
//! below the data folder, in sealed blocks in the order of patients (`file`), made with bounded memory (`sorted`). A review puts a new file in the place of the old one:
//! what has left the store by then is not in it. What it does not know: who may read it (`policy`).

mod entry;
mod file;
mod sorted;
mod told;
mod walk;

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_model::Time;
use cordon_store::disk::{self, Disk};
use cordon_store::keys::Keys;
use cordon_store::state::{ReviewRun, ReviewSilence};
use serde::{Deserialize, Serialize};

pub(super) use self::entry::Opened;
use self::file::{Place, Writing, read};
pub(super) use self::sorted::Sorted;
pub(super) use self::told::told;
pub(super) use self::walk::{Walked, sort};

/// Folder below the data folder.
const FOLDER: &str = "privacy";
/// Name of the file.
const FILE: &str = "records";
/// Most accesses to one record that are given at once; earlier ones are counted.
const ACCESSES_MAX: usize = 20_000;

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) site: String,
    /// Microseconds since 1970, as the other times.
    ran: i64,
    from: i64,
    until: i64,
    pub(super) silences: Vec<ReviewSilence>,
}

impl About {
    /// Of a review.
    pub(super) fn of(run: &ReviewRun) -> Self {
        let (ran, from, until) = (run.ran.0, run.from.0, run.until.0);
        Self { site: run.site.clone(), ran, from, until, silences: run.silences.clone() }
    }

    /// When the review ran.
    pub(super) const fn ran(&self) -> Time {
        Time(self.ran)
    }

    /// The accesses that it looked at.
    pub(super) const fn period(&self) -> Range<Time> {
        Time(self.from)..Time(self.until)
    }
}

/// All accesses to the record of one person.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) about: About,
    /// The pseudonyms that are this person's.
    pub(super) patients: Vec<String>,
    /// In order of time.
    pub(super) accesses: Vec<Opened>,
    /// Earlier accesses of the period, for which there was no room.
    pub(super) left_out: u64,
}

/// Where the file of a node is, and its keys. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Records {
    disk: Arc<dyn Disk>,
    keys: Arc<Keys>,
    dir: PathBuf,
    site: Arc<str>,
}

/// Why nothing is told of a record.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordsFault {
    #[error("{0}")]
    Disk(#[from] io::Error),
    #[error("the keys of the store: {0}")]
    Keys(String),
    #[error("the file of the last review is damaged or of another version: the next review writes it anew")]
    Damaged,
}

impl Records {
    /// Below a data folder.
    pub(super) fn new(disk: Arc<dyn Disk>, keys: Arc<Keys>, data_dir: &Path, site: &str) -> Self {
        Self { disk, keys, dir: data_dir.join(FOLDER), site: site.into() }
    }

    fn place(&self) -> Place<'_> {
        Place { disk: &*self.disk, keys: &self.keys, path: self.dir.join(FILE), site: &self.site }
    }

    /// Puts what was sorted in the place of what was there: after a crash one of both is there in full.
    pub(super) fn replace(&self, about: &About, sorted: Sorted) -> Result<(), RecordsFault> {
        disk::make_dirs(&*self.disk, &self.dir)?;
        let mut writing = Writing::begin(self.place())?;
        sorted.each(|entry| writing.push(entry))?;
        writing.finish(about)
    }

    /// The accesses between two times to the record of whoever has this pseudonym. `None` without a file; a record without patients when the review knew nobody of that
    /// pseudonym.
    pub(super) fn read(&self, patient: u128, period: &Range<Time>) -> Result<Option<Record>, RecordsFault> {
        read(&self.place(), patient, period, ACCESSES_MAX)
    }

    /// Removes the file: nothing is reviewed any more, or it is older than what may still be known.
    pub(super) fn remove(&self) -> io::Result<()> {
        match self.disk.remove(&self.dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.disk.sync_dir(&self.dir),
        }
    }
}

#[cfg(test)]
mod tests;
