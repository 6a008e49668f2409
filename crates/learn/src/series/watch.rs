//! A number under watch: recent past, season and slow drift as one score with parts, and the alarms that were asked for.

use cordon_stats::codec;

use super::{Chart, Cusum, Seasonal};
use crate::{
    Damaged, Part, Score, Snapshot,
    threshold::{Call, Spot, SpotSettings},
};

/// How a number is watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchSettings {
    /// Values of a season, 0 for none.
    pub season: usize,
    /// Values after which the weight of the past halves.
    pub half_life: f64,
    /// Values after which what was raised has faded to its half.
    pub fade: f64,
    /// Share of values that are to raise an alarm.
    pub rate: f64,
    /// Values before the first alarm, counted from when all parts speak (a season needs two of its lengths); at least 100.
    pub warmup: usize,
}

/// The part of the recent past, by its number in [`Part::feature`].
pub const RECENT: usize = 0;
/// The part of the season.
pub const SEASON: usize = 1;
/// The part of the slow drift.
pub const DRIFT: usize = 2;

/// A number under watch.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    settings: WatchSettings,
    chart: Chart,
    season: Option<Seasonal>,
    /// A slow chart that the drift is measured against.
    anchor: Chart,
    cusum: Cusum,
    spot: Spot,
    risk: f64,
}

impl Watch {
    /// Watches a number.
    #[must_use]
    pub fn new(settings: WatchSettings) -> Self {
        let spot = SpotSettings { rate: settings.rate, warmup: settings.warmup, half_life: SPOT_HALF_LIFE };
        Self {
            settings,
            chart: Chart::new(settings.half_life),
            season: (settings.season > 1).then(|| Seasonal::new(settings.season)),
            anchor: Chart::new(settings.half_life * ANCHOR),
            cusum: Cusum::default(),
            spot: Spot::new(spot),
            risk: 0.0,
        }
    }

    /// What it says of the next value before it is learnt: the sum of up to three parts, in nats. A missing value says nothing.
    #[must_use]
    pub fn explain(&self, value: f64) -> Score {
        let mut parts = vec![part(RECENT, nats(self.chart.distance(value)), value, self.chart.expected())];
        if let Some(season) = &self.season {
            parts.push(part(
                SEASON,
                nats(season.distance(value)),
                value,
                season.expected().unwrap_or(self.chart.expected()),
            ));
        }
        let mut ahead = self.cusum;
        ahead.observe(self.anchor.distance(value));
        parts.push(part(DRIFT, nats(ahead.sum() / DRIFT_UNIT), value, self.anchor.expected()));
        Score::of(parts)
    }

    /// Judges the next value, then learns it: its score and whether it is an alarm.
    pub fn step(&mut self, value: f64) -> (f64, Call) {
        let score = self.score(value);
        // a season that begins to speak changes the score: the threshold waits for it
        let ready = self.season.as_ref().is_none_or(|season| season.expected().is_some());
        self.cusum.observe(self.anchor.distance(value));
        self.chart.learn(value);
        self.anchor.learn(value);
        self.season.iter_mut().for_each(|season| season.learn(value));
        self.risk = score.max(self.risk * libm::exp2(-1.0 / self.settings.fade.max(1.0)));
        (score, if ready { self.spot.step(score) } else { Call::Warming })
    }

    /// The value of [`Watch::explain`], without allocating.
    #[must_use]
    pub fn score(&self, value: f64) -> f64 {
        let mut ahead = self.cusum;
        ahead.observe(self.anchor.distance(value));
        let season = self.season.as_ref().map_or(0.0, |season| nats(season.distance(value)));
        nats(self.chart.distance(value)) + season + nats(ahead.sum() / DRIFT_UNIT)
    }

    /// Takes in another watch of the same settings, over the same kind of number at the same point of the season: charts, season and threshold are pooled, of the slow drift and of the risk the
    /// larger holds. False, and nothing done, when settings or points differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        let mut both = self.clone();
        let season = match (&mut both.season, &other.season) {
            (Some(own), Some(others)) => own.merge(others),
            (own, others) => own.is_none() && others.is_none(),
        };
        let settings = self.settings == other.settings;
        if !settings || !season || !both.chart.merge(&other.chart) || !both.anchor.merge(&other.anchor) {
            return false;
        }
        both.cusum.merge(&other.cusum);
        both.spot.merge(&other.spot);
        both.risk = both.risk.max(other.risk);
        *self = both;
        true
    }

    /// The largest score of late, fading.
    #[must_use]
    pub const fn risk(&self) -> f64 {
        self.risk
    }

    /// Share of alarms so far, to be held against the one asked for.
    #[must_use]
    pub fn obtained(&self) -> Option<f64> {
        self.spot.obtained()
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.season.as_ref().map_or(0, Seasonal::bytes) + self.spot.bytes()
    }
}

/// How much slower the anchor of the drift is.
const ANCHOR: f64 = 8.0;

/// Sum of deviations that weighs as much as one deviation of a single value.
const DRIFT_UNIT: f64 = 5.0;

/// Values after which half of what the threshold knows is forgotten.
const SPOT_HALF_LIFE: u64 = 2_000;

/// Minus the logarithm of the density of Student's distribution with four degrees of freedom, from 0 on: real series have more far values than a normal distribution allows.
fn nats(deviation: f64) -> f64 {
    // beyond a million deviations nothing is more unusual, and the square stays finite
    let deviation = deviation.clamp(-1e6, 1e6);
    2.5 * libm::log1p(deviation * deviation / 4.0)
}

fn part(feature: usize, value: f64, observed: f64, usual: f64) -> Part {
    Part { feature, value, observed, usual: Some(usual), peers: None }
}

impl Snapshot for Watch {
    fn write(&self, out: &mut Vec<u8>) {
        codec::put_u64(out, 1);
        let settings = self.settings;
        for value in [settings.half_life, settings.fade, settings.rate, self.risk] {
            codec::put_u64(out, value.to_bits());
        }
        codec::put_len(out, settings.season);
        codec::put_len(out, settings.warmup);
        self.chart.write(out);
        self.anchor.write(out);
        self.cusum.write(out);
        self.spot.write(out);
        self.season.iter().for_each(|season| season.write(out));
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if codec::take_u64(from) != Some(1) {
            return Err(Damaged("a watched number, version 1"));
        }
        let mut numbers = [0.0; 4];
        for number in &mut numbers {
            *number = crate::drift::take_finite(from)?;
        }
        let [half_life, fade, rate, risk] = numbers;
        let place = |from: &mut &[u8]| {
            codec::take_u64(from).and_then(|value| usize::try_from(value).ok()).ok_or(Damaged("a length"))
        };
        let (season, warmup) = (place(from)?, place(from)?);
        let settings = WatchSettings { season, half_life, fade, rate, warmup };
        let (chart, anchor) = (Chart::read(from)?, Chart::read(from)?);
        let (cusum, spot) = (Cusum::read(from)?, Spot::read(from)?);
        let season = if season > 1 { Some(Seasonal::read(from)?) } else { None };
        Ok(Self { settings, chart, season, anchor, cusum, spot, risk })
    }
}

#[cfg(test)]
mod tests;
