//! Holt-Winters with an additive season: what is expected at this hour of the day or week.
//!
//! Sources: C. C. Holt, 1957; P. R. Winters, 1960; the band follows J. D. Brutlag, "Aberrant behavior detection in time series for network monitoring", LISA 2000. Nothing is said
//! before two full seasons. Residuals are clipped to four widths of the band before they are learnt.

use cordon_stats::codec;

use crate::{Damaged, Part, Score, Snapshot};

/// Gains of level, trend and season.
const LEVEL: f64 = 0.3;
const TREND: f64 = 0.01;
const SEASON: f64 = 0.1;

/// Largest residual that is learnt, in widths of the band.
const CLIP: f64 = 4.0;

/// Smallest width, as a share of the size of the level.
const WIDTH_MIN: f64 = 1e-3;

/// Largest value that is learnt, so that sums stay finite.
const LARGEST: f64 = 1e150;

/// Seasons that the gain of the season remembers.
const REMEMBERED_SEASONS: u64 = 10;

/// Most points of a season: a week of minutes.
const POINTS_MAX: usize = 10_080;

/// The course of a season, its level and its trend.
#[derive(Clone, Debug, PartialEq)]
pub struct Seasonal {
    level: f64,
    trend: f64,
    season: Vec<f64>,
    /// Mean absolute residual of each point of the season.
    band: Vec<f64>,
    points: u64,
    /// Values of the first season, of which the first level is the mean.
    first: f64,
}

impl Seasonal {
    /// A season of `points` values (2 to 10,080).
    #[must_use]
    pub fn new(points: usize) -> Self {
        let points = points.clamp(2, POINTS_MAX);
        Self { level: 0.0, trend: 0.0, season: vec![0.0; points], band: vec![0.0; points], points: 0, first: 0.0 }
    }

    fn place(&self) -> usize {
        usize::try_from(self.points % self.season.len() as u64).unwrap_or(0)
    }

    /// What is expected next; none before two full seasons.
    #[must_use]
    pub fn expected(&self) -> Option<f64> {
        (self.points >= 2 * self.season.len() as u64).then(|| self.forecast())
    }

    fn forecast(&self) -> f64 {
        self.level + self.trend + self.season.get(self.place()).copied().unwrap_or(0.0)
    }

    /// The distance of `value` from what is expected, in widths of the band (a mean absolute residual counts as 0.8 standard deviations); 0 before two seasons.
    #[must_use]
    pub fn distance(&self, value: f64) -> f64 {
        match self.expected() {
            Some(expected) if value.is_finite() => (value - expected) / self.width(),
            _ => 0.0,
        }
    }

    /// The size of [`Seasonal::distance`] as a score of one part, beside what is expected.
    #[must_use]
    pub fn explain(&self, value: f64) -> Score {
        let distance = self.distance(value).abs();
        Score::of(vec![Part { feature: 0, value: distance, observed: value, usual: self.expected(), peers: None }])
    }

    /// Takes in another one that stands at the same point of a season of the same length: level, trend, season and band become means, each weighing the points behind it, at most ten
    /// seasons of them. One in its first season knows no level yet: the other one holds. False, and nothing done, when length or point differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.season.len() != other.season.len() || self.place() != other.place() {
            return false;
        }
        let length = self.season.len() as u64;
        if other.points < length {
            return true;
        }
        if self.points < length {
            self.clone_from(other);
            return true;
        }
        let remembered = |seasonal: &Self| seasonal.points.min(REMEMBERED_SEASONS * length) as f64;
        let share = remembered(other) / (remembered(self) + remembered(other));
        let toward = |own: &mut f64, others: f64| *own += share * (others - *own);
        toward(&mut self.level, other.level);
        toward(&mut self.trend, other.trend);
        self.season.iter_mut().zip(&other.season).for_each(|(own, others)| toward(own, *others));
        self.band.iter_mut().zip(&other.band).for_each(|(own, others)| toward(own, *others));
        self.points = self.points.max(other.points);
        true
    }

    fn width(&self) -> f64 {
        let band = self.band.get(self.place()).copied().unwrap_or(0.0);
        // a single point of the season knows little: half of the width is that of the whole season
        let all = self.band.iter().sum::<f64>() / self.band.len() as f64;
        (1.25 * f64::midpoint(band, all)).max(WIDTH_MIN * self.level.abs()).max(f64::MIN_POSITIVE)
    }

    /// Learns the value of the next point. A missing one moves on and keeps the forecast.
    pub fn learn(&mut self, value: f64) {
        let place = self.place();
        let length = self.season.len() as u64;
        let old = self.season.get(place).copied().unwrap_or(0.0);
        let forecast = self.forecast();
        let early = self.points < length;
        self.points = self.points.saturating_add(1);
        if !value.is_finite() {
            return;
        }
        let value = value.clamp(-LARGEST, LARGEST);
        if early {
            self.first += value / length as f64;
            self.set(place, value, 0.0);
            if self.points == length {
                self.begin();
            }
            return;
        }
        let reach = if self.points < 2 * length { f64::INFINITY } else { CLIP * self.width() };
        let value = value.clamp(forecast - reach, forecast + reach);
        let level = LEVEL * (value - old) + (1.0 - LEVEL) * (self.level + self.trend);
        self.trend = TREND * (level - self.level) + (1.0 - TREND) * self.trend;
        self.level = level;
        let known = self.band.get(place).copied().unwrap_or(0.0);
        let gain = if known > 0.0 { SEASON } else { 1.0 };
        self.set(
            place,
            SEASON * (value - level) + (1.0 - SEASON) * old,
            gain * (value - forecast).abs() + (1.0 - gain) * known,
        );
    }

    /// After the first season: its mean is the level, what is left is the season.
    fn begin(&mut self) {
        self.level = self.first;
        self.season.iter_mut().for_each(|value| *value -= self.first);
    }

    fn set(&mut self, place: usize, season: f64, band: f64) {
        self.season.get_mut(place).into_iter().for_each(|known| *known = season);
        self.band.get_mut(place).into_iter().for_each(|known| *known = band);
    }

    /// Bytes held: 16 for each point of the season.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + (self.season.len() + self.band.len()) * size_of::<f64>()
    }
}

impl Snapshot for Seasonal {
    fn write(&self, out: &mut Vec<u8>) {
        for value in [self.level, self.trend, self.first] {
            codec::put_u64(out, value.to_bits());
        }
        codec::put_u64(out, self.points);
        codec::put_len(out, self.season.len());
        for value in self.season.iter().chain(&self.band) {
            codec::put_u64(out, value.to_bits());
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        let level = crate::drift::take_finite(from)?;
        let trend = crate::drift::take_finite(from)?;
        let first = crate::drift::take_finite(from)?;
        let points = codec::take_u64(from).ok_or(Damaged("the points of a season"))?;
        let length = codec::take_len(from, 16).filter(|length| (2..=POINTS_MAX).contains(length));
        let length = length.ok_or(Damaged("the length of a season"))?;
        let mut list = || (0..length).map(|_| crate::drift::take_finite(from)).collect::<Result<Vec<f64>, _>>();
        let (season, band) = (list()?, list()?);
        Ok(Self { level, trend, season, band, points, first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(level: f64, points: u32) -> Seasonal {
        let mut seasonal = Seasonal::new(4);
        (0..points).for_each(|point| seasonal.learn(level + [0.0, 2.0, 0.0, -2.0][point as usize % 4]));
        seasonal
    }

    #[test]
    fn merged_seasons_are_expected_half_way_and_keep_their_course() {
        let mut low = learnt(10.0, 40);
        assert!(low.merge(&learnt(20.0, 40)));
        for expected in [15.0, 17.0, 15.0, 13.0] {
            assert!((low.expected().unwrap() - expected).abs() < 0.2, "{low:?}");
            low.learn(expected);
        }
    }

    #[test]
    fn one_in_its_first_season_gives_way_and_another_hour_is_refused() {
        let (mut young, old) = (learnt(50.0, 0), learnt(10.0, 40));
        assert!(young.merge(&old));
        assert_eq!(young, old);
        assert!(young.merge(&learnt(50.0, 0)));
        assert_eq!(young, old);
        assert!(!young.merge(&learnt(10.0, 41)));
        assert!(!young.merge(&Seasonal::new(5)));
        assert_eq!(young, old);
    }
}
