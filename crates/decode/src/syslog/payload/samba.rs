//! Samba's `vfs_full_audit` (program `smbd_audit` or `smbd`): `prefix|operation|result|arguments`, with the prefix `%u|%I|%m|%S`.
//!
//! Fields: `user`, `src_ip`, `machine`, `share`, `operation`, `result` (`ok`, `fail (reason)`), `outcome`, `path` and for operations with two paths `new_path`.
//! The shorter prefix `%u|%I` is read too (then no `machine` and no `share`). What stands between result and path (flags, access mask, `file`) is `args`.

use std::net::IpAddr;

use crate::syslog::list::FieldList;

/// Most parts of a message.
const PARTS_MAX: usize = 16;
/// Operations whose last two arguments are the old and the new path.
const TWO_PATHS: [&str; 6] = ["rename", "renameat", "link", "linkat", "symlink", "symlinkat"];

/// Reads a message; one of another kind adds nothing and gives false.
pub(super) fn read<'a>(message: &'a str, list: &mut FieldList<'a>) -> bool {
    let mut parts = [""; PARTS_MAX];
    let mut count = 0;
    for (slot, part) in parts.iter_mut().zip(message.splitn(PARTS_MAX, '|')) {
        *slot = part;
        count += 1;
    }
    let parts = parts.get(..count).unwrap_or_default();
    let Some(at) = parts.iter().position(|part| *part == "ok" || part.starts_with("fail")) else { return false };
    let (before, after) = parts.split_at_checked(at).unwrap_or_default();
    let Some((operation, prefix)) = before.split_last() else { return false };
    let Some((result, arguments)) = after.split_first() else { return false };
    let names: &[&str] = if prefix.len() >= 4 { &["user", "src_ip", "machine", "share"] } else { &["user", "src_ip"] };
    for (name, value) in names.iter().zip(prefix) {
        let is_name = *name == "src_ip" && value.parse::<IpAddr>().is_err();
        list.text(if is_name { "src_host" } else { name }, value);
    }
    list.text("operation", operation);
    list.text("result", result);
    list.text("outcome", if *result == "ok" { "success" } else { "failure" });
    let (args, paths) = arguments
        .split_at_checked(arguments.len().saturating_sub(if TWO_PATHS.contains(operation) { 2 } else { 1 }))
        .unwrap_or_default();
    for value in args {
        list.text("args", value);
    }
    for (name, value) in ["path", "new_path"].iter().zip(paths) {
        list.text(name, value);
    }
    true
}
