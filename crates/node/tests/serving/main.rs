//! The whole node as `cordon serve` runs it, in this process: settings in, real sockets, the API out.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop")]

mod reload;
mod running;
mod senders;
mod served;
mod sources;
