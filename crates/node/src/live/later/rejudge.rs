//! Decodes and judges stored deliveries as the street did on their arrival, by other rules. Nothing but what is found is made of them.

use std::sync::Arc;

use cordon_decode::Sink;
use cordon_detect::{EventKey, Judged, Observed, Scratch};
use cordon_model::{Anomaly, Arena, Delivery, Position, Record};
use cordon_normalize::Origin;
use cordon_store::wal::Entry;

use super::super::decoders::{Decoders, at};
use super::super::judge::Found;
use super::super::node::Parts;
use super::super::watermark::is_ahead;
use super::super::windows::Matched;
use super::{LookBack, Purpose};
use crate::history::is_history;
use crate::live::rules::Generation;

/// An arena that a hostile record has blown up beyond this is given back.
const ARENA_KEEP_BYTES: usize = 8 << 20;

/// One worker with its memory.
pub(super) struct Rejudge<'p> {
    parts: &'p Parts,
    rules: &'p Generation,
    purpose: &'p Purpose,
    decoders: Decoders,
    scratch: Scratch,
    arena: Arena,
    /// What arrived from this offset of the log on is to be learnt.
    learns_from: u64,
}

/// What came of some deliveries.
#[derive(Default)]
pub(super) struct Rejudged {
    pub(super) deliveries: u64,
    pub(super) raw_records: u64,
    pub(super) events: u64,
    pub(super) findings: Vec<Found>,
    /// Matches that correlations wait for, each with the offset of its RawRecord.
    pub(super) matches: Vec<(u64, Matched)>,
    pub(super) undated: u64,
    /// What detectors of behaviour look at, of imported history that was not learnt yet.
    pub(super) observed: Vec<Observed>,
}

impl<'p> Rejudge<'p> {
    pub(super) fn new(parts: &'p Parts, asked: &'p LookBack) -> Self {
        let decoders = Decoders::new(parts.decode.clone());
        let scratch = asked.rules.detector.scratch();
        let learns_from = match &asked.purpose {
            Purpose::History => parts.learnt.history(),
            Purpose::Backfill { .. } | Purpose::Test(_) => u64::MAX,
        };
        Self {
            parts,
            rules: &asked.rules,
            purpose: &asked.purpose,
            decoders,
            scratch,
            arena: Arena::new(),
            learns_from,
        }
    }

    pub(super) fn entries(&mut self, entries: &[Entry]) -> Rejudged {
        let mut out = Rejudged::default();
        for entry in entries.iter().filter(|entry| is_asked(self.purpose, &entry.delivery)) {
            self.delivery(entry, &mut out);
        }
        out
    }

    fn delivery(&mut self, entry: &Entry, out: &mut Rejudged) {
        let Self { parts, rules, decoders, scratch, arena, learns_from, .. } = self;
        let learns_from = *learns_from;
        out.deliveries += 1;
        decoders.decode(&entry.delivery, entry.offset, arena, &mut |unit, arena| {
            out.raw_records += 1;
            let (delivery, arrival) = (&entry.delivery, unit.offset());
            let records = 0;
            let mut sink = UnitSink { parts, rules, delivery, arrival, learns_from, records, scratch, arena, out };
            unit.run(arena, &mut sink);
        });
        if arena.allocated_bytes() > ARENA_KEEP_BYTES {
            *arena = Arena::new();
        }
    }
}

fn is_asked(purpose: &Purpose, delivery: &Delivery) -> bool {
    match purpose {
        Purpose::Backfill { .. } => true,
        Purpose::History => is_history(&delivery.source),
        Purpose::Test(scope) => scope.admits_site(&delivery.site),
    }
}

/// Takes the records of one unit.
struct UnitSink<'w, 'a> {
    parts: &'w Parts,
    rules: &'w Generation,
    delivery: &'w Delivery,
    arrival: u64,
    /// What arrived from here on is to be learnt.
    learns_from: u64,
    /// Records of the unit so far.
    records: u32,
    scratch: &'w mut Scratch,
    arena: &'a Arena,
    out: &'w mut Rejudged,
}

impl<'a> Sink<'a> for UnitSink<'_, 'a> {
    fn record(&mut self, record: Record<'a>) {
        let Delivery { source, site, received, .. } = self.delivery;
        self.out.events += 1;
        let (position, index) = at(record.raw.position, record.index, self.arrival, self.records);
        self.records += 1;
        let mut judged = Judged::default();
        self.rules.detector.judge(&record, source, self.arena, self.scratch, &mut judged);
        self.out.undated += judged.matches_undated;
        let is_to_be_learnt = self.arrival >= self.learns_from;
        if judged.findings.is_empty() && judged.matches.is_empty() && !is_to_be_learnt {
            return;
        }
        let position = Position::Offset(position);
        judged.findings.iter_mut().for_each(|one| (one.finding.position, one.finding.index) = (position, index));
        judged.matches.iter_mut().for_each(|one| (one.event.position, one.event.index) = (position, index));
        let origin = Origin { source, received: *received };
        let known = self.rules.detector.know(&record, source, self.arena);
        let event = self.parts.judging.normalizer.normalize_known(&record, origin, &known, self.arena);
        if is_to_be_learnt && !is_ahead(event.time, *received) {
            let key = EventKey { id: event.id, record_sha256: known.record_sha256, position, index };
            self.out.observed.extend(Observed::of(&event, &key, source, site));
        }
        let class_uid = event.class_uid;
        let patient_ref = event.patient_refs.first().map(|patient| (*patient).to_owned());
        let arrival = self.arrival;
        self.out.matches.extend(
            judged.matches.into_iter().map(|found| {
                (arrival, Matched { source: Arc::clone(source), site: Arc::clone(site), class_uid, found })
            }),
        );
        self.out.findings.extend(judged.findings.into_iter().map(|detected| Found {
            detected,
            site: Arc::clone(site),
            class_uid,
            patient_ref: patient_ref.clone(),
            received: *received,
        }));
    }

    /// Was counted when it arrived.
    fn fault(&mut self, _: u64, _: Anomaly) {}
}
