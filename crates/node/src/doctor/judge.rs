//! From facts to words.

use super::{Check, Facts, Live, PortState, Secret, Verdict};

/// Less free disk than this is a reason to act, bytes: a few minutes of a busy intake.
const FREE_ACT_BYTES: u64 = 1 << 30;
/// Less free disk than this is a reason to look, bytes.
const FREE_LOOK_BYTES: u64 = 10 << 30;
/// A file that is newer than the clock by more than this says that the clock went back, microseconds.
const CLOCK_SLACK_US: i64 = 60 * 1_000_000;
/// A sink that is behind by more than this is a reason to look, bytes of the log.
const BEHIND_LOOK_BYTES: u64 = 256 << 20;
/// A sink that is behind by more than this is a reason to act, bytes of the log.
const BEHIND_ACT_BYTES: u64 = 2 << 30;
/// Bits that let others than the owner in.
const OTHERS: u32 = 0o077;

/// Everything that was looked at, in a fixed order.
#[must_use]
pub fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![disk(facts), permissions(facts), clock(facts), version(facts)];
    checks.extend(facts.secrets.iter().map(secret));
    checks.push(ports(facts));
    match &facts.live {
        Some(live) => checks.extend([sources(live), losses(live), sinks(live), messages(live), settings(live)]),
        None if facts.is_running => {
            checks.push(well("node", "one runs; what it says of its sources and losses stands on its status page"))
        }
        None => checks.push(check("node", Verdict::Look, "none runs on this folder", "start it with `cordon serve`")),
    }
    checks
}

fn check(name: &'static str, verdict: Verdict, says: impl Into<String>, advice: impl Into<String>) -> Check {
    Check { name, verdict, says: says.into(), advice: advice.into() }
}

fn well(name: &'static str, says: impl Into<String>) -> Check {
    check(name, Verdict::Well, says, "")
}

fn disk(facts: &Facts) -> Check {
    let Some(free) = facts.disk_free_bytes else {
        return check("disk", Verdict::Look, "how much room the disk has cannot be read", "look at it with `df`");
    };
    let says = format!("{} free for {}", size(free), facts.data_dir);
    if free < FREE_ACT_BYTES {
        let advice =
            "make room now, or lower retention.bytes_max: the node removes the oldest data and senders begin to wait";
        return check("disk", Verdict::Act, says, advice);
    }
    if free < FREE_LOOK_BYTES {
        return check("disk", Verdict::Look, says, "make room, or lower retention.bytes_max");
    }
    well("disk", says)
}

/// A number of bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes >> 10),
        1_048_576..10_737_418_240 => format!("{} MiB", bytes >> 20),
        _ => format!("{} GiB", bytes >> 30),
    }
}

fn permissions(facts: &Facts) -> Check {
    let dir = &facts.data_dir;
    match facts.dir_mode {
        None => check("permissions", Verdict::Look, format!("{dir} is not there yet"), "the first start makes it"),
        Some(_) if !facts.is_writable => {
            let advice = format!("give {dir} to the user that runs the node, or mount it for writing");
            check("permissions", Verdict::Act, format!("{dir} cannot be written"), advice)
        }
        Some(mode) if mode & OTHERS != 0 => {
            check("permissions", Verdict::Look, format!("others may look into {dir}"), format!("chmod 0700 {dir}"))
        }
        Some(_) => well("permissions", format!("{dir} can be written and is closed to others")),
    }
}

fn clock(facts: &Facts) -> Check {
    if facts.newest.is_some_and(|newest| newest.0 > facts.now.0.saturating_add(CLOCK_SLACK_US)) {
        let says = "the clock stands before the last change of the data: it went back, or stood ahead before";
        return check(
            "clock",
            Verdict::Act,
            says,
            "set it right and keep it right with NTP; times of receipt are wrong meanwhile",
        );
    }
    match facts.is_clock_synchronised {
        Some(false) => {
            check("clock", Verdict::Look, "nothing keeps the clock right", "turn NTP on: `timedatectl set-ntp true`")
        }
        Some(true) => well("clock", "the clock is kept right by NTP"),
        None => well("clock", "the clock does not contradict the data"),
    }
}

fn version(facts: &Facts) -> Check {
    match &facts.version_error {
        Some(error) => {
            check("version", Verdict::Act, error.clone(), "nothing was touched; see `docs/running.md`, upgrade")
        }
        None => well("version", format!("the store is for this binary, {}", env!("CARGO_PKG_VERSION"))),
    }
}

fn secret(secret: &Secret) -> Check {
    let Secret { path, what, mode, is_named } = secret;
    match mode {
        None if *is_named => check(
            "key",
            Verdict::Act,
            format!("{path}, {what}, cannot be read"),
            "put it back from its safe copy, or correct the setting",
        ),
        None => well("key", format!("{path}, {what}, is made at the first start")),
        Some(mode) if mode & OTHERS != 0 => {
            check("key", Verdict::Act, format!("others can read {path}, {what}"), format!("chmod 0600 {path}"))
        }
        Some(_) => well("key", format!("{path}, {what}, is readable for its owner alone")),
    }
}

fn ports(facts: &Facts) -> Check {
    let is_running = facts.is_running || facts.live.is_some();
    let mut faults = Vec::new();
    for port in &facts.ports {
        let (key, address) = (port.key, port.address);
        match port.state {
            PortState::Free if is_running => {
                faults.push(format!("{address} ({key}) is not listened on by the running node"))
            }
            PortState::Taken if !is_running => faults.push(format!("{address} ({key}) is taken by another program")),
            PortState::Forbidden => faults.push(format!("{address} ({key}) needs the right CAP_NET_BIND_SERVICE")),
            PortState::NotHere => faults.push(format!("{address} ({key}) is no address of this machine")),
            PortState::Free | PortState::Taken => {}
        }
    }
    if faults.is_empty() {
        return well("ports", format!("{} addresses as they should be", facts.ports.len()));
    }
    check("ports", Verdict::Act, faults.join("; "), "correct the setting, or end the other program")
}

fn sources(live: &Live) -> Check {
    if live.silent.is_empty() {
        return well("sources", "no source is silent for longer than it may be");
    }
    let says = format!("silent for longer than they may be: {}", live.silent.join(", "));
    check("sources", Verdict::Act, says, "look at the sender and the way to here: what happens there is not seen")
}

fn losses(live: &Live) -> Check {
    if live.losses.is_empty() {
        return well("losses", "nothing that arrived was lost since the start");
    }
    let each = live.losses.iter().map(|(source, reason, count)| format!("{source}: {count} ({reason})"));
    let says = format!("not kept since the start: {}", each.collect::<Vec<_>>().join(", "));
    check("losses", Verdict::Act, says, "see `docs/running.md`, what each alarm means")
}

fn sinks(live: &Live) -> Check {
    let worst = live.sinks.iter().max_by_key(|(_, behind)| *behind);
    let Some((name, behind)) = worst.filter(|(_, behind)| *behind > BEHIND_LOOK_BYTES) else {
        return well("sinks", "everything that was received is judged and kept");
    };
    let says = format!("{name} is {} of the log behind", size(*behind));
    let verdict = if *behind > BEHIND_ACT_BYTES { Verdict::Act } else { Verdict::Look };
    check(
        "sinks",
        verdict,
        says,
        "more arrives than the machine can judge, or its disk is slow; nothing is lost, senders will wait",
    )
}

fn messages(live: &Live) -> Check {
    match &live.messages {
        Some(detail) => check(
            "messages",
            Verdict::Act,
            detail.clone(),
            "press the test button of the group, and look at the dead letters",
        ),
        None => well("messages", "people are told"),
    }
}

fn settings(live: &Live) -> Check {
    if live.version != env!("CARGO_PKG_VERSION") {
        let says = format!("the running node is {}, this binary {}", live.version, env!("CARGO_PKG_VERSION"));
        return check("settings", Verdict::Look, says, "restart the node: `systemctl restart cordon`");
    }
    if live.waiting.is_empty() {
        return well("settings", "the settings in force are those of the file");
    }
    let says = format!("changed and not in force: {}", live.waiting.join(", "));
    check("settings", Verdict::Look, says, "restart the node: `systemctl restart cordon`")
}
