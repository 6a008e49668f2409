//! What stands on the disk when a log is opened: which segments there are, where the last one ends, what of it is torn or damaged.

use std::path::Path;

use cordon_seal::EnvelopeKey;

use super::segment::{self, HEADER_BYTES, Segment, Step, Walk};
use super::{Recovered, WalError};
use crate::disk::Disk;

pub(super) struct Found {
    pub(super) segments: Vec<Segment>,
    pub(super) sequence_next: u64,
    pub(super) recovered: Recovered,
}

pub(super) fn recover(disk: &dyn Disk, dir: &Path, envelope: &EnvelopeKey, offset_min: u64) -> Result<Found, WalError> {
    make_dir(disk, dir)?;
    let listed = segment::list(disk, dir)?;
    let sequence_next = listed.last().map_or(0, |segment| segment.sequence) + 1;
    let mut segments: Vec<Segment> = Vec::new();
    for segment in listed {
        if segments.last().is_some_and(|before| before.first > segment.first) {
            return Err(WalError::OutOfOrder(segment.sequence));
        }
        if holds_something(disk, &segment, envelope)? {
            segments.push(segment);
        } else {
            // its header was never safe, so nothing was ever written behind it
            tracing::info!(segment = segment.sequence, "removed a segment that was never begun");
            disk.remove(&segment.path)?;
        }
    }
    let mut recovered = match segments.last() {
        Some(last) => end_of(disk, last)?,
        None => Recovered::default(),
    };
    disk.sync_dir(dir)?;
    recovered.end = recovered.end.max(offset_min);
    recovered.oldest = segments.first().map_or(recovered.end, |segment| segment.first);
    recovered.segments = segments.len();
    tell(&recovered);
    Ok(Found { segments, sequence_next, recovered })
}

/// Says in the node's own log what is missing.
fn tell(recovered: &Recovered) {
    if recovered.torn_bytes > 0 {
        tracing::warn!(bytes = recovered.torn_bytes, "passed over a write that was cut short and never acknowledged");
    }
    for (from, to) in &recovered.damaged {
        tracing::error!(from, to, "a part of the write-ahead log that was safe cannot be read any more");
    }
}

fn make_dir(disk: &dyn Disk, dir: &Path) -> Result<(), WalError> {
    disk.create_dir(dir)?;
    Ok(dir.parent().map_or(Ok(()), |above| disk.sync_dir(above))?)
}

/// Whether anything can have been acknowledged in this segment. A header is safe before the first frame is written.
fn holds_something(disk: &dyn Disk, segment: &Segment, envelope: &EnvelopeKey) -> Result<bool, WalError> {
    let file = disk.open(&segment.path)?;
    if Segment::is_newer(&*file)? {
        return Err(WalError::TooNew(segment.sequence));
    }
    let Some(wrapped) = segment.read_header(&*file)? else {
        return Ok(file.bytes()? > HEADER_BYTES as u64);
    };
    let key = envelope.unwrap(&wrapped, &segment.bound());
    key.map(|_| true).map_err(|_| WalError::OtherKeys(segment.sequence))
}

/// Where the last segment ends. A process that was killed leaves frames that were written and not synced: they count as found, so they are made safe first.
fn end_of(disk: &dyn Disk, last: &Segment) -> Result<Recovered, WalError> {
    let file = disk.open_append(&last.path)?;
    file.sync()?;
    let mut walk = Walk::new(file, last);
    let (mut sealed, mut recovered) = (Vec::new(), Recovered::default());
    loop {
        match walk.next(None, &mut sealed)? {
            Step::Frame(_) => {}
            Step::Gap { from, to } => recovered.damaged.push((from, to)),
            Step::End { torn_bytes } => {
                recovered.torn_bytes = torn_bytes;
                recovered.end = walk.expect;
                return Ok(recovered);
            }
        }
    }
}
