//! Finding rows. Lines that start with `#` are the header, which may come again in the middle, as joined logs have it.

use std::sync::Arc;

use super::fields::ZeekDecoder;
use super::header::Header;
use crate::frame::Lines;
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// Finds the rows of one source.
#[derive(Debug)]
pub(super) struct ZeekFramer {
    options: Arc<DecodeOptions>,
    lines: Lines,
    header: Header,
    decoder: Option<Arc<ZeekDecoder>>,
    rows_seen: bool,
}

impl ZeekFramer {
    pub(super) fn new(options: Arc<DecodeOptions>) -> Self {
        let lines = Lines::new(options.record_bytes_max);
        let decoder = Some(Arc::new(ZeekDecoder::new(&options, Header::default())));
        Self { options, lines, header: Header::default(), decoder, rows_seen: false }
    }
}

impl Framer for ZeekFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        let framed = self.lines.next(buffer, ended);
        let Framed::Unit { start, end, next } = framed else { return framed };
        let line = buffer.get(start..end).unwrap_or_default();
        let told = if line.first() == Some(&b'#') {
            if !self.header.take(line) {
                return Framed::Skip { next };
            }
            true
        } else {
            let bare = !self.rows_seen && !self.header.complete && is_bare_header(line);
            self.rows_seen = true;
            if bare {
                self.header.take_bare(line);
            }
            bare
        };
        if !told {
            return framed;
        }
        self.decoder = Some(Arc::new(ZeekDecoder::new(&self.options, self.header.clone())));
        Framed::Header { next }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        match &self.decoder {
            Some(decoder) => Arc::clone(decoder) as Arc<dyn Decoder>,
            None => Arc::new(ZeekDecoder::new(&self.options, self.header.clone())),
        }
    }
}

/// Names that Zeek's columns have and prose has not.
const TELLING_NAMES: [&[u8]; 4] = [b"uid", b"id.orig_h", b"fuid", b"ts"];

/// Whether a line holds bare column names: only their letters between tabs, and at least two of Zeek's own.
pub(super) fn is_bare_header(line: &[u8]) -> bool {
    let name = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    let cells = || line.split(|byte| *byte == b'\t');
    cells().all(name) && cells().filter(|cell| TELLING_NAMES.contains(cell)).count() >= 2
}
