//! What a legal hold holds: the events of a filter received on one day. Asked by the node itself before retention removes anything of that day.

use std::sync::Arc;
use std::time::Duration;

use cordon_model::Time;
use cordon_policy::AccessScope;
use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::DataFrame;

use super::engine::Queries;
use super::error::QueryError;
use super::filter::Filter;
use super::stream::QueryLimits;
use crate::tables::EVENT_DAY;

/// An event that is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldRow {
    /// Offset of its record in the write-ahead log.
    pub position: u64,
    /// Site of its source.
    pub site: Arc<str>,
    /// Its source.
    pub source: Arc<str>,
    /// Its OCSF class.
    pub class_uid: i64,
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

impl Queries {
    /// Events of a filter received on a day (days since 1970, UTC), of one site or of all; `None` when there are more than `rows_max`. `now` is what relative times of
    /// the filter count back from.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn held(
        &self,
        filter: &Filter,
        now: Time,
        site: Option<&str>,
        day: i32,
        rows_max: usize,
        time_max: Duration,
    ) -> Result<Option<Vec<HeldRow>>, QueryError> {
        let mut condition = column(EVENT_DAY).eq(lit(ScalarValue::Date32(Some(day)))).and(filter.expression(now));
        if let Some(site) = site {
            condition = condition.and(column("site").eq(lit(site)));
        }
        let wanted = ["position", "site", "source", "class_uid"].map(column);
        let limits = QueryLimits { rows_max: Some(rows_max), time_max };
        let frame = move |events: DataFrame| events.filter(condition)?.select(wanted);
        let mut result = self.over_events(&AccessScope::of_the_node(), limits, frame).await?;
        let batches = result.collect().await?;
        if result.is_cut() {
            return Ok(None);
        }
        let mut held = Vec::new();
        for batch in &batches {
            // an answer that does not read must not pass for one without rows: what is held would leave
            held.extend(
                rows(batch).ok_or_else(|| QueryError::Failed { why: "its columns are not as expected".to_owned() })?,
            );
        }
        Ok(Some(held))
    }
}

fn rows(batch: &RecordBatch) -> Option<Vec<HeldRow>> {
    let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_view_opt());
    let (sites, sources) = (text("site")?, text("source")?);
    let positions = batch.column_by_name("position")?.as_primitive_opt::<Int64Type>()?;
    let classes = batch.column_by_name("class_uid")?.as_primitive_opt::<Int32Type>()?;
    let one = |row: usize| HeldRow {
        position: u64::try_from(positions.value(row)).unwrap_or_default(),
        site: sites.value(row).into(),
        source: sources.value(row).into(),
        class_uid: i64::from(classes.value(row)),
    };
    Some((0..batch.num_rows()).map(one).collect())
}
