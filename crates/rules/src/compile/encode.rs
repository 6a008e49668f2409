//! Value encodings: windash, UTF-16, Base64. Each gives every text that must be looked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The characters that `windash` holds equal: hyphen, slash, en dash, em dash, horizontal bar.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// Most dashes of one value that are permuted (125 texts); further ones stay as written.
pub(crate) const WINDASH_MAX: usize = 3;

/// Every form of a value in which dashes that open a word are each of the five. The value as written comes first.
pub(crate) fn windash(value: &str) -> Vec<String> {
    let letters: Vec<char> = value.chars().collect();
    let opens_word = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        !before.is_some_and(|letter| is_word(*letter)) && after.is_some_and(|letter| is_word(*letter))
    };
    let is_dash = |at: &usize| letters.get(*at).is_some_and(|letter| DASHES.contains(letter));
    let places: Vec<usize> =
        (0..letters.len()).filter(is_dash).filter(|at| opens_word(*at)).take(WINDASH_MAX).collect();
    let mut forms = vec![letters];
    for place in places {
        forms = forms.iter().flat_map(|form| with_each_dash(form, place)).collect();
    }
    forms.into_iter().map(String::from_iter).collect()
}

/// The form itself, then with the four other dashes at `place`.
fn with_each_dash(form: &[char], place: usize) -> Vec<Vec<char>> {
    let own = form.get(place).copied();
    let others = DASHES.into_iter().filter(|dash| Some(*dash) != own);
    let swapped =
        others.map(|dash| form.iter().enumerate().map(|(at, old)| if at == place { dash } else { *old }).collect());
    std::iter::once(form.to_vec()).chain(swapped).collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// UTF-16 in little endian.
pub(crate) fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// UTF-16 in big endian.
pub(crate) fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// UTF-16 in little endian behind its byte order mark.
pub(crate) fn utf16_with_mark(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(utf16le(text));
    bytes
}

/// Base64 of the bytes.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What stands in the Base64 of any text that holds the bytes, for the three offsets they can have; characters that depend on the neighbours are cut.
/// Source: Sigma modifiers appendix; the cuts are [0, 2, 3] in front and [0, 3, 2] at the end by (length + offset) mod 3.
pub(crate) fn base64_offsets(bytes: &[u8]) -> Vec<String> {
    let forms = [0usize, 2, 3].into_iter().enumerate().map(|(offset, front)| {
        let mut padded = vec![b' '; offset];
        padded.extend_from_slice(bytes);
        let back = match padded.len() % 3 {
            0 => 0,
            1 => 3,
            _ => 2,
        };
        let encoded = base64(&padded);
        let end = encoded.len().saturating_sub(back);
        encoded.get(front..end).unwrap_or_default().to_owned()
    });
    forms.filter(|form| !form.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn windash_swaps_only_dashes_that_open_a_word() {
        assert_eq!(windash("-f"), ["-f", "/f", "\u{2013}f", "\u{2014}f", "\u{2015}f"]);
        assert_eq!(windash("/f").len(), 5);
        assert_eq!(windash("a-b c- --"), ["a-b c- --"]);
        assert_eq!(windash("-a -b").len(), 25);
        assert_eq!(windash("-a -b -c -d").len(), 125);
    }

    #[test]
    fn base64_offsets_of_a_known_text() {
        assert_eq!(base64_offsets(b"foobar"), ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
    }

    #[test]
    fn utf16_has_the_order_asked_for() {
        assert_eq!(utf16le("cm"), [0x63, 0, 0x6d, 0]);
        assert_eq!(utf16be("cm"), [0, 0x63, 0, 0x6d]);
        assert_eq!(utf16_with_mark("c"), [0xFF, 0xFE, 0x63, 0]);
    }

    proptest! {
        #[test]
        fn a_base64_text_holds_one_of_the_three_forms_of_what_it_encodes(
            front in proptest::collection::vec(any::<u8>(), 0..9),
            middle in proptest::collection::vec(any::<u8>(), 3..20),
            back in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let whole = [front.as_slice(), &middle, &back].concat();
            let encoded = base64(&whole);
            prop_assert!(base64_offsets(&middle).iter().any(|form| encoded.contains(form.as_str())));
        }
    }
}
