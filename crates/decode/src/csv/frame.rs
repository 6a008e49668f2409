//! Finding rows: the header first, then one unit per row; line feeds within quoted cells do not end it.

use std::sync::Arc;

use super::anomaly::BAD_HEADER;
use super::cells::{RowEnd, row_end};
use super::fields::CsvDecoder;
use super::header::{Header, delimiter_of};
use crate::frame::RECORD_TOO_LONG;
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// A row with quoted cells that is longer is taken to have a stray quotation mark, and ends at its first line feed.
const QUOTED_BYTES_MAX: usize = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Finds the rows of one source.
#[derive(Debug)]
pub(super) struct CsvFramer {
    options: Arc<DecodeOptions>,
    decoder: Option<Arc<CsvDecoder>>,
    header_line: Vec<u8>,
    in_long_row: bool,
}

impl CsvFramer {
    pub(super) const fn new(options: Arc<DecodeOptions>) -> Self {
        Self { options, decoder: None, header_line: Vec::new(), in_long_row: false }
    }

    fn delimiter(&self, buffer: &[u8]) -> u8 {
        match &self.decoder {
            Some(decoder) => decoder.header.delimiter,
            None => delimiter_of(buffer.split(|byte| *byte == b'\n').next().unwrap_or_default()),
        }
    }

    /// The end of the row and where reading goes on; `None` when more bytes are needed.
    fn row(&self, buffer: &[u8], ended: bool) -> Option<(usize, usize)> {
        let at = match row_end(buffer, self.delimiter(buffer)) {
            RowEnd::At(at) => Some(at),
            RowEnd::Unseen => None,
            RowEnd::InQuotes if ended || buffer.len() > QUOTED_BYTES_MAX => memchr::memchr(b'\n', buffer),
            RowEnd::InQuotes => return None,
        };
        match at {
            Some(at) => Some((at, at + 1)),
            None if ended => Some((buffer.len(), buffer.len())),
            None => None,
        }
    }

    fn header(&mut self, line: &[u8], next: usize) -> Framed {
        if line.starts_with(b"sep=") {
            return Framed::Skip { next };
        }
        let Some(header) = Header::read(line, &self.options.csv_mappings) else {
            return Framed::Fault { anomaly: BAD_HEADER, next };
        };
        self.header_line = line.to_vec();
        self.decoder = Some(Arc::new(CsvDecoder::new(Arc::clone(&self.options), header)));
        Framed::Header { next }
    }
}

impl Framer for CsvFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        if self.in_long_row {
            let end = memchr::memchr(b'\n', buffer);
            self.in_long_row = end.is_none();
            return Framed::Skip { next: end.map_or(buffer.len(), |at| at + 1) };
        }
        if self.decoder.is_none() && buffer.starts_with(BYTE_ORDER_MARK) {
            return Framed::Skip { next: BYTE_ORDER_MARK.len() };
        }
        let Some((end, next)) = self.row(buffer, ended) else {
            if buffer.len() <= self.options.record_bytes_max {
                return Framed::More;
            }
            self.in_long_row = true;
            return Framed::Fault { anomaly: RECORD_TOO_LONG, next: buffer.len() };
        };
        let row = buffer.get(..end).unwrap_or_default();
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        if row.len() > self.options.record_bytes_max {
            return Framed::Fault { anomaly: RECORD_TOO_LONG, next };
        }
        if row.iter().all(u8::is_ascii_whitespace) || (self.decoder.is_some() && row == self.header_line) {
            return Framed::Skip { next };
        }
        if self.decoder.is_none() {
            return self.header(row, next);
        }
        Framed::Unit { start: 0, end: row.len(), next }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        match &self.decoder {
            Some(decoder) => Arc::clone(decoder) as Arc<dyn Decoder>,
            None => Arc::new(CsvDecoder::new(Arc::clone(&self.options), Header::default())),
        }
    }
}
