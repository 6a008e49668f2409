//! Finding messages: MLLP frames (0x0B .. 0x1C 0x0D), batch files (FHS, BHS, BTS, FTS) and bare messages one after another.

use std::sync::Arc;

use super::anomaly::{BATCH_COUNT, MLLP_UNCLOSED, NOT_A_MESSAGE};
use super::fields::Hl7Decoder;
use super::split::is_delimiter;
use crate::frame::RECORD_TOO_LONG;
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// First byte of an MLLP frame.
const START_BLOCK: u8 = 0x0B;
/// Last byte but one of an MLLP frame.
const END_BLOCK: u8 = 0x1C;
/// Bytes that tell a header segment: its name and a delimiter.
const HEADER_BYTES: usize = 4;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Finds the messages of one source.
#[derive(Debug)]
pub(super) struct Hl7Framer {
    options: Arc<DecodeOptions>,
    state: State,
    /// An MLLP frame was opened.
    framed: bool,
    /// Messages since the last batch header.
    batch_messages: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a message or a batch segment.
    Between,
    /// Within a message, of which so many bytes hold no end.
    Message { scanned: usize },
    /// Within bytes that are no message.
    Passing,
    /// Behind a frame that was never closed.
    Unclosed,
}

/// What the start of some bytes is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Message,
    Batch,
    Other,
    TooShort,
}

impl Hl7Framer {
    pub(super) const fn new(options: Arc<DecodeOptions>) -> Self {
        Self { options, state: State::Between, framed: false, batch_messages: 0 }
    }

    fn between(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == END_BLOCK).count();
        if blank > 0 {
            return Framed::Skip { next: blank };
        }
        if buffer.first() == Some(&START_BLOCK) {
            self.framed = true;
            return Framed::Skip { next: 1 };
        }
        if buffer.starts_with(BYTE_ORDER_MARK) {
            return Framed::Skip { next: BYTE_ORDER_MARK.len() };
        }
        match head(buffer) {
            Head::Message => self.message(buffer, ended, 0),
            Head::Batch => self.batch(buffer, ended),
            Head::TooShort if !ended => Framed::More,
            Head::Other | Head::TooShort => {
                self.state = State::Passing;
                Framed::Fault { anomaly: NOT_A_MESSAGE, next: 1 }
            }
        }
    }

    /// Looks for the end of the message at the start of the buffer, of which the first `scanned` bytes hold none.
    fn message(&mut self, buffer: &[u8], ended: bool, mut scanned: usize) -> Framed {
        while let Some(found) =
            buffer.get(scanned..).and_then(|rest| memchr::memchr3(b'\r', b'\n', END_BLOCK, rest)).map(|at| at + scanned)
        {
            let behind = buffer.get(found + 1..).unwrap_or_default();
            if buffer.get(found) == Some(&END_BLOCK) {
                self.framed = false;
                return self.unit(buffer, found, found + 1);
            }
            match head(behind) {
                _ if behind.first() == Some(&START_BLOCK) => return self.unit(buffer, found, found),
                Head::Message | Head::Batch => return self.unit(buffer, found, found),
                Head::TooShort if !ended => return self.wait(buffer, found),
                Head::Other | Head::TooShort => scanned = found + 1,
            }
        }
        if !ended {
            return self.wait(buffer, buffer.len());
        }
        // the line ends stay unread: a frame without its end is told from there
        let end = buffer.len() - buffer.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.unit(buffer, end, end)
    }

    fn wait(&mut self, buffer: &[u8], scanned: usize) -> Framed {
        if scanned > self.options.record_bytes_max {
            self.state = State::Passing;
            return Framed::Fault { anomaly: RECORD_TOO_LONG, next: buffer.len() };
        }
        self.state = State::Message { scanned };
        Framed::More
    }

    fn unit(&mut self, buffer: &[u8], end: usize, next: usize) -> Framed {
        self.state = if self.framed { State::Unclosed } else { State::Between };
        self.framed = false;
        self.batch_messages += 1;
        let message = buffer.get(..end).unwrap_or_default();
        let end = end - message.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if end > self.options.record_bytes_max {
            return Framed::Fault { anomaly: RECORD_TOO_LONG, next };
        }
        Framed::Unit { start: 0, end, next }
    }

    /// A segment around messages: one line. A trailer states how many messages there were.
    fn batch(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let end = memchr::memchr2(b'\r', b'\n', buffer);
        if end.is_none() && !ended && buffer.len() <= self.options.record_bytes_max {
            return Framed::More;
        }
        let next = end.unwrap_or(buffer.len());
        let line = buffer.get(..next).unwrap_or_default();
        if line.starts_with(b"BHS") {
            self.batch_messages = 0;
        }
        let stated = line.strip_prefix(b"BTS").and_then(|rest| rest.split_first()).and_then(|(field, rest)| {
            let number = rest.split(|byte| byte == field).next()?;
            str::from_utf8(number).ok()?.trim().parse::<u64>().ok()
        });
        if stated.is_some_and(|stated| stated != self.batch_messages) {
            return Framed::Fault { anomaly: BATCH_COUNT, next };
        }
        Framed::Skip { next }
    }

    /// Passes over bytes up to the next header segment at the start of a line or frame.
    fn passing(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let found = buffer.iter().enumerate().find(|(at, byte)| {
            let starts = matches!(**byte, b'\r' | b'\n' | START_BLOCK | END_BLOCK);
            starts && matches!(head(buffer.get(at + 1..).unwrap_or_default()), Head::Message | Head::Batch)
        });
        if let Some((at, byte)) = found {
            self.state = State::Between;
            self.framed = *byte == START_BLOCK;
            return Framed::Skip { next: at + 1 };
        }
        match buffer.len().checked_sub(HEADER_BYTES) {
            _ if ended => Framed::Skip { next: buffer.len() },
            None | Some(0) => Framed::More,
            Some(next) => Framed::Skip { next },
        }
    }
}

impl Framer for Hl7Framer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        match self.state {
            State::Between => self.between(buffer, ended),
            State::Message { scanned } => self.message(buffer, ended, scanned),
            State::Passing => self.passing(buffer, ended),
            State::Unclosed => {
                self.state = State::Between;
                Framed::Fault { anomaly: MLLP_UNCLOSED, next: 1 }
            }
        }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::new(Hl7Decoder { options: Arc::clone(&self.options) })
    }
}

/// Whether a source starts with a message, a batch or a frame of one.
pub(super) fn starts_like_hl7(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start();
    let bytes = bytes.strip_prefix(&[START_BLOCK]).unwrap_or(bytes);
    let declared = bytes.get(HEADER_BYTES..).unwrap_or_default();
    matches!(head(bytes), Head::Message | Head::Batch) && declared.first().is_some_and(|byte| is_delimiter(*byte))
}

fn head(bytes: &[u8]) -> Head {
    let (Some(name), Some(delimiter)) = (bytes.get(..3), bytes.get(3)) else { return Head::TooShort };
    match name {
        b"MSH" if is_delimiter(*delimiter) => Head::Message,
        b"FHS" | b"BHS" if is_delimiter(*delimiter) => Head::Batch,
        b"BTS" | b"FTS" if is_delimiter(*delimiter) || matches!(delimiter, b'\r' | b'\n') => Head::Batch,
        _ => Head::Other,
    }
}
