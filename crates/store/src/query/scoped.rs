//! A table as somebody may see it. The scope is part of the table: rows of other sites and classes never leave it, masked columns are null before anything of the
//! query looks at them. So it holds for subqueries, joins, unions, aliases and whatever else SQL can say.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cordon_policy::Grant;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::datasource::{TableProvider, TableType};
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown, col, lit, utils::disjunction};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use super::accounts::{AccountColumn, How, Shown};
use super::scan;
use super::schema::{self, TABLE};
use crate::tables::TableSnapshot;

/// One table, or `events`, beneath a scope.
pub(super) struct Scoped {
    schema: SchemaRef,
    tables: Vec<TableSnapshot>,
    shown: Arc<Shown>,
}

impl fmt::Debug for Scoped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").field("tables", &self.tables.len()).finish_non_exhaustive()
    }
}

impl Scoped {
    /// One table.
    pub(super) fn table(table: TableSnapshot, shown: &Arc<Shown>) -> Self {
        Self { schema: schema::table(table.family, &shown.scope), tables: vec![table], shown: Arc::clone(shown) }
    }

    /// All tables as one.
    pub(super) fn events(tables: Vec<TableSnapshot>, shown: &Arc<Shown>) -> Self {
        Self { schema: schema::events(&shown.scope), tables, shown: Arc::clone(shown) }
    }

    /// Whether a filter may be used where rows are read: it looks at nothing that is masked or shown otherwise than it stands there.
    fn is_open(&self, filter: &Expr) -> bool {
        let is_plain = |name: &str| name != TABLE && How::of(name, &self.shown.scope) == How::Plain;
        filter.column_refs().iter().all(|column| is_plain(&column.name))
    }

    /// The columns of a table out of which a column is shown; none when it is null.
    fn read_for<'n>(&self, name: &'n str) -> impl Iterator<Item = &'n str> {
        let how = How::of(name, &self.shown.scope);
        (how != How::Null).then_some(name).into_iter().chain(how.names().iter().copied())
    }

    /// The columns of `wanted` of one table, of the rows that the scope admits.
    fn part(
        &self,
        table: &TableSnapshot,
        wanted: &[usize],
        filters: &[Expr],
        state: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = schema::viewed(table.family);
        if filters.iter().any(|filter| excludes_all(filter, &source)) {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(wanted)?))));
        }
        let filters: Vec<Expr> = filters.iter().filter(|filter| has_all(filter, &source)).cloned().collect();
        let mut read = BTreeSet::new();
        for place in wanted {
            let name = self.schema.field(*place).name();
            read.extend(self.read_for(name).filter_map(|name| source.index_of(name).ok()));
        }
        if self.shown.scope.grants().is_some() {
            read.extend([source.index_of("site")?, source.index_of("class_uid")?]);
        }
        let read: Vec<usize> = read.into_iter().collect();
        let mut plan = scan::table(table, &read, &filters, state)?;
        if let Some(grants) = self.shown.scope.grants() {
            let names = DFSchema::try_from(plan.schema().as_ref().clone())?;
            let admitted = state.create_physical_expr(admitted(grants), &names)?;
            plan = Arc::new(FilterExec::try_new(admitted, plan)?);
        }
        self.shown(table, wanted, plan)
    }

    /// Puts null for what is masked, pseudonyms for people who have them, and leaves out what only the scope needed.
    fn shown(
        &self,
        table: &TableSnapshot,
        wanted: &[usize],
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = plan.schema();
        let mut columns = Vec::new();
        for place in wanted {
            let field = self.schema.field(*place);
            let expression: Arc<dyn PhysicalExpr> = match self.column(field.name(), &source) {
                Some(column) => column,
                None if field.name() == TABLE && !self.shown.scope.masks(TABLE) => {
                    Arc::new(Literal::new(ScalarValue::Utf8View(Some(table.family.name().to_owned()))))
                }
                None => Arc::new(Literal::new(ScalarValue::try_new_null(field.data_type())?)),
            };
            columns.push((expression, field.name().clone()));
        }
        Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
    }

    /// A column of a table as it is shown; `None` when it is null.
    fn column(&self, name: &str, source: &Schema) -> Option<Arc<dyn PhysicalExpr>> {
        let of = |name: &str| -> Option<Arc<dyn PhysicalExpr>> {
            Some(Arc::new(Column::new(name, source.index_of(name).ok()?)))
        };
        match How::of(name, &self.shown.scope) {
            How::Null => None,
            How::Plain => of(name),
            how => {
                let read: Option<Vec<_>> = std::iter::once(name).chain(how.names().iter().copied()).map(of).collect();
                Some(Arc::new(AccountColumn::new(Arc::clone(&self.shown), how, read?)))
            }
        }
    }
}

/// Whether a table has every column that a filter looks at.
fn has_all(filter: &Expr, table: &Schema) -> bool {
    filter.column_refs().iter().all(|column| table.field_with_name(&column.name).is_ok())
}

/// Comparisons that are null beside a null.
const COMPARES: [Operator; 6] =
    [Operator::Eq, Operator::NotEq, Operator::Lt, Operator::LtEq, Operator::Gt, Operator::GtEq];

/// Whether a filter compares a column that the table does not have: null there, so no row can pass.
fn excludes_all(filter: &Expr, table: &Schema) -> bool {
    let is_absent = |side: &Expr| matches!(side, Expr::Column(column) if column.name != TABLE && table.field_with_name(&column.name).is_err());
    match filter {
        Expr::BinaryExpr(compared) => {
            COMPARES.contains(&compared.op) && is_absent(&compared.left) && matches!(*compared.right, Expr::Literal(..))
        }
        Expr::Like(like) => is_absent(&like.expr),
        Expr::InList(list) => is_absent(&list.expr) && list.list.iter().all(|one| matches!(one, Expr::Literal(..))),
        _ => false,
    }
}

/// A row is readable when any of the grants admits its site and class.
fn admitted(grants: &[Grant]) -> Expr {
    let grant = |grant: &Grant| {
        let sites = grant.sites().map(|sites| {
            col("site")
                .in_list(sites.iter().map(|site| lit(ScalarValue::Utf8View(Some(site.clone())))).collect(), false)
        });
        let classes = grant.classes().map(|classes| {
            let numbers = classes.iter().filter_map(|class| i32::try_from(*class).ok());
            col("class_uid").in_list(numbers.map(lit).collect(), false)
        });
        match (sites, classes) {
            (Some(sites), Some(classes)) => sites.and(classes),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => lit(true),
        }
    };
    disjunction(grants.iter().map(grant)).unwrap_or_else(|| lit(false))
}

#[async_trait]
impl TableProvider for Scoped {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let filters: Vec<Expr> = filters.iter().filter(|filter| self.is_open(filter)).cloned().collect();
        let parts = self.tables.iter().map(|table| self.part(table, &wanted, &filters, state));
        let parts = parts.collect::<Result<Vec<_>, DataFusionError>>()?;
        UnionExec::try_new(parts)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match self.is_open(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }
}
