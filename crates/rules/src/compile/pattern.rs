//! Values with wildcards: `*` is any text, `?` one character; a backslash escapes only `*`, `?` and itself (Sigma rules specification, escaping).

use serde::{Deserialize, Serialize};

use super::predicate::{Place, Test};
use crate::text::fold;

/// A piece of a pattern with wildcards.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Token {
    /// Literal text, never empty.
    Text(Box<str>),
    /// `*`: any number of characters.
    Many,
    /// `?`: one character.
    One,
}

/// Reads a value as written in a rule.
pub(crate) fn tokens(written: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut text = String::new();
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        let wildcard = match letter {
            '\\' => {
                let escaped = letters.next_if(|next| matches!(next, '*' | '?' | '\\'));
                text.push(escaped.unwrap_or('\\'));
                continue;
            }
            '*' => Token::Many,
            '?' => Token::One,
            _ => {
                text.push(letter);
                continue;
            }
        };
        flush(&mut text, &mut tokens);
        if wildcard != Token::Many || tokens.last() != Some(&Token::Many) {
            tokens.push(wildcard);
        }
    }
    flush(&mut text, &mut tokens);
    tokens
}

fn flush(text: &mut String, tokens: &mut Vec<Token>) {
    if !text.is_empty() {
        tokens.push(Token::Text(std::mem::take(text).into()));
    }
}

/// The test for a value at a place: a literal where its wildcards stand only at the ends, else a pattern.
pub(crate) fn text_test(mut tokens: Vec<Token>, place: Place, cased: bool) -> Test {
    if matches!(place, Place::Suffix | Place::Contains) && tokens.first() != Some(&Token::Many) {
        tokens.insert(0, Token::Many);
    }
    if matches!(place, Place::Prefix | Place::Contains) && tokens.last() != Some(&Token::Many) {
        tokens.push(Token::Many);
    }
    if !cased {
        tokens.iter_mut().for_each(fold_token);
    }
    let literal = |place, text: &str| Test::Literal { place, text: text.into(), cased };
    match tokens.as_slice() {
        [] => literal(Place::Exact, ""),
        [Token::Many] => Test::AnyText,
        [Token::Text(text)] => literal(Place::Exact, text),
        [Token::Text(text), Token::Many] => literal(Place::Prefix, text),
        [Token::Many, Token::Text(text)] => literal(Place::Suffix, text),
        [Token::Many, Token::Text(text), Token::Many] => literal(Place::Contains, text),
        _ => Test::Wildcard { tokens: tokens.into(), cased },
    }
}

fn fold_token(token: &mut Token) {
    if let Token::Text(text) = token {
        *text = fold(text).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, place: Place, expect: &str) {
        assert_eq!(format!("{:?}", text_test(tokens(written), place, false)), expect, "{written}");
    }

    #[test]
    fn a_backslash_escapes_only_wildcards_and_itself() {
        check(r"C:\Win\*", Place::Exact, r#"Literal { place: Exact, text: "c:\\win*", cased: false }"#);
        check(r"C:\Win\\*", Place::Exact, r#"Literal { place: Prefix, text: "c:\\win\\", cased: false }"#);
        check(r"\\server", Place::Exact, r#"Literal { place: Exact, text: "\\server", cased: false }"#);
        check(r"\\\\server", Place::Exact, r#"Literal { place: Exact, text: "\\\\server", cased: false }"#);
        check("end\\", Place::Exact, r#"Literal { place: Exact, text: "end\\", cased: false }"#);
        check(r"a\?b", Place::Exact, r#"Literal { place: Exact, text: "a?b", cased: false }"#);
    }

    #[test]
    fn wildcards_at_the_ends_become_places() {
        check("*x*", Place::Exact, r#"Literal { place: Contains, text: "x", cased: false }"#);
        check("x*", Place::Suffix, r#"Literal { place: Contains, text: "x", cased: false }"#);
        check("**", Place::Exact, "AnyText");
        check("", Place::Contains, "AnyText");
        check("", Place::Exact, r#"Literal { place: Exact, text: "", cased: false }"#);
    }

    #[test]
    fn inner_wildcards_keep_their_meaning_inside_contains() {
        check("a*b", Place::Contains, r#"Wildcard { tokens: [Many, Text("a"), Many, Text("b"), Many], cased: false }"#);
        check("a?b", Place::Prefix, r#"Wildcard { tokens: [Text("a"), One, Text("b"), Many], cased: false }"#);
    }
}
