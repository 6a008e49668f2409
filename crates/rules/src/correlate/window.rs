//! A window that is decided when it closes: it opens with the first event of its group, lasts one timespan and holds nothing but its aggregate
//! and the first and last events. For conditions that more events can undo (`eq neq lt lte`, ranges) and for averages and percentiles.

use std::collections::VecDeque;

use cordon_stats::{DistinctCounter, Quantiles, codec};

use super::fields::Packed;
use super::plan::Node;
use super::sliding::NAMED_EACH;
use super::state::{Aggregate, Arrival, Evidence};
use super::{EventRef, Measured, fixed};
use crate::ast::CorrelationKind;

/// One open window.
#[derive(Debug)]
pub(super) struct Window {
    start: i64,
    last: i64,
    count: u64,
    first_events: Vec<EventRef>,
    last_events: VecDeque<EventRef>,
    tally: Tally,
    /// What the correlations above need of the last event.
    pub(super) outputs: Packed,
}

#[derive(Debug)]
enum Tally {
    Count,
    Distinct(DistinctCounter),
    /// In millionths.
    Sum(i128),
    /// Sum in millionths; divided by the count.
    Average(i128),
    Quantiles(Quantiles),
    /// One bit per rule seen.
    Rules(u64),
    /// Longest chain that ends at each place.
    Chains(Vec<u8>),
}

impl Tally {
    fn new(node: &Node) -> Self {
        match node.kind {
            CorrelationKind::EventCount => Self::Count,
            CorrelationKind::ValueCount => Self::Distinct(DistinctCounter::default()),
            CorrelationKind::ValueSum => Self::Sum(0),
            CorrelationKind::ValueAvg => Self::Average(0),
            CorrelationKind::ValuePercentile | CorrelationKind::ValueMedian => Self::Quantiles(Quantiles::default()),
            CorrelationKind::Temporal => Self::Rules(0),
            CorrelationKind::TemporalOrdered => Self::Chains(vec![0; node.places]),
        }
    }

    fn add(&mut self, arrival: &Arrival<'_>) {
        match (self, arrival.measured) {
            (Self::Distinct(counter), Measured::Hash(hash)) => counter.insert(hash),
            (Self::Sum(sum) | Self::Average(sum), Measured::Number(number)) => *sum += fixed::millionths(number),
            (Self::Quantiles(quantiles), Measured::Number(number)) => quantiles.insert(number),
            (Self::Rules(seen), _) => arrival.places.iter().for_each(|place| *seen |= 1 << place),
            (Self::Chains(lengths), _) => arrival.places.iter().for_each(|place| extend(lengths, *place)),
            _ => {}
        }
    }

    fn aggregate(&self, count: u64, percentile: f64) -> Aggregate {
        let exact = |value| Aggregate::exact(value);
        match self {
            Self::Count => exact(fixed::count(count)),
            Self::Distinct(counter) => {
                let estimate = counter.estimate();
                Aggregate { value: estimate.value, approximate: estimate.approximate }
            }
            Self::Sum(sum) => exact(fixed::as_number(*sum)),
            Self::Average(sum) => exact(fixed::as_number(*sum) / fixed::count(count.max(1))),
            Self::Quantiles(quantiles) => match quantiles.percentile(percentile) {
                Some(estimate) => Aggregate { value: estimate.value, approximate: estimate.approximate },
                None => exact(f64::NAN),
            },
            Self::Rules(seen) => exact(f64::from(seen.count_ones())),
            Self::Chains(lengths) => exact(f64::from(lengths.iter().copied().max().unwrap_or(0))),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Distinct(counter) => counter.bytes(),
            Self::Quantiles(quantiles) => quantiles.bytes(),
            Self::Chains(lengths) => lengths.len(),
            _ => 0,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Count => {}
            Self::Distinct(counter) => counter.write(out),
            Self::Sum(sum) | Self::Average(sum) => codec::put_i128(out, *sum),
            Self::Quantiles(quantiles) => quantiles.write(out),
            Self::Rules(seen) => codec::put_u64(out, *seen),
            Self::Chains(lengths) => out.extend_from_slice(lengths),
        }
    }

    fn read(node: &Node, from: &mut &[u8]) -> Option<Self> {
        Some(match Self::new(node) {
            Self::Count => Self::Count,
            Self::Distinct(_) => Self::Distinct(DistinctCounter::read(from)?),
            Self::Sum(_) => Self::Sum(codec::take_i128(from)?),
            Self::Average(_) => Self::Average(codec::take_i128(from)?),
            Self::Quantiles(_) => Self::Quantiles(Quantiles::read(from)?),
            Self::Rules(_) => Self::Rules(codec::take_u64(from)?),
            Self::Chains(lengths) => {
                let (lengths, rest) = from.split_at_checked(lengths.len())?;
                *from = rest;
                Self::Chains(lengths.to_vec())
            }
        })
    }
}

/// Ends the longest chain below `place` with an event at `place`.
fn extend(lengths: &mut [u8], place: usize) {
    let below = lengths.iter().take(place).copied().max().unwrap_or(0);
    if let Some(length) = lengths.get_mut(place) {
        *length = (*length).max(below.saturating_add(1));
    }
}

impl Window {
    pub(super) fn new(node: &Node) -> Self {
        Self {
            start: 0,
            last: 0,
            count: 0,
            first_events: Vec::new(),
            last_events: VecDeque::new(),
            tally: Tally::new(node),
            outputs: Packed::default(),
        }
    }

    pub(super) fn add(&mut self, arrival: &Arrival<'_>) {
        if self.count == 0 {
            self.start = arrival.time;
        }
        self.last = arrival.time;
        self.count += 1;
        self.tally.add(arrival);
        if self.first_events.len() < NAMED_EACH {
            self.first_events.push(arrival.event);
            return;
        }
        if self.last_events.len() == NAMED_EACH {
            self.last_events.pop_front();
        }
        self.last_events.push_back(arrival.event);
    }

    pub(super) fn aggregate(&self, percentile: f64) -> Aggregate {
        self.tally.aggregate(self.count, percentile)
    }

    pub(super) fn evidence(&self) -> Evidence {
        let events = self.first_events.iter().chain(&self.last_events).copied().collect();
        Evidence { start: self.start, end: self.last, total: self.count, events }
    }

    pub(super) fn bytes(&self) -> usize {
        let events = (self.first_events.len() + self.last_events.len()) * size_of::<EventRef>();
        size_of::<Self>() + events + self.tally.bytes() + self.outputs.bytes()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_i64(out, self.start);
        codec::put_i64(out, self.last);
        codec::put_u64(out, self.count);
        codec::put_len(out, self.first_events.len() + self.last_events.len());
        self.first_events.iter().chain(&self.last_events).for_each(|event| codec::put_u64(out, event.0));
        self.tally.write(out);
        self.outputs.write(out);
    }

    pub(super) fn read(node: &Node, from: &mut &[u8]) -> Option<Self> {
        let mut window = Self::new(node);
        window.start = codec::take_i64(from)?;
        window.last = codec::take_i64(from)?;
        window.count = codec::take_u64(from)?;
        let named = codec::take_len(from, 8).filter(|len| *len <= 2 * NAMED_EACH)?;
        for _ in 0..named {
            let event = EventRef(codec::take_u64(from)?);
            if window.first_events.len() < NAMED_EACH {
                window.first_events.push(event);
            } else {
                window.last_events.push_back(event);
            }
        }
        window.tally = Tally::read(node, from)?;
        window.outputs = Packed::read(from)?;
        Some(window)
    }
}
