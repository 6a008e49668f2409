//! An original record, made ready to be read: re-indented where it is JSON or XML, as it is where it is text, in hexadecimal where it is neither. Bounded:
//! what is cut says so.

use std::fmt::Write as _;

use cordon_detect::KeptRecord;
use serde::de::IgnoredAny;

/// Most bytes of a record's text that are shown.
pub(super) const TEXT_BYTES_MAX: usize = 8 << 10;
/// Most bytes shown in hexadecimal: four to five letters each.
const HEX_BYTES_MAX: usize = 1 << 10;
/// Most fields listed beside a record.
const FIELDS_MAX: usize = 200;
/// Longest value of such a field.
pub(super) const VALUE_BYTES_MAX: usize = 1 << 10;
/// Largest record that is re-indented.
const INDENT_BYTES_MAX: usize = 256 << 10;
/// Deepest indentation.
const DEPTH_MAX: usize = 24;
/// Text with more unreadable bytes than one in this many is shown in hexadecimal.
const UNREADABLE_ONE_IN: usize = 20;

/// A record to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Original {
    /// What was done to it, for people.
    pub(super) form: &'static str,
    pub(super) text: String,
    /// Whether more follows than is shown.
    pub(super) cut: bool,
    /// Length of the whole record.
    pub(super) bytes: usize,
    /// Decoded fields, where the text does not name them itself.
    pub(super) fields: Vec<(String, String)>,
    /// The text cannot be read by people: the fields matter more.
    pub(super) is_binary: bool,
}

impl Original {
    pub(super) fn of(record: &KeptRecord) -> Self {
        let raw = record.raw.as_slice();
        let of_text = |form, text: String, fields: bool| {
            let (text, cut) = cut(&text, TEXT_BYTES_MAX);
            let fields = if fields { shown_fields(record) } else { Vec::new() };
            Self { form, text, cut, bytes: raw.len(), fields, is_binary: false }
        };
        match readable(raw) {
            Some(text) if is_json(&text) => of_text("JSON, re-indented", json(&text), false),
            Some(text) if is_xml(&text) => of_text("XML, re-indented", xml(&text), true),
            Some(text) if text.contains(char::REPLACEMENT_CHARACTER) => {
                of_text("text; bytes that are not UTF-8 are shown as \u{FFFD}", text, true)
            }
            Some(text) => of_text("text", text, true),
            None => Self {
                form: "hexadecimal and text",
                text: hex(raw.get(..HEX_BYTES_MAX).unwrap_or(raw)),
                cut: raw.len() > HEX_BYTES_MAX,
                bytes: raw.len(),
                fields: shown_fields(record),
                is_binary: true,
            },
        }
    }
}

fn shown_fields(record: &KeptRecord) -> Vec<(String, String)> {
    let shown = record.fields.iter().filter(|(_, value)| !value.is_empty()).take(FIELDS_MAX);
    shown.map(|(name, value)| (cut_marked(name), cut_marked(value))).collect()
}

/// A short text, an ellipsis in place of what is left out.
pub(super) fn cut_marked(text: &str) -> String {
    let (mut text, was_cut) = cut(text, VALUE_BYTES_MAX);
    if was_cut {
        text.push('…');
    }
    text
}

/// The first `bytes_max` bytes at most, and whether something was left out.
fn cut(text: &str, bytes_max: usize) -> (String, bool) {
    let end = text.floor_char_boundary(bytes_max);
    (text.get(..end).unwrap_or_default().to_owned(), end < text.len())
}

/// The record as text; `None` when too much of it is none.
fn readable(raw: &[u8]) -> Option<String> {
    let head = raw.get(..INDENT_BYTES_MAX).unwrap_or(raw);
    let invalid: usize = head.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    let commands = head.iter().filter(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()).count();
    let is_text = (invalid + commands) * UNREADABLE_ONE_IN <= head.len();
    is_text.then(|| String::from_utf8_lossy(head).into_owned())
}

fn is_json(text: &str) -> bool {
    text.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn is_xml(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    (0..depth.min(DEPTH_MAX)).for_each(|_| out.push_str("  "));
}

/// Valid JSON with line ends and blanks between its tokens; every token stays as it was written.
fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut letters = text.chars().filter(|letter| !letter.is_ascii_control()).peekable();
    while let Some(letter) = letters.next() {
        if in_string {
            out.push(letter);
            in_string = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
            continue;
        }
        match letter {
            '{' | '[' => {
                out.push(letter);
                while letters.next_if_eq(&' ').is_some() {}
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            ' ' => {}
            other => {
                in_string = other == '"';
                out.push(other);
            }
        }
    }
    out
}

/// XML with a line end and blanks between tags that touch; nothing else is changed.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    for (place, tag) in text.split_inclusive('>').enumerate() {
        let tag = if out.ends_with(['>', '\n']) || place == 0 { tag.trim_start() } else { tag };
        let closes = tag.starts_with("</");
        if closes || tag.contains("</") {
            depth = depth.saturating_sub(1);
        }
        if place > 0 && tag.starts_with('<') && !out.ends_with('\n') {
            line(&mut out, depth);
        }
        out.push_str(tag);
        let opens = tag.contains('<') && !tag.contains("</") && !tag.ends_with("/>") && !tag.ends_with("?>");
        if opens && !tag.starts_with("<!") {
            depth += 1;
        }
    }
    out
}

/// Sixteen bytes a line: offset, hexadecimal, and the letters of ASCII.
fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (number, row) in bytes.chunks(16).enumerate() {
        let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let letter = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let letters: String = row.iter().map(letter).collect();
        let _ = writeln!(out, "{:06x}  {:<47}  {letters}", number * 16, digits.join(" ")); // a String takes everything
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: impl AsRef<[u8]>, form: &str, expect: &str) {
        let original = Original::of(&KeptRecord { raw: raw.as_ref().to_vec(), fields: Vec::new() });
        assert_eq!((original.form, original.text.as_str()), (form, expect));
    }

    #[test]
    fn json_is_indented_and_its_tokens_stay_as_they_were_written() {
        let expect =
            "{\n  \"a\": 1.0,\n  \"b\": [\n    \"x,\\\"y\\\\\",\n    {}\n  ],\n  \"c\": 12345678901234567890\n}";
        check(r#"{"a":1.0, "b":["x,\"y\\", { }],"c":12345678901234567890}"#, "JSON, re-indented", expect);
        check(r#"{"a":1"#, "text", r#"{"a":1"#);
    }

    #[test]
    fn xml_is_indented_between_tags() {
        check("<a x=\"1\"><b>t</b><c/></a>", "XML, re-indented", "<a x=\"1\">\n  <b>t</b>\n  <c/>\n</a>");
    }

    #[test]
    fn what_is_no_text_is_shown_in_hexadecimal() {
        check(
            b"**\x00\x01\xFF\xFE",
            "hexadecimal and text",
            "000000  2a 2a 00 01 ff fe                                **....\n",
        );
        check(
            b"caf\xE9 is mostly readable text",
            "text; bytes that are not UTF-8 are shown as \u{FFFD}",
            "caf\u{FFFD} is mostly readable text",
        );
    }

    #[test]
    fn a_long_record_is_cut_and_says_so() {
        let original = Original::of(&KeptRecord { raw: vec![b'x'; 9_000], fields: Vec::new() });
        assert_eq!((original.text.len(), original.cut, original.bytes), (TEXT_BYTES_MAX, true, 9_000));
    }
}
