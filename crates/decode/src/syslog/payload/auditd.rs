//! Linux audit events (`type=SYSCALL msg=audit(1735787045.678:1234): ...`), alone in audit.log or inside syslog, several lines of one serial together.
//!
//! One event is one record: every line's `type` and every `key=value` is a field, so names repeat. Values that the kernel writes in hex because a user could choose
//! them (linux/audit.h, `audit_log_untrustedstring`) are decoded: arguments, paths, program titles. What auditd adds behind 0x1D (log_format = ENRICHED) are
//! fields too; where it is missing, `SYSCALL` comes from the number for x86-64 and 64-bit Arm. `(null)` is null. An argument cut into `a1[0]`, `a1[1]` is joined.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bumpalo::collections::{String, Vec};
use cordon_model::{Time, Value, When};

use super::{Payload, auditd_common};
use crate::syslog::anomaly::AUDIT_EVENT_TOO_LONG;
use crate::syslog::frame::JOINED_LINES_MAX;
use crate::syslog::header::Header;
use crate::syslog::list::FieldList;
use crate::syslog::scan::{Pair, Pairs};

/// Keys whose bare value is hex (auditd's field dictionary, type "encoded").
const ENCODED: [&str; 20] = [
    "acct",
    "cmd",
    "comm",
    "cwd",
    "data",
    "device",
    "dir",
    "exe",
    "file",
    "grp",
    "key",
    "name",
    "new-disk",
    "ocomm",
    "old-disk",
    "path",
    "proctitle",
    "root_dir",
    "vm",
    "watch",
];

/// Names of record types that the kernel log writes as numbers (linux/audit.h).
const TYPES: [(&str, &str); 24] = [
    ("1100", "USER_AUTH"),
    ("1101", "USER_ACCT"),
    ("1105", "USER_START"),
    ("1106", "USER_END"),
    ("1107", "USER_AVC"),
    ("1112", "USER_LOGIN"),
    ("1123", "USER_CMD"),
    ("1130", "SERVICE_START"),
    ("1131", "SERVICE_STOP"),
    ("1300", "SYSCALL"),
    ("1302", "PATH"),
    ("1303", "IPC"),
    ("1304", "SOCKETCALL"),
    ("1305", "CONFIG_CHANGE"),
    ("1306", "SOCKADDR"),
    ("1307", "CWD"),
    ("1309", "EXECVE"),
    ("1320", "EOE"),
    ("1325", "NETFILTER_CFG"),
    ("1326", "SECCOMP"),
    ("1327", "PROCTITLE"),
    ("1334", "BPF"),
    ("1400", "AVC"),
    ("1701", "ANOM_ABEND"),
];

/// Whether a text starts like an audit line.
pub(super) fn is_event(text: &str) -> bool {
    let Some((_, typed)) = body(text) else { return false };
    let name = typed.split(' ').next().unwrap_or_default();
    !name.is_empty()
        && typed.strip_prefix(name).is_some_and(|rest| rest.starts_with(" msg=audit(") || rest.starts_with(" audit("))
}

/// The node and what follows `type=`, when that stands in front (behind `node=x ` or `audit: `).
fn body(text: &str) -> Option<(Option<&str>, &str)> {
    let text = text.trim_start();
    let (node, text) = match text.strip_prefix("node=").and_then(|rest| rest.split_once(' ')) {
        Some((node, rest)) => (Some(node), rest),
        None => (None, text),
    };
    let text = text.strip_prefix("audit: ").or_else(|| text.strip_prefix("audispd: ")).unwrap_or(text);
    Some((node, text.strip_prefix("type=")?))
}

/// Reads an event; `unit` holds all its lines, each with its syslog header if there is one.
pub(super) fn read<'a>(header: &mut Header<'a>, unit: &'a str, list: &mut FieldList<'a>) -> Payload<'a> {
    let start = list.len();
    let mut stamped = false;
    for line in unit.lines().take(JOINED_LINES_MAX + 1) {
        let Some(start) = line.find("type=") else { continue };
        let Some((before, rest)) = line.split_at_checked(start) else { continue };
        let Some((kind, rest)) = rest.strip_prefix("type=").and_then(|rest| rest.split_once(' ')) else { continue };
        let rest = rest.strip_prefix("msg=").unwrap_or(rest);
        let Some((stamp, rest)) = rest.strip_prefix("audit(").and_then(|rest| rest.split_once(')')) else { continue };
        if !stamped {
            stamped = true;
            event_head(before, stamp, header, list);
        }
        record_line(type_name(kind), rest.strip_prefix(':').unwrap_or(rest), list);
    }
    if unit.lines().count() >= JOINED_LINES_MAX {
        list.anomaly(AUDIT_EVENT_TOO_LONG);
    }
    Payload { kind: "audit_kind", key: auditd_common::add(start, list), id: None }
}

/// Time, serial and node of the event, once.
fn event_head<'a>(before: &'a str, stamp: &'a str, header: &mut Header<'a>, list: &mut FieldList<'a>) {
    let (seconds, serial) = stamp.split_once(':').unwrap_or((stamp, ""));
    if let Some(time) = epoch(seconds) {
        header.when = When::Known(time);
    }
    list.text("serial", serial);
    let node = before.split_once("node=").map(|(_, rest)| rest.trim_end());
    if let Some(node) = node {
        list.text("node", node);
        if header.hostname.is_none() {
            list.text("hostname", node);
        }
    }
}

/// Seconds since 1970 with up to six decimals.
pub(super) fn epoch(text: &str) -> Option<Time> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = fraction.get(..6).unwrap_or(fraction);
    let scale = 10_i64.checked_pow(6_u32.checked_sub(u32::try_from(digits.len()).ok()?)?)?;
    let micros = digits.parse::<u32>().ok().map(i64::from)?.checked_mul(scale)?;
    Some(Time(seconds.parse::<u32>().ok().map(i64::from)?.checked_mul(1_000_000)?.checked_add(micros)?))
}

fn type_name(kind: &str) -> &str {
    let known = TYPES.iter().find(|(number, _)| *number == kind);
    known.map_or(kind, |(_, name)| name)
}

/// The pairs of one line.
fn record_line<'a>(kind: &'a str, text: &'a str, list: &mut FieldList<'a>) {
    list.text("type", kind);
    let mut argument: Option<(&'a str, String<'a>)> = None;
    let mut numbers = Numbers::default();
    for pair in Pairs::new(text) {
        if let Some((name, index)) = pair.key.strip_suffix(']').and_then(|key| key.split_once('[')) {
            let part = decoded(pair, true, list);
            match &mut argument {
                Some((known, text)) if *known == name && index != "0" => text.push_str(part.unwrap_or_default()),
                _ => {
                    flush(&mut argument, list);
                    argument = Some((name, String::from_str_in(part.unwrap_or_default(), list.arena)));
                }
            }
            continue;
        }
        flush(&mut argument, list);
        numbers.note(&pair);
        one_pair(kind, pair, list);
    }
    flush(&mut argument, list);
    if kind == "SYSCALL" {
        list.some("SYSCALL", numbers.name());
    }
}

fn flush<'a>(argument: &mut Option<(&'a str, String<'a>)>, list: &mut FieldList<'a>) {
    if let Some((name, text)) = argument.take() {
        list.text(name, text.into_bump_str());
    }
}

fn one_pair<'a>(kind: &str, pair: Pair<'a>, list: &mut FieldList<'a>) {
    let nested = pair.key == "msg" && pair.quote == Some('\'') || pair.quote == Some('{');
    if nested {
        for inner in Pairs::new(pair.value) {
            one_pair(kind, inner, list);
        }
        return;
    }
    if pair.quote.is_none() && matches!(pair.value, "(null)" | "?" | "(none)") {
        list.push(pair.key, if pair.value == "?" { Value::Text("?") } else { Value::Null });
        return;
    }
    let is_argument = kind == "EXECVE"
        && pair
            .key
            .strip_prefix('a')
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    let value = decoded(pair, is_argument || ENCODED.contains(&pair.key), list).unwrap_or(pair.value);
    list.text(pair.key, value);
}

/// The value in clear: hex where the key is encoded and the value bare.
fn decoded<'a>(pair: Pair<'a>, encoded: bool, list: &FieldList<'a>) -> Option<&'a str> {
    if pair.quote.is_some() || !encoded {
        return Some(pair.value);
    }
    let bytes = pair.value.as_bytes();
    let is_hex = bytes.len() >= 2
        && bytes.len().is_multiple_of(2)
        && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    if !is_hex {
        return Some(pair.value);
    }
    let mut clear = Vec::with_capacity_in(bytes.len() / 2, list.arena);
    for two in bytes.chunks_exact(2) {
        let digit = |at: usize| two.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        // The kernel joins the words of a title with NUL and several keys with 0x01.
        clear.push(if byte == 0 && pair.key == "proctitle" || byte == 1 && pair.key == "key" { b' ' } else { byte });
    }
    Some(String::from_utf8_lossy_in(clear.into_bump_slice(), list.arena).into_bump_str())
}

/// Architecture and number of a system call.
#[derive(Default)]
struct Numbers<'a> {
    arch: &'a str,
    syscall: &'a str,
    named: bool,
}

/// Numbers and names, from the kernel's tables (asm/unistd_64.h, asm-generic/unistd.h).
const SYSCALLS: &str = include_str!("../../../data/syslog/syscalls.tsv");

type Names = BTreeMap<&'static str, &'static str>;

/// Names by number for x86-64 and for 64-bit Arm.
static SYSCALL_NAMES: LazyLock<(Names, Names)> = LazyLock::new(|| {
    let mut names = (Names::new(), Names::new());
    for line in SYSCALLS.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        if let (Some(intel), Some(arm), Some(name)) = (columns.next(), columns.next(), columns.next()) {
            names.0.insert(intel, name);
            names.1.insert(arm, name);
        }
    }
    names
});

impl<'a> Numbers<'a> {
    fn note(&mut self, pair: &Pair<'a>) {
        match pair.key {
            "arch" => self.arch = pair.value,
            "syscall" => self.syscall = pair.value,
            "SYSCALL" => self.named = true,
            _ => {}
        }
    }

    /// The name, when auditd did not give it.
    fn name(&self) -> Option<&'static str> {
        if self.named || self.syscall.is_empty() {
            return None;
        }
        let numbers = match self.arch {
            "c000003e" | "x86_64" => &SYSCALL_NAMES.0,
            "c00000b7" | "aarch64" => &SYSCALL_NAMES.1,
            _ => return None,
        };
        numbers.get(self.syscall).copied()
    }
}
