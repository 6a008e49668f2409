//! Many literals anywhere in a value, in one pass: each literal is looked for by its rarest four bytes (its gram), a bitmap says where a gram can stand, and
//! only there the literal itself is compared. Literals under four bytes go their own way.
//!
//! Four loads per four bytes that do not depend on each other let a CPU overlap them, where an automaton waits for each state.

use aho_corasick::{AhoCorasick, packed};
use memchr::memmem::Finder;
use rustc_hash::FxHashMap;

use super::witness::WitnessId;

/// Bytes of a gram.
const GRAM: usize = 4;

/// Bits of bitmap per literal: one position in 32 gives a false look at most.
const BITS_PER_LITERAL: usize = 32;

/// Literals to look for.
#[derive(Debug)]
pub(crate) struct Grams {
    bitmap: Box<[u64]>,
    shift: u32,
    places: FxHashMap<u32, Vec<Candidate>>,
    short: Short,
}

#[derive(Debug)]
struct Candidate {
    /// Bytes of the literal in front of its gram.
    front: usize,
    literal: Box<[u8]>,
    id: WitnessId,
}

impl Grams {
    /// A scanner for folded literals, none of them empty; `None` when there are none.
    pub(crate) fn build(literals: &[(&[u8], WitnessId)], seen: &GramCounts) -> Option<Self> {
        if literals.is_empty() {
            return None;
        }
        let bits = (literals.len() * BITS_PER_LITERAL).next_power_of_two().clamp(64, 1 << 18);
        let mut grams = Self {
            bitmap: vec![0; bits / 64].into(),
            shift: 32 - bits.trailing_zeros(),
            places: FxHashMap::default(),
            short: Short::default(),
        };
        let mut short = Vec::new();
        for (literal, id) in literals {
            match rarest(literal, seen, |gram| grams.places.get(&gram).map_or(0, Vec::len)) {
                Some((front, gram)) => grams.insert(gram, Candidate { front, literal: (*literal).into(), id: *id }),
                None => short.push((*literal, *id)),
            }
        }
        grams.short = Short::build(&short);
        Some(grams)
    }

    /// Gives every literal that stands in the value; one that stands several times may be given several times.
    pub(crate) fn find(&self, value: &[u8], found: &mut impl FnMut(WitnessId)) {
        let has_grams = !self.places.is_empty();
        for (at, window) in value.windows(GRAM).enumerate().filter(|_| has_grams) {
            let gram = gram(window);
            if self.may_hold(gram) {
                self.verify(gram, at, value, found);
            }
        }
        self.short.find(value, found);
    }

    #[inline]
    fn may_hold(&self, gram: u32) -> bool {
        let bit = self.bit(gram);
        self.bitmap.get(bit >> 6).is_some_and(|word| word >> (bit & 63) & 1 == 1)
    }

    #[inline]
    fn bit(&self, gram: u32) -> usize {
        (gram.wrapping_mul(0x9E37_79B1) >> self.shift) as usize
    }

    #[cold]
    fn verify(&self, gram: u32, at: usize, value: &[u8], found: &mut impl FnMut(WitnessId)) {
        let Some(candidates) = self.places.get(&gram) else { return };
        for candidate in candidates {
            let start = at.checked_sub(candidate.front);
            if start.and_then(|start| value.get(start..)).is_some_and(|rest| rest.starts_with(&candidate.literal)) {
                found(candidate.id);
            }
        }
    }

    fn insert(&mut self, gram: u32, candidate: Candidate) {
        let bit = self.bit(gram);
        if let Some(word) = self.bitmap.get_mut(bit >> 6) {
            *word |= 1 << (bit & 63);
        }
        self.places.entry(gram).or_default().push(candidate);
    }
}

/// The gram of a literal that is likely to stand in the fewest values, with its place: what the traffic has shown least, then unusual bytes, then one that few
/// other literals `use`.
fn rarest(literal: &[u8], seen: &GramCounts, used: impl Fn(u32) -> usize) -> Option<(usize, u32)> {
    let common = |window: &[u8]| -> u32 { window.iter().map(|byte| commonness(*byte)).sum() };
    let cost = |window: &[u8]| (seen.count(gram(window)), common(window));
    let least = literal.windows(GRAM).map(cost).min()?;
    // only between equals: looking up what others use takes longer than the rest
    let equals = literal.windows(GRAM).enumerate().filter(|(_, window)| cost(window) == least);
    let (front, window) = equals.min_by_key(|(_, window)| used(gram(window)))?;
    Some((front, gram(window)))
}

/// How often grams stood in values of the traffic, roughly: they are counted by hash, and counts stop at 65,535.
#[derive(Clone, Debug, Default)]
pub(crate) struct GramCounts(Vec<u16>);

/// Counters: 16 KiB.
const COUNTERS: usize = 1 << 13;

/// Bytes of a value that are counted.
const COUNTED_BYTES: usize = 512;

impl GramCounts {
    /// Counts the grams of a value.
    pub(crate) fn add(&mut self, value: &[u8]) {
        self.0.resize(COUNTERS, 0);
        for window in value.windows(GRAM).take(COUNTED_BYTES) {
            if let Some(count) = self.0.get_mut(Self::place(gram(window))) {
                *count = count.saturating_add(1);
            }
        }
    }

    fn count(&self, gram: u32) -> u16 {
        self.0.get(Self::place(gram)).copied().unwrap_or_default()
    }

    fn place(gram: u32) -> usize {
        (gram.wrapping_mul(0x9E37_79B1) >> (32 - COUNTERS.trailing_zeros())) as usize
    }
}

/// Literals looked for in all values of an event at once, behind a gate: a vectorised search for a short piece of each, which nearly no event holds.
#[derive(Debug)]
pub(crate) struct Keywords {
    gate: Option<packed::Searcher>,
    grams: Grams,
}

/// Longest piece by which the gate knows a literal.
const GATE_PIECE: usize = 8;

impl Keywords {
    /// A scanner for folded literals; `None` when there are none.
    pub(crate) fn build(literals: &[(&[u8], WitnessId)], seen: &GramCounts) -> Option<Self> {
        let grams = Grams::build(literals, seen)?;
        let pieces = literals.iter().map(|(literal, _)| {
            let front = rarest(literal, seen, |_| 0).map_or(0, |(front, _)| front);
            let piece = literal.get(front..).unwrap_or_default();
            piece.get(..GATE_PIECE).unwrap_or(piece)
        });
        // a machine without vectors has no gate, and neither has a set of too many literals
        let gate = packed::Config::new().builder().extend(pieces).build();
        Some(Self { gate, grams })
    }

    /// Gives every literal that stands in the values, which the caller has put one behind the other.
    pub(crate) fn find(&self, values: &[u8], found: &mut impl FnMut(WitnessId)) {
        if self.gate.as_ref().is_none_or(|gate| gate.find(values).is_some()) {
            self.grams.find(values, found);
        }
    }
}

fn gram(window: &[u8]) -> u32 {
    <[u8; GRAM]>::try_from(window).map_or(0, u32::from_le_bytes)
}

/// How common a byte is in paths and command lines, roughly: bits of surprise it lacks.
fn commonness(byte: u8) -> u32 {
    match byte {
        b'e' | b's' | b'o' | b'i' | b'n' | b't' | b'r' | b'm' | b'c' | b'a' | b'd' | b'l' | b'\\' => 10,
        b'w' | b'p' | b'x' | b'f' | b'u' | b'y' | b'.' | b'3' | b'2' | b'0' | b'1' | b':' => 7,
        b'a'..=b'z' | b'0'..=b'9' | b' ' => 5,
        _ => 3,
    }
}

/// Literals under four bytes: few are looked for one by one, many by an automaton, which costs more to set going.
#[derive(Debug, Default)]
struct Short {
    few: Vec<(Finder<'static>, WitnessId)>,
    many: Option<(AhoCorasick, Vec<WitnessId>)>,
}

/// Most short literals that are looked for one by one.
const FEW: usize = 6;

impl Short {
    fn build(short: &[(&[u8], WitnessId)]) -> Self {
        if short.len() <= FEW {
            let few = short.iter().map(|(literal, id)| (Finder::new(*literal).into_owned(), *id)).collect();
            return Self { few, many: None };
        }
        // fails only over 2 G states, which literals of three bytes cannot come to: there are 16 M of them at most
        let automaton = AhoCorasick::new(short.iter().map(|(literal, _)| literal)).ok();
        let ids = short.iter().map(|(_, id)| *id).collect();
        Self { few: Vec::new(), many: automaton.map(|automaton| (automaton, ids)) }
    }

    fn find(&self, value: &[u8], found: &mut impl FnMut(WitnessId)) {
        for (literal, id) in &self.few {
            if literal.find(value).is_some() {
                found(*id);
            }
        }
        if let Some((automaton, ids)) = &self.many {
            for hit in automaton.find_overlapping_iter(value) {
                ids.get(hit.pattern().as_usize()).into_iter().for_each(|id| found(*id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(literals: &[&str], value: &str) -> Vec<u32> {
        let ids = (0u32..).map(WitnessId);
        let literals: Vec<(&[u8], WitnessId)> = literals.iter().map(|literal| literal.as_bytes()).zip(ids).collect();
        let mut found = Vec::new();
        Grams::build(&literals, &GramCounts::default())
            .unwrap()
            .find(value.as_bytes(), &mut |id: WitnessId| found.push(id.0));
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn literals_of_any_length_are_found_also_within_each_other() {
        assert_eq!(found(&["powershell", "shell", "ell", "l", "absent"], "a powershell b"), [0, 1, 2, 3]);
        assert_eq!(found(&["abcd"], "abc"), [0u32; 0]);
    }

    proptest! {
        #[test]
        fn the_scan_finds_exactly_what_stands(literals in proptest::collection::vec("[abc:\\\\]{1,7}", 1..20), value in "[abc:\\\\]{0,60}") {
            let texts: Vec<&str> = literals.iter().map(String::as_str).collect();
            let expect: Vec<u32> = (0u32..).zip(&texts).filter(|(_, text)| value.contains(**text)).map(|(number, _)| number).collect();
            prop_assert_eq!(found(&texts, &value), expect);
        }
    }
}
