//! Bytes of one connection on their way into a delivery. What is read becomes the delivery's own bytes: no message is copied.

use std::sync::Arc;

use cordon_model::{Delivery, Span, Time};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;

use super::{LiveSource, Reception};

/// Bytes of the first read of a connection; it doubles while reads fill it.
const READ_BYTES_MIN: usize = 4 << 10;
/// Most bytes of one read.
const READ_BYTES_MAX: usize = 128 << 10;

/// Collects units of one connection until they go off together.
#[derive(Debug)]
pub(super) struct Gather {
    bytes: Vec<u8>,
    /// Everything before is framed: units and what stood between them.
    framed: usize,
    units: Vec<Span>,
    received: Time,
    /// When the oldest unit was found.
    pub(super) since: Option<Instant>,
    /// When the message that is not yet complete began to arrive.
    pub(super) begun: Option<Instant>,
    read_bytes: usize,
}

impl Gather {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            framed: 0,
            units: Vec::new(),
            received: Time(0),
            since: None,
            begun: None,
            read_bytes: READ_BYTES_MIN,
        }
    }

    /// Reads once; 0 at the end. Safe to cancel: then nothing was read.
    ///
    /// # Errors
    /// Of the connection.
    pub(super) async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<usize> {
        self.bytes.reserve(self.read_bytes);
        let read = stream.read_buf(&mut self.bytes).await?;
        if read >= self.read_bytes {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        } else if read < self.read_bytes / 4 {
            self.read_bytes = (self.read_bytes / 2).max(READ_BYTES_MIN);
        }
        Ok(read)
    }

    /// What is read and not framed.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.framed..).unwrap_or_default()
    }

    /// Notes a unit at a place of the rest.
    pub(super) fn unit(&mut self, start: usize, end: usize, reception: &Reception) {
        if self.units.is_empty() {
            self.received = (reception.clock)();
            self.since = Some(Instant::now());
        }
        self.units.push(Span { start: self.framed + start, end: self.framed + end });
    }

    /// Goes on in the rest.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.framed = self.framed.saturating_add(bytes).min(self.bytes.len());
        self.begun = None;
        if self.units.is_empty() {
            self.forget();
        }
    }

    /// Notes that what is left is the beginning of a message.
    pub(super) fn wait_for_more(&mut self) {
        if self.rest().is_empty() {
            self.begun = None;
        } else if self.begun.is_none() {
            self.begun = Some(Instant::now());
        }
    }

    /// Whether a batch is complete.
    pub(super) fn is_full(&self, reception: &Reception) -> bool {
        let limits = &reception.limits;
        self.framed >= limits.batch_bytes_max.min(Delivery::BYTES_MAX)
            || self.units.len() >= limits.batch_units_max.min(Delivery::UNITS_MAX)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The units so far as a delivery of `source`; `None` when there are none.
    pub(super) fn take(&mut self, source: &Arc<LiveSource>, format: &str) -> Option<Delivery> {
        if self.units.is_empty() {
            return None;
        }
        let rest = self.rest().to_vec();
        let mut bytes = std::mem::replace(&mut self.bytes, rest);
        bytes.truncate(self.framed);
        if bytes.capacity() > bytes.len().saturating_mul(2) {
            bytes.shrink_to_fit();
        }
        self.framed = 0;
        self.since = None;
        let declaration = &source.declaration;
        let format = if declaration.format.is_empty() { format.into() } else { Arc::clone(&declaration.format) };
        Some(Delivery {
            source: Arc::clone(&declaration.id),
            site: Arc::clone(&declaration.site),
            received: self.received,
            format,
            header: Vec::new(),
            bytes,
            units: std::mem::take(&mut self.units),
        })
    }

    /// Gives up framed bytes that hold no unit.
    fn forget(&mut self) {
        if self.framed == self.bytes.len() {
            self.framed = 0;
            if self.bytes.capacity() > READ_BYTES_MAX * 2 {
                self.bytes = Vec::new();
            }
            self.bytes.clear();
        } else if self.framed > READ_BYTES_MAX {
            self.bytes.drain(..self.framed);
            self.framed = 0;
        }
    }
}
