//! Where the rows of the tables say that their records stand, for whoever compares them with log and evidence. Reads three columns of the files concerned.

use std::io;

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::file::metadata::RowGroupMetaData;
use datafusion::parquet::file::statistics::Statistics;

use super::stream::Pieces;
use super::{Family, Tables};

/// Rows that are read at a time.
const ROWS: usize = 8_192;
const COLUMNS: [&str; 3] = ["source", "position", "record_index"];

/// Where the record of a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPlace<'r> {
    /// The table.
    pub family: Family,
    /// Id of the source.
    pub source: &'r str,
    /// Place in the write-ahead log.
    pub position: u64,
    /// Which record there.
    pub index: i32,
}

impl Tables {
    /// Hands every row whose record stands from `from` up to `to` to `see`, in no order. Blocks.
    ///
    /// # Errors
    /// A file cannot be read; `NotFound` when one has left meanwhile: then everything is to be asked again.
    pub fn places(&self, from: u64, to: u64, see: &mut dyn FnMut(RowPlace<'_>)) -> io::Result<()> {
        let bounds = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(to).unwrap_or(i64::MAX));
        for table in self.snapshot() {
            for batch in &table.hot {
                hand_over(table.family, batch, bounds, see);
            }
            for file in table.files().filter(|file| file.holds_positions(bounds)) {
                let pieces = Pieces::open(&self.inner.files, &file.path())?;
                read(table.family, pieces, bounds, see)?;
            }
        }
        Ok(())
    }

    /// The latest day of receipt (since 1970) of which rows were dropped from a table; `None` when nothing ever left.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub async fn dropped(&self) -> Result<Option<i64>, super::TablesError> {
        let mut latest = None;
        for log in self.inner.commits.lock().await.iter() {
            latest = latest.max(log.dropped().await?);
        }
        Ok(latest)
    }
}

fn read(family: Family, pieces: Pieces, bounds: (i64, i64), see: &mut dyn FnMut(RowPlace<'_>)) -> io::Result<()> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(pieces).map_err(io::Error::other)?;
    let groups = reader.metadata().row_groups().iter().enumerate();
    let groups = groups.filter(|(_, group)| may_hold(group, bounds)).map(|(place, _)| place).collect();
    let mask = ProjectionMask::columns(reader.parquet_schema(), COLUMNS);
    let reader = reader.with_row_groups(groups).with_projection(mask).with_batch_size(ROWS);
    for batch in reader.build().map_err(io::Error::other)? {
        hand_over(family, &batch.map_err(io::Error::other)?, bounds, see);
    }
    Ok(())
}

/// Whether the statistics of a row group leave room for a position within the bounds.
fn may_hold(group: &RowGroupMetaData, (from, to): (i64, i64)) -> bool {
    let column = group.columns().iter().find(|column| column.column_path().string() == "position");
    match column.and_then(|column| column.statistics()) {
        Some(Statistics::Int64(known)) => {
            known.max_opt().is_none_or(|max| *max >= from) && known.min_opt().is_none_or(|min| *min < to)
        }
        _ => true,
    }
}

fn hand_over(family: Family, batch: &RecordBatch, (from, to): (i64, i64), see: &mut dyn FnMut(RowPlace<'_>)) {
    let sources = batch.column_by_name("source").and_then(|column| column.as_string_opt::<i32>());
    let positions = batch.column_by_name("position").and_then(|column| column.as_primitive_opt::<Int64Type>());
    let indexes = batch.column_by_name("record_index").and_then(|column| column.as_primitive_opt::<Int32Type>());
    let (Some(sources), Some(positions), Some(indexes)) = (sources, positions, indexes) else { return };
    for ((position, index), source) in positions.values().iter().zip(indexes.values()).zip(sources.iter()) {
        if from <= *position && *position < to {
            let position = position.unsigned_abs();
            see(RowPlace { family, source: source.unwrap_or_default(), position, index: *index });
        }
    }
}
