//! Old logs for a live node: sources in, deliveries out, framed as a scan frames them. What becomes of them is the caller's.

use std::sync::Arc;

use cordon_collect::Sources;
use cordon_decode::DecodeOptions;
use cordon_model::{Anomaly, Delivery, Span};

use crate::Tally;
use crate::feed::{Batch, Feed};

/// Reads all sources and hands their RawRecords to `consume`, in order, each with the number of bytes read for it. `received` of the deliveries is that of the
/// source's last change.
///
/// # Errors
/// The error of `consume`.
pub fn deliveries<E>(
    sources: Sources,
    options: &DecodeOptions,
    site: &Arc<str>,
    mut consume: impl FnMut(Delivery) -> Result<(), E>,
) -> Result<Tally, E> {
    let mut feed = Feed::new(sources, options.clone());
    let mut batch = Batch::default();
    while feed.fill(&mut batch) {
        let Some((source, _)) = &batch.of else { continue };
        batch.faults.iter().for_each(|(offset, anomaly): &(u64, Anomaly)| feed.tally.fault(source, *offset, *anomaly));
        let (bytes, units) = batch.spans();
        let units: Vec<Span> = units.collect();
        let (Some(first), Some(last)) = (units.first(), units.last()) else { continue };
        let (start, end) = (first.start, last.end);
        let delivery = Delivery {
            source: Arc::clone(&source.id),
            site: Arc::clone(site),
            received: source.received,
            format: batch.format.into(),
            header: batch.header.to_vec(),
            bytes: bytes.get(start..end).unwrap_or_default().to_vec(),
            units: units.iter().map(|unit| Span { start: unit.start - start, end: unit.end - start }).collect(),
        };
        consume(delivery)?;
    }
    Ok(std::mem::take(&mut feed.tally))
}
