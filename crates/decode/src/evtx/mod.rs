//! EVTX, the Windows event log file: chunks of 64 KiB in, one Record per event out, with the same field names as the event's JSON.
//!
//! The usual record (one template with its values) is walked straight into fields; anything else goes through crate `evtx` and the JSON walker, which is
//! also the oracle of the tests. What a template's message says is not in the file and not known here.

mod anomaly;
mod fields;
mod frame;
mod rendered;
mod template;
mod value;
mod walk;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{Confidence, DecodeOptions, Format, Framer};

const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";
const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";
const FILE_HEADER_BYTES: usize = 4096;
const CHUNK_BYTES: usize = 65_536;

/// The format.
#[derive(Debug)]
pub(crate) struct Evtx;

impl Format for Evtx {
    fn name(&self) -> &'static str {
        "evtx"
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let first_chunk = head.get(FILE_HEADER_BYTES..).unwrap_or_default();
        if head.starts_with(FILE_MAGIC) || first_chunk.starts_with(CHUNK_MAGIC) {
            Confidence::Certain
        } else {
            Confidence::No
        }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(frame::EvtxFramer::new(options))
    }
}
