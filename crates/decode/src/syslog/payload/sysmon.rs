//! Sysmon for Linux: one `<Event>` of XML in a message of program `sysmon`, with the field names of Sysmon for Windows.

use bumpalo::collections::String;
use cordon_model::{Time, When};

use super::Payload;
use crate::syslog::anomaly::BAD_PAYLOAD;
use crate::syslog::header::Header;
use crate::syslog::list::FieldList;
use crate::xml;

/// Elements of `System` that become fields.
const SYSTEM: [&str; 4] = ["EventID", "EventRecordID", "Channel", "Computer"];
/// Most `Data` elements of one event.
const DATA_MAX: usize = 256;

/// Whether a text is such an event.
pub(super) fn is_event(text: &str) -> bool {
    text.starts_with("<Event><System>") || text.starts_with("<Event xmlns") && text.contains("<System>")
}

/// Reads the event.
pub(super) fn read<'a>(text: &'a str, header: &mut Header<'a>, list: &mut FieldList<'a>) -> Payload<'a> {
    let (system, data) = text.split_once("</System>").unwrap_or((text, ""));
    list.some("Provider_Name", attribute(system, "<Provider ", "Name"));
    let mut id = None;
    for name in SYSTEM {
        let value = element(system, name);
        list.some(name, value);
        if name == "EventID" {
            id = value.and_then(|value| value.parse().ok());
        }
    }
    if let Some(time) = attribute(system, "<TimeCreated ", "SystemTime").and_then(Time::from_rfc3339) {
        header.when = When::Known(time);
    }
    let mut rest = data;
    for _ in 0..DATA_MAX {
        let Some((_, after)) = rest.split_once("<Data Name=\"") else { break };
        let Some((name, after)) = after.split_once('"') else { break };
        let Some((value, after)) = after.split_once('>').and_then(|(_, after)| after.split_once("</Data>")) else {
            list.anomaly(BAD_PAYLOAD);
            break;
        };
        list.text(name, clear(value, list));
        rest = after;
    }
    if id.is_none() || !text.trim_end().ends_with("</Event>") {
        list.anomaly(BAD_PAYLOAD);
    }
    Payload { kind: "linux_sysmon", key: "sysmon", id }
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once('<')?;
        rest = after;
        let Some(inside) = after.strip_prefix(name) else { continue };
        if inside.starts_with(['>', ' ']) {
            let (_, value) = inside.split_once('>')?;
            return value.split_once('<').map(|(value, _)| value);
        }
    }
}

fn attribute<'a>(text: &'a str, tag: &str, name: &str) -> Option<&'a str> {
    let (_, inside) = text.split_once(tag)?;
    let (inside, _) = inside.split_once('>')?;
    let mut rest = inside;
    loop {
        let (key, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        if key.trim() == name {
            return Some(value);
        }
        rest = after;
    }
}

/// The text with its entities resolved.
fn clear<'a>(value: &'a str, list: &FieldList<'a>) -> &'a str {
    if !value.contains('&') {
        return value;
    }
    let (clear, _) = xml::resolve(String::from_str_in(value, list.arena).into_bump_str(), list.arena);
    clear
}
