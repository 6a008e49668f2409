//! What both syntaxes share: time, log sources, faults of shape and patient spans of the AuditEvents of one unit.

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, Span, Value};

use super::anomaly::{MIXED_RELEASES, PART_MISSING};
use crate::flat::{Flattened, below, elements, merge_spans};
use crate::moment::moment;
use crate::{DecodeOptions, Sink, Unit};

/// The format's name.
pub(super) const NAME: &str = "fhir_audit_event";

/// Structures that repeat and whose parts belong together: each element begins with a field of the bare name.
pub(super) const REPEATED: [&str; 3] = ["agent", "entity", "entity.agent"];

/// Where event codes stand: R4, then R5 and R6.
const EVENT_CODES: [&str; 5] =
    ["type.code", "subtype.code", "type.coding.code", "code.coding.code", "subtype.coding.code"];
/// Elements that only R4 has.
const R4_ONLY: [&str; 7] = [
    "type.code",
    "subtype.code",
    "outcome",
    "outcomeDesc",
    "purposeOfEvent",
    "agent.purposeOfUse",
    "agent.network.address",
];
/// Elements that R4 does not have.
const R5_ONLY: [&str; 11] = [
    "category",
    "code",
    "patient",
    "encounter",
    "basedOn",
    "severity",
    "authorization",
    "occurredPeriod",
    "outcome.code",
    "agent.networkString",
    "agent.networkUri",
];
/// Role of a patient among the entities.
const ROLE_PATIENT: &str = "1";
/// Parts of a patient's entity, or of an agent who is a patient, that identify the patient.
const IDENTIFYING: [&str; 8] =
    ["what", "who", "name", "altId", "description", "detail.value", "detail.valueString", "detail.valueBase64Binary"];

/// What a walk found in one unit.
pub(super) struct Gathered<'a> {
    /// The AuditEvents, in order.
    pub(super) events: Vec<'a, Flattened<'a>>,
    /// Bytes that may identify a patient and are no AuditEvent's.
    pub(super) masked: Vec<'a, Span>,
    /// Faults that belong to no AuditEvent, with their place in the unit.
    pub(super) faults: Vec<'a, (usize, Anomaly)>,
}

impl<'a> Gathered<'a> {
    /// Nothing yet.
    pub(super) fn new(arena: &'a Arena) -> Self {
        Self { events: Vec::new_in(arena), masked: Vec::new_in(arena), faults: Vec::new_in(arena) }
    }
}

/// Gives the records of a unit. All of them carry the unit's bytes, so each names the patient bytes of all.
pub(super) fn give<'a>(unit: Unit<'a>, gathered: Gathered<'a>, options: &DecodeOptions, sink: &mut dyn Sink<'a>) {
    let mut spans = gathered.masked;
    for event in &gathered.events {
        patient_spans(&event.fields, &event.spans, &mut spans);
    }
    merge_spans(&mut spans);
    let patient_spans: &'a [Span] = spans.into_bump_slice();
    for (index, event) in gathered.events.into_iter().enumerate() {
        let mut anomalies = event.anomalies;
        let when = moment(text(&event.fields, "recorded"), options, |fault| anomalies.push(fault));
        anomalies.extend(shape_faults(&event.fields).into_iter().flatten());
        let code = EVENT_CODES.iter().flat_map(|name| all(&event.fields, name)).find_map(|code| code.parse().ok());
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: u32::try_from(index).unwrap_or(u32::MAX),
            format: NAME,
            when,
            sources: options.log_sources.lookup(NAME, "AuditEvent", code),
            fields: event.fields.into_bump_slice(),
            anomalies: anomalies.into_bump_slice(),
            patient_spans,
        });
    }
    for (place, anomaly) in gathered.faults {
        sink.fault(unit.offset + place as u64, anomaly);
    }
}

fn all<'f, 'a>(fields: &'f [Field<'a>], name: &'f str) -> impl Iterator<Item = &'a str> + 'f {
    fields.iter().filter(move |field| field.name == name).filter_map(|field| plain(field.value))
}

fn text<'a>(fields: &[Field<'a>], name: &str) -> Option<&'a str> {
    all(fields, name).next()
}

/// A text that needs no unescaping: codes, times and references have none in practice.
fn plain(value: Value<'_>) -> Option<&str> {
    match value {
        Value::Text(text) | Value::Number(text) => Some(text),
        _ => None,
    }
}

fn shape_faults(fields: &[Field<'_>]) -> [Option<Anomaly>; 2] {
    let has_value = |name: &str| fields.iter().any(|field| field.name == name);
    let has = |name: &str| fields.iter().any(|field| field.name == name || below(field.name, name).is_some());
    let is_r4 = R4_ONLY.iter().any(|name| if *name == "outcome" { has_value(name) } else { has(name) });
    let is_r5 = R5_ONLY.iter().any(|name| has(name));
    let is_whole = has("agent") && has("source");
    [(is_r4 && is_r5).then_some(MIXED_RELEASES), (!is_whole).then_some(PART_MISSING)]
}

/// Adds the places of everything that identifies a patient: `patient`, whoever is referred to as `Patient/...`, entities in the patient's role, queries and
/// their descriptions, the narrative and contained resources.
fn patient_spans(fields: &[Field<'_>], places: &[Span], found: &mut Vec<'_, Span>) {
    for structure in ["agent", "entity"] {
        for element in elements(fields, structure) {
            let parts = fields.get(element.clone()).unwrap_or_default();
            let is_patient = is_patient(parts, structure);
            let queries = parts.iter().any(|field| field.name == "entity.query");
            let names = |field: &Field<'_>| identifies(field.name, structure, is_patient, queries);
            let places = places.get(element).unwrap_or_default();
            found.extend(parts.iter().zip(places).filter(|(field, _)| names(field)).map(|(_, place)| *place));
        }
    }
    let elsewhere = |field: &Field<'_>| {
        matches!(field.name.split('.').next(), Some("patient" | "contained"))
            || field.name == "text.div"
            || field.name.ends_with("reference") && plain(field.value).is_none_or(refers_to_patient)
    };
    found.extend(fields.iter().zip(places).filter(|(field, _)| elsewhere(field)).map(|(_, place)| *place));
}

fn refers_to_patient(reference: &str) -> bool {
    reference.contains("Patient/") || reference.contains("Patient?")
}

fn is_patient(element: &[Field<'_>], structure: &str) -> bool {
    element.iter().any(|field| {
        let part = below(field.name, structure).unwrap_or_default();
        // an escaped text is held to name a patient: masking too much is the safe fault
        let is_escaped = matches!(field.value, Value::Escaped(_));
        let value = plain(field.value).unwrap_or_default();
        match part {
            "role.code" | "role.coding.code" => structure == "entity" && (is_escaped || value == ROLE_PATIENT),
            "what.type" | "who.type" => is_escaped || value == "Patient",
            "what.reference" | "who.reference" => is_escaped || refers_to_patient(value),
            _ => false,
        }
    })
}

/// Whether this part of an agent or entity tells who the patient is.
fn identifies(name: &str, structure: &str, is_patient: bool, queries: bool) -> bool {
    let part = below(name, structure).unwrap_or_default();
    let is_type = part.ends_with(".type") || part.ends_with(".system");
    let of_patient = IDENTIFYING.iter().any(|known| part == *known || below(part, known).is_some());
    part == "query" || queries && matches!(part, "description" | "name") || is_patient && of_patient && !is_type
}
