//! VMware ESXi and vCenter: hostd, vobd, vpxd, vpxa, the shell, and their kin. Sentences are rows of `data/syslog/esxi.tsv`.
//!
//! `[Originator@6876 sub=Vimsvc opID=1 user=root]` gives `sub`, `opID` and `session_user`; `[esx.audit.ssh.session.opened]` of vobd and
//! `[vim.event.UserLoginSessionEvent]` of vpxd give `event_type`.

use std::sync::LazyLock;

use crate::syslog::list::FieldList;
use crate::syslog::scan::Pairs;
use crate::syslog::template::Templates;

const ROWS: &str = include_str!("../../../data/syslog/esxi.tsv");

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::parse(&[ROWS]).unwrap_or_default());

/// Programs of VMware's hosts that no other system has.
const PROGRAMS: [&str; 16] = [
    "hostd",
    "vobd",
    "vpxa",
    "vpxd",
    "vmkernel",
    "vmkwarning",
    "rhttpproxy",
    "fdm",
    "vsansystem",
    "hostd-probe",
    "esxupdate",
    "vmauthd",
    "vcenter-server",
    "esxshell",
    "dcui",
    "shell",
];

/// Whether a program (in lower case) is VMware's.
pub(super) fn is_program(name: &str) -> bool {
    PROGRAMS.contains(&name)
}

/// Reads a message of one of the programs.
pub(super) fn read<'a>(program: &str, message: &'a str, list: &mut FieldList<'a>) {
    if matches!(program, "shell" | "esxshell") {
        TEMPLATES.apply("shell", message, list);
        return;
    }
    let text = originator(message, list);
    let text = vob_event(text, list);
    let text = numbered_event(text, list);
    TEMPLATES.apply("event", text.trim_start(), list);
}

/// What follows `[Originator@6876 ...]`; its pairs become fields.
fn originator<'a>(message: &'a str, list: &mut FieldList<'a>) -> &'a str {
    let inside = message.split_once("[Originator@").and_then(|(_, rest)| rest.split_once(']'));
    let Some((inside, rest)) = inside else { return message };
    for pair in Pairs::new(inside) {
        match pair.key {
            "sub" | "opID" => list.text(pair.key, pair.value),
            "user" => list.text("session_user", pair.value),
            _ => {}
        }
    }
    rest.trim_start()
}

/// What follows `[esx.audit.ssh.session.opened]`.
fn vob_event<'a>(text: &'a str, list: &mut FieldList<'a>) -> &'a str {
    let found = ["[esx.", "[vob.", "[vprob.", "[com.vmware."].iter().find_map(|start| text.find(start));
    let Some((_, marked)) = found.and_then(|at| text.split_at_checked(at)) else { return text };
    let Some((name, rest)) = marked.strip_prefix('[').and_then(|rest| rest.split_once(']')) else { return text };
    list.text("event_type", name);
    rest.trim_start()
}

/// What follows `Event 123 : ` of hostd, or the last bracket of vpxd's event line.
fn numbered_event<'a>(text: &'a str, list: &mut FieldList<'a>) -> &'a str {
    let known = list.len();
    if !TEMPLATES.apply("number", text, list) {
        return text;
    }
    list.text_behind(known, "description").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_sound() {
        Templates::parse(&[ROWS]).unwrap();
    }
}
