//! Everything kept: the write-ahead log, event tables, evidence and state.

pub mod accounts;
pub mod backup;
pub mod disk;
pub mod evidence;
pub mod keys;
pub mod proof;
pub mod query;
pub mod state;
mod stretches;
pub mod tables;
pub mod version;
pub mod wal;
