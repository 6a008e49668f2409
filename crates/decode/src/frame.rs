//! Framing that formats share: lines, with the record limit.

use cordon_model::Anomaly;

use crate::Framed;

/// A record longer than `record_bytes_max`.
pub const RECORD_TOO_LONG: Anomaly = Anomaly::new(
    "record_too_long",
    "the record is longer than --record-bytes-max; it was left out and reading went on at the next",
);

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
    fn a_line_over_the_limit_is_one_fault_and_reading_resumes() {
        for step in 1..20 {
            assert_eq!(all(b"aaaaaaaaaaaaaaaa\nnext\n", 8, step), ["record_too_long", "next"], "step {step}");
        }
    }
}
