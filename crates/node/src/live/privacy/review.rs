//! One review: gathers, explains, keeps what it found. Runs on a thread of its own and steps aside for the street while it gathers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cordon_api::{ControlError, Outcome, Progress};
use cordon_model::{IncidentKind, Time};
use cordon_policy::AccessScope;
use cordon_privacy::{AccessReader, Found, Reason, Review, Settings};
use cordon_store::state::{By, IncidentFilter, IncidentsRecorded, ReviewRun, ReviewSilence, StateError};
use jiff::tz::TimeZone;
use tokio::runtime::Handle;

use super::super::node::Parts;
use super::context::{self, Lacks};
use super::decided::Decided;
use super::gather::{self, Gathered, Wanted, no_room};
use super::ids::{SiteIds, account};
use super::persons::Persons;
use super::records::{About, Records, RecordsFault, Sorted, Walked, sort};
use super::told::{Known, Telling, seen};
use crate::accesses::{Intake, Kept};
use crate::config::Privacy;

/// Accesses that a review holds in memory, 104 bytes each; more lie in temporary files.
const IN_MEMORY_MAX: usize = 200_000;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// Cases that are read from the state at once.
const PAGE: u32 = 500;
/// Proofs of a page of cases that are known: cases beyond are taken for new ones only when they share no access with these.
const KNOWN_MAX: usize = 50_000;

/// What a review is asked for.
pub(super) struct Asked {
    pub(super) parts: Arc<Parts>,
    pub(super) site: String,
    pub(super) settings: Privacy,
    pub(super) zone: TimeZone,
    pub(super) progress: Arc<Progress>,
    pub(super) runtime: Handle,
    pub(super) records: Records,
}

/// What became of it.
pub(super) struct Reviewed {
    pub(super) run: ReviewRun,
    pub(super) outcome: Outcome,
}

impl Asked {
    /// Reviews. Nothing is kept when it was cancelled.
    pub(super) fn run(&self) -> Result<Option<Reviewed>, ControlError> {
        let began = Instant::now();
        let dir = self.folder()?;
        let now = self.parts.clock.now();
        let from = days_before(now, self.settings.days);
        let spill = self.parts.data_dir.join("spill");
        std::fs::create_dir_all(&spill).map_err(no_room)?;
        let ids = self.ids()?.with_accounts(context::accounts(&dir));
        let persons = Persons::read(&dir, &ids);
        let wanted = Wanted {
            site: self.site.as_str().into(),
            happened: from..Time(now.0.saturating_add(1)),
            zone: self.zone.clone(),
            ids: &ids,
            persons: &persons,
            dir: &spill,
        };
        let is_over = || self.is_over();
        let Some(gathered) = gather::gather(&self.parts, &wanted, &self.progress, &is_over)? else { return Ok(None) };
        let decided = self.runtime.block_on(Decided::read(&self.parts.state, &self.site, now)).map_err(failed)?;
        let budget = self.settings.budget.map(|budget| f64::from(u32::try_from(budget).unwrap_or(u32::MAX)));
        let read =
            context::read(&dir, &gathered, &ids, Settings { taught: decided.taught(), budget, ..Settings::default() })?;
        let faults = read.faults;
        let (context, proofs) = read.into_parts(&gathered);
        let mut review = Review::new(context);
        let Some(mut kept) = self.take_in(&mut review, &gathered, &spill)? else { return Ok(None) };
        let found = review.run(kept.trail(), |_, _| {}).map_err(no_room)?;
        if self.is_over() {
            return Ok(None);
        }
        let known = self.known(from)?;
        let cases = found.within_budget();
        let mut rows: BTreeSet<u32> = cases.iter().flat_map(|case| case.access_rows.iter().copied()).collect();
        rows.extend(rows_of(&gathered, &known)?);
        let mut seen = seen(&gathered, &rows).map_err(no_room)?;
        let mut run = self.told(&found, (from, now));
        let walked = Walked { gathered: &gathered, proofs: &proofs, persons: &persons, review: &review, dir: &spill };
        let sorted = explain(kept, &mut seen, &walked)?;
        let office = self.settings.office.iter().map(|name| account(name)).collect();
        let telling = Telling { site: &self.site, office: &office, now, proofs: &proofs, seen: &seen, known: &known };
        let mut new = Vec::new();
        for case in cases {
            new.extend(telling.incident(case).map_err(no_room)?);
        }
        run.cases = u64::try_from(new.len()).unwrap_or(u64::MAX);
        let has = |known: &&Known| known.is_open() && known.first >= from && new.iter().all(|case| case.id != known.id);
        for gone in known.iter().filter(has) {
            run.withdrawn.push((gone.id, telling.gone(gone).map_err(no_room)?));
        }
        run.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let recorded = self.keep(&run, &new)?;
        self.forget(now)?;
        let mut outcome = outcome(&run, &recorded, &gathered, faults);
        outcome.notes.extend(self.keep_records(&run, sorted));
        Ok(Some(Reviewed { outcome, run }))
    }

    fn folder(&self) -> Result<PathBuf, ControlError> {
        let Some(dir) = self.settings.context_dir.clone() else {
            return Err(ControlError::Refused("no access is reviewed: set `privacy.context_dir`".to_owned()));
        };
        let lacks = Lacks::of(&dir).needed;
        if lacks.is_empty() { Ok(dir) } else { Err(ControlError::Refused(lacks.join("; "))) }
    }

    fn ids(&self) -> Result<SiteIds, ControlError> {
        let key = self.parts.keys.site_key(&self.site).map_err(|error| ControlError::Failed(error.to_string()))?;
        let of_tables = self.parts.decode.csv_mappings.iter().map(|mapping| mapping.authority.clone());
        Ok(SiteIds::new(key, self.settings.authorities.iter().cloned().chain(of_tables)))
    }

    fn is_over(&self) -> bool {
        self.progress.is_cancelled() || self.parts.stop.load(Ordering::Relaxed)
    }

    /// Reads the accesses that were gathered.
    fn take_in(
        &self,
        review: &mut Review,
        gathered: &Gathered,
        spill: &std::path::Path,
    ) -> Result<Option<Kept>, ControlError> {
        let mut reader = AccessReader::open(gathered.accesses.sheet().map_err(no_room)?).map_err(no_room)?;
        let mut intake = Intake::holding(spill, IN_MEMORY_MAX);
        while let Some(read) = review.read(&mut reader).map_err(no_room)? {
            // a row that was made here and cannot be read is one without a patient or user
            if let Ok(access) = read {
                intake.push(access).map_err(no_room)?;
            }
            if self.is_over() {
                return Ok(None);
            }
        }
        intake.finish().map(Some).map_err(no_room)
    }

    /// Cases that the state has and that reach into the time of the review.
    fn known(&self, from: Time) -> Result<Vec<Known>, ControlError> {
        let (state, scope) = (&self.parts.state, AccessScope::of_the_node());
        let scope = scope.narrowed_to_sites(&[self.site.clone()].into());
        let filter = IncidentFilter { kind: Some(IncidentKind::Privacy), ..IncidentFilter::default() };
        let (mut known, mut after) = (Vec::new(), None::<String>);
        loop {
            let page =
                self.runtime.block_on(state.incidents(&scope, &filter, after.as_deref(), PAGE)).map_err(failed)?;
            for row in page.rows.iter().filter(|row| row.last >= from) {
                let found = self.runtime.block_on(state.incident(&scope, row.id)).map_err(failed)?.incident;
                let events = found.found.accesses.iter().map(|access| access.event_id).collect();
                let (user, first, state) = (found.found.user, found.found.first, found.state);
                known.push(Known { id: row.id, user, state, first, events });
            }
            after = page.next;
            if after.is_none() || known.len() >= KNOWN_MAX {
                return Ok(known);
            }
        }
    }

    fn told(&self, found: &Found, (from, now): (Time, Time)) -> ReviewRun {
        let counts = &found.counts;
        let by_reason = Reason::ALL.into_iter().zip(counts.by_reason).filter(|(_, count)| *count > 0);
        let millis = |at: i64| Time(at.saturating_mul(1_000));
        // without an access there is no time in which a feed could have been missed
        let silences = found.silences.iter().filter(|_| counts.accesses > 0).map(|silence| ReviewSilence {
            feed: silence.feed.words().to_owned(),
            from: millis(silence.from),
            until: millis(silence.until),
            words: words(silence),
        });
        ReviewRun {
            site: self.site.clone(),
            ran: now,
            from,
            until: Time(now.0.saturating_add(1)),
            accesses: counts.accesses,
            explained: counts.explained,
            unexplained: counts.no_reason,
            withheld: counts.late,
            by_reason: by_reason.map(|(reason, count)| (reason.id().to_owned(), count)).collect(),
            silences: silences.collect(),
            ..ReviewRun::default()
        }
    }

    /// Keeps who opened which record. Cases do not wait for it: a sentence says when it could not be kept.
    fn keep_records(&self, run: &ReviewRun, sorted: std::io::Result<Sorted>) -> Option<String> {
        let kept = sorted.map_err(RecordsFault::from).and_then(|sorted| self.records.replace(&About::of(run), sorted));
        let error = kept.err()?;
        tracing::warn!(error = %error, "who opened which record could not be kept");
        Some(format!("who opened which record is as the review before left it: {error}"))
    }

    /// Deletes withdrawn and unfounded cases whose time is over; a day after the review has lost sight of them at the earliest.
    fn forget(&self, now: Time) -> Result<(), ControlError> {
        let before = days_before(now, self.settings.forget_after_days.max(self.settings.days + 1));
        let deleted =
            self.runtime.block_on(self.parts.state.purge_unfounded(&By::node(now), before)).map_err(failed)?;
        if deleted > 0 {
            tracing::info!(deleted, "cases that were withdrawn or unfounded were deleted after their time");
        }
        Ok(())
    }

    fn keep(&self, run: &ReviewRun, new: &[cordon_model::NewIncident]) -> Result<IncidentsRecorded, ControlError> {
        let state = &self.parts.state;
        let recorded = self.runtime.block_on(async {
            let recorded = state.record_incidents(run, new).await?;
            state.note_review(run).await?;
            Ok::<_, StateError>(recorded)
        });
        recorded.map_err(failed)
    }
}

/// So many days before a time.
fn days_before(now: Time, days: u64) -> Time {
    Time(now.0.saturating_sub(i64::try_from(days).unwrap_or(400).saturating_mul(DAY)))
}

/// What was missing of a feed.
fn words(silence: &cordon_privacy::Silence) -> String {
    if silence.usual > 0.0 {
        format!("{} of about {:.0} rows came", silence.came, silence.usual)
    } else {
        "nothing came".to_owned()
    }
}

fn failed(error: StateError) -> ControlError {
    ControlError::Failed(error.to_string())
}

/// Rows of the accesses of cases that are known.
fn rows_of(gathered: &Gathered, known: &[Known]) -> Result<BTreeSet<u32>, ControlError> {
    let events: BTreeSet<_> = known.iter().flat_map(|known| known.events.iter().copied()).collect();
    let mut rows = BTreeSet::new();
    if !events.is_empty() {
        let each = |row, origin: super::rows::Origin| {
            if events.contains(&origin.event) {
                rows.insert(row);
            }
        };
        gathered.accesses.each_origin(each).map_err(no_room)?;
    }
    Ok(rows)
}

/// Notes what was found of these accesses, and puts all of them in the order of patients.
fn explain(
    kept: Kept,
    seen: &mut std::collections::BTreeMap<u32, super::told::Seen>,
    walked: &Walked<'_>,
) -> Result<std::io::Result<Sorted>, ControlError> {
    let each = |explained: &cordon_privacy::Explained| {
        if let Some(seen) = seen.get_mut(&explained.row) {
            seen.explain(explained);
        }
    };
    sort(walked, kept, each).map_err(no_room)
}

fn outcome(run: &ReviewRun, recorded: &IncidentsRecorded, gathered: &Gathered, faults: u64) -> Outcome {
    let count = |ids: &[cordon_model::IncidentId]| u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let counts = &gathered.counts;
    let missing = gathered.missing;
    let told = [
        (faults, "rows of the files in `privacy.context_dir` could not be used: `cordon privacy review` names each"),
        (counts.left_out, "messages or rows were left out for want of room"),
        (counts.undated, "accesses without a time were left out"),
        (missing.removed, "records that had left by retention or erasure were passed over"),
        (missing.damaged, "damaged parts of the store were passed over"),
    ];
    let notes = told.iter().filter(|(count, _)| *count > 0).map(|(count, text)| format!("{count} {text}"));
    Outcome {
        counts: [
            ("deliveries", counts.deliveries),
            ("messages", counts.messages),
            ("accesses", run.accesses),
            ("explained", run.explained),
            ("unexplained", run.unexplained),
            ("withheld", run.withheld),
            ("told_twice", counts.told_twice),
            ("by_programs", counts.by_programs),
            ("cases", run.cases),
            ("cases_opened", count(&recorded.opened)),
            ("cases_withdrawn", count(&recorded.withdrawn)),
            ("milliseconds", run.took_ms),
        ]
        .into(),
        notes: notes.collect(),
        events: Vec::new(),
        matches: Vec::new(),
    }
}
