//! Patterns with inner wildcards, anchored at both ends, over UTF-8 bytes.

use memchr::memmem;

use crate::compile::Token;

/// Whether the whole value fits the pattern. Time is at most (pieces between stars) x (value length) x (piece length).
pub(crate) fn fits(tokens: &[Token], value: &[u8]) -> bool {
    let mut pieces = tokens.split(|token| *token == Token::Many);
    let Some(first) = pieces.next() else { return value.is_empty() };
    let Some(mut rest) = piece_at_start(first, value) else { return false };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        let found = if pieces.peek().is_some() { piece_anywhere(piece, rest) } else { piece_at_end(piece, rest) };
        let Some(after) = found else { return false };
        rest = after;
    }
    true
}

/// What follows the piece when the value starts with it.
fn piece_at_start<'v>(piece: &[Token], value: &'v [u8]) -> Option<&'v [u8]> {
    let mut rest = value;
    for token in piece {
        rest = match token {
            Token::Text(text) => rest.strip_prefix(text.as_bytes())?,
            _ => rest.get(char_len(rest)?..)?,
        };
    }
    Some(rest)
}

/// What follows the first place at which the piece stands.
fn piece_anywhere<'v>(piece: &[Token], value: &'v [u8]) -> Option<&'v [u8]> {
    if let [Token::Text(text)] = piece {
        let at = memmem::find(value, text.as_bytes())?;
        return value.get(at + text.len()..);
    }
    let mut rest = value;
    loop {
        if let Some(after) = piece_at_start(piece, rest) {
            return Some(after);
        }
        rest = rest.get(char_len(rest)?..)?;
    }
}

/// Nothing, when the value ends with the piece.
fn piece_at_end<'v>(piece: &[Token], value: &'v [u8]) -> Option<&'v [u8]> {
    match piece {
        [] => return Some(&[]),
        [Token::Text(text)] => return value.ends_with(text.as_bytes()).then_some(&[]),
        _ => {}
    }
    let mut rest = value;
    loop {
        if piece_at_start(piece, rest).is_some_and(<[u8]>::is_empty) {
            return Some(&[]);
        }
        rest = rest.get(char_len(rest)?..)?;
    }
}

/// Bytes of the first character, `None` at the end.
fn char_len(bytes: &[u8]) -> Option<usize> {
    Some(match bytes.first()? {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &[Token], value: &str, expect: bool) {
        assert_eq!(fits(pattern, value.as_bytes()), expect, "{pattern:?} on {value}");
    }

    fn text(text: &str) -> Token {
        Token::Text(text.into())
    }

    #[test]
    fn stars_and_question_marks_match_as_the_standard_says() {
        let inner = [text("a"), Token::Many, text("c")];
        check(&inner, "abc", true);
        check(&inner, "ac", true);
        check(&inner, "acx", false);
        check(&inner, "acxc", true);
        check(&[text("a"), Token::One, text("c")], "aäc", true);
        check(&[text("a"), Token::One, text("c")], "ac", false);
        check(&[Token::Many, text("b"), Token::Many, text("d"), Token::Many], "abcde", true);
        check(&[Token::Many, text("d"), Token::Many, text("b"), Token::Many], "abcde", false);
        check(&[Token::One], "", false);
        check(&[Token::Many, Token::One], "ö", true);
    }
}
