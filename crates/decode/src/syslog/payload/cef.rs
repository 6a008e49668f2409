//! CEF (ArcSight Common Event Format 0 and 1) and LEEF (1.0 and 2.0): a header in bars, then `key=value` pairs.
//!
//! Header fields carry the names of ArcSight's dictionary (`deviceVendor`, `deviceProduct`, `deviceVersion`, `deviceEventClassId`, `name`, `deviceSeverity`) for both
//! formats. A custom field with a label (`cs1=x cs1Label=Role`) is given twice: as it stands and under its label. `rt` or `devTime` is the time where the header has none.

use bumpalo::collections::{String, Vec};
use cordon_model::{Time, When};

use super::Payload;
use crate::syslog::anomaly::BAD_PAYLOAD;
use crate::syslog::header::Header;
use crate::syslog::list::FieldList;
use crate::syslog::scan::skip_one;

/// Most custom labels of one message.
const LABELS_MAX: usize = 64;
const CEF_NAMES: [&str; 7] =
    ["cefVersion", "deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "deviceSeverity"];
const LEEF_NAMES: [&str; 5] = ["leefVersion", "deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId"];

/// Whether a text starts like CEF or LEEF.
pub(super) fn is_start(text: &str) -> bool {
    let version = text.strip_prefix("CEF:").or_else(|| text.strip_prefix("LEEF:"));
    version.is_some_and(|rest| rest.trim_start().starts_with(|letter: char| letter.is_ascii_digit()))
}

/// Reads the message that `text` starts.
pub(super) fn read<'a>(text: &'a str, header: &mut Header<'a>, list: &mut FieldList<'a>) -> Payload<'a> {
    let (kind, names, body): (_, &[&str], _) = match text.strip_prefix("CEF:") {
        Some(body) => ("cef_vendor", &CEF_NAMES, body),
        None => ("leef_vendor", &LEEF_NAMES, text.strip_prefix("LEEF:").unwrap_or(text)),
    };
    let (mut rest, mut vendor) = (body, "");
    for name in names {
        let Some((value, after)) = header_part(rest, list) else {
            list.anomaly(BAD_PAYLOAD);
            return Payload { kind, key: vendor, id: None };
        };
        let value = value.trim();
        if *name == "deviceVendor" {
            vendor = list.lower(value);
        }
        list.text(name, value);
        rest = after;
    }
    let when = if kind == "cef_vendor" { extension(rest, list) } else { leef_pairs(body, rest, list) };
    if header.when == When::Missing
        && let Some(time) = when
    {
        header.when = When::Known(time);
    }
    Payload { kind, key: vendor, id: None }
}

/// A header field up to its bar; `\|` and `\\` are resolved.
fn header_part<'a>(text: &'a str, list: &FieldList<'a>) -> Option<(&'a str, &'a str)> {
    let (value, rest) = text.split_at_checked(unescaped(text, b'|')?)?;
    Some((resolved(value, list), skip_one(rest)))
}

/// Position of the first `mark` without a backslash before it.
fn unescaped(text: &str, mark: u8) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if byte == mark && !escaped {
            return Some(at);
        }
        escaped = byte == b'\\' && !escaped;
    }
    None
}

/// The text without its escapes (`\|`, `\=`, `\\`, `\n`, `\r`); any other backslash stands for itself.
fn resolved<'a>(text: &'a str, list: &FieldList<'a>) -> &'a str {
    if !text.contains('\\') {
        return text;
    }
    let mut out = String::with_capacity_in(text.len(), list.arena);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let mut ahead = letters.clone();
        let plain = match (letter, ahead.next()) {
            ('\\', Some(mark @ ('|' | '=' | '\\'))) => mark,
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            _ => {
                out.push(letter);
                continue;
            }
        };
        out.push(plain);
        letters = ahead;
    }
    out.into_bump_str()
}

/// `key=value key=value`, where a value goes up to the last blank before the next key.
fn extension<'a>(text: &'a str, list: &mut FieldList<'a>) -> Option<Time> {
    let mut labels: Vec<'a, (&'a str, &'a str)> = Vec::new_in(list.arena);
    let mut values: Vec<'a, (&'a str, &'a str)> = Vec::new_in(list.arena);
    let mut when = None;
    let mut rest = text.trim_start();
    while let Some(at) = unescaped(rest, b'=') {
        let Some((key, value)) = rest.split_at_checked(at) else { break };
        let key = key.trim();
        let value = skip_one(value);
        let end = next_key(value);
        let (value, after) = value.split_at_checked(end).unwrap_or((value, ""));
        let value = resolved(value.trim_end(), list);
        if key == "rt" {
            when = epoch_or_text(value);
        }
        match key.strip_suffix("Label") {
            Some(custom) if labels.len() < LABELS_MAX => labels.push((custom, value)),
            _ if values.len() < LABELS_MAX && is_custom(key) => values.push((key, value)),
            _ => {}
        }
        list.text(key, value);
        rest = after.trim_start();
    }
    for (custom, label) in labels {
        let value = values.iter().find(|(key, _)| *key == custom);
        if let Some((_, value)) = value.filter(|_| !label.is_empty()) {
            list.text(label, value);
        }
    }
    when
}

/// `cs1`, `cn2`, `c6a3`, `flexString1`, `deviceCustomDate1` ...: fields whose meaning a label gives.
fn is_custom(key: &str) -> bool {
    key.ends_with(|letter: char| letter.is_ascii_digit())
}

/// Where the value in front ends: at the last blank before the next key. A `=` inside a word that is no key (as in an address) belongs to the value.
fn next_key(value: &str) -> usize {
    let (mut blank, mut letters, mut is_key, mut escaped) = (0, 0, false, false);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b' ' => (blank, letters, is_key) = (at, 0, true),
            b'=' if is_key && letters > 0 && !escaped => return blank,
            _ if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']') => letters += 1,
            _ => is_key = false,
        }
        escaped = byte == b'\\' && !escaped;
    }
    value.len()
}

/// `key=value` between tabs, or between the character that LEEF 2.0 names in front (`^` or `0x5E`).
fn leef_pairs<'a>(body: &'a str, text: &'a str, list: &mut FieldList<'a>) -> Option<Time> {
    let (mut mark, mut text) = ('\t', text);
    if body.trim_start().starts_with('2')
        && let Some((named, rest)) = text.split_once('|').filter(|(named, _)| named.len() <= 6 && !named.contains('='))
    {
        let hex = named.strip_prefix("0x").or_else(|| named.strip_prefix('x'));
        let code = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        mark = code.or_else(|| named.chars().next()).unwrap_or('\t');
        text = rest;
    }
    let mut when = None;
    for pair in text.split(mark) {
        let Some((key, value)) = pair.split_once('=') else { continue };
        if key == "devTime" {
            when = epoch_or_text(value);
        }
        list.text(key.trim(), value);
    }
    when
}

/// Milliseconds since 1970, or RFC 3339.
fn epoch_or_text(text: &str) -> Option<Time> {
    match text.parse::<i64>() {
        Ok(millis) => Some(Time(millis.checked_mul(1000)?)),
        Err(_) => Time::from_rfc3339(text),
    }
}
