//! All that was learnt, as bytes: the same bytes after reading and writing again.

use cordon_learn::edges::FirstSeen;
use cordon_learn::{Damaged, Snapshot};
use cordon_stats::codec;

use super::devices::{WATCHED_MAX, Watched};
use super::entities::Entities;
use super::model::{Model, WORDS};
use super::peers::Peers;
use super::table::Table;
use super::{Behaviour, BehaviourOptions, SOURCES_MAX};

/// Raised with every change of the layout.
const VERSION: u64 = 2;

impl Behaviour {
    /// Appends all that was learnt to `out`; the options are not part of it, but the hash key must be the same at reading.
    pub fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        self.models.iter().for_each(|model| model.write(out));
        self.peers.write(out);
        self.edges.write(out);
        self.pairs.write(out);
        self.destinations.write(out);
        for number in [self.callers, self.unwatched, self.undated, u64::from(self.looked_h), u64::from(self.day)] {
            codec::put_u64(out, number);
        }
        codec::put_i64(out, self.started_s.unwrap_or(i64::MIN));
        codec::put_len(out, self.watched.len());
        self.watched.iter().for_each(|watched| watched.write(out));
        let mut sources: Vec<(u64, (i64, i64))> =
            self.sources.keys().filter_map(|key| Some((*key, *self.sources.get(key)?))).collect();
        sources.sort_unstable();
        codec::put_len(out, sources.len());
        for (source, (resumed_s, last_s)) in sources {
            codec::put_u64(out, source);
            codec::put_i64(out, resumed_s);
            codec::put_i64(out, last_s);
        }
        self.entities.write(out);
    }

    /// Reads what [`Self::write`] wrote, to go on under `options`.
    ///
    /// # Errors
    /// Bytes of another version, cut short, or of numbers that no model has.
    pub fn read(options: BehaviourOptions, from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("behaviour, version 2"));
        }
        let mut read = Self::new(options);
        for (model, words) in read.models.iter_mut().zip(&WORDS) {
            *model = Model::read(from)?;
            model.ask(words, read.options.alerts_per_week);
        }
        read.peers = Peers::read(from)?;
        read.edges = FirstSeen::read(from)?;
        read.pairs = Table::read(from)?;
        read.destinations = Table::read(from)?;
        let number = |from: &mut &[u8]| codec::take_u64(from).ok_or(Damaged("a number"));
        let hour = |from: &mut &[u8]| number(from).and_then(|hour| u32::try_from(hour).map_err(|_| Damaged("an hour")));
        (read.callers, read.unwatched, read.undated) = (number(from)?, number(from)?, number(from)?);
        (read.looked_h, read.day) = (hour(from)?, hour(from)?);
        let started_s = codec::take_i64(from).ok_or(Damaged("a time"))?;
        read.started_s = (started_s != i64::MIN).then_some(started_s);
        let watched = codec::take_len(from, 100).filter(|len| *len <= WATCHED_MAX);
        for place in 0..watched.ok_or(Damaged("a number of devices"))? {
            let watched = Watched::read(from).ok_or(Damaged("a device"))?;
            read.watched_at.insert(watched.key, place);
            read.watched.push(watched);
        }
        let sources = codec::take_len(from, 24).filter(|len| *len <= SOURCES_MAX);
        for _ in 0..sources.ok_or(Damaged("a number of sources"))? {
            let source = number(from)?;
            let time = |from: &mut &[u8]| codec::take_i64(from).ok_or(Damaged("a time"));
            read.sources.insert(source, (time(from)?, time(from)?));
        }
        read.entities = Entities::read(read.options.entities_max, from)?;
        Ok(read)
    }
}
