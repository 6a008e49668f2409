//! The fields of one match: as the caller lends them, or packed into one buffer when they must outlive the call.

use cordon_stats::{HashKey, codec, sip64};

/// Longest text that takes part in a group key or a tuple of values. A longer one is replaced by its beginning and the hash of the whole, so
/// that different texts stay different and state stays small.
pub const VALUE_BYTES_MAX: usize = 1_024;

/// The fields of a match, in the order of the wanted fields of its rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'a> {
    Lent(&'a [Option<&'a str>]),
    Packed(&'a Packed),
}

impl<'a> Values<'a> {
    pub(super) fn text(self, slot: u16) -> Option<&'a str> {
        match self {
            Self::Lent(values) => values.get(usize::from(slot)).copied().flatten(),
            Self::Packed(packed) => packed.text(slot),
        }
    }
}

/// Texts in one buffer. Emptied and filled again without a new allocation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packed {
    text: String,
    /// End of each part; `None` for a missing one.
    ends: Vec<Option<usize>>,
}

impl Packed {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Appends a part; texts over [`VALUE_BYTES_MAX`] in their short form.
    pub(super) fn push(&mut self, part: Option<&str>, key: HashKey) {
        match part {
            None => self.ends.push(None),
            Some(text) => {
                push_bounded(&mut self.text, text, key);
                self.ends.push(Some(self.text.len()));
            }
        }
    }

    /// The same fields in another order, named by their places here; `None` for one that is not here.
    pub(super) fn rearranged(&self, slots: &[Option<u16>]) -> Self {
        let mut to = Self::default();
        for slot in slots {
            to.push(slot.and_then(|slot| self.text(slot)), [0, 0]); // INVARIANT: no text here is so long that it would be hashed
        }
        to
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<Option<usize>>()
    }

    pub(super) fn text(&self, slot: u16) -> Option<&str> {
        let (before, from) = self.ends.split_at_checked(usize::from(slot))?;
        let end = from.first().copied().flatten()?;
        let start = before.iter().rev().find_map(|end| *end).unwrap_or(0);
        self.text.get(start..end)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        codec::put_bytes(out, self.text.as_bytes());
        codec::put_len(out, self.ends.len());
        self.ends.iter().for_each(|end| codec::put_u64(out, end.map_or(u64::MAX, |end| end as u64)));
    }

    pub(super) fn read(from: &mut &[u8]) -> Option<Self> {
        let text = str::from_utf8(codec::take_bytes(from)?).ok()?.to_owned();
        let len = codec::take_len(from, 8)?;
        let mut ends = Vec::with_capacity(len);
        for _ in 0..len {
            let end = codec::take_u64(from)?;
            ends.push(if end == u64::MAX { None } else { Some(usize::try_from(end).ok()?) });
        }
        Some(Self { text, ends })
    }
}

fn push_bounded(to: &mut String, text: &str, key: HashKey) {
    let Some(head) = shortened(text) else {
        to.push_str(text);
        return;
    };
    to.push_str(head);
    to.push_str(&format!("#{:016x}", sip64(key, text.as_bytes())));
}

/// The beginning of a text that is too long, cut at a character and leaving room for `#` and the hash; `None` for texts that fit.
fn shortened(text: &str) -> Option<&str> {
    if text.len() <= VALUE_BYTES_MAX {
        return None;
    }
    let cut = (0..=VALUE_BYTES_MAX - 17).rev().find(|cut| text.is_char_boundary(*cut))?;
    text.get(..cut)
}

/// Writes the parts of a tuple so that different tuples give different bytes: length, then text. `false` when a part is missing.
pub(super) fn write_tuple(to: &mut Vec<u8>, values: Values<'_>, slots: &[u16], key: HashKey) -> bool {
    to.clear();
    for slot in slots {
        let Some(text) = values.text(*slot) else { return false };
        if text.len() <= VALUE_BYTES_MAX {
            write_part(to, text);
        } else {
            let mut bounded = String::with_capacity(VALUE_BYTES_MAX);
            push_bounded(&mut bounded, text, key);
            write_part(to, &bounded);
        }
    }
    true
}

fn write_part(to: &mut Vec<u8>, text: &str) {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    to.extend_from_slice(&len.to_le_bytes());
    to.extend_from_slice(text.as_bytes());
}

/// The texts of a tuple that [`write_tuple`] wrote.
pub(super) fn read_tuple(mut bytes: &[u8]) -> Vec<String> {
    let mut parts = Vec::new();
    while let Some(len) = codec::take::<4>(&mut bytes) {
        let len = usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX);
        let Some((text, rest)) = bytes.split_at_checked(len) else { break };
        parts.push(String::from_utf8_lossy(text).into_owned());
        bytes = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_fields_read_as_they_were_lent() {
        let lent = [Some("a"), None, Some(""), Some("ä"), None];
        let mut packed = Packed::default();
        lent.iter().for_each(|part| packed.push(*part, [0, 0]));
        for (slot, part) in (0_u16..).zip(lent) {
            assert_eq!(Values::Packed(&packed).text(slot), part);
            assert_eq!(Values::Lent(&lent).text(slot), part);
        }
        assert_eq!(Values::Packed(&packed).text(9), None);
        let mut bytes = Vec::new();
        packed.write(&mut bytes);
        assert_eq!(Packed::read(&mut bytes.as_slice()), Some(packed));
    }

    #[test]
    fn tuples_that_join_to_the_same_text_stay_different() {
        let key = |values: [Option<&str>; 2]| {
            let mut bytes = Vec::new();
            write_tuple(&mut bytes, Values::Lent(&values), &[0, 1], [0, 0]).then_some(bytes)
        };
        assert_ne!(key([Some("ab"), Some("c")]), key([Some("a"), Some("bc")]));
        assert_eq!(key([Some("a"), None]), None);
        assert_eq!(read_tuple(&key([Some("ab"), Some("")]).unwrap()), ["ab", ""]);
    }

    #[test]
    fn long_texts_are_shortened_once_and_stay_different() {
        let long = |last: &str| format!("{}{last}", "ä".repeat(4_000));
        let (mut first, mut second) = (Packed::default(), Packed::default());
        first.push(Some(&long("x")), [0, 0]);
        second.push(Some(&long("y")), [0, 0]);
        assert_ne!(first, second);
        assert!(first.bytes() <= VALUE_BYTES_MAX + 16);
        let mut again = Packed::default();
        again.push(Values::Packed(&first).text(0), [0, 0]);
        assert_eq!(again, first);
        let (mut direct, mut packed) = (Vec::new(), Vec::new());
        write_tuple(&mut direct, Values::Lent(&[Some(&long("x"))]), &[0], [0, 0]);
        write_tuple(&mut packed, Values::Packed(&first), &[0], [0, 0]);
        assert_eq!(direct, packed);
    }
}
