//! Live input: listeners take RawRecords from the network and from growing files and hand them to the [`Intake`].
//!
//! What every listener must do stands in `docs/specs/collector.md`. They know sources ([`SourceRegistry`]) and the intake, and nothing of what becomes of the bytes.

mod accept;
mod allowance;
mod answered;
mod certificate;
mod gather;
pub mod http;
mod intake;
mod keep;
pub mod mllp;
mod reception;
mod registry;
pub mod relp;
mod silence;
pub mod syslog_stream;
pub mod tail;
pub mod tcp;
pub mod udp;

pub use allowance::Allowance;
pub use certificate::name_of_certificate;
pub use intake::{Answer, Intake, NotKept, Submission, Waiting, intake};
pub use keep::{KeepPolicy, Pending};
pub use reception::{Clock, Limits, Reception};
pub use registry::{DropReason, LiveSource, Remembered, SourceCounts, SourceDeclaration, SourceRegistry};
pub use silence::{Silence, silent_sources};
