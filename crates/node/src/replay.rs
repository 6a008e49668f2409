//! Old logs as if they were live: sources in, their RawRecords out in the order of event time. When to send what is the caller's.

use std::sync::Arc;

use cordon_collect::Sources;
use cordon_decode::{DecodeOptions, Sink};
use cordon_model::{Anomaly, Arena, Record, Time};

use crate::Tally;
use crate::feed::{Batch, Feed};

/// Most bytes that are put in order in memory.
pub const BYTES_MAX: usize = 1 << 30;

/// A RawRecord with the time of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// When its first event happened. One that states none stands behind the record in front of it.
    pub time: Time,
    /// Id of its source.
    pub source: Arc<str>,
    /// Name of its format.
    pub format: &'static str,
    /// The header that it is read by; empty for most formats.
    pub header: Arc<Vec<u8>>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// More bytes than are put in order in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {} MiB of records: replay fewer files at a time", BYTES_MAX >> 20)]
pub struct TooMuch;

/// All RawRecords of all sources, in the order of time; those of equal times in the order of sources and positions.
///
/// # Errors
/// When there are more bytes than [`BYTES_MAX`].
pub fn timeline(sources: Sources, options: &DecodeOptions) -> Result<(Vec<Timed>, Tally), TooMuch> {
    let mut feed = Feed::new(sources, options.clone());
    let (mut batch, mut arena) = (Batch::default(), Arena::new());
    let (mut timed, mut bytes) = (Vec::new(), 0_usize);
    let (mut order, mut last) = (u32::MAX, None);
    while feed.fill(&mut batch) {
        let Some((source, decoder)) = &batch.of else { continue };
        batch.faults.iter().for_each(|(offset, anomaly)| feed.tally.fault(source, *offset, *anomaly));
        if order != source.order {
            (order, last) = (source.order, None);
        }
        for unit in batch.units() {
            let mut first = First(None);
            decoder.decode(unit, &arena, &mut first);
            arena.reset();
            let time = first.0.or(last).unwrap_or(source.received);
            last = Some(time);
            bytes = bytes.saturating_add(unit.bytes.len());
            let (source, header) = (Arc::clone(&source.id), Arc::clone(&batch.header));
            timed.push(Timed { time, source, format: batch.format, header, bytes: unit.bytes.to_vec() });
        }
        if bytes > BYTES_MAX {
            return Err(TooMuch);
        }
    }
    timed.sort_by_key(|one| one.time);
    Ok((timed, std::mem::take(&mut feed.tally)))
}

/// The time of the first record.
struct First(Option<Time>);

impl<'a> Sink<'a> for First {
    fn record(&mut self, record: Record<'a>) {
        self.0 = self.0.or_else(|| record.when.resolve());
    }

    fn fault(&mut self, _: u64, _: Anomaly) {}
}
