//! What programs and devices put into a syslog message: recognised by content first, then by program name.
//!
//! One file per kind. [`recognise`] looks, corrects the header where a payload was taken for a program, [`read`] gives the fields and says what the log source
//! table is to be asked for. A payload that nobody knows leaves the record as it is.

mod auditd;
mod auditd_common;
mod auth;
mod cef;
mod cisco;
mod esxi;
mod fortigate;
pub(super) mod inner;
mod netfilter;
mod panos;
mod samba;
mod sudo;
mod sysmon;

use super::header::Header;
use super::list::FieldList;
use crate::fhir::Fhir;
use crate::hl7::Hl7;
use crate::patients::signs::is_unparted;
use crate::{Confidence, DecodeOptions, Format};

/// What the log source table is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payload<'a> {
    pub(super) kind: &'static str,
    pub(super) key: &'a str,
    pub(super) id: Option<u32>,
}

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// Lines of an audit event.
    Audit,
    /// CEF or LEEF from here.
    Cef(&'a str),
    /// A Cisco message code.
    Cisco(cisco::Code<'a>),
    /// A FortiGate line.
    Fortigate(&'a str),
    /// A PAN-OS line.
    Panos(&'a str),
    /// Sysmon for Linux.
    Sysmon,
    /// An ATNA audit message: read from the bytes by its own decoder.
    Atna,
    /// A JSON object from here.
    Json(&'a str),
    /// FHIR AuditEvents from here, in JSON or XML.
    Fhir(&'a str),
    /// A message of HL7 v2 from here.
    Hl7(&'a str),
    /// Prose of a program.
    Prose,
}

/// Recognises the payload; where the header took its start for a program, or left host and time before it, the header is put right.
pub(super) fn recognise<'a>(header: &mut Header<'a>) -> Kind<'a> {
    let kind = by_content(header);
    match kind {
        Kind::Cisco(code) => {
            cisco::header(&code, header);
        }
        Kind::Cef(text) | Kind::Fortigate(text) | Kind::Panos(text) if text == header.content => unprogram(header),
        _ => {}
    }
    kind
}

/// Reads a payload into `list`. `unit` is the whole text. ATNA, FHIR, HL7 and JSON are read by other decoders.
pub(super) fn read<'a>(
    kind: Kind<'a>,
    header: &mut Header<'a>,
    unit: &'a str,
    options: &DecodeOptions,
    list: &mut FieldList<'a>,
) -> Payload<'a> {
    match kind {
        Kind::Audit => auditd::read(header, unit, list),
        Kind::Cef(text) => cef::read(text, header, list),
        Kind::Cisco(code) => cisco::read(&code, list),
        Kind::Fortigate(text) => fortigate::read(text, header, options, list),
        Kind::Panos(text) => panos::read(text, header, options, list),
        Kind::Sysmon => sysmon::read(header.message, header, list),
        Kind::Atna | Kind::Json(_) | Kind::Fhir(_) | Kind::Hl7(_) => by_name(header, list).0,
        Kind::Prose => by_program(header, list),
    }
}

/// Whether a line starts like a payload that needs no header to be known.
pub(super) fn is_known_start(line: &str) -> bool {
    auditd::is_event(line) || cef::is_start(line) || fortigate::is_line(line) || panos::is_line(line)
}

/// Whether a line holds a Cisco message code.
pub(super) fn is_cisco(line: &str) -> bool {
    cisco::code(line).is_some()
}

fn by_content<'a>(header: &Header<'a>) -> Kind<'a> {
    let texts = [header.content, header.message];
    if let Some(text) = texts.into_iter().find(|text| cef::is_start(text)) {
        return Kind::Cef(text);
    }
    if texts.into_iter().any(auditd::is_event) {
        return Kind::Audit;
    }
    if let Some(text) = texts.into_iter().find(|text| fortigate::is_line(text)) {
        return Kind::Fortigate(text);
    }
    if let Some(text) = texts.into_iter().find(|text| panos::is_line(text)) {
        return Kind::Panos(text);
    }
    if let Some(code) = cisco::code(header.content) {
        return Kind::Cisco(code);
    }
    let message = header.message.trim_start();
    if sysmon::is_event(message) {
        return Kind::Sysmon;
    }
    if is_atna(message) {
        return Kind::Atna;
    }
    if message.starts_with(['<', '{']) && Fhir.sniff(message.as_bytes(), true) == Confidence::Certain {
        return Kind::Fhir(message);
    }
    let is_hl7 = message.starts_with("MSH") && Hl7.sniff(message.as_bytes(), true) == Confidence::Certain;
    if is_hl7 && !is_unparted(message) {
        return Kind::Hl7(message);
    }
    let json = message.strip_prefix("@cee:").unwrap_or(message).trim_start();
    if json.starts_with('{') && json.trim_end().ends_with('}') {
        return Kind::Json(json);
    }
    Kind::Prose
}

/// XML whose root is an audit message (DICOM PS3.15 A.5, RFC 3881).
fn is_atna(message: &str) -> bool {
    message.starts_with("<AuditMessage") || message.starts_with("<?xml") && message.contains("<AuditMessage")
}

/// The header took the start of the payload for a program.
fn unprogram(header: &mut Header<'_>) {
    header.program = None;
    header.pid = None;
    header.message = header.content;
}

/// What the log source table is asked for by the program's name: without its folder, in lower case.
fn by_name<'a>(header: &Header<'a>, list: &FieldList<'a>) -> (Payload<'a>, &'a str) {
    let Some(program) = header.program else { return (Payload { kind: "syslog_app", key: "*", id: None }, "") };
    let name = list.lower(program.rsplit('/').next().unwrap_or(program));
    let key = match name {
        "sshd-session" | "sshd-auth" => "sshd",
        name => name,
    };
    (Payload { kind: "syslog_app", key, id: None }, key)
}

fn by_program<'a>(header: &Header<'a>, list: &mut FieldList<'a>) -> Payload<'a> {
    let (payload, key) = by_name(header, list);
    if header.module.is_some_and(|module| module.starts_with("pam_")) || header.message.starts_with("pam_") {
        auth::pam(header.message, list);
        return payload;
    }
    match key {
        "" if header.message.starts_with("%%01") => {
            // Huawei's VRP: `%%01BGP/4/BGP_AUTH_FAILED(l): ...`.
            return Payload { kind: "syslog_content", key: "huawei", id: None };
        }
        "" => {}
        "sudo" => sudo::read(header.message, list),
        "kernel" if netfilter::is_packet(header.message) => return netfilter::read(header.message, list),
        "smbd_audit" | "smbd" if samba::read(header.message, list) => {
            return Payload { kind: "syslog_app", key: "smbd_audit", id: None };
        }
        key if esxi::is_program(key) => {
            esxi::read(key, header.message, list);
            return Payload { kind: "esxi_app", key, id: None };
        }
        key => auth::prose(key, header.message, list),
    }
    payload
}
