//! SPOT: the threshold that a stream exceeds as rarely as was asked for.
//!
//! Source: A. Siffer, P.-A. Fouque, A. Termier, C. Largouet, "Anomaly detection in streams with extreme value theory", KDD 2017. The excesses over a high quantile
//! follow a generalised Pareto distribution; its quantile is the threshold. Three things differ from the paper: an alarm is learnt, but its value is clipped to little
//! more than an alarm of the known tail would reach, so that a changed world raises the threshold slowly while one burst hardly does; counts fade with a half-life; and while fewer than 50 different excesses are known (scores that
//! are counts tie heavily) the plain quantile of what was seen stands in for the fit.

use cordon_stats::codec;

use super::Pareto;
use crate::{Damaged, Part, Score, Snapshot};

/// What is asked of a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpotSettings {
    /// Share of values that are to raise an alarm, above 0, at most 0.1: alerts asked for per day over values per day.
    pub rate: f64,
    /// Values that are looked at before a threshold is set; at least 100.
    pub warmup: usize,
    /// Values after which half of what is known is forgotten; 0 for never.
    pub half_life: u64,
}

impl SpotSettings {
    /// The settings of the paper, 1,000 values of warm-up and no forgetting, for this share of alarms.
    #[must_use]
    pub const fn for_rate(rate: f64) -> Self {
        Self { rate, warmup: 1_000, half_life: 0 }
    }
}

/// What a threshold says of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It is too early to say anything.
    Warming,
    /// As most values are.
    Ordinary,
    /// Among the largest, and not above the threshold.
    High,
    /// Above the threshold.
    Alarm,
}

/// A threshold that follows a stream of scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    settings: SpotSettings,
    /// The first values, until there are enough; then the latest ones, to set the quantile anew when it no longer fits.
    recent: Vec<f64>,
    /// Place of the oldest of the recent values.
    oldest: usize,
    /// The high quantile over which values are peaks.
    level: f64,
    /// Excesses of the latest peaks, at most 1,024, the oldest at `oldest_peak`.
    peaks: Vec<f64>,
    oldest_peak: usize,
    /// Faded number of values and of peaks.
    values: f64,
    peaks_seen: f64,
    since_fit: u32,
    fit: Option<Pareto>,
    threshold: f64,
    alarms: u64,
    judged: u64,
}

/// Most peaks kept.
const PEAKS_MAX: usize = 1_024;

/// Peaks after which the fit is made anew.
const REFIT: u32 = 32;

/// Different excesses from which on the fit is believed.
const DISTINCT_MIN: usize = 50;

impl Spot {
    /// A threshold that has seen nothing.
    #[must_use]
    pub fn new(settings: SpotSettings) -> Self {
        let settings = SpotSettings {
            rate: settings.rate.clamp(1e-9, 0.1),
            warmup: settings.warmup.clamp(100, 100_000),
            ..settings
        };
        Self {
            settings,
            recent: Vec::new(),
            oldest: 0,
            level: f64::INFINITY,
            peaks: Vec::new(),
            oldest_peak: 0,
            values: 0.0,
            peaks_seen: 0.0,
            since_fit: 0,
            fit: None,
            threshold: f64::INFINITY,
            alarms: 0,
            judged: 0,
        }
    }

    /// Judges a value, then learns it. A value that is not finite is an alarm after warm-up and is not learnt.
    pub fn step(&mut self, value: f64) -> Call {
        if self.values == 0.0 {
            return self.warm(value);
        }
        self.judged = self.judged.saturating_add(1);
        let call = self.call(value);
        if call == Call::Alarm {
            self.alarms = self.alarms.saturating_add(1);
        }
        if value.is_finite() {
            self.learn(value.min(self.most_learnt()));
        }
        call
    }

    /// What it would say of a value, without learning it.
    #[must_use]
    pub fn call(&self, value: f64) -> Call {
        if self.values == 0.0 {
            Call::Warming
        } else if !value.is_finite() || value > self.threshold {
            Call::Alarm
        } else if value > self.level {
            Call::High
        } else {
            Call::Ordinary
        }
    }

    /// The value above which an alarm is raised; infinite while warming up.
    #[must_use]
    pub const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The chance of a value as high, from 1 down to 0; 1 while warming up. Below the high quantile it is the share of the recent values.
    #[must_use]
    pub fn tail(&self, value: f64) -> f64 {
        if self.values == 0.0 {
            return 1.0;
        }
        if value <= self.level {
            let above = self.recent.iter().filter(|recent| **recent >= value).count() as f64;
            return ((above + 0.5) / (self.recent.len() as f64 + 1.0)).min(1.0);
        }
        let share = self.peaks_seen / self.values;
        let excess = value - self.level;
        match self.fit {
            Some(fit) => share * fit.above(excess),
            None => {
                share * (self.peaks.iter().filter(|peak| **peak >= excess).count() as f64 + 0.5)
                    / (self.peaks.len() as f64 + 1.0)
            }
        }
    }

    /// Share of the judged values that raised an alarm, to be held against the one asked for; none before a value was judged.
    #[must_use]
    pub fn obtained(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.alarms as f64 / self.judged as f64)
    }

    /// Asks for another share of alarms from now on.
    pub fn ask(&mut self, rate: f64) {
        self.settings.rate = rate.clamp(1e-9, 0.1);
        self.set_threshold();
    }

    /// How rare a value is, in nats: minus the logarithm of [`Spot::tail`], 0 while warming up, at most 700. One part, beside the high quantile.
    #[must_use]
    pub fn explain(&self, value: f64) -> Score {
        let usual = self.level.is_finite().then_some(self.level);
        Score::of(vec![Part { feature: 0, value: self.nats(value), observed: value, usual, peers: None }])
    }

    /// The value of [`Spot::explain`], without allocating.
    #[must_use]
    pub fn nats(&self, value: f64) -> f64 {
        // a tail of the generalised Pareto distribution may end: what lies beyond it is no rarer than the smallest number
        let tail = if value.is_nan() { 0.0 } else { self.tail(value) };
        -libm::log(tail.max(1e-304)).min(0.0)
    }

    /// Takes in what another threshold over the same kind of score knows: its peaks, down to the higher of both levels, or its first values while it is warming up. The rate asked
    /// for stays. One that is warming up itself takes over the other's tail and then learns its own first values.
    pub fn merge(&mut self, other: &Self) {
        if self.values == 0.0 && other.values > 0.0 {
            let own = std::mem::replace(self, Self { settings: self.settings, ..other.clone() });
            self.settings.warmup = other.settings.warmup;
            self.take_first(&own.recent);
            self.set_threshold();
            return;
        }
        if other.values == 0.0 {
            self.take_first(&other.recent);
            return;
        }
        let level = self.level.max(other.level);
        let mut pooled = Vec::new();
        for spot in [&*self, other] {
            pooled.extend(spot.peaks_in_order().map(|peak| spot.level + peak).filter(|value| *value > level));
        }
        let share = |spot: &Self| {
            spot.peaks_seen * spot.peaks.iter().filter(|peak| spot.level + **peak > level).count() as f64
                / spot.peaks.len().max(1) as f64
        };
        (self.peaks_seen, self.values) = (share(self) + share(other), self.values + other.values);
        self.level = level;
        self.peaks = pooled.iter().rev().take(PEAKS_MAX).rev().map(|value| value - level).collect();
        self.oldest_peak = 0;
        self.refit();
    }

    /// Bytes held: at most 1,024 peaks and as many recent values as the warm-up has, of 8 bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + (self.recent.len() + self.peaks.len()) * size_of::<f64>()
    }

    /// Learns values that another one saw while it was warming up.
    fn take_first(&mut self, values: &[f64]) {
        for value in values {
            if self.values == 0.0 {
                self.warm(*value);
            } else {
                self.learn(value.min(self.most_learnt()));
            }
        }
    }

    fn warm(&mut self, value: f64) -> Call {
        if value.is_finite() {
            self.recent.push(value);
        }
        if self.recent.len() >= self.settings.warmup {
            self.set_level();
        }
        Call::Warming
    }

    /// Share of the values that are peaks: five times the alarms, 2 to 20 %.
    fn peak_share(&self) -> f64 {
        (5.0 * self.settings.rate).clamp(0.02, 0.2)
    }

    /// Sets level and peaks from the recent values.
    fn set_level(&mut self) {
        let mut sorted = self.recent.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let place = libm::floor((1.0 - self.peak_share()) * sorted.len() as f64);
        let level = (0..sorted.len()).find(|at| *at as f64 >= place).and_then(|at| sorted.get(at));
        self.level = level.copied().unwrap_or(0.0);
        let (newer, older) = self.recent.split_at_checked(self.oldest).unwrap_or_default();
        let excesses = older.iter().chain(newer).filter(|value| **value > self.level).map(|value| value - self.level);
        let excesses: Vec<f64> = excesses.collect();
        self.peaks = excesses.iter().rev().take(PEAKS_MAX).rev().copied().collect();
        self.oldest_peak = 0;
        self.values = self.recent.len() as f64;
        self.peaks_seen = excesses.len() as f64;
        self.refit();
    }

    /// The largest value that is learnt as it is: the threshold and three times the mean excess over it. Clipping at the threshold itself would bend the tail down and raise more
    /// alarms than asked for.
    fn most_learnt(&self) -> f64 {
        let above_level = self.threshold - self.level;
        let mean_excess = match self.fit {
            Some(fit) => (fit.scale + fit.shape * above_level) / (1.0 - fit.shape.min(0.5)),
            None => above_level,
        };
        self.threshold + 3.0 * mean_excess.max(0.0)
    }

    fn learn(&mut self, value: f64) {
        self.remember(value);
        if self.settings.half_life > 0 {
            let factor = libm::exp2(-1.0 / self.settings.half_life as f64);
            self.values *= factor;
            self.peaks_seen *= factor;
        }
        self.values += 1.0;
        if value > self.level {
            self.peaks_seen += 1.0;
            self.add_peak(value - self.level);
            self.since_fit += 1;
            if self.since_fit >= REFIT {
                self.refit();
                return;
            }
        }
        self.set_threshold();
    }

    /// Keeps the value among the recent ones and, once they were all replaced, looks whether the level still fits.
    fn remember(&mut self, value: f64) {
        if let Some(place) = self.recent.get_mut(self.oldest) {
            *place = value;
        }
        self.oldest += 1;
        if self.oldest >= self.recent.len() {
            self.oldest = 0;
            let peaks = self.recent.iter().filter(|recent| **recent > self.level).count() as f64;
            let expected = self.peak_share() * self.recent.len() as f64;
            if self.settings.half_life > 0 && (peaks > 2.0 * expected || peaks < 0.5 * expected) {
                self.set_level();
            }
        }
    }

    fn add_peak(&mut self, excess: f64) {
        if self.peaks.len() < PEAKS_MAX {
            self.peaks.push(excess);
            return;
        }
        if let Some(place) = self.peaks.get_mut(self.oldest_peak) {
            *place = excess;
        }
        self.oldest_peak = (self.oldest_peak + 1) % PEAKS_MAX;
    }

    fn peaks_in_order(&self) -> impl Iterator<Item = f64> + '_ {
        let (newer, older) = self.peaks.split_at_checked(self.oldest_peak).unwrap_or_default();
        older.iter().chain(newer).copied()
    }

    fn refit(&mut self) {
        self.since_fit = 0;
        let mut sorted = self.peaks.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.dedup();
        self.fit = if sorted.len() >= DISTINCT_MIN { Pareto::fit(&self.peaks) } else { None };
        self.set_threshold();
    }

    fn set_threshold(&mut self) {
        let share = self.settings.rate * self.values / self.peaks_seen.max(1e-9);
        self.threshold = match self.fit {
            Some(fit) => self.level + fit.quantile(share.min(1.0)),
            None => self.plain_quantile(share),
        };
    }

    /// The excess that `share` of the peaks exceed; the largest one where that is less than one of them.
    fn plain_quantile(&self, share: f64) -> f64 {
        let mut sorted = self.peaks.clone();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let allowed = share * sorted.len() as f64;
        // a new value exceeds the k-th largest of n with chance k / (n + 1)
        let place = (0..sorted.len()).take_while(|place| (*place + 1) as f64 <= allowed).last().unwrap_or(0);
        self.level + sorted.get(place).copied().unwrap_or(0.0)
    }
}

impl Snapshot for Spot {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, VERSION);
        let settings = self.settings;
        for value in [settings.rate, self.level, self.values, self.peaks_seen, self.threshold] {
            codec::put_u64(out, value.to_bits());
        }
        let (shape, scale) = self.fit.map_or((0.0, 0.0), |fit| (fit.shape, fit.scale));
        codec::put_u64(out, shape.to_bits());
        codec::put_u64(out, scale.to_bits());
        for value in [settings.half_life, self.alarms, self.judged, u64::from(self.since_fit)] {
            codec::put_u64(out, value);
        }
        for len in [settings.warmup, self.oldest, self.oldest_peak] {
            codec::put_len(out, len);
        }
        for list in [&self.recent, &self.peaks] {
            codec::put_len(out, list.len());
            list.iter().for_each(|value| codec::put_u64(out, value.to_bits()));
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(VERSION) {
            return Err(Damaged("a threshold, version 1"));
        }
        let number = |from: &mut &[u8]| {
            codec::take_u64(from).map(f64::from_bits).filter(|value| !value.is_nan()).ok_or(Damaged("a number"))
        };
        let (rate, level, values) = (number(from)?, number(from)?, number(from)?);
        let (peaks_seen, threshold) = (number(from)?, number(from)?);
        let (shape, scale) = (number(from)?, number(from)?);
        let whole = |from: &mut &[u8]| codec::take_u64(from).ok_or(Damaged("a count"));
        let (half_life, alarms, judged, since_fit) = (whole(from)?, whole(from)?, whole(from)?, whole(from)?);
        let place =
            |from: &mut &[u8]| whole(from).and_then(|value| usize::try_from(value).map_err(|_| Damaged("a place")));
        let (warmup, oldest, oldest_peak) = (place(from)?, place(from)?, place(from)?);
        let recent = read_list(from, warmup)?;
        let peaks = read_list(from, PEAKS_MAX)?;
        if oldest > recent.len() || oldest_peak > peaks.len() {
            return Err(Damaged("the place of the oldest value"));
        }
        let fit = (scale > 0.0).then_some(Pareto { shape, scale });
        let since_fit = u32::try_from(since_fit).map_err(|_| Damaged("a count"))?;
        let settings = SpotSettings { rate, warmup, half_life };
        Ok(Self {
            settings,
            recent,
            oldest,
            level,
            peaks,
            oldest_peak,
            values,
            peaks_seen,
            since_fit,
            fit,
            threshold,
            alarms,
            judged,
        })
    }
}

fn read_list(from: &mut &[u8], most: usize) -> Result<Vec<f64>, Damaged> {
    let len = codec::take_len(from, 8).filter(|len| *len <= most).ok_or(Damaged("the length of a list"))?;
    (0..len).map(|_| crate::drift::take_finite(from)).collect()
}

/// Version of the bytes.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests;
