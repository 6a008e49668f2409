//! Logins and accounts: sshd, PAM, su, cron, useradd and its like. Their sentences are rows of `data/syslog/auth.tsv`.

use std::net::IpAddr;
use std::sync::LazyLock;

use crate::syslog::list::FieldList;
use crate::syslog::scan::Pairs;
use crate::syslog::template::Templates;

const ROWS: &str = include_str!("../../../data/syslog/auth.tsv");

static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::parse(&[ROWS]).unwrap_or_default());

/// A sentence of `program`.
pub(super) fn prose<'a>(program: &str, message: &'a str, list: &mut FieldList<'a>) {
    let message = unrepeated(message, list);
    if program == "sshd" && pam_failure(message.strip_prefix("PAM ").unwrap_or(message), list) {
        return;
    }
    TEMPLATES.apply(program, message, list);
}

/// `pam_unix(sshd:auth): ...`, or what follows `sshd(pam_unix)[1]:`.
pub(super) fn pam<'a>(message: &'a str, list: &mut FieldList<'a>) {
    let message = unrepeated(message, list);
    let module = message.strip_prefix("pam_").and_then(|_| message.split_once("): "));
    let Some((module, text)) = module else {
        let _known = pam_failure(message, list) || TEMPLATES.apply("pam", message, list);
        return;
    };
    if let Some((module, service)) = module.split_once('(') {
        list.text("pam_module", module);
        let (service, kind) = service.split_once(':').unwrap_or((service, ""));
        list.text("pam_service", service);
        list.some("pam_type", Some(kind).filter(|kind| !kind.is_empty()));
    }
    let _known = pam_failure(text, list) || TEMPLATES.apply("pam", text, list);
}

/// `authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root`, also `2 more authentication failures; ...`.
fn pam_failure<'a>(message: &'a str, list: &mut FieldList<'a>) -> bool {
    let Some((what, pairs)) = message.split_once("; ").filter(|(what, _)| what.contains("authentication failure"))
    else {
        return false;
    };
    let count = what.split_once(" more ").map(|(count, _)| count);
    for pair in Pairs::new(pairs).filter(|pair| !pair.value.is_empty()) {
        match pair.key {
            "rhost" => {
                list.text("rhost", pair.value);
                let name = if pair.value.parse::<IpAddr>().is_ok() { "src_ip" } else { "src_host" };
                list.text(name, pair.value);
            }
            "logname" | "uid" | "euid" | "tty" | "ruser" | "user" => list.text(pair.key, pair.value),
            _ => {}
        }
    }
    list.some("count", count);
    list.text("action", "login");
    list.text("outcome", "failure");
    true
}

/// The message inside `message repeated 5 times: [ ...]` of rsyslog.
fn unrepeated<'a>(message: &'a str, list: &mut FieldList<'a>) -> &'a str {
    let inside = message.strip_prefix("message repeated ").and_then(|rest| rest.split_once(" times: ["));
    let Some((count, inside)) = inside else { return message };
    list.text("count", count);
    let inside = inside.trim_start_matches(' ');
    inside.strip_suffix(']').unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_sound() {
        Templates::parse(&[ROWS]).unwrap();
    }
}
