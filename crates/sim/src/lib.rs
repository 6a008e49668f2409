//! Room `sim`: a simulated hospital, and what is measured with it.
//!
//! `simulate` writes a month of record accesses with everything around them (roster, encounters, orders, families) and the truth about each row. `score`
//! compares what a review made of those files with the truth. `baseline` is four plain reviews to compare with. Options, seeds and readers come in;
//! bytes go out through writers that the caller opens. The room touches no file, and knows nothing of the review that it is made to measure.

mod baseline;
mod clock;
mod ehr;
mod rng;
mod score;
mod table;

pub use baseline::{Baseline, Reviewed, baseline};
pub use ehr::{CasePlan, CreateFile, EhrOptions, Made, Progress, SCENARIOS, SimError, simulate};
pub use score::{Explained, OpenFile, Recall, Score, ScoreOptions, score};
