//! A filter as words with their places: the smallest parts that mean something.

use std::ops::Range;

use super::{Filter, FilterError, Sign};

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Open,
    Close,
    Minus,
    Sign(Sign),
    /// Text without quotes.
    Bare(String),
    /// Text in quotes, escapes resolved.
    Quoted(String),
}

/// A word and where it stands.
pub(super) type Placed = (Word, Range<usize>);

/// Signs by their spelling, longer ones first.
const SIGNS: [(&str, Sign); 7] = [
    (">=", Sign::AtLeast),
    ("<=", Sign::AtMost),
    ("!=", Sign::IsNot),
    (":", Sign::Has),
    ("=", Sign::Is),
    (">", Sign::Above),
    ("<", Sign::Below),
];

/// Splits a filter into words. Right behind a sign a value begins, which may hold signs itself (`file:C:\x`, an IPv6 address, a time).
pub(super) fn words(text: &str) -> Result<Vec<Placed>, FilterError> {
    if text.len() > Filter::BYTES_MAX {
        return Err(FilterError::new(0..text.len(), format!("a filter has at most {} bytes", Filter::BYTES_MAX)));
    }
    let mut words: Vec<Placed> = Vec::new();
    let mut at = 0;
    while let Some((rest, letter)) = text.get(at..).and_then(|rest| Some((rest, rest.chars().next()?))) {
        let is_value = matches!(words.last(), Some((Word::Sign(_), end)) if end.end == at);
        let (word, length) = match letter {
            _ if letter.is_whitespace() => {
                at += letter.len_utf8();
                continue;
            }
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            '"' => quoted(rest, at)?,
            '-' if !is_value => (Word::Minus, 1),
            _ => match SIGNS.iter().find(|(spelling, _)| !is_value && rest.starts_with(spelling)) {
                Some((spelling, sign)) => (Word::Sign(*sign), spelling.len()),
                None => bare(rest, is_value),
            },
        };
        words.push((word, at..at + length));
        at += length;
    }
    Ok(words)
}

/// Text up to a blank or a parenthesis, and up to a sign unless it is a value.
fn bare(rest: &str, is_value: bool) -> (Word, usize) {
    let ends = |letter: char| {
        letter.is_whitespace()
            || matches!(letter, '(' | ')' | '"')
            || (!is_value && matches!(letter, ':' | '=' | '>' | '<' | '!'))
    };
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let tail = rest.get(first..).unwrap_or_default();
    let length = first + tail.find(ends).unwrap_or(tail.len());
    (Word::Bare(rest.get(..length).unwrap_or_default().to_owned()), length)
}

/// Text in quotes; `\"` is a quote in it, `\\` a backslash, any other backslash stands for itself.
fn quoted(rest: &str, at: usize) -> Result<(Word, usize), FilterError> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((place, letter)) = letters.next() {
        match (letter, letters.peek().map(|(_, next)| *next)) {
            ('"', _) => return Ok((Word::Quoted(text), place + 1)),
            ('\\', Some(next @ ('"' | '\\'))) => {
                text.push(next);
                letters.next();
            }
            _ => text.push(letter),
        }
    }
    Err(FilterError::new(at..at + rest.len(), "this quote is never closed"))
}
