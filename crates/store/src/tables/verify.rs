//! Whether the tables are what their logs say: every file is there, as long and with as many rows as it should be, and no other file lies beside it.

use std::collections::BTreeSet;

use datafusion::parquet::file::reader::{FileReader as _, SerializedFileReader};
use futures_util::TryStreamExt as _;
use object_store::path::Path;

use super::catalogue::Family;
use super::delta::DeltaLog;
use super::error::TablesError;
use super::objects::Objects;
use super::retain::data_path;
use super::stream::Pieces;
use super::{DataFile, Tables};

/// What [`Tables::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TablesVerified {
    /// Files that were looked at.
    pub files: u64,
    /// Events in them.
    pub rows: u64,
    /// What is wrong, in words, with the file.
    pub faults: Vec<String>,
}

impl Tables {
    /// Reads every log anew and the footer of every file. Can run while events come in.
    ///
    /// # Errors
    /// When a log cannot be read at all.
    pub async fn verify(&self) -> Result<TablesVerified, TablesError> {
        let _turn = self.inner.maintenance.lock().await;
        self.settle_doubts().await?;
        let mut verified = TablesVerified::default();
        for family in Family::all() {
            // flushes wait meanwhile: a file that is written now is not yet named
            let _commits = self.inner.commits.lock().await;
            let log = DeltaLog::open(&self.inner.objects, family).await?;
            let files = log.files();
            if *self.files_of(family) != files && !same(&self.files_of(family), &files) {
                verified.faults.push(format!("{}: the log does not name the files that queries read", family.name()));
            }
            self.beside(family, &log, &files, &mut verified).await?;
            let objects = self.inner.files.clone();
            let work = tokio::task::spawn_blocking(move || look(&objects, family, &files));
            let found = work.await.map_err(|_| TablesError::GivenUp)?;
            verified.files += found.files;
            verified.rows += found.rows;
            verified.faults.extend(found.faults);
        }
        Ok(verified)
    }

    /// Files that nothing names.
    async fn beside(
        &self,
        family: Family,
        log: &DeltaLog,
        files: &[DataFile],
        verified: &mut TablesVerified,
    ) -> Result<(), TablesError> {
        let mut known: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
        known.extend(log.removed().await?);
        let root = Path::from(family.name());
        let found: Vec<_> = self.inner.objects.list(Some(&root)).try_collect().await?;
        let others = found.iter().filter_map(|object| data_path(&root, &object.location));
        for path in others.filter(|path| !known.contains(path)) {
            verified.faults.push(format!("{}/{path}: no commit names this file", family.name()));
        }
        Ok(())
    }
}

/// Whether both lists name the same files, in any order.
fn same(one: &[DataFile], other: &[DataFile]) -> bool {
    let paths = |files: &[DataFile]| files.iter().map(|file| (file.path.clone(), file.rows)).collect::<BTreeSet<_>>();
    paths(one) == paths(other)
}

fn look(objects: &Objects, family: Family, files: &[DataFile]) -> TablesVerified {
    let mut found = TablesVerified::default();
    for file in files {
        let path = format!("{}/{}", family.name(), file.path);
        found.files += 1;
        match rows_of(objects, &path, file.bytes) {
            Ok(rows) if rows == file.rows as u64 => found.rows += rows,
            Ok(rows) => found.faults.push(format!("{path}: holds {rows} events, the log says {}", file.rows)),
            Err(fault) => found.faults.push(format!("{path}: {fault}")),
        }
    }
    found
}

fn rows_of(objects: &Objects, path: &str, bytes: u64) -> Result<u64, String> {
    let pieces = Pieces::open(objects, &Path::from(path)).map_err(|error| error.to_string())?;
    let length = datafusion::parquet::file::reader::Length::len(&pieces);
    if length != bytes {
        return Err(format!("is {length} bytes long, the log says {bytes}"));
    }
    let reader = SerializedFileReader::new(pieces).map_err(|error| error.to_string())?;
    u64::try_from(reader.metadata().file_metadata().num_rows()).map_err(|error| error.to_string())
}
