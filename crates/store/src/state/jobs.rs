//! Jobs that outlive a request: backfills, imports, backups. What was running when the node stopped waits again after its start.

use cordon_model::Time;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};

use super::listing::{Page, page, rows_to_fetch};
use super::sql::{from_count, to_count};
use super::{AuditEntry, By, State, StateError, audit};

/// Most jobs that wait or run.
const JOBS_MAX: u32 = 100;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Nobody has begun it.
    Waiting,
    /// Somebody is at it.
    Running,
    /// Done.
    Done,
    /// It ended with a fault.
    Failed,
    /// A person stopped it.
    Stopped,
}

impl JobState {
    const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Failed, Self::Stopped];

    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    /// Number.
    pub job_id: i64,
    /// What is done, for example `backfill`.
    pub kind: String,
    /// Who asked for it.
    pub owner: String,
    /// With what, in the caller's form. No data of a patient.
    pub input: Value,
    /// How far it is.
    pub state: JobState,
    /// How much is done, in the kind's own unit.
    pub done: u64,
    /// How much there is; `None` while unknown.
    pub total: Option<u64>,
    /// What came of it, or the fault in words.
    pub outcome: Option<Value>,
    /// When it was asked for.
    pub created: Time,
    /// When it last changed.
    pub changed: Time,
}

impl State {
    /// Asks for a job.
    ///
    /// # Errors
    /// Too many wait already.
    pub async fn add_job(&self, by: &By, kind: &str, input: &Value) -> Result<JobRow, StateError> {
        let mut tx = self.begin().await?;
        let open: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running')")
            .fetch_one(&mut *tx)
            .await?;
        if open >= i64::from(JOBS_MAX) {
            return Err(StateError::TooMany { what: "jobs that wait", max: JOBS_MAX });
        }
        let insert = "INSERT INTO jobs (kind, owner, input, created, changed) VALUES (?1, ?2, ?3, ?4, ?4) RETURNING *";
        let insert = sqlx::query(insert).bind(kind.to_owned()).bind(by.actor.to_string()).bind(input.to_string());
        let job = job_of(&insert.bind(by.at.0).fetch_one(&mut *tx).await?)?;
        let detail = json!({"kind": kind});
        audit::append(&mut tx, by, &AuditEntry::new("job_added", "job", &job.job_id.to_string(), detail)).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// Takes the longest waiting job of a kind; `None` when none waits.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn take_job(&self, kind: &str, now: Time) -> Result<Option<JobRow>, StateError> {
        let mut tx = self.begin().await?;
        let take = sqlx::query(
            "UPDATE jobs SET state = 'running', changed = ?2 WHERE job_id =
             (SELECT min(job_id) FROM jobs WHERE state = 'waiting' AND kind = ?1) RETURNING *",
        );
        let row = take.bind(kind.to_owned()).bind(now.0).fetch_optional(&mut *tx).await?;
        tx.commit().await?;
        row.as_ref().map(job_of).transpose()
    }

    /// Puts jobs that ran when the node stopped back among the waiting; says how many. To be called once, at the start.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn requeue_jobs(&self, now: Time) -> Result<u64, StateError> {
        let mut tx = self.begin().await?;
        let requeue =
            sqlx::query("UPDATE jobs SET state = 'waiting', changed = ?1 WHERE state = 'running'").bind(now.0);
        let requeued = requeue.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(requeued)
    }

    /// Notes how far a running job is; `false` when a person has stopped it, which whoever runs it then heeds.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn job_progress(
        &self,
        job_id: i64,
        done: u64,
        total: Option<u64>,
        now: Time,
    ) -> Result<bool, StateError> {
        let mut tx = self.begin().await?;
        let note =
            sqlx::query("UPDATE jobs SET done = ?2, total = ?3, changed = ?4 WHERE job_id = ?1 AND state = 'running'");
        let total = total.map(to_count).transpose()?;
        let note = note.bind(job_id).bind(to_count(done)?).bind(total).bind(now.0);
        let noted = note.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(noted == 1)
    }

    /// Ends a running job: done with its outcome, or failed with the fault in words.
    ///
    /// # Errors
    /// It does not run.
    pub async fn finish_job(
        &self,
        job_id: i64,
        outcome: Result<Value, String>,
        now: Time,
    ) -> Result<JobRow, StateError> {
        let (state, outcome) = match outcome {
            Ok(outcome) => (JobState::Done, outcome),
            Err(fault) => (JobState::Failed, Value::String(fault)),
        };
        let mut tx = self.begin().await?;
        let finish = sqlx::query(
            "UPDATE jobs SET state = ?2, outcome = ?3, changed = ?4 WHERE job_id = ?1 AND state = 'running' RETURNING *",
        );
        let finish = finish.bind(job_id).bind(state.name()).bind(outcome.to_string()).bind(now.0);
        let job = job_of(&finish.fetch_optional(&mut *tx).await?.ok_or(StateError::NotFound("job that runs"))?)?;
        tx.commit().await?;
        Ok(job)
    }

    /// Stops a job that waits or runs.
    ///
    /// # Errors
    /// There is none.
    pub async fn stop_job(&self, by: &By, job_id: i64) -> Result<JobRow, StateError> {
        let mut tx = self.begin().await?;
        let stop = sqlx::query(
            "UPDATE jobs SET state = 'stopped', changed = ?2
             WHERE job_id = ?1 AND state IN ('waiting', 'running') RETURNING *",
        );
        let row = stop.bind(job_id).bind(by.at.0).fetch_optional(&mut *tx).await?;
        let job = job_of(&row.ok_or(StateError::NotFound("job that waits or runs"))?)?;
        let detail = json!({"kind": job.kind});
        audit::append(&mut tx, by, &AuditEntry::new("job_stopped", "job", &job_id.to_string(), detail)).await?;
        tx.commit().await?;
        Ok(job)
    }

    /// One job.
    ///
    /// # Errors
    /// There is none.
    pub async fn job(&self, job_id: i64) -> Result<JobRow, StateError> {
        let row =
            sqlx::query("SELECT * FROM jobs WHERE job_id = ?1").bind(job_id).fetch_optional(&self.readers).await?;
        job_of(&row.ok_or(StateError::NotFound("job"))?)
    }

    /// Jobs, the newest first.
    ///
    /// # Errors
    /// The state cannot be read, or `after` is no key of a page.
    pub async fn jobs(&self, after: Option<&str>, limit: u32) -> Result<Page<JobRow>, StateError> {
        let mut query = QueryBuilder::new("SELECT * FROM jobs WHERE 1");
        if let Some(after) = after {
            let job_id: i64 = after.parse().map_err(|_| StateError::Refused("this is no key of a page"))?;
            query.push(" AND job_id < ").push_bind(job_id);
        }
        query.push(" ORDER BY job_id DESC LIMIT ").push_bind(rows_to_fetch(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(job_of).collect();
        Ok(page(rows?, limit, |row| row.job_id.to_string()))
    }
}

fn job_of(row: &SqliteRow) -> Result<JobRow, StateError> {
    const TABLE: &str = "jobs";
    let damaged = || StateError::Damaged(TABLE);
    let name: &str = row.try_get("state")?;
    let json = |text: &str| serde_json::from_str(text).map_err(|_| damaged());
    let total: Option<i64> = row.try_get("total")?;
    let outcome: Option<&str> = row.try_get("outcome")?;
    Ok(JobRow {
        job_id: row.try_get("job_id")?,
        kind: row.try_get("kind")?,
        owner: row.try_get("owner")?,
        input: json(row.try_get("input")?)?,
        state: JobState::ALL.into_iter().find(|state| state.name() == name).ok_or_else(damaged)?,
        done: from_count(row.try_get("done")?, TABLE)?,
        total: total.map(|total| from_count(total, TABLE)).transpose()?,
        outcome: outcome.map(json).transpose()?,
        created: Time(row.try_get("created")?),
        changed: Time(row.try_get("changed")?),
    })
}
