//! What identifies a patient in any record: the bytes that its decoder named, and, where names are the writer's own (JSON, tables, structured data, CEF),
//! the values of fields whose names say so (`docs/specs/patient-names.md`).
//!
//! Comes in: a Record. Goes out: places in its bytes, and texts; those that identify, and those that nobody could read although they are of health care. Asked only
//! for records that are to be masked: decoding pays nothing for it. It does not know what masking does with them.

mod carried;
mod cut;
mod names;
mod prose;
pub(crate) mod roles;
pub(crate) mod signs;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use cordon_model::{Field, Record, Span, Value, escaped_places};

use crate::flat::merge_in_place;
use crate::json::CARRIER;

pub(crate) use names::{Says, says};
use names::{Told, told};

/// Shortest text that says something of a patient by itself: `mrn=1`.
const PARTS_BYTES_MIN: usize = 5;
/// Shortest text that is withheld as it stands; what is shorter could be anywhere by chance, and is taken for words of a patient.
const WITHHELD_BYTES_MIN: usize = 8;
/// Shortest value of a document that breaks off that is taken for a patient's.
const CUT_BYTES_MIN: usize = 3;
/// Texts that name nobody.
const NOBODY: [&str; 12] = ["", "-", "0", "null", "(null)", "none", "n/a", "unknown", "true", "false", "yes", "no"];
/// Longest of them, with blanks around it.
const NOBODY_BYTES_MAX: usize = 12;
/// The field that every CEF message has.
const CEF_VERSION: &str = "cefVersion";

/// What identifies a patient in one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Bytes of the RawRecord, in order, not overlapping.
    pub spans: Vec<Span>,
    /// Values as the record has them; those of JSON strings are not unescaped. What a payload within a value says is unescaped as far as the payload's reader does.
    pub texts: Vec<Cow<'a, str>>,
    /// Bytes of the RawRecord that nobody could read although something shows that they are of health care: whom they name is not known. In order, not overlapping.
    pub unread: Vec<Span>,
    /// The same in the values of fields.
    pub unread_texts: Vec<Cow<'a, str>>,
}

impl<'a> Identity<'a> {
    /// What identifies a patient in `record`.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        Self::within(record, Look { depth: carried::DEPTH_MAX, bytes_max: usize::MAX, has_signs: false })
    }

    /// The same of a record that was carried by others.
    fn within(record: &Record<'a>, look: Look) -> Self {
        let mut identity = Self { spans: record.patient_spans.to_vec(), ..Self::default() };
        let look = Look { has_signs: signs::may_stand_in(record.raw.bytes), ..look };
        match record.format {
            // all that HL7 v2 says of a patient stands in fields that its decoder named
            "hl7" if signs::is_message(record.raw.bytes) => identity.add_unparted(record),
            "hl7" => identity.add_carrier(record, look),
            // their names follow the standard; their texts are anybody's
            "fhir_audit_event" | "atna" => {
                identity.add_carrier(record, look);
                let own = record.fields.iter().filter(|field| !is_of_carrier(field.name));
                let texts = own.filter_map(|field| Some((field.value, text(field.value)?)));
                texts.for_each(|(value, text)| identity.add_text(value, text, record, look));
                identity.add_cut(record);
            }
            _ => identity.add_named(record, look),
        }
        merge(&mut identity.spans);
        merge(&mut identity.unread);
        identity
    }

    /// Whether nothing identifies a patient, and nothing is withheld.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.texts.is_empty() && self.unread.is_empty() && self.unread_texts.is_empty()
    }

    /// A message of HL7 v2 whose segments no line end parts.
    fn add_unparted(&mut self, record: &Record<'a>) {
        if std::str::from_utf8(record.raw.bytes).is_ok_and(signs::is_unparted) {
            self.unread.push(Span { start: 0, end: record.raw.bytes.len() });
            let texts = record.fields.iter().filter_map(|field| text(field.value));
            self.texts.extend(texts.filter(|text| text.len() >= CUT_BYTES_MIN).map(Cow::Borrowed));
        }
    }

    /// What the fields say that syslog or JSON has put around a message of health care.
    fn add_carrier(&mut self, record: &Record<'a>, look: Look) {
        for field in record.fields.iter().filter(|field| is_of_carrier(field.name)) {
            let Some(text) = text(field.value) else { continue };
            match says(field.name) {
                Says::Patient | Says::Person => self.add(text, record),
                Says::Contact | Says::Nothing => self.add_text(field.value, text, record, look),
            }
        }
    }

    fn add_named(&mut self, record: &Record<'a>, look: Look) {
        let told: Vec<Told> = record.fields.iter().map(|field| told(field.name)).collect();
        let fields = record.fields.iter().zip(&told).enumerate();
        // those that can name somebody, with what their own names and those before them say
        let fields = fields.filter_map(|(place, (field, own))| {
            Some((field, text(field.value)?, own, said(record.fields, &told, place)))
        });
        let fields: Vec<(&Field<'a>, &'a str, &Told, Says)> = fields.collect();
        let is_resource = told.iter().any(|told| told.is_resource_type);
        let tells_of_patient = is_resource || fields.iter().any(|(.., says)| *says == Says::Patient);
        let least = if tells_of_patient { Says::Contact } else { Says::Patient };
        let references = fields.iter().filter(|(_, _, told, _)| told.is_reference);
        let referring: Vec<&str> = references.filter_map(|(field, text, ..)| referring(field.name, text)).collect();
        for (field, text, told, says) in fields {
            let is_beside = !referring.is_empty() && referring.contains(&above(field.name));
            if says >= least || is_resource && told.is_of_resource || is_beside {
                self.add(text, record);
            } else {
                self.add_text(field.value, text, record, look);
            }
        }
        if cut::leaves_out(record) && !self.is_empty() {
            self.unread.push(Span { start: 0, end: record.raw.bytes.len() });
        }
    }

    /// What a text says of a patient by its own marks, and what the payloads in it say.
    fn add_text(&mut self, value: Value<'a>, text: &'a str, record: &Record<'a>, look: Look) {
        if text.len() < PARTS_BYTES_MIN {
            return;
        }
        let parts = prose::parts(text);
        let mut tells_of_patient = !parts.is_empty();
        parts.into_iter().for_each(|part| self.add(part, record));
        let is_escaped = matches!(value, Value::Escaped(_));
        let mut plain = Cow::Borrowed(text);
        if is_escaped && has_escaped_letters(text) {
            // `\npatient` is a line end and a word
            plain = unescaped(value);
            let parts = prose::parts(&plain);
            tells_of_patient |= !parts.is_empty();
            self.texts
                .extend(parts.into_iter().filter(|part| !is_nobody(part)).map(|part| Cow::Owned(part.to_owned())));
        }
        let starts = || {
            carried::starts_with_priority(text) || text.starts_with("{\\\"") || carried::may_be_table(text, is_escaped)
        };
        if plain.len() < look.bytes_max && (tells_of_patient || look.has_signs || starts()) {
            if is_escaped && matches!(plain, Cow::Borrowed(_)) {
                plain = unescaped(value);
            }
            self.add_carried(&plain, text, carried::look(&plain, tells_of_patient, look.depth), record);
        }
    }

    /// What was found in `plain`, which `text` spells, perhaps with escapes.
    fn add_carried(&mut self, plain: &str, text: &'a str, carried: carried::Carried, record: &Record<'_>) {
        let carried::Carried { spans, texts, unread } = carried;
        self.texts.extend(texts.into_iter().filter(|text| !is_nobody(text)).map(Cow::Owned));
        // whoever shows a value may leave out the blanks around it
        for part in unread.iter().filter_map(|span| plain.get(span.start..span.end)).map(str::trim) {
            let list = if part.len() < WITHHELD_BYTES_MIN { &mut self.texts } else { &mut self.unread_texts };
            list.push(Cow::Owned(part.to_owned()));
        }
        match place(record.raw.bytes, text) {
            Some(own) => {
                self.spans.extend(places(&spans, own, plain, text));
                self.unread.extend(places(&unread, own, plain, text));
            }
            // the bytes were others before their record was read: which of them it is nobody knows
            None if !unread.is_empty() => self.unread.push(Span { start: 0, end: record.raw.bytes.len() }),
            None => {}
        }
    }

    /// What an audit document that breaks off may say of a patient.
    fn add_cut(&mut self, record: &Record<'a>) {
        if record.fields.last().is_some_and(|field| field.name.starts_with(CARRIER)) {
            return; // its text is a field of the carrier
        }
        let cut::Cut { spans, element } = cut::of_document(record);
        self.unread.extend(spans);
        let Some(element) = element else { return };
        let is_below = |name: &str| {
            name.strip_prefix(element)
                .is_some_and(|rest| element.is_empty() || rest.is_empty() || rest.starts_with('.'))
        };
        let all = !record.fields.iter().any(|field| is_below(field.name));
        let below = record.fields.iter().filter(|field| all || is_below(field.name));
        let texts = below.filter_map(|field| text(field.value)).filter(|text| text.len() >= CUT_BYTES_MIN);
        self.texts.extend(texts.map(Cow::Borrowed));
    }

    fn add(&mut self, text: &'a str, record: &Record<'_>) {
        if is_nobody(text) {
            return;
        }
        self.spans.extend(place(record.raw.bytes, text));
        self.texts.push(Cow::Borrowed(text));
    }
}

/// How the texts of a record are looked at.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// Payloads within payloads that are still read.
    depth: u32,
    /// Only shorter texts are looked at: the text that carried the record is not looked at again, under whichever name it comes back.
    bytes_max: usize,
    /// Something in the record may be a sign of a payload.
    has_signs: bool,
}

/// Whether a field of a message of health care is that of its carrier: a shipper's, or of syslog's header.
fn is_of_carrier(name: &str) -> bool {
    name.starts_with(CARRIER) || name.contains('@') || name == "message"
}

/// Whether a JSON string has escapes that stand for other letters than those behind the backslash.
fn has_escaped_letters(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'\\', rest) {
        if rest.get(at + 1).is_some_and(u8::is_ascii_lowercase) {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

fn unescaped(value: Value<'_>) -> Cow<'_, str> {
    let mut out = Vec::new();
    value.write_text(&mut out);
    Cow::Owned(String::from_utf8(out).unwrap_or_default())
}

/// Places in `plain` as places in the bytes of the record, in which `text` stands at `own` and spells it.
fn places(spans: &[Span], own: Span, plain: &str, text: &str) -> Vec<Span> {
    let ends: Vec<usize> = spans.iter().flat_map(|span| [span.start, span.end]).collect();
    let ends = if plain.len() == text.len() { ends } else { escaped_places(text, &ends) };
    let moved = ends.chunks_exact(2).map(|pair| match pair {
        [start, end] => Span { start: own.start + start, end: own.start + end },
        _ => own,
    });
    moved.collect()
}

/// The object that refers to a patient, as FHIR's references do: what stands beside the reference is the patient's.
fn referring<'n>(name: &'n str, text: &str) -> Option<&'n str> {
    let is_patients = ["Patient/", "RelatedPerson/"].iter().any(|kind| text.contains(kind));
    is_patients.then(|| above(name)).filter(|above| !above.is_empty())
}

/// What stands before the last part of a dotted name.
fn above(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(above, _)| above)
}

/// What the name of a field says, or the name that the field before it gives it.
fn said(fields: &[Field<'_>], told: &[Told], place: usize) -> Says {
    let Some((field, own)) = fields.get(place).zip(told.get(place)) else { return Says::Nothing };
    if field.name == "name" && fields.iter().any(|field| field.name == CEF_VERSION) {
        return Says::Nothing; // CEF's header: what happened
    }
    let before = place.checked_sub(1).and_then(|before| fields.get(before).zip(told.get(before)));
    own.says.max(before.map_or(Says::Nothing, |before| named_by(before, (field, own))))
}

/// `{"name": "PatientName", "value": "Doe"}`: what the first of two members of one object says of the second.
fn named_by((before, naming): (&Field<'_>, &Told), (field, named): (&Field<'_>, &Told)) -> Says {
    let is_pair = naming.is_naming && named.is_named && above(before.name) == above(field.name);
    // `["--patient-id", "47"]`
    let is_option = || text(before.value).is_some_and(|text| text.starts_with('-')) && before.name == field.name;
    match text(before.value).filter(|_| is_pair || is_option()) {
        Some(name) if says(name) == Says::Patient => Says::Patient,
        _ => Says::Nothing,
    }
}

/// A value that can name somebody, as it stands.
fn text(value: Value<'_>) -> Option<&str> {
    let (Value::Text(text) | Value::Escaped(text) | Value::Number(text)) = value else { return None };
    (!is_nobody(text)).then_some(text)
}

fn is_nobody(text: &str) -> bool {
    if text.len() > NOBODY_BYTES_MAX {
        return false;
    }
    // of most values the first letter tells
    let is_first =
        |byte: u8| matches!(byte.to_ascii_lowercase(), b'-' | b'0' | b'(' | b'n' | b'u' | b't' | b'f' | b'y');
    if text.bytes().next().is_some_and(|first| first.is_ascii_graphic() && !is_first(first)) {
        return false;
    }
    let text = text.trim();
    NOBODY.iter().any(|nobody| text.eq_ignore_ascii_case(nobody))
}

/// Where a text that is a part of some bytes stands in them; `None` for a text that was written elsewhere.
fn place(bytes: &[u8], text: &str) -> Option<Span> {
    let start = text.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    let end = start.checked_add(text.len())?;
    (bytes.get(start..end)? == text.as_bytes()).then_some(Span { start, end })
}

/// Spans in order, without empty ones, those that touch or overlap joined.
fn merge(spans: &mut Vec<Span>) {
    let count = merge_in_place(spans);
    spans.truncate(count);
}
