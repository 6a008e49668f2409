//! The memory of the process of a node, as the system sees it: small when nothing arrives, also after much did.
//!
//! The allocator of the binary asks for huge pages, which is right for a scan. A node is at rest most of the time, and uses a few KiB of many a huge page; so it has
//! none. The allocator reads what it is told once, before `main`: the process starts itself again with it, under the same number. And it returns what is free when
//! it is busy or when a thread ends; a node at rest is not busy and its threads stay, so a thread that ends stands in for both.
//!
//! Knows nothing of what the memory is for; its bounds stand in `cordon_node::memory`.

use std::hint::black_box;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::{env, io};

/// What tells the allocator whether the process has huge pages (mimalloc, `allow_thp`); an operator's own choice stays.
const HUGE_PAGES: &str = "MIMALLOC_ALLOW_THP";
/// How often free memory is given back to the system.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(5);

/// Starts this program again with the same arguments and without huge pages; returns when that was done already.
///
/// # Errors
/// The program cannot be started again: it goes on as it is, and takes more memory.
pub(crate) fn without_huge_pages() -> io::Result<()> {
    if env::var_os(HUGE_PAGES).is_some() {
        return Ok(());
    }
    Err(Command::new(env::current_exe()?).args(env::args_os().skip(1)).env(HUGE_PAGES, "0").exec())
}

/// Gives free memory back to the system now and then, until the process ends.
pub(crate) fn keep_giving_back() {
    let keeping = thread::Builder::new().name("memory".to_owned()).spawn(|| {
        loop {
            thread::sleep(GIVE_BACK_EVERY);
            give_back();
        }
    });
    if let Err(error) = keeping {
        tracing::warn!(error = %error, "free memory is not given back while the node rests");
    }
}

/// The end of a thread that had memory of its own: the allocator looks then at what became free a second ago or longer, whoever had it.
fn give_back() {
    if let Ok(ends) = thread::Builder::new().spawn(|| drop(black_box(Box::new(0_u8)))) {
        let _ended = ends.join();
    }
}
