//! The review of record accesses of a running node: explains every access that is stored, by what is stored and by what the hospital's offices export.
//!
//! Comes in: evidence and log (`gather`), the folder of the setting `privacy.context_dir` (`context`). Room `privacy` explains and judges. Goes out: Incidents of kind
//! `privacy` in the state, and the counts of each review. It runs by the event clock beside the street, one at a time. What it does not know: who may see a case
//! (`policy`), and what becomes of one (`incident`).

mod context;
mod gather;
mod ids;
mod messages;
mod moment;
mod persons;
mod review;
mod rows;
mod standing;
mod told;
mod visits;

use std::sync::Arc;
use std::time::Duration;

use cordon_api::{ControlError, Outcome, Progress, ReviewStanding};
use cordon_model::Time;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, oneshot};
use tokio_util::sync::CancellationToken;

use self::context::Lacks;
use self::review::{Asked, Reviewed};
pub(super) use self::standing::Standing;
use super::node::Parts;
use crate::config::Privacy;

/// How often is looked whether a review is due, by the real clock.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a review that failed is left alone, by the real clock.
const RETRY_AFTER: Duration = Duration::from_secs(300);

/// The settings in force, asked anew for each review.
pub type PrivacyNow = Arc<dyn Fn() -> Privacy + Send + Sync>;

/// Reviews record accesses of one node. Clones share it.
#[derive(Clone)]
pub struct AccessReview {
    parts: Arc<Parts>,
    site: String,
    zone: TimeZone,
    settings: PrivacyNow,
    turn: Arc<Mutex<()>>,
}

impl std::fmt::Debug for AccessReview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessReview").field("site", &self.site).finish_non_exhaustive()
    }
}

impl AccessReview {
    /// Over the parts of a node; the clocks of the site are those of `zone`.
    pub(super) fn new(parts: Arc<Parts>, site: String, zone: TimeZone, settings: PrivacyNow) -> Self {
        Self { parts, site, zone, settings, turn: Arc::default() }
    }

    /// Reviews whenever it is due, until `stop`. A review that was missed while the node was down is made up at once.
    pub(super) async fn run(self, stop: CancellationToken) {
        match self.parts.state.last_review(&self.site).await {
            Ok(Some(last)) => self.parts.reviews.recall(last.run.ran),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %error, "when accesses were last reviewed cannot be read"),
        }
        let mut pause = LOOK_EVERY;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = LOOK_EVERY;
            if self.standing().next.is_none_or(|next| next > self.parts.clock.now()) {
                continue;
            }
            if let Err(error) = self.review(Arc::default()).await {
                tracing::warn!(error = %error, "accesses were not reviewed; trying again");
                pause = RETRY_AFTER;
            }
        }
    }

    /// How it is set up, and when it runs next.
    #[must_use]
    pub fn standing(&self) -> ReviewStanding {
        let (settings, site) = ((self.settings)(), self.site.clone());
        let Some(dir) = &settings.context_dir else {
            let missing = vec!["`privacy.context_dir` is not set: no access is reviewed".to_owned()];
            return ReviewStanding { site, missing, ..ReviewStanding::default() };
        };
        let Lacks { needed, wanted } = Lacks::of(dir);
        let is_set_up = needed.is_empty();
        let every = i64::try_from(settings.review_every.duration().as_micros()).unwrap_or(i64::MAX);
        let last = self.parts.reviews.ran();
        let next = last.map_or_else(|| self.parts.clock.now(), |last| Time(last.0.saturating_add(every)));
        let missing = needed.into_iter().chain(wanted).chain(self.parts.reviews.left_out()).collect();
        ReviewStanding { site, next: Some(next).filter(|_| is_set_up), is_set_up, missing }
    }

    /// Reviews now, once nobody else does. Ends early, with nothing kept, when it is cancelled or the node stops.
    ///
    /// # Errors
    /// Nothing is set up, what is needed lacks, or what is stored cannot be read; health says so too.
    pub async fn review(&self, progress: Arc<Progress>) -> Result<Outcome, ControlError> {
        let turn = loop {
            match tokio::time::timeout(LOOK_EVERY, self.turn.lock()).await {
                Ok(turn) => break turn,
                Err(_) if progress.is_cancelled() => return Ok(Outcome::default()),
                Err(_) => {}
            }
        };
        let reviewed = self.on_a_thread(progress).await;
        drop(turn);
        match reviewed {
            Ok(Some(Reviewed { run, outcome })) => {
                tracing::info!(
                    accesses = run.accesses,
                    cases = run.cases,
                    took_ms = run.took_ms,
                    "accesses were reviewed"
                );
                self.parts.reviews.note(&run, &outcome.notes);
                Ok(outcome)
            }
            Ok(None) => {
                let notes = vec!["it ended before everything was reviewed; nothing was kept".to_owned()];
                Ok(Outcome { notes, ..Outcome::default() })
            }
            Err(error) => {
                self.parts.reviews.failed(&error);
                Err(error)
            }
        }
    }

    async fn on_a_thread(&self, progress: Arc<Progress>) -> Result<Option<Reviewed>, ControlError> {
        let asked = Asked {
            parts: Arc::clone(&self.parts),
            site: self.site.clone(),
            settings: (self.settings)(),
            zone: self.zone.clone(),
            progress,
            runtime: Handle::current(),
        };
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new().name("access-review".to_owned());
        let started = thread.spawn(move || tell.send(asked.run()).is_ok());
        started.map_err(|error| ControlError::Unavailable(format!("no thread: {error}")))?;
        told.await.unwrap_or_else(|_| Err(ControlError::Failed("the review ended in a fault of its own".to_owned())))
    }
}
