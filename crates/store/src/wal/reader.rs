//! Reads the log back, from any offset, and never beyond what is safe.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use cordon_seal::DataKey;
use tokio::sync::watch;

use super::WalError;
use super::entry::{Entries, Entry};
use super::segment::{Segment, Step, Walk};
use super::shared::Shared;
use crate::disk::DiskFault;

/// A place in the log. Several readers do not disturb each other.
#[derive(Debug)]
pub struct WalReader {
    shared: Arc<Shared>,
    durable: watch::Receiver<u64>,
    /// Entries that end at or below this were read or not asked for.
    position: u64,
    open: Option<Open>,
    sealed: Vec<u8>,
    entries: Entries,
    /// Read and not handed out yet.
    ready: VecDeque<Entry>,
    /// Met while there was something to hand out first.
    fault: Option<WalError>,
}

#[derive(Debug)]
struct Open {
    sequence: u64,
    walk: Walk,
    /// `None` when the header of the segment is damaged.
    key: Option<DataKey>,
}

impl WalReader {
    pub(super) fn new(shared: Arc<Shared>, durable: watch::Receiver<u64>, from: u64) -> Self {
        Self {
            shared,
            durable,
            position: from,
            open: None,
            sealed: Vec::new(),
            entries: Entries::default(),
            ready: VecDeque::new(),
            fault: None,
        }
    }

    /// Where reading goes on: the end of the last entry that was handed out, or `from`.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Waits until there is something to read.
    ///
    /// # Errors
    /// [`WalError::Closed`] when the log is closed and everything of it was read.
    pub async fn wait(&mut self) -> Result<(), WalError> {
        let position = self.position;
        if !self.ready.is_empty() || self.fault.is_some() {
            return Ok(());
        }
        let reached = self.durable.wait_for(|durable| *durable > position).await;
        reached.map(|_| ()).map_err(|_| WalError::Closed)
    }

    /// The next entries in order: at least one when there is any, further ones until `bytes_max` of payload. Empty when everything safe was read. Blocks.
    ///
    /// # Errors
    /// [`WalError::Damaged`] once for each damaged range; the next call reads on behind it. [`WalError::Cut`] when the part was given up. What the disk says; the next
    /// call tries again.
    pub fn read(&mut self, bytes_max: usize) -> Result<Vec<Entry>, WalError> {
        let (mut out, mut bytes) = (Vec::new(), 0);
        while bytes < bytes_max || out.is_empty() {
            if self.ready.is_empty() && !self.more(out.is_empty())? {
                break;
            }
            let Some(entry) = self.ready.pop_front() else { continue };
            self.position = entry.end;
            bytes += entry.delivery.bytes.len();
            out.push(entry);
        }
        Ok(out)
    }

    /// Reads the next frame; false when there is none or a fault has to wait until what was read is handed out.
    fn more(&mut self, nothing_yet: bool) -> Result<bool, WalError> {
        if self.fault.is_none() {
            match self.frame() {
                Ok(more) => return Ok(more),
                Err(fault) => self.fault = Some(fault),
            }
        }
        match self.fault.take_if(|_| nothing_yet) {
            Some(fault) => Err(self.pass(fault)),
            None => Ok(false),
        }
    }

    /// A damaged range is passed over once it was told.
    fn pass(&mut self, fault: WalError) -> WalError {
        match fault {
            WalError::Damaged { to, .. } => self.position = self.position.max(to),
            _ => self.open = None,
        }
        fault
    }

    fn frame(&mut self) -> Result<bool, WalError> {
        let durable = *self.durable.borrow();
        let reached = self.open.as_ref().map_or(self.position, |open| open.walk.expect);
        if reached >= durable {
            return Ok(false);
        }
        let (segment, next) = self.shared.holding(reached).ok_or_else(|| self.cut(durable))?;
        self.open_segment(&segment, durable)?;
        let Some(open) = &mut self.open else { return Ok(false) };
        let limit = next.map_or(durable, |next| next.min(durable));
        let frame = match open.walk.next(Some(limit), &mut self.sealed)? {
            Step::Frame(frame) => frame,
            Step::Gap { to, .. } if to <= self.position => return Ok(true),
            Step::Gap { from, to } => return Err(WalError::Damaged { from: from.max(self.position), to }),
            Step::End { .. } => return Ok(true),
        };
        let opened = open.key.as_ref().and_then(|key| key.open(frame.first, b"", &mut self.sealed).ok());
        let entries = opened.and_then(|log| self.entries.read(frame.first, log));
        let damaged = WalError::Damaged { from: frame.first.max(self.position), to: frame.end };
        let entries = entries.ok_or(damaged)?;
        let position = self.position;
        self.ready.extend(entries.into_iter().filter(|entry| entry.end > position));
        Ok(true)
    }

    fn cut(&self, durable: u64) -> WalError {
        WalError::Cut { oldest: self.shared.oldest(durable) }
    }

    /// Makes `segment` the open one, at the frame that holds the position.
    fn open_segment(&mut self, segment: &Segment, durable: u64) -> Result<(), WalError> {
        if self.open.as_ref().is_some_and(|open| open.sequence == segment.sequence) {
            return Ok(());
        }
        let reached = self.open.take().map_or(self.position, |open| open.walk.expect);
        let file = match self.shared.disk.open(&segment.path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                return Err(match self.shared.holding(reached) {
                    Some((still, _)) if still == *segment => WalError::Disk(DiskFault::from(fault)),
                    _ => self.cut(durable),
                });
            }
            Err(fault) => return Err(fault.into()),
        };
        let key = match segment.read_header(&*file)? {
            Some(wrapped) => Some(
                self.shared
                    .envelope
                    .unwrap(&wrapped, &segment.bound())
                    .map_err(|_| WalError::OtherKeys(segment.sequence))?,
            ),
            None => None,
        };
        let mut walk = Walk::new(file, segment);
        walk.skip_below(reached)?;
        self.open = Some(Open { sequence: segment.sequence, walk, key });
        Ok(())
    }
}
