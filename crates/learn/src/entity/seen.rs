//! A small filter of what was met before: two generations of bits, of which the older one goes when the younger one is full.
//!
//! Source: B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors", 1970. What was never met is taken for known in at most about 3 of 100 cases; what was met among
//! the last 200 different things is always known.

use cordon_stats::codec;

use crate::{Damaged, Snapshot};

/// Words of a generation.
const WORDS: usize = 32;

/// Bits that are set for a thing.
const BITS: u32 = 3;

/// Things of a generation.
const THINGS_MAX: u16 = 200;

/// What was met before, in about 0.5 kB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    young: [u64; WORDS],
    old: [u64; WORDS],
    things: u16,
}

impl Seen {
    /// Whether the thing behind this keyed hash was met before; nothing is learnt.
    #[must_use]
    pub fn has(&self, hash: u64) -> bool {
        has(&self.young, hash) || has(&self.old, hash)
    }

    /// Whether the thing behind this keyed hash is new; it is known from now on.
    pub fn insert(&mut self, hash: u64) -> bool {
        if has(&self.young, hash) {
            return false;
        }
        let new = !has(&self.old, hash);
        if self.things >= THINGS_MAX {
            self.old = std::mem::take(&mut self.young);
            self.things = 0;
        }
        places(hash).for_each(|(word, bit)| self.young.get_mut(word).into_iter().for_each(|word| *word |= bit));
        self.things += 1;
        new
    }

    /// Adds what another one has met. A generation that holds both is fuller than one of its own, so up to about one in six new things is taken for known until it is replaced.
    pub fn merge(&mut self, other: &Self) {
        self.young.iter_mut().zip(&other.young).for_each(|(own, others)| *own |= others);
        self.old.iter_mut().zip(&other.old).for_each(|(own, others)| *own |= others);
        self.things = self.things.saturating_add(other.things).min(THINGS_MAX);
    }
}

fn has(words: &[u64; WORDS], hash: u64) -> bool {
    places(hash).all(|(word, bit)| words.get(word).is_some_and(|word| word & bit != 0))
}

/// Word and bit for each of three slices of the hash.
fn places(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS).map(move |slice| {
        let part = hash >> (slice * 20);
        // five bits choose the word, six the bit
        (usize::try_from((part >> 6) & 31).unwrap_or(0), 1_u64 << (part & 63))
    })
}

impl Snapshot for Seen {
    fn write(&self, out: &mut Vec<u8>) {
        self.young.iter().chain(&self.old).for_each(|word| codec::put_u64(out, *word));
        out.extend_from_slice(&self.things.to_le_bytes());
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let mut seen = Self::default();
        for word in seen.young.iter_mut().chain(&mut seen.old) {
            *word = codec::take_u64(from).ok_or(Damaged("the bits of a filter"))?;
        }
        seen.things = codec::take(from)
            .map(u16::from_le_bytes)
            .filter(|things| *things <= THINGS_MAX)
            .ok_or(Damaged("the things of a filter"))?;
        Ok(seen)
    }
}
