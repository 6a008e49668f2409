//! Escape sequences within a value (HL7 v2.5.1 section 2.7). What is not understood stays as written.

use bumpalo::collections::String;
use cordon_model::{Anomaly, Arena};

use super::anomaly::{ESCAPE_UNCLOSED, ESCAPE_UNKNOWN};
use super::charset::Charset;
use super::split::Delimiters;

/// Resolves the escape sequences of a text, and says what was wrong with them. Borrows when it has none.
pub(super) fn resolve<'a>(
    text: &'a str,
    delimiters: &Delimiters,
    charset: Charset,
    arena: &'a Arena,
) -> (&'a str, Option<Anomaly>) {
    let Some(escape) = delimiters.escape.map(char::from).filter(|escape| text.contains(*escape)) else {
        return (text, None);
    };
    let (mut out, mut fault, mut rest) = (String::with_capacity_in(text.len(), arena), None, text);
    while let Some((plain, after)) = rest.split_once(escape) {
        out.push_str(plain);
        let Some((body, behind)) = after.split_once(escape) else {
            out.push(escape);
            rest = after;
            fault = Some(ESCAPE_UNCLOSED);
            break;
        };
        if one(body, delimiters, charset, &mut out, arena) {
            rest = behind;
        } else {
            fault = Some(ESCAPE_UNKNOWN);
            out.push(escape);
            out.push_str(body);
            // the closing character may open the next sequence
            rest = after.get(body.len()..).unwrap_or_default();
            if behind.is_empty() || !behind.contains(escape) {
                break;
            }
        }
    }
    out.push_str(rest);
    (out.into_bump_str(), fault)
}

/// Writes what the sequence stands for; false when it is not known.
fn one<'a>(body: &str, delimiters: &Delimiters, charset: Charset, out: &mut String<'a>, arena: &'a Arena) -> bool {
    let delimiter = match body {
        "F" => Some(delimiters.field),
        "S" => delimiters.component,
        "R" => delimiters.repetition,
        "E" => delimiters.escape,
        "T" => delimiters.subcomponent,
        "P" => Some(b'#'),
        "H" | "N" => return true,
        _ => return formatting(body, out) || hex(body, charset, out, arena),
    };
    delimiter.map(|byte| out.push(char::from(byte))).is_some()
}

/// Formatting commands (section 2.7.6): line breaks and blanks count, layout does not.
fn formatting(body: &str, out: &mut String<'_>) -> bool {
    let Some((command, number)) = body.strip_prefix('.').and_then(|command| command.split_at_checked(2)) else {
        return false;
    };
    let count: usize = number.trim_start_matches('+').parse().unwrap_or(1);
    let count = count.min(REPEAT_MAX);
    match command {
        "br" | "ce" => out.push('\n'),
        "sp" => (0..count).for_each(|_| out.push('\n')),
        "sk" => (0..count).for_each(|_| out.push(' ')),
        "fi" | "nf" | "in" | "ti" => {}
        _ => return false,
    }
    true
}

/// Most line breaks or blanks that one command may ask for.
const REPEAT_MAX: usize = 80;

/// `Xhh..`: bytes of the message's character set in hexadecimal.
fn hex<'a>(body: &str, charset: Charset, out: &mut String<'a>, arena: &'a Arena) -> bool {
    let Some(digits) = body.strip_prefix('X').filter(|digits| !digits.is_empty() && digits.len() % 2 == 0) else {
        return false;
    };
    let mut bytes = bumpalo::collections::Vec::with_capacity_in(digits.len() / 2, arena);
    for pair in digits.as_bytes().chunks(2) {
        let byte = str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(byte) = byte.and_then(|pair| u8::from_str_radix(pair, 16).ok()) else { return false };
        bytes.push(byte);
    }
    out.push_str(charset.text(bytes.into_bump_slice(), arena).0);
    true
}
