//! What an audit event says in the names that rules on `process_creation`, `file_event` and `network_connection` use (those of Sysmon for Linux).
//!
//! Added behind auditd's own fields, of one event: an EXECVE gives `Image`, `CommandLine` (its arguments with blanks between), `CurrentDirectory`, `ProcessId`,
//! `ParentProcessId` and `User`; a PATH that was created `TargetFilename`; a connect `DestinationIp`, `DestinationPort` and `Initiated`. The parent's image is not
//! in the event, so `ParentImage` is absent and rules on it cannot match.

use std::net::{Ipv4Addr, Ipv6Addr};

use bumpalo::collections::String;
use cordon_model::{Field, Value};

use crate::syslog::list::FieldList;

/// What an event is; key of the log source table under `audit_kind`.
pub(super) const ANY: &str = "any";
const EXEC: &str = "exec";
const CONNECT: &str = "connect";
const CREATE: &str = "create";

/// Longest command line that is put together, in bytes; Linux allows 128 KiB for one argument.
const COMMAND_BYTES_MAX: usize = 256 << 10;

/// Texts of the event, from the first field on.
struct Event<'l, 'a>(&'l [Field<'a>]);

impl<'a> Event<'_, 'a> {
    fn first(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|field| field.name == name).and_then(text)
    }

    /// The fields of each line of one type.
    fn lines(&self, kind: &'static str) -> impl Iterator<Item = Self> {
        let starts = self.0.iter().enumerate().filter(move |(_, field)| is(field, "type", kind));
        starts.filter_map(|(at, _)| {
            let rest = self.0.get(at + 1..)?;
            let end = rest.iter().position(|field| field.name == "type").unwrap_or(rest.len());
            rest.get(..end).map(Event)
        })
    }
}

fn text<'a>(field: &Field<'a>) -> Option<&'a str> {
    if let Value::Text(text) = field.value { Some(text) } else { None }
}

fn is(field: &Field<'_>, name: &str, value: &str) -> bool {
    field.name == name && text(field) == Some(value)
}

/// Adds the common names for the event whose fields stand from `start` on, and says what it is.
pub(super) fn add<'a>(start: usize, list: &mut FieldList<'a>) -> &'static str {
    let event = Event(list.since(start));
    let (image, directory) = (event.first("exe"), event.first("cwd"));
    let (pid, parent) = (event.first("pid"), event.first("ppid"));
    let user = event.first("UID").or_else(|| event.first("uid"));
    let command = event.lines("EXECVE").next().map(|line| command_line(&line, list));
    let target = created(&event, directory, list);
    let destination = if event.first("SYSCALL") == Some("connect") { destination(&event, list) } else { None };
    let kind = match (command, destination, target) {
        (Some(_), _, _) => EXEC,
        (_, Some(_), _) => CONNECT,
        (_, _, Some(_)) => CREATE,
        _ => return ANY,
    };
    list.some("Image", image);
    list.some("CommandLine", command);
    list.some("CurrentDirectory", directory);
    list.some("ProcessId", pid);
    list.some("ParentProcessId", parent);
    list.some("User", user);
    list.some("TargetFilename", target);
    if let Some((address, port)) = destination {
        list.text("DestinationIp", address);
        list.text("DestinationPort", port);
        list.text("Initiated", "true");
    }
    kind
}

/// The arguments of an EXECVE line with blanks between them.
fn command_line<'a>(line: &Event<'_, 'a>, list: &FieldList<'a>) -> &'a str {
    let mut command = String::new_in(list.arena);
    for field in line.0 {
        let is_argument = field.name.strip_prefix('a').is_some_and(|rest| rest.parse::<u32>().is_ok());
        let Some(argument) = text(field).filter(|_| is_argument) else { continue };
        if command.len() + argument.len() > COMMAND_BYTES_MAX {
            break;
        }
        if !command.is_empty() {
            command.push(' ');
        }
        command.push_str(argument);
    }
    command.into_bump_str()
}

/// The path that the event created, made absolute.
fn created<'a>(event: &Event<'_, 'a>, directory: Option<&'a str>, list: &FieldList<'a>) -> Option<&'a str> {
    let line = event.lines("PATH").find(|line| line.0.iter().any(|field| is(field, "nametype", "CREATE")))?;
    let name = line.first("name")?;
    let Some(directory) = directory.filter(|_| !name.starts_with('/')) else { return Some(name) };
    let mut path = String::with_capacity_in(directory.len() + name.len() + 1, list.arena);
    path.push_str(directory.trim_end_matches('/'));
    path.push('/');
    path.push_str(name.strip_prefix("./").unwrap_or(name));
    Some(path.into_bump_str())
}

/// Address and port of a SOCKADDR line: as auditd enriched them, else from the bytes of `struct sockaddr`.
fn destination<'a>(event: &Event<'_, 'a>, list: &FieldList<'a>) -> Option<(&'a str, &'a str)> {
    let line = event.lines("SOCKADDR").next()?;
    if let (Some(address), Some(port)) = (line.first("laddr"), line.first("lport")) {
        return Some((address, port));
    }
    let mut bytes = [0_u8; 24];
    let hex = line.first("saddr")?;
    for (slot, two) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *slot = u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()?;
    }
    let [family, 0, high, low, a, b, c, d, six @ ..] = bytes else { return None };
    let address = match family {
        2 if hex.len() >= 16 => list.arena.alloc_str(&Ipv4Addr::new(a, b, c, d).to_string()),
        10 if hex.len() >= 48 => list.arena.alloc_str(&Ipv6Addr::from(six).to_string()),
        _ => return None,
    };
    Some((address, list.arena.alloc_str(&u16::from_be_bytes([high, low]).to_string())))
}
