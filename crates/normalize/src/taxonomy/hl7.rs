//! HL7 v2 messages to category `hl7_message`; a query also to `record_access`. Names: `docs/specs/decoders-hl7.md`.

use bumpalo::collections::String;
use cordon_model::Record;

use super::fill::Fill;
use super::named::Named;
use crate::PatientId;

/// Taxonomy fields and the first component each comes from.
const MESSAGE: [(&str, &str); 17] = [
    ("message_type", "MSH-9.1"),
    ("trigger_event", "MSH-9.2"),
    ("message_structure", "MSH-9.3"),
    ("sending_application", "MSH-3.1"),
    ("sending_facility", "MSH-4.1"),
    ("receiving_application", "MSH-5.1"),
    ("receiving_facility", "MSH-6.1"),
    ("control_id", "MSH-10.1"),
    ("processing_id", "MSH-11.1"),
    ("version", "MSH-12.1"),
    ("patient_class", "PV1-2.1"),
    ("location", "PV1-3.1"),
    ("vip", "PV1-16.1"),
    ("query_tag", "QPD-2.1"),
    ("query_name", "QPD-1.1"),
    ("ack_code", "MSA-1.1"),
    ("user", "EVN-5.1"),
];

/// Taxonomy fields that repeat with the segment OBX.
const RESULTS: [(&str, &str); 4] = [
    ("observation_id", "OBX-3.1"),
    ("observation_value", "OBX-5"),
    ("observation_unit", "OBX-6.1"),
    ("result_status", "OBX-11.1"),
];

/// Message types that ask for data; the decoder routes the same ones to `record_access`.
const QUERIES: [&str; 8] = ["QRY", "QBP", "QVR", "QSB", "SPQ", "VQQ", "EQQ", "RQQ"];
/// Trigger events whose QPD-3 is a patient's id (v2.5.1 sections 3.3.56-58; IHE PIX).
const QUERIES_BY_ID: [&str; 3] = ["Q21", "Q23", "Q24"];

/// Hex digits of a result digest: 128 bits.
const DIGEST_DIGITS: usize = 32;

/// Fills the taxonomy from one message.
pub(super) fn fill<'a>(record: &Record<'a>, fill: &mut Fill<'a, '_>) {
    let message = Named::new(record, fill.arena());
    for (name, from) in MESSAGE {
        fill.put_stated(name, message.first(from));
    }
    fill.put_stated("order_id", message.first("OBR-3.1").or_else(|| message.first("ORC-3.1")));
    for (name, from) in RESULTS {
        message.all(from).for_each(|text| fill.put(name, text));
    }
    result_digest(message, fill);
    put_patient(message, "PID-3", "4", fill);
    put_prior(message, fill);
    if message.first("MSH-9.1").is_some_and(|kind| QUERIES.contains(&kind)) {
        query(message, fill);
    }
}

/// A query as an access: who asks is a program, unless the message names a person.
fn query<'a>(message: Named<'a>, fill: &mut Fill<'a, '_>) {
    let person = message.first("EVN-5.1");
    fill.put_stated("user", person.or_else(|| message.first("MSH-3.1")));
    fill.put("agent_type", if person.is_some() { "human" } else { "client" });
    fill.put_stated("client_app", message.first("MSH-3.1"));
    fill.put("action", "search");
    fill.put_stated("app", message.first("MSH-5.1"));
    fill.put_stated("event_code", message.first("MSH-9"));
    message.all("QPD-3").for_each(|text| fill.put("query", text));
    message.all("QRD-8").for_each(|text| fill.put("query", text));
    put_patient(message, "QRD-8", "9", fill);
    if message.first("MSH-9.2").is_some_and(|event| QUERIES_BY_ID.contains(&event)) {
        put_patient(message, "QPD-3", "4", fill);
    }
}

/// The first patient of a field: component 1 is the id, `authority` the component that says who assigned it.
fn put_patient(message: Named<'_>, field: &str, authority: &str, fill: &mut Fill<'_, '_>) {
    if let Some(patient) = message.elements(field).next().and_then(|first| patient(first, field, authority, fill)) {
        fill.put("patient_ref", patient);
    }
}

/// The ids that the first patient had before (MRG-1): what stands before the PID of the next one.
fn put_prior(message: Named<'_>, fill: &mut Fill<'_, '_>) {
    for prior in message.between("MRG-", "PID-").elements("MRG-1") {
        if let Some(prior) = patient(prior, "MRG-1", "4", fill) {
            fill.put("prior_patient_ref", prior);
        }
    }
}

/// The pseudonym of a patient's id (data type CX, or one laid out like it).
fn patient<'a>(first: Named<'_>, field: &str, authority: &str, fill: &Fill<'a, '_>) -> Option<&'a str> {
    let part = |name: std::string::String| first.first(&name).unwrap_or_default();
    let whole = part(format!("{field}.{authority}"));
    let namespace = first.first(&format!("{field}.{authority}.1"));
    let universal_id = part(format!("{field}.{authority}.2"));
    // an authority without subcomponents is its namespace; one that starts with a delimiter has none
    let namespace = namespace.unwrap_or(if universal_id.is_empty() { whole } else { "" });
    let patient = PatientId::from_hd(part(format!("{field}.1")), namespace, universal_id)?;
    Some(fill.pseudonym(patient))
}

/// One digest over all (OBX-3, OBX-5) pairs in order. Two messages with one control id and different digests carry different results.
fn result_digest<'a>(message: Named<'a>, fill: &mut Fill<'a, '_>) {
    let mut text = String::new_in(fill.arena());
    for (name, value) in message.pairs() {
        match *name {
            "OBX-3" => text.push('\u{1e}'),
            "OBX-5" => text.push('\u{1f}'),
            _ => continue,
        }
        text.push_str(value);
    }
    if text.contains('\u{1f}') {
        let digest = cordon_seal::digest(text.as_bytes()).to_string();
        fill.put("result_digest", fill.arena().alloc_str(digest.get(..DIGEST_DIGITS).unwrap_or(&digest)));
    }
}
