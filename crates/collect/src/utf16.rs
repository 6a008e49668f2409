//! UTF-16 as UTF-8, streaming. Positions in such a source count bytes of the UTF-8.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};

use crate::anomaly;
use crate::fault::Broken;
use crate::source::Stream;

/// Bytes transcoded at once.
const CHUNK_BYTES: usize = 32 << 10;

/// The encoding that a byte order mark announces, UTF-8 aside.
pub(crate) fn announced(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0xFF, 0xFE, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// A reader of UTF-8 over a reader of UTF-16. Impossible units become U+FFFD; the fault is named once, at the end.
pub(crate) struct Utf16 {
    inner: Stream,
    decoder: Decoder,
    input: Vec<u8>,
    output: Vec<u8>,
    given: usize,
    state: State,
    malformed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
}

impl Utf16 {
    pub(crate) fn new(inner: Stream, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self {
            inner,
            decoder,
            input: vec![0; CHUNK_BYTES],
            output: Vec::new(),
            given: 0,
            state: State::Reading,
            malformed: false,
        }
    }
}

impl Read for Utf16 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() && self.state == State::Reading {
            self.transcode_chunk()?;
        }
        let mut rest = self.output.get(self.given..).unwrap_or_default();
        let read = rest.read(out)?;
        self.given += read;
        if read == 0 && !out.is_empty() && std::mem::take(&mut self.malformed) {
            return Err(Broken::error(anomaly::UTF16_MALFORMED));
        }
        Ok(read)
    }
}

impl Utf16 {
    fn transcode_chunk(&mut self) -> io::Result<()> {
        let read = self.inner.read(&mut self.input)?;
        let ended = read == 0;
        let mut chunk = self.input.get(..read).unwrap_or_default();
        let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(4 * CHUNK_BYTES);
        self.output.resize(room, 0);
        (self.given, self.state) = (0, if ended { State::Ended } else { self.state });
        let mut filled = 0;
        loop {
            let out = self.output.get_mut(filled..).unwrap_or_default();
            let (result, used, written, malformed) = self.decoder.decode_to_utf8(chunk, out, ended);
            chunk = chunk.get(used..).unwrap_or_default();
            filled += written;
            self.malformed |= malformed;
            if result == CoderResult::InputEmpty {
                break;
            }
            self.output.resize(self.output.len() + CHUNK_BYTES, 0);
        }
        self.output.truncate(filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], expect: &str, expect_fault: bool) {
        let mut reader = Utf16::new(Box::new(io::Cursor::new(input.to_vec())), announced(input).unwrap());
        let mut out = Vec::new();
        let result = reader.read_to_end(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expect);
        assert_eq!(result.is_err(), expect_fault);
    }

    #[test]
    fn both_byte_orders_become_utf_8_without_the_mark() {
        check(b"\xFF\xFEa\0\xe4\0\x3D\xD8\x00\xDE", "aä😀", false);
        check(b"\xFE\xFF\0a\0\xe4\xD8\x3D\xDE\x00", "aä😀", false);
    }

    #[test]
    fn a_lone_surrogate_or_an_odd_byte_is_replaced_and_named_at_the_end() {
        check(b"\xFF\xFEa\0\x3D\xD8b\0", "a\u{fffd}b", true);
        check(b"\xFF\xFEa\0b", "a\u{fffd}", true);
    }

    #[test]
    fn a_long_text_comes_out_whole() {
        let text = "Grüße 😀 ".repeat(30_000);
        let mut bytes = vec![0xFF, 0xFE];
        text.encode_utf16().for_each(|unit| bytes.extend(unit.to_le_bytes()));
        check(&bytes, &text, false);
    }
}
