//! One RawRecord out of the log, with what names a patient masked unless whoever asks may see it.

use cordon_api::{ControlError, RecordPlace};
use cordon_decode::Sink;
use cordon_model::{Anomaly, Arena, Record};
use cordon_normalize::Mask;
use cordon_store::evidence::Kept;
use cordon_store::wal::Entry;

use super::decoders::{Decoders, at};
use super::node::Parts;

/// Bytes of the log that are read at once.
const READ_BYTES: usize = 1;

/// The bytes of the record at a place; the masked ones unless `is_revealed`. Blocks.
pub(super) fn read(parts: &Parts, place: &RecordPlace, is_revealed: bool) -> Result<Vec<u8>, ControlError> {
    let unknown = || ControlError::Unknown("record: it is not kept any more".to_owned());
    let failed = |error: &dyn std::fmt::Display| ControlError::Failed(error.to_string());
    let entry = match parts.evidence.read(place.position).map_err(|error| failed(&error))? {
        Kept::Here(entry) => *entry,
        Kept::Removed { .. } => return Err(unknown()),
        // not there yet: the log has it
        Kept::Unknown => {
            let mut reader = parts.wal.reader(place.position);
            let read = reader.read(READ_BYTES).map_err(|error| failed(&error))?;
            let holds = |entry: &Entry| entry.offset <= place.position && place.position < entry.end;
            read.into_iter().next().filter(holds).ok_or_else(unknown)?
        }
    };
    if *entry.delivery.source != *place.source || *entry.delivery.site != *place.site {
        return Err(unknown());
    }
    let decoders = Decoders::new(parts.decode.clone());
    let (mut arena, mut found) = (Arena::new(), None);
    decoders.decode(&entry.delivery, entry.offset, &mut arena, &mut |unit, arena| {
        if unit.holds(place.position) {
            let mut shown = Shown { is_revealed, place, records: 0, bytes: None };
            unit.run(arena, &mut shown);
            // a unit that gave no record is shown to nobody but who may see everything
            found = shown.bytes.or_else(|| is_revealed.then(|| unit.bytes().to_vec()));
        }
    });
    found.ok_or_else(unknown)
}

/// Takes the bytes of one record.
struct Shown<'p> {
    is_revealed: bool,
    place: &'p RecordPlace,
    /// Records of the unit so far.
    records: u32,
    bytes: Option<Vec<u8>>,
}

impl<'a> Sink<'a> for Shown<'_> {
    fn record(&mut self, record: Record<'a>) {
        let at = at(record.raw.position, record.index, self.place.position, self.records);
        self.records += 1;
        if at != (self.place.position, self.place.index) || self.bytes.is_some() {
            return;
        }
        let mask = if self.is_revealed { None } else { Mask::of(&record) };
        self.bytes = Some(match mask {
            Some(mask) => mask.bytes(record.raw.bytes),
            None => record.raw.bytes.to_vec(),
        });
    }

    fn fault(&mut self, _: u64, _: Anomaly) {}
}
