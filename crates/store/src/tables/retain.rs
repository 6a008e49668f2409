//! What leaves: whole days, and the files that no table names any more. Which days those are is decided by whoever owns the budget of the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use deltalake::kernel::Action;
use deltalake::protocol::DeltaOperation;
use futures_util::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::catalogue::{EVENT_DAY, Family};
use super::error::TablesError;
use super::file::day_text;
use super::flush::now_ms;
use super::objects::UNFINISHED;
use super::{DataFile, Tables};

/// What one day of one table takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCounts {
    /// The table.
    pub family: Family,
    /// Days since 1970, UTC, of receipt.
    pub day: i32,
    /// Bytes of its files.
    pub bytes: u64,
    /// Events.
    pub rows: u64,
    /// First and last offset of their records in the write-ahead log.
    pub offsets: (u64, u64),
}

impl Tables {
    /// Every day of every table, by table and day.
    #[must_use]
    pub fn days(&self) -> Vec<DayCounts> {
        Family::all().flat_map(|family| days_of(family, &self.files_of(family))).collect()
    }

    /// Drops a day of a table from its files. Queries that began before still read it; its files go with the next vacuum. Gives how many events left. What is in memory
    /// stays: it is the newest.
    ///
    /// # Errors
    /// When the log cannot be written; nothing is dropped then.
    pub async fn drop_day(&self, family: Family, day: i32) -> Result<u64, TablesError> {
        let _turn = self.inner.maintenance.lock().await;
        self.settle_doubts().await?;
        let gone: Vec<DataFile> = self.files_of(family).iter().filter(|file| file.day == day).cloned().collect();
        if gone.is_empty() {
            return Ok(0);
        }
        let now = now_ms();
        let actions = gone.iter().map(|file| Action::Remove(file.remove(now, true))).collect();
        let predicate = Some(format!("{EVENT_DAY} = '{}'", day_text(day)));
        self.replace(family, actions, DeltaOperation::Delete { predicate }, &gone, None).await?;
        Ok(gone.iter().map(|file| file.rows as u64).sum())
    }

    /// Removes files that no table names, when they left or were written longer ago than `spared`, which must be longer than any query and export takes. Gives how many.
    ///
    /// # Errors
    /// When files cannot be listed or removed.
    pub async fn vacuum(&self, spared: Duration) -> Result<usize, TablesError> {
        let _turn = self.inner.maintenance.lock().await;
        let before = SystemTime::now().checked_sub(spared).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut removed = 0;
        for family in Family::all() {
            // commits wait meanwhile: a file that is written now is not yet named
            let mut logs = self.inner.commits.lock().await;
            let Some(log) = logs.get_mut(family.place()) else { continue };
            self.inner.settle_doubt(log).await?;
            let mut kept: BTreeSet<String> = self.files_of(family).iter().map(|file| file.path.clone()).collect();
            kept.extend(log.removed_since(before).await?);
            removed += self.remove_others(family, &kept, before).await?;
        }
        Ok(removed)
    }

    async fn remove_others(
        &self,
        family: Family,
        kept: &BTreeSet<String>,
        before: SystemTime,
    ) -> Result<usize, TablesError> {
        let root = Path::from(family.name());
        let found: Vec<_> = self.inner.objects.list(Some(&root)).try_collect().await?;
        let mut removed = 0;
        for object in found {
            let Some(path) = data_path(&root, &object.location) else { continue };
            if !kept.contains(&path) && SystemTime::from(object.last_modified) <= before {
                self.inner.objects.delete(&object.location).await?;
                self.inner.files.reached("tables.file_cleared");
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn days_of(family: Family, files: &[DataFile]) -> Vec<DayCounts> {
    let mut days: BTreeMap<i32, DayCounts> = BTreeMap::new();
    for file in files {
        let offset = |position: i64| u64::try_from(position).unwrap_or_default();
        let (first, last) = (offset(file.stats.position.0), offset(file.stats.position.1));
        let day = days.entry(file.day).or_insert(DayCounts {
            family,
            day: file.day,
            bytes: 0,
            rows: 0,
            offsets: (first, last),
        });
        day.bytes += file.bytes;
        day.rows += file.rows as u64;
        day.offsets = (day.offsets.0.min(first), day.offsets.1.max(last));
    }
    days.into_values().collect()
}

/// The path below its table of a file with events or of one that was being written; `None` for the log.
pub(super) fn data_path(root: &Path, location: &Path) -> Option<String> {
    let path = Path::from_iter(location.prefix_match(root)?).to_string();
    let is_data = path.ends_with(".parquet") && !path.starts_with("_delta_log");
    (is_data || path.ends_with(UNFINISHED)).then_some(path)
}
