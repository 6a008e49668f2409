//! The sequences of one role: what follows what, and how often what occurs, on one scale.

use cordon_stats::codec::{put_u64, take_u64};

use super::modes::{Modes, ModesConfig};
use super::ppm::{Ppm, PpmConfig, Surprise, Symbol};
use super::tail::Tail;
use crate::{Damaged, Drift, Part, Score, Snapshot};

/// First word of a kept model.
const VERSION: u64 = 0x0001_454c_4f52_5101;

/// Symbols of the window whose mean surprise is stated beside that of the whole.
const WINDOW: usize = 20;

/// Sequences after which half of what drift compares is from before: recently, and in the long run.
const DRIFT_HALF_LIVES: (f64, f64) = (100.0, 5_000.0);

/// What a [`Role`] says of one sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceScore {
    /// How rare the rarer of both is among held-back sequences: `-ln` of the share that is as unusual. The mean surprise itself before calibration.
    pub value: f64,
    /// Mean surprise of its symbols in nats.
    pub surprise: f64,
    /// Largest mean surprise over 20 symbols in a row; that of all when there are fewer.
    pub worst_window: f64,
    /// Distance of its shares of symbols from the nearest known mode, 0 to 2.
    pub distance: f64,
    /// Rarity of the surprise and of the distance; both 0 before calibration.
    pub rarity: [f64; 2],
    /// The most surprising symbol: its place, and what was expected there.
    pub worst: Option<(usize, Surprise)>,
    /// Middle surprise and distance of held-back sequences.
    usual: [Option<f64>; 2],
}

impl SequenceScore {
    /// The score as parts: surprise and frequencies are features 0 and 1; the rarer carries all of the value.
    #[must_use]
    pub fn explained(&self) -> Score {
        let [surprise, frequencies] = self.rarity;
        let first = surprise >= frequencies;
        let part = |feature: usize, carries: bool, observed: f64| Part {
            feature,
            value: if carries { self.value } else { 0.0 },
            observed,
            usual: self.usual.get(feature).copied().flatten(),
            peers: None,
        };
        Score::of(vec![part(0, first, self.surprise), part(1, !first, self.distance)])
    }
}

/// The model of one role.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    transitions: Ppm,
    modes: Modes,
    tails: [Tail; 2],
    drift: Drift,
}

impl Role {
    /// A role of which nothing is known.
    #[must_use]
    pub fn new(transitions: PpmConfig, modes: ModesConfig) -> Self {
        Self {
            transitions: Ppm::new(transitions),
            modes: Modes::new(modes),
            tails: [Tail::default(), Tail::default()],
            drift: Drift::new(DRIFT_HALF_LIVES.0, DRIFT_HALF_LIVES.1),
        }
    }

    /// Learns a sequence.
    pub fn learn(&mut self, sequence: &[Symbol]) {
        let mut cursor = self.transitions.start();
        sequence.iter().for_each(|symbol| self.transitions.learn(&mut cursor, *symbol));
        self.modes.learn(sequence);
    }

    /// Fits the scale: `held_back` are usual sequences that were not learnt.
    pub fn calibrate<'a>(&mut self, held_back: impl IntoIterator<Item = &'a [Symbol]>) {
        let raw = held_back.into_iter().map(|sequence| self.raw(sequence));
        let (surprises, distances): (Vec<f64>, Vec<f64>) = raw.map(|score| (score.surprise, score.distance)).unzip();
        self.tails = [Tail::of(surprises), Tail::of(distances)];
    }

    /// How unusual a sequence is. Nothing is learnt.
    #[must_use]
    pub fn score(&self, sequence: &[Symbol]) -> SequenceScore {
        let mut score = self.raw(sequence);
        let [surprises, distances] = &self.tails;
        score.usual = [surprises.median(), distances.median()];
        if score.usual[0].is_none() {
            score.value = score.surprise;
            return score;
        }
        score.rarity = [surprises.rarity(score.surprise), distances.rarity(score.distance)];
        score.value = score.rarity[0].max(score.rarity[1]);
        score
    }

    /// Mean surprise of a sequence, and the largest mean over 20 symbols in a row, in nats.
    #[must_use]
    pub fn surprise(&self, sequence: &[Symbol]) -> (f64, f64) {
        let score = self.surprised(sequence);
        (score.surprise, score.worst_window)
    }

    /// Scores a sequence, then learns it if its value is below `threshold`: what is an alarm does not become normal. Drift follows every value.
    pub fn observe(&mut self, sequence: &[Symbol], threshold: f64) -> SequenceScore {
        let score = self.score(sequence);
        self.drift.observe(score.surprise);
        if score.value < threshold {
            self.learn(sequence);
        }
        score
    }

    fn raw(&self, sequence: &[Symbol]) -> SequenceScore {
        SequenceScore { distance: self.modes.score(sequence), ..self.surprised(sequence) }
    }

    fn surprised(&self, sequence: &[Symbol]) -> SequenceScore {
        let mut cursor = self.transitions.start();
        let mut score = SequenceScore::default();
        let mut window = [0.0; WINDOW];
        let (mut sum, mut window_sum) = (0.0, 0.0);
        for (place, symbol) in sequence.iter().enumerate() {
            let surprise = self.transitions.score(&mut cursor, *symbol);
            sum += surprise.nats;
            if let Some(oldest) = window.get_mut(place % WINDOW) {
                window_sum += surprise.nats - *oldest;
                *oldest = surprise.nats;
            }
            if place + 1 >= WINDOW {
                score.worst_window = score.worst_window.max(window_sum / WINDOW as f64);
            }
            if score.worst.is_none_or(|(_, worst)| surprise.nats > worst.nats) {
                score.worst = Some((place, surprise));
            }
        }
        score.surprise = sum / sequence.len().max(1) as f64;
        if sequence.len() < WINDOW {
            score.worst_window = score.surprise;
        }
        score
    }

    /// The mean surprise as parts, one for each symbol in its order: feature is the place, observed the surprise in nats.
    #[must_use]
    pub fn surprise_explained(&self, sequence: &[Symbol]) -> Score {
        let mut cursor = self.transitions.start();
        let parts = sequence.iter().enumerate().map(|(feature, symbol)| {
            let nats = self.transitions.score(&mut cursor, *symbol).nats;
            Part {
                feature,
                value: nats / sequence.len() as f64,
                observed: nats,
                usual: self.tails[0].median(),
                peers: None,
            }
        });
        Score::of(parts.collect())
    }

    /// The distance as parts, one for each symbol ([`Modes::explained`]).
    #[must_use]
    pub fn distance_explained(&self, sequence: &[Symbol]) -> Score {
        self.modes.explained(sequence)
    }

    /// Adds what another model of the same configuration and key has learnt; the scale stays and should be fitted anew. False when configurations differ (nothing is
    /// done) or when not all could be added.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.transitions.config() != other.transitions.config() || self.modes.config() != other.modes.config() {
            return false;
        }
        let transitions = self.transitions.merge(&other.transitions);
        self.modes.merge(&other.modes) && transitions
    }

    /// What follows what.
    #[must_use]
    pub const fn transitions(&self) -> &Ppm {
        &self.transitions
    }

    /// The kinds of sequences that are known.
    #[must_use]
    pub const fn modes(&self) -> &Modes {
        &self.modes
    }

    /// How far the recent mean surprise lies above the long one, in standard deviations; none at the start.
    #[must_use]
    pub fn drift(&self) -> Option<f64> {
        self.drift.shift()
    }

    /// Bytes that the model holds now; bounded by its configuration.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.transitions.bytes()
            + self.modes.bytes()
            + self.tails.iter().map(Tail::bytes).sum::<usize>()
            + size_of::<Drift>()
    }
}

impl Snapshot for Role {
    fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, VERSION);
        self.transitions.write(out);
        self.modes.write(out);
        self.tails.iter().for_each(|tail| tail.write(out));
        self.drift.write(out);
    }

    fn read(from: &mut &[u8]) -> Result<Self, Damaged> {
        if take_u64(from) != Some(VERSION) {
            return Err(Damaged("a model of the sequences of a role"));
        }
        let transitions = Ppm::read(from)?;
        let modes = Modes::read(from)?;
        let tails = [Tail::read(from)?, Tail::read(from)?];
        Ok(Self { transitions, modes, tails, drift: Drift::read(from)? })
    }
}
