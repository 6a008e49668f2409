//! Decodes one audit message: elements and attributes by their dotted names, text under its element's name.

use bumpalo::collections::Vec;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Span, Value, When};
use quick_xml::events::BytesStart;

use super::anomaly::{EVENT_ID_NOT_A_CODE, NOT_AN_AUDIT_MESSAGE, PART_MISSING};
use super::{NAME, behind_header};
use crate::flat::{Flat, below, elements, merge_spans};
use crate::moment::moment;
use crate::patients::{Says, roles, says};
use crate::xml::{self, Node, Source};
use crate::{DecodeOptions, Sink, Unit};

/// Participants: repeated, so that each begins with a field of this bare name.
const PARTICIPANT: &str = "ActiveParticipant";
/// Objects: likewise.
const OBJECT: &str = "ParticipantObjectIdentification";
/// ParticipantObjectIDTypeCode (RFC 3881 section 5.4.4) that identify a patient: record, patient, encounter, enrollee, social security, account and guarantor
/// number.
const PATIENT_ID_TYPES: [&str; 7] = ["1", "2", "3", "4", "5", "6", "7"];
/// Parts of a patient's object that identify the patient.
const IDENTIFYING: [&str; 3] = ["ParticipantObjectID", "ParticipantObjectName", "ParticipantObjectDescription"];
/// The values of an object's details; in base64.
const DETAIL: &str = "ParticipantObjectDetail.value";
/// Event codes that OpenEMR gives by name only.
const CODE_OF_NAME: &[(&str, u32)] = &[("Patient Record", 110_110), ("Login", 110_114), ("Logout", 110_114)];

/// One decoded audit message. It borrows from the bytes and from the arena.
#[derive(Debug)]
pub struct AuditMessage<'a> {
    /// Its fields: `docs/specs/decoders-health.md`.
    pub fields: Vec<'a, Field<'a>>,
    /// The bytes that identify a patient, in order, in offsets of the raw record.
    pub patient_spans: Vec<'a, Span>,
    /// What was wrong with it.
    pub anomalies: Vec<'a, Anomaly>,
    /// `EventDateTime`.
    pub when: When<'a>,
    /// The log sources of its event id.
    pub sources: SourceSet,
}

/// Decodes the audit message in `bytes`, which begin at `base` in the raw record. A byte order mark, a declaration and blanks may stand in front, and what is
/// read before a fault is kept.
///
/// # Errors
/// Why there is no message: another root element, no element at all, or a document type.
pub fn decode_xml<'a>(
    bytes: &'a [u8],
    base: usize,
    options: &DecodeOptions,
    arena: &'a Arena,
) -> Result<AuditMessage<'a>, Anomaly> {
    let (source, is_utf8) = Source::new(bytes, base, arena);
    let mut walk = Walk { source, arena, flat: Flat::new(arena), text: None };
    if !is_utf8 {
        walk.flat.fault(xml::NOT_UTF8);
    }
    walk.run()?;
    Ok(finish(walk.flat, options, arena))
}

/// Decodes one unit: an audit message, perhaps behind OpenEMR's header.
pub(super) fn decode_unit<'a>(unit: Unit<'a>, options: &DecodeOptions, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
    let document = behind_header(unit.bytes).unwrap_or(unit.bytes);
    let base = unit.bytes.len() - document.len();
    match decode_xml(document, base, options, arena) {
        Ok(message) => sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: NAME,
            when: message.when,
            sources: message.sources,
            fields: message.fields.into_bump_slice(),
            anomalies: message.anomalies.into_bump_slice(),
            patient_spans: message.patient_spans.into_bump_slice(),
        }),
        Err(anomaly) => sink.fault(unit.offset, anomaly),
    }
}

struct Walk<'a> {
    source: Source<'a>,
    arena: &'a Arena,
    flat: Flat<'a>,
    /// Text of the element that the walk stands in, and its place.
    text: Option<(bumpalo::collections::String<'a>, Span)>,
}

impl<'a> Walk<'a> {
    fn run(&mut self) -> Result<(), Anomaly> {
        let whole = xml::walk(self.source.text, |node, open, _| {
            match node {
                Node::Open(tag) => return self.enter(tag, open),
                Node::Close => self.leave(open),
                Node::Text(part) => self.add_text(part),
                Node::Reference(name) => self.add_reference(name),
            }
            Ok(())
        })?;
        if !whole {
            self.flat.fault(xml::BROKEN);
        }
        Ok(())
    }

    /// Goes into an element below the root, or checks the root's name.
    fn enter(&mut self, tag: &BytesStart<'_>, open: usize) -> Result<(), Anomaly> {
        self.text = None;
        let name = xml::local(tag.name().into_inner());
        if open == 0 {
            return if name == "AuditMessage" { Ok(()) } else { Err(NOT_AN_AUDIT_MESSAGE) };
        }
        self.flat.enter(name);
        if open == 1 && matches!(name, PARTICIPANT | OBJECT) {
            self.flat.begin_element();
        }
        let (flat, arena) = (&mut self.flat, self.arena);
        let complete = self.source.attributes(tag, |name, value, span| {
            let (value, resolved) = xml::resolve(value, arena);
            if !resolved {
                flat.fault(xml::UNKNOWN_ENTITY);
            }
            flat.value_below(name, Value::Text(value), span);
        });
        if !complete {
            self.flat.fault(xml::BROKEN);
        }
        Ok(())
    }

    fn leave(&mut self, open: usize) {
        let text = self.text.take();
        if open == 0 {
            return;
        }
        if let Some((text, span)) = text {
            let text = text.into_bump_str().trim();
            if !text.is_empty() {
                self.flat.value(Value::Text(text), span);
            }
        }
        self.flat.leave();
    }

    fn add_text(&mut self, part: &str) {
        let Some((part, span)) = self.source.find(part) else { return };
        let arena = self.arena;
        let (text, whole) = self.text.get_or_insert_with(|| (bumpalo::collections::String::new_in(arena), span));
        text.push_str(part);
        whole.end = whole.end.max(span.end);
    }

    /// A reference `&name;` in text.
    fn add_reference(&mut self, name: &str) {
        let written = self.arena.alloc_str(&format!("&{name};"));
        let (resolved, known) = xml::resolve(written, self.arena);
        if !known {
            self.flat.fault(xml::UNKNOWN_ENTITY);
        }
        let Some((_, span)) = self.source.find(name) else { return };
        let span = Span { start: span.start.saturating_sub(1), end: span.end + 1 };
        let arena = self.arena;
        let (text, whole) = self.text.get_or_insert_with(|| (bumpalo::collections::String::new_in(arena), span));
        text.push_str(resolved);
        whole.end = whole.end.max(span.end);
    }
}

fn finish<'a>(flat: Flat<'a>, options: &DecodeOptions, arena: &'a Arena) -> AuditMessage<'a> {
    let mut flat = flat.finish();
    let time = text(&flat.fields, "EventIdentification.EventDateTime");
    let when = moment(time, options, |fault| flat.anomalies.push(fault));
    let (code, is_code) = event_code(&flat.fields);
    if !is_code {
        flat.anomalies.push(EVENT_ID_NOT_A_CODE);
    }
    let demanded = ["EventIdentification.", "ActiveParticipant.", "AuditSourceIdentification."];
    if !demanded.iter().all(|part| flat.fields.iter().any(|field| field.name.starts_with(part))) {
        flat.anomalies.push(PART_MISSING);
    }
    AuditMessage {
        patient_spans: patient_spans(&flat.fields, &flat.spans, arena),
        when,
        sources: options.log_sources.lookup(NAME, family(&flat.fields), code),
        fields: flat.fields,
        anomalies: flat.anomalies,
    }
}

fn text<'a>(fields: &[Field<'a>], name: &str) -> Option<&'a str> {
    let field = fields.iter().find(|field| field.name == name)?;
    if let Value::Text(text) = field.value { Some(text) } else { None }
}

/// The event id (DICOM CID 400), and whether it was given as a code.
fn event_code(fields: &[Field<'_>]) -> (Option<u32>, bool) {
    let id = "EventIdentification.EventID.";
    let part = |part: &str| text(fields, &format!("{id}{part}"));
    let code = part("csd-code").or_else(|| part("code")).and_then(|code| code.trim().parse().ok());
    let name = part("displayName").or_else(|| part("originalText")).unwrap_or_default();
    let by_name = || CODE_OF_NAME.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
    (code.or_else(by_name), code.is_some())
}

/// Key of the log source table: IHE's transactions use DICOM's event ids for what is no DICOM operation.
fn family(fields: &[Field<'_>]) -> &'static str {
    let system = text(fields, "EventIdentification.EventTypeCode.codeSystemName").unwrap_or_default();
    let code = text(fields, "EventIdentification.EventTypeCode.csd-code")
        .or_else(|| text(fields, "EventIdentification.EventTypeCode.code"))
        .unwrap_or_default();
    if system.starts_with("IHE") || code.starts_with("ITI-") { "ihe" } else { "dicom" }
}

fn patient_spans<'a>(fields: &[Field<'_>], spans: &[Span], arena: &'a Arena) -> Vec<'a, Span> {
    let mut found = Vec::new_in(arena);
    for object in elements(fields, OBJECT) {
        let parts = fields.get(object.clone()).unwrap_or_default();
        let object_of = ObjectOf::read(parts);
        let places = spans.get(object).unwrap_or_default();
        let names = |field: &Field<'_>| object_of.identifies(below(field.name, OBJECT).unwrap_or_default());
        found.extend(parts.iter().zip(places).filter(|(field, _)| names(field)).map(|(_, span)| *span));
    }
    merge_spans(&mut found);
    found
}

/// Whose one object is.
struct ObjectOf {
    is_patient: bool,
    /// Staff, a machine, a place: its name is no patient's.
    is_other: bool,
    /// Its details say who somebody is.
    details: bool,
}

impl ObjectOf {
    fn read(parts: &[Field<'_>]) -> Self {
        let states = |name: &str, holds: &dyn Fn(&str) -> bool| {
            let mut part = parts.iter().filter(|field| below(field.name, OBJECT) == Some(name));
            part.any(|field| matches!(field.value, Value::Text(text) if holds(text.trim())))
        };
        let role = "ParticipantObjectTypeCodeRole";
        let is_type = |text: &str| PATIENT_ID_TYPES.contains(&text);
        Self {
            is_patient: states(role, &|text| roles::OF_PATIENTS.contains(&text))
                || states("ParticipantObjectIDTypeCode.csd-code", &is_type)
                || states("ParticipantObjectIDTypeCode.code", &is_type),
            is_other: states(role, &|text| roles::OF_OTHERS.contains(&text)),
            details: states("ParticipantObjectDetail.type", &|text| says(text) > Says::Nothing),
        }
    }

    /// Whether this part tells who the patient is. A query may, whatever its object is; so may the name of a study or a report.
    fn identifies(&self, part: &str) -> bool {
        part == "ParticipantObjectQuery"
            || self.is_patient && (IDENTIFYING.contains(&part) || part == DETAIL)
            || !self.is_other && part == "ParticipantObjectName"
            || self.details && part == DETAIL
    }
}
