//! Two profiles of one entity become one.

use cordon_learn::entity::Fading;

use super::model::MODELS;
use super::profile::{Burst, DAYS_MAX, Profile, TRIES_MAX, Tries, narrow};

impl Profile {
    /// Takes in what another one learnt of the same entity; gives a bit for each model that has judged both. Running hours and days must have been made the same ones before
    /// ([`super::Behaviour::merge`] does). It does not matter which is first.
    pub(super) fn merge(&mut self, other: &Self, fading: Fading) -> u16 {
        self.merge_times(other);
        self.seen.merge(&other.seen);
        self.normal.iter_mut().zip(&other.normal).for_each(|(own, others)| own.merge(others, fading));
        self.tries.iter_mut().zip(&other.tries).for_each(|(own, others)| own.merge(*others));
        self.merge_hours(other);
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, others)| *own += others);
        self.patients.iter_mut().zip(&other.patients).for_each(|(own, others)| *own |= others);
        self.peaks.iter_mut().zip(other.peaks).for_each(|(own, others)| *own = own.max(others));
        self.told.iter_mut().zip(other.told).for_each(|(own, others)| *own = (*own).max(others));
        self.merge_risk(other);
        self.merge_pending(other);
        self.programs.merge(other.programs);
        self.machines.merge(other.machines);
        self.drift = self.drift.max(other.drift);
        self.drift_day = self.drift_day.max(other.drift_day);
        self.calls_outside |= other.calls_outside;
        self.busy |= other.busy;
        let both = self.judged & other.judged;
        self.judged |= other.judged;
        both
    }

    fn merge_times(&mut self, other: &Self) {
        if (other.last_s, other.source) > (self.last_s, self.source) {
            self.source = other.source;
        }
        (self.first_s, self.last_s) = (self.first_s.min(other.first_s), self.last_s.max(other.last_s));
        (self.hour, self.day) = (self.hour.max(other.hour), self.day.max(other.day));
        self.days = self.days.max(other.days);
    }

    /// Days of both count: shares of them are then those of all that was seen.
    fn merge_hours(&mut self, other: &Self) {
        let mut days = [self.work_days, self.weekend_days].map(u16::from);
        days.iter_mut().zip([other.work_days, other.weekend_days]).for_each(|(own, others)| *own += u16::from(others));
        let mut hours: Vec<u16> =
            self.hours.iter().zip(&other.hours).map(|(own, others)| u16::from(*own) + u16::from(*others)).collect();
        for (half, days) in days.iter_mut().enumerate() {
            while *days > u16::from(DAYS_MAX) {
                *days /= 2;
                hours.iter_mut().skip(half * 24).take(24).for_each(|hour| *hour /= 2);
            }
        }
        let small = |number: &u16| u8::try_from(*number).unwrap_or(u8::MAX);
        self.hours.iter_mut().zip(&hours).for_each(|(own, all)| *own = small(all));
        let [work_days, weekend_days] = days;
        (self.work_days, self.weekend_days) = (small(&work_days), small(&weekend_days));
    }

    fn merge_risk(&mut self, other: &Self) {
        let at_s = self.risk_at_s.max(other.risk_at_s);
        let left = |one: &Self| libm::exp2(-(at_s.saturating_sub(one.risk_at_s) as f64) / 86_400.0);
        let (own_left, other_left) = (left(self), left(other));
        for place in 0..MODELS {
            let of = |one: &Self, left: f64| one.risk.get(place).map_or(0.0, |risk| f64::from(*risk) * left);
            let sum = (of(self, own_left) + of(other, other_left)).min(1e6);
            self.risk.get_mut(place).into_iter().for_each(|risk| *risk = narrow(sum));
        }
        self.risk_at_s = at_s;
        let at_s = self.refused_at_s.max(other.refused_at_s);
        let left = |one: &Self| {
            f64::from(one.refused)
                * libm::exp2(-(at_s.saturating_sub(one.refused_at_s).clamp(0, 86_400) as f64) / 600.0)
        };
        self.refused = narrow(left(self) + left(other));
        self.refused_at_s = at_s;
    }

    /// The latest four.
    fn merge_pending(&mut self, other: &Self) {
        let mut all: Vec<(u32, u32)> =
            self.pending.iter().chain(&other.pending).filter(|(_, hour)| *hour > 0).copied().collect();
        all.sort_unstable_by_key(|(mark, hour)| (std::cmp::Reverse(*hour), *mark));
        all.dedup_by_key(|(mark, _)| *mark);
        let mut all = all.into_iter();
        self.pending.iter_mut().for_each(|place| *place = all.next().unwrap_or((0, 0)));
    }
}

impl Tries {
    fn merge(&mut self, other: Self) {
        self.hour = self.hour.max(other.hour);
        (self.tries, self.news) = (self.tries + other.tries, self.news + other.news);
        while self.tries > TRIES_MAX {
            self.tries /= 2.0;
            self.news /= 2.0;
        }
    }
}

impl Burst {
    fn merge(&mut self, other: Self) {
        match other.hour.cmp(&self.hour) {
            std::cmp::Ordering::Greater => *self = other,
            std::cmp::Ordering::Equal => {
                self.nats += other.nats;
                self.things = self.things.saturating_add(other.things);
            }
            std::cmp::Ordering::Less => {}
        }
    }
}
