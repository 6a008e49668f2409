//! The framing of listeners: a stream that arrives in pieces gives what it gives as a whole, and reading always gets on.

use std::ops::Range;

use cordon_collect::live::mllp::{Block, Blocks, Header, Outcome, answer};
use cordon_collect::live::relp::{Frame, Frames};
use cordon_collect::live::syslog_stream::{Cut, SyslogStream};
use cordon_model::Time;

/// Small, so that the limit is reached.
const MESSAGE_BYTES_MAX: usize = 64;

/// What one look gave: how far reading gets on (`None` for more bytes), and what it found.
type Look = (Option<usize>, Option<Found>);

/// A message, or a fault by its name.
enum Found {
    Message(Range<usize>),
    Fault(&'static str),
}

/// Messages and faults of bytes that arrive in pieces of `step`.
fn read(data: &[u8], step: usize, mut look: impl FnMut(&[u8], bool) -> Look) -> Vec<Vec<u8>> {
    let (mut at, mut have, mut seen) = (0, 0, Vec::new());
    while at < data.len() {
        let rest = &data[at..have];
        let ended = have == data.len();
        let (next, found) = if rest.is_empty() { (None, None) } else { look(rest, ended) };
        match found {
            Some(Found::Message(range)) => seen.push(rest[range].to_vec()),
            Some(Found::Fault(name)) => seen.push(name.as_bytes().to_vec()),
            None => {}
        }
        match next {
            None if ended => break,
            None => have = (have + step).min(data.len()),
            Some(next) => {
                assert!(next > 0 && next <= rest.len(), "reading does not get on");
                at += next;
            }
        }
    }
    seen
}

/// Holds both ways against each other; the first byte is the size of the pieces.
fn agree<L: FnMut(&[u8], bool) -> Look>(data: &[u8], make: impl Fn() -> L) {
    let Some((step, data)) = data.split_first() else { return };
    let pieces = read(data, usize::from(*step) + 1, make());
    assert_eq!(pieces, read(data, data.len().max(1), make()), "pieces and whole differ");
}

/// RFC 6587.
pub fn syslog_stream(data: &[u8]) {
    agree(data, || {
        let mut stream = SyslogStream::new(MESSAGE_BYTES_MAX);
        move |bytes, ended| match stream.next(bytes, ended) {
            Cut::More => (None, None),
            Cut::Unit { start, end, next } => (Some(next), Some(Found::Message(start..end))),
            Cut::Skip { next } => (Some(next), None),
            Cut::TooLong { next } => (Some(next), Some(Found::Fault("too long"))),
            Cut::Truncated { next } => (Some(next), Some(Found::Fault("truncated"))),
        }
    });
}

/// MLLP, and the answers to what is in its blocks.
pub fn mllp(data: &[u8]) {
    agree(data, || {
        let mut blocks = Blocks::new(MESSAGE_BYTES_MAX);
        move |bytes, _| match blocks.next(bytes) {
            Block::More => (None, None),
            Block::Message { start, end, next } => {
                for outcome in [Outcome::Accepted, Outcome::NotKept, Outcome::Refused] {
                    let answer = answer(Header::read(&bytes[start..end]), outcome, Time(1), 1);
                    assert!(answer.is_empty() || (answer.starts_with(b"\x0BMSH") && answer.ends_with(b"\r\x1C\r")));
                }
                (Some(next), Some(Found::Message(start..end)))
            }
            Block::Skip { next } => (Some(next), None),
            Block::TooLong { start, end, next } => (Some(next), Some(Found::Message(start..end))),
            Block::Stray { next } => (Some(next), Some(Found::Fault("stray"))),
        }
    });
}

/// RELP.
pub fn relp(data: &[u8]) {
    agree(data, || {
        let mut frames = Frames::new(MESSAGE_BYTES_MAX);
        let mut is_broken = false;
        move |bytes, _| match frames.next(bytes) {
            _ if is_broken => (Some(bytes.len()), None),
            Frame::More => (None, None),
            Frame::Whole { start, end, next, .. } => (Some(next), Some(Found::Message(start..end))),
            Frame::Skip { next } => (Some(next), None),
            Frame::TooLong { next, .. } => (Some(next), Some(Found::Fault("too long"))),
            Frame::Broken => {
                is_broken = true;
                (Some(bytes.len()), Some(Found::Fault("broken")))
            }
        }
    });
}
