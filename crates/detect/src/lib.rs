//! Records and rules to findings: the stage of the main street where something is said about an event.
//!
//! A Record comes in, the rules that match it are asked of room `rules` (on its own fields and on the healthcare taxonomy of room `normalize`), and out go
//! [`Detected`] findings that explain themselves, and the matches that correlations wait for. With masking on, nothing that names a patient leaves this
//! room. Pure: no clock, no file; it does not know how findings are shown.

mod behaviour;
mod correlated;
mod detector;
mod facts;
mod subject;
mod why;

pub use behaviour::{
    Behaviour, BehaviourOptions, Deed, EntityKind, EntityNow, FeatureNow, Forgotten, ModelState, Noticed, Observed,
    Unlike, Verdict, VerdictEffect, VerdictStanding, Way, WorkKind, WorkOrder,
};
pub use cordon_normalize::Mask;
pub use correlated::EventOf;
pub use detector::{DetectOptions, Detected, Detector, EventKey, Judged, KeptRecord, RuleMatch, Scratch};
pub use subject::Subject;
pub use why::why;
