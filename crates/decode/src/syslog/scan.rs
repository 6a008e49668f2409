//! Small readers over text that the header and the payloads share: words, numbers, `key=value` pairs.

/// The word in front and what follows it, without the one blank between them.
pub(super) fn word(text: &str) -> (&str, &str) {
    match text.find(|letter: char| letter.is_ascii_whitespace()) {
        Some(at) => text.split_at_checked(at).map_or((text, ""), |(word, rest)| (word, skip_one(rest))),
        None => (text, ""),
    }
}

/// Everything behind the first character.
pub(super) fn skip_one(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

/// Between `digits_min` and `digits_max` digits in front, as text, and the rest; `None` where there are more or fewer.
pub(super) fn digits(text: &str, digits_min: usize, digits_max: usize) -> Option<(&str, &str)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    if count < digits_min || count > digits_max {
        return None;
    }
    text.split_at_checked(count)
}

/// What may stand around a value; `{` closes with `}`.
const QUOTES: [char; 3] = ['"', '\'', '{'];

/// One `key=value` pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    pub(super) key: &'a str,
    /// Without its quotes; escapes unresolved.
    pub(super) value: &'a str,
    /// `"`, `'` or `{`, where the value stood between such.
    pub(super) quote: Option<char>,
}

/// Reads `key=value` pairs between blanks, with values bare, between `"` (where `\"` does not end it), `'` or `{ }`. Words without `=` are passed over.
pub(super) struct Pairs<'a> {
    rest: &'a str,
    /// Quotes that no longer close: looked for once, so that a hostile line costs no square.
    open: [bool; 3],
}

impl<'a> Pairs<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { rest: text, open: [false; 3] }
    }

    fn value(&mut self, text: &'a str) -> (&'a str, Option<char>) {
        let quote =
            text.chars().next().and_then(|quote| Some((QUOTES.iter().position(|known| *known == quote)?, quote)));
        if let Some((at, quote)) = quote
            && self.open.get(at) == Some(&false)
        {
            if let Some((value, rest)) = quoted(skip_one(text), quote) {
                self.rest = rest;
                return (value, Some(quote));
            }
            if let Some(open) = self.open.get_mut(at) {
                *open = true;
            }
        }
        let end = text.find([' ', '\t', '\n', '\u{1d}']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        self.rest = rest;
        (value, None)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        loop {
            let text = self.rest.trim_start_matches([' ', '\t', '\n', ',', ';', '\u{1d}']);
            let end = text.find(['=', ' ', '\t', '\n', '\u{1d}'])?;
            let (key, after) = text.split_at_checked(end)?;
            let Some(value) = after.strip_prefix('=') else {
                self.rest = skip_one(after);
                continue;
            };
            if key.is_empty() {
                self.rest = value;
                continue;
            }
            let (value, quote) = self.value(value);
            return Some(Pair { key, value, quote });
        }
    }
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(&str, &str)> {
    if quote != '"' {
        let close = if quote == '{' { '}' } else { quote };
        return text.split_once(close);
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => {
                let (value, rest) = text.split_at_checked(at)?;
                return Some((value, skip_one(rest)));
            }
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str, Option<char>)]) {
        let seen: Vec<_> = Pairs::new(text).map(|pair| (pair.key, pair.value, pair.quote)).collect();
        assert_eq!(seen, expect, "{text}");
    }

    #[test]
    fn pairs_are_read_bare_and_quoted() {
        check(
            r#"a=1 b="two words" c='x=y z' d="#,
            &[("a", "1", None), ("b", "two words", Some('"')), ("c", "x=y z", Some('\'')), ("d", "", None)],
        );
        check(r#"SADDR={ fam=inet } x=1"#, &[("SADDR", " fam=inet ", Some('{')), ("x", "1", None)]);
    }

    #[test]
    fn an_escaped_quote_does_not_end_a_value() {
        check(r#"m="a\"b" n="c\\" o=1"#, &[("m", r#"a\"b"#, Some('"')), ("n", r"c\\", Some('"')), ("o", "1", None)]);
    }

    #[test]
    fn words_without_a_value_are_passed_over_and_an_open_quote_ends_at_the_blank() {
        check(r#"foo bar a=1 =2 b="open end"#, &[("a", "1", None), ("b", "\"open", None)]);
    }

    #[test]
    fn quotes_that_never_close_cost_no_square() {
        let text = "a={x ".repeat(1_000_000);
        assert_eq!(Pairs::new(&text).count(), 1_000_000);
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(digits("12:", 1, 2), Some(("12", ":")));
        assert_eq!(digits("123", 1, 2), None);
        assert_eq!(digits("x", 1, 2), None);
    }
}
