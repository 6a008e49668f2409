//! How the review of accesses stands: for health and metrics.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cordon_api::{Family, Kind, Part, PartState};
use cordon_model::Time;

/// Name of the part in health.
const REVIEW: &str = "access_review";

/// Set by each review, read by whoever asks.
#[derive(Debug, Default)]
pub(in crate::live) struct Standing {
    /// Why the last review did not come to its end.
    fault: Mutex<String>,
    /// What the last review that came to its end could not use, in sentences.
    left_out: Mutex<Vec<String>>,
    reviews: AtomicU64,
    cases: AtomicU64,
    accesses: AtomicU64,
    unexplained: AtomicU64,
    withheld: AtomicU64,
    /// When the last one began, microseconds of the event clock; 0 for never.
    ran: AtomicI64,
    took_ms: AtomicU64,
}

impl Standing {
    fn fault(&self) -> MutexGuard<'_, String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A review came to its end.
    pub(super) fn note(&self, run: &cordon_store::state::ReviewRun, left_out: &[String]) {
        self.fault().clear();
        *self.left_out.lock().unwrap_or_else(PoisonError::into_inner) = left_out.to_vec();
        self.reviews.fetch_add(1, Ordering::Relaxed);
        self.cases.store(run.cases, Ordering::Relaxed);
        self.accesses.store(run.accesses, Ordering::Relaxed);
        self.unexplained.store(run.unexplained, Ordering::Relaxed);
        self.withheld.store(run.withheld, Ordering::Relaxed);
        self.ran.store(run.ran.0, Ordering::Relaxed);
        self.took_ms.store(run.took_ms, Ordering::Relaxed);
    }

    /// What the last review could not use.
    pub(super) fn left_out(&self) -> Vec<String> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the last one before the start ran.
    pub(super) fn recall(&self, ran: Time) {
        self.ran.store(ran.0, Ordering::Relaxed);
    }

    /// When the last one ran; none when there was none.
    pub(super) fn ran(&self) -> Option<Time> {
        Some(Time(self.ran.load(Ordering::Relaxed))).filter(|ran| ran.0 != 0)
    }

    /// A review did not come to its end.
    pub(super) fn failed(&self, why: &dyn std::fmt::Display) {
        *self.fault() = why.to_string();
    }

    /// What health says; nothing before the first review was tried.
    pub(in crate::live) fn part(&self) -> Option<Part> {
        let fault = self.fault().clone();
        if fault.is_empty() && self.reviews.load(Ordering::Relaxed) == 0 {
            return None;
        }
        // nothing else waits for it: the node stays ready
        let detail = if fault.is_empty() { self.left_out().join("; ") } else { fault };
        let state = if detail.is_empty() { PartState::Ok } else { PartState::Degraded };
        Some(Part { name: REVIEW, state, detail })
    }

    /// What is counted.
    pub(in crate::live) fn metrics(&self) -> Vec<Family> {
        let one =
            |name, help, kind, value: &AtomicU64| Family::one(name, help, kind, number(value.load(Ordering::Relaxed)));
        let gauge = Kind::Gauge;
        vec![
            one("cordon_access_reviews_total", "Reviews of record accesses.", Kind::Counter, &self.reviews),
            one("cordon_access_review_accesses", "Accesses that the last one looked at.", gauge, &self.accesses),
            one(
                "cordon_access_review_unexplained",
                "Accesses for which it found no reason in the data.",
                gauge,
                &self.unexplained,
            ),
            one("cordon_access_review_withheld", "Accesses that cannot be judged yet.", gauge, &self.withheld),
            one("cordon_access_review_cases", "Cases that it made.", gauge, &self.cases),
            one("cordon_access_review_milliseconds", "How long it took.", gauge, &self.took_ms),
            Family::one(
                "cordon_access_review_last_seconds",
                "When it began, by the event clock, seconds since 1970.",
                gauge,
                seconds(self.ran.load(Ordering::Relaxed)),
            ),
        ]
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 may lose its last digit")]
const fn number(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a time in 2100 loses less than a microsecond")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
