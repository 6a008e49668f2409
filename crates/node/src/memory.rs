//! What the memory of a node is shared among. One setting, `memory`, says how much there is; what grows with intake or with searches has its bound from here.
//!
//! Comes in: the settings, and what service manager, container or machine allow. Goes out: bounds in bytes. Knows nothing of the parts that keep to them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Config;

/// Kept for what is there whatever arrives: the program, rules, state, connections, batches between threads.
const FIXED_BYTES: u64 = 288 << 20;
/// The least that is shared out, however little there is.
pub(crate) const MEMORY_BYTES_MIN: u64 = 512 << 20;
/// The most that a node takes when nobody said how much.
const UNASKED_BYTES_MAX: u64 = 2 << 30;
/// What is not fixed is divided into so many parts. They are not all given out: some things are there twice for a moment, and an allocator holds more than it has given.
const PARTS: u64 = 32;
/// A body over HTTP that is read as a whole may take one part in so many of the room of all bodies: it is there compressed, expanded and as records.
const BODY_PART: u64 = 3;
/// A batch of the street is one part in so many of the memory: the larger, the fewer commits.
const BATCHES: u64 = 1_024;
const MEBIBYTE: u64 = 1 << 20;

/// How much each part of a node may hold, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// All of it.
    pub memory: u64,
    /// Deliveries that wait for the log, and in it for the disk.
    pub queue: u64,
    /// Bodies of HTTP requests, all together.
    pub bodies: u64,
    /// One body that is read as a whole.
    pub body: u64,
    /// Events of the tables that are in memory alone: from here on they are written to files.
    pub flush: u64,
    /// The most of them; the street waits beyond. Encoding takes as much again at worst, for the table at hand.
    pub events: u64,
    /// Groups of correlations, by content: on the heap they take up to twice that, and as much again while they are written down.
    pub windows: u64,
    /// What was learnt of accounts, machines and devices; a third as much again while it is written down.
    pub learnt: u64,
    /// Searches, all together.
    pub searches: u64,
    /// Deliveries that go down the street as one batch. A few batches are on their way, each several times as large as its bytes; they are of what is fixed.
    pub batch: u64,
}

impl Shares {
    /// Shares of what the settings say, or of what is allowed when they say nothing. A part with a setting of its own has what that says.
    #[must_use]
    pub fn of(config: &Config, allowed: u64) -> Self {
        let memory = config.memory.unwrap_or_else(|| allowed.min(UNASKED_BYTES_MAX)).max(MEMORY_BYTES_MIN);
        let part = (memory - FIXED_BYTES) / PARTS;
        let share = |parts: u64, mebibytes_max: u64| (part * parts).min(mebibytes_max * MEBIBYTE);
        let bodies = share(4, 192);
        Self {
            memory,
            queue: config.intake.queue_bytes_max.unwrap_or(share(1, 64)),
            bodies,
            body: (bodies / BODY_PART).min(64 * MEBIBYTE),
            flush: config.store.flush_bytes.unwrap_or(share(2, 64)),
            events: share(4, 192),
            windows: share(1, 64),
            learnt: share(1, 1_536),
            searches: config.query.memory_bytes_max.unwrap_or(part * 5),
            batch: (memory / BATCHES).min(4 * MEBIBYTE),
        }
    }
}

/// A bound as rooms count it.
#[must_use]
pub(crate) fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Bytes of memory that this process may take: what its control group allows, else half of the machine.
#[must_use]
pub fn allowed() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text)).unwrap_or(UNASKED_BYTES_MAX);
    let limit = limit(&groups, |path| fs::read_to_string(path).ok()).filter(|limit| *limit < machine);
    limit.unwrap_or(machine / 2)
}

/// `MemTotal` of `/proc/meminfo` (proc(5)), in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// The lowest limit of the control groups that `/proc/self/cgroup` names and of those above them (cgroups(7), versions 1 and 2).
fn limit(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let mut lowest = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { continue };
        let (root, names): (_, &[&str]) = match controllers {
            "" => ("/sys/fs/cgroup", &["memory.max", "memory.high"]),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", &["memory.limit_in_bytes"])
            }
            _ => continue,
        };
        let own = PathBuf::from(root).join(group.trim_start_matches('/'));
        for folder in own.ancestors().take_while(|folder| folder.starts_with(root)) {
            let limits = names.iter().filter_map(|name| read(&folder.join(name))?.trim().parse::<u64>().ok());
            lowest = limits.chain(lowest).min();
        }
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Layers};

    const GIBIBYTE: u64 = 1 << 30;

    fn config(set: &[&str]) -> Config {
        let pair = |one: &&str| one.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap();
        let flags: Vec<_> = set.iter().map(pair).collect();
        Config::load(&Layers { flags: &flags, ..Layers::default() }).unwrap()
    }

    /// All shares in MiB: memory, queue, bodies, body, flush, events, windows, learnt, searches. A batch is a thousandth.
    fn check(set: &[&str], allowed: u64, expect: [u64; 9]) {
        let Shares { memory, queue, bodies, body, flush, events, windows, learnt, searches, batch } =
            Shares::of(&config(set), allowed);
        let all = [memory, queue, bodies, body, flush, events, windows, learnt, searches];
        assert_eq!(all.map(|bytes| bytes >> 20), expect);
        assert_eq!(batch, memory >> 10);
    }

    #[test]
    fn one_setting_is_shared_out_among_the_parts() {
        check(&["memory=1GiB"], 64 * GIBIBYTE, [1024, 23, 92, 30, 46, 92, 23, 23, 115]);
        check(&["memory=2GiB"], GIBIBYTE, [2048, 55, 192, 64, 64, 192, 55, 55, 275]);
        check(&["memory=512MiB"], GIBIBYTE, [512, 7, 28, 9, 14, 28, 7, 7, 35]);
    }

    #[test]
    fn without_the_setting_what_is_allowed_counts_up_to_two_gibibytes() {
        check(&[], GIBIBYTE, [1024, 23, 92, 30, 46, 92, 23, 23, 115]);
        check(&[], 100 * GIBIBYTE, [2048, 55, 192, 64, 64, 192, 55, 55, 275]);
        check(&[], 0, [512, 7, 28, 9, 14, 28, 7, 7, 35]);
    }

    #[test]
    fn a_part_with_a_setting_of_its_own_has_what_that_says() {
        let set =
            ["memory=1GiB", "intake.queue_bytes_max=8MiB", "store.flush_bytes=9MiB", "query.memory_bytes_max=33MiB"];
        check(&set, GIBIBYTE, [1024, 8, 92, 30, 9, 92, 23, 23, 33]);
    }

    /// Everything at once, and what is copied on its way as often as it is there. An eighth is left to the allocator.
    #[test]
    fn all_shares_together_fit_into_what_there_is() {
        for mebibytes in 512..4_096 {
            let shares = Shares::of(&config(&[&format!("memory={mebibytes}MiB")]), 0);
            let Shares { memory, queue, bodies, events, windows, learnt, searches, .. } = shares;
            let most = FIXED_BYTES + queue + bodies + 2 * events + 3 * windows + 3 * learnt / 2 + searches;
            assert!(most <= memory / 8 * 7, "{mebibytes} MiB: {shares:?}");
        }
    }

    fn check_limit(groups: &str, files: &[(&str, &str)], expect: Option<u64>) {
        let read = |path: &Path| files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).into());
        assert_eq!(limit(groups, read), expect);
    }

    #[test]
    fn the_lowest_limit_of_the_control_group_and_those_above_counts() {
        let unit = "0::/system.slice/cordon.service\n";
        check_limit(unit, &[("/sys/fs/cgroup/system.slice/cordon.service/memory.max", "1073741824\n")], Some(GIBIBYTE));
        let both = [
            ("/sys/fs/cgroup/system.slice/cordon.service/memory.max", "max\n"),
            ("/sys/fs/cgroup/system.slice/memory.max", "4096\n"),
            ("/sys/fs/cgroup/system.slice/memory.high", "2048\n"),
        ];
        check_limit(unit, &both, Some(2048));
        check_limit(unit, &[], None);
        let first = "5:cpu,memory:/docker/abc\n4:cpuset:/\n0::/\n";
        check_limit(first, &[("/sys/fs/cgroup/memory/memory.limit_in_bytes", "77\n")], Some(77));
        check_limit("garbage\n1:memory\n", &[], None);
    }

    #[test]
    fn the_memory_of_the_machine_is_read_in_bytes() {
        assert_eq!(total("MemFree: 1 kB\nMemTotal:       24683612 kB\n"), Some(24_683_612 << 10));
        assert_eq!(total("MemTotal:\n"), None);
    }
}
