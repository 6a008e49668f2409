//! What a model has to bring along to stand in the table: a world, two attacks on it, and what it promises.

use std::fmt::Debug;

use cordon_learn::eval::controls::Draw;
use cordon_learn::{Score, Snapshot};

use crate::columns;

/// Which of two attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    One,
    Other,
}

/// What merging two models means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Merge {
    /// Scores are those of one model that learnt both streams, to 1e-9.
    Exact,
    /// The share of attacks found is at least this part of what one model of both streams finds.
    Close(f64),
    /// There is no merge; why not.
    Never(&'static str),
}

/// What becomes of an attacker who does a little more at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    /// Three scores in a row are above the threshold within so many steps.
    Seen(usize),
    /// They are not within so many steps: another model has to see it.
    NotSeen(usize),
}

/// What a model promises; each figure is checked, none is a default.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    pub(crate) merge: Merge,
    /// Least recall, as a share of the clean one, of attacks of another kind than those in 5 and in 20 % of the warm-up.
    pub(crate) other_kind: [f64; 2],
    /// The same for attacks of the kind that was in the warm-up; 0 where nothing is promised.
    pub(crate) same_kind: [f64; 2],
    /// Most alarms while the world changes slowly, as a multiple of those asked for.
    pub(crate) drift_alarms: f64,
    pub(crate) slow: Slow,
    /// Usual inputs of others between two steps of the slow attacker.
    pub(crate) peers: usize,
}

/// A model on trial. Nothing here has a default except how a threshold is used: a model that cannot answer does not compile.
pub(crate) trait Trial {
    type Model: Snapshot + Clone + PartialEq + Debug;
    type Input: Clone;
    const NAME: &'static str;
    /// Inputs of the warm-up.
    const WARM: usize;
    const PROMISE: Promise;

    /// A usual input at `step`, in a world that has moved `shift` (0 to 1) of the way to a new normal.
    fn usual(draw: &mut Draw, step: usize, shift: f64) -> Self::Input;
    fn attack(draw: &mut Draw, step: usize, kind: Kind) -> Self::Input;
    /// What a slow attacker does at the `more`-th step.
    fn creeping(draw: &mut Draw, step: usize, more: f64) -> Self::Input;

    fn learnt(inputs: &[Self::Input]) -> Self::Model;
    /// Learns the last input of `history`.
    fn learn(model: &mut Self::Model, history: &[Self::Input]);
    /// The quick way to the score.
    fn score(model: &Self::Model, input: &Self::Input) -> f64;
    /// The explained way to it.
    fn explain(model: &Self::Model, input: &Self::Input) -> Score;
    fn alarm(model: &Self::Model, input: &Self::Input, threshold: f64) -> bool {
        Self::score(model, input) > threshold
    }
    /// What of the score goes into a threshold that follows a moving world.
    fn for_threshold(model: &Self::Model, input: &Self::Input) -> f64 {
        Self::score(model, input)
    }
    /// The model of both streams.
    fn both(one: &[Self::Input], other: &[Self::Input]) -> Self::Model;
    fn merge(model: &mut Self::Model, other: &Self::Model) -> bool;
    /// A model that must not be merged with the others; none when all are alike.
    fn unlike() -> Option<Self::Model>;
    /// The input with its most unusual features, as the explanation names them, put back to what is usual.
    fn put_back(model: &Self::Model, warm_up: &[Self::Input], input: &Self::Input) -> Self::Input;
}

/// Whether a property holds, or why it does not.
pub(crate) type Held = Result<(), String>;

/// A row of the table: a model by its name and a check for each property.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) sum_of_parts: fn() -> Held,
    pub(crate) snapshot: fn() -> Held,
    pub(crate) merge: fn() -> Held,
    pub(crate) determinism: fn() -> Held,
    pub(crate) poisoning: fn() -> Held,
    pub(crate) slow_drift: fn() -> Held,
    pub(crate) slow_attack: fn() -> Held,
    pub(crate) deletion: fn() -> Held,
}

impl Row {
    pub(crate) const fn of<T: Trial>() -> Self {
        Self {
            name: T::NAME,
            sum_of_parts: columns::sum_of_parts::<T>,
            snapshot: columns::snapshot::<T>,
            merge: columns::merge::<T>,
            determinism: columns::determinism::<T>,
            poisoning: columns::poisoning::<T>,
            slow_drift: columns::slow_drift::<T>,
            slow_attack: columns::slow_attack::<T>,
            deletion: columns::deletion::<T>,
        }
    }
}
