//! One batch of events to one Parquet file and what the Delta log says of it. Pure: bytes come out, nobody writes them here.

use std::collections::HashMap;
use std::sync::Arc;

use cordon_model::Digest;
use datafusion::arrow::array::{AsArray as _, PrimitiveArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{interleave_record_batch, take_record_batch};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Int32Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType,
};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use datafusion::parquet::schema::types::ColumnPath;
use deltalake::kernel::Add;
use serde_json::{Map, Value, json};

use super::catalogue::{CATALOGUE, EVENT_DAY, EVENT_ID, Family};

/// Rows that are put in order at a time.
const ORDERED_ROWS: usize = 8 << 10;
/// Rows of a row group.
const GROUP_ROWS: usize = 256 << 10;
/// Name under which the log keeps the SHA-256 of a file, in hexadecimal.
pub(super) const SHA256: &str = "cordon.sha256";
/// Level of zstd: higher ones take more time than they save.
const ZSTD_LEVEL: i32 = 3;
/// Share of lookups that a bloom filter lets through in vain.
const BLOOM_FPP: f64 = 0.02;
/// Most distinct values a bloom filter is made for before it is folded to what it holds.
const BLOOM_VALUES: u64 = 256 << 10;
/// Columns that are different in every row: a dictionary of them is waste.
const DISTINCT: [&str; 2] = [EVENT_ID, "record_sha256"];
/// Columns that rise or nearly so: differences are smaller than values.
const RISING: [&str; 3] = ["time", "received", "position"];

/// A file of a table before it is written.
#[derive(Debug)]
pub(super) struct NewFile {
    /// Path below the table.
    pub(super) path: String,
    /// Taken when the file is written; `size` stays.
    pub(super) bytes: Vec<u8>,
    pub(super) size: usize,
    /// SHA-256 of the bytes.
    pub(super) sha256: Digest,
    pub(super) rows: usize,
    pub(super) stats: FileStats,
    /// The partition, in days since 1970.
    pub(super) day: i32,
}

/// Ranges of a file that queries and replay look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct FileStats {
    pub(super) time: (i64, i64),
    pub(super) received: (i64, i64),
    pub(super) position: (i64, i64),
    pub(super) class_uid: (i32, i32),
    pub(super) severity_id: (i32, i32),
}

/// The events of each UTC day of receipt.
pub(super) fn by_day(batches: &[RecordBatch]) -> Result<Vec<(i32, Vec<RecordBatch>)>, ArrowError> {
    let mut days: std::collections::BTreeMap<i32, Vec<RecordBatch>> = std::collections::BTreeMap::new();
    for batch in batches {
        for (day, part) in split_days(batch)? {
            days.entry(day).or_default().push(part);
        }
    }
    Ok(days.into_iter().collect())
}

fn split_days(batch: &RecordBatch) -> Result<Vec<(i32, RecordBatch)>, ArrowError> {
    let Some(days) = batch.column_by_name(EVENT_DAY).and_then(|days| days.as_primitive_opt::<Date32Type>()) else {
        return Ok(Vec::new());
    };
    let Some((low, high)) = range(days) else { return Ok(Vec::new()) };
    if low == high {
        return Ok(vec![(low, batch.clone())]);
    }
    let mut rows: std::collections::BTreeMap<i32, Vec<u32>> = std::collections::BTreeMap::new();
    for (row, day) in (0..).zip(days.values()) {
        rows.entry(*day).or_default().push(row);
    }
    rows.into_iter().map(|(day, rows)| Ok((day, take_record_batch(batch, &UInt32Array::from(rows))?))).collect()
}

/// The rows of some batches in order of time, each as its batch and its place in it; `None` when they stand in it already.
fn in_order<'p>(parts: &'p [RecordBatch]) -> Option<Vec<(usize, usize)>> {
    let times = parts.iter().map(|part| part.column_by_name("time")?.as_primitive_opt::<TimestampMicrosecondType>());
    let times: Vec<&[i64]> = times.map(|times| times.map(|times| &times.values()[..])).collect::<Option<_>>()?;
    if times.iter().copied().flatten().is_sorted() {
        return None;
    }
    let rows =
        |(part, times): (usize, &'p [i64])| times.iter().enumerate().map(move |(row, time)| (*time, (part, row)));
    let mut rows: Vec<(i64, (usize, usize))> = times.into_iter().enumerate().flat_map(rows).collect();
    rows.sort_unstable();
    Some(rows.into_iter().map(|(_, place)| place).collect())
}

/// Encodes the events of one day in order of time, some thousand rows at a time: put in order all at once they would be there twice. `name` becomes the name of the
/// file within its partition.
pub(super) fn encode(family: Family, day: i32, parts: &[RecordBatch], name: &str) -> Result<NewFile, ParquetError> {
    let stats = parts.iter().map(FileStats::of).reduce(FileStats::joined).unwrap_or(FileStats::any());
    let parts = parts.iter().map(without_day).collect::<Result<Vec<_>, _>>()?;
    let options = ArrowWriterOptions::new().with_properties(properties(family)).with_skip_arrow_metadata(false);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), written_schema(family), options)?;
    match in_order(&parts) {
        None => parts.iter().try_for_each(|part| writer.write(part))?,
        Some(places) => {
            let parts: Vec<&RecordBatch> = parts.iter().collect();
            for places in places.chunks(ORDERED_ROWS) {
                writer.write(&interleave_record_batch(&parts, places)?)?;
            }
        }
    }
    let bytes = writer.into_inner()?;
    let path = format!("{EVENT_DAY}={}/{name}.parquet", day_text(day));
    let sha256 = cordon_seal::digest(&bytes);
    let rows = parts.iter().map(RecordBatch::num_rows).sum();
    Ok(NewFile { path, size: bytes.len(), sha256, bytes, rows, stats, day })
}

/// The partition column stands in the path and in the log, not in the file.
fn without_day(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.num_columns().saturating_sub(1);
    batch.project(&(0..columns).collect::<Vec<_>>())
}

/// Columns of a file: all but the partition.
pub(super) fn written_schema(family: Family) -> SchemaRef {
    let schema = family.schema();
    let fields: Vec<_> = schema.fields().iter().filter(|field| field.name() != EVENT_DAY).cloned().collect();
    Arc::new(Schema::new(fields))
}

/// `2026-11-22`, for days since 1970.
pub(crate) fn day_text(day: i32) -> String {
    let time = cordon_model::Time(i64::from(day) * super::rows::DAY_MICROS);
    time.to_string().split('T').next().unwrap_or_default().to_owned()
}

pub(super) fn properties(family: Family) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default()))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("cordon".to_owned());
    for column in DISTINCT {
        let column = ColumnPath::from(column);
        properties = properties.set_column_dictionary_enabled(column.clone(), false);
        // lengths, which are all equal, apart from the bytes: they cost nothing
        properties = properties.set_column_encoding(column.clone(), Encoding::DELTA_LENGTH_BYTE_ARRAY);
        properties = properties.set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    for column in RISING {
        let column = ColumnPath::from(column);
        properties = properties.set_column_dictionary_enabled(column.clone(), false);
        properties = properties.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    for column in bloomed(family) {
        let column = ColumnPath::from(column.as_str());
        properties = properties.set_column_bloom_filter_enabled(column.clone(), true);
        properties = properties.set_column_bloom_filter_fpp(column.clone(), BLOOM_FPP);
        properties = properties.set_column_bloom_filter_max_ndv(column, BLOOM_VALUES);
    }
    properties.build()
}

/// Columns with a bloom filter: ids and indicators, which people look for by value.
pub(super) fn bloomed(family: Family) -> Vec<String> {
    let own = CATALOGUE.table(family).into_iter().flat_map(|table| &table.columns).filter(|column| column.has_bloom);
    let mut names = vec![EVENT_ID.to_owned(), "patient_ref".to_owned()];
    for column in own {
        names.push(column.name.to_owned());
        if column.kind == super::catalogue::Kind::Ip {
            names.push(format!("{}_bytes", column.name));
        }
    }
    names
}

impl FileStats {
    /// Ranges that hold everything: nothing is known of the file.
    pub(super) const fn any() -> Self {
        let (long, int) = ((i64::MIN, i64::MAX), (i32::MIN, i32::MAX));
        Self { time: long, received: long, position: long, class_uid: int, severity_id: int }
    }

    pub(super) fn of(batch: &RecordBatch) -> Self {
        let column = |name: &str| batch.column_by_name(name);
        let moments =
            |name: &str| column(name).and_then(|c| c.as_primitive_opt()).and_then(range::<TimestampMicrosecondType>);
        let longs = |name: &str| column(name).and_then(|c| c.as_primitive_opt()).and_then(range::<Int64Type>);
        let ints = |name: &str| column(name).and_then(|c| c.as_primitive_opt()).and_then(range::<Int32Type>);
        Self {
            time: moments("time").unwrap_or_default(),
            received: moments("received").unwrap_or_default(),
            position: longs("position").unwrap_or_default(),
            class_uid: ints("class_uid").unwrap_or_default(),
            severity_id: ints("severity_id").unwrap_or_default(),
        }
    }

    /// Ranges that hold both.
    pub(super) fn joined(self, other: Self) -> Self {
        let long = |one: (i64, i64), other: (i64, i64)| (one.0.min(other.0), one.1.max(other.1));
        let int = |one: (i32, i32), other: (i32, i32)| (one.0.min(other.0), one.1.max(other.1));
        Self {
            time: long(self.time, other.time),
            received: long(self.received, other.received),
            position: long(self.position, other.position),
            class_uid: int(self.class_uid, other.class_uid),
            severity_id: int(self.severity_id, other.severity_id),
        }
    }

    /// The statistics of a Delta file (protocol, "Per-file Statistics").
    fn to_delta(self, rows: usize) -> String {
        let side = |end: fn((i64, i64)) -> i64, short: fn((i32, i32)) -> i32| {
            json!({
                "time": cordon_model::Time(end(self.time)).to_string(),
                "received": cordon_model::Time(end(self.received)).to_string(),
                "position": end(self.position),
                "class_uid": short(self.class_uid),
                "severity_id": short(self.severity_id),
            })
        };
        let nulls: Map<String, Value> = ["time", "received", "position", "class_uid", "severity_id"]
            .map(|name| (name.to_owned(), 0.into()))
            .into_iter()
            .collect();
        json!({"numRecords": rows, "minValues": side(|r| r.0, |r| r.0), "maxValues": side(|r| r.1, |r| r.1), "nullCount": nulls})
            .to_string()
    }

    /// Reads what [`Self::to_delta`] wrote: the count and the ranges.
    pub(super) fn from_delta(stats: &str) -> Option<(usize, Self)> {
        let stats: Value = serde_json::from_str(stats).ok()?;
        let both = |name: &str| Some((stats.get("minValues")?.get(name)?, stats.get("maxValues")?.get(name)?));
        let moment = |value: &Value| cordon_model::Time::from_rfc3339(value.as_str()?).map(|time| time.0);
        let moments = |name: &str| both(name).and_then(|(low, high)| Some((moment(low)?, moment(high)?)));
        let longs = |name: &str| both(name).and_then(|(low, high)| Some((low.as_i64()?, high.as_i64()?)));
        let ints = |name: &str| {
            longs(name).and_then(|(low, high)| Some((i32::try_from(low).ok()?, i32::try_from(high).ok()?)))
        };
        let rows = usize::try_from(stats.get("numRecords")?.as_u64()?).ok()?;
        let ranges = Self {
            time: moments("time")?,
            received: moments("received")?,
            position: longs("position")?,
            class_uid: ints("class_uid")?,
            severity_id: ints("severity_id")?,
        };
        Some((rows, ranges))
    }
}

/// Smallest and largest value.
fn range<T: ArrowPrimitiveType>(values: &PrimitiveArray<T>) -> Option<(T::Native, T::Native)>
where
    T::Native: Copy + PartialOrd,
{
    let first = *values.values().first()?;
    Some(values.values().iter().fold((first, first), |(low, high), value| {
        (if *value < low { *value } else { low }, if *value > high { *value } else { high })
    }))
}

impl NewFile {
    /// What the log says of the file. `now` is the node's clock, in ms since 1970.
    pub(super) fn add(&self, now: i64, data_change: bool) -> Add {
        Add {
            path: self.path.clone(),
            partition_values: HashMap::from([(EVENT_DAY.to_owned(), Some(day_text(self.day)))]),
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            modification_time: now,
            data_change,
            stats: Some(self.stats.to_delta(self.rows)),
            tags: Some(HashMap::from([(SHA256.to_owned(), Some(self.sha256.to_string()))])),
            ..Add::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use cordon_model::{Arena, Time};
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::super::Rows;
    use super::super::tests::{RECEIVED, event, meta};
    use super::*;

    /// Sign-ins that happened so many microseconds after [`RECEIVED`], in this order.
    fn sign_ins(times: &[i64]) -> RecordBatch {
        let arena = Arena::new();
        let mut rows = Rows::new();
        for (position, time) in (0..).zip(times) {
            let mut event = event(3002, &arena, |_| {});
            event.time = Time(RECEIVED.0 + time);
            rows.push(&event, &meta(position));
        }
        rows.finish().remove(0).1
    }

    /// The times in the file of these events, and what its statistics say of them, both after [`RECEIVED`].
    fn written(parts: &[&[i64]]) -> (Vec<i64>, (i64, i64)) {
        let parts: Vec<RecordBatch> = parts.iter().map(|times| sign_ins(times)).collect();
        let family = Family::of_class(3002);
        let file = encode(family, 0, &parts, "one").unwrap();
        let batches =
            ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file.bytes)).unwrap().build().unwrap();
        let times = batches.flat_map(|batch| {
            let times = batch.unwrap().column_by_name("time").cloned().unwrap();
            times.as_primitive::<TimestampMicrosecondType>().values().to_vec()
        });
        let times: Vec<i64> = times.map(|time| time - RECEIVED.0).collect();
        assert_eq!(file.rows, times.len());
        (times, (file.stats.time.0 - RECEIVED.0, file.stats.time.1 - RECEIVED.0))
    }

    #[test]
    fn rows_of_several_batches_are_written_in_order_of_time() {
        assert_eq!(written(&[&[1, 2], &[3]]), (vec![1, 2, 3], (1, 3)));
        assert_eq!(written(&[&[5, 1], &[3, -2], &[4]]), (vec![-2, 1, 3, 4, 5], (-2, 5)));
        let many: Vec<i64> = (0..20_000).rev().collect();
        assert!(many.len() > 2 * ORDERED_ROWS);
        let (times, range) = written(&[&many[..100], &many[100..]]);
        assert!(times.is_sorted() && times.len() == many.len());
        assert_eq!(range, (0, many[0]));
    }
}
