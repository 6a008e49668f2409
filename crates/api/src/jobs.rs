//! Jobs: long work of the node, started by a request, watched by others, a bounded number at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cordon_model::Time;
use tokio::sync::watch;

use crate::control::{ControlError, NodeControl, Outcome, Progress, Work};
use crate::problem::{Problem, ProblemKind};

/// Jobs that run at a time; a further one is refused.
const RUNNING_MAX: usize = 4;
/// Jobs that are remembered; the oldest that has ended is forgotten for a new one.
const REMEMBERED_MAX: usize = 256;

/// What a job does, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobKind {
    TestRule,
    Backfill,
    JudgeHistory,
    ReviewAccesses,
    Verify,
    Freeze,
    Thaw,
}

impl From<&Work> for JobKind {
    fn from(work: &Work) -> Self {
        match work {
            Work::TestRule { .. } => Self::TestRule,
            Work::Backfill { .. } => Self::Backfill,
            Work::JudgeHistory => Self::JudgeHistory,
            Work::ReviewAccesses => Self::ReviewAccesses,
            Work::Verify => Self::Verify,
            Work::Freeze => Self::Freeze,
            Work::Thaw => Self::Thaw,
        }
    }
}

impl JobKind {
    /// Freezing a moment and giving it up go one after the other.
    const fn is_of_backup(self) -> bool {
        matches!(self, Self::Freeze | Self::Thaw)
    }
}

/// How a job ended, or that it has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    Running,
    Done(Outcome),
    Cancelled(Outcome),
    Failed(String),
}

/// One job.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) kind: JobKind,
    /// Who started it: only that person, and who may run jobs of all, sees it.
    pub(crate) owner: String,
    pub(crate) started: Time,
    pub(crate) progress: Arc<Progress>,
    pub(crate) state: watch::Receiver<JobState>,
}

/// All jobs since the start of the node.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    last: AtomicU64,
    all: Mutex<BTreeMap<u64, Arc<Job>>>,
}

impl Jobs {
    /// Starts a job.
    pub(crate) fn start(
        &self,
        control: &dyn NodeControl,
        work: Work,
        owner: &str,
        started: Time,
    ) -> Result<Arc<Job>, Problem> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let running = |job: &Arc<Job>| *job.state.borrow() == JobState::Running;
        let kind = JobKind::from(&work);
        if kind.is_of_backup() && all.values().any(|job| job.kind.is_of_backup() && running(job)) {
            let detail = "a moment of the store is being frozen or given up just now; wait until that job has ended";
            return Err(Problem::new(ProblemKind::Conflict, detail));
        }
        if all.values().filter(|job| running(job)).count() >= RUNNING_MAX {
            let detail = format!("{RUNNING_MAX} jobs run already; wait for one or cancel it");
            return Err(Problem::new(ProblemKind::TooMany, detail).retry_after(30));
        }
        let oldest = all.values().find(|job| !running(job)).map(|job| job.id);
        if let Some(oldest) = oldest.filter(|_| all.len() >= REMEMBERED_MAX) {
            all.remove(&oldest);
        }
        let (tell, state) = watch::channel(JobState::Running);
        let progress = Arc::new(Progress::default());
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let job = Job { id, kind, owner: owner.to_owned(), started, progress: Arc::clone(&progress), state };
        let job = Arc::new(job);
        all.insert(id, Arc::clone(&job));
        drop(all);
        let running = control.run(work, Arc::clone(&progress));
        tokio::spawn(async move {
            let ended = ended(running.await, &progress);
            let _nobody_watches = tell.send(ended);
        });
        Ok(job)
    }

    /// A job.
    pub(crate) fn job(&self, id: u64) -> Option<Arc<Job>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// All jobs, the newest first.
    pub(crate) fn all(&self) -> Vec<Arc<Job>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).values().rev().cloned().collect()
    }
}

fn ended(result: Result<Outcome, ControlError>, progress: &Progress) -> JobState {
    match result {
        Ok(outcome) if progress.is_cancelled() => JobState::Cancelled(outcome),
        Ok(outcome) => JobState::Done(outcome),
        Err(ControlError::Failed(reason)) => {
            tracing::error!(reason, "a job failed");
            JobState::Failed("the node could not do this; its log says why".to_owned())
        }
        Err(fault) => JobState::Failed(fault.to_string()),
    }
}
