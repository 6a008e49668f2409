//! What identifies a patient in any record: the bytes that its decoder named, and, where names are the writer's own (JSON, tables, structured data, CEF),
//! the values of fields whose names say so (`docs/specs/patient-names.md`).
//!
//! Comes in: a Record. Goes out: places in its bytes, and texts. Asked only for records that are to be masked: decoding pays nothing for it. It does not know
//! what masking does with them.

mod names;
mod prose;
pub(crate) mod roles;
#[cfg(test)]
mod tests;

use cordon_model::{Field, Record, Span, Value};

use crate::flat::merge_in_place;

use names::is_elsewhere;
pub(crate) use names::{Says, says};

/// Shortest text that says something of a patient by itself: `mrn=1`.
const PARTS_BYTES_MIN: usize = 5;
/// Texts that name nobody.
const NOBODY: [&str; 12] = ["", "-", "0", "null", "(null)", "none", "n/a", "unknown", "true", "false", "yes", "no"];
/// Longest of them, with blanks around it.
const NOBODY_BYTES_MAX: usize = 12;
/// Names of fields whose value is the name of a field, as in `{"name": "PatientName", "value": "..."}`.
const NAMING: [&str; 10] =
    ["name", "key", "field", "label", "type", "attribute", "parameter", "property", "fieldname", "code"];
/// The field that every CEF message has.
const CEF_VERSION: &str = "cefVersion";
/// Parts of FHIR resources that hold names, references and free text.
const OF_RESOURCES: [&str; 12] =
    ["id", "div", "display", "reference", "text", "description", "query", "line", "data", "title", "comment", "note"];
/// The field of a FHIR resource that says which it is.
const RESOURCE_TYPE: &str = "resourceType";

/// What identifies a patient in one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Bytes of the RawRecord, in order, not overlapping.
    pub spans: Vec<Span>,
    /// Values as the record has them; those of JSON strings are not unescaped.
    pub texts: Vec<&'a str>,
}

impl<'a> Identity<'a> {
    /// What identifies a patient in `record`.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        let mut identity = Self { spans: record.patient_spans.to_vec(), texts: Vec::new() };
        match record.format {
            // all that HL7 v2 says of a patient stands in fields that its decoder named
            "hl7" => {}
            // their names follow the standard; their texts are anybody's
            "fhir_audit_event" | "atna" => {
                record
                    .fields
                    .iter()
                    .filter_map(|field| text(field.value))
                    .for_each(|text| identity.add_parts(text, record));
                merge(&mut identity.spans);
            }
            _ => identity.add_named(record),
        }
        identity
    }

    /// Whether nothing identifies a patient.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.texts.is_empty()
    }

    fn add_named(&mut self, record: &Record<'a>) {
        let said: Vec<Says> = (0..record.fields.len()).map(|place| said(record.fields, place)).collect();
        let fields =
            || record.fields.iter().zip(&said).filter_map(|(field, said)| Some((field, text(field.value)?, *said)));
        let is_resource = record.fields.iter().any(|field| last(field.name) == RESOURCE_TYPE);
        let tells_of_patient = is_resource || fields().any(|(_, _, said)| said == Says::Patient);
        let least = if tells_of_patient { Says::Contact } else { Says::Patient };
        let referring: Vec<&str> = fields().filter_map(|(field, text, _)| referring(field.name, text)).collect();
        for (field, text, said) in fields() {
            let is_beside = !referring.is_empty() && referring.contains(&above(field.name));
            if said >= least || is_resource && is_of_resource(field.name) || is_beside {
                self.add(text, record);
            } else {
                self.add_parts(text, record);
            }
        }
        merge(&mut self.spans);
    }

    /// What a text says of a patient by its own marks.
    fn add_parts(&mut self, text: &'a str, record: &Record<'_>) {
        if text.len() < PARTS_BYTES_MIN {
            return;
        }
        prose::parts(text).into_iter().for_each(|part| self.add(part, record));
    }

    fn add(&mut self, text: &'a str, record: &Record<'_>) {
        if is_nobody(text) {
            return;
        }
        self.spans.extend(place(record.raw.bytes, text));
        self.texts.push(text);
    }
}

/// The object that refers to a patient, as FHIR's references do: what stands beside the reference is the patient's.
fn referring<'n>(name: &'n str, text: &str) -> Option<&'n str> {
    let is_reference =
        last(name) == "reference" && ["Patient/", "RelatedPerson/"].iter().any(|kind| text.contains(kind));
    Some(above(name)).filter(|above| is_reference && !above.is_empty())
}

/// What stands before the last part of a dotted name.
fn above(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(above, _)| above)
}

/// The last part of a dotted name.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether a field of a FHIR resource identifies whoever the resource is about, wherever it stands: all of it is a patient's data, but for staff.
fn is_of_resource(name: &str) -> bool {
    let last = last(name);
    (OF_RESOURCES.contains(&last) || last.starts_with("value") || last.ends_with("String")) && !is_elsewhere(name)
}

/// What the name of a field says, or the name that the field before it gives it.
fn said(fields: &[Field<'_>], place: usize) -> Says {
    let Some(field) = fields.get(place) else { return Says::Nothing };
    if field.name == "name" && fields.iter().any(|field| field.name == CEF_VERSION) {
        return Says::Nothing; // CEF's header: what happened
    }
    let own = says(field.name);
    let before = place.checked_sub(1).and_then(|before| fields.get(before));
    own.max(before.map_or(Says::Nothing, |before| named_by(before, field)))
}

/// `{"name": "PatientName", "value": "Doe"}`: what the first of two members of one object says of the second.
fn named_by(before: &Field<'_>, field: &Field<'_>) -> Says {
    let split = |name| str::rsplit_once(name, '.').unwrap_or(("", name));
    let ((above, name), (above_value, value)) = (split(before.name), split(field.name));
    let is_pair = || {
        let names = NAMING.iter().any(|known| name.eq_ignore_ascii_case(known));
        names && above == above_value && value.to_ascii_lowercase().contains("value")
    };
    // `["--patient-id", "47"]`
    let is_option = || before.name == field.name && text(before.value).is_some_and(|text| text.starts_with('-'));
    let names_it = is_pair() || is_option();
    match text(before.value).filter(|_| names_it) {
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
