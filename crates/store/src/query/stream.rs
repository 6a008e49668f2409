//! A query on its way: it runs on the queries' threads, its rows come through a short queue, and it stops when nobody takes them any more, when its time is over or
//! when it has given the most rows it may.

use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::prelude::DataFrame;
use futures_util::StreamExt as _;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::error::QueryError;

/// Batches that wait for who asked.
const WAITING_MAX: usize = 2;

/// Bounds of one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Most rows of the answer; `None` for an export, which streams them all.
    pub rows_max: Option<usize>,
    /// How long it may take, planning, waiting and taking its rows included.
    pub time_max: Duration,
}

/// The rows of an answer, batch by batch. Dropping it stops the query.
#[derive(Debug)]
pub struct QueryResult {
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<Step, QueryError>>,
    rows_left: Option<usize>,
    is_cut: bool,
    is_over: bool,
    deadline: Instant,
    limits: QueryLimits,
    _task: Task,
}

/// What comes next. The end is said: a task that dies must not look like one that is done.
#[derive(Debug)]
enum Step {
    Rows(RecordBatch),
    End,
}

/// Stops the task when it is dropped.
#[derive(Debug)]
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts what `make` plans and waits until its columns are known.
pub(super) async fn run(
    threads: &Handle,
    running: Arc<Semaphore>,
    limits: QueryLimits,
    make: impl Future<Output = Result<DataFrame, QueryError>> + Send + 'static,
) -> Result<QueryResult, QueryError> {
    let deadline = Instant::now() + limits.time_max;
    let (tell, told) = oneshot::channel();
    let (send, batches) = mpsc::channel(WAITING_MAX);
    let task = threads.spawn(async move {
        let Ok(_turn) = running.acquire_owned().await else { return };
        match start(make, limits).await {
            Err(error) => drop(tell.send(Err(error))),
            Ok(stream) => {
                if tell.send(Ok(stream.schema())).is_ok() {
                    pass(stream, &send).await;
                }
            }
        }
    });
    let task = Task(task.abort_handle());
    let schema = match tokio::time::timeout_at(deadline, told).await {
        Ok(Ok(schema)) => schema?,
        Ok(Err(_)) => return Err(QueryError::Failed { why: "the query ended without an answer".to_owned() }),
        Err(_) => return Err(limits.timed_out()),
    };
    Ok(QueryResult {
        schema,
        batches,
        rows_left: limits.rows_max,
        is_cut: false,
        is_over: false,
        deadline,
        limits,
        _task: task,
    })
}

type Rows = datafusion::execution::SendableRecordBatchStream;

async fn start(
    make: impl Future<Output = Result<DataFrame, QueryError>>,
    limits: QueryLimits,
) -> Result<Rows, QueryError> {
    let frame = make.await?;
    // one more than may be given, to know whether there are more
    let frame = match limits.rows_max {
        Some(rows) if is_rows(&frame) => frame.limit(0, Some(rows.saturating_add(1)))?,
        _ => frame,
    };
    Ok(frame.execute_stream().await?)
}

/// An EXPLAIN or a DESCRIBE is no input of a LIMIT.
fn is_rows(frame: &DataFrame) -> bool {
    use datafusion::logical_expr::LogicalPlan;
    !matches!(frame.logical_plan(), LogicalPlan::Explain(_) | LogicalPlan::DescribeTable(_))
}

async fn pass(mut stream: Rows, send: &mpsc::Sender<Result<Step, QueryError>>) {
    while let Some(batch) = stream.next().await {
        let batch = batch.map(Step::Rows).map_err(QueryError::from);
        let is_fault = batch.is_err();
        if send.send(batch).await.is_err() || is_fault {
            return;
        }
    }
    // nobody takes rows any more when this fails
    drop(send.send(Ok(Step::End)).await);
}

impl QueryResult {
    /// The columns of the answer.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Whether there are more rows than may be given; known once [`Self::next`] gave `None`.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next rows, `None` after the last.
    ///
    /// # Errors
    /// Why there are no more.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        while !self.is_over {
            let Some(batch) = self.receive().await? else { break };
            let left = self.rows_left.unwrap_or(usize::MAX);
            let taken = batch.num_rows().min(left);
            self.is_cut = batch.num_rows() > left;
            self.is_over = self.is_cut;
            self.rows_left = self.rows_left.map(|left| left - taken);
            if taken > 0 {
                return Ok(Some(batch.slice(0, taken)));
            }
        }
        self.is_over = true;
        Ok(None)
    }

    async fn receive(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        match tokio::time::timeout_at(self.deadline, self.batches.recv()).await {
            Err(_) => Err(self.limits.timed_out()),
            Ok(None) => Err(QueryError::Failed { why: "the query ended before its last row".to_owned() }),
            Ok(Some(step)) => Ok(match step? {
                Step::Rows(batch) => Some(batch),
                Step::End => None,
            }),
        }
    }

    /// All rows that are left.
    ///
    /// # Errors
    /// Why there are not all.
    pub async fn collect(&mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let mut all = Vec::new();
        while let Some(batch) = self.next().await? {
            all.push(batch);
        }
        Ok(all)
    }
}

impl QueryLimits {
    const fn timed_out(self) -> QueryError {
        QueryError::TimedOut { seconds: self.time_max.as_secs() }
    }
}
