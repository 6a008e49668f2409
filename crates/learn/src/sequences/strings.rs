//! A bounded table of short strings of symbols: how often each was seen, and what is known of it as a context.
//!
//! A string of length k + 1 is at once the symbol x after the context c of length k, and the context of the symbol after it. So one entry holds N(c, x), the number
//! of symbols that ever followed and how many different ones did. Strings are known by a keyed hash of 64 bits; that two of them meet is left to chance (about
//! 10^-9 for 200,000 strings).

use cordon_stats::codec::{put_len, put_u64, take_len, take_u64};

use crate::Damaged;

/// Where an entry is; [`NOWHERE`] for a string that is not in the table.
pub(super) type Slot = usize;

/// No entry.
pub(super) const NOWHERE: Slot = usize::MAX;

/// One string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its hash; 0 marks a free slot.
    key: u64,
    /// The hash of the string without its last symbol.
    parent: u64,
    /// How often it was seen.
    pub(super) count: u32,
    /// How many symbols followed it.
    pub(super) followers: u32,
    /// How many different symbols followed it.
    pub(super) distinct: u32,
}

/// The table: open addressing, at most half full, never larger than it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strings {
    slots: Vec<Entry>,
    used: usize,
    used_max: usize,
}

impl Strings {
    pub(super) fn new(used_max: usize) -> Self {
        let used_max = used_max.clamp(64, 1 << 26);
        Self { slots: vec![Entry::default(); (used_max * 2).next_power_of_two()], used: 0, used_max }
    }

    pub(super) const fn used(&self) -> usize {
        self.used
    }

    pub(super) const fn used_max(&self) -> usize {
        self.used_max
    }

    pub(super) const fn is_full(&self) -> bool {
        self.used >= self.used_max
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.slots.len() * size_of::<Entry>()
    }

    /// The entry at a slot; an empty one for [`NOWHERE`].
    pub(super) fn at(&self, slot: Slot) -> Entry {
        self.slots.get(slot).copied().unwrap_or_default()
    }

    /// The slot of a string, or [`NOWHERE`].
    pub(super) fn find(&self, key: u64) -> Slot {
        let slot = self.probe(key);
        if self.slots.get(slot).is_some_and(|entry| entry.key == key) { slot } else { NOWHERE }
    }

    /// Where the string is or would be. The table is never full, so the walk ends at a free slot at the latest.
    fn probe(&self, key: u64) -> Slot {
        let mask = self.slots.len() - 1;
        let mut slot = usize::try_from(key & mask as u64).unwrap_or(0);
        while self.slots.get(slot).is_some_and(|entry| entry.key != key && entry.key != 0) {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Counts a string `times` times, and at its context that one more symbol followed. The slot, or [`NOWHERE`] when the table has no room for a new one.
    pub(super) fn count(&mut self, key: u64, parent: u64, context: Slot, times: u32) -> Slot {
        let slot = self.probe(key);
        let full = self.is_full();
        let Some(entry) = self.slots.get_mut(slot) else { return NOWHERE };
        let is_new = entry.key == 0;
        if is_new {
            if full {
                return NOWHERE;
            }
            *entry = Entry { key, parent, ..Entry::default() };
            self.used += 1;
        }
        entry.count = entry.count.saturating_add(times);
        if let Some(context) = self.slots.get_mut(context) {
            context.followers = context.followers.saturating_add(times);
            context.distinct = context.distinct.saturating_add(u32::from(is_new));
        }
        slot
    }

    /// Halves all counts and drops what was seen once.
    pub(super) fn halve(&mut self) {
        let mut kept = Self::new(self.used_max);
        for entry in self.slots.iter().filter(|entry| entry.key != 0) {
            kept.put(entry.key, entry.parent, entry.count / 2);
        }
        kept.relink();
        *self = kept;
    }

    /// Adds the counts of another table; false when there was no room for all of it.
    pub(super) fn add(&mut self, other: &Self) -> bool {
        let mut sorted = other.sorted();
        // what was seen most goes in first, so that what does not fit is what matters least
        sorted.sort_by(|a, b| b.count.cmp(&a.count).then(a.key.cmp(&b.key)));
        let mut whole = true;
        for entry in sorted {
            whole &= self.put(entry.key, entry.parent, entry.count);
        }
        self.relink();
        whole
    }

    /// Adds to a string's count without telling its context.
    fn put(&mut self, key: u64, parent: u64, count: u32) -> bool {
        count == 0 || self.count(key, parent, NOWHERE, count) != NOWHERE
    }

    /// Counts anew what followed each string.
    fn relink(&mut self) {
        for entry in &mut self.slots {
            (entry.followers, entry.distinct) = (0, 0);
        }
        for slot in 0..self.slots.len() {
            let entry = self.at(slot);
            let context = self.find(entry.parent);
            if let Some(context) = self.slots.get_mut(context).filter(|_| entry.key != 0) {
                context.followers = context.followers.saturating_add(entry.count);
                context.distinct = context.distinct.saturating_add(1);
            }
        }
    }

    /// How often strings that are one symbol longer than this were seen, and how many different ones.
    pub(super) fn children_of(&self, parent: u64) -> (u32, u32) {
        let children = self.slots.iter().filter(|entry| entry.key != 0 && entry.parent == parent);
        children
            .fold((0, 0), |(count, distinct), entry| (count.saturating_add(entry.count), distinct.saturating_add(1)))
    }

    fn sorted(&self) -> Vec<Entry> {
        let mut sorted: Vec<Entry> = self.slots.iter().filter(|entry| entry.key != 0).copied().collect();
        sorted.sort_by_key(|entry| entry.key);
        sorted
    }

    /// Writes the strings in the order of their hashes: the order of the table tells of its past and is left out.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_len(out, self.used_max);
        let sorted = self.sorted();
        put_len(out, sorted.len());
        for entry in sorted {
            put_u64(out, entry.key);
            put_u64(out, entry.parent);
            put_u64(out, u64::from(entry.count));
        }
    }

    pub(super) fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let used_max = take_len(from, 0).ok_or(Damaged("the size of a table of strings"))?;
        let used = take_len(from, 3 * size_of::<u64>()).ok_or(Damaged("the strings of a table"))?;
        if !(64..=1 << 26).contains(&used_max) || used > used_max {
            return Err(Damaged("no more strings than their table holds"));
        }
        let mut read = Self::new(used_max);
        let mut before = 0;
        for _ in 0..used {
            let mut number = || take_u64(from).ok_or(Damaged("a string of a table"));
            let (key, parent, count) = (number()?, number()?, number()?);
            let count = u32::try_from(count).unwrap_or(0);
            if key <= before || count == 0 {
                return Err(Damaged("strings in the order of their hashes, each seen"));
            }
            before = key;
            read.put(key, parent, count);
        }
        read.relink();
        Ok(read)
    }
}
