//! Case folding: one function for rules and values, one character to one character of the same length, so that byte offsets stay true.
//!
//! ASCII letters fold as everybody expects. Other characters fold to their lower case where that is a single character with as many UTF-8 bytes; the few
//! that would change length (`İ`, `ẞ`, the Kelvin sign) compare as they are.

/// Letters that a regular expression without case takes for `s` and `k`, although they fold to themselves here.
const ODD_LETTERS: [char; 2] = ['\u{17f}', '\u{212a}'];

/// Folds the UTF-8 text that stands in `bytes`, in place. Returns whether it holds a letter by which a regular expression without case could match although no
/// folded literal does.
pub(crate) fn fold_in_place(bytes: &mut [u8]) -> bool {
    bytes.make_ascii_lowercase();
    if bytes.is_ascii() {
        return false;
    }
    let (mut at, mut is_odd) = (0, false);
    while let Some(wide) = bytes.get(at..).and_then(first_wide) {
        at += wide;
        let Some((letter, place)) = wide_char(bytes.get_mut(at..).unwrap_or_default()) else { break };
        is_odd |= ODD_LETTERS.contains(&letter);
        at += place.len();
        fold_char(letter).encode_utf8(place);
    }
    is_odd
}

/// The place of the first byte beyond ASCII.
fn first_wide(bytes: &[u8]) -> Option<usize> {
    const TOP_BITS: u64 = u64::MAX / 255 * 0x80;
    let (words, rest) = bytes.as_chunks::<8>();
    let word = words.iter().position(|word| u64::from_le_bytes(*word) & TOP_BITS != 0);
    let rest = word.map_or(rest, |word| words.get(word).map_or(rest, |word| word.as_slice()));
    rest.iter().position(|byte| !byte.is_ascii()).map(|at| word.unwrap_or(words.len()) * 8 + at)
}

/// The character beyond ASCII at the start of UTF-8 text, with the bytes it takes.
fn wide_char(bytes: &mut [u8]) -> Option<(char, &mut [u8])> {
    let length = match bytes.first()? {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    };
    let place = bytes.get_mut(..length)?;
    let letter = std::str::from_utf8(place).ok()?.chars().next()?;
    Some((letter, place))
}

/// One folded character.
pub(crate) fn fold_char(letter: char) -> char {
    let mut lower = letter.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) if single.len_utf8() == letter.len_utf8() => single,
        _ => letter,
    }
}

/// The folded text on its own.
pub(crate) fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        let mut out = text.as_bytes().to_vec();
        fold_in_place(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn case_folds_without_moving_an_offset() {
        assert_eq!(folded("C:\\WINDOWS\\ÄÖ Ω İẞ\u{212a}"), "c:\\windows\\äö ω İẞ\u{212a}");
    }

    proptest! {
        #[test]
        fn both_ways_of_folding_agree_and_keep_the_length(text in "\\PC{0,40}") {
            prop_assert_eq!(folded(&text), fold(&text));
            prop_assert_eq!(folded(&text).len(), text.len());
        }
    }
}
