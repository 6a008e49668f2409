//! Pieces of the file: where one is, how long, and with what checksum. Numbers of rows as steps of few bytes.

use std::io::{self, Write};

use cordon_stats::codec;

/// Where a piece of the file is. The empty piece stands for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) at: u64,
    pub(super) bytes: u32,
    /// CRC-32 (IEEE 802.3).
    checksum: u32,
}

impl Piece {
    /// Bytes that tell where a piece is.
    pub(super) const BYTES: usize = 16;

    /// As bytes.
    pub(super) fn put(self, out: &mut Vec<u8>) {
        codec::put_u64(out, self.at);
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.checksum.to_le_bytes());
    }

    /// What [`Piece::put`] wrote.
    pub(super) fn take(from: &mut &[u8]) -> Option<Self> {
        let at = codec::take_u64(from)?;
        let bytes = u32::from_le_bytes(codec::take(from)?);
        Some(Self { at, bytes, checksum: u32::from_le_bytes(codec::take(from)?) })
    }

    /// Whether these are the bytes that were written.
    pub(super) fn holds(self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == u64::from(self.bytes) && crc32fast::hash(bytes) == self.checksum
    }
}

/// Writes pieces one behind the other.
pub(super) struct Pieces<W> {
    pub(super) out: W,
    pub(super) at: u64,
}

impl<W: Write> Pieces<W> {
    /// Writes a piece.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Piece> {
        let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("a piece of the index is too long"))?;
        let piece = Piece { at: self.at, bytes: length, checksum: crc32fast::hash(bytes) };
        self.out.write_all(bytes)?;
        self.at += u64::from(length);
        Ok(piece)
    }
}

/// Appends a number, seven bits a byte, the lowest first; the last byte is below 128 (LEB128).
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

/// What [`put_number`] wrote; none when the bytes end, or mean more than a number.
pub(super) fn take_number(from: &mut &[u8]) -> Option<u32> {
    let mut number = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let [byte] = codec::take(from)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_what_is_no_number_is_refused() {
        let numbers = [0, 1, 127, 128, 300, 16_383, 16_384, 1 << 28, u32::MAX];
        let mut out = Vec::new();
        numbers.iter().for_each(|number| put_number(&mut out, *number));
        let mut from = out.as_slice();
        assert_eq!(numbers.map(|_| take_number(&mut from).unwrap()), numbers);
        assert_eq!(take_number(&mut from), None);
        for wrong in [&[0x80][..], &[0xff; 5], &[0xff, 0xff, 0xff, 0xff, 0x7f]] {
            assert_eq!(take_number(&mut &wrong[..]), None);
        }
    }

    #[test]
    fn a_piece_knows_its_bytes() {
        let mut pieces = Pieces { out: Vec::new(), at: 7 };
        let (one, two) = (pieces.write(b"one").unwrap(), pieces.write(b"two").unwrap());
        assert_eq!((one.at, two.at, pieces.at), (7, 10, 13));
        assert!(one.holds(b"one") && !one.holds(b"two") && !one.holds(b"on"));
        let mut bytes = Vec::new();
        two.put(&mut bytes);
        assert_eq!((bytes.len(), Piece::take(&mut bytes.as_slice())), (Piece::BYTES, Some(two)));
    }
}
