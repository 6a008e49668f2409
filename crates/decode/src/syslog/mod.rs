//! Syslog: RFC 3164, RFC 5424 and the lines of /var/log, with the payloads that programs and devices put into them; also bare audit.log, CEF and FortiGate files.
//!
//! `frame.rs` finds the messages, `header.rs` reads time, host and program, `payload/` the rest, `fields.rs` puts the record together. Fields of the header:
//! `hostname`, `program`, `pid`, `facility`, `severity`, `msgid`, `message` (all behind the program, so that keyword rules see the whole), structured data as
//! `SD-ID.PARAM-NAME`. What the payload says comes behind them, in the payload's own names or, where it is prose, in the names of `docs/specs/syslog-fields.md`.
//! Which log source a message belongs to is decided by program or content through the table of log sources. Memory: a record takes at most a small multiple of its unit.

mod anomaly;
mod fields;
mod frame;
mod header;
mod list;
mod payload;
mod scan;
mod structured;
mod template;
#[cfg(test)]
mod tests;
mod time;

use std::sync::Arc;

use crate::{Confidence, DecodeOptions, Format, Framer};
use fields::SyslogDecoder;
use frame::SyslogFramer;
use header::Shape;

/// How many lines are looked at when sniffing.
const SNIFF_LINES_MAX: usize = 16;
/// How much of each line is looked at, in bytes.
const SNIFF_LINE_BYTES_MAX: usize = 512;

/// Syslog messages and the lines of /var/log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Syslog;

impl Format for Syslog {
    fn name(&self) -> &'static str {
        "syslog"
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let mut seen = 0;
        let (mut certain, mut likely) = (0, 0);
        let lines = head.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
        for line in lines.take(SNIFF_LINES_MAX) {
            seen += 1;
            let line = line.get(..SNIFF_LINE_BYTES_MAX).unwrap_or(line);
            match sniff_line(&String::from_utf8_lossy(line)) {
                Confidence::Certain => certain += 1,
                Confidence::Likely => likely += 1,
                _ => {}
            }
        }
        if seen == 0 || (certain + likely) * 2 < seen && certain == 0 {
            return Confidence::No;
        }
        if certain > 0 { Confidence::Certain } else { Confidence::Likely }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        let decoder = Arc::new(SyslogDecoder::new(self.name(), options));
        Box::new(SyslogFramer::new(options.record_bytes_max, decoder))
    }
}

/// How sure one line is.
fn sniff_line(line: &str) -> Confidence {
    let uncounted =
        scan::digits(line, 1, 9).and_then(|(_, rest)| rest.strip_prefix(' ')).filter(|rest| rest.starts_with('<'));
    let line = uncounted.unwrap_or(line);
    if payload::is_known_start(line) {
        return Confidence::Certain;
    }
    match header::shape(line) {
        Shape::Priority => Confidence::Certain,
        Shape::Dated => Confidence::Likely,
        Shape::Other if payload::is_cisco(line) => Confidence::Likely,
        Shape::Other => Confidence::No,
    }
}
