//! The Delta log of one table: made, read, committed to. A commit names the offset of the write-ahead log up to which the table has everything, as the
//! application transaction of its own name: data and offset stand in one file of the log, so replay is exactly once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType as ArrowType, Field};
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{
    Action, ArrayType, DataType, MetadataExt as _, PrimitiveType, StructField, StructType, Transaction,
};
use deltalake::logstore::{LogStoreRef, default_logstore};
use deltalake::operations::create::CreateBuilder;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use deltalake::{DeltaResult, DeltaTableError};
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use super::catalogue::{EVENT_DAY, Family};
use super::error::TablesError;
use super::objects::{Objects, Shared};

/// Settings of every table: checkpoints so that opening reads few files, entries of the log and removed files kept as long as a reader may need them.
const SETTINGS: [(&str, &str); 4] = [
    ("delta.checkpointInterval", "64"),
    ("delta.logRetentionDuration", "interval 1 days"),
    ("delta.deletedFileRetentionDuration", "interval 1 days"),
    ("delta.dataSkippingNumIndexedCols", "11"),
];

/// The log of one table and what it says now.
#[derive(Clone)]
pub(super) struct DeltaLog {
    family: Family,
    store: LogStoreRef,
    pub(super) state: DeltaTableState,
    /// A commit failed and the log could not be read since: it may stand or not.
    in_doubt: bool,
}

/// Name of the application transaction whose version is the latest day of which rows were dropped.
const DROPPED: &str = "dropped";

impl std::fmt::Debug for DeltaLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeltaLog").field("table", &self.family.name()).field("version", &self.state.version()).finish()
    }
}

impl DeltaLog {
    /// Opens the log of a table below `objects`, making the table when there is none. A table that a newer version wrote is refused before it is touched; columns that
    /// came since are added, of which the disk is told.
    pub(super) async fn open(objects: &Shared, files: &Objects, family: Family) -> Result<Self, TablesError> {
        let mut log = Self::open_or_make(objects, family).await.map_err(|source| fault(family, source))?;
        let schema = family.schema();
        let known: BTreeSet<String> = log.state.schema().fields().map(|field| field.name().clone()).collect();
        if let Some(column) = known.iter().find(|name| schema.field_with_name(name).is_err()) {
            return Err(TablesError::Newer { table: family.name(), column: column.clone() });
        }
        let new: Vec<_> = schema.fields().iter().filter(|field| !known.contains(field.name())).collect();
        if !new.is_empty() {
            let fields: Vec<_> = new.iter().map(|field| delta_field(field)).collect();
            files.reached("tables.columns_missing");
            log.add_columns(fields).await?;
            files.reached("tables.columns_added");
        }
        Ok(log)
    }

    /// Adds columns; files written before read as null there.
    async fn add_columns(&mut self, fields: Vec<StructField>) -> Result<(), TablesError> {
        let family = self.family;
        let all = family.schema().fields().iter().map(|field| delta_field(field)).collect::<Vec<_>>();
        let schema = StructType::try_new(all).map_err(|error| fault(family, error.into()))?;
        let metadata =
            self.state.metadata().clone().with_schema(&schema).map_err(|source| fault(family, source.into()))?;
        tracing::info!(table = family.name(), columns = fields.len(), "columns are added");
        self.commit(vec![Action::Metadata(metadata)], DeltaOperation::AddColumn { fields }, None).await
    }

    async fn open_or_make(objects: &Shared, family: Family) -> DeltaResult<Self> {
        let store = log_store(objects, family)?;
        if !store.is_delta_table_location().await? {
            make(&store, family).await?;
        }
        let state = DeltaTableState::try_new(store.as_ref(), None).await?;
        Ok(Self { family, store, state, in_doubt: false })
    }

    pub(super) const fn family(&self) -> Family {
        self.family
    }

    pub(super) const fn store(&self) -> &LogStoreRef {
        &self.store
    }

    /// Everything below this offset of the write-ahead log is in the table.
    pub(super) async fn applied(&self) -> Result<u64, TablesError> {
        let version = self.state.transaction_version(self.store.as_ref(), self.family.name()).await;
        let version = version.map_err(|source| fault(self.family, source))?;
        Ok(version.and_then(|version| u64::try_from(version).ok()).unwrap_or(0))
    }

    /// The latest day (since 1970) of which rows were dropped; `None` when none ever was.
    pub(super) async fn dropped(&self) -> Result<Option<i64>, TablesError> {
        let version = self.state.transaction_version(self.store.as_ref(), DROPPED).await;
        version.map_err(|source| fault(self.family, source))
    }

    /// What notes that these files are dropped.
    pub(super) async fn dropping(&self, gone: &[super::DataFile]) -> Result<Option<Action>, TablesError> {
        let day = gone.iter().map(|file| i64::from(file.day)).max();
        let day = day.max(self.dropped().await?);
        Ok(day.map(|day| Action::Txn(Transaction::new(DROPPED, day))))
    }

    /// Commits actions; with `through` the table then has everything below it. After an error it is in doubt whether the commit stands: see [`Self::settle_doubt`].
    pub(super) async fn commit(
        &mut self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        through: Option<u64>,
    ) -> Result<(), TablesError> {
        // INVARIANT: nobody commits upon a state that the log may have left behind
        self.settle_doubt().await?;
        match self.try_commit(actions, operation, through).await {
            Ok(state) => {
                self.state = state;
                Ok(())
            }
            Err(source) => {
                self.in_doubt = true;
                Err(fault(self.family, source))
            }
        }
    }

    /// When it is in doubt whether the last commit stands, the log is read again: it alone says. Whether it was; then the files of the table may be others.
    pub(super) async fn settle_doubt(&mut self) -> Result<bool, TablesError> {
        if !self.in_doubt {
            return Ok(false);
        }
        let read = DeltaTableState::try_new(self.store.as_ref(), None).await;
        self.state = read.map_err(|source| fault(self.family, source))?;
        self.in_doubt = false;
        tracing::warn!(
            table = self.family.name(),
            version = self.state.version(),
            "a commit failed; the log was read again"
        );
        Ok(true)
    }

    async fn try_commit(
        &self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        through: Option<u64>,
    ) -> DeltaResult<DeltaTableState> {
        let offset = through.map(|through| i64::try_from(through).unwrap_or(i64::MAX));
        let transactions = offset.map(|offset| Transaction::new(self.family.name(), offset)).into_iter().collect();
        let properties = CommitProperties::default().with_max_retries(0).with_application_transactions(transactions);
        let commit = CommitBuilder::from(properties).with_actions(actions);
        Ok(commit.build(Some(&self.state), Arc::clone(&self.store), operation).await?.snapshot)
    }
}

fn fault(family: Family, source: DeltaTableError) -> TablesError {
    TablesError::Log { table: family.name(), source }
}

/// The log's place. The address is only a name within `objects`: no file is reached by it.
fn log_store(objects: &Shared, family: Family) -> DeltaResult<LogStoreRef> {
    let url = deltalake::ensure_table_uri(format!("memory:///{}/", family.name()))?;
    let own = PrefixStore::new(Arc::clone(objects), Path::from(family.name()));
    Ok(default_logstore(Arc::new(own), Arc::clone(objects), &url, &Default::default()))
}

async fn make(store: &LogStoreRef, family: Family) -> DeltaResult<()> {
    let fields = family.schema().fields().iter().map(|field| delta_field(field)).collect::<Vec<_>>();
    let settings = SETTINGS.map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
    CreateBuilder::new()
        .with_log_store(Arc::clone(store))
        .with_table_name(family.name())
        .with_columns(fields)
        .with_partition_columns([EVENT_DAY])
        .with_configuration(HashMap::from(settings))
        .with_save_mode(SaveMode::ErrorIfExists)
        .await?;
    Ok(())
}

/// A column as Delta names its type.
pub(super) fn delta_field(field: &Field) -> StructField {
    let primitive = match field.data_type() {
        ArrowType::Binary => PrimitiveType::Binary,
        ArrowType::Int32 => PrimitiveType::Integer,
        ArrowType::Int64 => PrimitiveType::Long,
        ArrowType::Boolean => PrimitiveType::Boolean,
        ArrowType::Date32 => PrimitiveType::Date,
        ArrowType::Timestamp(..) => PrimitiveType::Timestamp,
        _ => PrimitiveType::String,
    };
    let kind = match field.data_type() {
        ArrowType::List(_) => ArrayType::new(DataType::STRING, true).into(),
        _ => DataType::Primitive(primitive),
    };
    StructField::new(field.name(), kind, field.is_nullable())
}
