//! The listeners over real sockets, against a log that answers as it is told to.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests and their helpers")]

mod compliance;
mod hl7;
mod log;
mod mllp;
mod relp;
mod rsyslog;
mod tail;
mod tcp;
mod tls;
mod udp;
