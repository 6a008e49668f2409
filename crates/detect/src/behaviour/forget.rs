//! Forgetting one person, machine or device: afterwards it is as never seen. What it added to numbers that belong to many (its peers' normal, the ways that anybody went,
//! thresholds) cannot be taken out again; no name and nothing of its own can be read from those.

use cordon_model::Time;

use super::Behaviour;
use super::observed::name_of;
use super::report::EntityKind;

/// What was forgotten of one entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Time of the first event of it.
    pub first_seen: Time,
    /// Days on which it was active.
    pub days: u16,
    /// Addresses outside that it called and that were followed.
    pub pairs: u64,
    /// Whether its silence was watched.
    pub was_watched: bool,
}

impl Behaviour {
    /// Forgets an entity: its profile with all it met, the addresses that it called, its place among watched devices with its name. None when nothing was learnt of it. Names are
    /// matched as [`Self::entity`] does.
    pub fn forget(&mut self, kind: EntityKind, name: &str) -> Option<Forgotten> {
        let key = self.key(kind, &name_of(kind, name)?);
        let was_watched = self.unwatch(key);
        let who = self.entities.remove(key)?;
        for (place, model) in self.models.iter_mut().enumerate() {
            model.entities = model.entities.saturating_sub(u64::from(who.was_judged(place)));
        }
        self.callers = self.callers.saturating_sub(u64::from(who.calls_outside()));
        let pairs = self.pairs.take_out(|pair| pair.from() == key);
        for pair in &pairs {
            self.destinations.change(pair.destination(), |called| called.forget_caller());
        }
        let pairs = u64::try_from(pairs.len()).unwrap_or(u64::MAX);
        Some(Forgotten { first_seen: Time(who.first_s.saturating_mul(1_000_000)), days: who.days, pairs, was_watched })
    }

    fn unwatch(&mut self, key: u64) -> bool {
        let Some(place) = self.watched_at.remove(&key) else { return false };
        if place < self.watched.len() {
            self.watched.remove(place);
        }
        self.watched_at = self.watched.iter().enumerate().map(|(place, watched)| (watched.key, place)).collect();
        true
    }
}
