//! Masking: what names a patient in one record, taken out of every text that is shown or kept in common terms.
//!
//! The decoder says what in the record identifies a patient ([`Identity`]). The same words can come back elsewhere: unescaped, decoded, in another order, in another
//! field. So the mask works on words: every text is cut into words, and a word that stands in a patient span, in any of its spellings, is replaced.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use cordon_decode::patients::Identity;
use cordon_model::{Arena, Record, Span, Value};

/// What stands for a patient's words.
const MASKED: &str = "[patient]";
/// Whole patient texts of at least this many characters are also found inside longer words.
const INSIDE_CHARS_MIN: usize = 4;
/// A letter in the place of one that could not be decoded.
const STAND_IN: &str = "\u{298}";
/// Spellings of spellings that are looked for: an encoded text inside an encoded text, no further.
const DECODINGS_MAX: usize = 3;

/// The words of one record that identify a patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// Single words in lower case.
    words: BTreeSet<String>,
    /// Whole texts in lower case, the longest first.
    texts: Vec<String>,
    /// What is left of words with letters beyond ASCII without these letters: the same in every character set.
    stems: BTreeSet<String>,
    /// The bytes of the record that identify a patient.
    spans: Vec<Span>,
}

impl Mask {
    /// What identifies a patient in a record; `None` when nothing does.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Option<Self> {
        let identity = Identity::of(record);
        if identity.is_empty() {
            return None;
        }
        let mut mask = Self::default();
        for span in &identity.spans {
            let bytes = record.raw.bytes.get(span.start..span.end).unwrap_or_default();
            mask.learn_spelt(&String::from_utf8_lossy(bytes));
        }
        for text in identity.texts {
            mask.learn_spelt(text);
        }
        mask.spans = identity.spans;
        mask.texts.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        mask.texts.dedup();
        Some(mask)
    }

    /// Learns a text as the record spells it.
    fn learn_spelt(&mut self, text: &str) {
        self.learn(text, DECODINGS_MAX);
        // in another character set the lost letter stands within a word: the rest of the word still gives it away
        self.learn_stems(&text.replace(char::REPLACEMENT_CHARACTER, STAND_IN));
    }

    /// The text without the patient's words.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut hidden = self.inside(text);
        for (start, word) in words(text) {
            if self.words.contains(&lower(word)) || self.stems.contains(&stem(word)) && !word.is_ascii() {
                hidden.push(Span { start, end: start + word.len() });
            }
        }
        if hidden.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(replace(text, hidden)) }
    }

    /// The bytes of the record without its patient spans and without the patient's words anywhere else in them. Nothing is left of bytes that are no text.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if bytes.contains(&0) {
            // binary, or two bytes a letter: what stands where is not known here
            return MASKED.into();
        }
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for span in &self.spans {
            self.plain_bytes(bytes.get(at..span.start).unwrap_or_default(), &mut out);
            out.extend_from_slice(MASKED.as_bytes());
            at = span.end.max(at);
        }
        self.plain_bytes(bytes.get(at..).unwrap_or_default(), &mut out);
        out
    }

    fn plain_bytes(&self, bytes: &[u8], out: &mut Vec<u8>) {
        for chunk in bytes.utf8_chunks() {
            out.extend_from_slice(self.text(chunk.valid()).as_bytes());
            out.extend_from_slice(chunk.invalid());
        }
    }

    /// Learns a text and its decoded spellings.
    fn learn(&mut self, text: &str, decodings: usize) {
        let whole = lower(text.trim());
        if whole.is_empty() {
            return;
        }
        self.words.extend(words(text).map(|(_, word)| lower(word)));
        if whole.chars().count() >= INSIDE_CHARS_MIN {
            self.texts.push(whole);
        }
        if decodings == 0 {
            return;
        }
        for other in [
            json_unescaped(text),
            hl7_unescaped(text),
            entities_resolved(text),
            percent_decoded(text),
            base64_decoded(text),
        ]
        .into_iter()
        .flatten()
        {
            if other != text {
                self.learn(&other, decodings - 1);
            }
        }
    }

    /// Learns the stems of words that hold letters beyond ASCII.
    fn learn_stems(&mut self, text: &str) {
        self.stems.extend(words(text).filter(|(_, word)| !word.is_ascii()).map(|(_, word)| stem(word)));
    }

    /// Where whole patient texts stand in `text`.
    fn inside(&self, text: &str) -> Vec<Span> {
        let mut found = Vec::new();
        if self.texts.is_empty() {
            return found;
        }
        let folded = lower(text);
        if folded.len() != text.len() {
            // Folding changed lengths: places would be wrong, so a hit hides all of it.
            if self.texts.iter().any(|hidden| folded.contains(hidden.as_str())) {
                found.push(Span { start: 0, end: text.len() });
            }
            return found;
        }
        for hidden in &self.texts {
            found.extend(
                folded.match_indices(hidden.as_str()).map(|(start, hit)| Span { start, end: start + hit.len() }),
            );
        }
        found
    }
}

/// Replaces ranges; touching and overlapping ones, also with only blanks or separators between, become one mark.
fn replace(text: &str, mut hidden: Vec<Span>) -> String {
    hidden.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for span in hidden {
        let between = text.get(at..span.start).unwrap_or_default();
        if !between.is_empty() || at == 0 {
            out.push_str(between);
        }
        if span.end > at {
            if !out.ends_with(MASKED) || !between.is_empty() {
                out.push_str(MASKED);
            }
            at = span.end;
        }
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Runs of letters and digits with the place of each.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = text;
    let mut at = 0;
    std::iter::from_fn(move || {
        let skipped = rest.find(char::is_alphanumeric)?;
        let from = rest.get(skipped..)?;
        let length = from.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(from.len());
        let (word, after) = from.split_at_checked(length)?;
        let start = at + skipped;
        (rest, at) = (after, start + length);
        Some((start, word))
    })
}

fn json_unescaped(text: &str) -> Option<String> {
    text.contains('\\').then(|| Value::Escaped(text).text(&Arena::new()).unwrap_or_default().to_owned())
}

/// HL7 v2 escapes (section 2.7): `\\Xhh..\\` gives its bytes, marks of highlighting give nothing, escaped delimiters part words.
fn hl7_unescaped(text: &str) -> Option<String> {
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
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The ASCII letters and digits of a word in lower case.
fn stem(word: &str) -> String {
    word.chars().filter(char::is_ascii).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn entities_resolved(text: &str) -> Option<String> {
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

/// XML 1.0 sections 4.1 and 4.6.
fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let pair = after.first_chunk::<2>().filter(|_| byte == b'%');
        let code = pair.and_then(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        out.push(code.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(out).ok()
}

fn base64_decoded(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() < 8 || !text.len().is_multiple_of(4) {
        return None;
    }
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use cordon_model::{Position, RawRecord, SourceSet, When};
    use proptest::prelude::*;

    use super::*;

    fn mask_of(raw: &str, patients: &[&str]) -> Mask {
        let spans: Vec<Span> = patients
            .iter()
            .map(|patient| {
                let start = raw.find(patient).unwrap();
                Span { start, end: start + patient.len() }
            })
            .collect();
        mask_of_bytes(raw.as_bytes(), &spans)
    }

    fn mask_of_bytes(bytes: &[u8], spans: &[Span]) -> Mask {
        let record = Record {
            raw: RawRecord { position: Position::Offset(0), bytes },
            index: 0,
            format: "test",
            when: When::Missing,
            sources: SourceSet::default(),
            fields: &[],
            anomalies: &[],
            patient_spans: spans,
        };
        Mask::of(&record).unwrap_or_default()
    }

    fn check(patient: &str, text: &str, expect: &str) {
        assert_eq!(mask_of(patient, &[patient]).text(text), expect);
    }

    #[test]
    fn a_name_in_another_character_set_is_hidden_in_its_decoded_form() {
        let latin1 = b"M\xfcller^Z\xf6rblatt";
        let mask = mask_of_bytes(latin1, &[Span { start: 0, end: latin1.len() }]);
        assert_eq!(mask.text("Müller, ZÖRBLATT and Anna"), "[patient], [patient] and Anna");
    }

    #[test]
    fn a_patients_words_are_hidden_wherever_and_however_they_come_back() {
        check(r"\X5A6F72\blatt^Q", "Zorblatt", "[patient]");
        check(r"Zor\H\blatt^Q", "zorblatt", "[patient]");
        check("İZorblatt^Q", "seen: İZORBLATT", "seen: [patient]");
        check("Müller^Anna", "user anna mÜLLER, room 3", "user [patient] [patient], room 3");
        check("Müller^Anna", "x=Müller^Anna;", "x=[patient];");
        check(r"M\u00fcller", "Müller", "[patient]");
        check("O&apos;Neil", "o'neil was here", "[patient] was here");
        check("name%3DM%C3%BCller", "müller", "[patient]");
        check("UGF0aWVudD9uYW1lPVBlcmVncmlu", "Patient?name=Peregrin", "[patient]"); // base64 of the text
        check("4711", "mrn=4711, order 47110", "mrn=[patient], order [patient]0");
    }

    #[test]
    fn short_words_hide_only_whole_words() {
        check("M", "M or Mx", "[patient] or Mx");
        check("7", "7 of 77", "[patient] of 77");
    }

    #[test]
    fn a_record_loses_its_spans_and_their_echoes() {
        let raw = r#"{"name":"Peregrin Took","note":"took was seen","n":1}"#;
        let mask = mask_of(raw, &["Peregrin Took"]);
        let out = mask.bytes(raw.as_bytes());
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"name":"[patient]","note":"[patient] was seen","n":1}"#);
    }

    #[test]
    fn a_record_without_patients_has_no_mask() {
        assert_eq!(mask_of("abc", &[]), Mask::default());
        assert_eq!(Mask::default().text("abc"), "abc");
    }

    proptest! {
        #[test]
        fn no_word_of_a_patient_survives(patient in "[A-Za-zäÄß0-9]{2,8}[ ^&%\\\\]?[A-Za-z0-9]{2,8}", before in ".{0,12}", after in ".{0,12}") {
            let mask = mask_of(&patient, &[&patient]);
            for sep in ["", " ", "="] {
                let masked = mask.text(&format!("{before}{sep}{patient}{sep}{after}")).into_owned();
                prop_assert!(!masked.contains(&patient) || MASKED.contains(&patient.to_lowercase()), "{masked}");
            }
        }
    }
}
