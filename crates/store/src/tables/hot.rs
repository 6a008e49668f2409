//! Events of one table that are in memory: those that wait for a flush and those that one is writing. Small batches are joined as they come, so that a trickle of
//! single events costs neither memory nor queries.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::error::ArrowError;

use super::catalogue::Family;
use super::error::TablesError;

/// Batches of about one size that are joined into one.
const JOINED: usize = 8;
/// Batches of so many rows are not joined any more.
const JOINED_ROWS_MAX: usize = 16 << 10;

/// Events of one table in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Hot {
    /// Being written; still queried from here.
    flushing: Arc<Vec<RecordBatch>>,
    live: Vec<RecordBatch>,
    bytes: usize,
}

impl Hot {
    /// Adds events.
    pub(super) fn push(&mut self, batch: RecordBatch, family: Family) -> Result<(), TablesError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.live.push(batch);
        self.join().map_err(|source| TablesError::Columns { table: family.name(), source })?;
        self.count();
        Ok(())
    }

    /// Joins the last batches while there are enough of one size: each row is copied a few times at most.
    fn join(&mut self) -> Result<(), ArrowError> {
        let mut rows_max = JOINED;
        while rows_max <= JOINED_ROWS_MAX {
            let small = self.live.iter().rev().take_while(|batch| batch.num_rows() < rows_max).count();
            let last = self.live.split_off(self.live.len() - small);
            match last.first().map(RecordBatch::schema).filter(|_| small >= JOINED) {
                Some(schema) => self.live.push(concat_batches(&schema, &last)?),
                None => self.live.extend(last),
            }
            rows_max *= JOINED;
        }
        Ok(())
    }

    fn count(&mut self) {
        self.bytes = self.batches().map(RecordBatch::get_array_memory_size).sum();
    }

    /// Marks everything as being written, beside what an earlier flush left, and gives it.
    pub(super) fn start_flush(&mut self) -> Arc<Vec<RecordBatch>> {
        if !self.live.is_empty() {
            Arc::make_mut(&mut self.flushing).append(&mut self.live);
        }
        Arc::clone(&self.flushing)
    }

    /// Leaves out events that are in files after all: those below `applied` of the write-ahead log.
    pub(super) fn leave_out(&mut self, applied: u64, family: Family) -> Result<(), TablesError> {
        let left = |batches: &[RecordBatch]| -> Result<Vec<RecordBatch>, TablesError> {
            let left =
                batches.iter().map(|batch| beyond(batch.clone(), applied, family)).collect::<Result<Vec<_>, _>>()?;
            Ok(left.into_iter().filter(|batch| batch.num_rows() > 0).collect())
        };
        let (flushing, live) = (left(&self.flushing)?, left(&self.live)?);
        (self.flushing, self.live) = (Arc::new(flushing), live);
        self.count();
        Ok(())
    }

    /// Gives back the memory of what was written.
    pub(super) fn end_flush(&mut self) {
        self.flushing = Arc::default();
        self.count();
    }

    pub(super) fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        self.flushing.iter().chain(&self.live)
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn rows(&self) -> usize {
        self.batches().map(RecordBatch::num_rows).sum()
    }
}

/// The events at `applied` of the write-ahead log or beyond: those below are in the table's files already.
pub(super) fn beyond(batch: RecordBatch, applied: u64, family: Family) -> Result<RecordBatch, TablesError> {
    let applied = i64::try_from(applied).unwrap_or(i64::MAX);
    let Some(positions) = batch.column_by_name("position").and_then(|c| c.as_primitive_opt::<Int64Type>()) else {
        return Ok(batch);
    };
    if positions.values().iter().all(|position| *position >= applied) {
        return Ok(batch);
    }
    let is_new: BooleanArray = positions.values().iter().map(|position| Some(*position >= applied)).collect();
    tracing::debug!(table = family.name(), rows = is_new.len() - is_new.true_count(), "replayed events were known");
    filter_record_batch(&batch, &is_new).map_err(|source| TablesError::Columns { table: family.name(), source })
}
