//! Counts of an hour or a day, each feature on its own clock: one source may tell at once what another tells a day later, and neither must count for the other's hour.

use cordon_learn::entity::Fading;

use super::Behaviour;
use super::clock::Moment;
use super::profile::{Feature, Profile, narrow};

/// The last hour of a day: what comes after midnight and is dated before still counts for the old day.
const LAST_HOUR: usize = 23;

impl Behaviour {
    /// Counts more of a feature in its hour; says how many there were before and how many there are.
    pub(super) fn count(&mut self, who: &mut Profile, feature: Feature, more: f64, at: Moment) -> (f64, f64) {
        self.turn(who, feature, at);
        let Some(count) = who.counts.get_mut(feature as usize) else { return (0.0, 0.0) };
        let before = *count;
        *count += if more.is_finite() { more.max(0.0) } else { 0.0 };
        (before, *count)
    }

    /// Counts patients of the day; says how many different ones there were before and how many there are.
    pub(super) fn count_patients(&mut self, who: &mut Profile, patients: &[u64], at: Moment) -> (f64, f64) {
        self.turn(who, Feature::Patients, at);
        let before = who.counts.get(Feature::Patients as usize).copied().unwrap_or(0.0);
        (before, who.count_patients(patients))
    }

    /// Closes the hour or day of a feature when an event is of another one, earlier or later; what is late by the turn of an hour or of a day counts for the running one.
    fn turn(&mut self, who: &mut Profile, feature: Feature, at: Moment) {
        let is_daily = feature == Feature::Patients;
        let period = if is_daily { at.day } else { at.hour };
        let Some(running) = who.count_at.get_mut(feature as usize) else { return };
        let is_late = period.saturating_add(1) == *running && (!is_daily || at.of_day() == LAST_HOUR);
        if period == *running || is_late {
            return;
        }
        let closed = std::mem::replace(running, period);
        self.close(who, feature, closed);
    }

    /// Closes the hour or day of a feature when it lies before another one, which begins.
    pub(super) fn close_before(&mut self, who: &mut Profile, feature: Feature, period: u32) {
        let Some(running) = who.count_at.get_mut(feature as usize).filter(|running| **running < period) else { return };
        let closed = std::mem::replace(running, period);
        self.close(who, feature, closed);
    }

    fn close(&mut self, who: &mut Profile, feature: Feature, period: u32) {
        let place = feature as usize;
        who.forget_busy(feature);
        let Some(count) = who.counts.get_mut(place).map(std::mem::take).filter(|count| *count > 0.0) else { return };
        let log = libm::log1p(count);
        let normal = who.normal.get(place).copied().unwrap_or_default();
        let mut time_s = i64::from(period) * 3_600;
        if feature == Feature::Patients {
            time_s *= 24;
            who.forget_patients();
            if let Some(deviation) = normal.distance_of_width(log, 0.2).filter(|_| period > who.drift_day) {
                // E. S. Page, "Continuous inspection schemes", 1954; one day counts at most three deviations
                who.drift = narrow((f64::from(who.drift) + deviation.clamp(-3.0, 3.0) - 0.5).clamp(0.0, 20.0));
            }
            who.drift_day = who.drift_day.max(period);
        }
        if let Some(normal) = who.normal.get_mut(place) {
            normal.learn(log, time_s, Fading::default());
        }
        self.peers.learn(who, feature, count);
    }
}
