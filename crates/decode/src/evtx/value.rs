//! BinXML values as text, spelled as crate `evtx` spells them in JSON (and Windows in XML): MS-EVEN6 section 2.2.4.1 has the types.

use cordon_model::{Arena, Time, Value};

use crate::bytes::{u16_at, u32_at, u64_at};

/// Ticks of 100 ns between 1601 and 1970.
const EPOCH_TICKS: u64 = 116_444_736_000_000_000;

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read<'a> {
    /// Null, or nothing inside.
    Empty,
    /// A value.
    One(Value<'a>),
    /// Texts, each with a zero behind it.
    Texts(&'a [u8]),
}

/// Reads the value of type `kind` in `bytes`; `None` when it is of a rare type or not of its type's size.
pub(super) fn read<'a>(kind: u8, bytes: &'a [u8], arena: &'a Arena) -> Option<Read<'a>> {
    let number = |number: i128| Some(Read::One(Value::Number(integer(number, arena))));
    let text = |text| Some(Read::One(Value::Text(text)));
    match (kind, bytes.len()) {
        (0x00, _) | (0x01 | 0x02 | 0x0E | 0x81, 0) => Some(Read::Empty),
        (0x01, _) => match utf16_until_zero(bytes, arena)? {
            "" => Some(Read::Empty),
            some => text(some),
        },
        (0x02, _) => match ascii_until_zero(bytes)? {
            "" => Some(Read::Empty),
            some => text(some),
        },
        (0x03, 1) => number(i8::from_le_bytes([*bytes.first()?]).into()),
        (0x04, 1) => number((*bytes.first()?).into()),
        (0x05, 2) => number(u16_at(bytes, 0)?.cast_signed().into()),
        (0x06, 2) => number(u16_at(bytes, 0)?.into()),
        (0x07, 4) => number(u32_at(bytes, 0)?.cast_signed().into()),
        (0x08, 4) => number(u32_at(bytes, 0)?.into()),
        (0x09, 8) => number(u64_at(bytes, 0)?.cast_signed().into()),
        (0x0A, 8) => number(u64_at(bytes, 0)?.into()),
        (0x0D, 4) => match u32_at(bytes, 0)?.cast_signed() {
            0 => Some(Read::One(Value::Bool(false))),
            1 => Some(Read::One(Value::Bool(true))),
            other => number(other.into()),
        },
        (0x0E, _) => text(hex(bytes, arena)?),
        (0x0F, 16) => text(guid(bytes, arena)?),
        (0x10 | 0x14, 4) => text(prefixed_hex(u32_at(bytes, 0)?.into(), arena)?),
        (0x10 | 0x15, 8) => text(prefixed_hex(u64_at(bytes, 0)?, arena)?),
        (0x11, 8) => text(file_time(u64_at(bytes, 0)?, arena)?),
        (0x13, 8..) => text(sid(bytes, arena)?),
        (0x81, _) => Some(Read::Texts(bytes)),
        _ => None,
    }
}

/// The moment of a FILETIME (100 ns since 1601), to the microsecond.
pub(super) fn moment(bytes: &[u8]) -> Option<Time> {
    let ticks = u64_at(bytes, 0)?.checked_sub(EPOCH_TICKS)?;
    Some(Time(i64::try_from(ticks / 10).ok()?))
}

/// The texts of an array; `None` when the last has no zero behind it.
pub(super) fn texts<'a>(bytes: &'a [u8], arena: &'a Arena, mut take: impl FnMut(&'a str)) -> Option<()> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    let items = units.strip_suffix(&[[0, 0]])?;
    for item in items.split(|unit| *unit == [0, 0]) {
        take(utf16(item.as_flattened(), arena)?);
    }
    Some(())
}

/// UTF-16LE as text; `None` when it is not well-formed.
pub(super) fn utf16<'a>(bytes: &[u8], arena: &'a Arena) -> Option<&'a str> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    let plain = units.iter().fold(0, |all, [low, high]| all | high | (low & 0x80)) == 0;
    if plain {
        let out = arena.alloc_slice_fill_copy(units.len(), 0u8);
        for (to, [low, _]) in out.iter_mut().zip(units) {
            *to = *low;
        }
        return std::str::from_utf8(out).ok();
    }
    let mut out = bumpalo::collections::String::with_capacity_in(bytes.len(), arena);
    for letter in char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit))) {
        out.push(letter.ok()?);
    }
    Some(out.into_bump_str())
}

fn utf16_until_zero<'a>(bytes: &[u8], arena: &'a Arena) -> Option<&'a str> {
    let (units, []) = bytes.as_chunks::<2>() else { return None };
    let end = units.iter().position(|unit| *unit == [0, 0]).unwrap_or(units.len());
    utf16(units.get(..end)?.as_flattened(), arena)
}

/// Text in a code page of which only the ASCII part is sure.
fn ascii_until_zero(bytes: &[u8]) -> Option<&str> {
    let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    (text.is_ascii() && !text.contains(&0)).then(|| std::str::from_utf8(text).ok())?
}

fn integer(number: i128, arena: &Arena) -> &str {
    let mut buffer = itoa::Buffer::new();
    match u64::try_from(number) {
        Ok(positive) => arena.alloc_str(buffer.format(positive)),
        Err(_) => arena.alloc_str(buffer.format(number)),
    }
}

/// Text of at most `length` bytes that `write` puts together.
fn written<'a>(
    arena: &'a Arena,
    length: usize,
    write: impl FnOnce(&mut bumpalo::collections::Vec<'a, u8>),
) -> Option<&'a str> {
    let mut out = bumpalo::collections::Vec::with_capacity_in(length, arena);
    write(&mut out);
    std::str::from_utf8(out.into_bump_slice()).ok()
}

fn digit(half: u8, letter: u8) -> u8 {
    if half < 10 { b'0' + half } else { letter + (half - 10) }
}

/// `0x1f`, lower case, without leading zeros.
fn prefixed_hex(number: u64, arena: &Arena) -> Option<&str> {
    written(arena, 18, |out| {
        out.extend_from_slice(b"0x");
        let digits = number.checked_ilog2().map_or(0, |top| top / 4);
        for place in (0..=digits).rev() {
            out.push(digit(u8::try_from(number >> (place * 4) & 15).unwrap_or_default(), b'a'));
        }
    })
}

/// Upper-case hexadecimal, as binary values are written.
fn hex<'a>(bytes: &[u8], arena: &'a Arena) -> Option<&'a str> {
    written(arena, bytes.len() * 2, |out| {
        out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4, b'A'), digit(byte & 15, b'A')]));
    })
}

/// `{00112233-...}`, lower case, its first three parts little-endian.
fn guid<'a>(bytes: &[u8], arena: &'a Arena) -> Option<&'a str> {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    written(arena, 38, |out| {
        out.push(b'{');
        for (place, at) in ORDER.into_iter().enumerate() {
            let byte = bytes.get(at).copied().unwrap_or_default();
            out.extend(matches!(place, 4 | 6 | 8 | 10).then_some(b'-'));
            out.extend([digit(byte >> 4, b'a'), digit(byte & 15, b'a')]);
        }
        out.push(b'}');
    })
}

/// `S-1-5-18`: revision, authority (big-endian), sub-authorities (little-endian).
fn sid<'a>(bytes: &[u8], arena: &'a Arena) -> Option<&'a str> {
    let (&[revision, count, a0, a1, a2, a3, a4, a5], parts) = bytes.split_first_chunk::<8>()?;
    let (parts, []) = parts.as_chunks::<4>() else { return None };
    (parts.len() == usize::from(count)).then_some(())?;
    let authority = u64::from_be_bytes([0, 0, a0, a1, a2, a3, a4, a5]);
    written(arena, 16 + parts.len() * 11, |out| {
        let mut buffer = itoa::Buffer::new();
        out.extend_from_slice(b"S-");
        out.extend_from_slice(buffer.format(revision).as_bytes());
        out.push(b'-');
        out.extend_from_slice(buffer.format(authority).as_bytes());
        for part in parts {
            out.push(b'-');
            out.extend_from_slice(buffer.format(u32::from_le_bytes(*part)).as_bytes());
        }
    })
}

/// `2019-04-27T15:57:25.8688632Z`; `None` past the year 9999.
fn file_time(ticks: u64, arena: &Arena) -> Option<&str> {
    const TICKS_PER_DAY: u64 = 864_000_000_000;
    let (days, ticks) = (ticks / TICKS_PER_DAY, ticks % TICKS_PER_DAY);
    let (year, month, day) = date(days);
    let seconds = ticks / 10_000_000;
    (year <= 9999).then_some(())?;
    let mut text = *b"0000-00-00T00:00:00.0000000Z";
    let parts = [
        (0, 4, year),
        (5, 7, month),
        (8, 10, day),
        (11, 13, seconds / 3600),
        (14, 16, seconds / 60 % 60),
        (17, 19, seconds % 60),
        (20, 27, ticks % 10_000_000),
    ];
    for (from, to, mut number) in parts {
        for place in text.get_mut(from..to)?.iter_mut().rev() {
            *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
        }
    }
    Some(arena.alloc_str(std::str::from_utf8(&text).ok()?))
}

/// Year, month and day of a number of days since 1601 (the civil calendar in eras of 400 years that start in March).
const fn date(days_since_1601: u64) -> (u64, u64, u64) {
    let shifted = days_since_1601 + 584_694;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + if month <= 2 { 1 } else { 0 }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: u8, bytes: &[u8], expect: &str) {
        let arena = Arena::new();
        let Some(Read::One(value)) = read(kind, bytes, &arena) else { panic!("{kind:#x} {bytes:?}") };
        assert_eq!(value.text(&arena), Some(expect), "{kind:#x}");
    }

    #[test]
    fn values_are_spelled_as_windows_spells_them() {
        check(0x01, b"a\0\xE4\0\0\0x\0", "aä");
        check(0x02, b"ab\0", "ab");
        check(0x03, &[0xFF], "-1");
        check(0x07, &[0xFE, 0xFF, 0xFF, 0xFF], "-2");
        check(0x0A, &[0xFF; 8], "18446744073709551615");
        check(0x0D, &[1, 0, 0, 0], "true");
        check(0x0D, &[2, 0, 0, 0], "2");
        check(0x0E, &[0xDE, 0xAD, 0x01], "DEAD01");
        check(
            0x0F,
            &[0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF],
            "{00112233-4455-6677-8899-aabbccddeeff}",
        );
        check(0x14, &[0, 0, 0, 0], "0x0");
        check(0x15, &[0, 0, 0, 0, 0, 0, 0, 0x80], "0x8000000000000000");
        check(0x11, &132_008_614_458_688_632u64.to_le_bytes(), "2019-04-27T17:57:25.8688632Z");
        check(0x13, &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0], "S-1-5-18");
    }

    #[test]
    fn what_is_rare_or_of_the_wrong_size_is_refused() {
        let arena = Arena::new();
        for (kind, bytes) in [
            (0x08, &[1, 2][..]),
            (0x01, b"a"),
            (0x01, b"\x00\xD8"),
            (0x0C, &[0; 8]),
            (0x95, &[0; 8]),
            (0x13, &[1, 2, 0, 0, 0, 0, 0, 5]),
        ] {
            assert!(read(kind, bytes, &arena).is_none(), "{kind:#x}");
        }
    }
}
