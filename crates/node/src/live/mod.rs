//! The live node: what `cordon serve` runs.

mod alarms;
mod clock;
mod control;
mod decoders;
mod events;
mod feed;
mod finding;
mod health;
mod judge;
mod keeper;
mod kept;
mod later;
mod metrics;
mod node;
mod notification;
mod policies;
mod record;
mod reload;
mod rules;
mod senders;
mod serve;
mod sources;
mod street;
mod tls;
mod watermark;
mod windows;
mod work;

pub use clock::EventClock;
pub use control::{LoadRules, LoadedRules, Switches, WantedRules};
pub use keeper::StreetCounts;
pub use later::{LookBack, Purpose};
pub use node::{Node, NodeOptions, Opening, StartError};
pub use reload::{AdoptSettings, ReadSettings, Reloading};
pub use rules::{Generation, Rules};
pub use serve::{Serving, open_keys, serve};
