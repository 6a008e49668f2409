//! One worker of the live street: a batch of deliveries in, everything that is to be kept of it out. Pure but for the arena it reuses.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cordon_decode::Sink;
use cordon_detect::{Detected, EventKey, Judged, Observed, Scratch};
use cordon_model::{Anomaly, Arena, Delivery, Digest, Event, Position, RawRecord, Record, SourceSet, Time, When};
use cordon_normalize::{Known, Normalizer, Origin};
use cordon_store::evidence::{Block, Evidence};
use cordon_store::tables::{RowBatch, RowMeta, Rows};
use cordon_store::wal::Entry;

use super::decoders::{DecodeUnit, Decoders, at};
use super::feed::Batch;
use super::rules::Generation;
use super::watermark::is_ahead;
use super::windows::Matched;
use crate::history::is_history;

/// An arena that a hostile record has blown up beyond this is given back.
const ARENA_KEEP_BYTES: usize = 8 << 20;

/// What does not change from batch to batch.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) decoders: Decoders,
    pub(super) normalizer: Arc<Normalizer>,
    pub(super) evidence: Arc<Evidence>,
    pub(super) stop: Arc<AtomicBool>,
    /// How long evidence that cannot be sealed is left alone.
    pub(super) retry_after: Duration,
}

/// What came of one batch.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Everything below this offset of the log is in this or an earlier outcome.
    pub(super) through: u64,
    /// The rules that judged.
    pub(super) generation: Generation,
    /// When the last delivery was received, or the time of a tick.
    pub(super) now: Time,
    /// Rows of the event tables.
    pub(super) rows: Vec<RowBatch>,
    /// The deliveries themselves, sealed for the evidence; `None` when the node stopped before they could be.
    pub(super) blocks: Option<Vec<Block>>,
    /// Findings on events, in their order.
    pub(super) findings: Vec<Found>,
    /// Matches that correlations wait for.
    pub(super) matches: Vec<Matched>,
    /// What detectors of behaviour look at, in its order; imported history is learnt when all of it is there.
    pub(super) observed: Vec<Observed>,
    /// By source: its latest event that is not dated ahead of its receipt, and its latest receipt.
    pub(super) heard: BTreeMap<Arc<str>, (Option<Time>, Time)>,
    /// Events, records that gave none, and matches without a time.
    pub(super) counts: Counts,
}

/// What was counted of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) deliveries: u64,
    pub(super) raw_records: u64,
    pub(super) events: u64,
    /// RawRecords of which no event could be made; they are in the evidence and stand in the tables as undecoded.
    pub(super) undecoded: u64,
    /// Parts of RawRecords that gave no event beside others that did.
    pub(super) parts_undecoded: u64,
    pub(super) matches_undated: u64,
    pub(super) matches_ahead: u64,
    pub(super) bytes: u64,
}

/// A finding on one event, with what its row says beside it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) detected: Detected,
    pub(super) site: Arc<str>,
    pub(super) class_uid: i64,
    /// Pseudonym of the first patient of the event.
    pub(super) patient_ref: Option<String>,
    pub(super) received: Time,
}

/// A worker with its memory.
pub(super) struct Worker<'j> {
    judge: &'j Judge,
    generation: Generation,
    scratch: Scratch,
    arena: Arena,
    rows: Rows,
}

impl<'j> Worker<'j> {
    pub(super) fn new(judge: &'j Judge, generation: Generation, rows: Rows) -> Self {
        let scratch = generation.detector.scratch();
        Self { judge, generation, scratch, arena: Arena::new(), rows }
    }

    /// Decodes, normalises and judges a batch.
    pub(super) fn work(&mut self, batch: Batch) -> Outcome {
        if batch.generation.number != self.generation.number {
            self.generation = batch.generation;
            self.scratch = self.generation.detector.scratch();
        }
        let mut outcome = Outcome {
            through: batch.through,
            generation: self.generation.clone(),
            now: batch.now,
            rows: Vec::new(),
            blocks: None,
            findings: Vec::new(),
            matches: Vec::new(),
            observed: Vec::new(),
            heard: BTreeMap::new(),
            counts: Counts::default(),
        };
        for entry in &batch.entries {
            self.delivery(entry.offset, &entry.delivery, &mut outcome);
        }
        if outcome.counts.events + outcome.counts.undecoded > 0 {
            outcome.rows = self.rows.finish();
        }
        outcome.blocks = self.seal(&batch.entries);
        outcome
    }

    /// Blocks of the evidence; a key that cannot be made safe now is asked for until it can.
    fn seal(&self, entries: &[Entry]) -> Option<Vec<Block>> {
        loop {
            match self.judge.evidence.block(entries) {
                Ok(blocks) => return Some(blocks),
                Err(error) => tracing::error!(error = %error, "evidence cannot be sealed; trying again"),
            }
            if self.judge.stop.load(Ordering::Relaxed) {
                return None; // the log still has them
            }
            std::thread::sleep(self.judge.retry_after);
        }
    }

    fn delivery(&mut self, offset: u64, delivery: &Delivery, outcome: &mut Outcome) {
        let Self { judge, generation, scratch, arena, rows } = self;
        outcome.counts.deliveries += 1;
        judge.decoders.decode(delivery, offset, arena, &mut |unit, arena| {
            let counts = &mut outcome.counts;
            counts.raw_records += 1;
            counts.bytes += u64::try_from(unit.bytes().len()).unwrap_or_default();
            let (place, records, faults) = ((unit.offset(), 0), 0, 0);
            let mut sink =
                UnitSink { judge, generation, delivery, scratch, arena, rows, outcome, unit, place, records, faults };
            unit.run(arena, &mut sink);
            sink.finish();
        });
        if arena.allocated_bytes() > ARENA_KEEP_BYTES {
            *arena = Arena::new();
        }
    }
}

/// Takes the records of one unit.
struct UnitSink<'w, 'a> {
    judge: &'w Judge,
    generation: &'w Generation,
    delivery: &'w Delivery,
    scratch: &'w mut Scratch,
    arena: &'a Arena,
    rows: &'w mut Rows,
    outcome: &'w mut Outcome,
    unit: &'w DecodeUnit<'w>,
    /// Where the record stands, and which of those there it is.
    place: (u64, u32),
    records: u32,
    faults: u64,
}

impl<'a> Sink<'a> for UnitSink<'_, 'a> {
    fn record(&mut self, record: Record<'a>) {
        self.place = at(record.raw.position, record.index, self.unit.offset(), self.records);
        self.records += 1;
        self.outcome.counts.events += 1;
        let delivery = self.delivery;
        if let Some(time) = record.when.resolve() {
            let heard = self.outcome.heard.entry(Arc::clone(&delivery.source)).or_insert((None, delivery.received));
            let time = Some(time).filter(|time| !is_ahead(*time, delivery.received));
            *heard = (heard.0.max(time), heard.1.max(delivery.received));
        }
        let origin = Origin { source: &delivery.source, received: delivery.received };
        let detector = &self.generation.detector;
        let known = detector.know(&record, &delivery.source, self.arena);
        let event = self.judge.normalizer.normalize_known(&record, origin, &known, self.arena);
        self.row(&event, known.record_sha256);
        let mut judged = Judged::default();
        detector.judge_known(&record, &delivery.source, Some(&known), self.arena, self.scratch, &mut judged);
        self.observe(&event, known.record_sha256);
        self.take(judged, &event);
    }

    /// Counted with the unit: one without any record stands in the tables as undecoded.
    fn fault(&mut self, _: u64, _: Anomaly) {
        self.faults += 1;
    }
}

impl UnitSink<'_, '_> {
    fn row(&mut self, event: &Event<'_>, record_sha256: Digest) {
        let meta = RowMeta {
            event_id: event.id,
            record_sha256,
            source: &self.delivery.source,
            site: &self.delivery.site,
            position: self.place.0,
            index: self.place.1,
        };
        self.rows.push(event, &meta);
    }

    /// What is dated ahead of its receipt is of no known hour.
    fn observe(&mut self, event: &Event<'_>, record_sha256: Digest) {
        let Delivery { source, site, received, .. } = self.delivery;
        if is_history(source) || is_ahead(event.time, *received) {
            return;
        }
        let key =
            EventKey { id: event.id, record_sha256, position: Position::Offset(self.place.0), index: self.place.1 };
        self.outcome.observed.extend(Observed::of(event, &key, source, site));
    }

    fn take(&mut self, judged: Judged, event: &Event<'_>) {
        let Delivery { source, site, received, .. } = self.delivery;
        let Judged { mut findings, mut matches, matches_undated } = judged;
        self.outcome.counts.matches_undated += matches_undated;
        let (position, index) = (Position::Offset(self.place.0), self.place.1);
        findings.iter_mut().for_each(|one| (one.finding.position, one.finding.index) = (position, index));
        matches.iter_mut().for_each(|one| (one.event.position, one.event.index) = (position, index));
        let (all, before) = (matches.len(), self.outcome.matches.len());
        let believed = matches.into_iter().filter(|found| !is_ahead(found.time, *received));
        self.outcome.matches.extend(believed.map(|found| Matched {
            source: Arc::clone(source),
            site: Arc::clone(site),
            class_uid: event.class_uid,
            found,
        }));
        let taken = self.outcome.matches.len() - before;
        self.outcome.counts.matches_ahead += u64::try_from(all - taken).unwrap_or_default();
        self.outcome.findings.extend(findings.into_iter().map(|detected| Found {
            detected,
            site: Arc::clone(site),
            class_uid: event.class_uid,
            patient_ref: event.patient_refs.first().map(|patient| (*patient).to_owned()),
            received: *received,
        }));
    }

    /// A unit that gave no record is kept as an event of no class, so that nothing acknowledged is out of sight.
    fn finish(mut self) {
        if self.records > 0 {
            self.outcome.counts.parts_undecoded += self.faults;
            return;
        }
        self.outcome.counts.undecoded += 1;
        let raw = RawRecord { position: Position::Offset(self.unit.offset()), bytes: self.unit.bytes() };
        let record = Record {
            raw,
            index: 0,
            format: "undecoded",
            when: When::Missing,
            sources: SourceSet::default(),
            fields: &[],
            anomalies: &[super::decoders::UNKNOWN_FORMAT],
            patient_spans: &[],
        };
        let origin = Origin { source: &self.delivery.source, received: self.delivery.received };
        let arena = self.arena;
        let known = Known::of(&record, &self.delivery.source);
        let event = self.judge.normalizer.normalize_known(&record, origin, &known, arena);
        self.row(&event, known.record_sha256);
    }
}
