//! sudo: `alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/sh`. Fields in sudo's own names (SigmaHQ's rules use `USER`) and in the common ones.

use crate::syslog::list::FieldList;

/// Most parts before the command.
const PARTS_MAX: usize = 32;

/// Reads a line of sudo; a line of another kind adds nothing.
pub(super) fn read<'a>(message: &'a str, list: &mut FieldList<'a>) {
    let Some((user, mut rest)) = message.trim_start().split_once(" : ") else { return };
    list.text("user", user);
    let mut outcome = "success";
    for _ in 0..PARTS_MAX {
        let (part, after) =
            if rest.starts_with("COMMAND=") { (rest, "") } else { rest.split_once(" ; ").unwrap_or((rest, "")) };
        let Some((name, value)) =
            part.split_once('=').filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase()))
        else {
            // A complaint stands where the first assignment would: `3 incorrect password attempts`, `user NOT in sudoers`.
            list.text("reason", part);
            outcome = "failure";
            rest = after;
            if rest.is_empty() {
                break;
            }
            continue;
        };
        list.text(name, value);
        list.some(common_name(name), Some(value));
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    list.text("outcome", outcome);
}

/// The common name of one of sudo's.
fn common_name(name: &str) -> &'static str {
    match name {
        "TTY" => "tty",
        "PWD" => "pwd",
        "USER" => "target_user",
        "GROUP" => "target_group",
        "COMMAND" => "command",
        "HOST" => "host",
        _ => "env",
    }
}
