//! The bytes of a file as UTF-8, and by what its cells are divided.
//!
//! Spreadsheets write UTF-16, which begins with a byte order mark, and divide cells by semicolons where a comma is the decimal point. Both are seen in the first line.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use encoding_rs::{Decoder, Encoding, UTF_8};

/// How far the first line is looked for.
const FIRST_LINE_BYTES_MAX: usize = 64 << 10;
/// Bytes that are decoded at a time.
const DECODED_BYTES: usize = 64 << 10;
/// Decoded bytes that a tape holds beyond those that are asked for.
const TAPE_BYTES_MAX: usize = 1 << 20;

/// A file as UTF-8; of bytes that are neither UTF-8 nor UTF-16 nothing is changed.
pub(crate) struct Text<R> {
    from: R,
    decoder: Option<Decoder>,
    /// What was read or decoded, and how far it was given.
    ready: Vec<u8>,
    given: usize,
    ended: bool,
    /// Where decoded bytes came from; none while bytes are given as they came.
    tape: Option<Rc<RefCell<Tape>>>,
}

impl<R: Read> Text<R> {
    /// Looks at the first line.
    ///
    /// # Errors
    /// When the bytes do not come.
    pub(crate) fn open(from: R) -> io::Result<Self> {
        let mut text = Self { from, decoder: None, ready: Vec::new(), given: 0, ended: false, tape: None };
        while text.ready.len() < 3 && text.fill(3)? > 0 {}
        let utf16 = Encoding::for_bom(&text.ready).filter(|(encoding, _)| *encoding != UTF_8);
        if let Some((encoding, mark_bytes)) = utf16 {
            text.tape = Some(Rc::new(RefCell::new(Tape { file_at: mark_bytes as u64, ..Tape::default() })));
            let head = std::mem::take(&mut text.ready);
            text.decoder = Some(encoding.new_decoder_with_bom_removal());
            text.decode(&head);
        }
        while !text.ready.contains(&b'\n') && text.ready.len() < FIRST_LINE_BYTES_MAX && !text.ended {
            text.more()?;
        }
        Ok(text)
    }

    /// Goes on in the middle of a file: at the beginning of a row. `encoding` is that of [`Text::encoding`].
    pub(crate) fn resumed(from: R, encoding: Option<&'static Encoding>) -> Self {
        let decoder = encoding.map(Encoding::new_decoder_without_bom_handling);
        Self { from, decoder, ready: Vec::new(), given: 0, ended: false, tape: None }
    }

    /// What has to be decoded, if anything.
    pub(crate) fn encoding(&self) -> Option<&'static Encoding> {
        self.decoder.as_ref().map(Decoder::encoding)
    }

    /// Where decoded bytes came from; none while bytes are given as they came.
    pub(crate) fn tape(&self) -> Option<Rc<RefCell<Tape>>> {
        self.tape.clone()
    }

    /// What divides cells: a semicolon where the first line has more of them than commas, otherwise a comma.
    pub(crate) fn divider(&self) -> u8 {
        let line = self.ready.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |divider: u8| line.iter().filter(|byte| **byte == divider).count();
        if count(b';') > count(b',') { b';' } else { b',' }
    }

    /// Adds at most `most` bytes as they are; how many came.
    fn fill(&mut self, most: usize) -> io::Result<usize> {
        let start = self.ready.len();
        self.ready.resize(start + most, 0);
        let came = self.from.read(self.ready.get_mut(start..).unwrap_or_default());
        self.ready.truncate(start + came.as_ref().map_or(0, |came| *came));
        self.ended |= matches!(came, Ok(0));
        came
    }

    /// Adds what comes next, decoded.
    fn more(&mut self) -> io::Result<()> {
        if self.decoder.is_none() {
            return self.fill(DECODED_BYTES).map(|_| ());
        }
        let mut bytes = vec![0; DECODED_BYTES];
        let came = self.from.read(&mut bytes)?;
        self.ended |= came == 0;
        self.decode(bytes.get(..came).unwrap_or_default());
        Ok(())
    }

    /// Decodes bytes behind what is ready. What is no letter becomes U+FFFD.
    fn decode(&mut self, bytes: &[u8]) {
        let Some(decoder) = &mut self.decoder else { return };
        let mut text =
            String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(4 * bytes.len() + 8));
        let _ = decoder.decode_to_string(bytes, &mut text, self.ended);
        self.ready.extend_from_slice(text.as_bytes());
        if let Some(tape) = &self.tape {
            tape.borrow_mut().text.extend_from_slice(text.as_bytes());
        }
    }
}

/// Where the bytes of decoded UTF-16 came from. Each letter is as many units of two bytes in the file as UTF-16 has for it; what is no letter is one unit, and so is U+FFFD.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    /// What was decoded and is not yet left behind, from `passed` on.
    text: Vec<u8>,
    passed: usize,
    text_at: u64,
    file_at: u64,
}

impl Tape {
    /// The place in the file of a place in the text; places never go back.
    pub(crate) fn reach(&mut self, text_at: u64) -> u64 {
        let count = usize::try_from(text_at.saturating_sub(self.text_at)).unwrap_or(usize::MAX);
        let end = self.passed.saturating_add(count).min(self.text.len());
        let bytes = self.text.get(self.passed..end).unwrap_or_default();
        // a letter begins with a byte that continues none; one of four bytes is two units
        let units: u64 = bytes.iter().map(|byte| u64::from(byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0)).sum();
        self.text_at += bytes.len() as u64;
        self.file_at += 2 * units;
        self.passed = end;
        if self.passed > TAPE_BYTES_MAX {
            self.text.drain(..self.passed);
            self.passed = 0;
        }
        self.file_at
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
            if self.ended || into.is_empty() {
                return Ok(0);
            }
            if self.decoder.is_none() {
                return self.from.read(into);
            }
            self.more()?;
        }
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a time: nothing may depend on how bytes come.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(into.len()).min(1);
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(bytes: &[u8]) -> (Vec<u8>, u8) {
        let mut text = Text::open(Slowly(bytes)).unwrap();
        let divider = text.divider();
        let mut slowly = Vec::new();
        text.read_to_end(&mut slowly).unwrap();
        let mut at_once = Vec::new();
        Text::open(bytes).unwrap().read_to_end(&mut at_once).unwrap();
        assert_eq!(slowly, at_once);
        (at_once, divider)
    }

    #[test]
    fn utf_16_of_both_orders_is_read_and_other_bytes_stay() {
        let text = "user,role\nlöwe,\u{1F600}\n".repeat(20_000);
        let words = || text.encode_utf16();
        let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(words().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(words().flat_map(u16::to_be_bytes)).collect();
        assert!(read(&little).0 == text.as_bytes());
        assert!(read(&big).0 == text.as_bytes());
        assert_eq!(read("\u{feff}a,b\n".as_bytes()).0, "\u{feff}a,b\n".as_bytes());
        assert_eq!(read(b"a\xf6,b").0, b"a\xf6,b");
        assert_eq!(read(b"").0, b"");
        assert_eq!(read(b"\xff\xfe").0, b"");
    }

    #[test]
    fn a_place_in_decoded_text_is_found_again_in_the_file() {
        let line = "löwe,\u{1F600},a\n";
        let (lines, units) = (200_000, line.encode_utf16().count());
        let mut bytes: Vec<u8> = vec![0xff, 0xfe];
        (0..lines).for_each(|_| bytes.extend(line.encode_utf16().flat_map(u16::to_le_bytes)));
        // a half letter, which becomes U+FFFD, and the last line behind it
        bytes.extend([0x00, 0xd8, b'z', 0]);
        let mut text = Text::open(&bytes[..]).unwrap();
        let (tape, mut decoded) = (text.tape().unwrap(), Vec::new());
        text.read_to_end(&mut decoded).unwrap();
        let mut tape = tape.borrow_mut();
        for count in [0, 1, 2, 1_000, 150_000, lines] {
            assert_eq!(tape.reach((count * line.len()) as u64), (2 + 2 * count * units) as u64, "{count}");
        }
        assert_eq!(tape.reach(decoded.len() as u64), bytes.len() as u64);
        let from = &bytes[2 + 2 * 7 * units..2 + 2 * 8 * units];
        let mut resumed = String::new();
        Text::resumed(from, text.encoding()).read_to_string(&mut resumed).unwrap();
        assert_eq!(resumed, line);
    }

    #[test]
    fn half_a_letter_at_the_end_is_told_as_lost() {
        assert_eq!(read(b"\xff\xfea\0b").0, "a\u{fffd}".as_bytes());
    }

    #[test]
    fn the_first_line_says_what_divides_cells() {
        assert_eq!(read(b"user;role\na,b,c,d\n").1, b';');
        assert_eq!(read(b"user,role\nx;y;z,VIP\n").1, b',');
        assert_eq!(read(b"user\n").1, b',');
    }
}
