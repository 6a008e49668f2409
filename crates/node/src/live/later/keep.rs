//! Where findings in stored events go: into the state, in batches small enough that the street never waits for them, or, of a test, into an answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cordon_api::{ControlError, Outcome};
use cordon_detect::Detected;
use cordon_model::Time;
use cordon_store::state::{JudgedLater, NewFinding};
use tokio::runtime::Handle;

use super::super::finding;
use super::super::judge::Found;
use super::super::node::Parts;
use super::answer::Answer;

/// Findings that are written at once.
const BATCH: usize = 200;
/// How often a state that cannot be written is tried before the work ends.
const TRIES_MAX: u32 = 10;
/// How long it is left alone in between.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(super) struct Kept {
    parts: Arc<Parts>,
    runtime: Handle,
    rule_version: Arc<str>,
    mark: JudgedLater,
    /// Of a test: nothing is kept.
    answer: Option<Answer>,
    waiting: Vec<NewFinding>,
    new: u64,
    known: u64,
    of_correlations: u64,
}

impl Kept {
    pub(super) const fn new(
        parts: Arc<Parts>,
        runtime: Handle,
        rule_version: Arc<str>,
        mark: JudgedLater,
        answer: Option<Answer>,
    ) -> Self {
        let waiting = Vec::new();
        Self { parts, runtime, rule_version, mark, answer, waiting, new: 0, known: 0, of_correlations: 0 }
    }

    pub(super) fn of_event(&mut self, found: Found) -> Result<(), ControlError> {
        self.take(finding::of_event(found, &self.rule_version))
    }

    pub(super) fn of_correlation(
        &mut self,
        detected: Detected,
        site: Arc<str>,
        class_uid: i64,
        now: Time,
    ) -> Result<(), ControlError> {
        self.of_correlations += 1;
        self.take(finding::of_correlation(detected, site, class_uid, &self.rule_version, now))
    }

    fn take(&mut self, found: NewFinding) -> Result<(), ControlError> {
        if let Some(answer) = &mut self.answer {
            answer.take(&found);
            return Ok(());
        }
        self.waiting.push(found);
        if self.waiting.len() >= BATCH { self.write() } else { Ok(()) }
    }

    /// Writes what waits.
    pub(super) fn finish(&mut self) -> Result<(), ControlError> {
        if self.waiting.is_empty() { Ok(()) } else { self.write() }
    }

    fn write(&mut self) -> Result<(), ControlError> {
        let mut tries = 0;
        let recorded = loop {
            match self.runtime.block_on(self.parts.state.record_later(&self.waiting, self.mark)) {
                Ok(recorded) => break recorded,
                Err(error) if tries < TRIES_MAX && !self.parts.stop.load(Ordering::Relaxed) => {
                    tracing::warn!(error = %error, "findings cannot be written; trying again")
                }
                Err(error) => return Err(ControlError::Failed(error.to_string())),
            }
            tries += 1;
            std::thread::sleep(RETRY_AFTER);
        };
        self.waiting.clear();
        self.new += recorded.new;
        self.known += recorded.known;
        if recorded.new > 0 {
            self.parts.findings.send_modify(|kept| *kept += recorded.new);
        }
        Ok(())
    }

    /// What it came to.
    pub(super) fn outcome(self) -> Outcome {
        if let Some(answer) = self.answer {
            return answer.outcome();
        }
        let counts = [
            ("findings_new", self.new),
            ("findings_known", self.known),
            ("findings_of_correlations", self.of_correlations),
        ];
        Outcome { counts: counts.into(), ..Outcome::default() }
    }
}
