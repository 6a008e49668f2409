//! The listeners over real sockets, against a log that answers as it is told to.
#![expect(clippy::unwrap_used, reason = "tests and their helpers")]

mod log;
mod mllp;
mod tcp;
mod udp;
