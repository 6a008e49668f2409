//! Room `learn`: streaming models. Numbers, symbols, edges in; scores out, each the sum of named parts.
//!
//! Nothing here knows what an event, a person or a hospital is, and nothing asks a clock or a source of randomness: time and seeds come in as arguments, so the same
//! input gives the same bytes on every machine. Logarithms and exponentials come from `libm` for that reason.

pub mod combine;
mod drift;
pub mod edges;
pub mod entity;
pub mod eval;
mod score;
pub mod sequences;
pub mod series;
mod snapshot;
pub mod tabular;
pub mod threshold;

pub use drift::Drift;
pub use score::{Part, Score};
pub use snapshot::{Damaged, Snapshot};
