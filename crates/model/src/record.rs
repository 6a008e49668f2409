//! RawRecord and Record: the bytes as received, and the decoded fields in the source's own names.

use std::fmt;

use crate::{Anomaly, Arena, SourceSet, When, bytes_equal};

/// Where a RawRecord stands in its source: a byte offset in the decompressed input, or for EVTX the chunk and the record id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// Byte offset of the first byte of the record in the decompressed input.
    Offset(u64),
    /// EVTX: number of the 64 KiB chunk in the file, and the record id that the record itself states.
    Chunk {
        /// 0-based number of the chunk.
        chunk: u32,
        /// `EventRecordID`.
        record: u64,
    },
}

/// `1234` for an offset, `3:1234` for an EVTX record.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => write!(f, "{offset}"),
            Self::Chunk { chunk, record } => write!(f, "{chunk}:{record}"),
        }
    }
}

/// The bytes of one line, message or EVTX record, exactly as received, and where they stood.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'a> {
    /// Where it stands in its source.
    pub position: Position,
    /// The bytes, without the framing around them (line end, octet count, MLLP block characters).
    pub bytes: &'a [u8],
}

/// A range of bytes within [`RawRecord::bytes`]: `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The decoded fields of one record in the source's own names, plus the anomalies met on the way.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What was decoded.
    pub raw: RawRecord<'a>,
    /// Which of the records of this RawRecord, from 0.
    pub index: u32,
    /// The decoder's name, for example `evtx`, `json`, `fhir_audit_event`.
    pub format: &'static str,
    /// When it happened.
    pub when: When<'a>,
    /// Which log sources it belongs to, as a set known to the [`crate::LogSourceTable`].
    pub sources: SourceSet,
    /// The fields in the order of the source. A name that repeats is an array: each element is one field. Nested names are joined with dots.
    pub fields: &'a [Field<'a>],
    /// What was wrong with it.
    pub anomalies: &'a [Anomaly],
    /// The bytes of `raw` that identify a patient by the format's own rules, in order, not overlapping. What the names of fields say comes on top: room
    /// `decode`, `patients::Identity`.
    pub patient_spans: &'a [Span],
}

/// One decoded field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// Name in the source's own spelling; nesting is written with dots.
    pub name: &'a str,
    /// Its value.
    pub value: Value<'a>,
}

/// The value of a field. Numbers keep their spelling: `1`, `1.0` and `0x1` are different texts and compare as numbers where a rule asks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Present without a value.
    Null,
    /// true or false.
    Bool(bool),
    /// A number in its decimal spelling.
    Number(&'a str),
    /// Text, ready to use.
    Text(&'a str),
    /// The inside of a JSON string whose escapes are not resolved yet; it holds at least one backslash. [`Value::text`] resolves it.
    Escaped(&'a str),
}

impl<'a> Value<'a> {
    /// The value as rules see it, in text; `None` for null. Allocates in `arena` only for an escaped text.
    #[must_use]
    pub fn text(self, arena: &'a Arena) -> Option<&'a str> {
        match self {
            Self::Null => None,
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Number(text) | Self::Text(text) => Some(text),
            Self::Escaped(text) => {
                let mut out = bumpalo::collections::Vec::with_capacity_in(text.len(), arena);
                unescape(text, &mut |bytes| out.extend_from_slice_copy(bytes));
                Some(std::str::from_utf8(out.into_bump_slice()).unwrap_or_default())
            }
        }
    }

    /// Appends the bytes of [`Value::text`] to `out`, without an arena. Returns whether there is a text.
    pub fn write_text(self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Null => return false,
            Self::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Self::Number(text) | Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Escaped(text) => append_unescaped(text, out),
        }
        true
    }
}

impl<'a> Record<'a> {
    /// The first value of a field, or `None` when the record does not have it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value<'a>> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value)
    }

    /// The first value of a field as text; `None` when absent or null.
    #[must_use]
    pub fn text(&self, name: &str, arena: &'a Arena) -> Option<&'a str> {
        self.value(name)?.text(arena)
    }
}

/// Where places in the text that an escaped text stands for lie in the escaped text itself: bytes in, bytes out, both in ascending order. A place within a letter
/// that was an escape is moved behind it, one beyond the end to the end.
///
/// ```
/// assert_eq!(cordon_model::escaped_places(r#"a\"b\u00e4c"#, &[1, 2, 3, 5, 9]), [1, 3, 4, 10, 11]);
/// ```
#[must_use]
pub fn escaped_places(text: &str, places: &[usize]) -> Vec<usize> {
    let mut moved = Vec::with_capacity(places.len());
    let mut places = places.iter().peekable();
    let (mut rest, mut at) = (text, 0_usize);
    loop {
        let start = text.len() - rest.len();
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        while let Some(place) = places.next_if(|place| **place <= at + plain) {
            moved.push(start + place.saturating_sub(at));
        }
        let Some(after) = rest.get(plain + 1..) else { break };
        let mut length = 0;
        rest = one_escape(after, &mut |bytes| length += bytes.len());
        at += plain + length;
    }
    moved.extend(places.map(|_| text.len()));
    moved
}

/// Appends the text with its escapes resolved. Backslashes, quotes and slashes, which are nearly all escapes of logs, are resolved word by word; from the first
/// other one on [`unescape`] goes on.
fn append_unescaped(text: &str, out: &mut Vec<u8>) {
    const WORD: usize = size_of::<u64>();
    let (bytes, base) = (text.as_bytes(), out.len());
    out.resize(base + bytes.len() + WORD, 0);
    let (mut from, mut to) = (0, base);
    while let Some(word) = bytes.get(from..).and_then(<[u8]>::first_chunk::<WORD>) {
        out.get_mut(to..).and_then(<[u8]>::first_chunk_mut).into_iter().for_each(|place| *place = *word);
        let plain = (bytes_equal(u64::from_le_bytes(*word), b'\\').trailing_zeros() / 8) as usize;
        (from, to) = (from + plain, to + plain);
        if plain == WORD {
            continue;
        }
        let Some(letter @ (b'\\' | b'"' | b'/')) = bytes.get(from + 1) else { break };
        out.get_mut(to).into_iter().for_each(|place| *place = *letter);
        (from, to) = (from + 2, to + 1);
    }
    // the last word may have ended within a letter
    while !text.is_char_boundary(from) {
        (from, to) = (from - 1, to - 1);
    }
    out.truncate(to);
    unescape(text.get(from..).unwrap_or_default(), &mut |bytes| out.extend_from_slice(bytes));
}

/// Resolves the escapes of a JSON string (RFC 8259 section 7). A lone surrogate or an unknown escape becomes U+FFFD: the text stays readable and nothing is
/// dropped. What is put is UTF-8 whenever the pieces are put together.
fn unescape(text: &str, put: &mut impl FnMut(&[u8])) {
    let mut rest = text;
    while let Some((plain, after)) =
        memchr::memchr(b'\\', rest.as_bytes()).and_then(|at| rest.get(..at).zip(rest.get(at + 1..)))
    {
        put(plain.as_bytes());
        rest = one_escape(after, put);
    }
    put(rest.as_bytes());
}

/// Puts the character that the escape at the start of `text` (behind its backslash) stands for, and returns what follows it.
fn one_escape<'t>(text: &'t str, put: &mut impl FnMut(&[u8])) -> &'t str {
    let Some((letter, rest)) = text.as_bytes().first().zip(text.get(1..)) else {
        put_char(char::REPLACEMENT_CHARACTER, put);
        return text.get(text.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
    };
    match letter {
        b'"' | b'\\' | b'/' => put(&[*letter]),
        b'b' => put(&[8]),
        b'f' => put(&[12]),
        b'n' => put(b"\n"),
        b'r' => put(b"\r"),
        b't' => put(b"\t"),
        b'u' => return unicode_escape(rest, put),
        _ => put_char(char::REPLACEMENT_CHARACTER, put),
    }
    rest
}

fn put_char(letter: char, put: &mut impl FnMut(&[u8])) {
    put(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

fn unicode_escape<'t>(text: &'t str, put: &mut impl FnMut(&[u8])) -> &'t str {
    let Some((high, rest)) = four_hex(text) else {
        put_char(char::REPLACEMENT_CHARACTER, put);
        return text;
    };
    if !(0xD800..0xDC00).contains(&high) {
        put_char(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), put);
        return rest;
    }
    let low = rest.strip_prefix("\\u").and_then(four_hex).filter(|(low, _)| (0xDC00..0xE000).contains(low));
    let Some((low, rest)) = low else {
        put_char(char::REPLACEMENT_CHARACTER, put);
        return rest;
    };
    let joined = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    put_char(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), put);
    rest
}

fn four_hex(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(escaped: &str, expect: &str) {
        let arena = Arena::new();
        assert_eq!(Value::Escaped(escaped).text(&arena), Some(expect));
        let mut out = b"before ".to_vec();
        assert!(Value::Escaped(escaped).write_text(&mut out));
        assert_eq!(String::from_utf8(out), Ok(format!("before {expect}")));
    }

    #[test]
    fn escapes_resolve_as_rfc_8259_says() {
        check(r"C:\\Windows\\x", r"C:\Windows\x");
        check(r#"a\"b\/c\b\f\n\r\t"#, "a\"b/c\u{8}\u{c}\n\r\t");
        check("abcd€\\n", "abcd€\n");
        for plain in 0..20 {
            let plain = "€".repeat(plain);
            check(&format!("{plain}\\\\ä{plain}"), &format!("{plain}\\ä{plain}"));
        }
        check(r"C:\\a\\b\\Windows\\x\n\\Windows\\System32", "C:\\a\\b\\Windows\\x\n\\Windows\\System32");
        check(r"\u00e4\u00C4", "äÄ");
        check(r"\ud83d\ude00!", "😀!");
    }

    #[test]
    fn broken_escapes_become_the_replacement_character() {
        check(r"\ud83dx", "\u{fffd}x");
        check(r"\ude00", "\u{fffd}");
        check(r"\u12", "\u{fffd}12");
        check(r"a\q", "a\u{fffd}");
        check("a\\", "a\u{fffd}");
    }

    #[test]
    fn null_has_no_text_and_bools_have() {
        let arena = Arena::new();
        assert_eq!(Value::Null.text(&arena), None);
        assert_eq!(Value::Bool(true).text(&arena), Some("true"));
        assert_eq!(Value::Number("1.0").text(&arena), Some("1.0"));
    }

    #[test]
    fn positions_print_short() {
        assert_eq!(Position::Offset(7).to_string(), "7");
        assert_eq!(Position::Chunk { chunk: 3, record: 9 }.to_string(), "3:9");
    }
}
