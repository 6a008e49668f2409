//! Literals at the ends of a value, and whole values: found by hash, so that cost does not grow with their number.

use rustc_hash::FxHashMap;

use super::witness::WitnessId;

/// Lengths by which prefixes and suffixes are hashed; a literal goes under the longest that it reaches.
const CLASS_LENGTHS: [usize; 6] = [8, 6, 4, 3, 2, 1];

/// Whole values.
#[derive(Debug, Default)]
pub(crate) struct Exacts(FxHashMap<Box<[u8]>, WitnessId>);

impl Exacts {
    pub(crate) fn insert(&mut self, literal: &[u8], id: WitnessId) {
        self.0.insert(literal.into(), id);
    }

    pub(crate) fn find(&self, value: &[u8], found: &mut impl FnMut(WitnessId)) {
        if !self.0.is_empty()
            && let Some(id) = self.0.get(value)
        {
            found(*id);
        }
    }
}

/// Prefixes, or suffixes.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    classes: Vec<Class>,
}

#[derive(Debug)]
struct Class {
    length: usize,
    buckets: FxHashMap<u64, Bucket>,
}

/// Literals with the same key.
type Bucket = Vec<(Box<[u8]>, WitnessId)>;

impl Ends {
    /// Adds a literal, not empty; `key` cuts its first or last bytes.
    pub(crate) fn insert(&mut self, literal: &[u8], id: WitnessId, end: End) {
        let Some(length) = CLASS_LENGTHS.into_iter().find(|length| *length <= literal.len()) else { return };
        let Some(key) = end.key(literal, length) else { return };
        let place = self.classes.iter().position(|class| class.length == length).unwrap_or_else(|| {
            self.classes.push(Class { length, buckets: FxHashMap::default() });
            self.classes.len() - 1
        });
        if let Some(class) = self.classes.get_mut(place) {
            class.buckets.entry(key).or_default().push((literal.into(), id));
        }
    }

    pub(crate) fn find(&self, value: &[u8], end: End, found: &mut impl FnMut(WitnessId)) {
        for class in &self.classes {
            let Some(bucket) = end.key(value, class.length).and_then(|key| class.buckets.get(&key)) else { continue };
            bucket.iter().filter(|(literal, _)| end.holds(value, literal)).for_each(|(_, id)| found(*id));
        }
    }
}

/// Which end of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Start,
    Tail,
}

impl End {
    /// The `length` (at most 8) bytes at this end, as a number; `None` when the value is shorter.
    fn key(self, value: &[u8], length: usize) -> Option<u64> {
        let bytes = match self {
            Self::Start => value.get(..length)?,
            Self::Tail => value.get(value.len().checked_sub(length)?..)?,
        };
        if let Ok(eight) = <[u8; 8]>::try_from(bytes) {
            return Some(u64::from_le_bytes(eight));
        }
        Some(bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)))
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
        let mut ends = Ends::default();
        for (number, literal) in literals.iter().enumerate() {
            ends.insert(literal.as_bytes(), WitnessId(u32::try_from(number).unwrap()), end);
        }
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
}
