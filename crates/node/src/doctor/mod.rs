//! What is wrong, in plain words: `cordon doctor`.
//!
//! Comes in: facts about the machine and the node. Goes out: one line per thing looked at, with what to do. Judging is pure; looking is in `look`, and what only a
//! running node knows is handed over by the binary.

mod judge;
mod look;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use cordon_model::Time;

pub use judge::checks;
pub(crate) use judge::size;
pub use look::look;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All is well.
    Well,
    /// Nothing is lost yet; look at it soon.
    Look,
    /// Something does not work or is being lost: act now.
    Act,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What: `disk`, `clock`, `permissions`, `ports`, `key`, `version`, `sources`, `losses`, `sinks`, `messages`, `settings`.
    pub name: &'static str,
    /// How bad.
    pub verdict: Verdict,
    /// What is the case.
    pub says: String,
    /// What to do; empty when nothing.
    pub advice: String,
}

/// Who holds a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortState {
    /// Nobody.
    Free,
    /// Somebody: the node itself when it runs.
    Taken,
    /// Ports of this number need a right that this user does not have.
    Forbidden,
    /// The address is none of this machine.
    NotHere,
}

/// An address of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The setting, for example `intake.http`.
    pub key: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// Who holds it.
    pub state: PortState,
}

/// A file that should be readable for its owner alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its path.
    pub path: String,
    /// What it is for, for example `the master key`.
    pub what: String,
    /// Its permission bits; `None` when it cannot be read.
    pub mode: Option<u32>,
    /// Whether a setting names it, so that it has to be there.
    pub is_named: bool,
}

/// What was seen of the machine and of the data folder.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    /// The data folder.
    pub data_dir: String,
    /// Whether it is there, and a file could be written and removed in it.
    pub is_writable: bool,
    /// Permission bits of the folder; `None` when it is not there.
    pub dir_mode: Option<u32>,
    /// Free bytes where it lies; `None` when unknown.
    pub disk_free_bytes: Option<u64>,
    /// The disk budget of the settings.
    pub budget_bytes: Option<u64>,
    /// The clock now.
    pub now: Time,
    /// The newest change of a file in the data folder.
    pub newest: Option<Time>,
    /// Whether the clock of the machine is kept right by others; `None` when unknown.
    pub is_clock_synchronised: Option<bool>,
    /// Addresses of the settings.
    pub ports: Vec<Port>,
    /// Files with secrets.
    pub secrets: Vec<Secret>,
    /// What the version of the store says; `None` when it is for this binary, or there is no store yet.
    pub version_error: Option<String>,
    /// Whether a node runs on the data folder: it holds its lock.
    pub is_running: bool,
    /// What the running node says; `None` when it was not asked.
    pub live: Option<Live>,
}

/// What a running node says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Live {
    /// Its version.
    pub version: String,
    /// Sources that are silent for longer than they may be.
    pub silent: Vec<String>,
    /// Records that were not kept: source, reason, count.
    pub losses: Vec<(String, String, u64)>,
    /// Sinks and the bytes of the log that each has not yet.
    pub sinks: Vec<(String, u64)>,
    /// What notification says; `None` when all is well.
    pub messages: Option<String>,
    /// Settings that were changed and wait for a restart.
    pub waiting: Vec<String>,
}
