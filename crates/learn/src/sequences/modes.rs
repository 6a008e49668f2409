//! How often each symbol occurs in a sequence, against the kinds of sequences that are known.
//!
//! A model of transitions does not see that a usual act is done a thousand times. Here a sequence is the shares of its symbols, and its distance is that to the nearest known
//! mode: `sum over x of (sqrt p(x) - sqrt q(x))^2`, 0 to 2, twice the squared Hellinger distance. Modes are sequences that were further than a radius from all modes before them (leader
//! clustering, Hartigan 1975): one pass, a bounded number, the same in every run. Weights fade, and the weakest mode gives way when there is no room.

use cordon_stats::codec::{put_len, put_u64, take, take_len, take_u64};

use super::Symbol;
use crate::drift::take_finite;
use crate::{Damaged, Part, Score, Snapshot};

/// First word of a kept model.
const VERSION: u64 = 0x0001_4544_4f4d_5101;

/// Sizes of [`Modes`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModesConfig {
    /// Symbols that are told apart, at least 1; higher ones are counted together with the last.
    pub alphabet: u32,
    /// Modes that are held at most, at least 1.
    pub modes_max: usize,
    /// Distance from all modes at which a sequence becomes one, 0 to 2.
    pub radius: f64,
    /// Sequences after which a mode that nothing came near weighs half; at least 1.
    pub half_life: f64,
}

impl Default for ModesConfig {
    /// 350 symbols, 512 modes, radius 0.05, half of the weight after 100,000 sequences.
    fn default() -> Self {
        Self { alphabet: 350, modes_max: 512, radius: 0.05, half_life: 100_000.0 }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Mode {
    weight: f64,
    /// Square roots of the shares of the symbols.
    roots: Vec<f32>,
}

/// The kinds of sequences that are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Modes {
    config: ModesConfig,
    modes: Vec<Mode>,
    /// Modes that gave way to newer ones.
    replaced: u64,
}

impl Modes {
    /// No mode is known.
    #[must_use]
    pub fn new(config: ModesConfig) -> Self {
        let finite = |value: f64, low: f64, high: f64| if value.is_finite() { value.clamp(low, high) } else { high };
        let config = ModesConfig {
            alphabet: config.alphabet.clamp(1, 1 << 20),
            modes_max: config.modes_max.clamp(1, 1 << 16),
            radius: finite(config.radius, 0.0, 2.0),
            half_life: finite(config.half_life, 1.0, 1e12),
        };
        Self { config, modes: Vec::new(), replaced: 0 }
    }

    /// Distance to the nearest mode, 0 to 2; 0 while none is known, and for an empty sequence.
    #[must_use]
    pub fn score(&self, sequence: &[Symbol]) -> f64 {
        let roots = self.roots(sequence);
        if sequence.is_empty() { 0.0 } else { self.nearest(&roots).map_or(0.0, |(_, distance)| distance) }
    }

    /// The distance as parts, one for each symbol that is in the sequence or in its nearest mode: observed and usual are shares.
    #[must_use]
    pub fn explained(&self, sequence: &[Symbol]) -> Score {
        let roots = self.roots(sequence);
        let Some((mode, _)) = self.nearest(&roots).and_then(|(place, _)| self.modes.get(place).zip(Some(()))) else {
            return Score::default();
        };
        let pairs = roots.iter().zip(&mode.roots).enumerate().filter(|(_, (own, modes))| **own + **modes > 0.0);
        let parts = pairs.map(|(feature, (own, modes))| {
            let (own, modes) = (f64::from(*own), f64::from(*modes));
            Part {
                feature,
                value: (own - modes) * (own - modes),
                observed: own * own,
                usual: Some(modes * modes),
                peers: None,
            }
        });
        Score::of(parts.collect())
    }

    /// Learns a sequence: its nearest mode weighs more, or it becomes a mode itself.
    pub fn learn(&mut self, sequence: &[Symbol]) {
        if sequence.is_empty() {
            return;
        }
        let roots = self.roots(sequence);
        let left = libm::exp2(-1.0 / self.config.half_life);
        self.modes.iter_mut().for_each(|mode| mode.weight *= left);
        let nearest = self.nearest(&roots).filter(|(_, distance)| *distance <= self.config.radius);
        match nearest.and_then(|(place, _)| self.modes.get_mut(place)) {
            Some(mode) => mode.weight += 1.0,
            None => self.found(Mode { weight: 1.0, roots }),
        }
    }

    fn found(&mut self, mode: Mode) {
        if self.modes.len() >= self.config.modes_max {
            let weights = self.modes.iter().map(|mode| mode.weight).enumerate();
            if let Some((place, _)) = weights.min_by(|a, b| a.1.total_cmp(&b.1)) {
                self.modes.remove(place);
                self.replaced = self.replaced.saturating_add(1);
            }
        }
        self.modes.push(mode);
    }

    /// Adds the modes of another model of the same configuration; false, and nothing done, when configurations differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.config != other.config {
            return false;
        }
        for mode in &other.modes {
            let near = self.nearest(&mode.roots).filter(|(_, distance)| *distance <= self.config.radius);
            match near.and_then(|(place, _)| self.modes.get_mut(place)) {
                Some(own) => own.weight += mode.weight,
                None => self.found(mode.clone()),
            }
        }
        self.replaced = self.replaced.saturating_add(other.replaced);
        true
    }

    fn roots(&self, sequence: &[Symbol]) -> Vec<f32> {
        let last = self.config.alphabet - 1;
        let mut counts = vec![0_u32; usize::try_from(self.config.alphabet).unwrap_or(1)];
        for symbol in sequence {
            let place = usize::try_from(*symbol.min(&last)).unwrap_or(0);
            if let Some(count) = counts.get_mut(place) {
                *count = count.saturating_add(1);
            }
        }
        let total = sequence.len().max(1) as f64;
        counts.into_iter().map(|count| single(libm::sqrt(f64::from(count) / total))).collect()
    }

    fn nearest(&self, roots: &[f32]) -> Option<(usize, f64)> {
        let distances = self.modes.iter().map(|mode| distance(&mode.roots, roots)).enumerate();
        distances.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The configuration as it holds.
    #[must_use]
    pub const fn config(&self) -> &ModesConfig {
        &self.config
    }

    /// Modes that are known.
    #[must_use]
    pub fn known(&self) -> usize {
        self.modes.len()
    }

    /// Modes that gave way to newer ones.
    #[must_use]
    pub const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Bytes that the model holds now; at most `modes_max` times 4 bytes for each symbol and 32 more.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let mode = size_of::<Mode>() + usize::try_from(self.config.alphabet).unwrap_or(0) * size_of::<f32>();
        size_of::<Self>() + self.modes.len() * mode
    }
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let sum = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)) * (f64::from(*a) - f64::from(*b));
    a.iter().zip(b).map(sum).sum()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a root of a share is between 0 and 1, and seven digits of it are enough"
)]
const fn single(value: f64) -> f32 {
    value as f32
}

impl Snapshot for Modes {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, VERSION);
        put_u64(out, u64::from(self.config.alphabet));
        put_len(out, self.config.modes_max);
        put_u64(out, self.config.radius.to_bits());
        put_u64(out, self.config.half_life.to_bits());
        put_u64(out, self.replaced);
        put_len(out, self.modes.len());
        for mode in &self.modes {
            put_u64(out, mode.weight.to_bits());
            mode.roots.iter().for_each(|root| out.extend_from_slice(&root.to_bits().to_le_bytes()));
        }
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if take_u64(from) != Some(VERSION) {
            return Err(Damaged("a model of the kinds of sequences"));
        }
        let alphabet = take_u64(from).and_then(|symbols| u32::try_from(symbols).ok()).unwrap_or(0);
        let modes_max = take_len(from, 0).ok_or(Damaged("the number of modes"))?;
        let (radius, half_life) = (take_finite(from)?, take_finite(from)?);
        let given = ModesConfig { alphabet, modes_max, radius, half_life };
        let mut read = Self::new(given);
        read.replaced = take_u64(from).ok_or(Damaged("the replaced modes"))?;
        let symbols = usize::try_from(alphabet).unwrap_or(0);
        let known = take_len(from, 8 + symbols * 4).ok_or(Damaged("the modes"))?;
        if read.config != given || known > modes_max {
            return Err(Damaged("a model of the kinds of sequences whose parts fit each other"));
        }
        for _ in 0..known {
            let weight = take_finite(from)?;
            let mut root = || take(from).map(|bytes| f32::from_bits(u32::from_le_bytes(bytes)));
            let roots: Option<Vec<f32>> =
                (0..symbols).map(|_| root().filter(|root| (0.0..=1.0).contains(root))).collect();
            read.modes.push(Mode { weight, roots: roots.ok_or(Damaged("shares of symbols between 0 and 1"))? });
        }
        Ok(read)
    }
}
