//! Tables as queries see them: columns of text as views, masked columns that may be null, and `events`, the union of all tables.

use std::sync::{Arc, LazyLock};

use cordon_policy::AccessScope;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::accounts::How;
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

/// [`EVENTS`] as somebody with this scope sees it.
pub(super) fn events(scope: &AccessScope) -> SchemaRef {
    Arc::new(masked(all_columns(), scope))
}

/// The columns of [`EVENTS`]: those of all tables, null where a table does not have them, and the name of the table.
pub(super) fn all_columns() -> &'static Schema {
    static ALL: LazyLock<Schema> = LazyLock::new(|| {
        let mut fields: Vec<Arc<Field>> = Vec::new();
        let tables: Vec<Schema> = Family::all().map(viewed).collect();
        for field in tables.iter().flat_map(|table| table.fields()) {
            if fields.iter().all(|known| known.name() != field.name()) {
                let everywhere = tables.iter().all(|table| table.field_with_name(field.name()).is_ok());
                let nullable = field.is_nullable() || !everywhere;
                fields.push(Arc::new(field.as_ref().clone().with_nullable(nullable)));
            }
        }
        fields.push(Arc::new(Field::new(TABLE, DataType::Utf8View, false)));
        Schema::new(fields)
    });
    &ALL
}

fn masked(schema: &Schema, scope: &AccessScope) -> Schema {
    let is_hidden = |name: &str| How::of(name, scope) != How::Plain;
    let field =
        |field: &Arc<Field>| field.as_ref().clone().with_nullable(field.is_nullable() || is_hidden(field.name()));
    Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>())
}
