//! What is usual: how many of something people have in an hour or on a day, each by themselves and among their peers.
//!
//! A count is unusual above `max(99.9th percentile of the peers, own median + 6 x own median absolute deviation)`. Peers are the others of one role: what somebody does
//! is never measured against itself. Where there is too little to know a percentile by, the view widens: the hour of the week, then the hour of working days or weekends,
//! then all hours, then all staff. With fewer than 5,000 values, of which at most five lie above the percentile, a quarter more than it is still usual.
//!
//! Memory: one entry of 8 bytes for each slot and count that a user ever had (so at most one for each of their hours), and a histogram for each role and slot.

use rustc_hash::FxHashMap;

use crate::world::World;

/// Values from which a 99.9th percentile can be measured.
const MEASURABLE_MIN: u64 = 1_000;
/// Values of the others of a role from which the role has habits.
const ROLE_MIN: u64 = 200;
/// How many others of the role there must be.
const ROLE_OTHERS_MIN: u32 = 3;
/// Values of all other staff from which anything can be said.
const STAFF_MIN: u64 = 100;
/// Values of one's own from which there is an own habit.
const OWN_MIN: u64 = 8;
/// How many median absolute deviations above the median are still usual.
const OWN_DEVIATIONS: f64 = 6.0;
/// One of so many values may lie above the percentile.
const PER_ABOVE: u64 = 1_000;
/// Values from which the percentile itself is the limit; with fewer, this much more.
const SURE_MIN: u64 = 5_000;
const UNSURE_FACTOR: f64 = 1.25;

/// Counts by value, ascending.
#[derive(Clone, Debug, Default)]
struct Histogram {
    bins: Vec<(u16, u32)>,
    total: u64,
}

impl Histogram {
    fn add(&mut self, value: u16, times: u32) {
        self.total += u64::from(times);
        match self.bins.binary_search_by_key(&value, |(known, _)| *known) {
            Ok(place) => {
                if let Some((_, count)) = self.bins.get_mut(place) {
                    *count = count.saturating_add(times);
                }
            }
            Err(place) => self.bins.insert(place, (value, times)),
        }
    }

    /// The value that at most `above` of the values exceed, those of `own` left out.
    fn limit_without(&self, own: &Self, above: u64) -> u16 {
        let mut seen = 0_u64;
        for (value, times) in self.bins.iter().rev() {
            let own =
                own.bins.binary_search_by_key(value, |(known, _)| *known).ok().and_then(|place| own.bins.get(place));
            seen += u64::from(times.saturating_sub(own.map_or(0, |(_, times)| *times)));
            if seen > above {
                return *value;
            }
        }
        0
    }

    /// The value in the middle.
    fn median(&self) -> u16 {
        let mut seen = 0;
        for (value, times) in &self.bins {
            seen += u64::from(*times);
            if seen * 2 > self.total {
                return *value;
            }
        }
        0
    }

    /// The distance from the median in the middle.
    fn deviation(&self, median: u16) -> u16 {
        let mut distances = Self::default();
        for (value, times) in &self.bins {
            distances.add(value.abs_diff(median), *times);
        }
        distances.median()
    }
}

/// What a role does, in three views.
#[derive(Debug, Default)]
struct Group {
    slots: Vec<Histogram>,
    kinds: Vec<Histogram>,
    whole: Histogram,
    users: u32,
}

impl Group {
    fn add(&mut self, bin: &Bin, kind: u8) {
        for (list, place) in [(&mut self.slots, usize::from(bin.slot)), (&mut self.kinds, usize::from(kind))] {
            if list.len() <= place {
                list.resize_with(place + 1, Histogram::default);
            }
            if let Some(histogram) = list.get_mut(place) {
                histogram.add(bin.value, bin.times);
            }
        }
        self.whole.add(bin.value, bin.times);
    }
}

/// How often one user had one count in one slot.
#[derive(Clone, Copy, Debug)]
struct Bin {
    slot: u8,
    value: u16,
    times: u32,
}

/// A limit, and what it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limit {
    /// Up to here it is usual.
    pub value: f64,
    /// The user's own median; none when there are too few values.
    pub own: Option<f64>,
    /// What peers have at most.
    pub peers: f64,
}

impl Limit {
    /// With the count in question, as numbers of a sentence: count, own usual (-1 is unknown), peers.
    pub(super) fn facts(&self, count: u32) -> [f64; 3] {
        [f64::from(count), self.own.unwrap_or(-1.0), self.peers]
    }

    /// The numbers of [`Limit::facts`] in words.
    pub(super) fn words(facts: [f64; 3]) -> String {
        let [_, own, peers] = facts;
        if own < 0.0 {
            format!("too little is known of what is usual for them, peers at most {peers:.0}")
        } else {
            format!("usual {own:.0}, peers at most {peers:.0}")
        }
    }
}

/// Habits of everybody.
#[derive(Debug)]
pub(super) struct Habits {
    /// How a slot is seen when there is too little of it.
    kind: fn(u8) -> u8,
    of_user: Vec<Vec<Bin>>,
    roles: FxHashMap<u32, Group>,
    all: Histogram,
}

impl Habits {
    /// No habits yet; `kind` puts slots together.
    pub(super) fn by(kind: fn(u8) -> u8) -> Self {
        Self { kind, of_user: Vec::new(), roles: FxHashMap::default(), all: Histogram::default() }
    }

    /// Takes in a count of a user in a slot. Counts above 65,535 are taken as that.
    pub(super) fn learn(&mut self, user: u32, slot: u8, count: u32) {
        let value = u16::try_from(count).unwrap_or(u16::MAX);
        let Some(bins) = super::of_user(&mut self.of_user, user) else { return };
        match bins.binary_search_by_key(&(slot, value), |bin| (bin.slot, bin.value)) {
            Ok(place) => {
                if let Some(bin) = bins.get_mut(place) {
                    bin.times = bin.times.saturating_add(1);
                }
            }
            Err(place) => bins.insert(place, Bin { slot, value, times: 1 }),
        }
    }

    /// Puts together what peers do.
    pub(super) fn settle(&mut self, world: &World) {
        for (user, bins) in self.of_user.iter().enumerate().filter(|(_, bins)| !bins.is_empty()) {
            let group = self.roles.entry(world.role(u32::try_from(user).unwrap_or(crate::names::NONE))).or_default();
            group.users += 1;
            for bin in bins {
                group.add(bin, (self.kind)(bin.slot));
                self.all.add(bin.value, bin.times);
            }
        }
    }

    /// What is usual for a user in a slot; none when nothing can be said.
    pub(super) fn limit(&self, world: &World, user: u32, slot: u8) -> Option<Limit> {
        let bins = self.of_user.get(user as usize).map(Vec::as_slice).unwrap_or_default();
        let kind = (self.kind)(slot);
        let own_slot = own(bins, |bin| bin.slot == slot);
        let own_kind = own(bins, |bin| (self.kind)(bin.slot) == kind);
        let own_whole = own(bins, |_| true);
        let peers = self.peers(world.role(user), (slot, &own_slot), (kind, &own_kind), &own_whole)?;
        let habit = [own_slot, own_kind, own_whole].into_iter().find(|own| own.total >= OWN_MIN);
        let own = habit.map(|own| (own.median(), own.deviation(own.median())));
        let own_limit =
            own.map_or(0.0, |(median, deviation)| f64::from(median) + OWN_DEVIATIONS * f64::from(deviation.max(1)));
        Some(Limit { value: peers.max(own_limit), own: own.map(|(median, _)| f64::from(median)), peers })
    }

    fn peers(&self, role: u32, slot: (u8, &Histogram), kind: (u8, &Histogram), own: &Histogram) -> Option<f64> {
        let role = self.roles.get(&role)?;
        let views = [(role.slots.get(usize::from(slot.0)), slot.1), (role.kinds.get(usize::from(kind.0)), kind.1)];
        for (histogram, own) in views.into_iter().filter_map(|(histogram, own)| Some((histogram?, own))) {
            if histogram.total - own.total.min(histogram.total) >= MEASURABLE_MIN {
                return Some(percentile(histogram, own));
            }
        }
        let is_known = |histogram: &Histogram, min: u64| histogram.total - own.total.min(histogram.total) >= min;
        if is_known(&role.whole, ROLE_MIN) && role.users > ROLE_OTHERS_MIN {
            return Some(percentile(&role.whole, own));
        }
        is_known(&self.all, STAFF_MIN).then(|| percentile(&self.all, own))
    }
}

fn own(bins: &[Bin], is_in: impl Fn(&Bin) -> bool) -> Histogram {
    let mut out = Histogram::default();
    for bin in bins.iter().filter(|bin| is_in(bin)) {
        out.add(bin.value, bin.times);
    }
    out
}

fn percentile(histogram: &Histogram, own: &Histogram) -> f64 {
    let others = histogram.total.saturating_sub(own.total);
    // a thousandth: floor keeps the highest of fewer than 1,000
    let limit = f64::from(histogram.limit_without(own, others / PER_ABOVE));
    if others < SURE_MIN { libm::ceil(limit * UNSURE_FACTOR) } else { limit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_leaves_out_the_one_in_question() {
        let (mut all, mut own) = (Histogram::default(), Histogram::default());
        all.add(3, 9_980);
        all.add(9, 20);
        all.add(400, 5);
        own.add(400, 5);
        assert_eq!(percentile(&all, &own), 9.0);
        assert_eq!(percentile(&all, &Histogram::default()), 9.0, "five of ten thousand lie above it, ten may");
        assert_eq!(
            percentile(&own, &Histogram::default()),
            500.0,
            "of few values the highest counts, and a quarter more"
        );
    }

    #[test]
    fn median_and_deviation_are_those_of_the_values() {
        let mut values = Histogram::default();
        for value in [1, 2, 3, 4, 100] {
            values.add(value, 1);
        }
        assert_eq!((values.median(), values.deviation(3)), (3, 1));
    }
}
