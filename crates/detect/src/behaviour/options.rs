//! What is asked of the detectors of behaviour.

use cordon_stats::HashKey;
use jiff::tz::TimeZone;

/// What is asked of the detectors of behaviour.
#[derive(Clone, Debug)]
pub struct BehaviourOptions {
    /// Key of this installation, under which names become numbers: nobody who chooses names can make them collide.
    pub hash_key: HashKey,
    /// The zone of the site's clocks: what hour of the day it is is asked in it.
    pub timezone: TimeZone,
    /// Alerts asked for per week, over all detectors together.
    pub alerts_per_week: f64,
    /// Most accounts, machines and devices that are remembered, at most 1.2 kB each; beyond it the longest silent is forgotten and counted.
    pub entities_max: usize,
}

impl BehaviourOptions {
    /// Twenty alerts a week, a million entities, clocks on UTC.
    #[must_use]
    pub const fn new(hash_key: HashKey) -> Self {
        Self { hash_key, timezone: TimeZone::UTC, alerts_per_week: 20.0, entities_max: 1_000_000 }
    }
}
