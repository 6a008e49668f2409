//! Where a device's message names a patient: the bytes of every value whose field says so, wherever they stand in the message.

use bumpalo::collections::Vec;
use cordon_model::{Span, Value};

use super::list::FieldList;

/// Field names and labels, in lower case and without blanks and underscores, whose value identifies a patient.
const IDENTIFYING: [&str; 9] = [
    "patient",
    "patientid",
    "patientidentifier",
    "patientname",
    "patientfirstname",
    "patientlastname",
    "patientdob",
    "mrn",
    "encounterid",
];
/// Most identifying values of one message.
const VALUES_MAX: usize = 16;
/// Most places of one value.
const PLACES_MAX: usize = 64;

/// The spans of identifying values, in order and not overlapping.
pub(super) fn spans<'a>(bytes: &[u8], list: &FieldList<'a>) -> &'a [Span] {
    let identifying = list.since(0).iter().filter(|field| is_identifying(field.name));
    let mut found: Vec<'a, Span> = Vec::new_in(list.arena);
    for field in identifying.take(VALUES_MAX) {
        let Value::Text(text) = field.value else { continue };
        if text.is_empty() {
            continue;
        }
        let places = memchr::memmem::find_iter(bytes, text.as_bytes()).take(PLACES_MAX);
        found.extend(places.map(|start| Span { start, end: start + text.len() }));
    }
    found.sort_unstable();
    let mut spans: Vec<'a, Span> = Vec::with_capacity_in(found.len(), list.arena);
    for span in found {
        match spans.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => spans.push(span),
        }
    }
    spans.into_bump_slice()
}

fn is_identifying(name: &str) -> bool {
    let letters =
        || name.bytes().filter(|byte| !matches!(byte, b' ' | b'_' | b'-' | b'.')).map(|byte| byte.to_ascii_lowercase());
    IDENTIFYING.iter().any(|known| letters().eq(known.bytes()))
}
