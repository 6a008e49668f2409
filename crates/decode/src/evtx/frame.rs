//! Finds the 64 KiB chunks of an EVTX file behind its 4 KiB header (libevtx, "Windows XML Event Log (EVTX) format", sections 2 and 3).

use std::sync::Arc;

use super::anomaly::{CHUNK_COUNT, CHUNK_DAMAGED, HEADER_DAMAGED};
use super::fields::EvtxDecoder;
use super::{CHUNK_BYTES, CHUNK_MAGIC, FILE_HEADER_BYTES, FILE_MAGIC};
use crate::bytes::{u16_at, u32_at};
use crate::{DecodeOptions, Decoder, Framed, Framer};

/// Flag of a file that was not closed: its header is behind its chunks.
const DIRTY: u32 = 1;

/// Finds the chunks of one file.
#[derive(Debug)]
pub(super) struct EvtxFramer {
    decoder: Arc<EvtxDecoder>,
    header_read: bool,
    /// Chunks that the header of a cleanly closed file states.
    stated: Option<u16>,
    found: u16,
}

impl EvtxFramer {
    pub(super) fn new(options: &Arc<DecodeOptions>) -> Self {
        Self { decoder: Arc::new(EvtxDecoder::new(options)), header_read: false, stated: None, found: 0 }
    }

    fn file_header(&mut self, buffer: &[u8], ended: bool) -> Framed {
        if buffer.len() <= FILE_HEADER_BYTES && !ended {
            return Framed::More;
        }
        let Some(header) = buffer.get(..FILE_HEADER_BYTES) else {
            return Framed::Fault { anomaly: HEADER_DAMAGED, next: buffer.len() };
        };
        self.header_read = true;
        let next = before_the_last(FILE_HEADER_BYTES, buffer, ended);
        let checksum = header.get(..120).map(evtx::checksum_ieee);
        if !header.starts_with(FILE_MAGIC) || checksum != u32_at(header, 124) {
            return Framed::Fault { anomaly: HEADER_DAMAGED, next };
        }
        let closed = u32_at(header, 120).is_some_and(|flags| flags & DIRTY == 0);
        self.stated = u16_at(header, 42).filter(|_| closed);
        Framed::Skip { next }
    }

    fn chunk(&mut self, buffer: &[u8], ended: bool) -> Framed {
        if buffer.len() <= CHUNK_BYTES && !ended {
            return Framed::More;
        }
        let size = CHUNK_BYTES.min(buffer.len());
        let chunk = buffer.get(..size).unwrap_or_default();
        let next = before_the_last(size, buffer, ended);
        if ended && buffer.len() == 1 {
            let wrong = self.stated.is_some_and(|stated| stated != self.found);
            return if wrong { Framed::Fault { anomaly: CHUNK_COUNT, next } } else { Framed::Skip { next } };
        }
        if chunk.starts_with(CHUNK_MAGIC) {
            self.found = self.found.saturating_add(1);
            return Framed::Unit { start: 0, end: size, next };
        }
        if is_blank(chunk) {
            return Framed::Skip { next };
        }
        Framed::Fault { anomaly: CHUNK_DAMAGED, next }
    }
}

impl Framer for EvtxFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        if self.header_read { self.chunk(buffer, ended) } else { self.file_header(buffer, ended) }
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::<EvtxDecoder>::clone(&self.decoder)
    }
}

/// Where reading goes on behind `size` bytes: the last byte of the file is kept back, so that there is a place for a fault behind the last chunk.
const fn before_the_last(size: usize, buffer: &[u8], ended: bool) -> usize {
    if ended && buffer.len() == size && size > 1 { size - 1 } else { size }
}

/// Whether all bytes are zero: space that Windows set aside for chunks to come.
fn is_blank(chunk: &[u8]) -> bool {
    chunk.chunks(256).all(|block| block.iter().fold(0, |all, byte| all | byte) == 0)
}
