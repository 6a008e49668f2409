//! What programs and devices put into a syslog message: recognised by content first, then by program name.
//!
//! One file per kind. Each reads `message` (or `content`, where the header took its start for a program name) into fields and says what the log source
//! table is to be asked for. A payload that nobody knows leaves the record as it is.

mod auditd;
mod auth;
mod sudo;

use super::header::Header;
use super::list::FieldList;
use crate::DecodeOptions;

/// What the log source table is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Payload<'a> {
    pub(super) kind: &'static str,
    pub(super) key: &'a str,
}

/// Reads the payload of a message into `list`. `unit` is the whole text; a payload with a time of its own gives it to a header that has none.
pub(super) fn read<'a>(
    header: &mut Header<'a>,
    unit: &'a str,
    options: &DecodeOptions,
    list: &mut FieldList<'a>,
) -> Payload<'a> {
    by_content(header, unit, options, list).unwrap_or_else(|| by_program(header, list))
}

/// Whether a line starts like a payload that needs no header to be known.
pub(super) fn is_known_start(line: &str) -> bool {
    auditd::is_event(line)
}

/// Whether a line holds a Cisco message code.
pub(super) fn is_cisco(_line: &str) -> bool {
    false
}

fn by_content<'a>(
    header: &mut Header<'a>,
    unit: &'a str,
    _options: &DecodeOptions,
    list: &mut FieldList<'a>,
) -> Option<Payload<'a>> {
    if auditd::is_event(header.content) || auditd::is_event(header.message) {
        return Some(auditd::read(header, unit, list));
    }
    None
}

/// By the program's name, without its folder, in lower case.
fn by_program<'a>(header: &Header<'a>, list: &mut FieldList<'a>) -> Payload<'a> {
    let Some(program) = header.program else { return Payload { kind: "syslog_app", key: "*" } };
    let name = list.lower(program.rsplit('/').next().unwrap_or(program));
    let key = match name {
        "sshd-session" | "sshd-auth" => "sshd",
        name => name,
    };
    if header.module.is_some_and(|module| module.starts_with("pam_")) || header.message.starts_with("pam_") {
        auth::pam(header.message, list);
    } else {
        match key {
            "sudo" => sudo::read(header.message, list),
            _ => auth::prose(key, header.message, list),
        }
    }
    Payload { kind: "syslog_app", key }
}
