//! The events that correlations may point back to, by number: the newest in memory, the others in a temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::entry::EventEntry;
use super::gather::Place;

/// Bytes kept in memory before they go to the file.
const MEMORY_BYTES: usize = 8 << 20;

/// Numbered events.
#[derive(Default)]
pub(super) struct Events {
    count: u64,
    memory: Vec<u8>,
    in_file: u64,
    file: Option<File>,
    place: Place,
}

impl Events {
    /// None yet; a temporary file lies at `place`.
    pub(super) fn new(place: Place) -> Self {
        Self { place, ..Self::default() }
    }

    /// Keeps an event and gives its number.
    pub(super) fn push(&mut self, event: &EventEntry) -> io::Result<u64> {
        if self.memory.len() >= MEMORY_BYTES {
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(self.place.file()?),
            };
            file.seek(SeekFrom::End(0))?;
            file.write_all(&self.memory)?;
            self.memory.clear();
            self.in_file = self.count;
        }
        event.write(&mut self.memory);
        self.count += 1;
        Ok(self.count - 1)
    }

    /// The event of a number that [`Events::push`] gave.
    pub(super) fn read(&mut self, number: u64) -> io::Result<EventEntry> {
        let place = |number: u64| number.saturating_mul(u64::try_from(EventEntry::BYTES).unwrap_or(u64::MAX));
        if let Some(in_memory) = number.checked_sub(self.in_file) {
            let start = usize::try_from(place(in_memory)).unwrap_or(usize::MAX);
            return EventEntry::read(&mut self.memory.get(start..).unwrap_or_default());
        }
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(place(number)))?;
        let mut bytes = [0; EventEntry::BYTES];
        file.read_exact(&mut bytes)?;
        EventEntry::read(&mut bytes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use cordon_detect::EventKey;
    use cordon_model::{Digest, EventId, Position};

    use super::*;

    #[test]
    fn events_are_found_again_in_memory_and_in_the_file() {
        let event = |number: u32| EventEntry {
            source: number,
            kind: 1,
            event: EventKey {
                id: EventId([1; 16]),
                record_sha256: Digest([2; 32]),
                position: Position::Chunk { chunk: number, record: 9 },
                index: 3,
            },
        };
        let mut events = Events::default();
        let count = u32::try_from(2 * MEMORY_BYTES / EventEntry::BYTES).unwrap() + 5;
        for number in 0..count {
            assert_eq!(events.push(&event(number)).unwrap(), u64::from(number));
        }
        for number in [0, 1, count / 2, count - 1] {
            assert_eq!(events.read(u64::from(number)).unwrap(), event(number));
        }
    }
}
