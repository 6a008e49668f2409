//! Rows of an answer as JSON: ids as UUIDs, other bytes in hex, moments in RFC 3339, nulls left out.

use datafusion::arrow::array::{Array, AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Value};

use cordon_model::{EventId, Time};

use crate::tables::EVENT_ID;

/// Each row as an object, columns in their order.
#[must_use]
pub fn rows_to_json(batch: &RecordBatch) -> Vec<Map<String, Value>> {
    let schema = batch.schema();
    let mut rows = vec![Map::new(); batch.num_rows()];
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let value = |row: usize| if field.name() == EVENT_ID { id(column, row) } else { cell(column, row) };
        for (row, object) in rows.iter_mut().enumerate().filter(|(row, _)| !column.is_null(*row)) {
            if let Some(value) = value(row).or_else(|| shown(column, row)) {
                object.insert(field.name().clone(), value);
            }
        }
    }
    rows
}

fn id(column: &dyn Array, row: usize) -> Option<Value> {
    let bytes = bytes(column, row)?;
    let id = EventId(bytes.try_into().ok()?);
    Some(Value::String(id.to_string()))
}

fn bytes(column: &dyn Array, row: usize) -> Option<&[u8]> {
    match column.data_type() {
        DataType::FixedSizeBinary(_) => column.as_fixed_size_binary_opt().map(|bytes| bytes.value(row)),
        DataType::Binary => column.as_binary_opt::<i32>().map(|bytes| bytes.value(row)),
        DataType::BinaryView => column.as_binary_view_opt().map(|bytes| bytes.value(row)),
        _ => None,
    }
}

fn cell(column: &dyn Array, row: usize) -> Option<Value> {
    Some(match column.data_type() {
        DataType::Utf8 => Value::from(column.as_string_opt::<i32>()?.value(row)),
        DataType::LargeUtf8 => Value::from(column.as_string_opt::<i64>()?.value(row)),
        DataType::Utf8View => Value::from(column.as_string_view_opt()?.value(row)),
        DataType::Int32 => Value::from(column.as_primitive_opt::<Int32Type>()?.value(row)),
        DataType::Int64 => Value::from(column.as_primitive_opt::<Int64Type>()?.value(row)),
        DataType::UInt64 => Value::from(column.as_primitive_opt::<UInt64Type>()?.value(row)),
        DataType::Float64 => Value::from(column.as_primitive_opt::<Float64Type>()?.value(row)),
        DataType::Boolean => Value::from(column.as_boolean_opt()?.value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Value::from(Time(column.as_primitive_opt::<TimestampMicrosecondType>()?.value(row)).to_string())
        }
        DataType::Date32 => Value::from(crate::tables::day_text(column.as_primitive_opt::<Date32Type>()?.value(row))),
        DataType::List(_) => {
            let items = column.as_list_opt::<i32>()?.value(row);
            Value::Array((0..items.len()).map(|item| cell(&items, item).unwrap_or(Value::Null)).collect())
        }
        DataType::FixedSizeBinary(_) | DataType::Binary | DataType::BinaryView => {
            Value::from(bytes(column, row)?.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        _ => return None,
    })
}

/// Any other type as Arrow shows it.
fn shown(column: &dyn Array, row: usize) -> Option<Value> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options).ok()?;
    Some(Value::from(formatter.value(row).to_string()))
}
