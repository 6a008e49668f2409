//! What every listener is given: where deliveries go, who the sources are, the event clock, and the limits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cordon_model::Time;

use super::{Intake, SourceRegistry};

/// Says what time it is by the node's event clock.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// What every listener is given. Clones share it.
#[derive(Clone)]
pub struct Reception {
    /// Where deliveries go.
    pub intake: Intake,
    /// Who the sources are.
    pub sources: Arc<SourceRegistry>,
    /// The event clock: time of receipt.
    pub clock: Clock,
    /// The limits of this listener.
    pub limits: Limits,
}

impl fmt::Debug for Reception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reception").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Limits of one listener. What happens at each stands in `docs/specs/collector.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; further ones wait in the kernel until one ends.
    pub connections_max: usize,
    /// Connections at a time from one address; further ones are closed.
    pub connections_per_sender_max: usize,
    /// Longest message in bytes. A longer one is counted and passed over. A connection holds at most this, a batch and one read.
    pub message_bytes_max: usize,
    /// A batch that holds so many bytes goes off at once.
    pub batch_bytes_max: usize,
    /// A batch that holds so many messages goes off at once.
    pub batch_units_max: usize,
    /// How long the first message of a batch waits for others.
    pub batch_wait: Duration,
    /// Deliveries of one connection that wait for the log at a time; then it is not read.
    pub outstanding_max: usize,
    /// A connection that is silent so long is closed.
    pub idle: Duration,
    /// A connection that takes longer for one message is closed.
    pub message_time: Duration,
    /// A TLS handshake that takes longer is given up.
    pub handshake_time: Duration,
    /// A sender that does not take its answers so long is closed.
    pub answer_time: Duration,
    /// How long open connections may finish when the listener stops.
    pub stop_time: Duration,
    /// Bytes that wait of one UDP source; then its oldest are dropped.
    pub udp_source_bytes_max: usize,
    /// Bytes that wait of all UDP sources; then the fullest loses its oldest.
    pub udp_bytes_max: usize,
    /// The receive buffer that is asked of the kernel for a UDP socket.
    pub udp_receive_bytes: usize,
}

impl Default for Limits {
    /// For syslog.
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            connections_per_sender_max: 128,
            message_bytes_max: 1 << 20,
            batch_bytes_max: 256 << 10,
            batch_units_max: 4_096,
            batch_wait: Duration::from_millis(5),
            outstanding_max: 64,
            idle: Duration::from_secs(24 * 3_600),
            message_time: Duration::from_secs(60),
            handshake_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(60),
            stop_time: Duration::from_secs(10),
            udp_source_bytes_max: 4 << 20,
            udp_bytes_max: 64 << 20,
            udp_receive_bytes: 32 << 20,
        }
    }
}

impl Limits {
    /// For HL7 over MLLP, whose messages carry documents.
    #[must_use]
    pub fn mllp() -> Self {
        Self { message_bytes_max: 16 << 20, outstanding_max: 256, ..Self::default() }
    }
}
