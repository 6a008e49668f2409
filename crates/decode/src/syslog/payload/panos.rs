//! Palo Alto PAN-OS: comma separated values whose meaning depends on the fourth, the log type. The columns are data (`data/syslog/panos.tsv`).
//!
//! Fields carry Palo Alto's names (`src`, `dst`, `sport`, `rule`, `srcuser` ...); columns that it reserves are left out, columns beyond those known too. Ends of a
//! connection also have the names of category `firewall` (`src_ip`, `dst_port` ...).
//! The time is `time_generated`, which has no zone.

use bumpalo::collections::String;

use super::Payload;
use crate::DecodeOptions;
use crate::syslog::anomaly::BAD_PAYLOAD;
use crate::syslog::header::Header;
use crate::syslog::list::FieldList;
use crate::syslog::scan::{digits, skip_one};
use crate::syslog::time;

/// `TYPE`, then the names of its columns from the first; `-` is reserved.
const COLUMNS: &str = include_str!("../../../data/syslog/panos.tsv");
/// Most columns of a line.
const COLUMNS_MAX: usize = 160;

/// Whether a text is a PAN-OS line: `1,2025/01/02 03:04:05,serial,TYPE,`.
pub(super) fn is_line(text: &str) -> bool {
    kind(text).is_some()
}

fn kind(text: &str) -> Option<&str> {
    let (_, rest) = digits(text, 1, 3)?;
    let (date, rest) = rest.strip_prefix(',')?.split_once(',')?;
    time::iso(date)?;
    let (_serial, rest) = rest.split_once(',')?;
    let (kind, _) = rest.split_once(',')?;
    let is_name = !kind.is_empty()
        && kind.len() <= 24
        && kind.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_' | b'0'..=b'9'));
    is_name.then_some(kind)
}

/// The names of the columns of a type; those common to all when it is not known.
fn columns(kind: &str) -> impl Iterator<Item = &'static str> {
    let rows = || COLUMNS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    let row = rows().find(|(name, _)| *name == kind).or_else(|| rows().find(|(name, _)| *name == "*"));
    row.map_or("", |(_, names)| names).split(',')
}

/// Reads the line.
pub(super) fn read<'a>(
    text: &'a str,
    header: &mut Header<'a>,
    options: &DecodeOptions,
    list: &mut FieldList<'a>,
) -> Payload<'a> {
    let kind = kind(text).unwrap_or("*");
    let mut rest = Some(text);
    let mut names = columns(kind).take(COLUMNS_MAX).peekable();
    let mut seen = 0;
    while let (Some(line), Some(mut name)) = (rest, names.next()) {
        let Some((value, after)) = cell(line, list) else {
            list.anomaly(BAD_PAYLOAD);
            break;
        };
        rest = after;
        seen += 1;
        if name == "before_change_detail" && value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
            // The two change columns are optional (they stand in custom formats only): a number here is already the sequence number.
            names.next();
            name = names.next().unwrap_or("seqno");
        }
        if name == "time_generated"
            && let Some((stamp, _)) = time::iso(value)
        {
            header.when = stamp.resolve(options, list);
        }
        if name != "-" && !value.is_empty() {
            list.text(name, value);
            list.some(common_name(kind, name), Some(value).filter(|_| !common_name(kind, name).is_empty()));
        }
    }
    if seen < 7 {
        list.anomaly(BAD_PAYLOAD);
    }
    Payload { kind: "panos_type", key: list.lower(kind), id: None }
}

/// The name that rules on category `firewall` use, for one of Palo Alto's; empty for the others.
fn common_name(kind: &str, name: &str) -> &'static str {
    match name {
        _ if !matches!(kind, "TRAFFIC" | "THREAT") => "",
        "src" => "src_ip",
        "sport" => "src_port",
        "dst" => "dst_ip",
        "dport" => "dst_port",
        _ => "",
    }
}

/// One cell and what follows its comma; quotes are removed and doubled ones resolved.
fn cell<'a>(text: &'a str, list: &FieldList<'a>) -> Option<(&'a str, Option<&'a str>)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(match text.split_once(',') {
            Some((value, rest)) => (value, Some(rest)),
            None => (text, None),
        });
    };
    let (plain, mut rest) = quoted.split_once('"')?;
    if !rest.starts_with('"') {
        return Some((plain, rest.strip_prefix(',')));
    }
    let mut value = String::from_str_in(plain, list.arena);
    while rest.starts_with('"') {
        value.push('"');
        let (more, after) = skip_one(rest).split_once('"')?;
        value.push_str(more);
        rest = after;
    }
    Some((value.into_bump_str(), rest.strip_prefix(',')))
}
