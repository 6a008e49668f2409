//! Records of numbers and names: which row is unlike the others, and in what.
//!
//! In come rows ([`Rows`]: numbers, or names as codes); out come scores with parts. [`Ecod`] sees every number alone, [`Forest`] several together, [`Names`] the nominal
//! values; [`Ensemble`] is the three on one scale, and the only one that is told which columns are names. [`HalfSpace`] and [`Autoencoders`] are yardsticks. Nothing here knows what a column means.

mod autoencoders;
mod ecod;
mod ensemble;
mod forest;
mod halfspace;
mod names;
mod rows;

pub use autoencoders::Autoencoders;
pub use ecod::{Ecod, Sums};
pub use ensemble::{Ensemble, Settings, Verdict};
pub use forest::{Cut, Forest, isolation};
pub use halfspace::HalfSpace;
pub use names::Names;
pub use rows::Rows;
