//! The header of one message: RFC 5424, RFC 3164 and what is really sent in its name, with and without `<PRI>`.
//!
//! Text of one unit in; host, program, process id, time and the two readings of the rest out. It knows nothing of payloads.

use cordon_model::When;

use super::anomaly::{BAD_PRIORITY, BAD_STRUCTURED_DATA, SHORT_HEADER};
use super::list::FieldList;
use super::scan::{digits, word};
use super::structured;
use super::time::{Stamp, bsd, iso};

/// Longest program name; RFC 5424 allows 48 letters, file paths as names are longer.
const PROGRAM_BYTES_MAX: usize = 96;

/// Names of the facilities 0 to 23 (RFC 5424 table 1, in the words of syslog.conf).
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];
/// Names of the severities 0 to 7 (RFC 5424 table 2, in the words of syslog.conf).
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// A message taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Header<'a> {
    /// Facility times eight plus severity.
    pub(super) priority: Option<u8>,
    /// The time as it stands, not yet a moment: a payload may know better.
    pub(super) stamp: Option<Stamp<'a>>,
    /// The moment, once known.
    pub(super) when: When<'a>,
    /// Neither priority nor time was there.
    pub(super) is_bare: bool,
    pub(super) hostname: Option<&'a str>,
    /// Program (TAG, APP-NAME), without a module in parentheses.
    pub(super) program: Option<&'a str>,
    /// `pam_unix` in `sshd(pam_unix)[1]:`.
    pub(super) module: Option<&'a str>,
    pub(super) pid: Option<&'a str>,
    pub(super) msgid: Option<&'a str>,
    /// Level that VMware writes where others write the host.
    pub(super) level: Option<&'a str>,
    /// Everything behind time and host.
    pub(super) content: &'a str,
    /// Everything behind the program.
    pub(super) message: &'a str,
}

/// How the start of a line looks, for sniffing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `<PRI>`.
    Priority,
    /// A time, a host and a program; or a BSD time.
    Dated,
    /// Nothing of syslog.
    Other,
}

/// How a line starts.
pub(super) fn shape(line: &str) -> Shape {
    if priority(line).is_some() {
        return Shape::Priority;
    }
    if let Some((_, rest)) = bsd(line) {
        return if rest.starts_with([' ', ':']) { Shape::Dated } else { Shape::Other };
    }
    let Some((_, rest)) = iso(line) else { return Shape::Other };
    let mut header = Header::default();
    let Some(rest) = rest.strip_prefix(' ') else { return Shape::Other };
    host_and_tag(rest, &mut header);
    let named = header.program.is_some() && (header.hostname.is_some() || header.level.is_some());
    if named { Shape::Dated } else { Shape::Other }
}

/// Reads the header; SD parameters become fields of `list`.
pub(super) fn read<'a>(text: &'a str, list: &mut FieldList<'a>) -> Header<'a> {
    let mut header = Header::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    if let Some((value, after)) = priority(text) {
        header.priority = u8::try_from(value).ok().filter(|value| *value <= 191);
        if header.priority.is_none() {
            list.anomaly(BAD_PRIORITY);
        }
        rest = after;
        if let Some(after) = after.strip_prefix("1 ") {
            rfc5424(after, list, &mut header);
            return header;
        }
    }
    rfc3164(rest, &mut header);
    header
}

/// Names of facility and severity.
pub(super) fn priority_names(priority: u8) -> (Option<&'static str>, Option<&'static str>) {
    let name = |names: &'static [&'static str], at: u8| names.get(usize::from(at)).copied();
    (name(&FACILITIES, priority / 8), name(&SEVERITIES, priority % 8))
}

/// `<13>` in front, and what follows it.
fn priority(text: &str) -> Option<(u16, &str)> {
    let (number, rest) = digits(text.strip_prefix('<')?, 1, 3)?;
    Some((number.parse().ok()?, rest.strip_prefix('>')?))
}

/// `TIMESTAMP HOST APP PROCID MSGID SD MSG` (RFC 5424 section 6), behind the version.
fn rfc5424<'a>(text: &'a str, list: &mut FieldList<'a>, header: &mut Header<'a>) {
    let mut rest = text;
    let mut next = || {
        let (value, after) = word(rest);
        rest = after;
        Some(value).filter(|value| !matches!(*value, "-" | ""))
    };
    let (time, hostname, program, pid, msgid) = (next(), next(), next(), next(), next());
    (header.hostname, header.program, header.pid, header.msgid) = (hostname, program, pid, msgid);
    header.stamp = time.and_then(iso).filter(|(_, rest)| rest.is_empty()).map(|(stamp, _)| stamp);
    let message = match structured::read(rest, list) {
        Some(after) => after,
        None if rest.is_empty() => {
            list.anomaly(SHORT_HEADER);
            rest
        }
        None => {
            list.anomaly(BAD_STRUCTURED_DATA);
            rest
        }
    };
    let message = message.strip_prefix(' ').unwrap_or(message);
    header.message = message.strip_prefix('\u{feff}').unwrap_or(message);
    header.content = header.message;
}

/// Time, host and tag as RFC 3164 observed them; each may be missing.
fn rfc3164<'a>(text: &'a str, header: &mut Header<'a>) {
    let stamped: Option<(Stamp<'a>, &'a str)> = bsd(text).or_else(|| iso(text));
    let Some((stamp, rest)) = stamped.filter(|(_, rest)| rest.starts_with([' ', ':', '\n']) || rest.is_empty()) else {
        header.content = text;
        header.message = text;
        header.is_bare = header.priority.is_none();
        if !header.is_bare {
            tag(text, header);
        }
        return;
    };
    header.stamp = Some(stamp);
    host_and_tag(rest.strip_prefix(' ').unwrap_or(rest), header);
}

/// `host app[pid]: message`; Cisco leaves the host out or puts blanks around its colon, VMware's own files have a level instead.
fn host_and_tag<'a>(text: &'a str, header: &mut Header<'a>) {
    let (first, rest) = word(text);
    let is_tag = first.ends_with(':') || first.contains('[') || first.starts_with(['%', '{', '<']);
    if is_tag || first.is_empty() {
        header.content = text.trim_start_matches([':', ' ']);
    } else if is_level(first) {
        header.level = Some(first);
        header.content = rest;
    } else {
        header.hostname = Some(first);
        header.content = rest.trim_start_matches(": ");
    }
    header.message = header.content;
    tag(header.content, header);
}

/// Levels of VMware's files: `info`, `In(166)`.
fn is_level(text: &str) -> bool {
    const LEVELS: [&str; 9] = ["info", "warning", "error", "verbose", "debug", "trivia", "panic", "notice", "critical"];
    if LEVELS.contains(&text) {
        return true;
    }
    let Some((name, number)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else { return false };
    name.len() == 2
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
        && digits(number, 1, 3).is_some_and(|(_, rest)| rest.is_empty())
}

/// `app[pid]:` or `app:` in front of the content.
fn tag<'a>(content: &'a str, header: &mut Header<'a>) {
    let Some(end) = content.find(|letter: char| letter.is_ascii_whitespace() || matches!(letter, ':' | '[')) else {
        return;
    };
    let Some((name, rest)) = content.split_at_checked(end) else { return };
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || name.len() > PROGRAM_BYTES_MAX || name.starts_with(['%', '{', '<', '"']) {
        return;
    }
    let (pid, after) = if let Some(inside) = rest.strip_prefix('[') {
        let Some((pid, after)) = process_id(inside) else { return };
        (Some(pid), after)
    } else if let Some(after) = rest.strip_prefix(':') {
        (None, after)
    } else {
        return;
    };
    header.pid = pid;
    header.message = after.strip_prefix(' ').unwrap_or(after);
    header.program = Some(name);
    if let Some((program, module)) = name.strip_suffix(')').and_then(|name| name.split_once('(')) {
        header.program = Some(program);
        header.module = Some(module);
    }
}

/// `123]:` behind the bracket; some programs write brackets within their name: `sssd[be[x]][123]:`.
fn process_id(inside: &str) -> Option<(&str, &str)> {
    let (head, rest) = inside
        .split_once(']')
        .filter(|(head, _)| digits(head, 1, 10).is_some_and(|(_, rest)| rest.is_empty()))
        .or_else(|| inside.split_once("]:"))
        .or_else(|| inside.split_once("] "))?;
    let pid = head.rsplit('[').next().unwrap_or(head);
    if pid.len() > PROGRAM_BYTES_MAX || head.contains('\n') {
        return None;
    }
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    Some((pid, if rest.starts_with(' ') { rest } else { rest.trim_start_matches(']') }))
}
