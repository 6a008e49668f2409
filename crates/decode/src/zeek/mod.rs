//! Zeek's tab-separated logs (its ASCII writer): rows in, one Record per row out, named by the header. The JSON writer's logs are format `json`.

mod anomaly;
mod fields;
mod frame;
mod header;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{Confidence, DecodeOptions, Format, Framer};

const NAME: &str = "zeek";

/// The format.
#[derive(Debug)]
pub(crate) struct Zeek;

impl Format for Zeek {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let told = |line: &[u8]| line.starts_with(b"#separator ") || line.starts_with(b"#fields\t");
        let first = lines.find(|line| told(line) || !(line.is_empty() || line.starts_with(b"#")));
        match first {
            Some(line) if told(line) || frame::is_bare_header(line) => Confidence::Certain,
            _ => Confidence::No,
        }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(frame::ZeekFramer::new(Arc::clone(options)))
    }
}
