//! The review of record accesses of a running node: explains every access that is stored, by what is stored and by what the hospital's offices export.
//!
//! Comes in: evidence and log (`gather`), the folder of the setting `privacy.context_dir` (`context`). Room `privacy` explains and judges. Goes out: Incidents of kind
//! `privacy` in the state, and the counts of each review. It runs by the event clock beside the street, one at a time. What it does not know: who may see a case
//! (`policy`), and what becomes of one (`incident`).

mod context;
mod decided;
mod fhir;
mod gather;
mod ids;
mod messages;
mod moment;
mod persons;
mod records;
mod resource;
mod review;
mod rows;
mod standing;
mod told;
mod visits;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use cordon_api::{ControlError, DecisionStatus, OpenedRecord, Outcome, Progress, ReviewStanding};
use cordon_model::Time;
use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, oneshot};
use tokio_util::sync::CancellationToken;

use self::context::Lacks;
use self::decided::Decided;
use self::records::{Records, told};
use self::review::{Asked, Reviewed};
pub(super) use self::standing::Standing;
use super::node::Parts;
use crate::config::Privacy;

/// How often is looked whether a review is due, by the real clock.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a review that failed is left alone, by the real clock.
const RETRY_AFTER: Duration = Duration::from_secs(300);

/// Microseconds of the event clock after which what a review said of each record is given up: retention may have removed events since.
const RECORDS_MAX_AGE: i64 = 3 * 86_400_000_000;

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
    records: Records,
}

impl std::fmt::Debug for AccessReview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessReview").field("site", &self.site).finish_non_exhaustive()
    }
}

impl AccessReview {
    /// Over the parts of a node; the clocks of the site are those of `zone`.
    pub(super) fn new(parts: Arc<Parts>, site: String, zone: TimeZone, settings: PrivacyNow) -> Self {
        let (disk, keys) = (Arc::clone(&parts.disk), Arc::clone(&parts.keys));
        let records = Records::new(disk, keys, &parts.data_dir, &site);
        Self { parts, site, zone, settings, turn: Arc::default(), records }
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
            self.forget_records();
            if self.standing().next.is_none_or(|next| next > self.parts.clock.now()) {
                continue;
            }
            if let Err(error) = self.review(Arc::default()).await {
                tracing::warn!(error = %error, "accesses were not reviewed; trying again");
                pause = RETRY_AFTER;
            }
        }
    }

    /// Removes what is known of each record when nothing is reviewed any more, or when the last review is too long ago to know what has left the store since.
    fn forget_records(&self) {
        let ran = self.parts.reviews.ran();
        let is_old = ran.is_some_and(|ran| is_too_old(ran, self.parts.clock.now()));
        if !is_old && (self.settings)().context_dir.is_some() {
            return;
        }
        if let Err(error) = self.records.remove() {
            tracing::warn!(error = %error, "what is known of who opened which record cannot be removed; trying again");
        }
    }

    /// Who opened the record of a patient in a period, as the last review says; `None` when it knew nobody of that pseudonym.
    ///
    /// # Errors
    /// No review has run, the last is too long ago, or what it wrote cannot be read.
    pub async fn opened(&self, patient_ref: &str, period: Range<Time>) -> Result<Option<OpenedRecord>, ControlError> {
        let Some(patient) = persons::number(patient_ref) else { return Ok(None) };
        let this = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            this.forget_records();
            this.records.read(patient, &period)
        });
        let read = read.await;
        let read = read.map_err(|error| ControlError::Failed(error.to_string()))?;
        let record = read.map_err(|error| ControlError::Failed(error.to_string()))?;
        let is_young = |record: &records::Record| !is_too_old(record.about.ran(), self.parts.clock.now());
        let is_reviewed = (self.settings)().context_dir.is_some();
        let Some(record) = record.filter(|record| is_reviewed && is_young(record)) else {
            return Err(ControlError::Refused(self.not_reviewed()));
        };
        if record.patients.is_empty() {
            return Ok(None);
        }
        Ok(Some(told(record, &(self.settings)().office)))
    }

    /// What verdicts on cases of its site do to the next review.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn decisions(&self) -> Result<Vec<DecisionStatus>, ControlError> {
        let read = Decided::read(&self.parts.state, &self.site, self.parts.clock.now()).await;
        Ok(read.map_err(|error| ControlError::Failed(error.to_string()))?.told())
    }

    /// Why nobody can say who opened a record.
    fn not_reviewed(&self) -> String {
        let standing = self.standing();
        if standing.is_set_up {
            return "no review of accesses has said lately who opened which record: start one, or wait for the next"
                .to_owned();
        }
        format!("accesses are not reviewed, so nobody can say who opened which record: {}", standing.missing.join("; "))
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
            records: self.records.clone(),
        };
        let (tell, told) = oneshot::channel();
        let thread = std::thread::Builder::new().name("access-review".to_owned());
        let started = thread.spawn(move || tell.send(asked.run()).is_ok());
        started.map_err(|error| ControlError::Unavailable(format!("no thread: {error}")))?;
        told.await.unwrap_or_else(|_| Err(ControlError::Failed("the review ended in a fault of its own".to_owned())))
    }
}

const fn is_too_old(ran: Time, now: Time) -> bool {
    now.0.saturating_sub(ran.0) > RECORDS_MAX_AGE
}
