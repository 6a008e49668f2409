//! Tables as queries see them: columns of text as views, masked columns that may be null, and `events`, which has what all tables have.

use std::sync::Arc;

use cordon_policy::AccessScope;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::tables::{EVENT_DAY, Family};

/// The view over all tables.
pub(super) const EVENTS: &str = "events";
/// Column of [`EVENTS`] with the name of the table.
pub(super) const TABLE: &str = "event_table";

/// Columns of a table with text as views: what is read from files and what memory is turned into.
pub(super) fn viewed(family: Family) -> Schema {
    let schema = family.schema();
    Schema::new(schema.fields().iter().map(|field| view(field)).collect::<Vec<_>>())
}

fn view(field: &Field) -> Field {
    match field.data_type() {
        DataType::Utf8 => Field::new(field.name(), DataType::Utf8View, field.is_nullable()),
        _ => field.clone(),
    }
}

/// Columns of the files of a table: all but the partition, which stands in their paths.
pub(super) fn of_files(family: Family) -> SchemaRef {
    let schema = viewed(family);
    Arc::new(Schema::new(schema.fields().iter().filter(|field| field.name() != EVENT_DAY).cloned().collect::<Vec<_>>()))
}

/// A table as somebody with this scope sees it.
pub(super) fn table(family: Family, scope: &AccessScope) -> SchemaRef {
    Arc::new(masked(&viewed(family), scope))
}

/// [`EVENTS`] as somebody with this scope sees it: the columns that all tables have.
pub(super) fn events(scope: &AccessScope) -> SchemaRef {
    let mut tables = Family::all().map(viewed);
    let first = tables.next().unwrap_or_else(Schema::empty);
    let others: Vec<Schema> = tables.collect();
    let common =
        first.fields().iter().filter(|field| others.iter().all(|other| other.field_with_name(field.name()).is_ok()));
    let mut fields: Vec<_> = common.cloned().collect();
    fields.push(Arc::new(Field::new(TABLE, DataType::Utf8View, false)));
    Arc::new(masked(&Schema::new(fields), scope))
}

fn masked(schema: &Schema, scope: &AccessScope) -> Schema {
    let field =
        |field: &Arc<Field>| field.as_ref().clone().with_nullable(field.is_nullable() || scope.masks(field.name()));
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}
