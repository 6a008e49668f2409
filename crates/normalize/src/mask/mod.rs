//! Masking: what names a patient in one record, taken out of every text that is shown or kept in common terms.
//!
//! The decoder says what in the record identifies a patient ([`Identity`]). The same words can come back elsewhere: unescaped, decoded, in another order, in another
//! field. So the mask works on words: every text is cut into words, and a word that stands in a patient span, in any of its spellings, is replaced. What is
//! encoded (base64, percent, entities, escapes, hexadecimal) is replaced as a whole when a patient's word is in it. What nobody could read although it is of health
//! care is withheld as a whole, and nothing is learnt from it.

mod request;
mod spellings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use cordon_decode::patients::Identity;
use cordon_model::{Record, Span};
use request::about_somebody;
use spellings::{ENCODINGS, Encoding, Part, bare, encodings_met_in, hl7_unescaped, push_bare, runs, variants};

/// What stands for a patient's words.
const MASKED: &str = "[patient]";
/// Shortest text that is withheld because it is a part of one that is; shorter ones come about by chance.
const WITHHELD_PART_BYTES_MIN: usize = 24;
/// Whole patient texts of at least this many characters are also found inside longer words.
const INSIDE_CHARS_MIN: usize = 4;
/// A letter in the place of one that could not be decoded.
const STAND_IN: &str = "\u{298}";
/// Single words of at least this many characters likewise.
const WORD_INSIDE_CHARS_MIN: usize = 5;
/// Fewest characters of a word that gives away an encoded text: shorter ones come about by chance.
const ENCODED_WORD_CHARS_MIN: usize = 3;
/// Most texts that are looked for one by one.
const TEXTS_ALONE_MAX: usize = 256;
/// Longest text in which encodings within encodings are looked for.
const NESTED_BYTES_MAX: usize = 256 << 10;
/// Longest text whose other spellings are looked for; of a longer one (a resource as a whole) the words count.
const SPELT_BYTES_MAX: usize = 16 << 10;
/// Words of references and addresses that name nobody.
const NOBODYS: [&str; 8] = ["patient", "patients", "http", "https", "urn", "oid", "uuid", "identifier"];
/// Spellings of spellings that are looked for: an encoded text inside an encoded text, no further.
const DECODINGS_MAX: usize = 3;

/// The words of one record that identify a patient.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Single words in lower case, their letters without marks.
    words: BTreeSet<String>,
    /// Beginnings, ends and lengths of them.
    word_shapes: Shapes,
    /// Whole texts in lower case.
    texts: Vec<String>,
    /// Bytes of the shortest of them.
    texts_bytes_min: usize,
    /// The pairs of bytes in each of them.
    texts_pairs: Vec<Pairs>,
    /// All of them at once, where they are many.
    finder: Option<AhoCorasick>,
    /// What is left of words with letters beyond ASCII without these letters: the same in every character set.
    stems: BTreeSet<String>,
    /// The bytes of the record that are not shown, in order: what identifies a patient, and what nobody could read.
    hidden: Vec<Hidden>,
    /// What of values of fields nobody could read.
    withheld: Vec<String>,
}

/// Bytes of the record that are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hidden {
    span: Span,
    is_unread: bool,
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
        let bytes = |span: &Span| record.raw.bytes.get(span.start..span.end).unwrap_or_default();
        let spelt = identity.spans.iter().map(|span| String::from_utf8_lossy(bytes(span)));
        // most texts stand in the record as they are: there they were met already
        let texts: BTreeSet<Cow<'_, str>> = spelt.chain(identity.texts).collect();
        texts.iter().for_each(|text| mask.learn_spelt(text));
        mask.hidden.extend(identity.spans.into_iter().map(|span| Hidden { span, is_unread: false }));
        mask.hidden.extend(identity.unread.into_iter().map(|span| Hidden { span, is_unread: true }));
        mask.hidden.sort_unstable();
        mask.withheld.extend(identity.unread_texts.into_iter().map(Cow::into_owned));
        mask.texts.sort_unstable();
        mask.texts.dedup();
        mask.texts_bytes_min = mask.texts.iter().map(String::len).min().unwrap_or_default();
        mask.texts_pairs = mask.texts.iter().map(|text| Pairs::of(text)).collect();
        if mask.texts.len() > TEXTS_ALONE_MAX {
            let finder = AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(&mask.texts);
            mask.finder = finder.ok();
        }
        Some(mask)
    }

    /// Learns a text as the record spells it.
    fn learn_spelt(&mut self, text: &str) {
        self.learn(text, DECODINGS_MAX);
        if !text.is_ascii() {
            // in another character set the lost letter stands within a word: the rest of the word still gives it away
            self.learn_stems(&text.replace(char::REPLACEMENT_CHARACTER, STAND_IN));
        }
    }

    /// The text without the patient's words, and without what nobody could read.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.withheld.is_empty() {
            return self.without_words(text);
        }
        let is_part = text.len() >= WITHHELD_PART_BYTES_MIN && self.withheld.iter().any(|known| known.contains(text));
        let mut found: Vec<Span> = Vec::new();
        if is_part {
            found.push(Span { start: 0, end: text.len() });
        } else {
            for known in &self.withheld {
                let hits = text.match_indices(known.as_str());
                found.extend(hits.map(|(start, _)| Span { start, end: start + known.len() }));
            }
        }
        if found.is_empty() {
            return self.without_words(text);
        }
        found.sort_unstable();
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for span in found.into_iter().filter(|span| span.start < span.end) {
            if span.end > at {
                out.push_str(&self.without_words(text.get(at..span.start).unwrap_or_default()));
                out.push_str(&withheld(span.end - span.start.max(at)));
                at = span.end;
            }
        }
        out.push_str(&self.without_words(text.get(at..).unwrap_or_default()));
        Cow::Owned(out)
    }

    fn without_words<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut hidden = self.plain(text, 1);
        self.encoded(text, DECODINGS_MAX, &mut hidden);
        if hidden.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(replace(text, hidden)) }
    }

    /// The name of a field without the patient's words. Short ones stay: `PID-3` is none of patient 3.
    #[must_use]
    pub fn name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        let mut hidden = self.plain(name, INSIDE_CHARS_MIN);
        self.encoded(name, DECODINGS_MAX, &mut hidden);
        if hidden.is_empty() { Cow::Borrowed(name) } else { Cow::Owned(replace(name, hidden)) }
    }

    /// Whether a text says nothing but who a patient is.
    #[must_use]
    pub fn is_all(&self, text: &str) -> bool {
        matches!(self.text(text), Cow::Owned(masked) if words(&masked.replace(MASKED, "")).next().is_none())
    }

    /// Where the patient's words of at least so many characters stand.
    fn plain(&self, text: &str, chars_min: usize) -> Vec<Span> {
        let mut found = self.inside(text);
        let mut plain = String::new();
        for (start, word) in words(text) {
            if word.is_ascii() && !self.word_shapes.has(word) {
                continue;
            }
            plain.clear();
            push_bare(word, &mut plain);
            let is_known = self.words.contains(&plain) && word.chars().nth(chars_min - 1).is_some();
            if is_known || !word.is_ascii() && self.stems.contains(&stem(word)) {
                found.push(Span { start, end: start + word.len() });
            }
        }
        found
    }

    /// Where encoded texts stand that hold a patient's words which they do not show.
    fn encoded(&self, text: &str, decodings: usize, found: &mut Vec<Span>) {
        for Encoding { part, decode, .. } in encodings_met_in(text) {
            let hiding = runs(text, *part)
                .filter(|(_, run)| decode(run).is_some_and(|decoded| self.hides(run, &decoded, decodings)));
            found.extend(hiding.map(|(start, run)| Span { start, end: start + run.len() }));
        }
    }

    /// Whether a run of characters holds more of the patient's words decoded than it shows.
    fn hides(&self, run: &str, decoded: &str, decodings: usize) -> bool {
        if run == decoded {
            return false;
        }
        let mut held = self.plain(decoded, ENCODED_WORD_CHARS_MIN);
        let shown = || self.plain(run, ENCODED_WORD_CHARS_MIN).len();
        let is_nested = decodings > 1 && decoded.len() <= NESTED_BYTES_MAX;
        if is_nested && (held.is_empty() || held.len() <= shown()) {
            self.encoded(decoded, decodings - 1, &mut held);
        }
        !held.is_empty() && held.len() > shown()
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
        for Hidden { span, is_unread } in self.hidden.iter().filter(|hidden| hidden.span.start < bytes.len()) {
            let start = span.start.max(at);
            if span.end <= start {
                continue;
            }
            self.plain_bytes(bytes.get(at..start).unwrap_or_default(), &mut out);
            let mark = if *is_unread { withheld(span.end - start) } else { MASKED.to_owned() };
            out.extend_from_slice(mark.as_bytes());
            at = span.end;
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

    /// Learns a text and its other spellings.
    fn learn(&mut self, text: &str, decodings: usize) {
        let whole = lower(text.trim());
        if whole.is_empty() {
            return;
        }
        if whole.chars().count() >= INSIDE_CHARS_MIN && !NOBODYS.contains(&whole.as_str()) {
            self.texts.push(whole);
        }
        // what was decoded can be noise that happens to read as text
        let chars_min = if decodings < DECODINGS_MAX { 2 } else { 1 };
        let about = about_somebody(text);
        let own = words(without_host(&about)).filter(|(_, word)| word.chars().nth(chars_min - 1).is_some());
        for (_, word) in own {
            self.learn_word(&lower(word));
        }
        if decodings == 0 || text.len() > SPELT_BYTES_MAX {
            return;
        }
        let decoded = ENCODINGS.iter().filter_map(|encoding| (encoding.decode)(text)).chain(hl7_unescaped(text));
        for other in decoded.chain(variants(text)).filter(|other| other != text) {
            self.learn(&other, decodings - 1);
        }
    }

    fn learn_word(&mut self, word: &str) {
        if NOBODYS.contains(&word) {
            return;
        }
        if word.chars().count() >= WORD_INSIDE_CHARS_MIN {
            self.texts.push(word.to_owned());
        }
        let word = bare(word);
        self.word_shapes.add(&word);
        self.words.insert(word);
    }

    /// Learns the stems of words that hold letters beyond ASCII.
    fn learn_stems(&mut self, text: &str) {
        self.stems.extend(words(text).filter(|(_, word)| !word.is_ascii()).map(|(_, word)| stem(word)));
    }

    /// False when none of the whole patient texts can stand in a text with these pairs of bytes.
    fn may_hold(&self, pairs: Pairs) -> bool {
        self.texts_pairs.iter().any(|known| pairs.may_hold(known))
    }

    /// Where whole patient texts stand in `text`.
    fn inside(&self, text: &str) -> Vec<Span> {
        let mut found = Vec::new();
        if self.texts.is_empty() {
            return found;
        }
        if text.is_ascii() {
            let is_shorter = text.len() < self.texts_bytes_min;
            if is_shorter || self.finder.is_none() && !self.may_hold(Pairs::of_lower(text)) {
                return found;
            }
        }
        let folded = lower(text);
        if let Some(finder) = &self.finder {
            let hits = finder.find_overlapping_iter(folded.as_str());
            found.extend(hits.map(|hit| Span { start: hit.start(), end: hit.end() }));
        } else {
            let pairs = Pairs::of(&folded);
            let hidden = self.texts.iter().zip(&self.texts_pairs).filter(|(_, known)| pairs.may_hold(known));
            for (hidden, _) in hidden {
                let hits = folded.match_indices(hidden.as_str());
                found.extend(hits.map(|(start, hit)| Span { start, end: start + hit.len() }));
            }
        }
        if folded.len() != text.len() && !found.is_empty() {
            let places = unfolded(text);
            let place = |at: usize| places.get(at).copied().unwrap_or(text.len());
            found.iter_mut().for_each(|span| *span = Span { start: place(span.start), end: place(span.end) });
        }
        found
    }
}

/// What stands for bytes that nobody could read.
fn withheld(bytes: usize) -> String {
    format!("[text not read: {bytes} bytes]")
}

/// Which beginnings, ends and lengths some words have, as bits of their hash: most words of a text can be told to be none of them by a look at this.
#[derive(Clone, Copy, Debug, Default)]
struct Shapes([u64; 4]);

impl Shapes {
    /// The same for a word of ASCII in either case. Of letters and digits the bit 32 is the case.
    fn place(word: &str) -> (usize, u32) {
        let first = word.bytes().next().unwrap_or_default() | 32;
        let last = word.bytes().next_back().unwrap_or_default() | 32;
        let length = word.len().to_le_bytes().first().copied().unwrap_or_default();
        let hash = first.wrapping_mul(29) ^ last.wrapping_mul(107) ^ length.wrapping_mul(73);
        (usize::from(hash >> 6), u32::from(hash & 63))
    }

    fn add(&mut self, word: &str) {
        let (at, bit) = Self::place(word);
        if let Some(bits) = self.0.get_mut(at) {
            *bits |= 1 << bit;
        }
    }

    /// False when a word of ASCII is none of those added.
    fn has(&self, word: &str) -> bool {
        let (at, bit) = Self::place(word);
        self.0.get(at).is_some_and(|bits| bits >> bit & 1 == 1)
    }
}

/// Which pairs of neighbouring bytes a text has, as bits of their hash: most texts can be told not to stand in another by a look at this.
#[derive(Clone, Copy, Debug, Default)]
struct Pairs([u64; 4]);

impl Pairs {
    fn of(text: &str) -> Self {
        Self::of_bytes(text.bytes())
    }

    /// Those of a text of ASCII in lower case.
    fn of_lower(text: &str) -> Self {
        Self::of_bytes(text.bytes().map(|byte| byte.to_ascii_lowercase()))
    }

    fn of_bytes(bytes: impl Iterator<Item = u8> + Clone) -> Self {
        let mut bits = [0; 4];
        for (one, next) in bytes.clone().zip(bytes.skip(1)) {
            let hash = one.wrapping_mul(31) ^ next.wrapping_mul(7);
            if let Some(word) = bits.get_mut(usize::from(hash >> 6)) {
                *word |= 1 << (hash & 63);
            }
        }
        Self(bits)
    }

    /// False when a text with the pairs of `part` cannot stand in this one.
    fn may_hold(&self, part: &Self) -> bool {
        self.0.iter().zip(&part.0).all(|(all, part)| part & !all == 0)
    }
}

/// Where each byte of the text in lower case comes from: the place of its letter. Lower case can be longer.
fn unfolded(text: &str) -> Vec<usize> {
    let lengths = text.char_indices().map(|(start, letter)| (start, letter.to_lowercase().map(char::len_utf8).sum()));
    lengths.flat_map(|(start, length): (usize, usize)| std::iter::repeat_n(start, length)).collect()
}

/// Replaces ranges; touching and overlapping ones become one mark.
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
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The part of an address that is somebody's own: before the host of electronic mail, behind the host of a link. Hosts are shared by many.
fn without_host(text: &str) -> &str {
    let is_host = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || "-.".contains(letter));
    if let Some((_, rest)) = text.split_once("://") {
        return rest.find("Patient").or_else(|| rest.find('/')).and_then(|own| rest.get(own..)).unwrap_or(rest);
    }
    text.split_once('@').filter(|(_, host)| is_host(host)).map_or(text, |(local, _)| local)
}

/// Runs of letters and digits with the place of each.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    runs(text, Part::word())
}

/// The ASCII letters and digits of a word in lower case.
fn stem(word: &str) -> String {
    word.chars().filter(char::is_ascii).map(|letter| letter.to_ascii_lowercase()).collect()
}
