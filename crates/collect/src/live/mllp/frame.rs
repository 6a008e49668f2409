//! Finding messages in an MLLP stream (HL7 v2.5.1 appendix C; MLLP release 1): 0x0B, content, 0x1C 0x0D. Pure.
//!
//! 0x1C alone ends a block too: it stands in no text, and a sender that forgets the carriage return would wait for its answer forever.

const START_BLOCK: u8 = 0x0B;
const END_BLOCK: u8 = 0x1C;
const CARRIAGE_RETURN: u8 = 0x0D;

/// What stands at the start of the bytes. Places count from their start; `next` is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// More bytes are needed.
    More,
    /// The content of one block at `start..end`; reading goes on at `next`.
    Message {
        /// Its first byte.
        start: usize,
        /// One past its last byte.
        end: usize,
        /// Where reading goes on.
        next: usize,
    },
    /// Bytes that belong to no block and are expected there.
    Skip {
        /// Where reading goes on.
        next: usize,
    },
    /// The first bytes of a message longer than allowed, at `start..end`; told once, the rest of it is skipped.
    TooLong {
        /// Its first byte.
        start: usize,
        /// One past the last byte that is there of it.
        end: usize,
        /// Where reading goes on.
        next: usize,
    },
    /// Bytes outside of a block, or a block that another one cuts off; told once for all in a row.
    Stray {
        /// Where reading goes on.
        next: usize,
    },
}

/// Where a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Between,
    /// Behind bytes that belong to no block.
    Straying,
    /// Within a message that is too long.
    Passing,
}

/// Finds the blocks of one connection.
#[derive(Debug)]
pub struct Blocks {
    message_bytes_max: usize,
    state: State,
    /// Bytes at the start of the buffer that are known to hold no end.
    scanned: usize,
}

impl Blocks {
    /// Messages of at most `message_bytes_max` bytes.
    #[must_use]
    pub const fn new(message_bytes_max: usize) -> Self {
        Self { message_bytes_max, state: State::Between, scanned: 0 }
    }

    /// Looks at bytes that are not empty. After [`Block::More`] it wants the same bytes with more behind them.
    pub fn next(&mut self, bytes: &[u8]) -> Block {
        let block = self.block(bytes);
        self.scanned = if block == Block::More { bytes.len() } else { 0 };
        block
    }

    fn block(&mut self, bytes: &[u8]) -> Block {
        if self.state == State::Passing {
            let end = memchr::memchr2(END_BLOCK, START_BLOCK, bytes);
            if end.is_some() {
                self.state = State::Between;
            }
            let next = end.map_or(bytes.len(), |at| if bytes.get(at) == Some(&END_BLOCK) { at + 1 } else { at });
            return if next == 0 { self.block(bytes) } else { Block::Skip { next } };
        }
        if bytes.first() != Some(&START_BLOCK) {
            return self.between(bytes);
        }
        self.state = State::Between;
        let from = self.scanned.max(1);
        let end = memchr::memchr2(END_BLOCK, START_BLOCK, bytes.get(from..).unwrap_or_default()).map(|at| at + from);
        let Some(end) = end else {
            if bytes.len() - 1 > self.message_bytes_max {
                self.state = State::Passing;
                return Block::TooLong { start: 1, end: self.message_bytes_max + 1, next: bytes.len() };
            }
            return Block::More;
        };
        if end - 1 > self.message_bytes_max {
            // What is passed over ends as it does when it comes in pieces.
            self.state = State::Passing;
            return Block::TooLong { start: 1, end: self.message_bytes_max + 1, next: end };
        }
        if bytes.get(end) == Some(&START_BLOCK) {
            return Block::Stray { next: end };
        }
        Block::Message { start: 1, end, next: end + 1 }
    }

    /// Bytes outside of a block: the end of the last one, blanks, or what does not belong there.
    fn between(&mut self, bytes: &[u8]) -> Block {
        let expected = bytes.iter().take_while(|byte| is_expected_between(**byte)).count();
        if expected > 0 {
            return Block::Skip { next: expected };
        }
        let next = memchr::memchr(START_BLOCK, bytes).unwrap_or(bytes.len());
        if self.state == State::Straying {
            return Block::Skip { next };
        }
        self.state = State::Straying;
        Block::Stray { next }
    }
}

const fn is_expected_between(byte: u8) -> bool {
    matches!(byte, CARRIAGE_RETURN | END_BLOCK | b'\n' | b' ' | 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(input: &[u8], limit: usize, step: usize) -> Vec<String> {
        let mut blocks = Blocks::new(limit);
        let (mut at, mut have, mut seen) = (0, 0, Vec::new());
        loop {
            let rest = &input[at..have];
            let block = if rest.is_empty() { Block::More } else { blocks.next(rest) };
            let text = |start: usize, end: usize| String::from_utf8_lossy(&rest[start..end]).into_owned();
            match block {
                Block::More if have == input.len() => break,
                Block::More => have = (have + step).min(input.len()),
                Block::Message { start, end, next } => {
                    seen.push(text(start, end));
                    at += next;
                }
                Block::Skip { next } => at += next,
                Block::TooLong { start, end, next } => {
                    seen.push(format!("TOO LONG {}", text(start, end)));
                    at += next;
                }
                Block::Stray { next } => {
                    seen.push("STRAY".to_owned());
                    at += next;
                }
            }
        }
        seen
    }

    fn check(input: &[u8], expect: &[&str]) {
        for step in 1..=input.len() {
            assert_eq!(read(input, 12, step), expect, "in steps of {step}");
        }
    }

    #[test]
    fn several_messages_of_one_connection_are_told_apart() {
        check(b"\x0BMSH|a\rPID\r\x1C\x0D\x0BMSH|b\x1C\x0D", &["MSH|a\rPID\r", "MSH|b"]);
    }

    #[test]
    fn a_block_without_its_carriage_return_ends_too() {
        check(b"\x0BMSH|a\x1C\x0BMSH|b\x1C", &["MSH|a", "MSH|b"]);
    }

    #[test]
    fn a_message_too_long_is_told_once_with_its_beginning_and_the_next_is_read() {
        check(b"\x0BMSH|aaaaaaaaaaaaaa\x1C\x0D\x0BMSH|b\x1C\x0D", &["TOO LONG MSH|aaaaaaaa", "MSH|b"]);
        check(b"\x0BMSH|aaaaaaaaaaaaaa\x0BMSH|b\x1C\x0D", &["TOO LONG MSH|aaaaaaaa", "MSH|b"]);
        check(b"\x0BMSH|aaaaaaaa\x1C\x0D", &["MSH|aaaaaaaa"]);
    }

    #[test]
    fn a_block_that_is_never_closed_and_bytes_outside_are_strays() {
        check(b"\x0BMSH|a\x0BMSH|b\x1C\x0D", &["STRAY", "MSH|b"]);
    }

    proptest! {
        #[test]
        fn messages_are_the_same_however_they_arrive(
            input in prop::collection::vec(prop::sample::select(b"\x0B\x1C\x0DMSH|a".to_vec()), 1..80),
            step in 1_usize..40,
        ) {
            // Strays may be told more than once: how many bytes in a row stray depends on how they arrive.
            let told = |step| { let mut seen = read(&input, 6, step); seen.dedup_by(|a, b| a == b && a == "STRAY"); seen };
            prop_assert_eq!(told(step), told(input.len()));
        }
    }
}
