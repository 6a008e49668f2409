//! One entry to one Record. Names are those of the log's own key, without blanks.

use std::sync::Arc;

use bumpalo::collections::String;
use cordon_model::Arena;

use super::anomaly::{BAD_PACKET, BAD_TIME, DATE_ORDER, MISSING_ZONE, NOT_UTF8};
use crate::row::{Row, line_text};
use crate::{DecodeOptions, Decoder, Sink, Unit, civil};

/// Decodes entries.
#[derive(Debug)]
pub(super) struct WinDnsDecoder {
    pub(super) options: Arc<DecodeOptions>,
}

impl Decoder for WinDnsDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let mut row = Row::new(unit, arena);
        let (entry, exact) = line_text(unit.bytes, arena);
        if !exact {
            row.fault(NOT_UTF8);
        }
        let (line, detail) = entry.split_once('\n').unwrap_or((entry, ""));
        let rest = self.time(line.trim_end(), &mut row);
        let (thread, rest) = word(rest);
        let (context, rest) = word(rest);
        row.put("ThreadId", thread);
        row.put("Context", context);
        let key = if context == "PACKET" && packet(rest, &mut row, arena).is_some() { "packet" } else { "event" };
        if key == "event" {
            row.put("message", rest.trim());
            if context == "PACKET" {
                row.fault(BAD_PACKET);
            }
        }
        row.put("Details", detail.trim());
        sink.record(row.finish(super::NAME, self.options.log_sources.lookup("windns", key, None)));
    }
}

impl WinDnsDecoder {
    /// Reads date and time, whose order is that of the server's country, and returns what follows.
    fn time<'a>(&self, line: &'a str, row: &mut Row<'_>) -> &'a str {
        let (date, rest) = word(line);
        let (time, rest) = word(rest);
        let (half, behind) = word(rest);
        let halved = matches!(half, "AM" | "PM");
        let (patterns, rest): (&[&str], _) = match date {
            _ if halved => (&["%m/%d/%Y %I:%M:%S %p"], behind),
            _ if date.contains('.') => (&["%d.%m.%Y %H:%M:%S"], rest),
            _ if date.contains('-') => (&["%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S"], rest),
            _ => (&["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"], rest),
        };
        let text = if halved { format!("{date} {time} {half}") } else { format!("{date} {time}") };
        let mut read = patterns.iter().filter_map(|pattern| civil::by_pattern(&text, pattern, &self.options.timezone));
        let first = read.next();
        row.time = first.map(|(time, _)| time);
        if read.next().is_some_and(|(other, _)| Some(other) != row.time) {
            row.fault(DATE_ORDER);
        }
        row.zone(first.map(|(_, zone)| zone), MISSING_ZONE, BAD_TIME);
        rest
    }
}

/// `id UDP|TCP Snd|Rcv address xid [R] opcode [flags chars code] type name`; `None` when it has another shape.
fn packet<'a>(text: &'a str, row: &mut Row<'a>, arena: &'a Arena) -> Option<()> {
    let (head, rest) = text.split_once('[')?;
    let (flags, question) = rest.split_once(']')?;
    let words = |text: &'a str| text.split_ascii_whitespace();
    let mut head = words(head);
    let (id, protocol, direction) = (head.next()?, head.next()?, head.next()?);
    let (address, xid, mark) = (head.next()?, head.next()?, head.next()?);
    if !matches!(protocol, "UDP" | "TCP") || !matches!(direction, "Snd" | "Rcv") {
        return None;
    }
    let (response, opcode) = if mark == "R" { ("R", head.next()?) } else { ("Q", mark) };
    let mut flags = words(flags);
    let (hex, code) = (flags.next()?, flags.next_back()?);
    let mut letters = String::new_in(arena);
    flags.for_each(|letter| letters.push_str(letter));
    let mut question = words(question);
    row.put("InternalPacketIdentifier", id);
    row.put("Protocol", protocol);
    row.put("Direction", direction);
    row.put("RemoteIP", address);
    row.put("Xid", xid);
    row.put("QueryResponse", response);
    row.put("Opcode", opcode);
    row.put("FlagsHex", hex);
    row.put("FlagsCharCodes", letters.into_bump_str());
    row.put("ResponseCode", code);
    row.put("QuestionType", question.next()?);
    row.put("QuestionName", name(question.next().unwrap_or_default(), arena));
    Some(())
}

/// `(3)www(7)example(3)com(0)` as `www.example.com`; another text stays.
fn name<'a>(text: &'a str, arena: &'a Arena) -> &'a str {
    let mut out = String::with_capacity_in(text.len(), arena);
    let mut rest = text;
    while let Some((length, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        let Ok(length) = length.parse::<usize>() else { return text };
        if length == 0 {
            break;
        }
        let Some((label, behind)) = after.split_at_checked(length) else { return text };
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(label);
        rest = behind;
    }
    if out.is_empty() { text } else { out.into_bump_str() }
}

/// The first word and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(' ').unwrap_or((text, ""))
}
