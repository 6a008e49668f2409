//! What is in at one moment, for queries: files that the logs name and events in memory. Later flushes and compactions do not change it.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use object_store::path::Path;

use super::catalogue::Family;
use super::objects::Shared;
use super::{DataFile, Tables};

/// One table at one moment.
#[derive(Clone, Debug)]
pub(crate) struct TableSnapshot {
    pub(crate) family: Family,
    /// Events in memory.
    pub(crate) hot: Vec<RecordBatch>,
    files: Arc<Vec<DataFile>>,
}

/// A file of a snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotFile<'s> {
    family: Family,
    file: &'s DataFile,
}

impl Tables {
    /// All tables at this moment.
    pub(crate) fn snapshot(&self) -> Vec<TableSnapshot> {
        let state = self.inner.read();
        let one = |(family, table): (Family, &super::TableState)| TableSnapshot {
            family,
            hot: table.hot.batches().cloned().collect(),
            files: Arc::clone(&table.files),
        };
        Family::all().zip(&state.tables).map(one).collect()
    }

    /// Where the files are.
    pub(crate) fn objects(&self) -> Shared {
        Arc::clone(&self.inner.objects)
    }
}

impl TableSnapshot {
    pub(crate) fn files(&self) -> impl Iterator<Item = SnapshotFile<'_>> {
        self.files.iter().map(|file| SnapshotFile { family: self.family, file })
    }
}

impl SnapshotFile<'_> {
    /// Path below the folder of the tables.
    pub(crate) fn path(&self) -> Path {
        Path::from(format!("{}/{}", self.family.name(), self.file.path))
    }

    /// Whether its ranges leave room for a position from the first up to the second.
    pub(crate) const fn holds_positions(&self, (from, to): (i64, i64)) -> bool {
        self.file.stats.position.0 < to && from <= self.file.stats.position.1
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.file.bytes
    }

    pub(crate) const fn rows(&self) -> usize {
        self.file.rows
    }

    /// The partition, in days since 1970.
    pub(crate) const fn day(&self) -> i32 {
        self.file.day
    }

    /// Smallest and largest value of a column of moments (microseconds).
    pub(crate) fn moments(&self, column: &str) -> Option<(i64, i64)> {
        let stats = &self.file.stats;
        match column {
            "time" => Some(stats.time),
            "received" => Some(stats.received),
            _ => None,
        }
    }

    /// Smallest and largest value of a column of long integers.
    pub(crate) fn longs(&self, column: &str) -> Option<(i64, i64)> {
        (column == "position").then_some(self.file.stats.position)
    }

    /// Smallest and largest value of a column of integers.
    pub(crate) fn integers(&self, column: &str) -> Option<(i32, i32)> {
        let stats = &self.file.stats;
        match column {
            "class_uid" => Some(stats.class_uid),
            "severity_id" => Some(stats.severity_id),
            _ => None,
        }
    }

    /// Whether the ranges are known.
    pub(crate) fn has_ranges(&self) -> bool {
        self.file.stats != super::FileStats::any()
    }
}
