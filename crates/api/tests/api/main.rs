//! The interface as its users meet it: a router over a node that a test plays, and real sockets where sockets matter.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests and their helpers")]

mod accounts;
mod description;
mod events;
mod five_hundred;
mod handles;
mod incidents;
mod played;
mod provider;
mod record;
mod resources;
mod running;
mod shell;
mod staff;
mod taught;
mod triage;
mod whole;
