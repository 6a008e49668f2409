//! The vocabulary of the main street: what every room means by a record, an event, a finding.
//!
//! Every other room builds on these types; this room knows no format, no rule and no storage, and does no IO.

mod anomaly;
mod delivery;
mod event;
mod finding;
mod id;
mod incident;
mod log_source;
mod record;
mod time;
mod word;

pub use anomaly::Anomaly;
pub use delivery::Delivery;
pub use event::{Event, Node, Object};
pub use finding::{Finding, FindingOrigin, Level, MatchedField, RuleCard};
pub use id::{Digest, EventId, FindingId};
pub use incident::{
    AskedOf, Assessment, Comment, Conclusion, Custody, Factor, FactorLevel, Incident, IncidentAccess, IncidentId,
    IncidentKind, IncidentState, IncidentVerdict, NewIncident, ReasonRequest, Reply, RequestState, ScorePart, Task,
    Told,
};
pub use log_source::{LogSource, LogSourceTable, LogSourceTableError, SourceSet, TAXONOMY_CATEGORIES};
pub use record::{Field, Position, RawRecord, Record, Span, Value, escaped_places};
pub use time::{Time, When};
pub use word::bytes_equal;

/// Memory for the values of one batch of records: filled while decoding, emptied as a whole afterwards.
pub type Arena = bumpalo::Bump;
