//! The members of a JSON object where they stand, so that parts of it can be taken over byte for byte.

use serde::de::IgnoredAny;

/// Walks over the members of an object that is known to be well-formed: name with its quotes, and value, as written. On others it ends early.
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Members<'a> {
    /// Of the object that `text` holds.
    pub(super) fn of(text: &'a [u8]) -> Self {
        Self { rest: inside(text) }
    }

    /// The value of the first member whose name is written `name`.
    pub(super) fn value(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
        let is_it = |written: &[u8]| {
            written.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) == Some(name.as_bytes())
        };
        Self::of(text).find(|(written, _)| is_it(written)).map(|(_, value)| value)
    }
}

/// What stands between the braces or brackets of a value.
pub(super) fn inside(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default().trim_ascii()
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        let (name, rest) = rest.split_at_checked(value_end(rest)?)?;
        let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, rest) = rest.split_at_checked(value_end(rest)?)?;
        let rest = rest.trim_ascii_start();
        self.rest = rest.strip_prefix(b",").unwrap_or(rest);
        Some((name, value))
    }
}

/// Walks over the elements of an array that is known to be well-formed, as written.
pub(super) fn elements(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = inside(text);
    std::iter::from_fn(move || {
        let (element, behind) = rest.split_at_checked(value_end(rest)?)?;
        let behind = behind.trim_ascii_start();
        rest = behind.strip_prefix(b",").unwrap_or(behind).trim_ascii_start();
        Some(element)
    })
}

/// Where the value at the start of `text` ends. Brackets are counted, not checked.
fn value_end(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0_usize, 0_usize);
    loop {
        match text.get(at)? {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth > 0 => {
                at += 1;
                continue;
            }
            _ => {
                let rest = text.get(at..)?;
                let length =
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
                at += Some(length).filter(|length| *length > 0)?;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// One past the closing quote of the string at `at`.
fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        let found = at + memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(found) == Some(&b'"') {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

/// Whether a text is one JSON object.
pub(super) fn is_object(text: &[u8]) -> bool {
    text.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str)]) {
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let seen: Vec<_> = Members::of(text.as_bytes()).map(|(name, value)| (text_of(name), text_of(value))).collect();
        let seen: Vec<_> = seen.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(seen, expect, "{text}");
    }

    #[test]
    fn members_are_taken_as_written() {
        check(" { } ", &[]);
        check("{\"a\":1}", &[("\"a\"", "1")]);
        check(
            "{ \"a\" : -1.5e3 , \"b\\\"\":\"x\\\\\", \"c\":{\"d\":[1, {\"e\":\"}\"}]},\"f\":null }",
            &[
                ("\"a\"", "-1.5e3"),
                ("\"b\\\"\"", "\"x\\\\\""),
                ("\"c\"", "{\"d\":[1, {\"e\":\"}\"}]}"),
                ("\"f\"", "null"),
            ],
        );
        assert_eq!(Members::value(b"{\"a\":1,\"a\":2}", "a"), Some(&b"1"[..]));
        assert_eq!(Members::value(b"{\"a\":1}", "b"), None);
        let all: Vec<_> = elements(b"[ 1 , {\"a\":[2]},\"]\" ]").collect();
        assert_eq!(all, [&b"1"[..], b"{\"a\":[2]}", b"\"]\""]);
    }

    #[test]
    fn a_text_cut_anywhere_ends_the_walk() {
        let text = b"{ \"a\" : -1.5e3 , \"b\\\"\":\"x\\\\\", \"c\":{\"d\":[1, {\"e\":\"}\"}]},\"f\":null }";
        for end in 0..text.len() {
            assert!(Members::of(&text[..end]).count() <= 4, "cut at {end}");
            assert!(elements(&text[..end]).count() <= text.len(), "cut at {end}");
        }
    }
}
