//! The bench: how good a detector is, how fast, how large, beside detectors that know nothing.
//!
//! In come scores and the truth; out go figures that a reader can check. Nothing here reads a file or asks a clock: rows come in as values and the time that a run took
//! comes from a function that the caller gives. Rules that hold for every figure: no point adjustment; a threshold is never chosen on the rows that it is judged
//! on; average precision stands beside the base rate; a random and a constant detector stand in every table.

pub mod controls;
mod edge_list;
mod edges;
mod joint;
pub mod metrics;
mod mixed;
mod prequential;
pub mod report;
mod sequences;
mod series;
mod sheet;
mod tabular;
mod vus;

pub use edge_list::{EdgeList, EdgeListError};
pub use edges::{EdgesPlan, edges};
pub use joint::joint;
pub use metrics::{Figures, Ranking, Spread, Unmeasurable};
pub use prequential::prequential;
pub use report::{Line, Report, Section};
pub use sequences::{SequenceSets, SequencesPlan, sequences};
pub use series::{Series, SeriesPlan, series};
pub use sheet::{Codes, Sheet, SheetError};
pub use tabular::{TablesPlan, TestPart, tables};
pub use vus::vus_pr;

/// Seconds of processor time that this thread has used so far: only differences of two calls mean something.
pub type CpuSeconds<'a> = dyn FnMut() -> f64 + 'a;
