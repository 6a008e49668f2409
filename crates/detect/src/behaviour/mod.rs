//! Behaviour: who acts unlike themselves and unlike their peers. What events say about accounts, machines and devices comes in, in the order of the log; findings come out whose
//! score is a sum of named parts in nats.
//!
//! Workers make [`Observed`] of events in parallel; one [`Behaviour`] sees them one after the other, scores first and learns afterwards. It asks no clock and no
//! chance, so the same observations give the same findings and the same bytes.

mod observed;
mod options;
mod report;

pub use observed::{Deed, Observed, Way};
pub use options::BehaviourOptions;
pub use report::{EntityKind, EntityNow, FeatureNow, ModelState, Noticed};

use cordon_learn::Damaged;
use cordon_model::Time;

/// All detectors of behaviour with what they have learnt.
#[derive(Debug)]
pub struct Behaviour {
    options: BehaviourOptions,
}

impl Behaviour {
    /// Detectors that have learnt nothing.
    #[must_use]
    pub const fn new(options: BehaviourOptions) -> Self {
        Self { options }
    }

    /// Judges an observation, then learns it. In the order of the log.
    pub fn see(&mut self, observed: &Observed, out: &mut Vec<Noticed>) {
        let _ = (observed, out);
    }

    /// Learns an observation of stored history, in the order of event time; nothing is found.
    pub fn learn(&mut self, observed: &Observed) {
        let _ = observed;
    }

    /// Closes hours and days before `now`, and tells of who has gone quiet. Doing it again changes nothing.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Noticed>) {
        let _ = (now, out);
    }

    /// Asks for another number of alerts per week, over all detectors together.
    pub fn ask(&mut self, alerts_per_week: f64) {
        self.options.alerts_per_week = alerts_per_week;
    }

    /// Appends all that was learnt to `out`; the options are not part of it, but the hash key must be the same at reading.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(1);
    }

    /// Reads what [`Self::write`] wrote, to go on under `options`.
    ///
    /// # Errors
    /// Bytes of another version, cut short, or of numbers that no model has.
    pub fn read(options: BehaviourOptions, from: &mut &[u8]) -> Result<Self, Damaged> {
        match from.split_first() {
            Some((1, rest)) => {
                *from = rest;
                Ok(Self::new(options))
            }
            _ => Err(Damaged("behaviour, version 1")),
        }
    }

    /// How each detector is.
    #[must_use]
    pub const fn models(&self) -> Vec<ModelState> {
        Vec::new()
    }

    /// What is normal for an entity and what it does now; none when it is not known.
    #[must_use]
    pub const fn entity(&self, kind: EntityKind, name: &str) -> Option<EntityNow> {
        let _ = (kind, name);
        None
    }
}
