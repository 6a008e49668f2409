//! Finding syslog messages in a byte stream (RFC 6587): octet counting (section 3.4.1) or a line end (3.4.2), recognised per connection. Pure.
//!
//! A connection whose first message starts `123 <` counts octets; a message without a count in it is read up to its line end, so nothing is lost. Any other
//! connection ends its messages in LF or NUL, whichever comes first in it. One line is one message: what `decode` joins in files is not joined here,
//! because nobody may wait for a line that might come.

/// Most digits of a count.
const COUNT_DIGITS_MAX: usize = 9;

/// What stands at the start of the bytes. Places count from their start; `next` is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// More bytes are needed.
    More,
    /// One message at `start..end`; reading goes on at `next`.
    Unit {
        /// Its first byte.
        start: usize,
        /// One past its last byte.
        end: usize,
        /// Where reading goes on.
        next: usize,
    },
    /// Bytes that are no message and nothing to tell of.
    Skip {
        /// Where reading goes on.
        next: usize,
    },
    /// A message longer than allowed begins here; told once, the rest of it is skipped.
    TooLong {
        /// Where reading goes on.
        next: usize,
    },
    /// A counted message that was cut off by the end of the stream.
    Truncated {
        /// Where reading goes on.
        next: usize,
    },
}

/// How the messages of a connection are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Unknown,
    Counted,
    /// Lines; their end once it is known.
    Lines(Option<u8>),
}

/// What is left of a message that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    Nothing,
    Octets(usize),
    Line,
}

/// Finds the messages of one connection.
#[derive(Debug)]
pub struct SyslogStream {
    message_bytes_max: usize,
    framing: Framing,
    passing: Passing,
    /// Bytes at the start of the buffer that are known to hold no line end.
    scanned: usize,
}

/// A count at the start of the bytes.
enum Count {
    None,
    Open,
    Of { octets: usize, prefix: usize },
}

impl SyslogStream {
    /// Messages of at most `message_bytes_max` bytes.
    #[must_use]
    pub const fn new(message_bytes_max: usize) -> Self {
        Self { message_bytes_max, framing: Framing::Unknown, passing: Passing::Nothing, scanned: 0 }
    }

    /// Looks at bytes that are not empty. After [`Cut::More`] it wants the same bytes with more behind them; `ended` says that no more will come.
    pub fn next(&mut self, bytes: &[u8], ended: bool) -> Cut {
        let cut = self.cut(bytes, ended);
        self.scanned = if cut == Cut::More { bytes.len() } else { 0 };
        cut
    }

    fn cut(&mut self, bytes: &[u8], ended: bool) -> Cut {
        match self.passing {
            Passing::Nothing => {}
            Passing::Octets(left) => {
                let next = left.min(bytes.len());
                self.passing = if next == left { Passing::Nothing } else { Passing::Octets(left - next) };
                return Cut::Skip { next };
            }
            Passing::Line => {
                let end = self.line_end(bytes, 0);
                if let Some(at) = end {
                    self.passing = Passing::Nothing;
                    self.settle(bytes.get(at).copied());
                }
                return Cut::Skip { next: end.map_or(bytes.len(), |at| at + 1) };
            }
        }
        let blank = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r' | 0)).count();
        if blank > 0 {
            return Cut::Skip { next: blank };
        }
        if !matches!(self.framing, Framing::Lines(_)) {
            match count(bytes, self.framing == Framing::Counted) {
                Count::Open if !ended => return Cut::More,
                Count::Of { octets, prefix } => return self.counted(bytes, ended, octets, prefix),
                Count::Open | Count::None => {}
            }
        }
        self.line(bytes, ended)
    }

    fn counted(&mut self, bytes: &[u8], ended: bool, octets: usize, prefix: usize) -> Cut {
        self.framing = Framing::Counted;
        if octets > self.message_bytes_max {
            self.passing = Passing::Octets(octets);
            return Cut::TooLong { next: prefix };
        }
        let next = prefix + octets;
        let Some(message) = bytes.get(prefix..next) else {
            return if ended { Cut::Truncated { next: bytes.len() } } else { Cut::More };
        };
        let kept = message.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0)).map_or(0, |at| at + 1);
        if kept == 0 { Cut::Skip { next } } else { Cut::Unit { start: prefix, end: prefix + kept, next } }
    }

    fn line(&mut self, bytes: &[u8], ended: bool) -> Cut {
        let Some(at) = self.line_end(bytes, self.scanned) else {
            // One more than the limit may be the CR of a line end.
            if bytes.len() > self.message_bytes_max.saturating_add(1) {
                self.passing = Passing::Line;
                self.settle(None);
                return Cut::TooLong { next: bytes.len() };
            }
            return if ended { self.message(bytes, bytes.len(), bytes.len()) } else { Cut::More };
        };
        self.settle(bytes.get(at).copied());
        self.message(bytes, at, at + 1)
    }

    /// A connection that does not count ends its lines as its first line did.
    fn settle(&mut self, end: Option<u8>) {
        if matches!(self.framing, Framing::Unknown | Framing::Lines(None)) {
            self.framing = Framing::Lines(end);
        }
    }

    fn message(&self, bytes: &[u8], end: usize, next: usize) -> Cut {
        let line = bytes.get(..end).unwrap_or_default();
        let end = if line.last() == Some(&b'\r') { end - 1 } else { end };
        if end > self.message_bytes_max {
            return Cut::TooLong { next };
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return Cut::Skip { next };
        }
        Cut::Unit { start: 0, end, next }
    }

    /// The next line end at or behind `from`.
    fn line_end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        let found = match self.framing {
            Framing::Lines(Some(end)) => memchr::memchr(end, rest),
            _ => memchr::memchr2(b'\n', 0, rest),
        };
        found.map(|at| at + from)
    }
}

/// `123 ` at the start, and behind it `<` unless counts are `expected`.
fn count(bytes: &[u8], expected: bool) -> Count {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > COUNT_DIGITS_MAX || bytes.first() == Some(&b'0') {
        return Count::None;
    }
    let of = || {
        let text = bytes.get(..digits).and_then(|digits| str::from_utf8(digits).ok());
        text.and_then(|text| text.parse().ok()).map_or(Count::None, |octets| Count::Of { octets, prefix: digits + 1 })
    };
    match (bytes.get(digits), bytes.get(digits + 1)) {
        (None, _) => Count::Open,
        (Some(b' '), _) if expected => of(),
        (Some(b' '), None) => Count::Open,
        (Some(b' '), Some(b'<')) => of(),
        _ => Count::None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Messages and faults of a stream that arrives in pieces of `step` bytes.
    fn read(input: &[u8], limit: usize, step: usize) -> Vec<String> {
        let mut stream = SyslogStream::new(limit);
        let (mut at, mut have, mut seen) = (0, 0, Vec::new());
        while at < input.len() {
            if at == have {
                have = (have + step).min(input.len());
            }
            let rest = &input[at..have];
            match stream.next(rest, have == input.len()) {
                Cut::More => {
                    assert!(have < input.len(), "an ended stream asks for more");
                    have = (have + step).min(input.len());
                }
                Cut::Unit { start, end, next } => {
                    seen.push(String::from_utf8_lossy(&rest[start..end]).into_owned());
                    at += next;
                }
                Cut::Skip { next } => at += next,
                Cut::TooLong { next } => {
                    seen.push("TOO LONG".to_owned());
                    at += next;
                }
                Cut::Truncated { next } => {
                    seen.push("TRUNCATED".to_owned());
                    at += next;
                }
            }
        }
        seen
    }

    fn check(input: &[u8], expect: &[&str]) {
        for step in 1..=input.len() {
            assert_eq!(read(input, 20, step), expect, "in steps of {step}");
        }
    }

    #[test]
    fn messages_that_count_octets_may_hold_line_ends() {
        check(b"5 <1>ab8 <1>a\nb c4 <1>d", &["<1>ab", "<1>a\nb c", "<1>d"]);
    }

    #[test]
    fn a_line_end_may_stand_between_counted_messages_and_one_without_a_count_is_a_line() {
        check(b"5 <1>ab\n5 <1>cd<1>lost?\n5 <1>ef", &["<1>ab", "<1>cd", "<1>lost?", "<1>ef"]);
    }

    #[test]
    fn lines_end_in_lf_cr_lf_or_the_end_of_the_stream() {
        check(b"<1>ab\r\n\n<2>cd\n<3>ef", &["<1>ab", "<2>cd", "<3>ef"]);
    }

    #[test]
    fn a_connection_whose_first_line_ends_in_nul_keeps_line_feeds() {
        check(b"<1>ab\0<2>c\nd\0", &["<1>ab", "<2>c\nd"]);
    }

    #[test]
    fn a_line_that_starts_with_a_number_is_no_count() {
        check(b"<1>ab\n12 monkeys\n7 <b> is html\n", &["<1>ab", "12 monkeys", "7 <b> is html"]);
    }

    #[test]
    fn a_message_too_long_is_told_once_and_the_next_is_read() {
        check(b"<1>ab\n<1>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n<2>cd\n", &["<1>ab", "TOO LONG", "<2>cd"]);
        check(b"5 <1>ab30 <1>aaaaaaaaaaaaaaaaaaaaaaaaaaa5 <2>cd", &["<1>ab", "TOO LONG", "<2>cd"]);
    }

    #[test]
    fn a_message_of_exactly_the_limit_is_kept() {
        check(b"<1>34567890123456789\r\n<1>345678901234567890\r\n<2>\n", &["<1>34567890123456789", "TOO LONG", "<2>"]);
    }

    #[test]
    fn a_counted_message_that_the_end_cuts_off_is_named() {
        check(b"5 <1>ab9 <1>cd", &["<1>ab", "TRUNCATED"]);
    }

    proptest! {
        #[test]
        fn a_stream_cut_anywhere_gives_the_same_messages(
            input in prop::collection::vec(prop::sample::select(b"<1> 0259\n\r\0ab".to_vec()), 1..80),
            step in 1_usize..40,
        ) {
            prop_assert_eq!(read(&input, 12, step), read(&input, 12, input.len()));
        }

        #[test]
        fn counted_messages_come_back_whatever_they_hold(messages in prop::collection::vec("<[0-9]{1,2}>[ -~\n]{0,12}[a-z]", 1..8)) {
            let input: String = messages.iter().map(|message| format!("{} {message}", message.len())).collect();
            prop_assert_eq!(read(input.as_bytes(), 20, 3), messages);
        }
    }
}
