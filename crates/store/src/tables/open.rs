//! What stands on the disk when the node starts: logs, offsets, and files that a crash left without a commit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use deltalake::kernel::LogicalFileView;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt as _, PutPayload};
use serde::{Deserialize, Serialize};

use super::catalogue::{EVENT_DAY, Family};
use super::delta::DeltaLog;
use super::error::TablesError;
use super::file::FileStats;
use super::hot::Hot;
use super::objects::{Objects, Shared};
use super::{DataFile, State, TableState};

/// Offsets of tables that got nothing new: their logs say nothing then. Written after the commits of a flush, so it never runs ahead of them.
pub(super) const APPLIED: &str = "applied.json";

#[derive(Serialize, Deserialize)]
struct Applied {
    /// Every table has everything below this offset of the write-ahead log.
    through: u64,
}

/// Opens every table. An offset is that of the table's own log or the common one, whichever is higher.
pub(super) async fn read(objects: &Shared, files: &Objects) -> Result<(Vec<DeltaLog>, State), TablesError> {
    let common = read_applied(objects).await?;
    let (mut logs, mut tables) = (Vec::new(), Vec::new());
    for family in Family::all() {
        let log = DeltaLog::open(objects, files, family).await?;
        let held = log.files();
        sweep(objects, family, &log, &held).await?;
        let applied = log.applied().await?.max(common);
        tables.push(TableState { hot: Hot::default(), files: Arc::new(held), applied });
        logs.push(log);
    }
    let applied = tables.iter().map(|table| table.applied).min().unwrap_or(0);
    Ok((logs, State { through: applied, applied, tables, oldest: None }))
}

async fn read_applied(objects: &Shared) -> Result<u64, TablesError> {
    let bytes = match objects.get(&Path::from(APPLIED)).await {
        Ok(found) => found.bytes().await?,
        Err(Error::NotFound { .. }) => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    // it is written whole or not at all; should it not read, the offsets of the logs still hold, and more is replayed
    Ok(serde_json::from_slice(&bytes).map_or(0, |applied: Applied| applied.through))
}

/// Keeps the offset that all tables have reached.
pub(super) async fn keep_applied(objects: &Shared, through: u64) -> Result<(), TablesError> {
    let bytes = serde_json::to_vec(&Applied { through }).unwrap_or_default();
    objects.put(&Path::from(APPLIED), PutPayload::from(bytes)).await?;
    Ok(())
}

/// Removes files that no commit ever named: those of a flush that a crash cut short, and those half written.
async fn sweep(objects: &Shared, family: Family, log: &DeltaLog, files: &[DataFile]) -> Result<(), TablesError> {
    let mut known: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
    known.extend(log.removed().await?);
    let root = Path::from(family.name());
    let found: Vec<_> = objects.list(Some(&root)).try_collect().await?;
    for object in found {
        let Some(path) = super::retain::data_path(&root, &object.location) else { continue };
        if !known.contains(&path) {
            tracing::info!(table = family.name(), file = path, "a file that a crash left without a commit is removed");
            match objects.delete(&object.location).await {
                // whoever left it may still be at it within this process: it has another name now, and goes at the next start
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

impl DeltaLog {
    /// The files that hold the table's events now.
    pub(super) fn files(&self) -> Vec<DataFile> {
        self.state.log_data().iter().map(|file| data_file(&file)).collect()
    }

    /// Paths of files that held events and wait to be removed.
    pub(super) async fn removed(&self) -> Result<Vec<String>, TablesError> {
        self.removed_since(SystemTime::UNIX_EPOCH).await
    }

    /// Paths of files that left the table at this time or later.
    pub(super) async fn removed_since(&self, since: SystemTime) -> Result<Vec<String>, TablesError> {
        let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let mut removed = self.state.all_tombstones(self.store().as_ref());
        let mut paths = Vec::new();
        while let Some(one) = removed.next().await {
            let one = one.map_err(|source| TablesError::Log { table: self.family().name(), source })?;
            if one.deletion_timestamp().is_none_or(|at| at > since || since == 0) {
                paths.push(one.path().into_owned());
            }
        }
        Ok(paths)
    }
}

fn data_file(file: &LogicalFileView) -> DataFile {
    let stats = file.stats();
    let known = stats.as_deref().and_then(FileStats::from_delta);
    let (rows, stats) = known.unwrap_or_else(|| (file.num_records().unwrap_or(0), FileStats::any()));
    let day = file.partition_values_map().get(EVENT_DAY).and_then(Option::as_deref).and_then(day);
    DataFile {
        path: file.path().into_owned(),
        bytes: u64::try_from(file.size()).unwrap_or(0),
        rows,
        day: day.unwrap_or_default(),
        stats,
    }
}

/// Days since 1970 of `2026-11-22`.
pub(super) fn day(text: &str) -> Option<i32> {
    let time = cordon_model::Time::from_rfc3339(&format!("{text}T00:00:00Z"))?;
    i32::try_from(time.0.div_euclid(super::rows::DAY_MICROS)).ok()
}
