//! Live input: listeners take RawRecords from the network and from growing files and hand them to the [`Intake`].
//!
//! What every listener must do stands in `docs/specs/collector.md`. They know sources ([`SourceRegistry`]) and the intake, and nothing of what becomes of the bytes.

mod intake;
mod registry;

pub use intake::{Answer, Intake, NotKept, Submission, intake};
pub use registry::{DropReason, LiveSource, SourceCounts, SourceDeclaration, SourceRegistry};
