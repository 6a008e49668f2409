//! Correlations over imported history: judged once a whole import is there, in the order of event time. The street does not correlate it: its windows are long past.
//!
//! `cordon import` says when it is done. That is noted in the state, so that a node that stops in between goes on with it after its next start.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cordon_api::{Outcome, Progress, Work};
use cordon_collect::live::http::{AskHistory, HistoryState, HistoryStatus};
use cordon_store::state::{By, JobRow, StateError};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::super::control::Control;

/// Name of the work among the jobs of the state.
const KIND: &str = "history";
/// How long a state that cannot be read is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Judges history when it is asked to.
#[derive(Debug)]
pub(in crate::live) struct History {
    control: Control,
    asked: Notify,
    at: Mutex<At>,
}

/// How far it is.
#[derive(Debug, Default)]
struct At {
    /// Asked for and not begun.
    waits: bool,
    running: Option<Arc<Progress>>,
    last: Option<Result<Outcome, String>>,
}

impl History {
    pub(in crate::live) fn new(control: Control) -> Arc<Self> {
        Arc::new(Self { control, asked: Notify::new(), at: Mutex::default() })
    }

    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what was asked for, one after the other, until the node stops.
    pub(in crate::live) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let state = &self.control.parts.state;
        if let Err(error) = state.requeue_jobs(self.control.parts.clock.now()).await {
            tracing::warn!(error = %error, "jobs of before the start cannot be read");
        }
        while !stop.is_cancelled() {
            let pause = match self.next(&stop).await {
                Ok(true) => continue,
                Ok(false) => None,
                Err(error) => {
                    tracing::warn!(error = %error, "jobs of imported history cannot be read or noted; trying again");
                    Some(RETRY_AFTER)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.asked.notified(), if pause.is_none() => {}
                () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            }
        }
    }

    /// Does the next piece of work; whether there was one.
    async fn next(&self, stop: &CancellationToken) -> Result<bool, StateError> {
        match self.control.parts.state.take_job(KIND, self.control.parts.clock.now()).await? {
            Some(job) => self.job(job, stop).await.map(|()| true),
            None => Ok(false),
        }
    }

    async fn job(&self, job: JobRow, stop: &CancellationToken) -> Result<(), StateError> {
        let progress = Arc::new(Progress::default());
        {
            let mut at = self.at();
            (at.waits, at.running) = (false, Some(Arc::clone(&progress)));
        }
        let work = super::super::work::run(self.control.clone(), Work::JudgeHistory, progress);
        let ended = tokio::select! {
            ended = work => ended,
            // it waits again after the next start
            () = stop.cancelled() => return Ok(()),
        };
        if let Err(error) = &ended {
            tracing::error!(error = %error, "correlations over imported history were not judged");
        }
        let ended = ended.map_err(|error| error.to_string());
        let outcome = ended.as_ref().map(told).map_err(Clone::clone);
        let state = &self.control.parts.state;
        let noted = state.finish_job(job.job_id, outcome, self.control.parts.clock.now()).await;
        let mut at = self.at();
        (at.running, at.last) = (None, Some(ended));
        noted.map(drop)
    }

    /// Notes that history is to be judged.
    async fn note(&self) -> Result<(), StateError> {
        let by = By::node(self.control.parts.clock.now());
        self.control.parts.state.add_job(&by, KIND, &Value::Null).await?;
        self.asked.notify_one();
        Ok(())
    }
}

fn told(outcome: &Outcome) -> Value {
    json!({"counts": outcome.counts, "notes": outcome.notes})
}

impl AskHistory for History {
    fn ask(self: Arc<Self>) -> BoxFuture<'static, bool> {
        let waits = std::mem::replace(&mut self.at().waits, true);
        Box::pin(async move {
            // one that waits judges everything that is there when it begins
            if waits {
                return true;
            }
            let asked = self.note().await;
            if let Err(error) = &asked {
                tracing::warn!(error = %error, "that imported history is to be judged cannot be noted");
                self.at().waits = false;
            }
            asked.is_ok()
        })
    }

    fn status(&self) -> HistoryStatus {
        let at = self.at();
        let (done, total) = at.running.as_ref().map_or((0, 0), |progress| progress.read());
        let state = match (&at.running, at.waits, &at.last) {
            (Some(_), ..) => HistoryState::Running,
            (None, true, _) => HistoryState::Waiting,
            (None, false, Some(Ok(_))) => HistoryState::Done,
            (None, false, Some(Err(_))) => HistoryState::Failed,
            (None, false, None) => HistoryState::Idle,
        };
        let last = at.last.as_ref().and_then(|last| last.as_ref().ok());
        let findings = last.and_then(|last| last.counts.get("findings_new")).copied().unwrap_or_default();
        let notes = last.map(|last| last.notes.clone()).unwrap_or_default();
        HistoryStatus { state, done, total, findings, notes }
    }
}
