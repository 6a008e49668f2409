//! What is known of a file without opening it, so that most files of a narrow question are never opened.

use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;

use crate::tables::SnapshotFile;

/// A file as DataFusion takes it, with the ranges that the log of the table gives.
pub(super) fn partitioned(file: &SnapshotFile<'_>, schema: &Schema) -> PartitionedFile {
    let partition = vec![ScalarValue::Date32(Some(file.day()))];
    let taken = PartitionedFile::new(file.path().to_string(), file.bytes()).with_partition_values(partition);
    if file.has_ranges() { taken.with_statistics(Arc::new(statistics(file, schema))) } else { taken }
}

fn statistics(file: &SnapshotFile<'_>, schema: &Schema) -> Statistics {
    Statistics {
        num_rows: Precision::Exact(file.rows()),
        total_byte_size: Precision::Absent,
        column_statistics: schema.fields().iter().map(|field| column(file, field)).collect(),
    }
}

fn column(file: &SnapshotFile<'_>, field: &Field) -> ColumnStatistics {
    let zone = || Some("UTC".into());
    let moments = file.moments(field.name()).map(|(low, high)| {
        let value = |at| ScalarValue::TimestampMicrosecond(Some(at), zone());
        (value(low), value(high))
    });
    let integers = || {
        let value = |number| ScalarValue::Int32(Some(number));
        file.integers(field.name()).map(|(low, high)| (value(low), value(high)))
    };
    let longs = || {
        let value = |number| ScalarValue::Int64(Some(number));
        file.longs(field.name()).map(|(low, high)| (value(low), value(high)))
    };
    match moments.or_else(integers).or_else(longs) {
        Some((low, high)) => ColumnStatistics {
            null_count: Precision::Exact(0),
            min_value: Precision::Exact(low),
            max_value: Precision::Exact(high),
            ..ColumnStatistics::new_unknown()
        },
        None => ColumnStatistics::new_unknown(),
    }
}
