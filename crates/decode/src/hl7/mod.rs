//! HL7 v2 in its text encoding, ER7 (HL7 v2.5.1 chapter 2): a stream, batch or file of messages in, one Record per message out.
//!
//! A span parser of its own: bytes are never rewritten, and what identifies a patient is named by its place. It knows no message structures.

mod anomaly;
mod charset;
mod escape;
mod fields;
mod frame;
mod patient;
mod split;
mod time;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{Confidence, DecodeOptions, Format, Framer};

const NAME: &str = "hl7";

/// The format.
#[derive(Debug)]
pub(crate) struct Hl7;

impl Format for Hl7 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        if frame::starts_like_hl7(head) { Confidence::Certain } else { Confidence::No }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(frame::Hl7Framer::new(Arc::clone(options)))
    }
}
