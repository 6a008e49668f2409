//! Literals at the ends of a value, and whole values: found by hash, so that cost does not grow with their number.

use rustc_hash::FxHashMap;

use super::witness::WitnessId;

/// Lengths by which prefixes and suffixes are hashed; a literal goes under the longest that it reaches.
const CLASS_LENGTHS: [u32; 6] = [8, 6, 4, 3, 2, 1];

/// Bits of filter per key: about one foreign key in 16 passes.
const FILTER_BITS_PER_KEY: usize = 16;

/// A bitmap of keys, asked before a table: most keys of most values are in none.
#[derive(Debug)]
struct Filter {
    bits: Box<[u64]>,
    shift: u32,
}

impl Filter {
    fn of(keys: impl ExactSizeIterator<Item = u64>) -> Self {
        let bits = (keys.len() * FILTER_BITS_PER_KEY).next_power_of_two().clamp(64, 1 << 20);
        let mut filter = Self { bits: vec![0; bits / 64].into(), shift: 64 - bits.trailing_zeros() };
        for key in keys {
            let (word, bit) = filter.place(key);
            filter.bits.get_mut(word).into_iter().for_each(|word| *word |= bit);
        }
        filter
    }

    #[inline]
    fn may_hold(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    #[inline]
    fn place(&self, key: u64) -> (usize, u64) {
        let bit = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift;
        (usize::try_from(bit >> 6).unwrap_or(usize::MAX), 1 << (bit & 63))
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::of(std::iter::empty())
    }
}

/// Whole values.
#[derive(Debug, Default)]
pub(crate) struct Exacts {
    ids: FxHashMap<Box<[u8]>, WitnessId>,
    filter: Filter,
}

impl Exacts {
    pub(crate) fn build(literals: &[(&[u8], WitnessId)]) -> Self {
        let ids = literals.iter().map(|(literal, id)| (Box::from(*literal), *id)).collect();
        Self { ids, filter: Filter::of(literals.iter().map(|(literal, _)| Self::key(literal))) }
    }

    pub(crate) fn find(&self, value: &[u8], found: &mut impl FnMut(WitnessId)) {
        if !self.ids.is_empty() && self.filter.may_hold(Self::key(value)) {
            self.ids.get(value).into_iter().for_each(|id| found(*id));
        }
    }

    /// Both ends and the length.
    fn key(value: &[u8]) -> u64 {
        End::Start.word(value).rotate_left(17) ^ End::Tail.word(value) ^ (value.len() as u64) << 3
    }
}

/// Prefixes, or suffixes.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    classes: Vec<Class>,
}

/// Literals of which the first (or last) `length` bytes are the key.
#[derive(Debug)]
struct Class {
    length: u32,
    filter: Filter,
    buckets: FxHashMap<u64, Bucket>,
}

/// Literals with the same key.
type Bucket = Vec<(Box<[u8]>, WitnessId)>;

impl Ends {
    /// Tables for literals, none of them empty, that stand at an end.
    pub(crate) fn build(literals: &[(&[u8], WitnessId)], end: End) -> Self {
        let mut classes = Vec::new();
        for (place, length) in CLASS_LENGTHS.into_iter().enumerate() {
            let longer = place.checked_sub(1).and_then(|place| CLASS_LENGTHS.get(place)).copied().unwrap_or(u32::MAX);
            let mut buckets: FxHashMap<u64, Bucket> = FxHashMap::default();
            for (literal, id) in literals
                .iter()
                .filter(|(literal, _)| reaches(literal, length) && (length == 8 || !reaches(literal, longer)))
            {
                buckets.entry(end.key(end.word(literal), length)).or_default().push((Box::from(*literal), *id));
            }
            if !buckets.is_empty() {
                classes.push(Class { length, filter: Filter::of(buckets.keys().copied()), buckets });
            }
        }
        Self { classes }
    }

    pub(crate) fn find(&self, value: &[u8], end: End, found: &mut impl FnMut(WitnessId)) {
        if self.classes.is_empty() {
            return;
        }
        let word = end.word(value);
        for class in self.classes.iter().filter(|class| reaches(value, class.length)) {
            let key = end.key(word, class.length);
            if class.filter.may_hold(key) {
                let bucket = class.buckets.get(&key).into_iter().flatten();
                bucket.filter(|(literal, _)| end.holds(value, literal)).for_each(|(_, id)| found(*id));
            }
        }
    }
}

fn reaches(value: &[u8], length: u32) -> bool {
    value.len() as u64 >= u64::from(length)
}

/// Which end of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Start,
    Tail,
}

impl End {
    /// The eight bytes at this end as a number, zeros where the value is shorter: its first byte lowest at the start, its last byte highest at the tail.
    #[inline]
    fn word(self, value: &[u8]) -> u64 {
        let eight = match self {
            Self::Start => value.first_chunk::<8>(),
            Self::Tail => value.last_chunk::<8>(),
        };
        match (eight, self) {
            (Some(eight), _) => u64::from_le_bytes(*eight),
            (None, Self::Start) => value.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            (None, Self::Tail) => value.iter().fold(0, |word, byte| word >> 8 | u64::from(*byte) << 56),
        }
    }

    /// The `length` (1 to 8) bytes at this end of a [`End::word`].
    #[inline]
    fn key(self, word: u64, length: u32) -> u64 {
        let unused = 64 - 8 * length;
        match self {
            Self::Start => word << unused >> unused,
            Self::Tail => word >> unused,
        }
    }

    fn holds(self, value: &[u8], literal: &[u8]) -> bool {
        match self {
            Self::Start => value.starts_with(literal),
            Self::Tail => value.ends_with(literal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(literals: &[&str], end: End, value: &str, expect: &[u32]) {
        let ids = (0u32..).map(WitnessId);
        let literals: Vec<(&[u8], WitnessId)> = literals.iter().map(|literal| literal.as_bytes()).zip(ids).collect();
        let ends = Ends::build(&literals, end);
        let mut found = Vec::new();
        ends.find(value.as_bytes(), end, &mut |id: WitnessId| found.push(id.0));
        found.sort_unstable();
        assert_eq!(found, expect, "{value}");
    }

    #[test]
    fn every_end_that_stands_is_found_whatever_its_length() {
        let literals = ["\\powershell.exe", "l.exe", "exe", "e", "\\cmd.exe"];
        check(&literals, End::Tail, "c:\\x\\powershell.exe", &[0, 1, 2, 3]);
        check(&literals, End::Tail, "e", &[3]);
        check(&["c:\\windows\\", "c:\\", "d"], End::Start, "c:\\windows\\x", &[0, 1]);
        check(&["c:\\windows\\"], End::Start, "c:\\wind", &[]);
    }

    #[test]
    fn a_whole_value_is_found_only_as_a_whole() {
        let exacts =
            Exacts::build(&[(b"4688", WitnessId(0)), (b"", WitnessId(1)), (b"a rather long value", WitnessId(2))]);
        let found = |value: &str| {
            let mut found = Vec::new();
            exacts.find(value.as_bytes(), &mut |id: WitnessId| found.push(id.0));
            found
        };
        assert_eq!(found("4688"), [0]);
        assert_eq!(found(""), [1]);
        assert_eq!(found("a rather long value"), [2]);
        assert_eq!(found("a rather long valu"), [0u32; 0]);
    }
}
