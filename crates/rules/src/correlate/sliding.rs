//! A sliding window that keeps its events one by one: `event_count`, `value_count` and `value_sum` while the condition only has lower bounds.

use std::collections::VecDeque;

use cordon_model::Finding;
use cordon_stats::codec;
use rustc_hash::FxHashMap;

use super::state::{Aggregate, Arrival, Evidence};
use super::{EventRef, Measured, fixed};
use crate::ast::CorrelationKind;

/// How many of the first and how many of the last events of a window are named.
pub(super) const NAMED_EACH: usize = Finding::EVENTS_MAX / 2;

/// Events of a window in order, with the running aggregate.
#[derive(Debug)]
pub(super) struct Sliding {
    entries: VecDeque<Entry>,
    total: Total,
}

/// One event. 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) time: i64,
    pub(super) event: EventRef,
    pub(super) measured: Measured,
}

#[derive(Debug)]
enum Total {
    Count,
    /// How many events of the window have each hash.
    Distinct(FxHashMap<u64, u32>),
    /// In millionths.
    Sum(i128),
}

impl Sliding {
    pub(super) fn new(kind: CorrelationKind) -> Self {
        let total = match kind {
            CorrelationKind::ValueCount => Total::Distinct(FxHashMap::default()),
            CorrelationKind::ValueSum => Total::Sum(0),
            _ => Total::Count,
        };
        Self { entries: VecDeque::new(), total }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn add(&mut self, arrival: &Arrival<'_>) {
        self.push(Entry { time: arrival.time, event: arrival.event, measured: arrival.measured });
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push_back(entry);
        match (&mut self.total, entry.measured) {
            (Total::Distinct(counts), Measured::Hash(hash)) => *counts.entry(hash).or_default() += 1,
            (Total::Sum(sum), Measured::Number(number)) => *sum += fixed::millionths(number),
            _ => {}
        }
    }

    /// Lets go of the events before `cutoff`.
    pub(super) fn forget_before(&mut self, cutoff: i64) {
        let mut left = false;
        while let Some(entry) = self.entries.front().copied().filter(|entry| entry.time < cutoff) {
            self.entries.pop_front();
            self.take_away(entry.measured);
            left = true;
        }
        if left {
            self.shrink();
        }
    }

    fn take_away(&mut self, measured: Measured) {
        match (&mut self.total, measured) {
            (Total::Distinct(counts), Measured::Hash(hash)) => match counts.get_mut(&hash) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    counts.remove(&hash);
                }
            },
            (Total::Sum(sum), Measured::Number(number)) => *sum -= fixed::millionths(number),
            _ => {}
        }
    }

    /// Gives memory of a past burst back, so that what is counted by content stays near what is held.
    fn shrink(&mut self) {
        const KEPT_MIN: usize = 64;
        let wanted = (self.entries.len() * 2).max(KEPT_MIN);
        if self.entries.capacity() > wanted * 2 {
            self.entries.shrink_to(wanted);
            if let Total::Distinct(counts) = &mut self.total {
                counts.shrink_to(wanted);
            }
        }
    }

    pub(super) fn aggregate(&self) -> Aggregate {
        Aggregate::exact(match &self.total {
            Total::Count => fixed::count(self.entries.len() as u64),
            Total::Distinct(counts) => fixed::count(counts.len() as u64),
            Total::Sum(sum) => fixed::as_number(*sum),
        })
    }

    pub(super) fn evidence(&self, now: i64) -> Evidence {
        let len = self.entries.len();
        let named = self.entries.iter().enumerate().filter(|(at, _)| *at < NAMED_EACH || at + NAMED_EACH >= len);
        Evidence {
            start: self.entries.front().map_or(now, |entry| entry.time),
            end: now,
            total: len as u64,
            events: named.map(|(_, entry)| entry.event).collect(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let distinct = if let Total::Distinct(counts) = &self.total { counts.len() } else { 0 };
        self.entries.len() * size_of::<Entry>() + distinct * 16
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_len(out, self.entries.len());
        for entry in &self.entries {
            codec::put_i64(out, entry.time);
            codec::put_u64(out, entry.event.0);
            entry.measured.write(out);
        }
    }

    pub(super) fn read(kind: CorrelationKind, from: &mut &[u8]) -> Option<Self> {
        let mut sliding = Self::new(kind);
        let len = codec::take_len(from, 17)?;
        for _ in 0..len {
            let (time, event) = (codec::take_i64(from)?, EventRef(codec::take_u64(from)?));
            sliding.push(Entry { time, event, measured: Measured::read(from)? });
        }
        Some(sliding)
    }
}
