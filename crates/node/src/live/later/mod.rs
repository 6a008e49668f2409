//! Judging what is stored: rules over what came before them, correlations over imported history, tests of rules.
//!
//! Comes in: rules and a range of receipt. Read is what the node keeps as it was received: evidence, then the log for what is in no file yet. It is decoded and judged
//! by the code of the street; matches are sorted by the time of their events before correlations see them. Goes out: findings with the ids that they would have had on
//! arrival, so that what was found already stays as it is. It runs on one thread of its own and steps aside for the street (`pace`).

mod answer;
mod history;
mod keep;
mod pace;
mod rejudge;
mod stored;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use cordon_api::{ControlError, Outcome, Progress};
use cordon_model::Time;
use cordon_policy::AccessScope;
use cordon_rules::correlate::{Counters, Limits};
use cordon_store::state::JudgedLater;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

pub(super) use history::History;
pub(super) use pace::Pace;
pub(super) use stored::{Step, Stored};

use super::learnt::Past;
use super::node::Parts;
use super::rules::Generation;
use super::windows::Matched;
use crate::scan::correlations::{Correlated, Correlations, End, Origin, Place, Placed};
use answer::Answer;
use keep::Kept;
use rejudge::{Rejudge, Rejudged};

/// Most bytes of matches that wait in files for correlations.
const SPILL_BYTES_MAX: u64 = 4 << 30;
/// How long is waited before the street is asked again how far it is.
const WAIT: Duration = Duration::from_millis(50);
/// A test of a rule ends after so long, with what it has.
const TEST_TIME_MAX: Duration = Duration::from_secs(120);

/// What is judged again.
#[derive(Clone, Debug)]
pub struct LookBack {
    /// By which rules.
    pub rules: Generation,
    /// What was received within these times.
    pub received: Range<Time>,
    /// What becomes of what is found.
    pub purpose: Purpose,
}

/// What becomes of what is found in stored events.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// Findings are kept. Correlations are told up to where those of the street are: what lies behind is theirs.
    Backfill {
        /// Whether people are sent messages about them.
        is_told: bool,
    },
    /// Findings of correlations over imported history alone are kept; nobody is told.
    History,
    /// Nothing is kept: what the rules find among the events that whoever asks may read is answered.
    Test(AccessScope),
}

impl Purpose {
    /// The mark of findings that are kept.
    const fn mark(&self) -> JudgedLater {
        match self {
            Self::History => JudgedLater { by: "history", is_quiet: true },
            Self::Backfill { is_told } => JudgedLater { by: "backfill", is_quiet: !*is_told },
            Self::Test(_) => JudgedLater { by: "test", is_quiet: true },
        }
    }
}

/// Judges again. Ends early, with what it has, once it is cancelled or the node stops.
pub(super) async fn look_back(
    parts: Arc<Parts>,
    asked: LookBack,
    progress: Arc<Progress>,
) -> Result<Outcome, ControlError> {
    let (runtime, (tell, told)) = (Handle::current(), oneshot::channel());
    let walk = Walk { parts, asked, progress, runtime };
    let thread = std::thread::Builder::new().name("look-back".to_owned());
    let started = thread.spawn(move || tell.send(walk.run()).is_ok());
    started.map_err(|error| ControlError::Unavailable(format!("no thread: {error}")))?;
    told.await.unwrap_or_else(|_| Err(ControlError::Failed("judging stored events ended in a fault".to_owned())))
}

struct Walk {
    parts: Arc<Parts>,
    asked: LookBack,
    progress: Arc<Progress>,
    runtime: Handle,
}

/// What was done so far.
struct Done<'d> {
    correlations: Correlations<'d>,
    kept: Kept,
    /// Findings on single events are there already.
    is_history: bool,
    sources: BTreeMap<(Arc<str>, Arc<str>), u32>,
    deliveries: u64,
    raw_records: u64,
    events: u64,
    matches: u64,
    matches_undated: u64,
    /// What is to be learnt of imported history.
    past: Past,
}

impl Walk {
    fn run(self) -> Result<Outcome, ControlError> {
        let began = Instant::now();
        let detector = Arc::clone(&self.asked.rules.detector);
        let mut stored = Stored::new(&self.parts, self.asked.received.clone());
        let mut done = Done::new(
            Correlations::new(&detector, self.place()?),
            self.kept(),
            &self.asked.purpose,
            self.parts.learnt.past(),
        );
        self.judge_all(&mut stored, &mut done, began)?;
        let Done { correlations, mut kept, past, .. } = done;
        let (left_out, learnt) = (past.left_out, past.len());
        let (mut counters, mut notes) = (Counters::default(), Vec::new());
        if self.is_over(began) {
            notes.push("it ended before everything was judged; correlations were not".to_owned());
        } else if detector.correlates() {
            counters = self.correlate(correlations, &mut kept)?;
        }
        if done.is_history && !self.is_over(began) {
            self.learn(past, stored.end())?;
        }
        kept.finish()?;
        self.progress.set(stored.end(), stored.end());
        let mut outcome = kept.outcome();
        let (missing, took) = (stored.missing(), u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let named = [
            (missing.removed, "records that had left by retention or erasure were passed over"),
            (missing.damaged, "damaged parts of the store were passed over"),
            (done.matches_undated, "matches of events without a time took no part in correlations"),
            (counters.groups_evicted, "groups of correlations were given up for want of room"),
            (left_out, "older observations were not learnt for want of room"),
        ];
        notes.extend(named.iter().filter(|(count, _)| *count > 0).map(|(count, text)| format!("{count} {text}")));
        notes.append(&mut outcome.notes);
        outcome.notes = notes;
        outcome.counts.extend([
            ("deliveries", done.deliveries),
            ("raw_records", done.raw_records),
            ("events", done.events),
            ("matches_of_correlations", done.matches),
            ("observations_learnt", learnt),
            ("records_removed", missing.removed),
            ("parts_damaged", missing.damaged),
            ("milliseconds", took),
        ]);
        Ok(outcome)
    }

    /// Where matches wait that memory has no room for.
    fn place(&self) -> Result<Place, ControlError> {
        let folder = self.parts.data_dir.join("spill");
        std::fs::create_dir_all(&folder).map_err(|error| ControlError::Unavailable(format!("spill: {error}")))?;
        Ok(Place { folder: Some(folder), bytes_max: SPILL_BYTES_MAX })
    }

    fn kept(&self) -> Kept {
        let answer = match &self.asked.purpose {
            Purpose::Test(scope) => Some(Answer::new(scope.clone(), self.parts.state.accounts().clone())),
            Purpose::Backfill { .. } | Purpose::History => None,
        };
        let version = Arc::clone(&self.asked.rules.version);
        Kept::new(Arc::clone(&self.parts), self.runtime.clone(), version, self.asked.purpose.mark(), answer)
    }

    fn judge_all(&self, stored: &mut Stored, done: &mut Done<'_>, began: Instant) -> Result<(), ControlError> {
        let (mut rejudge, mut pace) = (Rejudge::new(&self.parts, &self.asked), Pace::new(&self.parts));
        while !self.is_over(began) {
            let step_began = Instant::now();
            match stored.next()? {
                Step::End => break,
                Step::Wait => std::thread::sleep(WAIT),
                Step::Entries(entries) => {
                    done.take(rejudge.entries(&entries))?;
                    self.progress.set(stored.position(), stored.end());
                    pace.rest(step_began.elapsed(), || self.is_over(began));
                }
            }
        }
        Ok(())
    }

    /// Correlations over everything that matched, in the order of event time.
    fn correlate(&self, correlations: Correlations<'_>, kept: &mut Kept) -> Result<Counters, ControlError> {
        let end = match self.asked.purpose {
            Purpose::Backfill { .. } => {
                End::At(Time(self.parts.counts.decided.load(Ordering::Relaxed).saturating_sub(1)))
            }
            Purpose::History | Purpose::Test(_) => End::OfInput,
        };
        let limits = Limits { hash_key: self.parts.judging.hash_key, ..Limits::SORTED };
        let now = self.parts.clock.now();
        let goes_on = || !(self.progress.is_cancelled() || self.parts.stop.load(Ordering::Relaxed));
        let told = correlations.run(limits, end, goes_on, |Correlated { detected, site, class_uid }| {
            kept.of_correlation(detected, site, class_uid, now).map_err(std::io::Error::other)
        });
        told.map_err(failed)
    }

    /// What behaviour was usual, out of imported history; on the disk before the work counts as done.
    fn learn(&self, past: Past, end: u64) -> Result<(), ControlError> {
        let goes_on = || !(self.progress.is_cancelled() || self.parts.stop.load(Ordering::Relaxed));
        self.parts.learnt.learn(past, end, goes_on);
        self.parts.learnt.write(&*self.parts.disk).map(drop).map_err(failed)
    }

    fn is_over(&self, began: Instant) -> bool {
        let takes_too_long = matches!(self.asked.purpose, Purpose::Test(_)) && began.elapsed() > TEST_TIME_MAX;
        takes_too_long || self.progress.is_cancelled() || self.parts.stop.load(Ordering::Relaxed)
    }
}

impl<'d> Done<'d> {
    fn new(correlations: Correlations<'d>, kept: Kept, purpose: &Purpose, past: Past) -> Self {
        Self {
            correlations,
            kept,
            is_history: matches!(purpose, Purpose::History),
            sources: BTreeMap::new(),
            deliveries: 0,
            raw_records: 0,
            events: 0,
            matches: 0,
            matches_undated: 0,
            past,
        }
    }

    /// Takes in what came of one step.
    fn take(&mut self, judged: Rejudged) -> Result<(), ControlError> {
        let Rejudged { deliveries, raw_records, events, findings, matches, undated, observed } = judged;
        observed.into_iter().for_each(|one| self.past.take(one));
        self.deliveries += deliveries;
        self.raw_records += raw_records;
        self.events += events;
        self.matches_undated += undated;
        self.matches += u64::try_from(matches.len()).unwrap_or_default();
        for (arrival, Matched { source, site, class_uid, found }) in matches {
            let next = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
            let number = *self.sources.entry((Arc::clone(&source), Arc::clone(&site))).or_insert(next);
            let placed = Placed { source: number, arrival, class_uid };
            self.correlations.gather(placed, || Origin { source, site }, found).map_err(failed)?;
        }
        if self.is_history {
            return Ok(());
        }
        findings.into_iter().try_for_each(|found| self.kept.of_event(found))
    }
}

fn failed(error: impl std::fmt::Display) -> ControlError {
    ControlError::Failed(error.to_string())
}
