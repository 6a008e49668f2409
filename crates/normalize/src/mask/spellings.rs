//! How a text can be spelt: the encodings that logs carry texts in, each undone, and the other ways in which people write a name, a date or a number.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cordon_model::{Arena, Value};

/// Fewest characters of base64 or hexadecimal digits that are tried.
const ENCODED_CHARS_MIN: usize = 4;

/// Characters that a run is made of: some of ASCII, and perhaps all letters and digits beyond it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Which of ASCII: every text of a record is cut in several ways, byte by byte.
    ascii: &'static [bool; 128],
    beyond: fn(char) -> bool,
}

/// Letters and digits of ASCII.
const ALPHANUMERICS: u128 = bits(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

impl Part {
    /// Letters and digits of any script, and marks that stand behind their letter.
    pub(super) const fn word() -> Self {
        const LETTERS: &[bool; 128] = &table(ALPHANUMERICS);
        Self { ascii: LETTERS, beyond: |letter| letter.is_alphanumeric() || is_combining(letter) }
    }

    /// These of ASCII, and letters and digits of other scripts.
    const fn letters(ascii: &'static [bool; 128]) -> Self {
        Self { ascii, beyond: char::is_alphanumeric }
    }

    /// These of ASCII alone.
    const fn only_ascii(ascii: &'static [bool; 128]) -> Self {
        Self { ascii, beyond: |_| false }
    }

    /// How many bytes from `at` on are characters of this part (`is_within`), or of none of it.
    fn length(self, text: &str, at: usize, is_within: bool) -> usize {
        let mut length = 0;
        loop {
            let rest = text.as_bytes().get(at + length..).unwrap_or_default();
            let is_same = |byte: &&u8| self.ascii.get(usize::from(**byte)).is_some_and(|holds| *holds == is_within);
            length += rest.iter().take_while(is_same).count();
            // the end, another character of ASCII, or one beyond it
            match text.get(at + length..).and_then(|rest| rest.chars().next()) {
                Some(letter) if !letter.is_ascii() && (self.beyond)(letter) == is_within => length += letter.len_utf8(),
                _ => return length,
            }
        }
    }
}

/// Whether each character of ASCII is one of these [`bits`].
const fn table(bits: u128) -> [bool; 128] {
    let mut table = [false; 128];
    let (mut places, mut bits) = (table.as_mut_slice(), bits);
    while let [place, behind @ ..] = places {
        *place = bits & 1 == 1;
        (places, bits) = (behind, bits >> 1);
    }
    table
}

/// A bit for each of some characters of ASCII.
const fn bits(mut characters: &[u8]) -> u128 {
    let mut bits = 0;
    while let [first, rest @ ..] = characters {
        bits |= 1 << *first;
        characters = rest;
    }
    bits
}

/// An encoding: what belongs to a text in it, and how it is undone. `None` where the text is not in it.
pub(super) struct Encoding {
    /// Of what characters such a text is.
    pub(super) part: Part,
    /// Characters of which such a text has at least one, as [`bits`]; none where any text can be in it.
    marks: u128,
    /// The text that it stands for.
    pub(super) decode: fn(&str) -> Option<String>,
}

/// The encodings that are undone.
pub(super) static ENCODINGS: [Encoding; 7] = [
    Encoding { part: Part::letters(&table(ALPHANUMERICS | bits(b"\\{}"))), marks: bits(b"\\"), decode: json_unescaped },
    Encoding {
        part: Part::letters(&table(ALPHANUMERICS | bits(b"&#;"))),
        marks: bits(b"&"),
        decode: entities_resolved,
    },
    Encoding {
        part: Part::letters(&table(ALPHANUMERICS | bits(b"%+-_.~'"))),
        marks: bits(b"%+"),
        decode: percent_decoded,
    },
    Encoding { part: Part::only_ascii(&table(ALPHANUMERICS | BASE64_MARKS)), marks: 0, decode: base64_decoded },
    // without one of these marks the runs are those above
    Encoding { part: Part::only_ascii(&table(ALPHANUMERICS)), marks: BASE64_MARKS, decode: base64_decoded },
    Encoding { part: Part::only_ascii(&table(bits(b"0123456789ABCDEFabcdef"))), marks: 0, decode: hex_decoded },
    Encoding {
        part: Part::letters(&table(ALPHANUMERICS | bits(b"="))),
        marks: bits(b"="),
        decode: quoted_printable_decoded,
    },
];

/// What either alphabet of base64 has besides letters and digits.
const BASE64_MARKS: u128 = bits(b"+/-_");

/// The marks of all encodings.
static MARKS: [bool; 128] = {
    let (mut encodings, mut marks): (&[Encoding], u128) = (&ENCODINGS, 0);
    while let [first, behind @ ..] = encodings {
        (encodings, marks) = (behind, marks | first.marks);
    }
    table(marks)
};

/// The encodings that something of a text can be in.
pub(super) fn encodings_met_in(text: &str) -> impl Iterator<Item = &'static Encoding> {
    let is_mark = |byte: &u8| MARKS.get(usize::from(*byte)).is_some_and(|is_mark| *is_mark);
    let met = text.bytes().filter(is_mark).fold(0_u128, |met, byte| met | 1 << byte);
    ENCODINGS.iter().filter(move |encoding| encoding.marks == 0 || encoding.marks & met != 0)
}

/// The runs of characters of a kind, with their places.
pub(super) fn runs(text: &str, part: Part) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + part.length(text, at, false);
        let length = part.length(text, start, true);
        at = start + length;
        text.get(start..at).filter(|run| !run.is_empty()).map(|run| (start, run))
    })
}

/// Escapes of JSON strings, RFC 8259 section 7.
pub(super) fn json_unescaped(text: &str) -> Option<String> {
    text.contains('\\').then(|| Value::Escaped(&unnested(text)).text(&Arena::new()).unwrap_or_default().to_owned())
}

/// Escapes of letters with one backslash, however deep they were nested: each string within a string doubles the backslashes.
fn unnested(text: &str) -> Cow<'_, str> {
    if !text.contains("\\\\u") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('u').peekable();
    while let Some(part) = parts.next() {
        let bare = part.trim_end_matches('\\');
        out.push_str(if parts.peek().is_some() { bare } else { part });
        if parts.peek().is_some() {
            out.push_str(if bare.len() < part.len() { "\\u" } else { "u" });
        }
    }
    Cow::Owned(out)
}

/// HL7 v2 escapes (section 2.7): `\\Xhh..\\` gives its bytes, marks of highlighting give nothing, escaped delimiters part words.
pub(super) fn hl7_unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('\\');
    let mut out = Vec::from(parts.next()?.as_bytes());
    let mut is_escape = true;
    for part in parts {
        match (is_escape, part.as_bytes()) {
            (false, plain) => out.extend_from_slice(plain),
            (true, [b'X', digits @ ..]) => out.extend(digits.chunks(2).filter_map(hex_byte)),
            (true, b"H" | b"N") => {}
            (true, _) => out.push(b' '),
        }
        is_escape = !is_escape;
    }
    text.contains('\\').then(|| String::from_utf8_lossy(&out).into_owned())
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match digits {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        [low] => digit(*low),
        _ => None,
    }
}

/// Entities of XML 1.0 (sections 4.1 and 4.6), and HTML's of Latin letters.
pub(super) fn entities_resolved(text: &str) -> Option<String> {
    if !text.contains('&') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('&') {
        out.push_str(plain);
        let entity = after.split_once(';').and_then(|(name, after)| Some((entity(name)?, after)));
        let (letter, next) = entity.unwrap_or(('&', after));
        out.push(letter);
        rest = next;
    }
    out.push_str(rest);
    Some(out)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#') {
            Some(number) => {
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)
            }
            None => latin_entity(name),
        },
    }
}

/// `uuml`, `Eacute`: a letter and its mark (HTML 4, section 24.2).
fn latin_entity(name: &str) -> Option<char> {
    let (letter, mark) = name.split_at_checked(1)?;
    let bare = letter.chars().next()?;
    LATIN.iter().find(|(marked, plain, _)| *plain == letter && mark_of(*marked, bare) == Some(mark)).map(|row| row.0)
}

/// HTML's word for the mark of a letter.
fn mark_of(marked: char, bare: char) -> Option<&'static str> {
    Some(match (marked, bare) {
        ('ß', 's') => "zlig",
        ('ä' | 'ë' | 'ï' | 'ö' | 'ü' | 'ÿ' | 'Ä' | 'Ë' | 'Ï' | 'Ö' | 'Ü', _) => "uml",
        ('á' | 'é' | 'í' | 'ó' | 'ú' | 'ý' | 'Á' | 'É' | 'Í' | 'Ó' | 'Ú' | 'Ý', _) => "acute",
        ('à' | 'è' | 'ì' | 'ò' | 'ù' | 'À' | 'È' | 'Ì' | 'Ò' | 'Ù', _) => "grave",
        ('â' | 'ê' | 'î' | 'ô' | 'û' | 'Â' | 'Ê' | 'Î' | 'Ô' | 'Û', _) => "circ",
        ('ã' | 'ñ' | 'õ' | 'Ã' | 'Ñ' | 'Õ', _) => "tilde",
        ('ç' | 'Ç', _) => "cedil",
        ('å' | 'Å', _) => "ring",
        ('ø' | 'Ø', _) => "slash",
        _ => return None,
    })
}

/// Percent encoding (RFC 3986 section 2.1) with `+` for a blank; bytes that are not UTF-8 are taken for Latin-1.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    text.contains(['%', '+']).then(|| escaped_bytes(text, b'%'))
}

/// Quoted-printable, RFC 2045 section 6.7.
fn quoted_printable_decoded(text: &str) -> Option<String> {
    text.contains('=').then(|| escaped_bytes(text, b'='))
}

fn escaped_bytes(text: &str, mark: u8) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().filter(|_| byte == mark).and_then(|pair| hex_byte(pair));
        out.push(code.unwrap_or(if byte == b'+' && mark == b'%' { b' ' } else { byte }));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(out).unwrap_or_else(|error| error.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}

/// Padded or not, and with whatever stands in the bits that are left over.
const BASE64: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, BASE64);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, BASE64);

/// Base64 in either alphabet, padded or not (RFC 4648 sections 4 and 5).
pub(super) fn base64_decoded(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() < ENCODED_CHARS_MIN {
        return None;
    }
    if !may_be_text(base64_bytes(text)) {
        return None;
    }
    let engine = if text.contains(['-', '_']) { &BASE64_URL } else { &BASE64_STANDARD };
    readable(engine.decode(text).ok()?)
}

/// The first bytes of a text in base64, up to a digit of neither alphabet.
fn base64_bytes(text: &str) -> impl Iterator<Item = u8> {
    let groups = text.as_bytes().chunks_exact(4).take(TRIED_MAX);
    let group = |digits: &[u8]| match digits {
        [one, two, three, four] => {
            let [one, two, three, four] = [sextet(*one)?, sextet(*two)?, sextet(*three)?, sextet(*four)?];
            Some([one << 2 | two >> 4, two << 4 | three >> 2, three << 6 | four])
        }
        _ => None,
    };
    groups.map_while(group).flatten()
}

/// Most groups of digits of base64, or bytes of hexadecimal digits, that are looked at before a text is decoded.
const TRIED_MAX: usize = 16;

/// Whether [`readable`] can take a text that begins with these bytes. Every word of a record is tried, and most are given up at the first bytes.
fn may_be_text(bytes: impl Iterator<Item = u8>) -> bool {
    let mut follows_ascii = true;
    for byte in bytes.filter(|byte| *byte != 0) {
        let is_control = matches!(byte, 1..=8 | 14..=31 | 127);
        // of UTF-8, RFC 3629 section 4
        let is_no_start = matches!(byte, 0x80..=0xc1 | 0xf5..);
        if is_control || follows_ascii && is_no_start {
            return false;
        }
        follows_ascii = byte.is_ascii();
    }
    true
}

/// The six bits of a digit in either alphabet.
const fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Two digits a byte, as auditd and SQL write them.
fn hex_decoded(text: &str) -> Option<String> {
    if text.len() < ENCODED_CHARS_MIN || !text.len().is_multiple_of(2) {
        return None;
    }
    let bytes = || text.as_bytes().chunks(2).filter_map(hex_byte);
    if !may_be_text(bytes().take(TRIED_MAX)) {
        return None;
    }
    readable(bytes().collect())
}

/// Bytes as text: UTF-8, or UTF-16 of Latin letters (every second byte is none).
fn readable(mut bytes: Vec<u8>) -> Option<String> {
    if bytes.contains(&0) {
        bytes.retain(|byte| *byte != 0);
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_control = |letter: char| letter.is_control() && !letter.is_whitespace();
    (!text.contains(is_control)).then_some(text)
}

/// The other ways in which people and programs write the same: letters without their marks, dates in another order, numbers without what parts them.
pub(super) fn variants(text: &str) -> Vec<String> {
    let mut variants = Vec::new();
    if !text.is_ascii() {
        let spelt = |pick: fn(&(char, &'static str, &'static str)) -> &'static str| -> String {
            let mut spelt = String::with_capacity(text.len());
            text.chars().for_each(|letter| push_plain(letter, pick, &mut spelt));
            spelt
        };
        variants.push(spelt(|row| row.1));
        variants.push(spelt(|row| row.2));
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.chars().any(char::is_alphabetic) {
        return variants;
    }
    if digits.len() >= DIGITS_MIN && digits != text {
        variants.push(digits.clone());
    }
    if let Some((year, month, day)) = date(text, &digits) {
        variants.extend([
            format!("{year}{month}{day}"),
            format!("{day}{month}{year}"),
            format!("{month}{day}{year}"),
            format!("{year}-{month}-{day}"),
        ]);
    }
    variants
}

/// Fewest digits of a number that is recognised without what parts them.
const DIGITS_MIN: usize = 6;

/// Year, month and day of `1963-03-06`, `06.03.1963`, `19630306` and their likes. Which of two is the month does not matter here.
fn date<'d>(text: &str, digits: &'d str) -> Option<(&'d str, &'d str, &'d str)> {
    if digits.len() != 8 {
        return None;
    }
    let year_is_last = text.find(|letter: char| !letter.is_ascii_digit()).is_some_and(|parted| parted <= 2);
    let (first, second, third) = if year_is_last { (4, 2, 0) } else { (0, 4, 6) };
    Some((digits.get(first..first + 4)?, digits.get(second..second + 2)?, digits.get(third..third + 2)?))
}

/// Writes a letter without its mark.
fn push_plain(letter: char, pick: fn(&(char, &'static str, &'static str)) -> &'static str, out: &mut String) {
    let marked = if letter.is_ascii() { None } else { LATIN.iter().find(|row| row.0 == letter) };
    match marked {
        Some(row) => out.push_str(pick(row)),
        None => out.push(letter),
    }
}

/// A word in lower case, its letters without marks, however these are written.
pub(super) fn bare(word: &str) -> String {
    let mut bare = String::with_capacity(word.len());
    push_bare(word, &mut bare);
    bare
}

/// Writes [`bare`] of a word.
pub(super) fn push_bare(word: &str, out: &mut String) {
    if word.is_ascii() {
        out.extend(word.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
        return;
    }
    let lower = word.chars().flat_map(char::to_lowercase).filter(|letter| !is_combining(*letter));
    lower.for_each(|letter| push_plain(letter, |row| row.1, out));
}

/// Marks that stand behind their letter (Unicode's combining diacritical marks).
pub(super) const fn is_combining(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// Latin letters with marks: without them, and as they are written where the letter is not to be had.
const LATIN: [(char, &str, &str); 72] = [
    ('ä', "a", "ae"),
    ('ö', "o", "oe"),
    ('ü', "u", "ue"),
    ('ß', "s", "ss"),
    ('Ä', "A", "Ae"),
    ('Ö', "O", "Oe"),
    ('Ü', "U", "Ue"),
    ('å', "a", "aa"),
    ('Å', "A", "Aa"),
    ('ø', "o", "oe"),
    ('Ø', "O", "Oe"),
    ('æ', "a", "ae"),
    ('Æ', "A", "Ae"),
    ('œ', "o", "oe"),
    ('à', "a", "a"),
    ('á', "a", "a"),
    ('â', "a", "a"),
    ('ã', "a", "a"),
    ('À', "A", "A"),
    ('Á', "A", "A"),
    ('Â', "A", "A"),
    ('Ã', "A", "A"),
    ('ç', "c", "c"),
    ('Ç', "C", "C"),
    ('è', "e", "e"),
    ('é', "e", "e"),
    ('ê', "e", "e"),
    ('ë', "e", "e"),
    ('È', "E", "E"),
    ('É', "E", "E"),
    ('Ê', "E", "E"),
    ('Ë', "E", "E"),
    ('ì', "i", "i"),
    ('í', "i", "i"),
    ('î', "i", "i"),
    ('ï', "i", "i"),
    ('Ì', "I", "I"),
    ('Í', "I", "I"),
    ('Î', "I", "I"),
    ('Ï', "I", "I"),
    ('ñ', "n", "n"),
    ('Ñ', "N", "N"),
    ('ò', "o", "o"),
    ('ó', "o", "o"),
    ('ô', "o", "o"),
    ('õ', "o", "o"),
    ('Ò', "O", "O"),
    ('Ó', "O", "O"),
    ('Ô', "O", "O"),
    ('Õ', "O", "O"),
    ('ù', "u", "u"),
    ('ú', "u", "u"),
    ('û', "u", "u"),
    ('Ù', "U", "U"),
    ('Ú', "U", "U"),
    ('Û', "U", "U"),
    ('ý', "y", "y"),
    ('ÿ', "y", "y"),
    ('Ý', "Y", "Y"),
    ('ł', "l", "l"),
    ('Ł', "L", "L"),
    ('š', "s", "s"),
    ('Š', "S", "S"),
    ('č', "c", "c"),
    ('Č', "C", "C"),
    ('ž', "z", "z"),
    ('Ž', "Z", "Z"),
    ('ć', "c", "c"),
    ('ń', "n", "n"),
    ('ś', "s", "s"),
    ('ę', "e", "e"),
    ('ą', "a", "a"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let texts = "[ -~äß€\u{1F600}\t\n]{1,12}".prop_map(String::into_bytes);
        let wide = "[a-zé]{1,8}".prop_map(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        prop_oneof![prop::collection::vec(any::<u8>(), 3..20), texts, wide]
    }

    proptest! {
        #[test]
        fn no_text_in_hexadecimal_digits_is_given_up_by_its_beginning(bytes in bytes()) {
            let encoded: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let expect = if encoded.len() >= ENCODED_CHARS_MIN { readable(bytes) } else { None };
            prop_assert_eq!(hex_decoded(&encoded), expect);
        }

        #[test]
        fn no_text_in_base64_is_given_up_by_its_beginning(bytes in bytes()) {
            for engine in [&BASE64_STANDARD, &BASE64_URL] {
                let encoded = engine.encode(&bytes);
                if encoded.len() >= ENCODED_CHARS_MIN && encoded.trim() == encoded {
                    let expect = if encoded.contains(['-', '_']) { BASE64_URL.decode(&encoded) } else { BASE64_STANDARD.decode(&encoded) };
                    prop_assert_eq!(base64_decoded(&encoded), expect.ok().and_then(readable));
                }
            }
        }
    }
}
