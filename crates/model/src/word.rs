//! Eight bytes at a time, in a word of the machine.

/// The top bit of every byte of the word that equals `byte`; all other bits are clear. The lowest byte is the first in a little-endian word.
#[inline]
#[must_use]
pub const fn bytes_equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const LOW: u64 = ONES * 0x7F;
    let differs = word ^ (ONES * byte as u64);
    // a byte is zero when neither its low seven bits carry into the top one nor the top one is set; nothing carries into the next byte
    !(((differs & LOW) + LOW) | differs | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_equal_bytes_are_marked() {
        for other in 0..=u8::MAX {
            let word = u64::from_le_bytes([b'"', other, b'"', other, other, b'#', b'!', other]);
            let expect =
                [b'"', other, b'"', other, other, b'#', b'!', other].map(|byte| if byte == b'"' { 0x80 } else { 0 });
            assert_eq!(bytes_equal(word, b'"'), u64::from_le_bytes(expect));
        }
    }
}
