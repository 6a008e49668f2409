//! The HTTP interface of a node: everything a person or a program asks of it, under `/api/v1` and described by OpenAPI.
//!
//! In come requests; each passes one policy decision (`Allowed`) whose scope goes with every question to the store. Out go the types of this room, never those of
//! the store. What only the running node knows comes through [`NodeControl`]. This room knows neither the street nor the command line.

mod control;
mod extract;
mod health;
mod layers;
mod metrics;
mod page;
mod peer;
mod problem;
mod router;
mod serve;
mod state;
mod tls;

pub use control::{
    ControlError, LiveEvent, LiveFinding, NodeControl, NodeHealth, Outcome, Part, PartState, Progress, RuleStatus,
    SourceStatus, Work,
};
pub use metrics::{Family, Kind, Sample};
pub use peer::Peer;
pub use problem::{Problem, ProblemBody, ProblemKind};
pub use router::{OPENAPI_PATH, description, router};
pub use serve::{ServeError, ServeLimits, serve};
pub use state::ApiState;
pub use tls::{TlsError, TlsFiles, server_config};
