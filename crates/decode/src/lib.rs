//! Bytes to Records. Second stage of the main street: RawRecord in, Record out, with named anomalies.
//!
//! One folder per format, the same file names in each (`mod.rs` sniffs and names, `frame.rs` finds the units, `fields.rs` decodes one, `anomaly.rs` names
//! the faults, `tests.rs`). Everything here is pure and bounded: no clock, no file, no panic, and memory stays within a stated multiple of one record.
//! It knows nothing of rules, OCSF or where the bytes came from.

pub mod atna;
mod bytes;
mod civil;
pub mod csv;
mod evtx;
mod fhir;
mod flat;
mod format;
pub mod frame;
mod hl7;
mod json;
mod log_sources;
mod moment;
mod names;
pub mod patients;
mod row;
#[cfg(test)]
mod stream_check;
mod syslog;
mod text;
mod w3c;
mod weblog;
mod windhcp;
mod windns;
mod windows;
mod xml;
mod zeek;

pub use format::{Confidence, DecodeOptions, Decoder, Format, Framed, Framer, Sink, Unit, detect_format, formats};
pub use log_sources::{log_source_table, log_source_table_with};
