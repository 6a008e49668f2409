//! Logs of Apache httpd and nginx: access lines (common, combined, with virtual host) and error lines in, one Record per line out.
//!
//! Access fields have the W3C names that Sigma's category webserver uses. Which of the two servers wrote an access line cannot be told and is not said.

mod access;
mod anomaly;
mod error_log;
mod fields;
mod frame;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{Confidence, DecodeOptions, Format, Framer};

const NAME: &str = "weblog";

/// Lines that are looked at to guess the format.
const LINES_SNIFFED: usize = 3;

/// The format.
#[derive(Debug)]
pub(crate) struct WebLog;

impl Format for WebLog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let lines = head.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).take(LINES_SNIFFED);
        let known = lines.filter_map(|line| str::from_utf8(line).ok()).any(|line| {
            let line = line.trim_end();
            access::Access::read(line).is_some() || error_log::ErrorLine::read(line).is_some()
        });
        if known { Confidence::Likely } else { Confidence::No }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(frame::WebLogFramer::new(options))
    }
}
