//! The index that a review writes, so that one record is told in a moment: what is gathered for it while accesses are read, and when it is written.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cordon_node::record_index::{About, EXPLANATIONS, Ends, FILE, Gather, IndexWriter, WITHHELD};
use cordon_privacy::{Found, Review};

use super::folder::{Folder, SUMMARY};
use super::tables;

/// What is gathered while accesses are read.
#[derive(Debug)]
pub(super) struct Indexing {
    accesses: PathBuf,
    context: PathBuf,
    about: About,
    pub(super) gather: Gather,
}

/// An index that is being written.
#[derive(Debug)]
pub(super) struct Writing {
    accesses: PathBuf,
    context: PathBuf,
    about: About,
    pub(super) index: IndexWriter,
}

impl Indexing {
    /// Begins, before anything is read. None where the accesses come through a pipe: their rows cannot be read again. `next_at` is where the first row begins.
    pub(super) fn begin(accesses: &Path, context: &Path, folder: &Folder, next_at: u64) -> Result<Option<Self>> {
        let about = About::files(accesses, context).with_context(|| format!("--accesses {}", accesses.display()))?;
        let Some(about) = about else {
            tables::note("no records.index is written: --accesses is no file that can be read again");
            return Ok(None);
        };
        let gather = Gather::new(folder.dir(), next_at)
            .with_context(|| format!("temporary file in {}", folder.dir().display()))?;
        Ok(Some(Self { accesses: accesses.to_owned(), context: context.to_owned(), about, gather }))
    }

    /// Begins to write, before the explanations are written.
    pub(super) fn write(self, folder: &mut Folder) -> Result<Writing> {
        let Self { accesses, context, about, gather } = self;
        let file = folder.begin(FILE)?;
        Ok(Writing { accesses, context, about, index: written(folder, IndexWriter::begin(gather, file))? })
    }
}

impl Writing {
    /// Writes the rest, when all other files of the review have been written. A review of files that were changed meanwhile has no index.
    pub(super) fn finish(
        self,
        folder: &mut Folder,
        review: &Review,
        found: &Found,
        (rows_not_used, ends): (u64, Ends),
    ) -> Result<()> {
        let Self { accesses, context, mut about, index } = self;
        if About::files(&accesses, &context).ok().flatten().as_ref() != Some(&about) {
            tables::note("no records.index is written: a file was changed while it was reviewed");
            return folder.give_up(FILE);
        }
        let parts = [EXPLANATIONS, WITHHELD, SUMMARY].map(|name| (name, folder.part(name)));
        let parts = parts.each_ref().map(|(name, path)| (*name, path.as_path()));
        written(folder, about.add(review, &found.silences, rows_not_used, &parts))?;
        let file: BufWriter<File> = written(folder, index.finish(review, &about, ends))?;
        folder.end(FILE, file)
    }
}

fn written<T>(folder: &Folder, result: std::io::Result<T>) -> Result<T> {
    result.with_context(|| format!("writing {}", folder.part(FILE).display()))
}
