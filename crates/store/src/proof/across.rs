//! Log, evidence, event tables and findings against each other: every row and every cited place stands at a record that is kept or that left by the ledger, every record
//! that was judged has its row, none twice. Goes through the log's offsets in windows, so that memory stays bounded whatever the store holds.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::cited::Citations;
use super::{ACROSS, EVIDENCE, LOG, Parts, Proof, TABLES, Watch};
use crate::evidence::{Evidence, EvidenceError, EvidenceReport, Seen, Verifier};
use crate::tables::{RowPlace, Tables};
use crate::wal::{Entry, Wal, WalError};

/// RawRecords of a window, 24 bytes each.
const WINDOW_RECORDS: usize = 1 << 20;
/// Most rows of a window that are compared with each other to find some that stand twice, 16 bytes each; more are counted.
const WINDOW_ROWS: usize = 4 << 20;
/// How often is begun anew when files leave while they are read.
const TRIES_MAX: usize = 3;
/// Payload of the log that is held at a time.
const READ_BYTES: usize = 4 << 20;
const DAY_MICROS: i64 = 86_400_000_000;

/// One RawRecord.
#[derive(Clone, Copy, Debug)]
struct Unit {
    start: u64,
    bytes: u32,
    source: u32,
    /// Day of receipt since 1970.
    day: i32,
}

/// Ranges of positions behind a first offset up to and with an end.
#[derive(Debug, Default)]
struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Makes them ready to be asked: each end is then the furthest of all ranges before.
    fn order(&mut self) {
        self.0.sort_unstable();
        let mut furthest = 0;
        for (_, end) in &mut self.0 {
            furthest = furthest.max(*end);
            *end = furthest;
        }
    }

    fn hold(&self, position: u64) -> bool {
        let behind = self.0.partition_point(|(first, _)| *first < position);
        behind.checked_sub(1).and_then(|last| self.0.get(last)).is_some_and(|(_, end)| position <= *end)
    }
}

/// What is known of the records of one stretch of the log.
#[derive(Debug, Default)]
struct Window {
    from: u64,
    units: Vec<Unit>,
    sources: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, u32>,
    removed: Ranges,
    lost: Ranges,
}

impl Window {
    fn starting_at(from: u64) -> Self {
        Self { from, ..Self::default() }
    }

    fn is_full(&self) -> bool {
        self.units.len() >= WINDOW_RECORDS
    }

    fn add(&mut self, entry: &Entry) {
        let (delivery, next) = (&entry.delivery, u32::try_from(self.sources.len()).unwrap_or(u32::MAX));
        let source = *self.numbers.entry(Arc::clone(&delivery.source)).or_insert(next);
        if source == next {
            self.sources.push(Arc::clone(&delivery.source));
        }
        let day = i32::try_from(delivery.received.0.div_euclid(DAY_MICROS)).unwrap_or(i32::MAX);
        self.units.extend(delivery.units.iter().map(|unit| Unit {
            start: entry.offset.saturating_add(unit.start as u64),
            bytes: u32::try_from(unit.end.saturating_sub(unit.start)).unwrap_or(u32::MAX),
            source,
            day,
        }));
    }

    /// The record that holds a position, by its place in `units`. Records that are empty hold their own start.
    fn unit(&self, position: u64) -> Option<usize> {
        let behind = self.units.partition_point(|unit| unit.start <= position);
        let place = behind.checked_sub(1)?;
        let unit = self.units.get(place)?;
        (position - unit.start < u64::from(unit.bytes.max(1))).then_some(place)
    }

    fn is_of(&self, place: usize, source: &str) -> bool {
        let unit = self.units.get(place);
        unit.and_then(|unit| self.sources.get(unit.source as usize)).is_some_and(|name| **name == *source)
    }
}

/// Goes through everything in the order of the log.
pub(super) fn walk(parts: &Parts, citations: Citations, dropped: Option<i64>, watch: &Watch) -> Proof {
    let mut proof = Proof::default();
    for _ in 0..TRIES_MAX {
        let before = removals(parts);
        let mut walk = Walk::new(parts, &citations, dropped, watch);
        walk.all();
        proof = walk.proof;
        if proof.is_cut_short || before == removals(parts) {
            return proof;
        }
        tracing::info!("evidence left while it was verified: it is read again");
    }
    proof.notes.push(
        "evidence went on leaving while it was verified: what is said of removals may be of the moment".to_owned(),
    );
    proof
}

/// Number of entries of the ledger; `None` when it cannot be read, which the proof tells.
fn removals(parts: &Parts) -> Option<usize> {
    parts.evidence.as_ref().and_then(|evidence| evidence.removals().ok()).map(|entries| entries.len())
}

struct Walk<'p> {
    parts: &'p Parts,
    citations: &'p Citations,
    /// Up to this day rows may have been dropped.
    dropped: Option<i64>,
    /// Every record below has its rows.
    rows_through: u64,
    watch: &'p Watch,
    window: Window,
    proof: Proof,
}

impl<'p> Walk<'p> {
    fn new(parts: &'p Parts, citations: &'p Citations, dropped: Option<i64>, watch: &'p Watch) -> Self {
        let rows_through = parts.tables.as_ref().map_or(0, Tables::through);
        Self { parts, citations, dropped, rows_through, watch, window: Window::default(), proof: Proof::default() }
    }

    fn all(&mut self) {
        let evidence = self.parts.evidence.clone();
        let mut verifier = evidence.as_deref().map(Evidence::verifier);
        self.evidence(verifier.as_mut());
        let reached = verifier.as_ref().map_or(0, Verifier::applied);
        if let Some(wal) = self.parts.wal.clone().filter(|_| !self.proof.is_cut_short) {
            self.log(&wal, reached, verifier.as_mut());
        }
        if self.proof.is_cut_short {
            return;
        }
        // without the log nothing is known of what lies behind the evidence
        let to = if self.parts.wal.is_some() { u64::MAX } else { reached };
        self.close(to);
        self.proof.count("across_places_not_looked_up", self.citations.beyond);
        match verifier.map(Verifier::finish) {
            Some(Ok(report)) => self.tell(report),
            Some(Err(error)) => self.proof.fault(EVIDENCE, error.to_string()),
            None => {}
        }
    }

    /// Reads what of the evidence was not read yet.
    fn evidence(&mut self, verifier: Option<&mut Verifier<'_>>) {
        let Some(verifier) = verifier else { return };
        let read: Result<(), EvidenceError> = verifier.read(&mut |seen| match seen {
            Seen::Entries(entries) => {
                entries.iter().for_each(|entry| self.window.add(entry));
                self.go_on(entries.iter().map(|entry| entry.delivery.bytes.len() as u64).sum())
            }
            Seen::Removed { first, end } => {
                self.window.removed.0.push((first, end));
                true
            }
            Seen::Lost { first, end } => {
                self.window.lost.0.push((first, end));
                true
            }
            Seen::Through(through) => {
                if self.window.is_full() {
                    self.close(through);
                }
                true
            }
        });
        if let Err(error) = read {
            self.proof.fault(EVIDENCE, error.to_string());
        }
    }

    fn go_on(&mut self, bytes: u64) -> bool {
        let goes_on = self.watch.add(bytes);
        self.proof.is_cut_short |= !goes_on;
        goes_on
    }

    /// Reads the log; what the evidence has already is checked and not compared again.
    fn log(&mut self, wal: &Wal, mut reached: u64, mut verifier: Option<&mut Verifier<'_>>) {
        let (oldest, end) = (wal.oldest(), wal.durable());
        if verifier.is_none() {
            self.window.from = oldest;
        } else if oldest > reached {
            self.proof
                .fault(ACROSS, format!("offsets {reached} to {oldest} are neither in the evidence nor in the log"));
            self.window.lost.0.push((reached, oldest));
        }
        let mut reader = wal.reader(oldest);
        while reader.position() < end && !self.proof.is_cut_short {
            match reader.read(READ_BYTES) {
                Ok(entries) if entries.is_empty() => break,
                Ok(entries) => self.take(&entries, reached, reader.position()),
                Err(WalError::Damaged { from, to }) => {
                    self.proof.fault(LOG, format!("offsets {from} to {to} are damaged and cannot be read"));
                    self.window.lost.0.push((from, to));
                }
                // what was cut meanwhile is in files of the evidence that were published meanwhile
                Err(WalError::Cut { oldest }) => {
                    self.evidence(verifier.as_deref_mut());
                    reached = verifier.as_ref().map_or(oldest, |verifier| verifier.applied()).max(reached);
                    reader = wal.reader(oldest);
                }
                Err(error) => return self.proof.fault(LOG, error.to_string()),
            }
        }
        self.proof.count("log_segments", wal.metrics().segments);
    }

    /// Takes entries of the log in, after which it was read up to `position`.
    fn take(&mut self, entries: &[Entry], reached: u64, position: u64) {
        for entry in entries {
            self.proof.count("log_deliveries", 1);
            self.proof.count("log_records", entry.delivery.units.len() as u64);
            if entry.end > reached {
                self.window.add(entry);
            }
        }
        self.go_on(entries.iter().map(|entry| entry.delivery.bytes.len() as u64).sum());
        if self.window.is_full() {
            self.close(position);
        }
    }

    fn tell(&mut self, report: EvidenceReport) {
        self.proof.count("evidence_files", report.segments);
        self.proof.count("evidence_blocks", report.blocks);
        self.proof.count("evidence_records", report.records);
        self.proof.count("evidence_blocks_removed", report.removed_blocks);
        self.proof.count("evidence_records_removed", report.removed_records);
        self.proof.count("evidence_removals", report.removals);
        let listed = report.faults.len() as u64;
        report.faults.iter().for_each(|fault| self.proof.fault(EVIDENCE, fault.to_string()));
        self.proof.faults_total += report.faults_total - listed;
    }

    /// Compares a window that is complete up to `to`, and begins the next there.
    fn close(&mut self, to: u64) {
        let mut window = std::mem::replace(&mut self.window, Window::starting_at(to));
        // what was cut from the log while it was read comes once more, out of the evidence
        let from = window.from;
        window.units.retain(|unit| unit.start >= from);
        window.units.sort_unstable_by_key(|unit| (unit.start, unit.bytes));
        window.units.dedup_by_key(|unit| (unit.start, unit.bytes));
        window.removed.order();
        window.lost.order();
        if let Some(tables) = self.parts.tables.clone() {
            self.rows(&tables, &window, to);
        }
        self.cited(&window, to);
    }

    fn rows(&mut self, tables: &Tables, window: &Window, to: u64) {
        let to = to.min(self.rows_through);
        for _ in 0..TRIES_MAX {
            let mut rows = Rows::new(window);
            match tables.places(window.from, to, &mut |place| rows.see(place)) {
                Ok(()) => return self.settle(rows, window, to),
                // joined or dropped meanwhile: the tables say anew which files there are
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return self.proof.fault(TABLES, format!("rows cannot be read: {error}")),
            }
        }
        self.proof.fault(TABLES, "files that the tables name are not there");
    }

    fn settle(&mut self, rows: Rows<'_>, window: &Window, to: u64) {
        self.proof.count("across_rows", rows.rows);
        self.proof.count("across_rows_of_removed_evidence", rows.of_removed);
        self.proof.count("across_rows_not_compared", rows.beyond);
        let twice = rows.twice();
        self.groups(&rows.elsewhere, |place, more| {
            format!("the table {} has {more} events of records that are neither in the evidence nor in the log, the first at offset {}", place.0, place.1)
        });
        if let Some(first) = twice.first() {
            self.proof.fault(
                ACROSS,
                format!("{} events stand in the tables twice, the first at offset {first}", twice.len()),
            );
        }
        let is_missed = |(unit, has_row): &(&Unit, &bool)| {
            !**has_row && unit.start < to && self.dropped.is_none_or(|day| i64::from(unit.day) > day)
        };
        let missed: Vec<u64> =
            window.units.iter().zip(&rows.has_row).filter(is_missed).map(|(unit, _)| unit.start).collect();
        if let Some(first) = missed.first() {
            let says = format!("{} records have no event in any table, the first at offset {first}", missed.len());
            self.proof.fault(ACROSS, says);
        }
        let compared = window.units.iter().filter(|unit| unit.start < to).count();
        self.proof.count("across_records", compared as u64);
    }

    fn groups(&mut self, found: &BTreeMap<&'static str, (u64, u64)>, says: impl Fn((&str, u64), u64) -> String) {
        for (table, (count, first)) in found {
            self.proof.fault(ACROSS, says((table, *first), *count));
        }
    }

    /// Whether what findings cite stands where they say.
    fn cited(&mut self, window: &Window, to: u64) {
        let places = &self.citations.places;
        let (first, last) =
            (places.partition_point(|(at, _)| *at < window.from), places.partition_point(|(at, _)| *at < to));
        let (mut absent, mut first_absent, mut looked_up) = (0_u64, None, 0_u64);
        for (position, source) in places.get(first..last).unwrap_or_default() {
            looked_up += 1;
            let source = self.citations.sources.get(*source as usize).map_or("", String::as_str);
            let is_there = window.unit(*position).is_some_and(|place| window.is_of(place, source))
                || window.removed.hold(*position)
                || window.lost.hold(*position);
            if !is_there {
                absent += 1;
                first_absent.get_or_insert(*position);
            }
        }
        self.proof.count("across_places_cited", looked_up);
        if let Some(first) = first_absent {
            let says = format!(
                "findings cite {absent} records that are neither in the evidence nor in the log, the first at offset {first}"
            );
            self.proof.fault(ACROSS, says);
        }
    }
}

/// The rows of one window.
struct Rows<'w> {
    window: &'w Window,
    has_row: Vec<bool>,
    seen: Vec<(u64, i32)>,
    beyond: u64,
    rows: u64,
    of_removed: u64,
    /// By table: how many, and the first.
    elsewhere: BTreeMap<&'static str, (u64, u64)>,
}

impl<'w> Rows<'w> {
    fn new(window: &'w Window) -> Self {
        let has_row = vec![false; window.units.len()];
        Self { window, has_row, seen: Vec::new(), beyond: 0, rows: 0, of_removed: 0, elsewhere: BTreeMap::new() }
    }

    fn see(&mut self, row: RowPlace<'_>) {
        self.rows += 1;
        if self.seen.len() < WINDOW_ROWS {
            self.seen.push((row.position, row.index));
        } else {
            self.beyond += 1;
        }
        let place = self.window.unit(row.position).filter(|place| self.window.is_of(*place, row.source));
        if let Some(has_row) = place.and_then(|place| self.has_row.get_mut(place)) {
            *has_row = true;
        } else if self.window.removed.hold(row.position) {
            self.of_removed += 1;
        } else if !self.window.lost.hold(row.position) {
            let (count, first) = self.elsewhere.entry(row.family.name()).or_insert((0, row.position));
            (*count, *first) = (*count + 1, (*first).min(row.position));
        }
    }

    /// Positions of rows that stand there more than once.
    fn twice(&self) -> Vec<u64> {
        let mut seen = self.seen.clone();
        seen.sort_unstable();
        seen.array_windows().filter(|[one, next]| one == next).map(|[one, _]| one.0).collect()
    }
}
