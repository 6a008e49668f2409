//! Framing that formats share: lines, with the record limit.

use cordon_model::Anomaly;

use crate::{Framed, detect_format};

/// A record longer than `record_bytes_max`.
pub const RECORD_TOO_LONG: Anomaly = Anomaly::new(
    "record_too_long",
    "the record is longer than --record-bytes-max; it was left out and reading went on at the next",
);

/// Names of formats that read lines and nothing else: in them a CR at the end of a line says as much as LF.
const LINE_FORMATS: [&str; 8] = ["syslog", "zeek", "windns", "windhcp", "weblog", "w3c", "csv", "text"];

/// Whether the lines of a source end in CR alone, as its first bytes (up to 64 KiB; all of it when `ended`) show: there is no LF, and what is read is a format
/// of lines. Then each CR of `head` is made LF, and those of the rest of the source must be made so too; offsets stay. HL7, whose segments end in CR, and
/// formats with a structure of their own are left as they are.
pub fn line_ends_of_carriage_returns(head: &mut [u8], ended: bool) -> bool {
    let within = head.split_last().map_or(&[][..], |(_, within)| within);
    if memchr::memchr(b'\r', within).is_none() || memchr::memchr(b'\n', head).is_some() {
        return false;
    }
    let is_of_lines =
        |head: &[u8]| detect_format(head, ended).is_some_and(|format| LINE_FORMATS.contains(&format.name()));
    if !is_of_lines(head) {
        return false;
    }
    head.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
    true
}

/// Finds lines that end in LF or CR LF. A line over the limit is one fault, however long it is; its bytes are passed over as they come.
#[derive(Debug)]
pub struct Lines {
    record_bytes_max: usize,
    in_long_line: bool,
}

impl Lines {
    /// Lines of at most `record_bytes_max` bytes.
    #[must_use]
    pub const fn new(record_bytes_max: usize) -> Self {
        Self { record_bytes_max, in_long_line: false }
    }

    /// What stands at the start of the buffer: a line without its end, a blank line to skip, or a fault.
    pub fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let line_end = memchr::memchr(b'\n', buffer);
        if self.in_long_line {
            self.in_long_line = line_end.is_none();
            return Framed::Skip { next: line_end.map_or(buffer.len(), |at| at + 1) };
        }
        let (end, next) = match line_end {
            Some(at) => (at, at + 1),
            None if buffer.len() > self.record_bytes_max => {
                self.in_long_line = true;
                return Framed::Fault { anomaly: RECORD_TOO_LONG, next: buffer.len() };
            }
            None if ended => (buffer.len(), buffer.len()),
            None => return Framed::More,
        };
        let line = buffer.get(..end).unwrap_or_default();
        let end = if line.last() == Some(&b'\r') { end - 1 } else { end };
        if end > self.record_bytes_max {
            return Framed::Fault { anomaly: RECORD_TOO_LONG, next };
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return Framed::Skip { next };
        }
        Framed::Unit { start: 0, end, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8], limit: usize, step: usize) -> Vec<String> {
        let mut lines = Lines::new(limit);
        let (mut at, mut have, mut seen) = (0, 0, Vec::new());
        while at < input.len() {
            let ended = have == input.len();
            if at == have && !ended {
                have = (have + step).min(input.len());
                continue;
            }
            match lines.next(&input[at..have], ended) {
                Framed::More => have = (have + step).min(input.len()),
                Framed::Unit { start, end, next } => {
                    seen.push(String::from_utf8_lossy(&input[at + start..at + end]).into_owned());
                    at += next;
                }
                Framed::Fault { anomaly, next } => {
                    seen.push(anomaly.name().to_owned());
                    at += next;
                }
                Framed::Skip { next } | Framed::Header { next } => at += next,
            }
        }
        seen
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let input = b"one\r\n\n two \nlast";
        for step in 1..input.len() + 1 {
            assert_eq!(all(input, 100, step), ["one", " two ", "last"], "step {step}");
        }
    }

    #[test]
    fn lines_that_end_in_cr_alone_are_told_from_messages_that_do() {
        let check = |text: &str, format: &str, expect: &str| {
            let mut head = text.as_bytes().to_vec();
            let is_so = line_ends_of_carriage_returns(&mut head, true);
            assert_eq!((String::from_utf8_lossy(&head).as_ref(), is_so), (expect, text != expect), "{text:?}");
            assert_eq!(detect_format(&head, true).unwrap().name(), format, "{text:?}");
        };
        check("one\rtwo\r", "text", "one\ntwo\n");
        check("one\r", "text", "one\r");
        check("one\rtwo\r\n", "text", "one\rtwo\r\n");
        check("<13>1 - h a - - - x\r<13>1 - h a - - - y", "syslog", "<13>1 - h a - - - x\n<13>1 - h a - - - y");
        check("time,user,what\r1,2,3\r4,5,6\r", "csv", "time,user,what\n1,2,3\n4,5,6\n");
        let message = "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1\r";
        check(message, "hl7", message);
    }

    #[test]
    fn a_line_over_the_limit_is_one_fault_and_reading_resumes() {
        for step in 1..20 {
            assert_eq!(all(b"aaaaaaaaaaaaaaaa\nnext\n", 8, step), ["record_too_long", "next"], "step {step}");
        }
    }
}
