//! Finds the end of one JSON value in a buffer that grows: a small checker of structure (brackets, separators, strings), resumable at any byte.
//! It knows nothing of records; escapes and the spelling of numbers are the walker's business.

use super::DEPTH_MAX;

/// What the bytes seen so far say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scanned {
    /// The value goes on.
    More,
    /// The value ends here (offset one past its last byte).
    Done(usize),
    /// No JSON value starts with these bytes.
    Malformed,
    /// More than [`DEPTH_MAX`] levels.
    TooDeep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    String { key: bool },
    Escape { key: bool },
    Scalar,
}

/// The state between two calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner {
    at: usize,
    depth: u32,
    /// One bit per level, the innermost lowest: set for an object.
    objects: u64,
    expect: Expect,
}

impl Scanner {
    /// Before the first byte of a value.
    pub(super) const fn value() -> Self {
        Self { at: 0, depth: 0, objects: 0, expect: Expect::Value }
    }

    /// Inside an object, behind one of its values.
    pub(super) const fn rest_of_object() -> Self {
        Self { at: 0, depth: 1, objects: 1, expect: Expect::CommaOrEnd }
    }

    /// Goes on where the last call stopped. `buffer` starts where it started in the first call.
    pub(super) fn scan(&mut self, buffer: &[u8]) -> Scanned {
        loop {
            if let Expect::String { key } = self.expect {
                match self.pass_string(buffer, key) {
                    Scanned::Done(_) => continue,
                    verdict => return verdict,
                }
            }
            if self.depth == 0 && self.expect == Expect::CommaOrEnd {
                return Scanned::Done(self.at);
            }
            let Some(&byte) = buffer.get(self.at) else { return Scanned::More };
            match self.step(byte) {
                Scanned::More => {}
                verdict => return verdict,
            }
        }
    }

    fn step(&mut self, byte: u8) -> Scanned {
        if let Expect::Escape { key } = self.expect {
            self.expect = Expect::String { key };
            self.at += 1;
            return if byte == b'\n' { Scanned::Malformed } else { Scanned::More };
        }
        if self.expect == Expect::Scalar {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') {
                self.at += 1;
            } else {
                self.expect = Expect::CommaOrEnd;
            }
            return Scanned::More;
        }
        self.at += 1;
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            return Scanned::More;
        }
        match (self.expect, byte) {
            (Expect::Value | Expect::ValueOrEnd, b'{' | b'[') => return self.open(byte == b'{'),
            (Expect::Value | Expect::ValueOrEnd, b'"') => self.expect = Expect::String { key: false },
            (Expect::Value | Expect::ValueOrEnd, b'-' | b'0'..=b'9' | b'a'..=b'z') => self.expect = Expect::Scalar,
            (Expect::Key | Expect::KeyOrEnd, b'"') => self.expect = Expect::String { key: true },
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::CommaOrEnd, b',') => self.expect = if self.in_object() { Expect::Key } else { Expect::Value },
            (Expect::CommaOrEnd | Expect::KeyOrEnd, b'}') if self.in_object() => self.close(),
            (Expect::CommaOrEnd | Expect::ValueOrEnd, b']') if !self.in_object() => self.close(),
            _ => return Scanned::Malformed,
        }
        Scanned::More
    }

    /// Goes to the end of the string or its next escape; a raw line end in it is malformed.
    fn pass_string(&mut self, buffer: &[u8], key: bool) -> Scanned {
        let rest = buffer.get(self.at..).unwrap_or_default();
        let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
            self.at = buffer.len();
            return Scanned::More;
        };
        self.at += found + 1;
        self.expect = match rest.get(found) {
            Some(b'"') if key => Expect::Colon,
            Some(b'"') => Expect::CommaOrEnd,
            Some(b'\\') => Expect::Escape { key },
            _ => return Scanned::Malformed,
        };
        Scanned::Done(self.at)
    }

    const fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn open(&mut self, object: bool) -> Scanned {
        if self.depth >= DEPTH_MAX {
            return Scanned::TooDeep;
        }
        self.depth += 1;
        self.objects = (self.objects << 1) | u64::from(object);
        self.expect = if object { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
        Scanned::More
    }

    const fn close(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
        self.expect = Expect::CommaOrEnd;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: Scanned) {
        let mut whole = Scanner::value();
        assert_eq!(whole.scan(input.as_bytes()), expect, "{input}");
        let mut split = Scanner::value();
        for end in 0..input.len() {
            let seen = split.scan(&input.as_bytes()[..end]);
            if seen != Scanned::More {
                assert_eq!(seen, expect, "{input} cut at {end}");
                return;
            }
        }
        assert_eq!(split.scan(input.as_bytes()), expect, "{input} byte by byte");
    }

    #[test]
    fn the_end_of_a_value_is_found_however_the_bytes_arrive() {
        check("{} x", Scanned::Done(2));
        check(r#"{"a":[1,{"b":"}"}],"c":null}{"#, Scanned::Done(28));
        check(r#"{"a\"}":"\\"}"#, Scanned::Done(13));
        check("{\n  \"a\": -1.5e3\n}\n", Scanned::Done(17));
        check("[1,2", Scanned::More);
    }

    #[test]
    fn what_cannot_be_json_is_refused_at_once() {
        for input in ["{]", "{1:2}", "{\"a\" 1}", "{\"a\":1,}", "{\"a\":1}}"] {
            let verdict = Scanner::value().scan(input.as_bytes());
            if input.ends_with("}}") { assert_eq!(verdict, Scanned::Done(7)) } else { check(input, Scanned::Malformed) }
        }
        check("{\"a\":\"x\ny\"}", Scanned::Malformed);
        check(&"[".repeat(65), Scanned::TooDeep);
    }
}
