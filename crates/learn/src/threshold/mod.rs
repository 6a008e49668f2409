//! Thresholds: from the number of alerts that people ask for to the score that raises one.
//!
//! In come scores of any detector, one by one; out comes whether each is an alarm, and how rare it is. [`Spot`] is for scores whose distribution stays, [`Dspot`] for those that
//! wander. What the scores are about is not known here.

mod dspot;
mod pareto;
mod spot;

pub use dspot::Dspot;
pub use pareto::Pareto;
pub use spot::{Call, Spot, SpotSettings};
