//! Character sets of MSH-18 (HL7 table 0211): how a value's bytes become text, and which bytes can be delimiters.

use cordon_model::{Anomaly, Arena};
use encoding_rs::Encoding;

use super::anomaly::{CHARSET_BROKEN, CHARSET_UNDECLARED};

/// How bytes of a message are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charset {
    encoding: Option<&'static Encoding>,
    layout: Layout,
}

/// Where a byte below 0x80 can be a part of a longer character and so no delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Never.
    Single,
    /// Behind a lead byte 0x81..=0xFE (GB 18030, Big5).
    Lead,
    /// Between `ESC $` and `ESC (` (ISO 2022).
    Shifted,
}

/// Names of table 0211 and of common usage, upper case, without blanks, hyphens, underscores and slashes.
const NAMES: [(&str, &str, Layout); 28] = [
    ("88591", "iso-8859-1", Layout::Single),
    ("88592", "iso-8859-2", Layout::Single),
    ("88593", "iso-8859-3", Layout::Single),
    ("88594", "iso-8859-4", Layout::Single),
    ("88595", "iso-8859-5", Layout::Single),
    ("88596", "iso-8859-6", Layout::Single),
    ("88597", "iso-8859-7", Layout::Single),
    ("88598", "iso-8859-8", Layout::Single),
    ("88599", "iso-8859-9", Layout::Single),
    ("885910", "iso-8859-10", Layout::Single),
    ("885913", "iso-8859-13", Layout::Single),
    ("885914", "iso-8859-14", Layout::Single),
    ("885915", "iso-8859-15", Layout::Single),
    ("885916", "iso-8859-16", Layout::Single),
    ("WINDOWS1250", "windows-1250", Layout::Single),
    ("WINDOWS1251", "windows-1251", Layout::Single),
    ("WINDOWS1252", "windows-1252", Layout::Single),
    ("UTF8", "utf-8", Layout::Single),
    ("UNICODE", "utf-8", Layout::Single),
    ("UNICODEUTF8", "utf-8", Layout::Single),
    ("ISOIR14", "shift_jis", Layout::Single),
    ("ISOIR87", "iso-2022-jp", Layout::Shifted),
    ("ISOIR159", "iso-2022-jp", Layout::Shifted),
    ("GB180302000", "gb18030", Layout::Lead),
    ("GB18030", "gb18030", Layout::Lead),
    ("KSX1001", "euc-kr", Layout::Single),
    ("BIG5", "big5", Layout::Lead),
    ("CNS116431992", "big5", Layout::Lead),
];

impl Charset {
    /// ASCII, read as UTF-8 where it is more: what holds when MSH-18 is empty.
    pub(super) const UNDECLARED: Self = Self { encoding: None, layout: Layout::Single };

    /// The set that MSH-18 names with its repetitions (`ASCII~ISO IR87`: the last one that is more than ASCII counts); `None` for an unknown name.
    pub(super) fn from_names<'n>(names: impl Iterator<Item = &'n [u8]>) -> Option<Self> {
        let mut found = Self::UNDECLARED;
        for name in names {
            let folded: String = name
                .iter()
                .filter(|byte| byte.is_ascii_alphanumeric())
                .map(|byte| char::from(byte.to_ascii_uppercase()))
                .take(Self::NAME_BYTES_MAX)
                .collect();
            let plain = folded.strip_prefix("ISO8859").map(|part| format!("8859{part}"));
            let folded = plain.unwrap_or(folded);
            if matches!(folded.as_str(), "" | "ASCII" | "USASCII" | "ISOIR6") {
                continue;
            }
            let (_, label, layout) = NAMES.iter().find(|(known, ..)| *known == folded)?;
            found = Self { encoding: Encoding::for_label(label.as_bytes()), layout: *layout };
        }
        Some(found)
    }

    /// Longest name looked at, in letters and digits.
    const NAME_BYTES_MAX: usize = 32;

    /// The first place of a delimiter.
    pub(super) fn find(self, delimiter: u8, bytes: &[u8]) -> Option<usize> {
        match self.layout {
            Layout::Single => memchr::memchr(delimiter, bytes),
            Layout::Lead => find_after_lead(delimiter, bytes),
            Layout::Shifted => find_unshifted(delimiter, bytes),
        }
    }

    /// The text of some bytes, and what was wrong with them. Borrows where it can.
    pub(super) fn text<'a>(self, bytes: &'a [u8], arena: &'a Arena) -> (&'a str, Option<Anomaly>) {
        let Some(encoding) = self.encoding else {
            return match str::from_utf8(bytes) {
                Ok(text) => (text, None),
                Err(_) => (decode(encoding_rs::WINDOWS_1252, bytes, arena).0, Some(CHARSET_UNDECLARED)),
            };
        };
        if self.layout != Layout::Shifted
            && let Some(text) =
                str::from_utf8(bytes).ok().filter(|text| encoding == encoding_rs::UTF_8 || text.is_ascii())
        {
            return (text, None);
        }
        let (text, broken) = decode(encoding, bytes, arena);
        (text, broken.then_some(CHARSET_BROKEN))
    }
}

fn decode<'a>(encoding: &'static Encoding, bytes: &[u8], arena: &'a Arena) -> (&'a str, bool) {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    (arena.alloc_str(&text), broken)
}

fn find_after_lead(delimiter: u8, bytes: &[u8]) -> Option<usize> {
    let mut in_character = false;
    bytes.iter().position(|byte| {
        let trail = in_character;
        in_character = !trail && (0x81..=0xFE).contains(byte);
        !trail && *byte == delimiter
    })
}

fn find_unshifted(delimiter: u8, bytes: &[u8]) -> Option<usize> {
    let (mut shifted, mut escape) = (false, false);
    bytes.iter().position(|byte| {
        match (escape, byte) {
            (true, b'$') => shifted = true,
            (true, b'(') => shifted = false,
            _ => {}
        }
        let plain = !escape && !shifted;
        escape = *byte == 0x1B;
        plain && *byte == delimiter
    })
}
