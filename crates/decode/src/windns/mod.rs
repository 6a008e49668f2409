//! Debug logs of the Windows DNS server (`dns.log`): entries in, one Record per packet or event out.

mod anomaly;
mod fields;
mod frame;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{Confidence, DecodeOptions, Format, Framer};

const NAME: &str = "windns";

/// What the first line says.
const TITLE: &[u8] = b"DNS Server log file creation at";
/// Lines that are looked at to guess the format.
const LINES_SNIFFED: usize = 40;

/// The format.
#[derive(Debug)]
pub(crate) struct WinDns;

impl Format for WinDns {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        if head.trim_ascii_start().starts_with(TITLE) {
            return Confidence::Certain;
        }
        let packet = |line: &[u8]| {
            let told = memchr::memmem::find(line, b" PACKET ").is_some();
            told && frame::starts_with_date(line) && memchr::memmem::find(line, b" [").is_some()
        };
        let lines = head.split(|byte| *byte == b'\n').take(LINES_SNIFFED);
        if lines.into_iter().any(packet) { Confidence::Certain } else { Confidence::No }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(frame::WinDnsFramer::new(Arc::clone(options)))
    }
}
