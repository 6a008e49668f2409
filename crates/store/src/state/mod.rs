//! State: what the node knows beside its events, in one SQLite file: findings and their groups, people, settings, the audit log.
//!
//! Comes in: domain verbs, each with who asks and when. Goes out: rows that an [`cordon_policy::AccessScope`] admits. It has no clock: every time
//! is passed in. It does not know HTTP, rules or how a person signs in. Format and promises: `docs/specs/state.md`.

mod about;
mod audit;
mod backup;
mod cited;
mod decisions;
mod entity;
mod error;
mod explanation;
mod findings;
mod group_filter;
mod group_summary;
mod groups;
mod handles;
mod holds;
mod incident_material;
mod incident_review;
mod incident_rows;
mod incident_shown;
mod incidents;
mod jobs;
mod listing;
mod migrate;
mod mutes;
mod offsets;
mod open;
mod outbox;
mod over_time;
mod places;
mod providers;
mod purge;
mod record;
mod risk;
mod secrets;
mod sessions;
mod settings;
mod sources;
mod sql;
mod stories;
mod taught;
#[cfg(test)]
pub(crate) mod tests;
mod tokens;
mod told;
mod unlocks;
mod users;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_seal::SiteKey;
use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::accounts::Accounts;
use crate::disk::{Disk, FileDisk};

pub use audit::{AuditEntry, AuditFilter, AuditRow, AuditVerified, By};
pub use cited::CITED_MAX;
pub use decisions::DecisionRow;
pub use entity::{Entity, EntityKind, Subjects};
pub use error::StateError;
pub use findings::{EventPlace, FindingFilter, FindingRow, NewFinding};
pub use group_filter::{GroupField, GroupFilter, OwnedBy};
pub use group_summary::{GroupFacet, GroupFacetValue, GroupSummary};
pub use groups::{GroupChange, GroupId, GroupOrder, GroupRow, GroupState, Verdict};
pub use holds::{Hold, NewHold};
pub use incident_review::{IncidentsRecorded, ReviewRow, ReviewRun, ReviewSilence};
pub use incident_shown::IncidentShown;
pub use incidents::{IncidentFilter, IncidentRow, SimilarIncident};
pub use jobs::{JobRow, JobState};
pub use listing::{PAGE_ROWS_MAX, Page};
pub use migrate::SCHEMA_VERSION;
pub use mutes::{Mute, MuteKind, NewMute};
pub use outbox::{LetterCounts, LetterRow, LetterSettled, LetterState};
pub use over_time::{LevelCell, OverTime};
pub use places::CitedPlace;
pub use providers::{ProvidedUser, ProviderAccount};
pub use purge::{PurgeBefore, Purged};
pub use record::{GroupTouched, JudgedLater, Recorded};
pub use risk::{EntityRisk, RISK_HALF_LIFE, risk_weight};
pub use secrets::SecretsKey;
pub use sessions::NewSession;
pub use settings::{NewSearch, SavedSearch, Setting};
pub use sources::{SourceCounted, SourceRow};
pub use stories::{Stories, Story};
pub use taught::TaughtRow;
pub use tokens::{NewToken, SourceToken, Token};
pub use told::ToldRow;
pub use unlocks::{NewUnlock, UnlockRow};
pub use users::{NewUser, User, UserChange};

/// The state of a node. Clones share it: one connection writes, a few read.
#[derive(Clone, Debug)]
pub struct State {
    path: Arc<PathBuf>,
    writer: SqlitePool,
    readers: SqlitePool,
    options: StateOptions,
    accounts: Accounts,
}

/// What a deployment can choose.
#[derive(Clone, Debug)]
pub struct StateOptions {
    /// Length of a group's window in hours, 1 to 720.
    pub group_window_hours: u32,
    /// Seals second factors and handles. Without it none can be set, and none that is set opens.
    pub secrets: Option<SecretsKey>,
    /// Under which accounts have pseudonyms: the key of the node's site. Without it nobody is shown who is to be shown by pseudonym.
    pub site_key: Option<SiteKey>,
}

impl Default for StateOptions {
    fn default() -> Self {
        Self { group_window_hours: 24, secrets: None, site_key: None }
    }
}

const BEGIN: &str = "BEGIN IMMEDIATE";

/// Whether driver and SQLite do not agree on being in a transaction.
fn is_astray(error: &sqlx::Error) -> bool {
    const SQLITE_ERROR: &str = "1";
    match error {
        sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(error) => error.code().as_deref() == Some(SQLITE_ERROR),
        _ => false,
    }
}

impl State {
    /// Opens or creates the state, brings its schema up to date, and keeps the file readable by its owner only.
    ///
    /// # Errors
    /// The file is of a newer version (and was not touched), no state, damaged, or cannot be opened.
    pub async fn open(path: &Path, options: StateOptions) -> Result<Self, StateError> {
        Self::open_on(path, options, &FileDisk).await
    }

    /// The same, saying to the disk where it has come to. SQLite does its own file work all the same.
    ///
    /// # Errors
    /// As [`State::open`].
    pub async fn open_on(path: &Path, options: StateOptions, disk: &dyn Disk) -> Result<Self, StateError> {
        open::prepare_file(path).await?;
        let writer = open::writer(path).await?;
        migrate::bring_up_to_date(&writer, disk).await?;
        let readers = open::readers(path).await?;
        Ok(Self::over(path, writer, readers, options))
    }

    /// Opens a state that is there to read it: its schema stays as it is, and nothing can be changed.
    ///
    /// # Errors
    /// There is none, it is of a newer version, no state, or damaged.
    pub async fn look_at(path: &Path, options: StateOptions) -> Result<Self, StateError> {
        open::check_file(path).await?;
        let readers = open::readers(path).await?;
        Ok(Self::over(path, readers.clone(), readers, options))
    }

    fn over(path: &Path, writer: SqlitePool, readers: SqlitePool, options: StateOptions) -> Self {
        let accounts = Accounts::new(options.site_key.clone());
        Self { path: Arc::new(path.to_owned()), writer, readers, options, accounts }
    }

    /// How accounts are shown.
    #[must_use]
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Number of the schema of the file; this version writes [`SCHEMA_VERSION`].
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn schema(&self) -> Result<u32, StateError> {
        let schema: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&self.readers).await?;
        u32::try_from(schema).map_err(|_| StateError::Damaged("the header"))
    }

    /// Ends all connections and folds the write-ahead file into the main file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A transaction of the one writer. It takes the write lock at once, so it never fails half way for another's sake.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StateError> {
        match self.writer.begin_with(BEGIN).await {
            // a transaction that a full disk made SQLite undo by itself, which the driver still counts: only another connection helps
            Err(error) if is_astray(&error) => {
                let _closed = self.writer.acquire().await?.close().await;
                Ok(self.writer.begin_with(BEGIN).await?)
            }
            begun => Ok(begun?),
        }
    }
}
