//! What queries share: threads, memory, a folder to spill to, footers of files read before. Each query has a session of its own with the tables at one moment.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cordon_policy::AccessScope;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::accounts::Shown;
use super::error::QueryError;
use super::scan::PLACE;
use super::schema::EVENTS;
use super::scoped::Scoped;
use super::stream::{QueryLimits, QueryResult};
use super::{guard, stream};
use crate::accounts::Accounts;
use crate::tables::Tables;

/// Stack of a query's thread: plans are trees, walked by recursion.
const STACK_BYTES: usize = 8 << 20;

/// Bounds of all queries together.
#[derive(Clone, Debug)]
pub struct QueryOptions {
    /// Most bytes of memory that all queries use together; sorting, grouping and joining spill beyond it.
    pub memory_bytes_max: usize,
    /// Where they spill to; made when it is not there, emptied by whoever spilt.
    pub spill_folder: PathBuf,
    /// Most bytes that are spilt.
    pub spill_bytes_max: u64,
    /// Threads.
    pub threads: usize,
    /// Queries that run at a time; others wait within their time limit.
    pub queries_max: usize,
    /// How accounts are shown.
    pub accounts: Accounts,
}

impl QueryOptions {
    /// The defaults, with a folder to spill to.
    #[must_use]
    pub fn spilling_to(spill_folder: PathBuf) -> Self {
        Self {
            memory_bytes_max: 256 << 20,
            spill_folder,
            spill_bytes_max: 8 << 30,
            threads: 2,
            queries_max: 8,
            accounts: Accounts::default(),
        }
    }
}

/// Answers questions about the event tables. Clones share it.
#[derive(Clone)]
pub struct Queries {
    inner: Arc<Inner>,
}

struct Inner {
    tables: Tables,
    runtime_env: Arc<RuntimeEnv>,
    options: QueryOptions,
    running: Arc<Semaphore>,
    threads: Option<Runtime>,
}

impl fmt::Debug for Queries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queries").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

impl Queries {
    /// Questions about these tables within these bounds.
    ///
    /// # Errors
    /// When the folder to spill to or the threads cannot be made.
    pub fn new(tables: Tables, options: QueryOptions) -> Result<Self, QueryError> {
        let failed = |error: &dyn fmt::Display| QueryError::Failed { why: error.to_string() };
        std::fs::create_dir_all(&options.spill_folder).map_err(|error| failed(&error))?;
        let consumers = std::num::NonZeroUsize::new(3).ok_or(QueryError::Busy)?;
        let pool = TrackConsumersPool::new(FairSpillPool::new(options.memory_bytes_max), consumers);
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![options.spill_folder.clone()]))
            .with_max_temp_directory_size(options.spill_bytes_max);
        let builder = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).with_disk_manager_builder(disk);
        let runtime_env = builder.with_metadata_cache_limit(options.memory_bytes_max / 8).build_arc()?;
        let place = ObjectStoreUrl::parse(PLACE)?;
        runtime_env.register_object_store(place.as_ref(), tables.objects());
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| failed(&error))?;
        let running = Arc::new(Semaphore::new(options.queries_max.max(1)));
        let inner = Inner { tables, runtime_env, options, running, threads: Some(threads) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Answers one SELECT, EXPLAIN or DESCRIBE over the event tables and `events`, as the scope allows. Dropping the result stops the query.
    ///
    /// # Errors
    /// Why there is no answer. Faults that appear while rows are read come with them.
    pub async fn query(&self, scope: &AccessScope, sql: &str, limits: QueryLimits) -> Result<QueryResult, QueryError> {
        let session = self.session(scope)?;
        let sql = sql.to_owned();
        self.run(limits, async move {
            let plan = guard::plan(&session, &sql).await?;
            frame(&session, plan).await
        })
        .await
    }

    /// Runs what `make` plans, on the queries' threads.
    pub(super) async fn run(
        &self,
        limits: QueryLimits,
        make: impl Future<Output = Result<DataFrame, QueryError>> + Send + 'static,
    ) -> Result<QueryResult, QueryError> {
        let threads = self.inner.threads.as_ref().ok_or(QueryError::Busy)?.handle();
        stream::run(threads, Arc::clone(&self.inner.running), limits, make).await
    }

    /// A session that knows the tables at this moment, as the scope allows.
    pub(super) fn session(&self, scope: &AccessScope) -> Result<SessionContext, QueryError> {
        let mut config = SessionConfig::new()
            .with_target_partitions(self.inner.options.threads.max(1))
            .with_information_schema(false);
        let options = config.options_mut();
        options.explain.logical_plan_only = true;
        options.execution.enable_recursive_ctes = false;
        options.execution.parquet.pushdown_filters = false;
        let session = SessionContext::new_with_config_rt(config, Arc::clone(&self.inner.runtime_env));
        guard::close(&session);
        let tables = self.inner.tables.snapshot();
        let accounts = self.inner.options.accounts.clone();
        let shown = Arc::new(Shown { scope: scope.clone(), accounts });
        for table in &tables {
            session.register_table(table.family.name(), Arc::new(Scoped::table(table.clone(), &shown)))?;
        }
        session.register_table(EVENTS, Arc::new(Scoped::events(tables, &shown)))?;
        Ok(session)
    }
}

/// A plan as something to be run.
async fn frame(session: &SessionContext, plan: LogicalPlan) -> Result<DataFrame, QueryError> {
    Ok(session.execute_logical_plan(plan).await?)
}

impl Default for QueryLimits {
    /// For a person who waits: 10,000 rows, 30 s.
    fn default() -> Self {
        Self { rows_max: Some(10_000), time_max: Duration::from_secs(30) }
    }
}
