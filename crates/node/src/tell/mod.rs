//! A person is told: findings become few messages, which are kept until somebody has them.
//!
//! ```text
//! findings (state, in order) -> Notice (what may be said) -> Planner (who, when, one letter per entity) -> Outbox (durable) -> Courier (mail, webhooks)
//!                            \-> Follower per SIEM (CEF over syslog, HEC), each with its own place in the stream
//! ```
//!
//! Comes in: findings as the state keeps them. Goes out: titles of rules, levels, counts, names of hosts and devices, pseudonyms, a link; never a matched value,
//! an account or anything of a patient: [`Notice`] is the only door and holds nothing else. What a receiver can rely on: `docs/specs/notification.md`.
//! Time is passed in, so that outages can be tried without waiting for them.

mod cef;
mod channels;
mod courier;
mod follower;
mod heartbeat;
mod hec;
mod letter;
mod mail;
mod notice;
mod outbox;
mod planner;
mod retry;
mod state_outbox;
mod status;
mod syslog;
mod teller;
pub(crate) mod trust;
mod webhook;
mod words;

#[cfg(test)]
mod tests;

pub use channels::Channels;
pub use courier::{Courier, Round};
pub use follower::{Followed, Follower};
pub use heartbeat::Pulse;
pub use letter::{Letter, LetterKind, RuleCount};
pub use notice::{Namer, Notice, Shown};
pub use outbox::{Outbox, OutboxCounts, OutboxError, Row, RowState, Settled};
pub use planner::{Planner, PlannerCounts};
pub use retry::delay;
pub use status::{FollowerStatus, TellStatus};
pub use teller::{Health, Now, TellHandle, Teller};
pub use words::Words;

/// Why something could not be sent; in words for a person, without addresses of people and without secrets.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// A file that a setting names cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file that a setting names does not hold what it should.
    #[error("{path} holds no {what}")]
    Content {
        /// The file.
        path: String,
        /// What it should hold.
        what: &'static str,
    },
    /// The sender's own settings do not work.
    #[error("the sender cannot be set up: {0}")]
    Setup(String),
    /// The receiver cannot be reached, or the connection broke.
    #[error("not reached: {0}")]
    NotReached(String),
    /// The receiver answered and did not take it.
    #[error("refused: {0}")]
    Refused(String),
    /// The state cannot be read or written.
    #[error("the state cannot be used: {0}")]
    State(#[from] cordon_store::state::StateError),
    /// The receiver that the message was for is no longer in the settings.
    #[error("nobody of this name is in the settings any more")]
    Gone,
}
