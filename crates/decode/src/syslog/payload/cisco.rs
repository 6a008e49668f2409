//! Cisco: `%FACILITY-SEVERITY-MNEMONIC: text` of IOS, IOS XE and NX-OS, and `%ASA-6-302013: text` of ASA and FTD.
//!
//! The header around it comes in many forms (`<189>45: host: 000123: *Jan  2 03:04:05.678 UTC: %SYS-5-...`), so host and time are looked for before the code.
//! Fields: `cisco_facility`, `cisco_severity`, `cisco_mnemonic` (for ASA `message_id`), then the words of the sentences in `data/syslog/cisco.tsv`.

use std::net::IpAddr;
use std::sync::LazyLock;

use super::Payload;
use crate::syslog::header::Header;
use crate::syslog::list::FieldList;
use crate::syslog::scan::digits;
use crate::syslog::template::Templates;
use crate::syslog::time;

const ROWS: &str = include_str!("../../../data/syslog/cisco.tsv");

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::parse(&[ROWS]).unwrap_or_default());

/// How far into a message its code may stand, in bytes.
const CODE_WITHIN: usize = 256;
/// Longest code, in bytes.
const CODE_BYTES_MAX: usize = 96;
/// Words before the code that are looked at for host and time.
const WORDS_MAX: usize = 24;

/// A message code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::syslog) struct Code<'a> {
    before: &'a str,
    facility: &'a str,
    severity: &'a str,
    mnemonic: &'a str,
    text: &'a str,
    /// The code and all behind it.
    whole: &'a str,
}

/// Finds the code of a message.
pub(super) fn code(text: &str) -> Option<Code<'_>> {
    for (at, _) in text.match_indices('%').take_while(|(at, _)| *at < CODE_WITHIN) {
        let (before, whole) = text.split_at_checked(at)?;
        let Some(colon) = whole.bytes().take(CODE_BYTES_MAX).position(|byte| byte == b':') else { continue };
        let Some((head, behind)) = whole
            .split_at_checked(colon)
            .and_then(|(head, rest)| Some((head.strip_prefix('%')?, rest.strip_prefix(':')?)))
        else {
            continue;
        };
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
        };
        let Some((front, mnemonic)) = head.rsplit_once('-') else { continue };
        let Some((facility, severity)) = front.rsplit_once('-') else { continue };
        let is_code = plain(facility) && plain(mnemonic) && severity.len() == 1 && digits(severity, 1, 1).is_some();
        if is_code && (before.is_empty() || before.ends_with([' ', ':'])) {
            return Some(Code { before, facility, severity, mnemonic, text: behind.trim_start(), whole });
        }
    }
    None
}

/// Puts the header right: host and time stand before the code, the message begins with it.
pub(super) fn header<'a>(code: &Code<'a>, header: &mut Header<'a>) {
    header.program = None;
    header.pid = None;
    header.message = code.whole;
    if header.stamp.is_none() {
        before_code(code.before, header);
    }
}

/// Reads the message.
pub(super) fn read<'a>(code: &Code<'a>, list: &mut FieldList<'a>) -> Payload<'a> {
    list.text("cisco_facility", code.facility);
    list.text("cisco_severity", code.severity);
    let is_asa = matches!(code.facility, "ASA" | "FTD" | "PIX" | "FWSM");
    list.text(if is_asa { "message_id" } else { "cisco_mnemonic" }, code.mnemonic);
    TEMPLATES.apply(code.mnemonic, code.text, list);
    Payload { kind: if is_asa { "cisco_asa" } else { "cisco_facility" }, key: code.facility, id: None }
}

/// `45: host: 000123: *Jan  2 03:04:05.678 UTC: ` before the code: a time, and a host where one stands.
fn before_code<'a>(before: &'a str, header: &mut Header<'a>) {
    let mut rest = before;
    for _ in 0..WORDS_MAX {
        rest = rest.trim_start_matches([' ', ':', '*', '.']);
        if let Some((stamp, after)) = time::bsd(rest).or_else(|| time::iso(rest)) {
            let zone = after.trim_start();
            let is_utc = zone.starts_with("UTC") || zone.starts_with("GMT");
            header.stamp = Some(if is_utc { stamp.in_utc() } else { stamp });
            return;
        }
        let Some((word, after)) = rest.split_once(' ') else { return };
        let name = word.trim_end_matches(':');
        let is_sequence = name.bytes().all(|byte| byte.is_ascii_digit());
        if header.hostname.is_none() && !is_sequence && (name.parse::<IpAddr>().is_ok() || word.ends_with(':')) {
            header.hostname = Some(name);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_sound() {
        Templates::parse(&[ROWS]).unwrap();
    }
}
