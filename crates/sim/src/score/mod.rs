//! Compares a review with the truth: how many provable rows it explained rightly, and how many cases it found among its first ones.
//!
//! A labelled case counts as found when a listed case names the same user and at least one of its labelled rows. Two stricter counts stand beside:
//! at least half of the labelled rows, and the scenario named. The intervals are bootstrap percentiles over labelled cases.

mod found;
mod rows;

#[cfg(test)]
mod tests;

use std::io::Read;

use serde::Serialize;

pub(crate) use rows::Table;

use crate::ehr::SimError;

/// Opens a file of the truth by name.
pub type OpenFile<'a> = dyn FnMut(&str) -> std::io::Result<Box<dyn Read>> + 'a;

/// What a score is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ScoreOptions {
    /// How many of the first cases are looked at.
    pub top: usize,
    /// Times that labelled cases are drawn anew for the intervals.
    pub draws: u32,
    /// Seed of those draws.
    pub seed: u64,
}

impl Default for ScoreOptions {
    fn default() -> Self {
        Self { top: 600, draws: 1000, seed: 1 }
    }
}

/// How a review did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Rows of accesses and what became of them.
    pub explained: Explained,
    /// Cases of each scenario, and of all.
    pub recall: Vec<Recall>,
    /// Cases that the review lists, all of them.
    pub cases_listed: u64,
    /// How many of the first were looked at.
    pub top: u64,
    /// Of the first 20 listed cases, the share with at least one labelled row of their user.
    pub precision_at_20: f64,
    /// The same of the first `top`.
    pub precision_at_top: f64,
    /// Of the first `top`, cases that hold rows of a look-alike and none of a case.
    pub lookalikes_accused: u64,
    /// Share of users with a labelled case among users with any access: what a random order of users would reach as precision.
    pub base_rate_users: f64,
    /// Share of labelled rows among all rows.
    pub base_rate_rows: f64,
    /// Cases that would be found among the first `top` if users were listed at random, as a share.
    pub recall_at_random: f64,
}

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Explained {
    /// All rows.
    pub rows: u64,
    /// Legitimate rows, look-alikes among them, that the files prove.
    pub provable: u64,
    /// Share of provable rows with any explanation.
    pub provable_explained: f64,
    /// Share of provable rows whose explanation holds one of the true reasons.
    pub provable_right: f64,
    /// Share of look-alike rows, provable ones, with a true reason.
    pub lookalikes_right: f64,
    /// Legitimate rows whose reason is in no file.
    pub unprovable: u64,
    /// Share of them that were explained nevertheless.
    pub unprovable_explained: f64,
    /// Rows without any reason that a file could have, cases left out.
    pub undocumented: u64,
    /// Share of them that were explained nevertheless.
    pub undocumented_explained: f64,
    /// Labelled rows of cases.
    pub labelled: u64,
    /// Share of them that were explained; some scenarios fire on explained rows.
    pub labelled_explained: f64,
}

/// Cases of one scenario, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recall {
    /// `S1` to `S20`, or `all`.
    pub scenario: String,
    /// Labelled cases.
    pub cases: u64,
    /// Share found.
    pub recall: f64,
    /// 2.5th percentile of the share over draws.
    pub low: f64,
    /// 97.5th percentile of the share over draws.
    pub high: f64,
    /// Share found with at least half of their labelled rows.
    pub half_of_rows: f64,
    /// Share found with the scenario named.
    pub scenario_named: f64,
}

/// Scores a review against the truth in the files that `open` opens: accesses.csv and labels.csv.
///
/// # Errors
/// `SimError::File` where a file cannot be read, `SimError::Content` where it is not of its contract.
pub fn score(
    open: &mut OpenFile<'_>,
    explanations: &mut dyn Read,
    cases: &mut dyn Read,
    options: &ScoreOptions,
) -> Result<Score, SimError> {
    let truth = rows::read(open, explanations)?;
    let listed = found::read(cases, options.top)?;
    Ok(found::score(truth, &listed, options))
}

/// A share, 0 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
