//! How notification is: for health, metrics and the console.

use std::collections::BTreeMap;

use super::outbox::OutboxCounts;
use super::planner::PlannerCounts;

/// How notification is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TellStatus {
    /// Letters in the outbox.
    pub outbox: OutboxCounts,
    /// Findings planned since the settings were last read.
    pub planned: PlannerCounts,
    /// Letters taken by receivers since the start.
    pub sent: u64,
    /// Tries that failed since the start.
    pub failed: u64,
    /// Ways that are set up wrongly: name and reason.
    pub faults: Vec<(String, String)>,
    /// SIEMs, by name.
    pub followers: BTreeMap<String, FollowerStatus>,
    /// Why the last heartbeat was not taken; `None` when it was, or when none is sent.
    pub heartbeat_error: Option<String>,
    /// Why the outbox cannot be used; `None` when it can.
    pub outbox_error: Option<String>,
}

/// How a SIEM follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowerStatus {
    /// Number of the last finding that it has for certain.
    pub confirmed: i64,
    /// Findings sent since the start, those that came twice counted twice.
    pub sent: u64,
    /// Why the last try failed; `None` when it did not.
    pub error: Option<String>,
}

impl TellStatus {
    /// One sentence for health: `None` when all is well.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        let mut parts = Vec::new();
        parts.extend(self.outbox_error.iter().map(|error| format!("the outbox cannot be used: {error}")));
        parts.extend(self.faults.iter().map(|(name, error)| format!("{name} is set up wrongly: {error}")));
        if self.outbox.dead > 0 {
            parts.push(format!("{} messages were given up", self.outbox.dead));
        }
        if self.outbox.failing > 0 {
            parts.push(format!("{} messages were not taken and are tried again", self.outbox.failing));
        }
        let behind = self.followers.iter().filter_map(|(name, one)| Some((name, one.error.as_ref()?)));
        parts.extend(behind.map(|(name, error)| format!("SIEM {name} does not follow: {error}")));
        parts.extend(self.heartbeat_error.iter().map(|error| format!("the heartbeat is not taken: {error}")));
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}
