//! Finding rows: an explanation of the event ids comes first, then the header line, then the rows. A restarted server writes all of it again.

use std::sync::Arc;

use super::fields::WinDhcpDecoder;
use crate::frame::Lines;
use crate::names::Names;
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// What a header line starts with.
pub(super) const HEADER_START: &[u8] = b"ID,Date,Time,";
/// Most columns.
const COLUMNS_MAX: usize = 64;
/// The header of Windows Server 2012 to 2025, for rows that stand before any.
const USUAL_HEADER: &str = "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name,TransactionID,QResult,Probationtime,CorrelationID,Dhcid,\
    VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError";

/// Finds the rows of one source.
#[derive(Debug)]
pub(super) struct WinDhcpFramer {
    options: Arc<DecodeOptions>,
    lines: Lines,
    decoder: Arc<WinDhcpDecoder>,
}

impl WinDhcpFramer {
    pub(super) fn new(options: Arc<DecodeOptions>) -> Self {
        let decoder = WinDhcpDecoder { options: Arc::clone(&options), names: names(USUAL_HEADER), headed: false };
        Self { lines: Lines::new(options.record_bytes_max), decoder: Arc::new(decoder), options }
    }
}

impl Framer for WinDhcpFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let framed = self.lines.next(buffer, ended);
        let Framed::Unit { start, end, next } = framed else { return framed };
        let line = buffer.get(start..end).unwrap_or_default();
        if line.starts_with(HEADER_START) {
            let names = names(&String::from_utf8_lossy(line));
            self.decoder = Arc::new(WinDhcpDecoder { options: Arc::clone(&self.options), names, headed: true });
            return Framed::Header { next };
        }
        if is_row(line) { framed } else { Framed::Skip { next } }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::clone(&self.decoder) as Arc<dyn Decoder>
    }
}

/// Whether a line is a row: a number, a comma and a date.
pub(super) fn is_row(line: &[u8]) -> bool {
    let mut cells = line.split(|byte| *byte == b',');
    let number = |cell: &[u8]| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
    let date = |cell: &[u8]| cell.len() >= 6 && cell.iter().all(|byte| byte.is_ascii_digit() || *byte == b'/');
    cells.next().is_some_and(number) && cells.next().is_some_and(date) && cells.next().is_some()
}

fn names(header: &str) -> Names {
    let mut names = Names::default();
    header.split(',').take(COLUMNS_MAX).for_each(|name| names.push(name.trim().trim_end_matches('.')));
    names
}
