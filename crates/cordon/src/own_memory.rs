//! The memory of the process of a node, as the system sees it: what it holds and no more, also at rest after much was done.
//!
//! What a node takes in one thread it is often done with in another: events are made by one and written to files by the next. An allocator that leaves what is free
//! to the thread that took it holds most of a gigabyte that nobody uses (`docs/measurements/live.md`). So threads share four arenas, a thread of the allocator's
//! own gives back what was free for half a second, and there are no huge pages, of which a node at rest would use a few KiB each. The allocator reads what it is
//! told once, before `main`: the process starts itself again with it, under the same number.
//!
//! Knows nothing of what the memory is for; its bounds stand in `cordon_node::memory`.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::{env, io};

/// What the allocator is told (jemalloc's `opt.*`, TUNING.md): milliseconds until what is free goes back, and how many arenas there are.
const TOLD: [(&str, &str); 1] =
    [("_RJEM_MALLOC_CONF", "background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0,narenas:4")];

/// Starts this program again with the same arguments and an allocator that keeps nothing; returns when that was done already. What an operator told the allocator
/// stays.
///
/// # Errors
/// The program cannot be started again: it goes on as it is, and takes more memory.
pub(crate) fn keep_small() -> io::Result<()> {
    // for all of the process and kept when it starts itself again; a kernel that cannot is no reason not to start
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let untold: Vec<_> = TOLD.into_iter().filter(|(name, _)| env::var_os(name).is_none()).collect();
    if untold.is_empty() {
        return Ok(());
    }
    Err(Command::new(env::current_exe()?).args(env::args_os().skip(1)).envs(untold).exec())
}
