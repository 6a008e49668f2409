//! Texts as numbers: each distinct text is kept once, and rows hold its number.

use rustc_hash::FxHashMap;

/// The number of an empty cell: not known.
pub(crate) const NONE: u32 = u32::MAX;

/// Whether two cells are known and say the same.
pub(crate) const fn agree(one: u32, other: u32) -> bool {
    one != NONE && one == other
}

/// Distinct texts, numbered from 0 in the order of their first appearance.
#[derive(Debug)]
pub(crate) struct Names {
    numbers: FxHashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
    bytes: usize,
    bytes_max: usize,
    /// How many texts came when there was no room any more; they share the number of [`Names::OTHER`].
    pub(crate) left_out: u64,
}

impl Names {
    /// What stands for every text that had no room.
    pub(crate) const OTHER: &str = "(one of too many)";
    /// What a text costs beside its letters: its place in the map and in the list.
    const OVERHEAD_BYTES: usize = 80;

    /// Room for texts of `bytes_max` bytes together, their overhead included.
    pub(crate) fn with_room(bytes_max: usize) -> Self {
        Self { numbers: FxHashMap::default(), texts: Vec::new(), bytes: 0, bytes_max, left_out: 0 }
    }

    /// The number of a text, a new one for a new text; [`NONE`] for the empty text.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        if self.bytes + 2 * text.len() + Self::OVERHEAD_BYTES > self.bytes_max && text != Self::OTHER {
            self.left_out += 1;
            return self.number(Self::OTHER);
        }
        self.bytes += 2 * text.len() + Self::OVERHEAD_BYTES;
        let number = u32::try_from(self.texts.len()).unwrap_or(NONE);
        self.texts.push(text.into());
        self.numbers.insert(text.into(), number);
        number
    }

    /// The number of a text that is there already.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The text of a number; empty for [`NONE`].
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_and_an_empty_one_has_none() {
        let mut names = Names::with_room(10_000);
        let a = names.number("a");
        assert_eq!((names.number("b"), names.number("a"), names.number("")), (1, a, NONE));
        assert_eq!((names.text(1), names.text(NONE), names.find("c"), names.len()), ("b", "", None, 2));
    }

    #[test]
    fn texts_beyond_the_room_share_one_number_and_are_counted() {
        let mut names = Names::with_room(100);
        let first = names.number("first");
        let others = [names.number("second"), names.number("third")];
        assert_eq!(others[0], others[1]);
        assert_ne!(first, others[0]);
        assert_eq!((names.text(others[0]), names.left_out), (Names::OTHER, 2));
    }
}
