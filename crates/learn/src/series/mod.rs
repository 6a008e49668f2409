//! Numbers in the order of time: what was expected, what came, and whether it wanders off slowly.
//!
//! In comes one number for each step, or a gap; out comes a score with parts. [`Chart`] knows the recent past, [`Seasonal`] the hour of the day or week, [`Cusum`] adds up what is
//! too small to see at once, and [`Watch`] is the three together. What the numbers count is not known here.

mod chart;
mod cusum;
mod seasonal;
mod watch;

pub use chart::Chart;
pub use cusum::Cusum;
pub use seasonal::Seasonal;
pub use watch::{DRIFT, RECENT, SEASON, Watch, WatchSettings};
