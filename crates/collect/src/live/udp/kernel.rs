//! Datagrams that the kernel dropped because a socket's receive buffer was full: the last column of `/proc/net/udp` and `/proc/net/udp6` (proc(5)).
//!
//! The ancillary message `SO_RXQ_OVFL` says the same, but only behind unsafe code.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::AsRawFd;

const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];
/// Columns of the tables, counted from 0.
const INODE_COLUMN: usize = 9;
const DROPS_COLUMN: usize = 12;

/// The drops of one socket since they were last asked for.
#[derive(Clone, Debug)]
pub(super) struct KernelDrops {
    inode: String,
    seen: u64,
}

impl KernelDrops {
    /// Of a socket; `None` where the kernel does not tell.
    pub(super) fn of(socket: &impl AsRawFd) -> Option<Self> {
        let link = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned();
        Some(Self { inode, seen: 0 })
    }

    /// Drops since the last call, from the socket's beginning at the first. Reads files: not for the runtime's threads.
    pub(super) fn further(&mut self) -> u64 {
        let Some(drops) = TABLES.iter().find_map(|table| drops(table, &self.inode)) else { return 0 };
        let further = drops.saturating_sub(self.seen);
        self.seen = drops;
        further
    }
}

fn drops(table: &str, inode: &str) -> Option<u64> {
    let lines = BufReader::new(fs::File::open(table).ok()?).lines();
    let mut lines = lines.map_while(Result::ok);
    lines.find_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(INODE_COLUMN);
        (columns.next() == Some(inode)).then(|| columns.nth(DROPS_COLUMN - INODE_COLUMN - 1)?.parse().ok())?
    })
}
