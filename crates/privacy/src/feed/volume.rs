//! Volume of one feed: which stretches held too few rows for chance.
//!
//! Rows are counted in bins of six hours. What is usual in a bin is the median of the other bins of the same quarter of the day and kind of day (working day or weekend).
//! That is an estimate from a few days, and rows of one feed come in lists and on busy and quiet days, so a stretch is a silence only when the whole uncertainty of the
//! prediction makes so few rows unlikely: of the count itself, of the estimate, and of the spread of counts, which is measured in the same feed and is itself uncertain when
//! it was seen on few days only.

use super::{Feed, Silence};
use crate::form::{DAY, HOUR, MINUTE};

const BIN: i64 = 6 * HOUR;
/// Rows within so long may be one list.
const SLOT: i64 = 10 * MINUTE;
/// A list counts as at most so many times what a slot with rows usually has.
const LIST_MAX: u32 = 3;
/// A bin is thin when it has less than this share of what is usual.
const THIN: f64 = 0.35;
/// A stretch is a silence when chance leaves so few rows less often than this. A month has about thirty stretches to ask about in each feed.
const CHANCE_MAX: f64 = 1e-4;
/// A bin of which this share is looked at tells what is usual in six hours.
const NEARLY_WHOLE: f64 = 0.9;
/// Before counts are seen, their variance is thought to be so many times their mean ...
const SPREAD: f64 = 2.0;
/// ... and that weighs as much as so many bins.
const SPREAD_BINS: u32 = 4;
/// No more stretches of one feed are told: one whose volume jumps so often is not understood by its median.
const SILENCES_MAX: usize = 1_000;

/// The silences of a feed; all times are of the clock on the wall, in order.
pub(super) fn silences(feed: Feed, times: &[i64], from: i64, until: i64) -> Vec<Silence> {
    let first = from.div_euclid(BIN);
    let bins = usize::try_from(until.div_euclid(BIN) - first + 1).unwrap_or(0);
    // a file that spans centuries by one bad clock is no measure of anything
    if times.is_empty() || bins == 0 || bins > 40_000 {
        return Vec::new();
    }
    let mut bins = Bin::all(first, bins);
    count(&mut bins, times, first);
    shorten(bins.first_mut(), (first + 1) * BIN - from);
    shorten(bins.last_mut(), until - until.div_euclid(BIN) * BIN);
    let mut found = Vec::new();
    // what was found is no measure of what is usual, so each silence makes the next one easier to see
    while let Some(run) = most_unlikely(&bins) {
        bins.iter_mut().skip(run.first).take(run.length).for_each(|bin| bin.silent = true);
        found.push(run);
        if found.len() == SILENCES_MAX {
            break;
        }
    }
    found.sort_by_key(|run| run.first);
    found.iter().map(|run| run.told(feed, first, times)).collect()
}

/// Six hours of a feed.
struct Bin {
    /// Quarter of the day, and whether of a weekend.
    kind: usize,
    /// Rows, a list counted as a few.
    count: u32,
    /// Share of it that is looked at, 0 to 1.
    part: f64,
    /// Found to be silent.
    silent: bool,
}

/// Four quarters of a day, of working days and of weekends.
const KINDS: usize = 8;

impl Bin {
    fn all(first: i64, bins: usize) -> Vec<Self> {
        let numbers = (first..).take(bins);
        let bin = |number: i64| {
            let weekend = (number * BIN + 3 * DAY).div_euclid(DAY).rem_euclid(7) >= 5;
            let quarter = usize::try_from(number.rem_euclid(DAY / BIN)).unwrap_or(0);
            Self { kind: quarter + if weekend { 4 } else { 0 }, count: 0, part: 1.0, silent: false }
        };
        numbers.map(bin).collect()
    }

    /// Whether it tells what is usual: seen nearly whole, and not silent.
    fn measures(&self) -> bool {
        self.part >= NEARLY_WHOLE && !self.silent
    }
}

/// Counts rows into bins. Many rows of one moment, like a list of patients that is sent at once, say hardly more about the feed than one does.
fn count(bins: &mut [Bin], times: &[i64], first: i64) {
    let slots: Vec<&[i64]> = times.chunk_by(|one, next| one.div_euclid(SLOT) == next.div_euclid(SLOT)).collect();
    let mut sizes: Vec<u32> = slots.iter().map(|slot| u32::try_from(slot.len()).unwrap_or(u32::MAX)).collect();
    let many = median(&mut sizes).saturating_mul(LIST_MAX);
    for slot in slots {
        let Some(at) = slot.first() else { continue };
        let place = usize::try_from(at.div_euclid(BIN) - first).ok();
        let rows = u32::try_from(slot.len()).unwrap_or(u32::MAX);
        if let Some(bin) = place.and_then(|place| bins.get_mut(place)) {
            bin.count += rows.min(many);
        }
    }
}

/// A bin of which only `part` milliseconds are looked at has as much less.
fn shorten(bin: Option<&mut Bin>, part: i64) {
    if let Some(bin) = bin {
        bin.part *= f64::from(i32::try_from(part.clamp(0, BIN)).unwrap_or(i32::MAX))
            / f64::from(i32::try_from(BIN).unwrap_or(i32::MAX));
    }
}

/// The upper median; 0 of nothing.
fn median(of: &mut [u32]) -> u32 {
    of.sort_unstable();
    of.get(of.len() / 2).copied().unwrap_or(0)
}

/// Thin bins one after the other.
struct Run {
    first: usize,
    length: usize,
    /// Rows that are usual in them.
    usual: f64,
    /// Rows that came.
    came: u32,
    /// How often chance leaves so few.
    chance: f64,
}

/// The least likely run of thin bins, when it is too unlikely for chance.
fn most_unlikely(bins: &[Bin]) -> Option<Run> {
    let mut least: Option<Run> = None;
    for (first, length) in thin_runs(bins) {
        let run = predicted(bins, first, length);
        let thin = f64::from(run.came) <= THIN * run.usual;
        if thin && run.chance <= CHANCE_MAX && least.as_ref().is_none_or(|least| run.chance < least.chance) {
            least = Some(run);
        }
    }
    least
}

/// Where each run of thin bins begins, and its length. Bins in which nothing is usual may be part of one.
fn thin_runs(bins: &[Bin]) -> Vec<(usize, usize)> {
    let usual: [f64; KINDS] = std::array::from_fn(|kind| {
        let alike = bins.iter().filter(|bin| bin.kind == kind && bin.measures());
        f64::from(median(&mut alike.map(|bin| bin.count).collect::<Vec<_>>()))
    });
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (place, bin) in bins.iter().enumerate() {
        let usual = bin.part * usual.get(bin.kind).copied().unwrap_or(0.0);
        if bin.silent || (f64::from(bin.count) > THIN * usual && usual >= 1.0) {
            continue;
        }
        match runs.last_mut().filter(|(first, length)| first + length == place) {
            Some((_, length)) => *length += 1,
            None => runs.push((place, 1)),
        }
    }
    runs
}

/// What the bins outside of a run say about it.
///
/// Counts have a variance of `spread` times their mean (quasi-Poisson): sums of squares over sums of means of the bins outside. That the run has the rate of the bins outside is
/// tested by the ratio of quasi-likelihoods (McCullagh and Nelder, Generalized Linear Models, 2nd edition, 1989, section 9), whose root follows Student's distribution with
/// the degrees of freedom of the spread.
fn predicted(bins: &[Bin], first: usize, length: usize) -> Run {
    let within = |place: usize| (first..first + length).contains(&place);
    let (mut usual, mut came, mut doubt) = (0.0, 0, 0.0);
    let (mut squares, mut means) = (0.0, 0.0);
    let (mut freedom, mut measured) = (SPREAD_BINS, 0);
    for kind in 0..KINDS {
        let alike = || bins.iter().enumerate().filter(|(_, bin)| bin.kind == kind);
        let mut outside: Vec<u32> =
            alike().filter(|(place, bin)| bin.measures() && !within(*place)).map(|(_, bin)| bin.count).collect();
        let Some(others) = u32::try_from(outside.len()).ok().filter(|others| *others > 0) else { continue };
        let mean = middle(&mut outside);
        let mut inside = 0.0;
        for (_, bin) in alike().filter(|(place, _)| within(*place)) {
            inside += bin.part;
            came += bin.count;
        }
        usual += inside * mean;
        doubt += inside * inside * mean / f64::from(others);
        squares += outside.iter().map(|count| (f64::from(*count) - mean).powi(2)).sum::<f64>();
        means += mean * f64::from(others - 1);
        measured += others - 1;
        freedom += others - 1;
    }
    let spread =
        (f64::from(SPREAD_BINS) * SPREAD + f64::from(measured) * squares / means.max(1.0)) / f64::from(freedom);
    // so many rows outside would leave the same doubt about what is usual within
    let outside = usual * usual / doubt.max(f64::MIN_POSITIVE);
    let root = root_of_ratio((f64::from(came), usual), outside, spread.max(1.0));
    Run { first, length, usual, came, chance: upper_tail(root, freedom) }
}

/// Root of twice the logarithm of the ratio of quasi-likelihoods of `came` rows where `usual` would have been, when `outside` rows stand behind `usual`: of a rate of its own,
/// to the rate outside. Zero where no fewer came.
fn root_of_ratio((came, usual): (f64, f64), outside: f64, spread: f64) -> f64 {
    // the middle of a step, as counts are whole and rows come by so many
    let came = came + spread / 2.0;
    if usual <= came {
        return 0.0;
    }
    let all = came + outside;
    let share = usual / (usual + outside);
    let twice = 2.0 * (came * libm::log(came / (all * share)) + outside * libm::log(outside / (all * (1.0 - share))));
    libm::sqrt(twice.max(0.0) / spread)
}

/// The median; between two of them their mean.
fn middle(of: &mut [u32]) -> f64 {
    let upper = median(of);
    let lower = if of.len().is_multiple_of(2) { of.get(of.len() / 2 - 1).copied().unwrap_or(upper) } else { upper };
    f64::midpoint(f64::from(lower), f64::from(upper))
}

/// Probability that Student's t is above `t`, which is positive. Exact for an even number of degrees of freedom (Abramowitz and Stegun 26.7.4); of an odd number one is given up.
fn upper_tail(t: f64, freedom: u32) -> f64 {
    // beyond some hundred the distribution no longer changes
    let freedom = freedom.min(400) & !1;
    let cosine_squared = f64::from(freedom) / (f64::from(freedom) + t * t);
    let (mut term, mut sum) = (1.0, 1.0);
    for even in (2..freedom).step_by(2) {
        term *= cosine_squared * f64::from(even - 1) / f64::from(even);
        sum += term;
    }
    let within = libm::sqrt(1.0 - cosine_squared) * sum;
    ((1.0 - within) / 2.0).max(0.0)
}

impl Run {
    /// A silence begins after the last row before it, and ends with the first behind it, where they are within a bin.
    fn told(&self, feed: Feed, first: i64, times: &[i64]) -> Silence {
        let place = |bin: usize| (first + i64::try_from(bin).unwrap_or(0)) * BIN;
        let (from, until) = (place(self.first), place(self.first + self.length));
        let before = times.iter().copied().filter(|at| (from - BIN..from).contains(at)).max();
        let behind = times.iter().copied().filter(|at| (until..until + BIN).contains(at)).min();
        Silence {
            feed,
            from: before.unwrap_or(from - BIN),
            until: behind.unwrap_or(until),
            usual: self.usual,
            came: self.came,
        }
    }
}

#[cfg(test)]
mod tests;
