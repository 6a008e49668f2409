//! What has arrived over UDP and waits for room in the queue: a bounded ring for each source, which loses its oldest first.
//!
//! Each source has a bound of its own, and all together have one; when that is reached, the fullest loses. So a source that sends a hundred times as much as the
//! others takes nothing from them. The rings offer to the queue in turns and never wait.

use std::collections::{BTreeMap, VecDeque};
use std::mem::size_of;
use std::net::IpAddr;
use std::sync::Arc;

use cordon_model::{Delivery, Span, Time};

use crate::live::keep::{drop_reason, units, watch};
use crate::live::{DropReason, Intake, Limits, LiveSource, NotKept, SourceRegistry};

/// Addresses whose source is remembered; then they are looked up anew.
const ADDRESSES_MAX: usize = 8_192;
/// A ring is dropped in at least so many steps: what is lost at once is at most this part of its bound.
const STEPS_MIN: usize = 16;

/// The rings of one socket.
#[derive(Debug)]
pub(super) struct Rings {
    rings: Vec<Ring>,
    by_id: BTreeMap<Arc<str>, usize>,
    by_address: BTreeMap<IpAddr, usize>,
    bytes: usize,
    /// Whose turn it is to offer.
    turn: usize,
    limits: Limits,
    batch_bytes_max: usize,
    /// Of the registry, when sources were last looked up.
    generation: u64,
}

/// What waits of one source.
#[derive(Debug)]
struct Ring {
    source: Arc<LiveSource>,
    batches: VecDeque<Delivery>,
    bytes: usize,
}

impl Rings {
    pub(super) fn new(limits: &Limits) -> Self {
        let batch_bytes_max = limits.batch_bytes_max.min(limits.udp_source_bytes_max / STEPS_MIN).max(1);
        Self {
            rings: Vec::new(),
            by_id: BTreeMap::new(),
            by_address: BTreeMap::new(),
            bytes: 0,
            turn: 0,
            limits: limits.clone(),
            batch_bytes_max,
            generation: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Takes one datagram.
    pub(super) fn push(&mut self, registry: &SourceRegistry, address: IpAddr, datagram: &[u8], now: Time) {
        let kept = datagram.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0)).map_or(0, |at| at + 1);
        let Some(datagram) = datagram.get(..kept).filter(|datagram| !datagram.is_empty()) else { return };
        let place = self.ring_of(registry, address);
        let Some(ring) = self.rings.get_mut(place) else { return };
        let counts = &ring.source.counts;
        counts.received(1, u64::try_from(datagram.len()).unwrap_or(u64::MAX), now);
        if datagram.len() > self.limits.message_bytes_max {
            return counts.dropped(DropReason::TooLong, 1);
        }
        if ring.source.allowance.admit(1, ring.source.declaration.events_per_second_max) == 0 {
            return counts.dropped(DropReason::RateLimit, 1);
        }
        self.bytes += ring.push(datagram, now, self.batch_bytes_max, self.limits.batch_units_max);
        while self.rings.get(place).is_some_and(|ring| ring.bytes > self.limits.udp_source_bytes_max) {
            self.drop_oldest(place);
        }
        while self.bytes > self.limits.udp_bytes_max {
            let fullest = self.rings.iter().enumerate().max_by_key(|(_, ring)| ring.bytes);
            let Some((fullest, _)) = fullest else { break };
            self.drop_oldest(fullest);
        }
    }

    /// Offers what waits, a batch of each source in turn, until nothing is left or the queue has no room.
    pub(super) fn flush(&mut self, intake: &Intake) {
        let mut empty = 0;
        while empty < self.rings.len() {
            self.turn = if self.turn >= self.rings.len() { 0 } else { self.turn };
            let Some(ring) = self.rings.get_mut(self.turn) else { return };
            let Some(batch) = ring.batches.pop_front() else {
                (empty, self.turn) = (empty + 1, self.turn + 1);
                continue;
            };
            (empty, self.turn) = (0, self.turn + 1);
            let (cost, records) = (cost(&batch), units(&batch));
            match intake.offer(batch) {
                Ok(answer) => watch(Arc::clone(&ring.source), answer, records),
                Err((batch, NotKept::Full)) => {
                    ring.batches.push_front(*batch);
                    self.turn -= 1;
                    return;
                }
                Err((_, reason)) => ring.source.counts.dropped(drop_reason(reason), records),
            }
            ring.bytes = ring.bytes.saturating_sub(cost);
            self.bytes = self.bytes.saturating_sub(cost);
        }
    }

    /// Gives up all that waits, and counts it.
    pub(super) fn give_up(&mut self) {
        for place in 0..self.rings.len() {
            while self.rings.get(place).is_some_and(|ring| !ring.batches.is_empty()) {
                self.drop_oldest(place);
            }
        }
    }

    fn ring_of(&mut self, registry: &SourceRegistry, address: IpAddr) -> usize {
        if registry.generation() != self.generation {
            self.generation = registry.generation();
            self.by_address.clear();
        }
        if let Some(place) = self.by_address.get(&address) {
            return *place;
        }
        if self.by_address.len() >= ADDRESSES_MAX {
            self.by_address.clear();
        }
        let source = registry.source(super::NAME, &address.to_string());
        let next = self.rings.len();
        let place = *self.by_id.entry(Arc::clone(&source.declaration.id)).or_insert(next);
        match self.rings.get_mut(place) {
            // it may have been declared anew
            Some(ring) => ring.source = source,
            None => self.rings.push(Ring { source, batches: VecDeque::new(), bytes: 0 }),
        }
        self.by_address.insert(address, place);
        place
    }

    fn drop_oldest(&mut self, place: usize) {
        let Some(ring) = self.rings.get_mut(place) else { return };
        let Some(batch) = ring.batches.pop_front() else {
            ring.bytes = 0;
            return;
        };
        ring.source.counts.dropped(DropReason::Overload, units(&batch));
        let cost = cost(&batch);
        ring.bytes = ring.bytes.saturating_sub(cost);
        self.bytes = self.bytes.saturating_sub(cost);
    }
}

impl Ring {
    /// Appends a datagram and says what it costs.
    fn push(&mut self, datagram: &[u8], now: Time, batch_bytes_max: usize, batch_units_max: usize) -> usize {
        let room = |batch: &&mut Delivery| {
            batch.units.len() < batch_units_max && batch.bytes.len() + datagram.len() <= batch_bytes_max
        };
        if self.batches.back_mut().as_ref().filter(|batch| room(batch)).is_none() {
            let declaration = &self.source.declaration;
            let format = if declaration.format.is_empty() { "syslog".into() } else { Arc::clone(&declaration.format) };
            self.batches.push_back(Delivery {
                source: Arc::clone(&declaration.id),
                site: Arc::clone(&declaration.site),
                received: now,
                format,
                header: Vec::new(),
                bytes: Vec::new(),
                units: Vec::new(),
            });
        }
        let Some(batch) = self.batches.back_mut() else { return 0 };
        let start = batch.bytes.len();
        batch.bytes.extend_from_slice(datagram);
        batch.units.push(Span { start, end: batch.bytes.len() });
        let cost = datagram.len() + size_of::<Span>();
        self.bytes += cost;
        cost
    }
}

/// Bytes that a batch takes of its ring.
const fn cost(batch: &Delivery) -> usize {
    batch.bytes.len() + batch.units.len() * size_of::<Span>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::intake;

    const LOUD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const QUIET: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn limits(udp_source_bytes_max: usize, udp_bytes_max: usize) -> Limits {
        Limits { udp_source_bytes_max, udp_bytes_max, ..Limits::default() }
    }

    fn overload(registry: &SourceRegistry, address: IpAddr) -> u64 {
        let source = registry.source(super::super::NAME, &address.to_string());
        source.counts.drops().find(|(reason, _)| *reason == DropReason::Overload).unwrap().1
    }

    /// The messages that a queue of `bytes_max` takes.
    fn flushed(rings: &mut Rings) -> Vec<String> {
        let (intake, mut log) = intake(1 << 20);
        rings.flush(&intake);
        let mut messages = Vec::new();
        while let Ok(submission) = log.try_recv() {
            let delivery = &submission.delivery;
            messages.extend(delivery.raw_records(0).map(|raw| String::from_utf8_lossy(raw.bytes).into_owned()));
            submission.answer(Ok(()));
        }
        messages
    }

    #[tokio::test]
    async fn a_full_ring_loses_its_oldest_and_counts_them() {
        let registry = SourceRegistry::new("main".into(), []);
        let mut rings = Rings::new(&limits(16 * 32, 1 << 20));
        for number in 0..40 {
            rings.push(&registry, LOUD, format!("<1>message {number:05}").as_bytes(), Time(1));
        }
        let lost = overload(&registry, LOUD);
        let expect: Vec<String> = (lost..40).map(|number| format!("<1>message {number:05}")).collect();
        assert!((24..26).contains(&lost), "{lost}");
        assert_eq!(flushed(&mut rings), expect);
        assert!(rings.is_empty());
    }

    #[tokio::test]
    async fn a_source_that_sends_a_hundred_times_as_much_takes_nothing_from_another() {
        let registry = SourceRegistry::new("main".into(), []);
        let mut rings = Rings::new(&limits(8 << 10, 10 << 10));
        for number in 0..100 {
            rings.push(&registry, QUIET, format!("<1>quiet {number}").as_bytes(), Time(1));
            (0..100).for_each(|_| rings.push(&registry, LOUD, b"<1>loud", Time(1)));
        }
        assert_eq!(overload(&registry, QUIET), 0);
        assert!(overload(&registry, LOUD) > 9_000);
        assert_eq!(flushed(&mut rings).iter().filter(|message| message.contains("quiet")).count(), 100);
    }

    #[tokio::test]
    async fn without_room_everything_waits_and_goes_off_later_in_turns() {
        let registry = SourceRegistry::new("main".into(), []);
        let mut rings = Rings::new(&Limits { batch_units_max: 1, ..limits(1 << 20, 1 << 20) });
        for number in 0..3 {
            rings.push(&registry, LOUD, format!("<1>a{number}").as_bytes(), Time(1));
            rings.push(&registry, QUIET, format!("<1>b{number}\n").as_bytes(), Time(1));
        }
        let (full, _nobody_reads) = intake(1 << 10);
        rings.flush(&full);
        assert_eq!(flushed(&mut rings), ["<1>b0", "<1>a1", "<1>b1", "<1>a2", "<1>b2"]);
    }

    #[test]
    fn what_is_too_long_or_above_the_rate_is_counted() {
        let declared = crate::live::SourceDeclaration {
            id: "fw".into(),
            site: "main".into(),
            listener: super::super::NAME.into(),
            sender: "10.0.0.1".into(),
            format: "".into(),
            care: false,
            events_per_second_max: 2,
            silence_seconds: 0,
        };
        let registry = SourceRegistry::new("main".into(), [declared]);
        let mut rings = Rings::new(&Limits { message_bytes_max: 8, ..Limits::default() });
        for message in ["<1>a", "<1>far too long", "<1>b", "<1>c", "\n"] {
            rings.push(&registry, LOUD, message.as_bytes(), Time(1));
        }
        let source = registry.source(super::super::NAME, "10.0.0.1");
        let drops: Vec<_> = source.counts.drops().filter(|(_, count)| *count > 0).collect();
        assert_eq!(drops, [(DropReason::RateLimit, 1), (DropReason::TooLong, 1)]);
        assert_eq!(source.counts.records.load(std::sync::atomic::Ordering::Relaxed), 4);
    }
}
