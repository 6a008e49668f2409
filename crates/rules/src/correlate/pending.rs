//! Matches that wait until nothing earlier can come any more, in the order of time and then arrival.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use cordon_stats::codec;

use super::EventRef;
use super::fields::Packed;

/// One waiting match.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) rule: u32,
    pub(super) event: EventRef,
    pub(super) values: Packed,
}

/// Waiting matches. Buffers are used again, so a steady stream allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Pending {
    order: BinaryHeap<Reverse<(i64, u64, usize)>>,
    slots: Vec<Waiting>,
    free: Vec<usize>,
    arrivals: u64,
    bytes: usize,
}

impl Pending {
    /// Bytes of one waiting match apart from its fields.
    const WAITING_BYTES: usize = size_of::<Waiting>() + size_of::<(i64, u64, usize)>();

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a match; `fill` writes its fields into an empty buffer.
    pub(super) fn push(&mut self, time: i64, rule: u32, event: EventRef, fill: impl FnOnce(&mut Packed)) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Waiting::default());
            self.slots.len() - 1
        });
        let Some(waiting) = self.slots.get_mut(slot) else { return };
        waiting.rule = rule;
        waiting.event = event;
        waiting.values.clear();
        fill(&mut waiting.values);
        self.bytes += Self::WAITING_BYTES + waiting.values.bytes();
        self.order.push(Reverse((time, self.arrivals, slot)));
        self.arrivals += 1;
    }

    /// The time of the earliest match.
    pub(super) fn earliest(&self) -> Option<i64> {
        self.order.peek().map(|Reverse((time, _, _))| *time)
    }

    /// Takes the earliest match; its buffer should come back through [`Pending::give_back`].
    pub(super) fn pop(&mut self) -> Option<(i64, Waiting)> {
        let Reverse((time, _, slot)) = self.order.pop()?;
        let waiting = std::mem::take(self.slots.get_mut(slot)?);
        self.bytes -= Self::WAITING_BYTES + waiting.values.bytes();
        self.free.push(slot);
        Some((time, waiting))
    }

    pub(super) fn give_back(&mut self, waiting: Waiting) {
        if let Some(slot) = self.free.last().and_then(|slot| self.slots.get_mut(*slot)) {
            *slot = waiting;
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut sorted: Vec<(i64, u64, usize)> = self.order.iter().map(|Reverse(entry)| *entry).collect();
        sorted.sort_unstable();
        codec::put_len(out, sorted.len());
        for (time, _, slot) in sorted {
            let Some(waiting) = self.slots.get(slot) else { continue };
            codec::put_i64(out, time);
            codec::put_u64(out, u64::from(waiting.rule));
            codec::put_u64(out, waiting.event.0);
            waiting.values.write(out);
        }
    }

    /// Reads what [`Pending::write`] wrote. `take_in` gives the number that a rule has now and rearranges the fields; how many matches it had no place for comes back too.
    pub(super) fn read(
        from: &mut &[u8],
        take_in: impl Fn(u32, Packed) -> Option<(u32, Packed)>,
    ) -> Option<(Self, u64)> {
        let (mut pending, mut dropped) = (Self::default(), 0);
        for _ in 0..codec::take_len(from, 40)? {
            let time = codec::take_i64(from)?;
            let rule = u32::try_from(codec::take_u64(from)?).ok()?;
            let event = EventRef(codec::take_u64(from)?);
            match take_in(rule, Packed::read(from)?) {
                Some((rule, values)) => pending.push(time, rule, event, |buffer| *buffer = values),
                None => dropped += 1,
            }
        }
        Some((pending, dropped))
    }
}
