//! The street: from sources to what a [`Stage`] makes of their records, over all cores, in a fixed order.
//!
//! Workers take turns at the feed: whoever needs work reads the next batch of units under one lock (sequential and cheap), decodes and judges it
//! alone with its own arena, and hands the result in by the batch's number; one consumer gets the results in the order of sources and positions, whatever
//! the number of threads. Memory is bounded by threads times batch; what a slow consumer has not taken holds the workers up. The room knows no rule and no
//! output format.

pub mod accesses;
pub mod config;
pub mod doctor;
mod explain;
mod feed;
pub mod history;
pub mod import;
pub mod live;
pub mod memory;
mod oidc;
mod order;
mod progress;
pub mod record_index;
pub mod replay;
pub mod rule_tests;
pub mod scan;
pub mod sdnotify;
mod street;
mod tally;
pub mod tell;

pub use explain::{Explained, explain};
pub use progress::Progress;
pub use street::{Stage, StreetOptions, walk, walk_each};
pub use tally::{AnomalyCount, Tally};
