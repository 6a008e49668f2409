//! Structured data of RFC 5424 section 6.3: `[id name="value" ...][...]`, fields named `id.name`, escapes resolved.

use bumpalo::collections::String;

use super::list::FieldList;
use super::scan::skip_one;

/// Most elements of one message.
const ELEMENTS_MAX: usize = 256;

/// Reads structured data (or `-`) in front and returns what follows; `None` when it is broken. What was read before the fault stays.
pub(super) fn read<'a>(text: &'a str, list: &mut FieldList<'a>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix('-') {
        return Some(rest);
    }
    let mut rest = text;
    for _ in 0..ELEMENTS_MAX {
        rest = element(rest.strip_prefix('[')?, list)?;
        if !rest.starts_with('[') {
            return Some(rest);
        }
    }
    None
}

/// One element behind its opening bracket.
fn element<'a>(text: &'a str, list: &mut FieldList<'a>) -> Option<&'a str> {
    let (id, mut rest) = text.split_at_checked(text.find([' ', ']'])?)?;
    if id.is_empty() || id.contains(['"', '=']) {
        return None;
    }
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(']') {
            return Some(after);
        }
        let (name, after) = rest.split_once("=\"")?;
        if name.is_empty() || name.contains([' ', ']', '"', '=']) {
            return None;
        }
        let (value, after) = param_value(after, list)?;
        list.text(list.dotted(id, name), value);
        rest = after;
    }
}

/// A value up to its closing quote; `\"`, `\\` and `\]` are resolved, any other backslash stands for itself (section 6.3.3).
fn param_value<'a>(text: &'a str, list: &FieldList<'a>) -> Option<(&'a str, &'a str)> {
    let plain = text.find(['"', '\\'])?;
    let (start, mut rest) = text.split_at_checked(plain)?;
    if let Some(after) = rest.strip_prefix('"') {
        return Some((start, after));
    }
    let mut value = String::from_str_in(start, list.arena);
    loop {
        let mark = rest.chars().next()?;
        rest = skip_one(rest);
        match (mark, rest.chars().next()) {
            ('"', _) => return Some((value.into_bump_str(), rest)),
            ('\\', Some(escaped @ ('"' | '\\' | ']'))) => {
                value.push(escaped);
                rest = skip_one(rest);
            }
            (letter, _) => value.push(letter),
        }
    }
}
