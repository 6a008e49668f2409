//! `temporal` and `temporal_ordered` while the condition only has lower bounds: no events are kept but those that can still matter.

use cordon_stats::codec;

use super::EventRef;
use super::fixed;
use super::state::{Aggregate, Arrival, Evidence};

/// `temporal`: the latest event of each rule.
#[derive(Debug)]
pub(super) struct Latest(Vec<Option<(i64, EventRef)>>);

impl Latest {
    pub(super) fn new(places: usize) -> Self {
        Self(vec![None; places])
    }

    pub(super) fn add(&mut self, arrival: &Arrival<'_>) {
        for place in arrival.places {
            if let Some(latest) = self.0.get_mut(*place) {
                *latest = Some((arrival.time, arrival.event));
            }
        }
    }

    fn from(&self, cutoff: i64) -> impl Iterator<Item = (i64, EventRef)> {
        self.0.iter().flatten().copied().filter(move |(time, _)| *time >= cutoff)
    }

    pub(super) fn aggregate(&self, cutoff: i64) -> Aggregate {
        Aggregate::exact(fixed::count(self.from(cutoff).count() as u64))
    }

    pub(super) fn evidence(&self, cutoff: i64, now: i64) -> Evidence {
        let mut events: Vec<(i64, EventRef)> = self.from(cutoff).collect();
        events.sort_by_key(|(time, _)| *time);
        Evidence {
            start: events.first().map_or(now, |(time, _)| *time),
            end: now,
            total: events.len() as u64,
            events: events.into_iter().map(|(_, event)| event).collect(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<Option<(i64, EventRef)>>()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for latest in &self.0 {
            out.push(u8::from(latest.is_some()));
            if let Some((time, event)) = latest {
                codec::put_i64(out, *time);
                codec::put_u64(out, event.0);
            }
        }
    }

    pub(super) fn read(places: usize, from: &mut &[u8]) -> Option<Self> {
        let mut latest = Self::new(places);
        for slot in &mut latest.0 {
            if codec::take(from)? == [1] {
                *slot = Some((codec::take_i64(from)?, EventRef(codec::take_u64(from)?)));
            }
        }
        Some(latest)
    }
}

/// `temporal_ordered`: for each place of `rules` and each length, the chain of events that ends there and started last.
///
/// A chain takes events of rising places in the order of time, one event per place, and may leave places out. Of two chains of one length and
/// end only the one that started later can ever be within a window when the other is not, so one is enough.
#[derive(Debug)]
pub(super) struct Sequence {
    places: usize,
    /// Start of the chain of length `l + 1` that ends at place `p`, at `p * places + l`; `None` when there is none.
    starts: Vec<Option<i64>>,
    /// Its events, `places` for each chain.
    events: Vec<EventRef>,
}

impl Sequence {
    pub(super) fn new(places: usize) -> Self {
        let chains = places * places;
        Self { places, starts: vec![None; chains], events: vec![EventRef(0); chains * places] }
    }

    pub(super) fn add(&mut self, arrival: &Arrival<'_>) {
        for place in arrival.places {
            for length in 0..=*place {
                self.extend(*place, length, arrival);
            }
        }
    }

    /// Ends a chain of `length + 1` events at `place` with this event, if that starts later than the one known.
    fn extend(&mut self, place: usize, length: usize, arrival: &Arrival<'_>) {
        let shorter = length.checked_sub(1).map(|shorter| self.latest_below(place, shorter));
        let (start, from) = match shorter {
            None => (arrival.time, None),
            Some(Some((start, chain))) => (start, Some(chain)),
            Some(None) => return,
        };
        let chain = place * self.places + length;
        let Some(known) = self.starts.get_mut(chain).filter(|known| known.is_none_or(|known| known < start)) else {
            return;
        };
        *known = Some(start);
        let to = chain * self.places;
        if let Some(from) = from.map(|chain| chain * self.places) {
            self.events.copy_within(from..from + length, to);
        }
        if let Some(last) = self.events.get_mut(to + length) {
            *last = arrival.event;
        }
    }

    /// The chain of `length + 1` events that ends below `place` and started last.
    fn latest_below(&self, place: usize, length: usize) -> Option<(i64, usize)> {
        let ends = (length..place).map(|end| end * self.places + length);
        let chains = ends.filter_map(|chain| Some((self.starts.get(chain).copied().flatten()?, chain)));
        chains.max_by_key(|(start, chain)| (*start, std::cmp::Reverse(*chain)))
    }

    /// The longest chain that started at `cutoff` or later, and of those the one that started last.
    fn longest(&self, cutoff: i64) -> Option<(usize, i64, usize)> {
        let mut best: Option<(usize, i64, usize)> = None;
        for (chain, start) in self.starts.iter().enumerate() {
            let Some(start) = start.filter(|start| *start >= cutoff) else { continue };
            let length = chain % self.places + 1;
            if best.is_none_or(|(longest, latest, _)| (length, start) > (longest, latest)) {
                best = Some((length, start, chain));
            }
        }
        best
    }

    pub(super) fn aggregate(&self, cutoff: i64) -> Aggregate {
        Aggregate::exact(fixed::count(self.longest(cutoff).map_or(0, |(length, _, _)| length as u64)))
    }

    pub(super) fn evidence(&self, cutoff: i64, now: i64) -> Evidence {
        let (length, start, chain) = self.longest(cutoff).unwrap_or((0, now, 0));
        let events = self.events.iter().skip(chain * self.places).take(length).copied().collect();
        Evidence { start, end: now, total: length as u64, events }
    }

    pub(super) fn bytes(&self) -> usize {
        self.starts.len() * size_of::<Option<i64>>() + self.events.len() * size_of::<EventRef>()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (start, events) in self.starts.iter().zip(self.events.chunks(self.places.max(1))) {
            out.push(u8::from(start.is_some()));
            if let Some(start) = start {
                codec::put_i64(out, *start);
                events.iter().for_each(|event| codec::put_u64(out, event.0));
            }
        }
    }

    pub(super) fn read(places: usize, from: &mut &[u8]) -> Option<Self> {
        let mut sequence = Self::new(places);
        for (start, events) in sequence.starts.iter_mut().zip(sequence.events.chunks_mut(places.max(1))) {
            if codec::take(from)? != [1] {
                continue;
            }
            *start = Some(codec::take_i64(from)?);
            for event in events {
                *event = EventRef(codec::take_u64(from)?);
            }
        }
        Some(sequence)
    }
}
