//! The binary as its users run it: real processes on small inputs.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests and their helpers; what is not tested is said loudly"
)]

mod canary;
mod common;
mod conformance;
mod contracts;
mod hostile;
mod html;
mod import;
mod installed;
mod learn;
mod looked_at;
mod masking;
mod ocsf;
mod pack;
mod privacy;
mod profile;
mod rule_cache;
mod rules;
mod scan;
mod serving;
mod settings;
mod sim;
