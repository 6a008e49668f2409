//! The live node: what `cordon serve` runs.

mod alarms;
mod clock;
mod control;
mod decoders;
mod feed;
mod finding;
mod judge;
mod keeper;
mod kept;
mod later;
mod metrics;
mod node;
mod record;
mod rules;
mod serve;
mod street;
mod watermark;
mod windows;
mod work;

pub use clock::EventClock;
pub use control::{LoadRules, LoadedRules, Switches, WantedRules};
pub use keeper::StreetCounts;
pub use later::{LookBack, Purpose};
pub use node::{Node, NodeOptions, Opening, StartError};
pub use rules::{Generation, Rules};
pub use serve::{Serving, open_keys, serve};
