//! The end of a JSON string, or its next escape.

/// Words of eight bytes that are looked at one by one. Most strings of logs end within them, where the call of a vector search costs more than they do.
const WORDS: usize = 4;

/// The first quote or backslash.
#[inline]
pub(super) fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().take(WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = lowest_equal(word, b'"') | lowest_equal(word, b'\\');
        if found != 0 {
            return Some(number * 8 + (found.trailing_zeros() / 8) as usize);
        }
    }
    let passed = words.len().min(WORDS) * 8;
    memchr::memchr2(b'"', b'\\', bytes.get(passed..)?).map(|at| passed + at)
}

/// A word whose lowest set bit is the top bit of the lowest byte that equals `byte`; zero when there is none. What stands above that bit says nothing.
#[inline]
const fn lowest_equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let differs = word ^ (ONES * byte as u64);
    differs.wrapping_sub(ONES) & !differs & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_of_both_is_found_wherever_it_stands(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'!'), Just(b'#'), Just(b']'), any::<u8>()], 0..80), padding in 0usize..60) {
            let bytes = [vec![b'a'; padding], bytes].concat();
            prop_assert_eq!(quote_or_backslash(&bytes), bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')));
        }
    }
}
