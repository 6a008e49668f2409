//! Counts and quantiles over streams that do not fit in memory: exact while small, sketched beyond, with the error stated.
//!
//! Values go in one by one; a number and whether it is exact come out. Everything is deterministic, can be merged and can be written to bytes and
//! read back. The room knows nothing of events, time or rules.

pub mod codec;
mod distinct;
mod hash;
mod hll;
mod quantiles;
mod ranks;

pub use distinct::{DistinctCounter, Estimate};
pub use hash::{HashKey, sip64};
pub use hll::Hll;
pub use quantiles::Quantiles;
pub use ranks::{Ranks, Tails};
