//! Faults over the whole node: killed at named points, without power, on a full, read-only or failing disk, without file handles, with a clock that jumps and with a
//! source that lies about time. `docs/specs/faults.md` says what must hold; the ledger of what was acknowledged always lies with the sender.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop")]
#![expect(clippy::print_stdout, reason = "a long run says how far it is")]

mod backups;
mod child;
mod columns;
mod faults;
mod kills;
mod ledger;
mod look;
mod parts;
mod power;
mod process;
mod time;
