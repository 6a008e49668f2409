//! One table at one moment as a plan: its files and its events in memory, some columns of both.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, utils::conjunction};
use datafusion::physical_expr::expressions::{CastExpr, Column};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::facts;
use super::schema;
use crate::tables::{EVENT_DAY, TableSnapshot};

/// Name under which sessions know the folder of the tables.
pub(super) const PLACE: &str = "cordon://tables/";
/// Filters are evaluated while reading when so many more columns than theirs are wanted.
const WIDE: usize = 4;

/// Columns `wanted` of a table, by their numbers in [`schema::viewed`], in that order. `filters` only spare work: what is left out is what they exclude for certain, what
/// they would exclude may still come.
pub(super) fn table(
    table: &TableSnapshot,
    wanted: &[usize],
    filters: &[Expr],
    state: &dyn Session,
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = schema::viewed(table.family);
    let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
    if let Some(files) = files(table, &schema, wanted, filters, state)? {
        parts.push(files);
    }
    if !table.hot.is_empty() {
        parts.push(memory(table, &schema, wanted)?);
    }
    match parts.len() {
        0 => Ok(Arc::new(EmptyExec::new(Arc::new(schema.project(wanted)?)))),
        _ => UnionExec::try_new(parts),
    }
}

fn files(
    table: &TableSnapshot,
    schema: &Schema,
    wanted: &[usize],
    filters: &[Expr],
    state: &dyn Session,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let of_files = schema::of_files(table.family);
    let groups = groups(table, &of_files, state.config().target_partitions());
    if groups.is_empty() {
        return Ok(None);
    }
    let day = Arc::new(Field::new(EVENT_DAY, DataType::Date32, false));
    let url = ObjectStoreUrl::parse(PLACE)?;
    let runtime = state.runtime_env();
    let reader = CachedParquetFileReaderFactory::new(
        runtime.object_store(&url)?,
        runtime.cache_manager.get_file_metadata_cache(),
    );
    let mut options = TableParquetOptions::default();
    let needle = is_needle(filters, wanted.len());
    options.global.pushdown_filters = needle;
    options.global.reorder_filters = needle;
    let mut source = ParquetSource::new(TableSchema::builder(of_files).with_table_partition_cols(vec![day]).build())
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(reader));
    if let Some(filter) = conjunction(filters.iter().cloned()) {
        let names = DFSchema::try_from(schema.clone())?;
        source = source.with_predicate(state.create_physical_expr(filter, &names)?);
    }
    let config = FileScanConfigBuilder::new(url, Arc::new(source))
        .with_file_groups(groups)
        .with_projection_indices(Some(wanted.to_vec()))?
        .build();
    Ok(Some(DataSourceExec::from_data_source(config)))
}

/// Files in as many groups as there are threads, by turns.
fn groups(table: &TableSnapshot, schema: &Schema, threads: usize) -> Vec<FileGroup> {
    let mut groups = vec![Vec::new(); threads.max(1)];
    for (place, file) in table.files().enumerate() {
        let group = place % threads.max(1);
        groups.get_mut(group).into_iter().for_each(|group| group.push(facts::partitioned(&file, schema)));
    }
    groups.into_iter().filter(|group| !group.is_empty()).map(FileGroup::new).collect()
}

/// Whether a question looks for few rows and wants much of them: then columns that the filter does not need are read for those rows only. For other questions
/// this costs more than it spares.
fn is_needle(filters: &[Expr], wanted: usize) -> bool {
    let narrow = filters.iter().any(|filter| match filter {
        Expr::BinaryExpr(BinaryExpr { op: Operator::Eq, .. }) | Expr::Like(_) => true,
        Expr::InList(list) => !list.negated,
        _ => false,
    });
    let columns: usize = filters.iter().map(|filter| filter.column_refs().len()).sum();
    narrow && wanted >= columns + WIDE
}

/// Events in memory, with their texts as views.
fn memory(table: &TableSnapshot, schema: &Schema, wanted: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
    let in_memory = table.family.schema();
    let source = MemorySourceConfig::try_new_exec(std::slice::from_ref(&table.hot), in_memory, Some(wanted.to_vec()))?;
    let fields = schema.project(wanted)?;
    let column = |(place, field): (usize, &Arc<Field>)| {
        let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), place));
        let viewed = match field.data_type() {
            DataType::Utf8View => Arc::new(CastExpr::new(column, DataType::Utf8View, None)),
            _ => column,
        };
        (viewed, field.name().clone())
    };
    let columns: Vec<_> = fields.fields().iter().enumerate().map(column).collect();
    Ok(Arc::new(ProjectionExec::try_new(columns, source)?))
}
