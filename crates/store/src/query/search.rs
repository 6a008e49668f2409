//! What a console asks: a page of events, the most frequent values of a column, events over time. All of a filter, all within the scope.

use cordon_model::{EventId, Time};
use cordon_policy::AccessScope;
use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::prelude::DataFrame;
use serde_json::Value;

use super::engine::Queries;
use super::error::QueryError;
use super::filter::Filter;
use super::json::rows_to_json;
use super::schema::EVENTS;
use super::stream::{QueryLimits, QueryResult};
use crate::stretches::LENGTHS_SECONDS;
use crate::tables::EVENT_ID;

/// Most values of a facet.
const VALUES_MAX: usize = 100;
/// Most buckets of a histogram.
const BUCKETS_MAX: i64 = 1_000;

/// What to look for.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRequest {
    /// The filter.
    pub filter: Filter,
    /// The present, which `last:24h` counts back from.
    pub now: Time,
    /// Only events at or after this time, if any.
    pub from: Option<Time>,
    /// Only events before this time, if any.
    pub until: Option<Time>,
}

/// Where a page ended: the time and id of its last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchCursor {
    /// Time of the last event.
    pub time: Time,
    /// Its id.
    pub event_id: EventId,
}

/// A page of events, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchPage {
    /// The events.
    pub rows: Vec<serde_json::Map<String, Value>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<SearchCursor>,
}

/// The most frequent values of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// The column.
    pub column: String,
    /// Values and how many events have them, most frequent first.
    pub values: Vec<FacetValue>,
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct FacetValue {
    /// The value; null for events without one.
    pub value: Value,
    /// Events that have it.
    pub count: u64,
}

/// Events of one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its beginning.
    pub start: Time,
    /// Its length, in seconds.
    pub seconds: i64,
    /// Events in it; stretches without any are left out.
    pub count: u64,
}

impl SearchRequest {
    fn expression(&self) -> Expr {
        let moment = |time: Time| lit(ScalarValue::TimestampMicrosecond(Some(time.0), Some("UTC".into())));
        let mut all = self.filter.expression(self.now);
        if let Some(from) = self.from {
            all = all.and(column("time").gt_eq(moment(from)));
        }
        if let Some(until) = self.until {
            all = all.and(column("time").lt(moment(until)));
        }
        all
    }
}

fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

impl Queries {
    /// Events of a filter, newest first, at most `rows_max`; `after` continues a page.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn search(
        &self,
        scope: &AccessScope,
        request: &SearchRequest,
        after: Option<SearchCursor>,
        rows_max: usize,
        limits: QueryLimits,
    ) -> Result<SearchPage, QueryError> {
        let (time, id) = (column("time"), column(EVENT_ID));
        let mut filter = request.expression();
        if let Some(after) = after {
            let at = lit(ScalarValue::TimestampMicrosecond(Some(after.time.0), Some("UTC".into())));
            let last = lit(ScalarValue::Binary(Some(after.event_id.0.to_vec())));
            filter = filter.and(time.clone().lt_eq(at.clone()));
            filter = filter.and(time.clone().lt(at).or(id.clone().lt(last)));
        }
        let limits = QueryLimits { rows_max: Some(rows_max), ..limits };
        let order = vec![time.sort(false, false), id.sort(false, false)];
        let frame =
            move |events: DataFrame| events.filter(filter)?.sort(order)?.limit(0, Some(rows_max.saturating_add(1)));
        let mut result = self.over_events(scope, limits, frame).await?;
        let batches = result.collect().await?;
        let next = if result.is_cut() { batches.last().and_then(cursor) } else { None };
        Ok(SearchPage { rows: batches.iter().flat_map(rows_to_json).collect(), next })
    }

    /// Events of a filter as they are found, for an export.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn export(
        &self,
        scope: &AccessScope,
        request: &SearchRequest,
        limits: QueryLimits,
    ) -> Result<QueryResult, QueryError> {
        let filter = request.expression();
        self.over_events(scope, limits, move |events| events.filter(filter)).await
    }

    /// The most frequent values of a column among the events of a filter.
    ///
    /// # Errors
    /// Why there is no answer; a column that is not there is one.
    pub async fn facet(
        &self,
        scope: &AccessScope,
        request: &SearchRequest,
        name: &str,
        values_max: usize,
        limits: QueryLimits,
    ) -> Result<Facet, QueryError> {
        let filter = request.expression();
        let value = column(name);
        let values_max = values_max.min(VALUES_MAX);
        let order = vec![column("count").sort(false, false), column("value").sort(true, false)];
        let frame = move |events: DataFrame| {
            let counted =
                events.filter(filter)?.aggregate(vec![value.alias("value")], vec![count(lit(1)).alias("count")])?;
            counted.sort(order)?.limit(0, Some(values_max))
        };
        let mut result = self.over_events(scope, limits, frame).await?;
        let rows = result.collect().await?;
        let one = |mut row: serde_json::Map<String, Value>| FacetValue {
            count: row.get("count").and_then(Value::as_u64).unwrap_or_default(),
            value: row.remove("value").unwrap_or(Value::Null),
        };
        Ok(Facet { column: name.to_owned(), values: rows.iter().flat_map(rows_to_json).map(one).collect() })
    }

    /// How many events of a filter happened when, in at most `buckets_max` stretches between `from` and `until`.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn histogram(
        &self,
        scope: &AccessScope,
        request: &SearchRequest,
        (from, until): (Time, Time),
        buckets_max: i64,
        limits: QueryLimits,
    ) -> Result<Vec<Bucket>, QueryError> {
        let seconds = bucket_seconds(from, until, buckets_max);
        let bounded = SearchRequest { from: Some(from), until: Some(until), ..request.clone() };
        let filter = bounded.expression();
        let bucket = cast(column("time"), DataType::Int64) / lit(seconds * 1_000_000);
        let order = vec![column("bucket").sort(true, false)];
        let frame = move |events: DataFrame| {
            let counted =
                events.filter(filter)?.aggregate(vec![bucket.alias("bucket")], vec![count(lit(1)).alias("count")])?;
            counted.sort(order)
        };
        let mut result = self.over_events(scope, limits, frame).await?;
        let rows = result.collect().await?;
        Ok(rows.iter().flat_map(|batch| buckets(batch, seconds)).collect())
    }

    pub(super) async fn over_events(
        &self,
        scope: &AccessScope,
        limits: QueryLimits,
        make: impl FnOnce(DataFrame) -> datafusion::common::Result<DataFrame> + Send + 'static,
    ) -> Result<QueryResult, QueryError> {
        let session = self.session(scope)?;
        self.run(limits, async move { Ok(make(session.table(EVENTS).await?)?) }).await
    }
}

/// The shortest length that gives no more buckets than wanted.
fn bucket_seconds(from: Time, until: Time, buckets_max: i64) -> i64 {
    let all = until.0.saturating_sub(from.0).max(0) / 1_000_000;
    let wanted = buckets_max.clamp(1, BUCKETS_MAX);
    LENGTHS_SECONDS.into_iter().find(|length| all / length <= wanted).unwrap_or_else(|| (all / wanted).max(1))
}

fn cursor(batch: &RecordBatch) -> Option<SearchCursor> {
    let last = batch.num_rows().checked_sub(1)?;
    let time = batch.column_by_name("time")?.as_primitive_opt::<TimestampMicrosecondType>()?.value(last);
    let id = batch.column_by_name(EVENT_ID)?.as_binary_opt::<i32>()?.value(last);
    Some(SearchCursor { time: Time(time), event_id: EventId(id.try_into().ok()?) })
}

fn buckets(batch: &RecordBatch, seconds: i64) -> Vec<Bucket> {
    let column = |name: &str| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>());
    let Some((starts, counts)) = column("bucket").zip(column("count")) else { return Vec::new() };
    let one = |(start, count): (&i64, &i64)| Bucket {
        start: Time(start.saturating_mul(seconds * 1_000_000)),
        seconds,
        count: u64::try_from(*count).unwrap_or(0),
    };
    starts.values().iter().zip(counts.values()).map(one).collect()
}
