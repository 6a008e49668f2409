//! Delimiters of a message and pieces between them, each with its place in the message (HL7 v2.5.1 section 2.5).

use super::charset::Charset;

/// What separates what, as MSH-1 and MSH-2 declare it. All are ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delimiters {
    /// Between fields: MSH-1.
    pub field: u8,
    /// Between components.
    pub component: Option<u8>,
    /// Between repetitions.
    pub repetition: Option<u8>,
    /// Around escape sequences.
    pub escape: Option<u8>,
    /// Between subcomponents.
    pub subcomponent: Option<u8>,
    /// One character was declared twice.
    pub repeated: bool,
}

impl Delimiters {
    /// Reads MSH-1 and MSH-2 from the start of a message; `None` when it does not start with a header segment.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let (name, rest) = message.split_at_checked(3)?;
        let (field, rest) = rest.split_first()?;
        if name != b"MSH" || !is_delimiter(*field) {
            return None;
        }
        let declared = rest.split(|byte| byte == field || matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let mut seen = vec![*field];
        let mut repeated = false;
        for byte in declared.iter().take(Self::DECLARED_MAX) {
            let fresh = is_delimiter(*byte) && !seen.contains(byte);
            repeated |= !fresh;
            if fresh {
                seen.push(*byte);
            }
        }
        let nth = |number: usize| seen.get(number).copied();
        Some(Self {
            field: *field,
            component: nth(1),
            repetition: nth(2),
            escape: nth(3),
            subcomponent: nth(4),
            repeated,
        })
    }

    /// Characters of MSH-2 that are looked at: four, the truncation character of 2.7, and one declared twice.
    const DECLARED_MAX: usize = 6;
}

/// Whether a byte can separate: visible ASCII or a control character, no letter, digit, blank or line end.
pub(super) const fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b' ' | b'\r' | b'\n' | 0 | 0x0B | 0x1C | 0x1B)
}

/// A part of a message and where it starts in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'u> {
    /// Place of its first byte in the message.
    pub start: usize,
    /// Its bytes.
    pub bytes: &'u [u8],
}

impl<'u> Piece<'u> {
    /// Its parts between a delimiter; the whole when there is none.
    pub(super) const fn split(self, delimiter: Option<u8>, charset: Charset) -> Pieces<'u> {
        Pieces { rest: Some(self), delimiter, charset }
    }

    /// Whether the delimiter stands in it.
    pub(super) fn has(self, delimiter: Option<u8>, charset: Charset) -> bool {
        delimiter.is_some_and(|delimiter| charset.find(delimiter, self.bytes).is_some())
    }

    /// What follows its first `count` bytes.
    pub(super) fn after(self, count: usize) -> Self {
        Self { start: self.start + count, bytes: self.bytes.get(count..).unwrap_or_default() }
    }
}

/// Parts of a piece in order, empty ones too.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'u> {
    rest: Option<Piece<'u>>,
    delimiter: Option<u8>,
    charset: Charset,
}

impl<'u> Iterator for Pieces<'u> {
    type Item = Piece<'u>;

    fn next(&mut self) -> Option<Piece<'u>> {
        let rest = self.rest.take()?;
        let Some(at) = self.delimiter.and_then(|delimiter| self.charset.find(delimiter, rest.bytes)) else {
            return Some(rest);
        };
        self.rest = Some(rest.after(at + 1));
        Some(Piece { start: rest.start, bytes: rest.bytes.get(..at).unwrap_or_default() })
    }
}

/// The segments of a message: its lines, whether they end in CR, LF or both. Empty lines are left out.
pub(super) fn segments(message: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut start = 0;
    message.split(|byte| matches!(byte, b'\r' | b'\n')).filter_map(move |bytes| {
        let piece = Piece { start, bytes };
        start += bytes.len() + 1;
        (!bytes.is_empty()).then_some(piece)
    })
}
