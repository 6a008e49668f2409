//! iptables and nftables lines of the kernel log: `prefix IN=eth0 OUT= MAC=... SRC=192.0.2.1 DST=198.51.100.2 LEN=60 ... PROTO=TCP SPT=51000 DPT=22 SYN`.
//!
//! Fields in the kernel's names and, for rules on category `firewall`, `src_ip`, `dst_ip`, `src_port`, `dst_port`; what stands before `IN=` is `log_prefix`.
//! Whether the packet was dropped is known only to who chose the prefix: `action` is set where it names a verdict.

use super::Payload;
use crate::syslog::list::FieldList;
use crate::syslog::scan::Pairs;

/// Whether a kernel message is a packet.
pub(super) fn is_packet(message: &str) -> bool {
    message.contains("IN=") && message.contains(" SRC=") && message.contains(" DST=") && message.contains(" PROTO=")
}

/// Reads the packet.
pub(super) fn read<'a>(message: &'a str, list: &mut FieldList<'a>) -> Payload<'a> {
    let (prefix, pairs) = message.find("IN=").and_then(|at| message.split_at_checked(at)).unwrap_or(("", message));
    let prefix = match prefix.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((uptime, rest)) if uptime.trim().parse::<f64>().is_ok() => rest.trim(),
        _ => prefix.trim(),
    };
    if !prefix.is_empty() {
        list.text("log_prefix", prefix);
    }
    for pair in Pairs::new(pairs).filter(|pair| !pair.value.is_empty()) {
        list.text(pair.key, pair.value);
        let common = match pair.key {
            "SRC" => "src_ip",
            "DST" => "dst_ip",
            "SPT" => "src_port",
            "DPT" => "dst_port",
            "PROTO" => "protocol",
            _ => continue,
        };
        list.text(common, pair.value);
    }
    list.some("action", verdict(list.lower(prefix)));
    Payload { kind: "syslog_content", key: "netfilter", id: None }
}

fn verdict(prefix: &str) -> Option<&'static str> {
    const DENY: [&str; 5] = ["drop", "block", "deny", "denied", "reject"];
    const ACCEPT: [&str; 2] = ["accept", "allow"];
    if DENY.iter().any(|word| prefix.contains(word)) {
        return Some("deny");
    }
    ACCEPT.iter().any(|word| prefix.contains(word)).then_some("accept")
}
