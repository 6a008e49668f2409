//! W3C extended log files (W3C working draft WD-logfile): IIS, HTTP.sys errors, the Windows firewall, proxies. Directives that start with `#` say which columns follow.
//!
//! Fields carry the columns' names; a column for a header, as `cs(User-Agent)`, is named as Sigma writes it, `cs-user-agent`. `-` is no value and gives no field.
//! Times are UTC, as the draft demands, unless `#Time Format: Local` says otherwise. Columns between commas (Exchange) are not read here.

mod fields;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::frame::Lines;
use crate::names::Names;
use crate::{Confidence, DecodeOptions, Decoder, Format, Framed, Framer};
use fields::W3cDecoder;

/// Most columns of a log.
const COLUMNS_MAX: usize = 256;
/// Most bytes of a directive that is kept.
const DIRECTIVE_BYTES_MAX: usize = 16 << 10;

/// W3C extended logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct W3c;

impl Format for W3c {
    fn name(&self) -> &'static str {
        "w3c"
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let mut directives = head.split(|byte| *byte == b'\n').take_while(|line| line.first() == Some(&b'#'));
        if directives.any(|line| line.starts_with(b"#Fields: ") && !line.contains(&b',')) {
            return Confidence::Certain;
        }
        Confidence::No
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(W3cFramer {
            options: Arc::clone(options),
            lines: Lines::new(options.record_bytes_max),
            header: Header::default(),
            decoder: Arc::new(W3cDecoder::new(Arc::clone(options), Header::default())),
        })
    }
}

/// What the directives said.
#[derive(Clone, Debug, Default)]
struct Header {
    names: Names,
    /// Key of the log source table under `w3c_software`.
    software: &'static str,
    /// Date of rows that have only a time.
    date: String,
    local_time: bool,
}

impl Header {
    /// Takes a directive; false for one that changes nothing.
    fn take(&mut self, line: &[u8]) -> bool {
        let line = String::from_utf8_lossy(line.get(..DIRECTIVE_BYTES_MAX).unwrap_or(line));
        let Some((name, value)) = line.split_once(':') else { return false };
        let value = value.trim();
        match name.trim_start_matches('\u{feff}') {
            "#Fields" => {
                self.names = Names::default();
                value.split_ascii_whitespace().take(COLUMNS_MAX).for_each(|name| self.names.push(&sigma_name(name)));
                if self.software.is_empty() && self.names.place("cs-method").is_some() {
                    self.software = "web";
                }
            }
            "#Software" => self.software = software(&value.to_lowercase()),
            "#Date" => value.split(' ').next().unwrap_or_default().clone_into(&mut self.date),
            "#Time Format" => self.local_time = value.eq_ignore_ascii_case("local"),
            _ => return false,
        }
        true
    }
}

/// What wrote the log.
fn software(name: &str) -> &'static str {
    const KNOWN: [(&str, &str); 5] = [
        ("internet information services", "iis"),
        ("microsoft http api", "httperr"),
        ("windows firewall", "windows_firewall"),
        ("sgos", "proxy"),
        ("squid", "proxy"),
    ];
    KNOWN.iter().find(|(words, _)| name.contains(words)).map_or("", |(_, key)| key)
}

/// `cs(User-Agent)` as Sigma writes it: `cs-user-agent`. Other names stay.
fn sigma_name(name: &str) -> String {
    match name.strip_suffix(')').and_then(|name| name.split_once('(')) {
        Some((side, header)) => format!("{side}-{}", header.to_ascii_lowercase()),
        None => name.to_owned(),
    }
}

struct W3cFramer {
    options: Arc<DecodeOptions>,
    lines: Lines,
    header: Header,
    decoder: Arc<W3cDecoder>,
}

impl Framer for W3cFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let framed = self.lines.next(buffer, ended);
        let Framed::Unit { start, end, next } = framed else { return framed };
        let line = buffer.get(start..end).unwrap_or_default();
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.first() != Some(&b'#') {
            return framed;
        }
        if !self.header.take(line) {
            return Framed::Skip { next };
        }
        self.decoder = Arc::new(W3cDecoder::new(Arc::clone(&self.options), self.header.clone()));
        Framed::Header { next }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::<W3cDecoder>::clone(&self.decoder)
    }
}
