//! The end of a JSON string, word by word.

use cordon_model::bytes_equal;

/// A string longer than this goes on with a vector search: most strings of logs end sooner, and then the call costs more than they do.
const SHORT: usize = 48;

/// The closing quote of a string whose inside starts at `start`, and whether the string holds a backslash; `None` when it does not end.
pub(super) fn closing_quote(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let (mut at, mut escaped) = (start, false);
    while at - start < SHORT {
        let Some(word) = bytes.get(at..)?.first_chunk::<8>().map(|word| u64::from_le_bytes(*word)) else { break };
        let quotes = bytes_equal(word, b'"');
        let mut open = quotes | bytes_equal(word, b'\\');
        let mut next = 8;
        while open != 0 {
            let bit = open.trailing_zeros();
            if quotes >> bit & 1 == 1 {
                return Some((at + (bit / 8) as usize, escaped));
            }
            escaped = true;
            // the byte behind a backslash closes nothing
            let passed = bit / 8 + 2;
            if passed >= 8 {
                next = passed as usize;
                break;
            }
            open &= u64::MAX << (8 * passed);
        }
        at += next;
    }
    long(bytes, at, escaped)
}

/// The same for what is left of a string.
fn long(bytes: &[u8], mut at: usize, mut escaped: bool) -> Option<(usize, bool)> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Byte by byte.
    fn plainly(bytes: &[u8]) -> Option<(usize, bool)> {
        let (mut at, mut escaped) = (0, false);
        loop {
            match bytes.get(at)? {
                b'"' => return Some((at, escaped)),
                b'\\' => (at, escaped) = (at + 2, true),
                _ => at += 1,
            }
        }
    }

    proptest! {
        #[test]
        fn strings_end_where_a_plain_walk_ends_them(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'!'), Just(b'#'), Just(b']'), any::<u8>()], 0..80), padding in 0usize..60) {
            let bytes = [vec![b'a'; padding], bytes].concat();
            prop_assert_eq!(closing_quote(&bytes, 0), plainly(&bytes));
        }
    }
}
