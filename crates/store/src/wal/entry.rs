//! One delivery as it stands in the plaintext log: what is known of it in front, its bytes last.
//!
//! ```text
//! entry  = text source | text site | zigzag received | text format | blob header | varint units | ( varint gap | varint length )* | varint bytes | bytes
//! text   = varint length | UTF-8          gap = bytes between the end of the unit before and the start of this one
//! varint = LEB128, at most 10 bytes       zigzag = (n << 1) ^ (n >> 63) as varint
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use cordon_model::{Delivery, Span, Time};

/// Longest source, site or format, bytes.
const TEXT_BYTES_MAX: usize = 4 << 10;
/// Longest header, bytes.
const HEADER_BYTES_MAX: usize = 4 << 20;
/// Strings that a reader keeps to share them between entries.
const SHARED_MAX: usize = 4_096;

/// A delivery as it was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Offset of the first byte of `delivery.bytes`.
    pub offset: u64,
    /// Offset behind the entry: a sink that has taken it in has applied everything below `end`.
    pub end: u64,
    /// What was received.
    pub delivery: Delivery,
}

/// Whether a delivery keeps to the bounds and its units are in order within its bytes.
pub(super) fn is_sound(delivery: &Delivery) -> bool {
    let short = [&delivery.source, &delivery.site, &delivery.format].iter().all(|text| text.len() <= TEXT_BYTES_MAX);
    let bounded = delivery.bytes.len() <= Delivery::BYTES_MAX
        && delivery.units.len() <= Delivery::UNITS_MAX
        && delivery.header.len() <= HEADER_BYTES_MAX;
    let mut end = 0;
    let in_order = delivery.units.iter().all(|unit| {
        let fits = end <= unit.start && unit.start <= unit.end;
        end = unit.end;
        fits
    });
    short && bounded && in_order && end <= delivery.bytes.len()
}

/// Upper bound of the bytes of an entry.
pub(super) fn bytes_max(delivery: &Delivery) -> usize {
    const VARINTS: usize = 80;
    const UNIT: usize = 10;
    let texts = delivery.source.len() + delivery.site.len() + delivery.format.len() + delivery.header.len();
    delivery.bytes.len() + delivery.units.len() * UNIT + texts + VARINTS
}

/// Appends a sound delivery; returns where in `out` its bytes start.
pub(crate) fn write(delivery: &Delivery, out: &mut Vec<u8>) -> usize {
    blob(delivery.source.as_bytes(), out);
    blob(delivery.site.as_bytes(), out);
    let received = delivery.received.0;
    varint(((received << 1) ^ (received >> 63)).cast_unsigned(), out);
    blob(delivery.format.as_bytes(), out);
    blob(&delivery.header, out);
    varint(delivery.units.len() as u64, out);
    let mut end = 0;
    for unit in &delivery.units {
        varint(unit.start.saturating_sub(end) as u64, out);
        varint(unit.end.saturating_sub(unit.start) as u64, out);
        end = unit.end;
    }
    varint(delivery.bytes.len() as u64, out);
    let at = out.len();
    out.extend_from_slice(&delivery.bytes);
    at
}

fn blob(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

pub(crate) fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

/// Reads entries one after the other; strings that repeat are shared.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    shared: BTreeSet<Arc<str>>,
}

impl Entries {
    /// The entries of `log`, whose first byte stands at `first`; `None` when it is not a sequence of entries.
    pub(super) fn read(&mut self, first: u64, log: &[u8]) -> Option<Vec<Entry>> {
        let mut rest = log;
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let delivery = self.one(&mut rest)?;
            let end = first + (log.len() - rest.len()) as u64;
            entries.push(Entry { offset: end - delivery.bytes.len() as u64, end, delivery });
        }
        Some(entries)
    }

    /// The delivery at the start of `rest`, which is moved behind it.
    pub(crate) fn one(&mut self, rest: &mut &[u8]) -> Option<Delivery> {
        let source = self.text(rest)?;
        let site = self.text(rest)?;
        let received = take_varint(rest)?;
        let received = Time((received >> 1).cast_signed() ^ -((received & 1).cast_signed()));
        let format = self.text(rest)?;
        let header = take_blob(rest)?.to_vec();
        let count = usize::try_from(take_varint(rest)?).ok().filter(|count| *count <= Delivery::UNITS_MAX)?;
        let mut units = Vec::with_capacity(count);
        let mut end = 0_usize;
        for _ in 0..count {
            let start = end.checked_add(usize::try_from(take_varint(rest)?).ok()?)?;
            end = start.checked_add(usize::try_from(take_varint(rest)?).ok()?)?;
            units.push(Span { start, end });
        }
        let bytes = take_blob(rest)?.to_vec();
        (end <= bytes.len()).then_some(Delivery { source, site, received, format, header, bytes, units })
    }

    fn text(&mut self, rest: &mut &[u8]) -> Option<Arc<str>> {
        let text = std::str::from_utf8(take_blob(rest)?).ok()?;
        if let Some(known) = self.shared.get(text) {
            return Some(Arc::clone(known));
        }
        if self.shared.len() >= SHARED_MAX {
            self.shared.clear();
        }
        let text: Arc<str> = text.into();
        self.shared.insert(Arc::clone(&text));
        Some(text)
    }
}

pub(crate) fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

pub(crate) fn take_blob<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(take_varint(rest)?).ok()?;
    let (blob, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(blob)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(received: i64, bytes: &[u8], units: &[(usize, usize)]) -> Delivery {
        Delivery {
            source: "syslog/10.0.0.5".into(),
            site: "main".into(),
            received: Time(received),
            format: "syslog".into(),
            header: b"#fields\n".to_vec(),
            bytes: bytes.to_vec(),
            units: units.iter().map(|&(start, end)| Span { start, end }).collect(),
        }
    }

    #[test]
    fn entries_come_back_with_the_offsets_of_their_bytes() {
        let all = [
            delivery(1_700_000_000_000_000, b"one\ntwo\n", &[(0, 3), (4, 7)]),
            delivery(-1, b"", &[]),
            delivery(i64::MIN, b"three", &[(5, 5)]),
        ];
        let mut log = Vec::new();
        let at: Vec<u64> = all.iter().map(|one| 1_000 + write(one, &mut log) as u64).collect();
        let entries = Entries::default().read(1_000, &log).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.offset).collect::<Vec<_>>(), at);
        assert_eq!(entries.last().unwrap().end, 1_000 + log.len() as u64);
        assert_eq!(entries.into_iter().map(|entry| entry.delivery).collect::<Vec<_>>(), all);
    }

    #[test]
    fn an_entry_cut_anywhere_is_no_entry() {
        let mut log = Vec::new();
        write(&delivery(5, b"one\ntwo\n", &[(0, 3), (4, 7)]), &mut log);
        for length in 1..log.len() {
            assert_eq!(Entries::default().read(0, &log[..length]), None, "{length}");
        }
        assert_eq!(Entries::default().read(0, &[0xff; 11]), None);
    }

    #[test]
    fn units_out_of_order_or_bounds_are_not_sound() {
        assert!(is_sound(&delivery(0, b"abc", &[(0, 1), (1, 3)])));
        assert!(!is_sound(&delivery(0, b"abc", &[(1, 3), (0, 1)])));
        assert!(!is_sound(&delivery(0, b"abc", &[(2, 1)])));
        assert!(!is_sound(&delivery(0, b"abc", &[(0, 4)])));
    }
}
