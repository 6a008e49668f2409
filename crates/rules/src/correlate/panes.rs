//! A sliding window with too many events to keep: counts, sums and sketches per pane, a pane being 1/32 of the timespan.
//!
//! A pane leaves the window when its last event does, so the window reaches back at most 1/32 of the timespan too far. `value_count` joins one
//! HyperLogLog per pane (4 KiB, standard error 1.6 %). Values are marked approximate.

use std::collections::VecDeque;

use cordon_model::Finding;
use cordon_stats::{Hll, codec};

use super::plan::Node;
use super::sliding::Sliding;
use super::state::{Aggregate, Arrival, Evidence};
use super::{EventRef, Measured, fixed};
use crate::ast::CorrelationKind;

/// Panes per timespan.
const PANES: i64 = 32;
/// Precision of the sketches.
const PRECISION: u8 = 12;

/// A window by panes, oldest first.
#[derive(Debug)]
pub(super) struct Panes {
    kind: CorrelationKind,
    pane_us: i64,
    panes: VecDeque<Pane>,
    count: u64,
    /// In millionths.
    sum: i128,
    /// All sketches of the window joined, and its estimate.
    union: Option<Hll>,
    estimate: f64,
    /// The newest events.
    newest: VecDeque<(i64, EventRef)>,
}

#[derive(Debug)]
struct Pane {
    number: i64,
    first: i64,
    last: i64,
    count: u64,
    sum: i128,
    sketch: Option<Hll>,
}

impl Panes {
    /// Takes over the events of a window that grew too long.
    pub(super) fn new(node: &Node, from: &Sliding) -> Self {
        let mut panes = Self::empty(node);
        for entry in from.entries() {
            panes.put(entry.time, entry.event, entry.measured);
        }
        panes
    }

    fn empty(node: &Node) -> Self {
        let distinct = node.kind == CorrelationKind::ValueCount;
        Self {
            kind: node.kind,
            pane_us: (node.span / PANES).max(1),
            panes: VecDeque::new(),
            count: 0,
            sum: 0,
            union: distinct.then(|| Hll::new(PRECISION)),
            estimate: 0.0,
            newest: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, arrival: &Arrival<'_>, cutoff: i64) {
        self.forget_before(cutoff);
        self.put(arrival.time, arrival.event, arrival.measured);
    }

    fn put(&mut self, time: i64, event: EventRef, measured: Measured) {
        let number = time.div_euclid(self.pane_us);
        if self.panes.back().is_none_or(|pane| pane.number != number) {
            let sketch = self.union.is_some().then(|| Hll::new(PRECISION));
            self.panes.push_back(Pane { number, first: time, last: time, count: 0, sum: 0, sketch });
        }
        let Some(pane) = self.panes.back_mut() else { return };
        pane.last = time;
        pane.count += 1;
        self.count += 1;
        match measured {
            Measured::Number(value) => {
                pane.sum += fixed::millionths(value);
                self.sum += fixed::millionths(value);
            }
            Measured::Hash(hash) => {
                let known = pane.sketch.as_mut().is_none_or(|sketch| !sketch.insert(hash));
                if let Some(union) = self.union.as_mut().filter(|_| !known)
                    && union.insert(hash)
                {
                    self.estimate = union.estimate();
                }
            }
            Measured::Nothing => {}
        }
        if self.newest.len() >= Finding::EVENTS_MAX {
            self.newest.pop_front();
        }
        self.newest.push_back((time, event));
    }

    fn forget_before(&mut self, cutoff: i64) {
        let mut left = false;
        while let Some(pane) = self.panes.pop_front_if(|pane| pane.last < cutoff) {
            self.count -= pane.count;
            self.sum -= pane.sum;
            left = true;
        }
        if left {
            while self.newest.pop_front_if(|(time, _)| *time < cutoff).is_some() {}
            self.join();
        }
    }

    fn join(&mut self) {
        let Some(union) = &mut self.union else { return };
        *union = Hll::new(PRECISION);
        for sketch in self.panes.iter().filter_map(|pane| pane.sketch.as_ref()) {
            union.merge(sketch);
        }
        self.estimate = union.estimate();
    }

    pub(super) fn aggregate(&self) -> Aggregate {
        let value = match self.kind {
            CorrelationKind::ValueCount => self.estimate.round(),
            CorrelationKind::ValueSum => fixed::as_number(self.sum),
            _ => fixed::count(self.count),
        };
        Aggregate { value, approximate: true }
    }

    pub(super) fn evidence(&self, now: i64) -> Evidence {
        Evidence {
            start: self.panes.front().map_or(now, |pane| pane.first),
            end: now,
            total: self.count,
            events: self.newest.iter().map(|(_, event)| *event).collect(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let sketches = if self.union.is_some() { (self.panes.len() + 1) << PRECISION } else { 0 };
        sketches + self.panes.len() * size_of::<Pane>() + self.newest.len() * 16 + size_of::<Self>()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_len(out, self.panes.len());
        for pane in &self.panes {
            codec::put_i64(out, pane.first);
            codec::put_i64(out, pane.last);
            codec::put_u64(out, pane.count);
            codec::put_i128(out, pane.sum);
            if let Some(sketch) = &pane.sketch {
                sketch.write(out);
            }
        }
        codec::put_len(out, self.newest.len());
        for (time, event) in &self.newest {
            codec::put_i64(out, *time);
            codec::put_u64(out, event.0);
        }
    }

    pub(super) fn read(node: &Node, from: &mut &[u8]) -> Option<Self> {
        let mut panes = Self::empty(node);
        for _ in 0..codec::take_len(from, 40)? {
            let (first, last) = (codec::take_i64(from)?, codec::take_i64(from)?);
            let (count, sum) = (codec::take_u64(from)?, codec::take_i128(from)?);
            let sketch = match panes.union {
                Some(_) => Some(Hll::read(from).filter(|sketch| sketch.bytes() == 1 << PRECISION)?),
                None => None,
            };
            panes.count = panes.count.checked_add(count)?;
            panes.sum = panes.sum.checked_add(sum)?;
            panes.panes.push_back(Pane { number: first.div_euclid(panes.pane_us), first, last, count, sum, sketch });
        }
        for _ in 0..codec::take_len(from, 16).filter(|len| *len <= Finding::EVENTS_MAX)? {
            panes.newest.push_back((codec::take_i64(from)?, EventRef(codec::take_u64(from)?)));
        }
        panes.join();
        Some(panes)
    }
}
