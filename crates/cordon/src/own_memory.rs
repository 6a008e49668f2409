//! The memory of the process of a node, as the system sees it: what it holds and no more, also at rest after much was done.
//!
//! The allocator of the binary asks for huge pages and keeps what became free for a second or until it is busy again, which is right for a scan. A node is at rest
//! most of the time: a huge page of which it uses a few KiB stays, and nothing comes that would give back what is free. So it has no huge pages, and what is free
//! goes back after 20 ms: given back at once, a busy node would ask for it again at once (`docs/measurements/live.md`). The allocator reads what it is
//! told once, before `main`: the process starts itself again with it, under the same number.
//!
//! Knows nothing of what the memory is for; its bounds stand in `cordon_node::memory`.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::{env, io};

/// What the allocator is told (mimalloc's `allow_thp` and `purge_delay`, milliseconds).
const TOLD: [(&str, &str); 2] = [("MIMALLOC_ALLOW_THP", "0"), ("MIMALLOC_PURGE_DELAY", "20")];

/// Starts this program again with the same arguments and an allocator that keeps nothing; returns when that was done already. What an operator told the allocator
/// stays.
///
/// # Errors
/// The program cannot be started again: it goes on as it is, and takes more memory.
pub(crate) fn keep_small() -> io::Result<()> {
    let untold: Vec<_> = TOLD.into_iter().filter(|(name, _)| env::var_os(name).is_none()).collect();
    if untold.is_empty() {
        return Ok(());
    }
    Err(Command::new(env::current_exe()?).args(env::args_os().skip(1)).envs(untold).exec())
}
