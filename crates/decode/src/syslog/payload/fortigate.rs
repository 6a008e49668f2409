//! FortiGate: `date=2025-01-02 time=03:04:05 devname="fw" devid="FG..." logid="0100032001" type="event" ...`, with or without a syslog header.
//!
//! Fields keep Fortinet's names; ends of a connection also have those of category `firewall` (`src_ip`, `dst_port` ...). `eventtime` (nanoseconds, microseconds or seconds since 1970, by its length) is the time, else date, time and `tz`.

use bumpalo::collections::String;
use cordon_model::{Time, When};

use super::Payload;
use crate::DecodeOptions;
use crate::syslog::header::Header;
use crate::syslog::list::FieldList;
use crate::syslog::scan::Pairs;
use crate::syslog::time::{self, Stamp};

/// Whether a text is a FortiGate line.
pub(super) fn is_line(text: &str) -> bool {
    let head = text.get(..200).unwrap_or(text);
    (text.starts_with("date=") && head.contains(" time=")) || (head.contains("devid=") && head.contains("logid="))
}

/// Reads the line.
pub(super) fn read<'a>(
    text: &'a str,
    header: &mut Header<'a>,
    options: &DecodeOptions,
    list: &mut FieldList<'a>,
) -> Payload<'a> {
    let (mut date, mut clock, mut zone, mut event, mut kind) = ("", "", "", "", "*");
    for pair in Pairs::new(text) {
        let value = unquoted(pair.value, list);
        match pair.key {
            "date" => date = value,
            "time" => clock = value,
            "tz" => zone = value,
            "eventtime" => event = value,
            "type" => kind = value,
            "devname" if header.hostname.is_none() => list.text("hostname", value),
            _ => {}
        }
        list.text(pair.key, value);
        list.some(common_name(pair.key), Some(value).filter(|_| !common_name(pair.key).is_empty()));
    }
    if let Some(time) = event_time(event) {
        header.when = When::Known(time);
    } else if let Some(stamp) = stamp(date, clock, zone, list) {
        header.when = stamp.resolve(options, list);
    }
    Payload { kind: "fortigate_type", key: list.lower(kind), id: None }
}

/// The name that rules on category `firewall` use, for one of Fortinet's; empty for the others.
fn common_name(name: &str) -> &'static str {
    match name {
        "srcip" => "src_ip",
        "srcport" => "src_port",
        "dstip" => "dst_ip",
        "dstport" => "dst_port",
        _ => "",
    }
}

fn event_time(text: &str) -> Option<Time> {
    let number: i64 = text.parse().ok()?;
    match text.len() {
        19 => Some(Time(number / 1000)),
        16 => Some(Time(number)),
        13 => number.checked_mul(1000).map(Time),
        10 => number.checked_mul(1_000_000).map(Time),
        _ => None,
    }
}

/// Date, time and zone put together.
fn stamp<'a>(date: &str, clock: &str, zone: &str, list: &FieldList<'a>) -> Option<Stamp<'a>> {
    let mut text = String::with_capacity_in(date.len() + clock.len() + zone.len() + 1, list.arena);
    text.push_str(date);
    text.push('T');
    text.push_str(clock);
    text.push_str(zone);
    time::iso(text.into_bump_str()).map(|(stamp, _)| stamp)
}

/// Without the backslashes before quotes and backslashes.
fn unquoted<'a>(text: &'a str, list: &FieldList<'a>) -> &'a str {
    if !text.contains('\\') {
        return text;
    }
    let mut out = String::with_capacity_in(text.len(), list.arena);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letters.next_if(|next| letter == '\\' && matches!(next, '"' | '\\'));
        out.push(escaped.unwrap_or(letter));
    }
    out.into_bump_str()
}
