//! What both syntaxes share: time, log sources, faults of shape and patient spans of the AuditEvents of one unit.

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, Span, Value};

use super::anomaly::{MIXED_RELEASES, PART_MISSING};
use crate::flat::{Flattened, below, elements, merge_spans};
use crate::moment::moment;
use crate::patients::{Says, roles, says};
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
/// Parts of a patient's entity, or of an agent who is a patient, that identify the patient.
const IDENTIFYING: [&str; 7] = ["what", "who", "name", "altId", "description", "identifier", "reference"];
/// Parts of any other entity that can hold a patient's name, except where its role or reference says that it is none of a patient's.
const NAMING: [&str; 3] = ["what.display", "name", "description"];
/// Resources that name a patient or a relative.
const OF_PERSONS: [&str; 6] = ["Patient/", "Patient?", "RelatedPerson/", "RelatedPerson?", "Person/", "Person?"];
/// Resources that are staff, machines or places.
const OF_OTHERS: [&str; 7] =
    ["Practitioner/", "PractitionerRole/", "Device/", "Organization/", "Location/", "Endpoint/", "HealthcareService/"];

/// What a walk found in one unit.
pub(super) struct Gathered<'a> {
    /// The AuditEvents, in order.
    pub(super) events: Vec<'a, AuditEvent<'a>>,
    /// Bytes that may identify a patient and are no AuditEvent's.
    pub(super) masked: Vec<'a, Span>,
    /// Faults that belong to no AuditEvent, with their place in the unit.
    pub(super) faults: Vec<'a, (usize, Anomaly)>,
}

/// One AuditEvent.
pub(super) struct AuditEvent<'a> {
    pub(super) content: Flattened<'a>,
    /// Its own bytes among those of a Bundle, where they are known.
    pub(super) own: Option<Span>,
}

impl<'a> Gathered<'a> {
    /// Nothing yet.
    pub(super) fn new(arena: &'a Arena) -> Self {
        Self { events: Vec::new_in(arena), masked: Vec::new_in(arena), faults: Vec::new_in(arena) }
    }
}

/// Gives the records of a unit. One whose own bytes are known carries these; all others carry the unit's bytes, so each of them names the patient bytes of all.
pub(super) fn give<'a>(
    unit: Unit<'a>,
    gathered: Gathered<'a>,
    options: &DecodeOptions,
    arena: &'a Arena,
    sink: &mut dyn Sink<'a>,
) {
    let mut spans = gathered.masked;
    let mut owned = Vec::with_capacity_in(gathered.events.len(), arena);
    owned.extend(gathered.events.iter().map(|event| own_part(unit, event, arena)));
    if owned.iter().any(Option::is_none) {
        gathered.events.iter().for_each(|event| patient_spans(&event.content, &mut spans));
    }
    merge_spans(&mut spans);
    let of_all: &'a [Span] = spans.into_bump_slice();
    for (index, (event, own)) in gathered.events.into_iter().zip(owned).enumerate() {
        let event = event.content;
        let mut anomalies = event.anomalies;
        let when = moment(text(&event.fields, "recorded"), options, |fault| anomalies.push(fault));
        anomalies.extend(shape_faults(&event.fields).into_iter().flatten());
        let code = EVENT_CODES.iter().flat_map(|name| all(&event.fields, name)).find_map(|code| code.parse().ok());
        let whole = (RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes }, of_all);
        let index = if own.is_some() { 0 } else { u32::try_from(index).unwrap_or(u32::MAX) };
        let (raw, patient_spans) = own.unwrap_or(whole);
        sink.record(Record {
            raw,
            index,
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

/// The bytes of one AuditEvent of a Bundle with the patient bytes among them.
fn own_part<'a>(unit: Unit<'a>, event: &AuditEvent<'a>, arena: &'a Arena) -> Option<(RawRecord<'a>, &'a [Span])> {
    let own = event.own?;
    let bytes = unit.bytes.get(own.start..own.end)?;
    let mut spans = Vec::new_in(arena);
    patient_spans(&event.content, &mut spans);
    merge_spans(&mut spans);
    for span in &mut spans {
        *span = Span { start: span.start.checked_sub(own.start)?, end: span.end.checked_sub(own.start)? };
    }
    let position = Position::Offset(unit.offset + own.start as u64);
    spans.iter().all(|span| span.end <= bytes.len()).then_some(())?;
    Some((RawRecord { position, bytes }, spans.into_bump_slice()))
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

/// Adds the places of everything that identifies a patient: `patient`, whoever is referred to as a patient or a relative, entities in the patient's role, what
/// names other entities, queries and their descriptions, extensions, displays of encounters, the narrative and contained resources.
fn patient_spans(event: &Flattened<'_>, found: &mut Vec<'_, Span>) {
    let (fields, places) = (&event.fields, &event.spans);
    for structure in ["agent", "entity"] {
        for element in elements(fields, structure) {
            let parts = fields.get(element.clone()).unwrap_or_default();
            let element_of = ElementOf::read(parts, structure);
            let names = |field: &Field<'_>| element_of.identifies(below(field.name, structure).unwrap_or_default());
            let places = places.get(element).unwrap_or_default();
            found.extend(parts.iter().zip(places).filter(|(field, _)| names(field)).map(|(_, place)| *place));
        }
    }
    found.extend(fields.iter().zip(places).filter(|(field, _)| identifies_anywhere(field)).map(|(_, place)| *place));
}

/// Whether a field identifies a patient wherever its structure belongs.
fn identifies_anywhere(field: &Field<'_>) -> bool {
    let (first, rest) = field.name.split_once('.').unwrap_or((field.name, ""));
    match first {
        "patient" | "contained" => return true,
        "encounter" | "basedOn" if rest == "display" || rest.starts_with("identifier.") => return true,
        "text" if rest == "div" => return true,
        "agent" => {}
        _ if is_value_of_extension(field.name) => return true,
        _ => {}
    }
    field.name.ends_with("reference") && plain(field.value).is_none_or(|text| refers_to(text, &OF_PERSONS))
}

/// Whether this is a value within an extension that can hold a name: whatever is not code, link or type. What an extension is for, its link alone says.
fn is_value_of_extension(name: &str) -> bool {
    let Some((_, rest)) = name.rsplit_once("xtension.") else { return false };
    let (value, part) = rest.split_once('.').unwrap_or((rest, ""));
    let is_coded = matches!(
        value,
        "valueCode" | "valueCoding" | "valueCodeableConcept" | "valueUri" | "valueUrl" | "valueBoolean"
    );
    let is_frame = matches!(part.rsplit('.').next(), Some("type" | "system" | "use" | "url"));
    value.starts_with("value") && !is_coded && !is_frame && part != "reference"
}

fn refers_to(reference: &str, resources: &[&str]) -> bool {
    resources.iter().any(|resource| reference.contains(resource))
}

/// Whose one agent or entity is.
struct ElementOf {
    is_patient: bool,
    is_query: bool,
    /// Staff, a machine, a place: its name is no patient's.
    is_other: bool,
    /// Its details say who somebody is.
    details: bool,
}

impl ElementOf {
    fn read(parts: &[Field<'_>], structure: &str) -> Self {
        let is_entity = structure == "entity";
        let mut of = Self { is_patient: false, is_query: false, is_other: !is_entity, details: false };
        for field in parts {
            let part = below(field.name, structure).unwrap_or_default();
            // an escaped text is held to name a patient: masking too much is the safe fault
            let is_escaped = matches!(field.value, Value::Escaped(_));
            let value = plain(field.value).unwrap_or_default();
            match part {
                "role.code" | "role.coding.code" if is_entity => {
                    of.is_patient |= is_escaped || roles::OF_PATIENTS.contains(&value);
                    of.is_other |= roles::OF_OTHERS.contains(&value);
                }
                "what.type" | "who.type" => {
                    of.is_patient |= is_escaped || matches!(value, "Patient" | "RelatedPerson" | "Person");
                }
                "what.reference" | "who.reference" | "reference.reference" | "reference" => {
                    of.is_patient |= is_escaped || refers_to(value, &OF_PERSONS);
                    of.is_other |= refers_to(value, &OF_OTHERS);
                }
                "query" => of.is_query = true,
                _ if part.starts_with("detail.type") => of.details |= is_escaped || says(value) > Says::Nothing,
                _ => {}
            }
        }
        of
    }

    /// Whether this part tells who the patient is.
    fn identifies(&self, part: &str) -> bool {
        let is_type = part.ends_with(".type") || part.ends_with(".system");
        let of_patient = IDENTIFYING.iter().any(|known| part == *known || below(part, known).is_some());
        let is_detail = part.starts_with("detail.value");
        part == "query"
            || self.is_query && matches!(part, "description" | "name")
            || self.is_patient && (of_patient && !is_type || is_detail || is_value_of_extension(part))
            || !self.is_other && NAMING.contains(&part)
            || self.details && is_detail
    }
}
